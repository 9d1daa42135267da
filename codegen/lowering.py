"""Lowering: from equations to statements, each of one kind (see codegen.program).

    z1[n,j] = Σ_k x[n,k]·W1[k,j] + b1[j]     becomes     z1_1[n,j] = Σ_k x[n,k]·W1[k,j]
                                                         z1[n,j]   = z1_1[n,j] + b1[j]

Reductions, gathers and compound operands of a matrix product get temporaries; a pass puts them back where a target
prefers one line.  Sizes that are known become numbers here, and SymPy folds what that makes constant: 2·e/(2·m) is
e/m.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import replace

from sympy import Add, Expr, Function, Integer, Mul, Piecewise, Symbol
from sympy.core.basic import Basic
from sympy.core.relational import Relational
from sympy.functions.elementary.miscellaneous import MinMaxBase

from codegen.program import Kind, Program, Statement
from derive.calculus.products import product_form
from derive.language.equations import Equation, Quantity
from derive.language.expressions import (
    Access,
    Delta,
    Index,
    Maximum,
    Reduction,
    Sum,
    Within,
    bounds,
    free_indices,
    names,
)
from derive.language.substitution import substitute


def lower(equations: Iterable[Equation], quantities: Mapping[str, Quantity], sizes: Mapping[Symbol, int]) -> Program:
    """The program that computes the equations in their order.

    Args:
        equations: each after all that it reads.
        quantities: of every name in the equations.
        sizes: the value of each size symbol that is known; the others (m, the number of samples) stay symbols.
    """
    concrete = Sizes(sizes)
    lowering = _Lowering({name: concrete.quantity(q) for name, q in quantities.items()})
    for equation in equations:
        lowering.equation(replace(equation, target=concrete(equation.target), body=concrete(equation.body)))
    return Program(tuple(lowering.statements), lowering.quantities, tuple(quantities), frozenset(lowering.temporaries))


class Sizes:
    """Puts the known sizes into expressions, into the ranges of their indices too."""

    def __init__(self, sizes: Mapping[Symbol, int]) -> None:
        self.sizes: dict[Basic, Basic] = {symbol: Integer(size) for symbol, size in sizes.items()}
        self.indices: dict[Index, Index] = {}
        self.known: dict[Basic, Basic] = {}

    def __call__(self, expression: Expr) -> Expr:
        return self._replaced(expression)

    def _replaced(self, node: Basic) -> Basic:
        if node in self.known:
            return self.known[node]
        if isinstance(node, Index):
            new: Basic = self.index(node)
        elif not node.args:
            new = self.sizes.get(node, node)
        else:
            arguments = [self._replaced(a) for a in node.args]
            if all(a is b for a, b in zip(arguments, node.args, strict=True)):
                new = node
            elif isinstance(node, (Add, Mul)) and not any(
                    new.is_Number and not old.is_Number for new, old in zip(arguments, node.args, strict=True)):
                # Nothing here becomes a number, so nothing can be collected.
                new = node._from_args(arguments)
            elif isinstance(node, (MinMaxBase, Relational)):
                new = node.func(*arguments, evaluate=False)
            else:
                new = node.func(*arguments)
        self.known[node] = new
        return new

    def index(self, index: Index) -> Index:
        if index not in self.indices:
            self.indices[index] = Index(index.name, index.size.xreplace(self.sizes))
        return self.indices[index]

    def quantity(self, quantity: Quantity) -> Quantity:
        return replace(quantity, indices=tuple(map(self.index, quantity.indices)))


def is_view(access: Access, quantity: Quantity) -> bool:
    """Whether an access is a slice of its array: each position is a number or its own index, shifted or strided."""
    seen: set[Index] = set()
    for position, axis in zip(access.indices, quantity.indices, strict=True):
        if isinstance(position, Index) and position not in seen:
            seen.add(position)
            continue
        if position.is_Integer:
            continue
        found = free_indices(position)
        if len(found) != 1 or position.has(Access) or found & seen:
            return False
        (index,) = found
        lowest, highest = bounds(position)
        slope = position.coeff(index)
        if not (slope.is_Integer and slope > 0) or lowest is None or lowest.is_negative is not False:
            return False
        if position != index and (axis.size - 1 - highest).is_negative is not False:
            return False
        seen.add(index)
    return True


class _Lowering:
    """The statements made so far, and a supply of names for temporaries."""

    def __init__(self, quantities: dict[str, Quantity]) -> None:
        self.quantities = quantities
        self.statements: list[Statement] = []
        self.temporaries: set[str] = set()
        self.current: Equation

    def equation(self, equation: Equation) -> None:
        self.current = equation
        target = equation.target
        if target.indices and equation.body.has(Within) and self._parts(target, equation.body):
            return
        before = len(self.statements)
        body = self.elementwise(equation.body)
        last = self.statements[-1] if len(self.statements) > before else None
        if last is not None and body == last.target and set(body.indices) == set(target.indices):
            # The whole equation is one reduction: it needs no temporary.
            del self.quantities[last.name]
            self.temporaries.discard(last.name)
            self.statements[-1] = replace(last, target=target)
        else:
            self._emit(target, body, Kind.ELEMENTWISE)

    def _emit(self, target: Access, body: Expr, kind: Kind, adds: bool = False) -> None:
        self.statements.append(Statement(target, body, kind, self.current.number, self.current.name, adds))

    def temporary(self, body: Expr, kind: Kind) -> Access:
        """A statement of its own for the body, and an access to its result."""
        axes = ordered_axes(body, self.current.target.indices)
        name = temporary_name(body, self.current.name, self.quantities, self.temporaries)
        self.quantities[name] = Quantity(name, axes)
        self.temporaries.add(name)
        access = Access(name, *axes)
        self._emit(access, body, kind)
        return access

    # Expressions: each method returns an elementwise expression, and leaves statements for the rest behind.

    def elementwise(self, expression: Expr) -> Expr:
        if isinstance(expression, Access):
            if expression.indices and not is_view(expression, self.quantities[expression.name]):
                return self.temporary(expression, Kind.GATHER)
            return expression
        if isinstance(expression, Sum):
            return self._sum(expression.body, expression.indices)
        if isinstance(expression, Maximum):
            body = self.elementwise(expression.body)
            return self.temporary(Maximum(body, *expression.indices), Kind.REDUCTION)
        if not expression.args or isinstance(expression, (Delta, Within)):
            return expression
        return _into_branches(_rebuilt(expression, self.elementwise))

    def _sum(self, body: Expr, bound: Sequence[Index]) -> Expr:
        if isinstance(body, Sum):
            return self._sum(body.body, (*bound, *body.indices))
        if isinstance(body, Add) and _grows(body):
            return Add(*(self._sum(term, bound) for term in body.args))
        over = set(bound)
        inside = [f for f in Mul.make_args(body) if free_indices(f) & over]
        scale = [f for f in Mul.make_args(body) if not free_indices(f) & over]
        used = frozenset().union(*map(free_indices, inside))
        scale = [self.elementwise(f) for f in scale] + [i.size for i in bound if i not in used]
        bound = tuple(i for i in bound if i in used)
        if not bound:
            return Mul(*scale, *inside)
        return Mul(*scale, self._sum_of_product(inside, bound))

    def _sum_of_product(self, inside: list[Expr], bound: Sequence[Index]) -> Expr:
        label = _scattered(inside, bound)
        if label is not None:
            rest = self.elementwise(Mul(*(f for f in inside if f is not label)))
            return self.temporary(Sum(label * rest, *bound), Kind.SCATTER)
        total = Sum(Mul(*inside), *bound)
        product = product_form(total, ordered_axes(total, self.current.target.indices))
        if product is not None and (product.is_matrix_product or not product.batch):
            left, right = self._operand(product.left), self._operand(product.right)
            if left != right:
                body = Sum(Mul(left, right), *product.contracted)
                return Mul(product.scale, self.temporary(body, Kind.CONTRACTION))
        return self.temporary(Sum(self.elementwise(Mul(*inside)), *bound), Kind.REDUCTION)

    def _operand(self, expression: Expr) -> Access:
        operand = self.elementwise(expression)
        return operand if isinstance(operand, Access) else self.temporary(operand, Kind.ELEMENTWISE)

    def _parts(self, target: Access, body: Expr) -> bool:
        """Brackets as parts: c[n,j] = [0 ≤ j < 2]·a[n,j] + [0 ≤ j − 2 < 3]·b[n,j−2] fills c in two pieces."""
        parts: list[tuple[dict[Index, tuple[int, int]], Access, Expr]] = []
        rest: list[Expr] = []
        for term in Add.make_args(body):
            part = _part(target, term)
            if part is None:
                rest.append(term)
            else:
                parts.append(part)
        if not parts or any(term.has(Within) for term in rest):
            return False
        fills = not rest and _cover(target, [ranges for ranges, _, _ in parts])
        if not fills:
            self._emit(target, self.elementwise(Add(*rest)), Kind.ELEMENTWISE)
        for _, place, value in parts:
            self._emit(place, self.elementwise(value), Kind.PART, adds=not fills)
        return True


def _into_branches(expression: Expr) -> Expr:
    """g·{1 if z > 0; 0 otherwise} = {g if z > 0; 0 otherwise}: no array of ones and zeros."""
    if not isinstance(expression, Mul):
        return expression
    branches = [f for f in expression.args if isinstance(f, Piecewise) and any(v.is_number for v, _ in f.args)]
    rest = Mul(*(f for f in expression.args if f not in branches[:1]))
    if not branches or not rest.has(Access):
        return expression
    return Piecewise(*((rest * value, condition) for value, condition in branches[0].args))


def _rebuilt(expression: Expr, function: Callable[[Expr], Expr]) -> Expr:
    """The expression with the function applied to its arguments, the values of a Piecewise among them."""
    if isinstance(expression, Piecewise):
        pairs = [(function(value), _condition(condition, function)) for value, condition in expression.args]
        same = all(one is two for old, new in zip(expression.args, pairs, strict=True)
                   for one, two in zip(old.args, new, strict=True))
        return expression if same else Piecewise(*pairs)
    arguments = [function(a) for a in expression.args]
    unchanged = all(a is b for a, b in zip(arguments, expression.args, strict=True))
    return expression if unchanged else expression.func(*arguments)


def _condition(condition: Basic, function: Callable[[Expr], Expr]) -> Basic:
    if not condition.args:
        return condition
    arguments = [function(a) if isinstance(a, Expr) else _condition(a, function) for a in condition.args]
    unchanged = all(a is b for a, b in zip(arguments, condition.args, strict=True))
    return condition if unchanged else condition.func(*arguments)


def _grows(body: Add) -> bool:
    """Whether the sum as an array would be larger than each array that it reads, or hides a matrix product."""
    full = free_indices(body)
    return not any(free_indices(a) == full for a in body.atoms(Access))


def _scattered(factors: list[Expr], bound: Sequence[Index]) -> Delta | None:
    """The factor [v = t[n]], where the sum runs over just the indices of the labels t."""
    for factor in factors:
        if isinstance(factor, Delta):
            for place, label in (factor.args, factor.args[::-1]):
                if isinstance(label, Access) and isinstance(place, Index) and set(label.indices) == set(bound):
                    return factor
    return None


def _part(target: Access, term: Expr) -> tuple[dict[Index, tuple[int, int]], Access, Expr] | None:
    """The ranges that the brackets of a term leave, the part of the target that they are, and its value there."""
    brackets = [f for f in Mul.make_args(term) if isinstance(f, Within)]
    if not brackets:
        return None
    value = Mul(*(f for f in Mul.make_args(term) if not isinstance(f, Within)))
    ranges: dict[Index, tuple[int, int]] = {}
    for bracket in brackets:
        position, size = bracket.args
        found = free_indices(position)
        if len(found) != 1 or position.has(Access):
            return None
        (index,) = found
        offset = position.subs(index, 0)
        if index not in target.indices or position.coeff(index) != 1 or not (
                offset.is_Integer and size.is_Integer and index.size.is_Integer):
            return None
        low, high = ranges.get(index, (0, int(index.size)))
        ranges[index] = (max(low, -int(offset)), min(high, int(size - offset)))
    moved: dict[Index, Expr] = {i: Index(i.name, high - low) + low for i, (low, high) in ranges.items()}
    place = Access(target.name, *(moved.get(i, i) for i in target.indices))
    return ranges, place, substitute(value, moved)


def _cover(target: Access, parts: list[dict[Index, tuple[int, int]]]) -> bool:
    """Whether the parts are slices of one axis that lie end to end over the whole of it."""
    axes = {index for part in parts for index in part}
    if len(axes) != 1 or any(len(part) != 1 for part in parts):
        return False
    (axis,) = axes
    ends = sorted(part[axis] for part in parts)
    follows = all(one[1] == two[0] for one, two in zip(ends, ends[1:], strict=False))
    return follows and ends[0][0] == 0 and ends[-1][1] == axis.size


def ordered_axes(expression: Expr, preferred: Sequence[Expr]) -> tuple[Index, ...]:
    """The free indices in the order of the largest access that holds them all; else in that of the target."""
    free = free_indices(expression)
    order = [i for i in preferred if i in free]
    if len(order) < len(free):
        best = max(_accesses(expression), key=lambda a: len(free & set(a.indices)), default=None)
        if best is not None:
            order = [i for i in best.indices if i in free] + [i for i in order if i not in best.indices]
    rest = sorted(free - set(order), key=lambda i: i.name)
    return tuple(dict.fromkeys([*order, *rest]))


def _accesses(expression: Expr) -> list[Access]:
    return sorted(expression.atoms(Access), key=lambda a: (a.name, str(a)))


def temporary_name(body: Expr, owner: str, taken: Container[str], temporaries: Container[str] = ()) -> str:
    """A name that says what is in it: exp_z2, max_z2, sum_exp_z2; else the owner's with a number."""
    read = sorted(names(body))
    about = [name for name in read if name not in temporaries] or read
    stem = ""
    if isinstance(body, Access) and len(read) == 2:
        stem = f"{body.name}_at_{next(n for n in read if n != body.name)}"
    elif len(about) == 1:
        words, inner = [], body
        while isinstance(inner, (Function, Reduction)):
            words.append(_PREFIX.get(inner.func.__name__, inner.func.__name__.lower()))
            inner = inner.args[0]
        stem = "_".join([*words, about[0]]) if words else ""
    number = 1
    name = stem or f"{owner}_1"
    while name in taken:
        number += 1
        name = f"{stem or owner}_{number}"
    return name


_PREFIX = {"Maximum": "max"}
