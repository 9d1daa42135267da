"""The numbers to train and test on, from the network file itself or from other files.

What stands in the file itself is read and fitted without NumPy, which takes longer to load than a small network to derive.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from derive.file.errors import Place
from derive.file.fields import Array
from derive.file.source import Source

if TYPE_CHECKING:
    import numpy as np

    from derive.file.models import DataFile

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
    given: Array | Floats
    place: Callable[[tuple[int, ...]], Place]
    sample: str = "row"

    @property
    def shape(self) -> tuple[int, ...]:
        return self.given.shape

    @cached_property
    def values(self) -> Floats:
        import numpy as np

        return np.array(self.given.entries, np.float64).reshape(self.shape) if isinstance(self.given, Array) else self.given


def read_data(described: Mapping[str, Array | DataFile], section: str, source: Source, needed: Mapping[str, Needed],
              columns: bool = False) -> dict[str, Table]:
    """The arrays of a section ("data" or "test"), each of the shape (samples, *needed shape).

    A quantity that `needed` does not know keeps its own shape.  With `columns` the samples are the last axis of what is
    read, except in CSV files.  Raises FileError for what cannot be read, is not finite or does not fit.
    """
    tables = {}
    for name, what in described.items():
        if isinstance(what, Array):
            table = _inline(name, what, section, source, columns)
        else:
            from derive.file.data_files import from_file

            table = from_file(name, what, section, source, columns)
        tables[name] = _fitted(table, needed[name], section, source) if name in needed else table
    first = next(iter(tables.values()), None)
    for table in tables.values():
        if first is not None and table.shape[0] != first.shape[0]:
            raise source.error(f"{table.name} has {table.shape[0]} {table.sample}s, and {first.name} has {first.shape[0]}",
                               section, table.name,
                               help=f"give every quantity one {table.sample} for each sample")
    return tables


def by_columns(table: Table) -> Table:
    """A table whose last axis is the samples, with them first."""
    import numpy as np

    return Table(table.name, np.moveaxis(table.values, -1, 0), lambda position: table.place((*position[1:], position[0])),
                 "column")


def _inline(name: str, written: Array, section: str, source: Source, columns: bool) -> Table:
    if not written.shape:
        raise source.error(f"{name} is a single number, and data has rows", section, name,
                           help="write [[0.5]]: a list of rows")
    table = Table(name, written, lambda position: source.at(section, name, *position))
    return by_columns(table) if columns else table


def _fitted(table: Table, needed: Needed, section: str, source: Source) -> Table:
    """The table with samples of the needed shape; an 8×8 picture fits 64 inputs, and a column single numbers."""
    samples, *own = table.shape
    if math.prod(own) != math.prod(needed.shape):
        has, needs = (_shape_words(shape, table.sample) for shape in (tuple(own), needed.shape))
        example = "[[0.1, 0.2], [0.3, 0.4]]" if table.sample == "row" else "[[0.1, 0.3], [0.2, 0.4]]"
        raise source.error(
            f"{table.name} has {has} here, and {needs} by {needed.origin}", section, table.name,
            help=f"give one {table.sample} for each sample, such as {example} for two samples of two features")
    if tuple(own) == needed.shape:
        return table

    def place(position: tuple[int, ...]) -> Place:
        import numpy as np

        entry = np.ravel_multi_index(position[1:], needed.shape) if needed.shape and position[1:] else 0
        inside = np.unravel_index(entry, tuple(own)) if own else ()
        return table.place((position[0], *map(int, inside)))

    shape = (samples, *needed.shape)
    given = replace(table.given, shape=shape) if isinstance(table.given, Array) else table.given.reshape(shape)
    return replace(table, given=given, place=place)


def _shape_words(shape: tuple[int, ...], sample: str) -> str:
    if len(shape) <= 1:
        features = shape[0] if shape else 1
        return f"{features} {'column' if sample == 'row' else 'row'}{'s' * (features != 1)}"
    return f"{'×'.join(map(str, shape))} numbers in each {sample}"
