"""The numbers to train and test on, from the network file itself or from CSV, NPY and NPZ files.

Files are read and never written or executed: NumPy's pickled objects are refused.  A path begins at the folder of the
network file and may lead anywhere that its writer can read.
"""

from __future__ import annotations

import csv
import math
import zipfile
from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from derive.file.errors import FileError, Place, listed, quoted, suggestion
from derive.file.fields import Array
from derive.file.page import open_regular
from derive.file.source import Source

if TYPE_CHECKING:
    from derive.file.models import DataFile

LARGEST_FILE = 500_000_000  # bytes
MOST_ENTRIES = 50_000_000

Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Needed:
    """The shape of one sample, and the words for where that comes from: 'inputs: {x: 2} in line 3'."""

    shape: tuple[int, ...]
    origin: str


@dataclass(frozen=True)
class Table:
    """One quantity's data, the samples first, where each entry stands, and what a sample is there: a row, or a column."""

    name: str
    values: Floats
    place: Callable[[tuple[int, ...]], Place]
    sample: str = "row"


def read_data(described: Mapping[str, Array | DataFile], section: str, source: Source, needed: Mapping[str, Needed],
              columns: bool = False) -> dict[str, Table]:
    """The arrays of a section ("data" or "test"), each of the shape (samples, *needed shape).

    A quantity that `needed` does not know keeps its own shape.  With `columns` the samples are the last axis of what is
    read, except in CSV files.  Raises FileError for what cannot be read, is not finite or does not fit.
    """
    tables = {}
    for name, what in described.items():
        table = (_inline(name, what, section, source, columns) if isinstance(what, Array) else
                 _from_file(name, what, section, source, columns))
        tables[name] = _fitted(table, needed[name], section, source) if name in needed else table
    first = next(iter(tables.values()), None)
    for table in tables.values():
        if first is not None and len(table.values) != len(first.values):
            raise source.error(f"{table.name} has {len(table.values)} {table.sample}s, and {first.name} has "
                               f"{len(first.values)}", section, table.name,
                               help=f"give every quantity one {table.sample} for each sample")
    return tables


def _by_columns(table: Table) -> Table:
    """A table whose last axis is the samples, with them first."""
    return Table(table.name, np.moveaxis(table.values, -1, 0), lambda position: table.place((*position[1:], position[0])),
                 "column")


def one_hot(table: Table, classes: int) -> Table:
    """Labels 0 … classes − 1 as rows with a single 1, along a further axis."""
    whole = labels(table, classes)
    return replace(table, values=np.eye(classes)[whole], place=lambda position: table.place(position[: whole.ndim]))


def labels(table: Table, classes: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The labels of a table, one for each sample or position; FileError where one is not from 0 to classes − 1."""
    values = table.values[:, 0] if table.values.shape[1:] == (1,) else table.values
    bad = (values != np.floor(values)) | (values < 0) | (values >= classes)
    if bad.any():
        position = tuple(int(i) for i in np.argwhere(bad)[0])
        raise FileError(f"the label {values[position]:g} of {table.name} in {table.sample} {position[0] + 1} is out of "
                        "range", table.place(position if values is table.values else (*position, 0)),
                        f"with {classes} classes, labels are the whole numbers from 0 to {classes - 1}")
    return values.astype(np.int64)


def check_between(table: Table, least: float, most: float, what: str, ends: bool = True) -> None:
    """FileError at the first entry that does not lie between two numbers, such as a target that is no probability."""
    values = table.values
    bad = (values < least) | (values > most) if ends else (values <= least) | (values >= most)
    if bad.any():
        position = tuple(int(i) for i in np.argwhere(bad)[0])
        raise FileError(f"{values[position]:g} in {table.sample} {position[0] + 1} of {table.name} is no {what}",
                        table.place(position), f"it must lie from {least:g} to {most:g}" if ends else
                        f"it must be greater than {least:g} and less than {most:g}")


# -- the three sources --------------------------------------------------------------------------------------------


def _inline(name: str, written: Array, section: str, source: Source, columns: bool) -> Table:
    if not written.shape:
        raise source.error(f"{name} is a single number, and data has rows", section, name,
                           help="write [[0.5]]: a list of rows")
    values = np.array(written.entries, dtype=np.float64).reshape(written.shape)
    table = Table(name, values, lambda position: source.at(section, name, *position))
    return _by_columns(table) if columns else table


def _from_file(name: str, what: DataFile, section: str, source: Source, columns: bool) -> Table:
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
        table = _by_columns(table)
    _check_finite(table)
    table = _rows(table, what, section, source)
    if what.one_hot is not None:
        table = one_hot(table, what.one_hot)
    return table if what.scale is None else replace(table, values=table.values * float(what.scale))


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


# -- what every table must be -------------------------------------------------------------------------------------


def _check_finite(table: Table) -> None:
    finite = np.isfinite(table.values)
    if not finite.all():
        position = tuple(int(i) for i in np.argwhere(~finite)[0])
        raise FileError(f"{table.name} has {table.values[position]} in {table.sample} {position[0] + 1}",
                        table.place(position), f"data must be finite: leave the {table.sample} out, or replace the value")


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
    return replace(table, values=table.values[first:stop],
                   place=lambda position: table.place((position[0] + first, *position[1:])))


def _fitted(table: Table, needed: Needed, section: str, source: Source) -> Table:
    """The table with samples of the needed shape; an 8×8 picture fits 64 inputs, and a column single numbers."""
    samples, *own = table.values.shape
    if math.prod(own) != math.prod(needed.shape):
        has, needs = (_shape_words(shape, table.sample) for shape in (tuple(own), needed.shape))
        example = "[[0.1, 0.2], [0.3, 0.4]]" if table.sample == "row" else "[[0.1, 0.3], [0.2, 0.4]]"
        raise source.error(
            f"{table.name} has {has} here, and {needs} by {needed.origin}", section, table.name,
            help=f"give one {table.sample} for each sample, such as {example} for two samples of two features")
    if tuple(own) == needed.shape:
        return table

    def place(position: tuple[int, ...]) -> Place:
        entry = np.ravel_multi_index(position[1:], needed.shape) if needed.shape and position[1:] else 0
        inside = np.unravel_index(entry, tuple(own)) if own else ()
        return table.place((position[0], *map(int, inside)))

    return replace(table, values=table.values.reshape(samples, *needed.shape), place=place)


def _shape_words(shape: tuple[int, ...], sample: str) -> str:
    if len(shape) <= 1:
        features = shape[0] if shape else 1
        return f"{features} {'column' if sample == 'row' else 'row'}{'s' * (features != 1)}"
    return f"{'×'.join(map(str, shape))} numbers in each {sample}"
