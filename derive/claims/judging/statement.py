"""A claim in the terms of a working: both sides over nodes, for all values of its free indices, and how exact they are."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice, product
from math import prod

import sympy
from sympy import Add, Basic, Expr, Integer, Mul, Pow, Rational

from derive.checks.agreement import FORMULA_DIGITS
from derive.claims.claim import Claim
from derive.claims.working.equations import Equations
from derive.claims.working.following import Wrong
from derive.claims.working.names import meant, nodes_of
from derive.claims.working.routes import Working
from derive.language.expressions import Access, Index, Reduction, free_indices
from derive.language.substitution import SAMPLES

LESS = 1 - 1e-6  # 0.36 is one unit away from 0.35, and no rounding of it


@dataclass(frozen=True)
class Statement:
    """left = right.

    Attributes:
        numeric: whether it is about the file's own numbers, not about all there could be.
        free: the indices for all of whose values it is made.
        full_batch: whether its updates are each by all samples.
        opened: left − right with symbols for the decimals that may be rounded (`Claim.decimals`).
        room: how far apart such decimals may bring two sides that are equal.
    """

    claim: Claim
    left: Expr
    right: Expr
    numeric: bool
    free: tuple[Index, ...]
    full_batch: bool
    opened: Expr = Integer(0)
    room: float = 0.0

    @property
    def nodes(self) -> list[Access]:
        return list(dict.fromkeys((*nodes_of(self.left), *nodes_of(self.right))))

    @property
    def general(self) -> bool:
        """Whether it names no position, and so is made for networks of any size."""
        return not any(index.is_Integer for node in self.nodes for index in node.indices)

    @property
    def counts_samples(self) -> bool:
        """Whether the number of samples stands in it, as a factor and not only as the limit of a sum."""
        return SAMPLES in self.difference.free_symbols

    @property
    def difference(self) -> Expr:
        return self.left - self.right

    def count(self, working: Working) -> int:
        """How many combinations of values of the free indices there are."""
        return prod(working.equations.number(index.size) for index in self.free)

    def places(self, working: Working, most: int) -> Iterator[dict[Index, int]]:
        """The combinations of values of the free indices; evenly chosen ones where there are too many."""
        every = product(*(range(working.equations.number(index.size)) for index in self.free))
        for place in islice(every, 0, None, 1 + (self.count(working) - 1) // most):
            yield dict(zip(self.free, place, strict=True))

    def at(self, working: Working, place: dict[Index, int]) -> Statement:
        """The claim for one value of each free index, at the sizes of a working."""
        left, right, opened = (working.equations.places(side, place) for side in (self.left, self.right, self.opened))
        return replace(self, left=left, right=right, opened=opened, free=())

    def agree(self, left: float, right: float, room: float = 0.0) -> bool:
        """Whether both sides are equal, as exactly as the claim says them.

        A printed number is right when it is less than one unit of its last digit away, as one that is rounded or cut off.
        """
        if not math.isfinite(left) or not math.isfinite(right):
            return False
        room += self.room
        if self.claim.number is not None and not nodes_of(self.right):
            room += float(self.claim.number.digits)
            return abs(left - right) < room * LESS or abs(left - right) <= math.ulp(right)
        scale = max(abs(left), abs(right), not nodes_of(self.right))
        return abs(left - right) <= max(room * LESS, FORMULA_DIGITS * scale)

    def may_mean(self, size: int) -> bool:
        """Whether a size may stand in it as a number, alone or in a product: 6 or 12 for six samples."""
        return size > 1 and any(number % size == 0 for number in self.factors)

    def may_be_rounded_from(self, size: int) -> bool:
        """Whether a decimal in it may stand for one over a size, twice or half of that: 0.167 or 0.333 for six samples."""
        return any(abs(float(number) - above / size) < float(number.digits)
                   for number in self.claim.decimals.values() for above in (0.5, 1, 2))

    @cached_property
    def factors(self) -> frozenset[int]:
        """The numbers that stand in it above and below a fraction's bar, powers apart."""
        waiting: list[Basic] = [self.opened]
        found: set[int] = set()
        while waiting:
            node = waiting.pop()
            if isinstance(node, Rational):
                found |= {abs(int(node.p)), int(node.q)}
            elif isinstance(node, (Add, Mul, Pow, Reduction)):
                waiting += node.args[: 1 if isinstance(node, Pow) else None]
        return frozenset(found - {0, 1})

    @property
    def puts_numbers_in(self) -> bool:
        """Whether numbers of the file may have been put in."""
        return any(not number.is_Integer for number in self.difference.atoms(Rational))

    def missing(self, equations: Equations) -> str:
        """What it mentions and the network does not have, in a sentence."""
        for node in self.nodes:
            for axis, (index, size) in enumerate(zip(node.indices, equations.axes(node), strict=True), 1):
                here = equations.number(size)
                if index.is_Integer and size != SAMPLES and not 0 <= index < here:
                    return f"{node} has no position {index + 1} along its axis {axis}, which has {here}"
                if isinstance(index, Index) and equations.number(index.size) != here:
                    return f"{node}: {index} runs to {equations.number(index.size)}, and axis {axis} has {here} positions"
        return ""

    @property
    def unit(self) -> float:
        """The unit of the last digit that is claimed; 0 for a formula."""
        if self.claim.number is not None and not nodes_of(self.right):
            return float(self.claim.number.digits)
        return self.room or sum(abs(float(slope)) * unit for slope, unit in self.roundings if slope.is_number)

    @cached_property
    def roundings(self) -> list[tuple[Expr, float]]:
        """How fast its difference changes with each decimal that may be rounded, and the unit of the last digit of that."""
        printed = {symbol: Rational(*number.exact.as_integer_ratio()) for symbol, number in self.claim.decimals.items()}
        return [(sympy.diff(self.opened, symbol).xreplace(printed), float(number.digits))
                for symbol, number in self.claim.decimals.items()]

    def as_wrong(self, line: int) -> Wrong | None:
        """The claim as an equation of the node that it is about; None where it says nothing of one alone."""
        node = _about(self.left)
        if node is None:
            return None
        terms = [term for term in Add.make_args(self.left) if node in nodes_of(term)]
        slope = Add(*(term / node for term in terms))
        body = (self.right - (self.left - Add(*terms))) / slope
        if nodes_of(slope) or node in nodes_of(body):
            return None
        return Wrong(line, node, body, 0.0 if nodes_of(body) else self.unit)


def _about(left: Expr) -> Access | None:
    """The node that a left side says something of: the latest one."""
    nodes = nodes_of(left)
    return max(nodes, key=lambda node: meant(node.name).updates, default=None)


def state(claim: Claim, working: Working) -> Statement:
    """A claim in the terms of a working."""
    each = working.batches if claim.unit == "epochs" else 1
    left, right, opened = (working.read(side, each) for side in (claim.left, claim.right, claim.opened))
    if not nodes_of(left) and nodes_of(right):  # 0.3775 = net_h1
        left, right = right, left
    free = sorted(free_indices(left) | free_indices(right), key=lambda index: index.name)
    return Statement(claim, left, right, not free and not nodes_of(right), tuple(free), claim.unit == "full-batch updates",
                     opened)
