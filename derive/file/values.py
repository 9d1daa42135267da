"""What the numbers of a table must be: finite, labels, probabilities."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from derive.file.data import Table
from derive.file.errors import FileError


def one_hot(table: Table, classes: int) -> Table:
    """Labels 0 … classes − 1 as rows with a single 1, along a further axis."""
    whole = labels(table, classes)
    return replace(table, given=np.eye(classes)[whole], place=lambda position: table.place(position[: whole.ndim]))


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


def check_finite(table: Table) -> None:
    finite = np.isfinite(table.values)
    if not finite.all():
        position = tuple(int(i) for i in np.argwhere(~finite)[0])
        raise FileError(f"{table.name} has {table.values[position]} in {table.sample} {position[0] + 1}",
                        table.place(position), f"data must be finite: leave the {table.sample} out, or replace the value")
