"""What others have published for the same task: quoted beside a board, measured by their rules and on their prompts."""

from __future__ import annotations

from typing import Any, NamedTuple


class Published(NamedTuple):
    """One row that was not measured here; shares from 0 to 1, None where nothing was published."""

    model: str
    method: str  # how it was trained; "" = not
    rows: int | None  # on how many rows, where that was published
    source: str  # who published it: contest or cookbook
    hit2: float | None = None
    hit5: float | None = None
    hit10: float | None = None
    qianfan: float | None = None

    def record(self) -> dict[str, Any]:
        """The row as JSON, which says that it was not measured here."""
        return {**self._asdict(), "measured": False}


CONTEST, COOKBOOK = "contest", "cookbook"
PUBLISHED = (
    Published("ERNIE-Speed", "", None, CONTEST, 0.05, 0.11, 0.30),
    Published("ERNIE-Speed V2_4", "SFT", 800, CONTEST, 0.35, 0.69, 0.88),
    Published("ERNIE-Speed V3", "SFT", 2000, CONTEST, 0.47, 0.85, 0.98),
    Published("Qianfan SFT", "SFT", None, COOKBOOK, qianfan=0.629),
    Published("Qianfan DPO", "DPO", None, COOKBOOK, qianfan=0.733),
    Published("Qianfan SFT + DPO", "SFT + DPO", None, COOKBOOK, qianfan=0.744),
)
