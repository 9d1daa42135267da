"""The equations of a system at concrete sizes: its entries, what reads what, and the local derivatives between them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from itertools import product
from typing import Any

from sympy import Expr, Integer, Rational, Symbol

from derive.calculus.chain_rule import local_derivative
from derive.calculus.contraction import contract
from derive.calculus.record import Local
from derive.checks.concerns import Pattern, dependants
from derive.claims.working.names import Name, ends, entry, meant, nodes_of
from derive.instantiate import Entry, evaluate_indices
from derive.language.equations import Role, System
from derive.language.expressions import Access, Index, Reduction, Sum
from derive.language.substitution import SAMPLES
from derive.network import Network

MOST_TERMS = 300  # of a sum that is written out
ANYWHERE = "·"


class TooLarge(Exception):
    """More entries than can be written out."""

    def __init__(self, what: Expr) -> None:
        self.what = what


class Equations:
    """The forward equations of a network.

    Args:
        system: its equations, numbered.
        sizes: the value of each size symbol, m included.
        labels: the values of whole numbers that stand inside indices, by name.
        data: inputs and targets whose numbers are put in.
    """

    def __init__(self, network: Network, system: System, sizes: Mapping[Symbol, int], labels: Mapping[str, Any],
                 data: Mapping[str, Any]) -> None:
        self.network, self.system, self.data = network, system, data
        self.sizes, self.labels = dict(sizes), dict(labels)
        self.ranks = {q.name: len(q.indices) for q in system.quantities.values()}
        self._locals: dict[tuple[str, str], tuple[Local, Expr]] = {}
        self._readers: dict[Access, tuple[Access, ...]] = {}
        self._dependants: dict[Access, Mapping[str, frozenset[Pattern]]] = {}

    # -- entries --------------------------------------------------------------------------------------------------

    def places(self, expression: Expr, indices: Mapping[Any, Any]) -> Expr:
        """An expression at values of its free indices."""
        if length(expression, self.sizes) > MOST_TERMS:
            raise TooLarge(expression)
        return evaluate_indices(expression, indices, self.sizes, self.labels)

    def entries(self, name: str) -> list[Access]:
        """All entries of a quantity."""
        sizes = self.shape(name)
        if math.prod(sizes) > MOST_TERMS:
            raise TooLarge(self.system.quantities[name].entry)
        return [Access(name, *place) for place in product(*map(range, sizes))]

    def shape(self, name: str) -> tuple[int, ...]:
        """The sizes of a quantity's axes."""
        return tuple(self.number(index.size) for index in self._indices(name))

    def _indices(self, name: str) -> tuple[Index, ...]:
        """The axes of a quantity; those of the optimiser's state W.u are those of W."""
        return self.system.quantities[name.partition(".")[0]].indices

    def number(self, size: Expr) -> int:
        """The number that a size stands for."""
        return int(size.xreplace({symbol: Integer(value) for symbol, value in self.sizes.items()}))

    @property
    def samples(self) -> int:
        """The number of samples."""
        return self.sizes[SAMPLES]

    def axes(self, node: Access) -> tuple[Expr, ...]:
        """The sizes of a node's axes, as symbols."""
        name = meant(node.name)
        both = (name.of, name.by) if name.by else (name.of,)
        return tuple(index.size for each in both for index in self._indices(each))

    def exists(self, node: Access) -> bool:
        """Whether an access at numbers is an entry of the network."""
        return all(index.is_Integer and 0 <= index < self.number(size)
                   for index, size in zip(node.indices, self.axes(node), strict=True))

    def ends(self, node: Access) -> tuple[Access, Access]:
        """What is differentiated, and by what."""
        return ends(node, self.ranks[meant(node.name).of])

    @cached_property
    def constants(self) -> dict[Entry, float]:
        """The constants of the network."""
        found: dict[Entry, float] = {}
        for quantity in self.system.quantities.values():
            if quantity.role is Role.CONSTANT and isinstance(quantity.value, tuple):
                found |= {(quantity.name, (place,)): value for place, value in enumerate(quantity.value)}
            elif quantity.role is Role.CONSTANT and isinstance(quantity.value, (int, float)):
                found[quantity.name, ()] = quantity.value
        return found

    def fixed(self, node: Access) -> float | None:
        """The number of an entry that never changes: a constant, what is put in, a frozen parameter that the file gives."""
        if node.name in self.data:
            return float(self.data[node.name][entry(node)[1]])
        if entry(node) in self.constants:
            return self.constants[entry(node)]
        return given(self.network, *entry(node)) if node.name in self.network.frozen else None

    def determined(self, node: Access) -> Expr | None:
        """What an entry is by declared facts: of entries that sum to 1 the last is 1 minus the others."""
        if node.name not in self.system.quantities:
            return None
        if (value := self.fixed(node)) is not None:
            return Rational(repr(value))
        quantity = self.system.quantities[node.name]
        for fact in quantity.facts:
            place = {index: position for index, position in zip(quantity.indices, node.indices, strict=True)
                     if index in fact.left.free_symbols}
            total = self.places(fact.left, place)
            if nodes_of(total)[-1] == node:
                return self.places(fact.right, place) - (total - node)
        return None

    # -- what reads what ------------------------------------------------------------------------------------------

    def readers(self, node: Access) -> tuple[Access, ...]:
        """The entries whose equations read an entry, and depend on it."""
        if node not in self._readers:
            found: dict[Access, None] = {}
            for equation in self.system.readers.get(node.name, ()):
                local, gathered = self._read_by(equation.name, node.name)
                here = self.places(gathered, dict(zip(local.by.indices, node.indices, strict=True)))
                found |= dict.fromkeys(Access(equation.name, *mark.indices) for mark in nodes_of(here)
                                       if mark.name == ANYWHERE)
            self._readers[node] = tuple(found)
        return self._readers[node]

    def local(self, of: str, by: str) -> Local:
        """The local derivative of an equation."""
        return self._read_by(of, by)[0]

    def _read_by(self, of: str, by: str) -> tuple[Local, Expr]:
        """A local derivative, and its product with what stands for any entry of the reader, summed over these."""
        if (of, by) not in self._locals:
            local = local_derivative(self.system.definitions[of], self.system.quantities[by])
            mark = Access(ANYWHERE, *local.of.indices)
            self._locals[of, by] = local, contract(Sum(mark * local.form, *local.of.indices))
        return self._locals[of, by]

    def depends(self, of: Access, by: Access) -> bool:
        """Whether a forward entry depends on another."""
        if by not in self._dependants:
            self._dependants[by] = dependants(self.system, by.name, entry(by)[1])
        found = self._dependants[by].get(of.name, ())
        return any(all(p in (None, i) for p, i in zip(pattern, entry(of)[1], strict=True)) for pattern in found)

    def can_depend(self, name: Name) -> bool:
        """Whether a quantity depends on another at all."""
        return name.by in self.needs[name.of]

    def only_direct(self, name: Name) -> bool:
        """Whether a quantity depends on another by its own equation alone."""
        between = {e.name for e in self.system.readers.get(name.by, ())} & self.needs[name.of]
        return between == {name.of} and name.of not in self.system.definitions[name.of].reads

    @cached_property
    def needs(self) -> Mapping[str, frozenset[str]]:
        """All that each quantity is computed from, itself included."""
        found = {name: frozenset({name}) for name in self.system.quantities}
        for equation in (*self.system.equations, *self.system.equations):  # twice: recurrences read what comes later
            found[equation.name] = found[equation.name].union(*(found[name] for name in equation.reads))
        return found


def given(network: Network, name: str, place: tuple[int, ...] = ()) -> Any:
    """The number that the file gives for an entry of a parameter; None where it gives none."""
    initial = network.initial.get(name)
    if initial is None:
        return None
    if initial.name != "given":
        return None if initial.formula.atoms(Access) else float(initial.formula)
    values = initial.values
    for position in place:
        values = values[position] if isinstance(values, list) else values
    return values


def length(expression: Expr, sizes: Mapping[Symbol, int]) -> int:
    """How many terms the sums of an expression have when they are written out."""
    own = 1
    if isinstance(expression, Reduction):
        values = {symbol: Integer(size) for symbol, size in sizes.items()}
        own = math.prod(int(index.size.xreplace(values)) for index in expression.indices)
    return own * max((length(part, sizes) for part in expression.args if isinstance(part, Expr)), default=1)
