"""A line of somebody's working, and its sides as syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from derive.claims.reading.formula import ClaimFormula
from derive.claims.reading.numbers import is_numeric
from derive.file.errors import Place


@dataclass(frozen=True)
class Written:
    """A line as it was typed, where it stands, and what its writer says about it."""

    text: str
    place: Place
    where: str = ""
    latex: bool = False


@dataclass(frozen=True)
class Sides:
    """The sides of a line in their order.

    Attributes:
        formula: what turns trees into expressions.
        spans: where each side begins and ends in the line as typed.
        latex: whether they were written in LaTeX.
        update: whether the first relation is an arrow (w ← w − ηg), and so about the next value of the left side.
    """

    formula: ClaimFormula
    trees: Sequence[ast.expr]
    spans: Sequence[tuple[int, int]]
    latex: bool
    update: bool = False

    @cached_property
    def numeric(self) -> Sequence[bool]:
        """Which sides are made of numbers alone."""
        return [is_numeric(tree) for tree in self.trees]
