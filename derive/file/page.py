"""A text file as people see it: read with care, and every character with its line and column."""

from __future__ import annotations

import os
import re
import stat
from bisect import bisect_right
from io import BufferedReader
from pathlib import Path

from derive.file.errors import FileError, Place, nearest, quoted


class Page:
    """A text and the name of the file that it came from."""

    def __init__(self, name: str, text: str):
        self.name = name
        self.text = text
        self._starts = [0, *(match.end() for match in re.finditer(r"\r\n|\n|\r", text))]

    def place(self, offset: int) -> Place:
        """The place of a character, counted from 0."""
        return Place(self.name, *self.spot(offset))

    def spot(self, offset: int) -> tuple[int, int, str]:
        """Line and column of a character, counted from 1, and the whole line."""
        line = bisect_right(self._starts, min(offset, len(self.text)))
        start = self._starts[line - 1]
        end = self._starts[line] if line < len(self._starts) else len(self.text)
        return line, offset - start + 1, self.text[start:end].rstrip("\r\n")


def read_page(path: Path, largest: int) -> Page:
    """The text of a file; raises FileError where it cannot be read, is larger than `largest` bytes, or is no text."""
    with open_regular(path, Place(str(path), 1, 1, "")) as file:
        size = os.fstat(file.fileno()).st_size
        content = file.read(largest + 1) if size <= largest else b""
    if max(size, len(content)) > largest:
        size = max(size, len(content))
        raise FileError(f"this file has {size / 1e6:.1f} MB, and at most {largest / 1e6:g} MB are read",
                        Place(str(path), 1, 1, ""), "put large data into a CSV, NPY or NPZ file and name it: "
                        "data: {x: {file: train.csv}}")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8", "replace")
        place = Page(str(path), before).place(len(before))
        raise FileError("this is no UTF-8 text", place, "save the file as UTF-8") from None
    if "\0" in text:
        page = Page(str(path), text)
        raise FileError("this file is binary, and no YAML text", page.place(text.index("\0")), "save it as UTF-8 text")
    return Page(str(path), text)


def open_regular(path: Path, place: Place) -> BufferedReader:
    """Open a file for reading; FileError at the place that names it where it is missing or is no regular file."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise FileError(f"{quoted(path.name or path)} is no file", place, "name a file, not a folder or a device")
        return path.open("rb")
    except FileNotFoundError:
        raise FileError(f"there is no file {quoted(path.name)}", place, _nearby(path)) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise FileError(f"{quoted(path.name)} cannot be read: {reason}", place, "check its permissions") from None


def _nearby(path: Path) -> str:
    """Which file may have been meant."""
    try:
        names = [entry.name for entry in os.scandir(path.parent)][:1000] if path.parent.is_dir() else None
    except OSError:
        names = []
    if names is None:
        return f"there is no folder {quoted(path.parent)} either"
    by_stem = {name.removesuffix(path.suffix): name for name in names}
    near = nearest(path.stem, by_stem)
    return f"did you mean {quoted(by_stem[near])}?" if near else "check the name and the folder"
