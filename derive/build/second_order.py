"""Optimisers that solve equations with all parameters at once."""

from __future__ import annotations

from math import prod
from typing import Any

from derive.build.parts import Parts
from derive.catalogue.second_order import SECOND_ORDER
from derive.network import Optimiser

MOST_OF_NEWTON = 2000  # entries: a matrix of 32 MB, made from as many products


def second_order(parts: Parts, choice: Any) -> Optimiser:
    """The optimiser without assignments.

    Raises:
        FileError: there are too many equations, or the file wants parameters to be updated one by one.
    """
    entry = SECOND_ORDER[choice.name]
    entries = sum(prod(size or 1 for size in parts.shape(parts.quantities[p])) for p in parts.parameters)
    if choice.name == "newton" and entries > MOST_OF_NEWTON:
        raise parts.error(f"newton solves equations with all {entries:,} entries of the parameters at once, and at most "
                          f"{MOST_OF_NEWTON:,} are", "optimiser", help="use optimiser: hessian_free")
    if parts.file.training.update_order != "simultaneous":
        raise parts.error(f"{choice.name} moves all parameters at once", "training", "update_order",
                          help="remove this line, or choose another optimiser")
    constants = parts.options(choice, entry.options, "optimiser", "optimiser")
    states = ("direction",) if choice.name == "hessian_free" else ()  # where the next search starts
    return Optimiser(choice.name, (), states, constants, entry.source)
