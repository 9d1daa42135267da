"""The array program: what a target prints.

A program is equations in the index language again, in restricted shape.  Each statement fills one array (or part
of one) by one kind of operation, so that a target needs to know few shapes: the NumPy printer writes array
expressions, a C printer would write a loop nest for each statement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property

from sympy import Expr, sympify

from derive.language.equations import Quantity
from derive.language.expressions import Access, Index, accesses, names


class Kind(Enum):
    """The operation of a statement."""

    ELEMENTWISE = "elementwise"  # the body has no reduction: every entry by itself
    CONTRACTION = "contraction"  # a sum over products of two accesses
    REDUCTION = "reduction"  # a sum or maximum of an elementwise body
    GATHER = "gather"  # one access at computed positions, such as a2[n, t[n]]
    SCATTER = "scatter"  # a sum of an elementwise body into computed positions, such as Σ_n [v = t[n]]·f[n,j]
    PART = "part"  # an elementwise body that fills part of the target, such as c[n, j+2] = b[n, j]


@dataclass(frozen=True)
class Statement:
    """target = body, for every value of the target's free indices.

    Attributes:
        target: the entry that is computed; its indices are plain, except in a PART.
        number: of the equation that the statement computes, or helps to compute.
        owner: name of the quantity that this equation defines.
        adds: whether the body is added to what is there (PART only).
    """

    target: Access
    body: Expr
    kind: Kind
    number: int = 0
    owner: str = ""
    adds: bool = False

    @property
    def name(self) -> str:
        return self.target.name

    @cached_property
    def accesses(self) -> tuple[Access, ...]:
        """Every access in the body, in reading order, with repetitions."""
        return tuple(accesses(self.body))

    @cached_property
    def axes(self) -> tuple[Index, ...]:
        """The free indices, in the order of the target's axes."""
        if all(isinstance(position, Index) for position in self.target.indices):
            return tuple(dict.fromkeys(self.target.indices))
        found: dict[Index, None] = {}
        for position in self.target.indices:
            for index in sorted(position.atoms(Index), key=lambda i: i.name):
                found.setdefault(index)
        return tuple(found)

    @cached_property
    def reads(self) -> frozenset[str]:
        own = names(self.body)
        return own | {self.name} if self.kind is Kind.PART else own


@dataclass(frozen=True)
class Program:
    """Statements in order, the quantities that they are about, and those whose values are asked for.

    `temporaries` are the quantities that lowering introduced: no equation of the derivation defines them.
    """

    statements: tuple[Statement, ...]
    quantities: Mapping[str, Quantity]
    outputs: tuple[str, ...]
    temporaries: frozenset[str] = frozenset()

    @cached_property
    def first(self) -> dict[str, Statement]:
        """The first statement that writes each buffer."""
        found: dict[str, Statement] = {}
        for statement in self.statements:
            found.setdefault(statement.name, statement)
        return found

    @cached_property
    def in_parts(self) -> frozenset[str]:
        """The buffers that are written part by part."""
        return frozenset(s.name for s in self.statements if s.kind is Kind.PART)

    def with_statements(self, statements: tuple[Statement, ...]) -> Program:
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
