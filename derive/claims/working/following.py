"""What follows from the lines before: the numbers that a node may have for somebody who carries wrong lines on.

Each node has its right number, the one that an earlier line claims for it, and all that comes out where its equations
are used with such numbers; with each goes the set of wrong lines that it is built on.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product

import sympy
from sympy import Add, Dummy, Expr, Mul

from derive.claims.working.equations import TooLarge
from derive.claims.working.evaluation import compiled
from derive.claims.working.names import derivative, entry, meant, nodes_of
from derive.claims.working.points import Point, Unknown
from derive.instantiate import Entry, number
from derive.language.expressions import Access, Index


@dataclass(frozen=True)
class Wrong:
    """A wrong line of a working: it says that a node, or one at any values of its free indices, is the body."""

    line: int
    node: Access
    body: Expr
    unit: float = 0.0  # of the last digit, where it is a printed number

    def at(self, node: Access) -> dict[Index, Expr] | None:
        """The values of the free indices for which the line is about a node; None where it is not."""
        if node.name != self.node.name:
            return None
        place: dict[Index, Expr] = {}
        for own, there in zip(self.node.indices, node.indices, strict=True):
            if isinstance(own, Index):
                if place.setdefault(own, there) != there:
                    return None
            elif own != there:
                return None
        return place


@dataclass(frozen=True)
class Alternative:
    """A number that a node may have, give or take what was lost by rounding, and the wrong lines it is built on."""

    value: float
    room: float = 0.0
    built_on: frozenset[int] = frozenset()


class Following:
    """The numbers of a point for somebody who carries wrong lines on.

    Args:
        wrong: the wrong lines before, in order.
        printed: how far the numbers that earlier lines print may be from the right ones.
        thorough: also where some wrong lines are carried on and others are not; without, all are.
    """

    def __init__(self, point: Point, wrong: Sequence[Wrong], printed: Mapping[Entry, float], thorough: bool) -> None:
        self.point, self.working, self.printed = point, point.working, printed
        self.wrong, self.thorough = wrong, thorough
        self.most, self.combined = (12, 64) if thorough else (3, 9)
        self._said = {line.node for line in wrong}
        self._of_all = {line.node.name for line in wrong if any(isinstance(i, Index) for i in line.node.indices)}
        self._formulas = {line.node.name for line in wrong if nodes_of(line.body)}
        self._found: dict[Access, list[Alternative]] = {}
        self._touched: dict[Access, bool] = {}

    def of(self, expression: Expr) -> list[Alternative]:
        """The values of an expression, those that use the wrong lines first."""
        return _distinct(self._combined(expression, frozenset()), self.most)

    def node(self, node: Access) -> list[Alternative]:
        if node not in self._found:
            right = Alternative(self.point[entry(node)], self.printed.get(entry(node), 0.0))
            self._found[node] = [right]  # what a line that goes around in a circle sees
            if self.touched(node):
                found = [made for line in reversed(self.wrong) for made in self._claimed(line, node)]
                if self.thorough or not found:
                    found += (made for line in reversed(self.wrong) for made in self._of_the_claimed(line, node))
                    found += (made for route in self._routes(node) for made in self._combined(route, frozenset()))
                self._found[node] = _distinct([*found, right] if self.thorough else found or [right], self.most)
        return self._found[node]

    def touched(self, node: Access) -> bool:
        """Whether a node is claimed by a wrong line, or can be computed from one that is."""
        if node not in self._touched:
            needed = self.working.above(node) | {node}
            self._touched[node] = not needed.isdisjoint(self._said) or any(map(self._is_said, needed))
        return self._touched[node]

    def _is_said(self, node: Access) -> bool:
        """Whether a wrong line is about all entries of a node, or a formula about what it is a derivative of."""
        name = meant(node.name)
        return node.name in self._of_all or bool(name.by) and name.of in self._formulas

    def _routes(self, node: Access) -> Iterable[Expr]:
        try:
            return self.working.routes(node)
        except TooLarge:
            return ()

    def _claimed(self, line: Wrong, node: Access) -> list[Alternative]:
        """What a line claims for a node."""
        place = line.at(node)
        if place is None:
            return []
        body = self.working.equations.places(line.body, place)
        if not nodes_of(body):
            return [Alternative(number(body, {}), line.unit, frozenset({line.line}))]
        return self._combined(body, frozenset({line.line}))

    def _of_the_claimed(self, line: Wrong, node: Access) -> list[Alternative]:
        """A derivative of what a line claims to be another formula."""
        if not meant(node.name).by or not nodes_of(line.body):
            return []
        of, by = self.working.equations.ends(node)
        place = line.at(of)
        if place is None:
            return []
        return self._combined(_derived(self.working.equations.places(line.body, place), by, self), frozenset({line.line}))

    def _combined(self, body: Expr, built_on: frozenset[int]) -> list[Alternative]:
        """The values of a body for the alternatives of what it reads."""
        reads = nodes_of(body)
        try:
            choices = [self.node(read) for read in reads]
        except (Unknown, TooLarge):
            return []
        found, compute = [], compiled(body)
        for chosen in islice(product(*choices), self.combined):
            values = {entry(read): one.value for read, one in zip(reads, chosen, strict=True)}
            value = compute(values)
            room = 0.0
            for read, one in zip(reads, chosen, strict=True):
                if one.room:
                    moved = compute({**values, entry(read): one.value + one.room})
                    room += abs(moved - value)
            if math.isfinite(value):
                found.append(Alternative(value, room if math.isfinite(room) else 0.0,
                                         built_on.union(*(one.built_on for one in chosen))))
        return found


def _derived(body: Expr, by: Access, following: Following) -> Expr:
    """The derivative of a claimed formula by a node, through all that it reads."""
    terms = []
    for read in nodes_of(body):
        if read == by or following.working.equations.depends(read, by):
            dummy = Dummy(real=True)
            slope = sympy.diff(body.xreplace({read: dummy}), dummy).xreplace({dummy: read})
            terms.append(Mul(slope, 1 if read == by else derivative(read, by)))
    return Add(*terms)


def _distinct(found: Iterable[Alternative], most: int) -> list[Alternative]:
    """Alternatives that rounding does not make equal; equal ones are one, built on the fewer and later lines of both."""
    kept: list[Alternative] = []
    for one in found:
        for place, other in enumerate(kept):
            apart = abs(one.value - other.value)
            if apart <= one.room + other.room + 1e-12 * abs(one.value):
                nearer = min(other, one, key=_nearness)
                kept[place] = Alternative(other.value, max(other.room, apart + one.room), nearer.built_on)
                break
        else:
            if len(kept) < most:
                kept.append(one)
    return kept


def _nearness(one: Alternative) -> tuple[bool, int, int]:
    return not one.built_on, len(one.built_on), -min(one.built_on, default=0)
