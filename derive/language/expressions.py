"""The words of the index language: SymPy expressions over indexed quantities.

    z1[n,j] = Σ_k x[n,k]·W1[k,j] + b1[j]

is plain SymPy except for five kinds of node: `Index` (n, j, k), `Access` (x[n,k]), the reductions `Sum` and
`Maximum`, and the two indicators `Delta` (1 where two index expressions are equal) and `Within` (1 where an index
expression lies inside a range).  An access is a real scalar, so that SymPy differentiates everything around it.
Indices count from 0; printers that write for people add 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import sympy
from sympy import Expr, Integer, S, Symbol
from sympy.core.containers import Tuple


class Index(Symbol):
    """A bound or free index such as n; it runs over 0 ≤ n < size."""

    __slots__ = ("size",)
    size: Expr

    def __new__(cls, name: str, size: Expr | int) -> Index:
        self = Symbol.__xnew__(cls, name, integer=True, nonnegative=True)
        self.size = sympy.sympify(size)
        return self

    def __getnewargs_ex__(self):
        return ((self.name, self.size), {})

    def _hashable_content(self):
        return (self.name, self.size, *super()._hashable_content()[1:])

    def __eq__(self, other: object) -> bool:
        # Asked more often than anything else; SymPy's own comparison takes fifty times as long.
        return self is other or isinstance(other, Index) and self.name == other.name and self.size == other.size

    __hash__ = Symbol.__hash__


def dimension(name: str) -> Symbol:
    """The symbol of a size: a positive integer, such as m (samples) or d1 (units of layer 1)."""
    return Symbol(name, integer=True, positive=True)


def units(size: Expr, numbers: Mapping[Symbol, int]) -> int | None:
    """The number that a size stands for; None where it depends on a symbol without one, as on the batch."""
    value = size.xreplace({symbol: Integer(numbers[symbol]) for symbol in size.free_symbols if symbol in numbers})
    return int(value) if value.is_Integer else None


class Node(Expr):
    """A kind of expression that SymPy does not have."""

    def _latex(self, printer: Any) -> str:
        # Notebooks show every expression by SymPy's own printer, which asks for this.
        from derive.latex.printer import formula

        return formula(self)


class Access(Node):
    """One entry of a quantity, `name[indices…]`; a scalar quantity has no indices."""

    is_real = True
    is_extended_real = True
    is_commutative = True
    is_scalar = True
    # Nothing else is known of it: SymPy need not look for it, which it would do for every new access.
    is_integer = is_rational = is_irrational = is_algebraic = is_zero = None
    is_extended_positive = is_extended_negative = is_extended_nonnegative = is_extended_nonpositive = None
    is_positive = is_negative = is_nonnegative = is_nonpositive = is_nonzero = is_extended_nonzero = None

    def __new__(cls, name: str | Symbol, *indices: Expr | int) -> Access:
        symbol = name if isinstance(name, Symbol) else Symbol(name)
        return Expr.__new__(cls, symbol, *map(sympy.sympify, indices))

    @property
    def name(self) -> str:
        return self.args[0].name

    @property
    def indices(self) -> tuple[Expr, ...]:
        return self.args[1:]

    @property
    def free_symbols(self) -> set:
        # The name is a label, not a variable.
        return set().union(*(index.free_symbols for index in self.indices))

    def _sympystr(self, printer: Any) -> str:
        return self.name + (f"[{','.join(printer._print(i) for i in self.indices)}]" if self.indices else "")


class Reduction(Node):
    """A body reduced over indices that are bound in it."""

    is_real = True
    is_extended_real = True
    is_commutative = True

    def __new__(cls, body: Expr, *indices: Index | Tuple) -> Expr:
        body = sympy.sympify(body)
        if len(indices) == 1 and isinstance(indices[0], Tuple):  # SymPy rebuilds a node from its own args
            indices = tuple(indices[0])
        if not indices:
            return body
        if type(body) is cls and {i.name for i in indices}.isdisjoint(i.name for i in body.indices):
            indices, body = (*indices, *body.indices), body.body  # nested reductions of one kind are one reduction
        return Expr.__new__(cls, body, Tuple(*indices))

    @property
    def body(self) -> Expr:
        return self.args[0]

    @property
    def indices(self) -> tuple[Index, ...]:
        return tuple(self.args[1])

    @property
    def free_symbols(self) -> set:
        return self.body.free_symbols - set(self.indices)

    @property
    def bound_symbols(self) -> list:
        return list(self.indices)

    def _sympystr(self, printer: Any) -> str:
        names = ",".join(i.name for i in self.indices)
        return f"{type(self).__name__.lower()}({names}, {printer._print(self.body)})"


class Sum(Reduction):
    """Σ over the bound indices."""

    def __new__(cls, body: Expr, *indices: Index | Tuple) -> Expr:
        body = sympy.sympify(body)
        return body if body is S.Zero else super().__new__(cls, body, *indices)


class Maximum(Reduction):
    """The largest value over the bound indices."""

    def __new__(cls, body: Expr, *indices: Index | Tuple) -> Expr:
        body = sympy.sympify(body)
        return body if body.is_number else super().__new__(cls, body, *indices)


class Delta(Node):
    """Kronecker's δ: 1 where two index expressions are equal, 0 elsewhere."""

    is_integer = True
    is_nonnegative = True
    is_commutative = True

    def __new__(cls, left: Expr, right: Expr) -> Expr:
        difference = sympy.sympify(left) - sympy.sympify(right)
        if difference.is_zero:
            return Integer(1)
        if difference.is_nonzero and not difference.has(Access):
            return Integer(0)
        return Expr.__new__(cls, *sorted((sympy.sympify(left), sympy.sympify(right)), key=sympy.default_sort_key))

    def _eval_power(self, exponent):
        return self if exponent.is_positive else None

    def _sympystr(self, printer: Any) -> str:
        return f"delta({printer._print(self.args[0])}, {printer._print(self.args[1])})"


class Within(Node):
    """Iverson's bracket [0 ≤ position < size]."""

    is_integer = True
    is_nonnegative = True
    is_commutative = True

    def __new__(cls, position: Expr, size: Expr) -> Expr:
        position, size = sympy.sympify(position), sympy.sympify(size)
        lowest, highest = bounds(position)
        if lowest is not None and lowest.is_nonnegative and (size - 1 - highest).is_nonnegative:
            return Integer(1)
        if highest is not None and (highest.is_negative or (lowest - size).is_nonnegative):
            return Integer(0)
        return Expr.__new__(cls, position, size)

    def _eval_power(self, exponent):
        return self if exponent.is_positive else None

    def _sympystr(self, printer: Any) -> str:
        return f"within({printer._print(self.args[0])}, {printer._print(self.args[1])})"


def bounds(position: Expr) -> tuple[Expr, Expr] | tuple[None, None]:
    """The least and the greatest value of an affine index expression; (None, None) where it is not affine."""
    lowest = highest = position
    for index in sorted(position.free_symbols, key=lambda s: s.name):
        if isinstance(index, Index):
            slope = position.coeff(index)
            if not slope.is_number:
                return None, None
            ends = (0, index.size - 1) if slope.is_nonnegative else (index.size - 1, 0)
            lowest, highest = lowest.subs(index, ends[0]), highest.subs(index, ends[1])
    return (None, None) if position.has(Access) else (lowest, highest)


def accesses(expression: Expr, name: str | None = None) -> Iterator[Access]:
    """Every access in an expression (those inside another's indices too), in reading order, with repetitions."""
    if isinstance(expression, Access) and name in (None, expression.name):
        yield expression
    for argument in expression.args:
        yield from accesses(argument, name)


@lru_cache(maxsize=1 << 16)
def names(expression: Expr) -> frozenset[str]:
    """The names of all quantities that an expression reads."""
    if isinstance(expression, Access):
        return frozenset({expression.name}).union(*map(names, expression.indices))
    return frozenset().union(*map(names, expression.args))


@lru_cache(maxsize=1 << 16)
def free_indices(expression: Expr) -> frozenset[Index]:
    return frozenset(s for s in expression.free_symbols if isinstance(s, Index))


class Partial(Node):
    """∂of/∂by as a symbol, for writing a chain of factors before they are worked out."""

    is_real = True
    is_extended_real = True
    is_commutative = True

    def __new__(cls, of: Access, by: Access) -> Partial:
        return Expr.__new__(cls, of, by)

    def _sympystr(self, printer: Any) -> str:
        return f"d{printer._print(self.args[0])}/d{printer._print(self.args[1])}"
