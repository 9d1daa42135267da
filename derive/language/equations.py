"""Quantities, equations, and systems of equations in topological order.

An equation defines every entry of one quantity: z1[n,j] = Σ_k x[n,k]·W1[k,j] + b1[j].  A system is what the chain
rule takes and what it returns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property

from sympy import Expr

from derive.language.expressions import Access, Index, accesses, names
from derive.language.substitution import SAMPLES


class Role(Enum):
    """What a quantity is in its network."""

    INPUT = "input"
    TARGET = "target"
    PARAMETER = "parameter"
    CONSTANT = "constant"
    INTERMEDIATE = "intermediate"
    ADJOINT = "adjoint"
    STATE = "state"
    RANDOM = "random"


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
    value: float | tuple[float, ...] | None = None  # of a constant

    @property
    def shape(self) -> tuple[Expr, ...]:
        return tuple(index.size for index in self.indices)

    @property
    def sample_axis(self) -> int | None:
        """Which axis counts the samples, from 0; None for what is the same for all of them."""
        return self.shape.index(SAMPLES) if SAMPLES in self.shape else None

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
class Recurrence:
    """Equations that define each other along one index, each entry by entries computed before it.

        h[n,t,j] = tanh(Σ_i x[n,t,i]·W[i,j] + Σ_k h[n,t−1,k]·U[k,j])        step 1:  t = 0, 1, …, T−1

    The adjoint equations of a recurrence are one again, with the opposite step.  At each value of the index the
    equations are computed in the order given here.
    """

    index: Index
    step: int
    equations: tuple[Equation, ...]


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

    @cached_property
    def readers(self) -> Mapping[str, list[Equation]]:
        """The equations that read a quantity, by its name."""
        readers: dict[str, list[Equation]] = {}
        for equation in self.equations:
            for name in equation.reads:
                readers.setdefault(name, []).append(equation)
        return readers

    def leading_to(self, *names: str) -> frozenset[str]:
        """All quantities that some are computed from, themselves included."""
        found, waiting = set(names), list(names)
        while waiting:
            equation = self.definitions.get(waiting.pop())
            new = equation.reads - found if equation else ()
            found.update(new)
            waiting += new
        return frozenset(found)

    def part(self, names: Iterable[str]) -> System:
        """All quantities, and the equations that some of them are computed by."""
        wanted = self.leading_to(*names)
        return System(self.quantities, tuple(e for e in self.equations if e.name in wanted))

    def in_order(self) -> tuple[Equation, ...]:
        """The equations in topological order: each after all that it reads (as given, where there is a choice).

        Raises:
            Cycle: quantities are defined in terms of each other, and not along an index.
        """
        return tuple(e for block in self.blocks() for e in (
            block.equations if isinstance(block, Recurrence) else (block,)))

    def blocks(self) -> tuple[Equation | Recurrence, ...]:
        """The equations in topological order, with those that define each other along an index as one block."""
        return tuple(self._block(around) for around in self._strongly_connected())

    def _block(self, around: list[str]) -> Equation | Recurrence:
        first = self.definitions[around[0]]
        if len(around) == 1 and first.name not in first.reads:
            return first
        inside = sorted((self.definitions[name] for name in around), key=lambda e: self._position[e.name])
        for index in inside[0].target.indices:
            made = isinstance(index, Index) and _along(index, inside)
            if made:
                return made
        raise Cycle(self._cycle(around))

    def _strongly_connected(self) -> list[list[str]]:
        """Names that are defined in terms of each other, each such set after all that it reads (Tarjan 1972)."""
        number: dict[str, int] = {}
        low: dict[str, int] = {}
        stack: list[str] = []
        waiting: set[str] = set()
        found = []
        for root in self.definitions:
            # Depth first without recursion: a network may be thousands of layers deep.
            path: list[tuple[str, Iterator[str]]] = []
            if root not in number:
                path.append((root, iter(self._needs(self.definitions[root]))))
            while path:
                name, needs = path[-1]
                if name not in number:
                    number[name] = low[name] = len(number)
                    stack.append(name)
                    waiting.add(name)
                for need in needs:
                    if need not in number:
                        path.append((need, iter(self._needs(self.definitions[need]))))
                        break
                    if need in waiting:
                        low[name] = min(low[name], number[need])
                else:
                    path.pop()
                    if path:
                        low[path[-1][0]] = min(low[path[-1][0]], low[name])
                    if low[name] == number[name]:
                        around = [stack.pop()]
                        while around[-1] != name:
                            around.append(stack.pop())
                        waiting.difference_update(around)
                        found.append(around)
        return found

    def _cycle(self, around: list[str]) -> list[str]:
        """One way around a set of names that are defined in terms of each other."""
        path = [around[0]]
        while True:
            need = next(n for n in self._needs(self.definitions[path[-1]]) if n in around)
            if need in path:
                return path[path.index(need):][::-1]
            path.append(need)

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


def _along(index: Index, equations: Sequence[Equation]) -> Recurrence | None:
    """The equations as a recurrence along an index, or None where they are none."""
    axis = {}  # where the index stands in each quantity
    for equation in equations:
        if index not in equation.target.indices:
            return None
        axis[equation.name] = equation.target.indices.index(index)
    now: dict[str, set[str]] = {equation.name: set() for equation in equations}
    shifts = set()
    for equation in equations:
        for read in accesses(equation.body):
            if read.name not in axis:
                continue
            shift = read.indices[axis[read.name]] - index
            if not shift.is_Integer:
                return None
            shifts.add(int(shift))
            if shift == 0:
                now[equation.name].add(read.name)
    ordered: dict[str, Equation] = {}
    while len(ordered) < len(equations):
        ready = next((e for e in equations if e.name not in ordered and now[e.name] <= ordered.keys()), None)
        if ready is None:
            return None
        ordered[ready.name] = ready
    if max(shifts) > 0 > min(shifts):
        return None
    return Recurrence(index, 1 if min(shifts) < 0 else -1, tuple(ordered.values()))
