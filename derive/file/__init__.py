"""The file front end: one page of YAML, checked, with the place of everything in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from derive.file.errors import DeriveError, FileError, Place

if TYPE_CHECKING:
    from derive.file.models import NetworkFile
    from derive.file.source import Source

__all__ = ["DeriveError", "FileError", "Place", "read"]


def read(path: str | Path) -> tuple[NetworkFile, Source]:
    """Read and check a network file; FileError, with its place in the file, for the first thing that is wrong."""
    from derive.file.reading import read  # YAML and the models load only when a file is read

    return read(path)
