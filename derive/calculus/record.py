"""The record of a derivation: every step with its number, its reason, its before and its after.

LaTeX, generated code, report and checks read this record and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property

from sympy import Expr

from derive.language.equations import Equation, Quantity, System
from derive.language.expressions import Access


class Rule(Enum):
    """Why a step is allowed."""

    CHAIN = "chain rule"
    PATHS = "sum over all paths"
    LOCAL = "local derivative"
    OUTPUT = "in terms of the output"
    CONTRACTION = "contraction of the Kronecker deltas"
    INSERTION = "insert what is known"
    CANCELLATION = "cancellation"
    FACT = "declared fact"
    FACTORING = "collect factors"


@dataclass(frozen=True)
class Step:
    """left = before = after, because of the rule.  `number` is that of the equation it leads to, and a count."""

    number: str
    rule: Rule
    left: Expr
    before: Expr
    after: Expr
    reason: str = ""


@dataclass(frozen=True)
class Local:
    """A local derivative ∂of/∂by of one equation: as SymPy gives it, and in its shortest form."""

    of: Access
    by: Access
    equation: int
    raw: Expr
    form: Expr


@dataclass(frozen=True)
class Path:
    """One way in which the loss depends on a quantity: through one equation that reads it."""

    through: Quantity
    adjoint: Expr
    local: Local
    product: Expr
    contribution: Expr


@dataclass(frozen=True)
class Adjoint:
    """∂J/∂quantity: the paths that lead to it, the steps, and the equation that results.

    `like` names the quantity whose adjoint was derived in the same way, up to names (a layer equal to this one);
    paths and steps are then renamed from there when they are asked for.
    """

    of: Quantity
    quantity: Quantity
    equation: Equation
    like: str | None
    work: Callable[[], tuple[tuple[Path, ...], tuple[Step, ...]]] = field(repr=False, compare=False)

    @cached_property
    def _work(self) -> tuple[tuple[Path, ...], tuple[Step, ...]]:
        return self.work()

    @property
    def paths(self) -> tuple[Path, ...]:
        return self._work[0]

    @property
    def steps(self) -> tuple[Step, ...]:
        return self._work[1]


@dataclass(frozen=True)
class Derivation:
    """Forward equations, and one adjoint equation for each quantity, in reverse topological order.

    `system` holds them all: it can be differentiated again, lowered, printed and evaluated like any other.
    """

    forward: System
    objective: str
    wrt: tuple[str, ...]
    adjoints: tuple[Adjoint, ...]
    system: System

    def adjoint(self, name: str) -> Adjoint:
        """The adjoint of a quantity.

        Raises:
            KeyError: the loss does not depend on it, or it was not asked for.
        """
        for adjoint in self.adjoints:
            if adjoint.of.name == name:
                return adjoint
        raise KeyError(f"no derivative of {self.objective} by {name} was derived")

    def gradient(self, name: str) -> Expr:
        """∂J/∂name as an expression in the index language, at the quantity's own indices."""
        return self.adjoint(name).equation.body

    @property
    def steps(self) -> Iterator[Step]:
        """Every step, adjoint by adjoint, in the order of the equations."""
        for adjoint in self.adjoints:
            yield from adjoint.steps
