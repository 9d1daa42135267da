"""A computation with something done otherwise: what it is done to, where, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from sympy import Expr

from derive.claims.judging.statement import Statement
from derive.claims.working.names import nodes_of
from derive.claims.working.points import Point
from derive.language.expressions import Access

Changes = Mapping[Access, Expr | float]


@dataclass(frozen=True)
class Spot:
    """A claim at one place and one point."""

    point: Point
    statement: Statement

    @property
    def root(self) -> Expr:
        return self.statement.left

    @cached_property
    def target(self) -> float:
        """What is claimed."""
        return self.point.value(self.statement.right)

    @cached_property
    def right(self) -> float:
        """What is true."""
        return self.point.value(self.root)

    @cached_property
    def lines(self) -> Mapping[Access, int]:
        """What the left side is computed from, and how many equations away each is; its own nodes are 0 away."""
        bodies = {line.node: line.body for line in self.point.lines(self.root)}
        found, now = dict.fromkeys((node for node in nodes_of(self.root) if node in bodies), 0), 0
        while frontier := [node for node, distance in found.items() if distance == now]:
            now += 1
            for node in frontier:
                for read in nodes_of(bodies[node]):
                    if read in bodies:
                        found.setdefault(read, now)
        return found


@dataclass(frozen=True)
class Trial:
    """A computation with something done otherwise; `claimed` takes the place of the claim's right side."""

    point: Point
    root: Expr
    changes: Changes = field(default_factory=dict)
    carried_on: Callable[[float], float] | None = None
    claimed: Expr | None = None

    def value(self) -> float:
        return self.point.changed(self.root, self.changes, self.carried_on)


@dataclass(frozen=True)
class Attempt:
    """Something that may have been done.

    Attributes:
        at: how it is computed at a spot; None where it cannot have been done there.
        formula: the equation with the mistake made in it.
    """

    kind: str
    words: str
    at: Callable[[Spot], Trial | None]
    formula: Expr | None = None


def changed(changes: Callable[[Spot], Changes | None], start: Changes, spot: Spot) -> Trial | None:
    """Some equations are others, on top of what is otherwise at the start."""
    made = changes(spot)
    return None if made is None else Trial(spot.point, spot.root, {**start, **made})


def one_changed(node: Access, change: Expr | float, spot: Spot) -> Changes | None:
    """One node is computed otherwise, or is another number."""
    return {node: change} if node in spot.lines else None


def as_a_whole(change: Callable[[Expr], Expr], spot: Spot) -> Trial:
    """Something is done to the left side as a whole."""
    return Trial(spot.point, change(spot.root))


def on_the_way(carried_on: Callable[[float], float], spot: Spot) -> Trial:
    """Something is done to every number that is computed."""
    return Trial(spot.point, spot.root, {}, carried_on)
