"""The same network with its samples as columns, and numbers of one in the order of the other."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from derive.network import Network

from .evaluation import Array
from .networks import CATALOGUE
from .test_layers import DIFFERENT

PAGES = {name: text for name, text in {**CATALOGUE, **DIFFERENT}.items()
         if not name.startswith(("activation", "loss focal")) or "softmax" in name}
"""Networks that have axes to be put in order: what is done entry by entry knows of none."""


def in_columns(text: str) -> str:
    """A page of samples as rows, as a page of samples as columns: x[n,t-1,k] is x[t-1,k,n] in its formulas."""
    return "samples: columns\n" + re.sub(r"\[n,\s*((?:[^\[\]]|\[[^\[\]]*\])*)\]", r"[\1,n]", text)


def axes(rows: Network, columns: Network, name: str) -> list[int]:
    """Which axis of the quantity in rows each of its axes in columns is, by the letters of its indices."""
    letters = [index.name for index in rows.system.quantities[name].indices]
    assert len(set(letters)) == len(letters)
    return [letters.index(index.name) for index in columns.system.quantities[name].indices]


def turned(rows: Network, columns: Network, entries: Mapping[str, Array]) -> dict[str, Array]:
    """Entries by their places in rows, by those in columns."""
    found = {}
    for name, array in entries.items():
        order = axes(rows, columns, name)
        found[name] = {tuple(place[axis] for axis in order): value for place, value in array.items()}
    return found


def turned_arrays(rows: Network, columns: Network, arrays: Mapping[str, Any]) -> dict[str, Any]:
    """The same for NumPy arrays, each as it lies in memory when it is made."""
    return {name: array.transpose(axes(rows, columns, name)).copy("C") for name, array in arrays.items()}
