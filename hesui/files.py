"""Small files read and written as a whole: whoever reads meanwhile finds the old one or the new one. Knows no content."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4


def read_json(path: Path) -> dict[str, Any]:
    """A file's one JSON object. Raises OSError and ValueError."""
    record = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(record, dict):
        raise ValueError(f"{path.name} is no JSON object")
    return record


def write_json(path: Path, record: Mapping[str, Any]) -> None:
    """Write a JSON object; whoever reads meanwhile finds the old one or the new one, never half of one."""
    write_text(path, json.dumps(record, ensure_ascii=False, indent=1))


def write_text(path: Path, text: str) -> None:
    """Write a text; whoever reads meanwhile finds the old one or the new one, never half of one."""
    draft = path.with_name(f"{path.name}.{uuid4().hex[:8]}.part")
    try:
        with draft.open("w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
