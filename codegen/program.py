"""The array program: what a target prints.

A program is equations in the index language again, in restricted shape.  Each statement fills one array (or part
of one) by one kind of operation, so that a target needs to know few shapes: the NumPy printer writes array
expressions, a C printer would write a loop nest for each statement.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property

from sympy import Expr, Symbol, sympify
from sympy.core.basic import Basic

from derive.language.equations import Quantity
from derive.language.expressions import Access, Index, accesses, names


class Kind(Enum):
    """The operation of a statement."""

    ELEMENTWISE = "elementwise"  # the body has no reduction: every entry by itself
    CONTRACTION = "contraction"  # a sum over products of two accesses
    REDUCTION = "reduction"  # a sum or maximum of an elementwise body
    GATHER = "gather"  # one access at computed positions, such as a2[n, t[n]]
    SCATTER = "scatter"  # a sum of an elementwise body into computed positions, such as Σ_n [v = t[n]]·f[n,j]
    PADDING = "padding"  # an array with zeros around it, such as y[n, i+1] = x[n, i] and 0 elsewhere


class Counter(Symbol):
    """What a loop counts: an index that has one value at a time, 0 ≤ t < size, and so is no axis of anything."""

    __slots__ = ("size",)
    size: Expr

    def __new__(cls, name: str, size: Expr | int) -> Counter:
        self = Symbol.__xnew__(cls, name, integer=True, nonnegative=True)
        self.size = sympify(size)
        return self

    def __getnewargs_ex__(self):
        return ((self.name, self.size), {})

    def _hashable_content(self):
        return (self.name, self.size, *super()._hashable_content()[1:])


@dataclass(frozen=True)
class Statement:
    """target = body, for every value of the target's free indices.

    Attributes:
        target: the entry that is computed.  A position that is no index of its own makes the statement fill a part of
            the array, such as c[n, j+2] = b[n, j], or h[n, t, j] in a loop over t.
        number: of the equation that the statement computes, or helps to compute.
        owner: name of the quantity that this equation defines.
        adds: whether the body is added to what is there.
        partial: whether it leaves some entries of the array as they are, so that the array must be there before.
    """

    target: Access
    body: Expr
    kind: Kind
    number: int = 0
    owner: str = ""
    adds: bool = False
    partial: bool = False

    @property
    def name(self) -> str:
        return self.target.name

    @cached_property
    def accesses(self) -> tuple[Access, ...]:
        """Every access in the body, in reading order, with repetitions."""
        return tuple(accesses(self.body))

    @cached_property
    def axes(self) -> tuple[Index, ...]:
        """The free indices, in the order of the target's axes; those of one axis from the slowest to the fastest."""
        found: dict[Index, None] = {}
        for position in self.target.indices:
            own = position.atoms(Index)
            for index in sorted(own, key=lambda i: (-abs(position.coeff(i)), i.name)) if len(own) > 1 else own:
                found.setdefault(index)
        return tuple(found)

    @cached_property
    def reads(self) -> frozenset[str]:
        own = names(self.body)
        return own | {self.name} if self.partial else own


@dataclass(frozen=True)
class Loop:
    """The body for each value of a counter in turn: 0, 1, … (step 1) or …, 1, 0 (step −1)."""

    counter: Counter
    step: int
    body: tuple[Step, ...]


@dataclass(frozen=True)
class Guard:
    """The body only where a condition on counters holds, such as t > 0."""

    condition: Basic
    body: tuple[Step, ...]


Step = Statement | Loop | Guard
Block = Loop | Guard


def flat(steps: Iterable[Step]) -> Iterator[Statement]:
    """The statements, those inside loops too, in the order in which they are written."""
    for step in steps:
        if isinstance(step, Statement):
            yield step
        else:
            yield from flat(step.body)


def mapped(steps: Iterable[Step], function: Callable[[Statement], Statement]) -> tuple[Step, ...]:
    """The same steps with the function applied to every statement."""
    return tuple(function(step) if isinstance(step, Statement) else replace(step, body=mapped(step.body, function))
                 for step in steps)


@dataclass(frozen=True)
class Program:
    """Statements in order, the quantities that they are about, and those whose values are asked for.

    `temporaries` are the quantities that lowering introduced: no equation of the derivation defines them.
    """

    statements: tuple[Step, ...]
    quantities: Mapping[str, Quantity]
    outputs: tuple[str, ...]
    temporaries: frozenset[str] = frozenset()

    @cached_property
    def first(self) -> dict[str, Statement]:
        """The first statement that writes each buffer."""
        found: dict[str, Statement] = {}
        for statement in flat(self.statements):
            found.setdefault(statement.name, statement)
        return found

    @cached_property
    def in_parts(self) -> frozenset[str]:
        """The buffers that are written part by part."""
        return frozenset(s.name for s in flat(self.statements) if s.partial)

    def with_statements(self, statements: tuple[Step, ...]) -> Program:
        return replace(self, statements=statements)

    def asking_for(self, *outputs: str) -> Program:
        return replace(self, outputs=outputs)

    def number(self, expression: Expr) -> float | None:
        """The value of an expression in numbers and constants; None where it holds anything else."""
        values = {}
        for access in expression.atoms(Access):
            value = self.quantities[access.name].value
            if access.indices or value is None:
                return None
            values[access] = sympify(value)
        result = expression.xreplace(values)
        return float(result) if result.is_number else None
