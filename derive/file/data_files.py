"""Data from CSV, NPY and NPZ files, which are read and never written or executed: NumPy's pickled objects are refused.

A path begins at the folder of the network file and may lead anywhere that its writer can read.
"""

from __future__ import annotations

import csv
import math
import zipfile
from array import array
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from derive.file.data import Table, by_columns
from derive.file.errors import FileError, Place, listed, quoted, suggestion
from derive.file.page import open_regular
from derive.file.source import Source
from derive.file.values import check_finite, one_hot

if TYPE_CHECKING:
    from derive.file.data import Floats
    from derive.file.models import DataFile

LARGEST_FILE = 500_000_000  # bytes
MOST_ENTRIES = 50_000_000


def from_file(name: str, what: DataFile, section: str, source: Source, columns: bool) -> Table:
    place = source.at(section, name, "file")
    path = source.folder / what.file
    with open_regular(path, place) as file:
        size = file.seek(0, 2)
    if size > LARGEST_FILE:
        raise FileError(f"{quoted(what.file)} has {size / 1e6:.0f} MB, and at most {LARGEST_FILE / 1e6:g} MB are read",
                        place, "use a smaller file")
    kind = path.suffix.lower()
    for key, kinds in (("key", ".npz"), ("columns", ".csv")):
        if getattr(what, key) is not None and kind != kinds:
            raise source.error(f"a {kind[1:].upper()} file has no {key}", section, name, key, key=True,
                               help="remove it")
    try:
        table = (_csv(name, path, what, section, source) if kind == ".csv" else
                 Table(name, _numpy(path, what, section, name, source), lambda position: place))
    except (OSError, ValueError, EOFError, KeyError, TypeError, SyntaxError, MemoryError, zipfile.BadZipFile,
            NotImplementedError, RuntimeError) as error:  # what NumPy and zipfile raise for files that are damaged
        raise FileError(f"{quoted(what.file)} cannot be read as {kind[1:].upper()}: {error}", place,
                        "write it again, without pickled objects") from None
    if columns and kind != ".csv":
        table = by_columns(table)
    check_finite(table)
    table = _rows(table, what, section, source)
    if what.one_hot is not None:
        table = one_hot(table, what.one_hot)
    return table if what.scale is None else replace(table, given=table.values * float(what.scale))


def _numpy(path: Path, what: DataFile, section: str, name: str, source: Source) -> Floats:
    if path.suffix.lower() == ".npz":
        found = _from_archive(path, what, section, name, source)
    else:
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)
        _check_entries(mapped.size)
        found = np.asarray(mapped)
    place = source.at(section, name, "file")
    if found.dtype.kind not in "biuf":
        raise FileError(f"{quoted(what.file)} holds {found.dtype.name} values, and numbers are needed", place,
                        "save an array of floats or whole numbers")
    if not found.ndim:
        raise FileError(f"{quoted(what.file)} holds a single number, and data has rows", place, "save an array of rows")
    return found.astype(np.float64)


def _from_archive(path: Path, what: DataFile, section: str, name: str, source: Source) -> np.ndarray[Any, Any]:
    with zipfile.ZipFile(path) as archive:
        sizes = {info.filename.removesuffix(".npy"): info.file_size for info in archive.infolist()}
    key = what.key
    if key is None and len(sizes) == 1:
        [key] = sizes
    if key is None:
        raise source.error(f"{quoted(what.file)} holds {len(sizes)} arrays", section, name, "file",
                           help=f"say which with key: {listed(sizes)}")
    if key not in sizes:
        raise source.error(f"there is no array {quoted(key)} in {quoted(what.file)}", section, name, "key",
                           help=suggestion(key, sizes, "the arrays are"))
    _check_entries(sizes[key] // 8)
    with np.load(path, allow_pickle=False) as arrays:
        found: np.ndarray[Any, Any] = np.asarray(arrays[key])
    return found


def _check_entries(entries: int) -> None:
    if entries > MOST_ENTRIES:
        raise ValueError(f"it holds {entries} numbers, and at most {MOST_ENTRIES} are read")


def _csv(name: str, path: Path, what: DataFile, section: str, source: Source) -> Table:
    """A CSV file with a header; the first word that is no number ends the reading, at its line and column."""
    lines: list[int] = []
    values = array("d")
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        try:
            header = [title.strip() for title in next(reader, [])]
            chosen = _columns(header, what, path, section, name, source)
            for row in reader:
                if not row:
                    continue
                if len(row) != len(header):
                    raise FileError(f"this row has {len(row)} columns, and the header has {len(header)}",
                                    _csv_place(path, reader.line_num, min(len(row), len(header)) - 1),
                                    "write one value for each column")
                values.extend(_csv_number(row[column], path, reader.line_num, column) for column in chosen)
                lines.append(reader.line_num)
                _check_entries(len(values))
        except csv.Error as error:
            raise FileError(f"this is no valid CSV: {error}", _csv_place(path, reader.line_num, 0),
                            "check the quotes") from None
        except UnicodeDecodeError:
            raise FileError("this is no UTF-8 text", Place(str(path), reader.line_num + 1, 1, ""),
                            "save the file as UTF-8") from None

    def place(position: tuple[int, ...]) -> Place:
        row, column = (*position, 0)[:2]
        return _csv_place(path, lines[row], chosen[column])

    return Table(name, np.array(values, dtype=np.float64).reshape(len(lines), len(chosen)), place)


def _columns(header: list[str], what: DataFile, path: Path, section: str, name: str, source: Source) -> list[int]:
    if not header:
        raise FileError(f"{quoted(what.file)} is empty", source.at(section, name, "file"), "give it a header and rows")
    if all(_is_number(title) for title in header):
        raise FileError(f"{quoted(what.file)} has no header", _csv_place(path, 1, 0),
                        "write the names of the columns in the first line")
    if what.columns is None:
        return list(range(len(header)))
    for at, wanted in enumerate(what.columns):
        if wanted not in header:
            raise source.error(f"there is no column {quoted(wanted)} in {quoted(what.file)}", section, name, "columns",
                               at, help=suggestion(wanted, header, "the columns are"))
    return [header.index(wanted) for wanted in what.columns]


def _csv_number(text: str, path: Path, line: int, column: int) -> float:
    try:
        value = float(text)
    except ValueError:
        what = quoted(text) if text.strip() else "an empty cell"
        raise FileError(f"{what} is no number", _csv_place(path, line, column),
                        "write a number, or leave the row out") from None
    if not math.isfinite(value):
        raise FileError(f"{quoted(text.strip())} is no finite number", _csv_place(path, line, column),
                        "write a number, or leave the row out")
    return value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _csv_place(path: Path, line: int, column: int) -> Place:
    """Where a cell begins, found again in the file: quotes and all."""
    text = ""
    with path.open(encoding="utf-8-sig", errors="replace", newline=None) as file:
        for number, found in enumerate(file, 1):
            if number == line:
                text = found.rstrip("\n")
                break
    start, quotes = 0, False
    for offset, character in enumerate(text):
        if column == 0:
            break
        quotes ^= character == '"'
        if character == "," and not quotes:
            start, column = offset + 1, column - 1
    start += len(text[start:]) - len(text[start:].lstrip())
    return Place(str(path), line, start + 1, text)


def _rows(table: Table, what: DataFile, section: str, source: Source) -> Table:
    if what.rows is None:
        if not len(table.values):
            raise source.error(f"{quoted(what.file)} has no {table.sample}s", section, table.name, "file",
                               help="give it one for each sample")
        return table
    first, stop = what.rows
    if stop > len(table.values):
        raise source.error(f"{quoted(what.file)} has {len(table.values)} {table.sample}s, and {table.sample}s up to {stop} "
                           "are asked for", section, table.name, "rows",
                           help=f"{table.sample}s count from 0, and the second number is the {table.sample} to stop before")
    return replace(table, given=table.values[first:stop],
                   place=lambda position: table.place((position[0] + first, *position[1:])))
