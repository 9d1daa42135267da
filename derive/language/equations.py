"""Quantities, equations, and systems of equations in topological order.

An equation defines every entry of one quantity: z1[n,j] = Σ_k x[n,k]·W1[k,j] + b1[j].  A system is what the chain
rule takes and what it returns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from sympy import Expr

from derive.language.expressions import Access, Index, names


class Role(Enum):
    """What a quantity is in its network."""

    INPUT = "input"
    TARGET = "target"
    PARAMETER = "parameter"
    CONSTANT = "constant"
    INTERMEDIATE = "intermediate"
    ADJOINT = "adjoint"
    STATE = "state"


@dataclass(frozen=True)
class Fact:
    """An identity declared of a quantity, e.g. Σ_j t[n,j] = 1 for a one-hot target."""

    left: Expr
    right: Expr
    reason: str


@dataclass(frozen=True)
class Quantity:
    """An indexed quantity: its name, its own indices (and so its shape), its role and what is known of it.

    `of` and `by` are set for an adjoint: it is ∂of/∂by.
    """

    name: str
    indices: tuple[Index, ...] = ()
    role: Role = Role.INTERMEDIATE
    meaning: str = ""
    facts: tuple[Fact, ...] = ()
    of: str | None = None
    by: str | None = None
    integer: bool = False
    value: float | None = None

    @property
    def shape(self) -> tuple[Expr, ...]:
        return tuple(index.size for index in self.indices)

    def at(self, *indices: Expr) -> Access:
        return Access(self.name, *indices)

    @property
    def entry(self) -> Access:
        """The quantity at its own indices, e.g. z1[n,j]."""
        return Access(self.name, *self.indices)


@dataclass(frozen=True)
class Equation:
    """target = body, for every value of the target's indices."""

    target: Access
    body: Expr
    number: int = 0
    reason: str = ""

    @property
    def name(self) -> str:
        return self.target.name

    @property
    def reads(self) -> frozenset[str]:
        return names(self.body)

    def __str__(self) -> str:
        return f"{self.target} = {self.body}"


class Cycle(ValueError):
    """Quantities that are defined in terms of each other; `names` goes once around."""

    def __init__(self, around: list[str]):
        self.names = around
        super().__init__(" → ".join([*around, around[0]]))


@dataclass(frozen=True)
class System:
    """Equations and the quantities that they are about."""

    quantities: Mapping[str, Quantity]
    equations: tuple[Equation, ...]
    definitions: Mapping[str, Equation] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        definitions: dict[str, Equation] = {}
        for equation in self.equations:
            if equation.name in definitions:
                raise ValueError(f"{equation.name} is defined twice")
            definitions[equation.name] = equation
            for name in (equation.name, *equation.reads):
                if name not in self.quantities:
                    raise ValueError(f"{equation} reads {name}, which is no quantity of the system")
        object.__setattr__(self, "definitions", definitions)

    def in_order(self) -> tuple[Equation, ...]:
        """The equations in topological order: each after all that it reads (as given, where there is a choice)."""
        done: dict[str, Equation] = {}
        for root in self.equations:
            # Depth first without recursion: a network may be thousands of layers deep.
            path: dict[str, Iterable[str]] = {root.name: iter(self._needs(root))}
            while path:
                name, needs = next(reversed(path.items()))
                need = next((n for n in needs if n not in done), None)
                if need is None:
                    del path[name]
                    done.setdefault(name, self.definitions[name])
                elif need in path:
                    around = list(path)
                    raise Cycle(around[around.index(need):][::-1])
                else:
                    path[need] = iter(self._needs(self.definitions[need]))
        return tuple(done.values())

    def _needs(self, equation: Equation) -> list[str]:
        return sorted(equation.reads & self.definitions.keys(), key=lambda n: self._position[n])

    @property
    def _position(self) -> dict[str, int]:
        if not hasattr(self, "_positions"):
            object.__setattr__(self, "_positions", {name: i for i, name in enumerate(self.definitions)})
        return self._positions  # type: ignore[attr-defined]

    def extended(self, quantities: Iterable[Quantity], equations: Iterable[Equation]) -> System:
        """This system with more quantities and equations."""
        return System({**self.quantities, **{q.name: q for q in quantities}}, (*self.equations, *equations))
