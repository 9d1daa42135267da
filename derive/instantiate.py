"""Instantiation: the same equations at small sizes, entry by entry, with every sum written out.

    z1[n,j] = Σ_k x[n,k]·W1[k,j] + b1[j]     at d0 = d1 = 2, m = 1 becomes
    z1[0,0] = x[0,0]·W1[0,0] + x[0,1]·W1[1,0] + b1[0],  z1[0,1] = …

The scalar view of a derivation is this and nothing else; exact tests differentiate what comes out of it.  Entries
stay accesses with numbers for indices; `Instance.scalar` turns them into plain SymPy symbols.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import sympy
from sympy import Add, Basic, Expr, Integer, Max, Min, Mul, Piecewise, Pow, Symbol
from sympy.core.relational import Relational

from derive.calculus.record import Local
from derive.language.equations import Equation, Role, System
from derive.language.expressions import Access, Index, Maximum, Reduction, Sum
from derive.language.substitution import SAMPLES

Entry = tuple[str, tuple[int, ...]]


@dataclass(frozen=True)
class Instance:
    """A system at concrete sizes.

    Attributes:
        system: the system that was instantiated.
        sizes: the value of each size symbol, m included.
        equations: one for each entry, in topological order; targets and reads are accesses at numbers.
        aliases: the document's own name for an entry.
    """

    system: System
    sizes: Mapping[Symbol, int]
    equations: tuple[Equation, ...]
    aliases: Mapping[Entry, str] = field(default_factory=dict)
    labels: Mapping[str, Any] = field(default_factory=dict)
    definitions: Mapping[Access, Equation] = field(init=False, repr=False, compare=False)
    _done: dict[Access, Expr] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "definitions", {e.target: e for e in self.equations})

    def entries(self, name: str) -> tuple[Access, ...]:
        """Every entry of a quantity, in C order."""
        return tuple(Access(name, *place) for place in places(self.system.quantities[name].indices, self.sizes))

    def at(self, expression: Expr, place: Mapping[Index, int]) -> Expr:
        """An expression of the index language at concrete values of its free indices."""
        return evaluate_indices(expression, place, self.sizes, self.labels)

    def symbol(self, name: str, *indices: int) -> Symbol:
        """The scalar symbol of an entry: the document's name for it, else such as z1_0_0."""
        return self._symbols(Access(name, *indices))

    def scalar(self, expression: Expr) -> Expr:
        """An expression over accesses at numbers as plain SymPy over real symbols."""
        return expression.xreplace({entry: self._symbols(entry) for entry in outer_accesses(expression)})

    def expanded(self, name: str, *indices: int) -> Expr:
        """An entry as plain SymPy of inputs, targets, parameters and constants, everything between inserted."""
        entry = Access(name, *indices)
        wanted, waiting = {entry}, [entry]
        while waiting:
            definition = self.definitions.get(waiting.pop())
            for read in outer_accesses(definition.body) if definition else ():
                if read not in wanted:
                    wanted.add(read)
                    waiting.append(read)
        for equation in self.equations:  # in order, so that what is read is there already
            if equation.target in wanted and equation.target not in self._done:
                self._done[equation.target] = equation.body.xreplace({
                    read: self._done[read] if read in self._done else self._symbols(read)
                    for read in outer_accesses(equation.body)})
        return self._done[entry] if entry in self._done else self._symbols(entry)

    def _symbols(self, entry: Access) -> Symbol:
        indices = tuple(map(int, entry.indices))
        name = self.aliases.get((entry.name, indices), "_".join((entry.name, *map(str, indices))))
        positive = self.system.quantities[entry.name].role is Role.CONSTANT
        return Symbol(name, real=True, positive=positive or None)


def instantiate(system: System, sizes: Mapping[Symbol, int], samples: int = 1,
                aliases: Mapping[Entry, str] | None = None, labels: Mapping[str, Any] | None = None) -> Instance:
    """Write a system out at concrete sizes.

    Args:
        system: forward equations, or forward and adjoint equations (`Derivation.system`).
        sizes: the value of each size symbol; m comes from `samples`.
        samples: the number of samples m.
        aliases: the document's own names of entries, by (quantity, indices from 0).
        labels: the values of integer quantities that stand inside indices, by name; without them an access
            such as a2[0, t[0]] and a delta on it stay as they are.

    Raises:
        ValueError: a size is missing.
    """
    values = {**sizes, SAMPLES: samples}
    equations = []
    for equation, place in _entries_in_order(system, values):
        at = dict(zip(equation.target.indices, place, strict=True))
        equations.append(Equation(Access(equation.name, *place), evaluate_indices(equation.body, at, values, labels or {}),
                                  equation.number, equation.reason))
    return Instance(system, values, tuple(equations), dict(aliases or {}), dict(labels or {}))


def _entries_in_order(system: System, sizes: Mapping[Symbol, int]) -> Iterator[tuple[Equation, tuple[int, ...]]]:
    """Every entry of every quantity, each after all that it reads: a recurrence goes step by step."""
    for block in system.blocks():
        if isinstance(block, Equation):
            for place in places(block.target.indices, sizes):
                yield block, place
            continue
        for step in range(_size(block.index, sizes))[:: block.step]:
            for equation in block.equations:
                along = equation.target.indices.index(block.index)
                for place in places(equation.target.indices, sizes):
                    if place[along] == step:
                        yield equation, place


def local_at(local: Local, of: tuple[int, ...], by: tuple[int, ...], sizes: Mapping[Symbol, int],
             raw: bool = False) -> Expr:
    """A local derivative of the record between two entries, its deltas evaluated.

    Args:
        of, by: the concrete indices of the quantity differentiated, and of the one it is differentiated by.
        sizes: the value of each size symbol, m included.
        raw: SymPy's own form instead of the shortest one.
    """
    place = {**dict(zip(local.of.indices, of, strict=True)), **dict(zip(local.by.indices, by, strict=True))}
    return evaluate_indices(local.raw if raw else local.form, place, sizes)


def places(indices: tuple[Expr, ...], sizes: Mapping[Symbol, int]) -> Iterator[tuple[int, ...]]:
    """Every combination of values of some indices, the last one fastest."""
    return product(*(range(_size(index, sizes)) for index in indices))


def _size(index: Expr, sizes: Mapping[Symbol, int]) -> int:
    assert isinstance(index, Index)
    size = index.size.xreplace({symbol: Integer(value) for symbol, value in sizes.items()})
    if not size.is_Integer:
        raise ValueError(f"the index {index} runs to {index.size}, whose value is not given")
    return int(size)


def evaluate_indices(expression: Basic, place: Mapping[Index, Any], sizes: Mapping[Symbol, int],
                     labels: Mapping[str, Any] | None = None) -> Any:
    """Put numbers for free indices and sizes, write sums out, and evaluate every delta and bracket.

    A value in `place` may also be an index, which then stays symbolic.
    """
    return _Evaluation(sizes, labels or {}).of(expression, place)


@dataclass(frozen=True)
class _Evaluation:
    """Expressions at concrete values of indices; a reduction is written out once for each value of its free indices."""

    sizes: Mapping[Symbol, int]
    labels: Mapping[str, Any]
    done: dict[tuple[Basic, ...], Basic] = field(default_factory=dict)

    def of(self, node: Basic, place: Mapping[Index, Any]) -> Any:
        if isinstance(node, Index):
            return sympy.sympify(place.get(node, node))
        if isinstance(node, Symbol):
            return Integer(self.sizes[node]) if node in self.sizes else node
        if not node.args:
            return node
        if isinstance(node, Access):
            indices = [self.of(index, place) for index in node.indices]
            if node.name in self.labels:
                return Integer(_label(self.labels[node.name], indices))
            return Access(node.args[0], *indices)
        if isinstance(node, Reduction):
            free = sorted(node.free_symbols & place.keys(), key=lambda index: index.name)
            key = (node, *(sympy.sympify(place[index]) for index in free))
            if key not in self.done:
                self.done[key] = self._written_out(node, place)
            return self.done[key]
        if isinstance(node, Mul):
            factors = []
            for factor in node.args:
                factors.append(self.of(factor, place))
                if factors[-1] is sympy.S.Zero:
                    return Integer(0)
            return Mul(*factors)
        return node.func(*(self.of(argument, place) for argument in node.args))

    def _written_out(self, node: Reduction, place: Mapping[Index, Any]) -> Expr:
        # A size that is not given (m, when one sample stands for all) leaves its index bound.
        written = [i for i in node.indices if i.size.xreplace(_integers(self.sizes)).is_Integer]
        kept = [Index(i.name, i.size.xreplace(_integers(self.sizes))) for i in node.indices if i not in written]
        inner = {**place, **dict(zip((i for i in node.indices if i not in written), kept, strict=True))}
        terms = [self.of(node.body, {**inner, **dict(zip(written, values, strict=True))})
                 for values in places(tuple(written), self.sizes)]
        whole = _largest(terms) if isinstance(node, Maximum) else Add(*terms)
        return (Maximum if isinstance(node, Maximum) else Sum)(whole, *kept)


def _largest(terms: list[Expr]) -> Expr:
    """The maximum of entries; SymPy alone would look for an order of each pair, and entries have none."""
    numbers = [term for term in terms if term.is_number]
    others = [term for term in terms if not term.is_number]
    return Max(*others, *([Max(*numbers)] if numbers else []), evaluate=False)


def _integers(sizes: Mapping[Symbol, int]) -> dict[Symbol, Integer]:
    return {symbol: Integer(value) for symbol, value in sizes.items()}


def _label(values: Any, indices: list[Expr]) -> int:
    for index in indices:
        values = values[int(index)]
    return int(values)


def outer_accesses(expression: Basic) -> list[Access]:
    """The accesses of an expression in reading order, without those inside another's indices."""
    found: dict[Access, None] = {}

    def walk(node: Basic) -> None:
        if isinstance(node, Access):
            found.setdefault(node)
        else:
            for argument in node.args:
                walk(argument)

    walk(expression)
    return list(found)


_FUNCTIONS: dict[type, Callable[..., float]] = {
    sympy.exp: math.exp, sympy.log: math.log, sympy.tanh: math.tanh, sympy.sinh: math.sinh, sympy.cosh: math.cosh,
    sympy.sin: math.sin, sympy.cos: math.cos, sympy.tan: math.tan, sympy.atan: math.atan, sympy.erf: math.erf,
    sympy.Abs: abs, sympy.sign: lambda x: float((x > 0) - (x < 0)), Max: max, Min: min,
}


def number(expression: Basic, values: Mapping[Entry, float]) -> float:
    """The value of an expression over accesses at numbers, in double precision; nan where it has no real one.

    Raises:
        KeyError: an entry has no value.
    """
    try:
        value = _number(expression, values)
    except (ArithmeticError, ValueError):  # ValueError: the mathematical domain of a function
        return math.nan
    return value if isinstance(value, float) else math.nan


def _number(expression: Basic, values: Mapping[Entry, float]) -> float:
    if isinstance(expression, Access):
        return float(values[expression.name, tuple(map(int, expression.indices))])
    if not expression.args:
        return math.nan if expression.is_extended_real is False else float(expression)
    if isinstance(expression, Add):
        return math.fsum(_number(a, values) for a in expression.args)
    if isinstance(expression, Mul):
        return math.prod(_number(a, values) for a in expression.args)
    if isinstance(expression, Pow):
        power = _number(expression.base, values) ** _number(expression.exp, values)
        return math.nan if isinstance(power, complex) else power  # a root of a negative number
    if isinstance(expression, Piecewise):
        for value, condition in expression.args:
            if condition == sympy.true or bool(_truth(condition, values)):
                return _number(value, values)
        return math.nan
    function = _FUNCTIONS.get(type(expression))
    if function is not None:
        return function(*(_number(a, values) for a in expression.args))
    value = expression.func(*(_number(a, values) for a in expression.args)).evalf()
    return float(value) if value.is_real else math.nan


def _truth(condition: Basic, values: Mapping[Entry, float]) -> bool:
    if isinstance(condition, Relational):
        sides = number(condition.lhs, values), number(condition.rhs, values)
        if any(map(math.isnan, sides)):
            raise ValueError("what has no value is not compared")
        return bool(condition.func(*sides))
    if isinstance(condition, sympy.And):
        return all(_truth(a, values) for a in condition.args)
    if isinstance(condition, sympy.Or):
        return any(_truth(a, values) for a in condition.args)
    if isinstance(condition, sympy.Not):
        return not _truth(condition.args[0], values)
    return condition == sympy.true
