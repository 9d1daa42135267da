"""Gaps: the rows of the worked solution with room to write where its numbers stand."""

from __future__ import annotations

from collections.abc import Sequence

from derive.calculus.record import Derivation
from derive.latex.entries import Entries, Values
from derive.latex.printer import plain
from derive.network import Network

RESULT, WORK = 9, 17  # em
MACRO = r"\newcommand{\gap}[1]{\rule{0pt}{1.7em}\rule[-0.3em]{#1em}{0.4pt}}"


def gap(size: float = RESULT) -> str:
    """A line to write on, with room above it."""
    return rf"\gap{{{size}}}"


class Gaps(Entries):
    """A derivation entry by entry, of which the student fills in the results.

    Args:
        hard: formulas are left out too.

    Attributes:
        answers: the results, in the order of the gaps.
    """

    def __init__(self, network: Network, derivation: Derivation, values: Values, digits: int, hard: bool) -> None:
        super().__init__(network, derivation, values, digits)
        self.hard = hard
        self.answers: list[float] = []

    def steps(self, formulas: Sequence[str], inserted: Sequence[str], result: float) -> list[str]:
        """The formula and a gap for its value; the formula alone where it is a number already."""
        formula = [] if self.hard else list(formulas[:1])
        if formula and plain(formula[0]) == self.real(result):
            return formula
        self.answers.append(result)
        return [*formula, gap()] if not self.hard else [gap(WORK), gap()]
