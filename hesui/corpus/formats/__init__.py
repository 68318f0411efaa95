"""Import and export of rows in the formats that trainers and people use; docs/formats.md shows each."""

from hesui.corpus.formats.hub import from_dataset, to_dataset
from hesui.corpus.formats.transfer import FORMATS, Format, Preview, detect, preview, read, require_format, write

__all__ = [
    "FORMATS",
    "Format",
    "Preview",
    "detect",
    "from_dataset",
    "preview",
    "read",
    "require_format",
    "to_dataset",
    "write",
]
