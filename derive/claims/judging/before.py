"""What the lines before a claim have left: the wrong ones, which may be carried on, and the rounding of the right ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from sympy import Expr

from derive.claims.claim import Verdict
from derive.claims.judging.statement import Statement
from derive.claims.working.equations import TooLarge
from derive.claims.working.following import Following, Wrong
from derive.claims.working.names import entry, nodes_of
from derive.claims.working.points import Point, Unknown
from derive.instantiate import Entry
from derive.language.expressions import Access


@dataclass(frozen=True)
class Before:
    """The lines before a claim.

    Attributes:
        wrong: those that are wrong, whether refuted or built on such.
        printed: the right numbers as they are printed, and the unit of their last digit.
        lines: which line of the page prints each of these.
    """

    wrong: tuple[Wrong, ...] = ()
    printed: Mapping[Entry, tuple[float, float]] = field(default_factory=dict)
    lines: Mapping[Entry, int] = field(default_factory=dict)

    def and_then(self, line: int, statement: Statement, verdict: Verdict) -> Before:
        """What is left when one more line has been judged."""
        said = None if statement.claim.misfit else statement.as_wrong(line)
        if said is None:
            return self
        if verdict.status in ("refuted", "follows"):
            return replace(self, wrong=(*self.wrong, said))
        if verdict.status == "proved" and said.unit and not nodes_of(said.body):
            key = entry(said.node)
            return replace(self, printed={**self.printed, key: (float(said.body), said.unit)},
                           lines={**self.lines, key: statement.claim.place.line})
        return self

    def carried(self, nodes: Iterable[Access]) -> dict[Access, Expr | float]:
        """The wrong lines about these nodes, to be computed with."""
        return {node: line.body for node in nodes for line in self.wrong if line.node == node}

    def printed_above(self, nodes: Mapping[Access, int]) -> dict[Access, tuple[float, int]]:
        """The right numbers that earlier lines print for these nodes, and in which lines; not for those that are 0 away."""
        return {node: (self.printed[entry(node)][0], self.lines[entry(node)]) for node, away in nodes.items()
                if away and entry(node) in self.printed}

    def explain(self, statement: Statement, point: Point) -> frozenset[int] | None:
        """The wrong lines that a claim follows from at a point; None where it does not."""
        wrong = [line for line in self.wrong if statement.numeric or nodes_of(line.body)]
        if not wrong:
            return None
        numbers = {key: unit for key, (_, unit) in self.printed.items()} if statement.numeric else {}
        for thorough in (False, True):
            following = Following(point, wrong, numbers, thorough)
            try:
                lefts, rights = following.of(statement.left), following.of(statement.right)
            except (Unknown, TooLarge):
                return None
            found = [left.built_on | right.built_on for left in lefts for right in rights
                     if left.built_on | right.built_on and statement.agree(left.value, right.value, left.room + right.room)]
            if found:
                return min(found, key=len)
        return None
