"""What hesui_length.yaml names: the prompts, and the scores of one answer by hesui's own definitions.

Runs inside lm-evaluation-harness, which it knows nothing of but the shape of a document and of a result.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hesui.corpus.rows import Row, constraint_of, read_rows
from hesui.evaluate.scores import Answered, error, hit, satisfied
from hesui.length import check

PROMPTS = Path(__file__).resolve().parents[2] / "data" / "eval.jsonl"
FAMILY = "eval-greeting-"  # ids of the greetings with an exact number
HITS = (2, 5, 10)
MAX_TOKENS = 512  # as the task file says


def rows() -> list[Row]:
    """The prompts that the task asks, in their order."""
    return [row for row in read_rows(PROMPTS) if row.id.startswith(FAMILY)]


def document(row: Row) -> dict[str, Any]:
    """A prompt as the harness keeps it; the constraint as JSON, for a table's columns have one type each."""
    assert row.constraint is not None
    return {
        "id": row.id,
        "prompt": row.prompt,
        "target": row.constraint.aim,
        "constraint": json.dumps(asdict(row.constraint)),
    }


def prompts(**_: object) -> dict[str, Any]:
    """The data set, for the harness, which hands the task's metadata in."""
    from datasets import Dataset

    return {"test": Dataset.from_list([document(row) for row in rows()])}


def process_results(doc: Mapping[str, Any], results: Sequence[str]) -> dict[str, float]:
    """The scores of the one answer to `doc`, of which the harness takes means."""
    constraint = constraint_of(json.loads(doc["constraint"]))
    assert constraint is not None
    answer = Answered(doc["id"], constraint, check(results[0], constraint))
    distance = error(answer)
    assert distance is not None  # the demand names a number
    hits = {f"hit{k}": float(bool(hit(answer, k))) for k in HITS}
    return {**hits, "satisfied": float(satisfied(answer)), "mae": float(abs(distance))}
