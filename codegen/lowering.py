"""Lowering: from equations to statements, each of one kind (see codegen.program).

    z1[n,j] = Σ_k x[n,k]·W1[k,j] + b1[j]     becomes     z1_1[n,j] = Σ_k x[n,k]·W1[k,j]
                                                         z1[n,j]   = z1_1[n,j] + b1[j]

Reductions, gathers and compound operands of a matrix product get temporaries; a pass puts them back where a target
prefers one line.  Brackets become ranges, places, guards and zeros around an array (codegen.brackets); a recurrence
becomes a loop after all that does not depend on it.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

import sympy
from sympy import Add, Expr, Integer, Mul, Piecewise, Symbol
from sympy.core.basic import Basic

from codegen.brackets import Resolved, brackets_outside, cover, piece, resolve
from codegen.contraction import Side, contraction, laid_out, matrix_product
from codegen.hoisting import hoisted, is_work, rebuilt
from codegen.positions import affine, at_least, covers, is_view, rough_extent
from codegen.program import Counter, Guard, Kind, Loop, Program, Statement, Step, flat, mapped
from codegen.sizes import Sizes
from codegen.temporaries import ordered_axes, temporary_name
from derive.calculus.products import Product
from derive.language.equations import Equation, Quantity, Recurrence
from derive.language.expressions import (
    Access,
    Delta,
    Index,
    Maximum,
    Reduction,
    Sum,
    Within,
    accesses,
    free_indices,
    names,
)
from derive.language.substitution import fresh, substitute


def lower(equations: Iterable[Equation | Recurrence], quantities: Mapping[str, Quantity],
          sizes: Mapping[Symbol, int]) -> Program:
    """The program that computes the equations in their order.

    Args:
        equations: each after all that it reads; those that define each other along an index as one recurrence.
        quantities: of every name in the equations.
        sizes: the value of each size symbol that is known; the others (m, the number of samples) stay symbols.
    """
    known = Sizes(sizes)
    lowering = _Lowering({name: known.quantity(q) for name, q in quantities.items()})
    for block in equations:
        if isinstance(block, Recurrence):
            lowering.recurrence(replace(block, index=known.index(block.index),
                                        equations=tuple(map(known.equation, block.equations))))
        else:
            lowering.equation(known.equation(block))
    return Program(tuple(lowering.steps), lowering.quantities, tuple(quantities), frozenset(lowering.temporaries))


class _Lowering:
    """The statements made so far, and a supply of names for temporaries.

    Attributes:
        steps: of the block that is being filled; those around it wait.
        padded: arrays with zeros around them that are at hand, by what they are made from.
    """

    def __init__(self, quantities: dict[str, Quantity]) -> None:
        self.quantities = quantities
        self.steps: list[Step] = []
        self.padded: dict[object, str] = {}
        self.temporaries: set[str] = set()
        self.current: Equation

    def equation(self, equation: Equation) -> None:
        self.current = equation
        self.assign(equation.target, equation.body)

    def recurrence(self, block: Recurrence) -> None:
        """A loop, after the parts of the equations that read nothing of it, for all its steps at once."""
        own = {equation.name for equation in block.equations}
        rests = []
        for equation in block.equations:
            self.current = equation
            rests.append(self._ahead(equation, block.index, own))
        counter = self.counter(block.index)
        with self.block() as body:
            for equation, (rest, adds) in zip(block.equations, rests, strict=True):
                self.current = equation
                at = {block.index: counter}
                self.assign(_entry(equation.target, at), substitute(rest, at), adds)
        self.steps.append(Loop(counter, block.step, tuple(body)))

    def counter(self, index: Index, taken: Iterable[Counter] = ()) -> Counter:
        """A counter in place of an index, under a name of its own."""
        sizes = {str(s) for q in self.quantities.values() for size in q.shape for s in size.free_symbols}
        return Counter(fresh(index, [*self.quantities, *sizes, *(c.name for c in taken)]).name, index.size)

    def _ahead(self, equation: Equation, index: Index, own: set[str]) -> tuple[Expr, bool]:
        """What is left of an equation for the loop, and whether it is added to what was computed before the loop."""
        def stays(part: Basic) -> bool:
            return not names(part).isdisjoint(own) or self._shift(part, index) is None or any(
                index in free_indices(b) for b in part.atoms(Within, Delta))

        def make(part: Expr) -> Expr:
            if not is_work(part):
                return part
            shift = self._shift(part, index)
            assert shift is not None
            return substitute(self.named(substitute(part, {index: index - shift})), {index: index + shift})

        terms = Add.make_args(equation.body)
        before = [term for term in terms if not stays(term) and self._shift(term, index) == 0]

        def alike(part: Expr) -> object:
            return self._shift(part, index) if index in free_indices(part) else ()

        rest = [hoisted(term, stays, make, alike) for term in terms if term not in before]
        adds = bool(before) or all(any(isinstance(f, (Within, Delta)) for f in Mul.make_args(term)) for term in rest)
        if adds:
            self.assign(equation.target, Add(*before))
        return Add(*rest), adds

    def _shift(self, part: Basic, index: Index) -> Expr | None:
        """By how much to move the index, so that a part can be computed for all its values: −1 for x[t−1]·u[t−1].

        None where the positions that the part reads lie outside of their arrays, however it is moved.
        """
        read = [(place, axis.size) for access in part.atoms(Access) for place, axis in zip(
            access.indices, self.quantities[access.name].indices, strict=True)
            if index in free_indices(place) and not place.has(Access)]
        shifts = {place - index for place, _ in read}
        if len(shifts) == 1 and not any(free_indices(shift) for shift in shifts):
            return shifts.pop()
        inside = all(seen is not None and at_least(seen.lowest, Integer(0)) and at_least(size - 1, seen.highest)
                     for seen, size in ((affine(place), size) for place, size in read))
        return Integer(0) if inside else None

    @contextmanager
    def block(self) -> Iterator[list[Step]]:
        """What is emitted inside goes into a list of its own."""
        steps, padded = self.steps, self.padded
        self.steps, self.padded = [], dict(padded)
        yield self.steps
        self.steps, self.padded = steps, padded

    def emit(self, target: Access, body: Expr, kind: Kind, adds: bool = False) -> None:
        partial = adds or kind is not Kind.PADDING and bool(target.indices) and not covers(
            target, self.quantities[target.name])
        self.steps.append(Statement(target, body, kind, self.current.number, self.current.name, adds, partial))

    def assign(self, target: Access, body: Expr, adds: bool = False) -> None:
        """Statements that make target = body; terms with brackets are added where they count."""
        found = {term: piece(target, term) for term in Add.make_args(body)} if body.has(Within, Delta) else {}
        pieces = [each for each in found.values() if each is not None]
        if pieces:
            rest = Add(*(term for term, each in found.items() if each is None))
            fills = not adds and rest == 0 and cover(target, pieces)
            if rest != 0 or not adds and not fills:
                self.assign(target, rest, adds)
            together: dict[tuple[tuple[Basic, ...], Access], list[Expr]] = {}
            for each in pieces:
                together.setdefault((each.conditions, each.place), []).append(each.value)
            for (conditions, place), values in together.items():
                with self.block() as inside:
                    self.assign(place, Add(*values), adds=not fills)
                self.steps += [Guard(sympy.And(*conditions), tuple(inside))] if conditions else inside
            return
        before = len(self.steps)
        value = self.elementwise(body)
        if adds or not self._at_once(value, target, before):
            self.emit(target, value, Kind.ELEMENTWISE, adds)

    def _at_once(self, value: Expr, target: Access, before: int) -> bool:
        """Let the statements that made a temporary fill the target itself, where the value is just that."""
        if not isinstance(value, Access) or value.name not in self.temporaries or value != self.quantities[
                value.name].entry or set(value.indices) != free_indices(target) or not all(
                isinstance(p, Index) or not free_indices(p) for p in target.indices):
            return False
        made = self.steps[before:]
        writes = [s for s in flat(made) if s.name == value.name]
        if not writes or any(value.name in names(s.body) for s in flat(made)):
            return False
        places = [value.indices.index(p) if isinstance(p, Index) else None for p in target.indices]

        def moved(statement: Statement) -> Statement:
            if statement.name != value.name:
                return statement
            return replace(statement, target=Access(target.name, *(
                p if place is None else statement.target.indices[place]
                for p, place in zip(target.indices, places, strict=True))),
                partial=statement.partial or bool(target.indices) and not covers(target, self.quantities[target.name]))

        if any(s.kind is Kind.CONTRACTION and not self._lies(s.body, moved(s).target) for s in writes):
            return False
        del self.quantities[value.name]
        self.temporaries.discard(value.name)
        self.steps[before:] = mapped(made, moved)
        return True

    def _lies(self, body: Sum, target: Access) -> bool:
        """Whether the product of matrices can be written into the target as it lies."""
        product = matrix_product(body, ordered_axes(body, target.indices), self.quantities)
        return product is not None and product.result(target).lies(self.quantities)

    def temporary(self, body: Expr, kind: Kind, axes: Sequence[Index] = ()) -> Access:
        """A statement of its own for the body, and an access to its result."""
        target = self.array(body, axes or ordered_axes(body, self.current.target.indices))
        self.emit(target, body, kind)
        return target

    def array(self, body: Expr, axes: Sequence[Index], name: str = "") -> Access:
        """A new array that is named for what will be in it."""
        if not name or name in self.quantities:
            name = temporary_name(body, name or self.current.name, self.quantities, self.temporaries)
        self.quantities[name] = Quantity(name, tuple(axes))
        self.temporaries.add(name)
        return Access(name, *axes)

    def named(self, body: Expr) -> Access:
        """The value of an expression in an array of its own."""
        target = self.array(body, ordered_axes(body, self.current.target.indices))
        self.assign(target, body)
        return target

    # Expressions: each method returns an elementwise expression, and leaves statements for the rest behind.

    def elementwise(self, expression: Expr) -> Expr:
        if isinstance(expression, Access):
            if not is_view(expression, self.quantities[expression.name]):
                return self.temporary(expression, Kind.GATHER)
            return expression
        if isinstance(expression, Sum):
            return self._sum(expression.body, expression.indices)
        if isinstance(expression, Maximum):
            body = self.elementwise(expression.body)
            return self.temporary(Maximum(body, *expression.indices), Kind.REDUCTION)
        if not expression.args or isinstance(expression, (Delta, Within)):
            return expression
        if isinstance(expression, (Add, Mul)) and expression.has(Within, Delta):
            if isinstance(expression, Mul):
                expression = Mul(*self._padded(Mul.make_args(expression)))
            axes = ordered_axes(expression, self.current.target.indices)
            if any(piece(Access("", *axes), term) for term in Add.make_args(expression)):
                return self.named(expression)
        return _into_branches(rebuilt(expression, self.elementwise))

    def _sum(self, body: Expr, bound: Sequence[Index]) -> Expr:
        if isinstance(body, Sum):
            return self._sum(body.body, (*bound, *body.indices))
        if isinstance(body, Add) and (_grows(body) or any(
                isinstance(f, (Within, Delta)) for term in body.args for f in Mul.make_args(term))):
            return self.elementwise(Add(*(brackets_outside(Sum(term, *bound)) for term in body.args)))
        resolved = resolve(Mul.make_args(body), bound)
        factors = self._padded(resolved.factors, resolved.implied)
        if 0 in factors:
            return Integer(0)
        over = {*resolved.bound, *resolved.scattered}
        inside = [f for f in factors if free_indices(f) & over]
        scale = [self.elementwise(f) for f in factors if not free_indices(f) & over]
        used = frozenset().union(*map(free_indices, inside), *map(free_indices, resolved.scattered.values()))
        scale += [i.size for i in resolved.bound if i not in used]
        resolved.bound = [i for i in resolved.bound if i in used]
        if resolved.scattered:
            return Mul(*scale, self._scattered(inside, resolved))
        if not resolved.bound:
            return Mul(*scale, *inside)
        return Mul(*scale, self._sum_of_product(inside, resolved.bound))

    def _sum_of_product(self, inside: list[Expr], bound: Sequence[Index]) -> Expr:
        label = _labelled(inside, bound)
        if label is not None:
            own = free_indices(label)
            rest = self._inner_sum([f for f in inside if f is not label], [i for i in bound if i not in own])
            return self.temporary(Sum(label * rest, *(i for i in bound if i in own)), Kind.SCATTER)
        total = Sum(Mul(*inside), *bound)
        axes = ordered_axes(total, self.current.target.indices)
        product = _contraction(inside, bound, axes)
        if product is not None:
            left, right = self._operand(product.left), self._operand(product.right)
            if left != right:
                made = laid_out(product, left, right, self.quantities)
                body = Sum(Mul(self._laid_out(made.left), self._laid_out(made.right)), *product.contracted)
                target = self.array(body, axes)
                if not made.result(target).lies(self.quantities):
                    self.quantities[target.name] = Quantity(target.name, made.axes)
                    target = Access(target.name, *made.axes)
                self.emit(target, body, Kind.CONTRACTION)
                return Mul(product.scale, target)
        return self.temporary(Sum(self.elementwise(Mul(*inside)), *bound), Kind.REDUCTION)

    def _inner_sum(self, factors: Sequence[Expr], bound: Sequence[Index]) -> Expr:
        return self._sum(Mul(*factors), bound) if bound else self.elementwise(Mul(*factors))

    def _operand(self, expression: Expr) -> Access:
        operand = self.elementwise(expression)
        return operand if isinstance(operand, Access) else self.temporary(operand, Kind.ELEMENTWISE)

    def _laid_out(self, side: Side) -> Access:
        """The operand where it lies as matrices in memory, else a copy that does."""
        if side.lies(self.quantities):
            return side.access
        axes = side.laid_out(self.quantities)
        target = self.array(side.access, axes, f"{side.access.name}_laid_out")
        self.emit(target, side.access, Kind.ELEMENTWISE)
        return target

    # Windows and their opposite.

    def _padded(self, factors: Sequence[Expr], implied: Container[Expr] = ()) -> list[Expr]:
        """x[i+u−1]·[0 ≤ i+u−1 < I] as an access to x with zeros around it: the bracket is not needed any more."""
        brackets = {f.args[0]: f for f in factors if isinstance(f, Within) and free_indices(f) and not f.has(Access)}
        around: dict[Expr, Expr] = {}
        for access in {a for f in factors for a in accesses(f) if not brackets.keys().isdisjoint(a.indices)}:
            padded = self._with_zeros(access, {position: f.args[1] for position, f in brackets.items()})
            if padded is not None:
                around[access] = padded
        if not around:
            return [f for f in factors if f not in implied]
        needless = {brackets[position] for factor in factors if factor in around for position, axis in zip(
            factor.indices, self.quantities[factor.name].shape, strict=True)
            if position in brackets and brackets[position].args[1] == axis}
        return [f.xreplace(around) for f in factors if f not in needless and f not in implied]

    def _with_zeros(self, access: Access, guarded: Mapping[Expr, Expr]) -> Access | None:
        """The access to an array with zeros around it, where the guarded positions (with the sizes that they are
        guarded for) may lie; None where it is not known how many."""
        quantity = self.quantities[access.name]
        kept: list[Index] = []
        places: list[Expr] = []
        shifted: list[Expr] = []
        before_after: list[tuple[Expr, Expr]] = []
        for position, axis in zip(access.indices, quantity.indices, strict=True):
            if not free_indices(position) and not position.has(Access):
                shifted.append(position)
                continue
            seen = affine(position)
            if seen is None:
                return None
            around: list[Expr] = [Integer(0), Integer(0)]
            if guarded.get(position) == axis.size:
                for end, needed in enumerate((-seen.lowest, seen.highest - (axis.size - 1))):
                    if at_least(needed, Integer(0)):
                        around[end] = needed
                    elif not at_least(Integer(0), needed):
                        return None
            own = fresh(axis, {i.name for i in kept})
            kept.append(own)
            shifted.append(own)
            before_after.append((around[0], around[1]))
            places.append(position + around[0])
        if all(pair == (0, 0) for pair in before_after):
            return access
        key = access.name, tuple(before_after), tuple(p for p in shifted if not isinstance(p, Index))
        if key not in self.padded:
            axes = [Index(i.name, i.size + sum(pair)) for i, pair in zip(kept, before_after, strict=True)]
            target = self.array(access, axes, f"{access.name}_padded")
            self.padded[key] = target.name
            self.emit(Access(target.name, *(i + pair[0] for i, pair in zip(kept, before_after, strict=True))),
                      Access(access.name, *shifted), Kind.PADDING)
        return Access(self.padded[key], *places)

    def _for_all(self, factors: Sequence[Expr], inner: Sequence[Index], first: Index) -> Expr:
        """The sum over the inner indices for all values of the others, with axes as the operands have them."""
        held = sorted(accesses(Mul(*factors)), key=lambda a: first not in free_indices(a))
        order = dict.fromkeys(i for access in held for p in map(affine, access.indices) if p for i, _ in p.slopes)
        equation = self.current
        self.current = replace(equation, target=Access(equation.name, *(i for i in order if i not in inner)))
        value = self._sum(Mul(*factors), inner)
        self.current = equation
        return value

    def _reduced(self, expression: Expr) -> Expr:
        """The expression with temporaries for its sums and maxima."""
        return self.elementwise(expression) if isinstance(expression, Reduction) else rebuilt(expression, self._reduced)

    def _scattered(self, factors: list[Expr], made: Resolved) -> Expr:
        """Σ_{i,u} [p = 2i + u]·f[i,u] as a loop over u that adds to every second place."""
        seen = {i: affine(position) for i, position in made.scattered.items()}
        holds = {i for position in made.scattered.values() for i in free_indices(position)}
        inner = [i for i in made.bound if i not in holds]
        free = (frozenset().union(*map(free_indices, factors)) - set(inner)) | holds
        result = ordered_axes(Mul(*(Access("", i) for i in (free - holds) | made.scattered.keys())),
                              self.current.target.indices)
        if all(p is not None and p.offset == 0 and p.counts_digits and p.highest == i.size - 1
               for i, p in seen.items()):
            target = self.array(Mul(*factors), result, f"{self.current.name}_1")
            place = Access(target.name, *(made.scattered.get(i, i) for i in result))
            self.assign(place, self._inner_sum(factors, inner))
            return target
        value = Mul(*factors)
        value = self._for_all(factors, inner, result[0]) if inner else self._reduced(value)
        lowest = {i: p.lowest if p is not None else Integer(0) for i, p in seen.items()}
        begin = {i: Integer(0) if at_least(low, Integer(0)) else low for i, low in lowest.items()}
        ends = {i: p.highest for i, p in seen.items() if p is not None}
        axes = [Index(i.name, (i.size if at_least(i.size - 1, ends[i]) else ends[i] + 1) - begin[i])
                if i in made.scattered else i for i in result]
        around = any(i.size != axis.size for i, axis in zip(result, axes, strict=True))
        target = self.array(value, axes, f"{self.current.name}_padded" if around else f"{self.current.name}_1")
        self.emit(target, Integer(0), Kind.ELEMENTWISE)
        counters: dict[Index, Counter] = {}
        for position in made.scattered.values():
            *looped, _ = sorted(free_indices(position), key=lambda i: (rough_extent([i]), i.name))
            for index in looped:
                if index not in counters:
                    counters[index] = self.counter(index, counters.values())
        value = hoisted(value, lambda part: not free_indices(part).isdisjoint(counters),
                        lambda part: self.named(part) if is_work(part) else part, lambda part: ())
        place = Access(target.name, *(made.scattered[i] - begin[i] if i in made.scattered else i for i in result))
        with self.block() as steps:
            self.assign(_entry(place, counters), substitute(value, counters), adds=True)
        for counter in reversed(counters.values()):
            steps = [Loop(counter, 1, tuple(steps))]
        self.steps += steps
        return Access(target.name, *(i - begin[i] if i in made.scattered else i for i in result))


def _entry(target: Access, at: Mapping[Index, Counter]) -> Access:
    return Access(target.name, *(position.xreplace(dict(at)) for position in target.indices))


def _into_branches(expression: Expr) -> Expr:
    """g·{1 if z > 0; 0 otherwise} = {g if z > 0; 0 otherwise}: no array of ones and zeros."""
    if not isinstance(expression, Mul):
        return expression
    branches = [f for f in expression.args if isinstance(f, Piecewise) and any(v.is_number for v, _ in f.args)]
    rest = Mul(*(f for f in expression.args if f not in branches[:1]))
    if not branches or not rest.has(Access):
        return expression
    return Piecewise(*((rest * value, condition) for value, condition in branches[0].args))


def _grows(body: Add) -> bool:
    """Whether the sum as an array would be larger than each array that it reads, or hides a matrix product."""
    full = free_indices(body)
    return not any(free_indices(a) == full for a in body.atoms(Access))


def _contraction(factors: Sequence[Expr], bound: Sequence[Index], axes: Sequence[Index]) -> Product | None:
    """The product of two operands that the sum is; truth values among the factors go into the one that has their axes."""
    masks = [f for f in factors if isinstance(f, (Within, Delta))]
    body = Mul(*(f for f in factors if f not in masks))
    product = contraction(Sum(body, *bound), axes) if set(bound) <= free_indices(body) else None
    if product is None:
        return None
    for mask in masks:
        if free_indices(mask) <= free_indices(product.left):
            product = replace(product, left=product.left * mask)
        elif free_indices(mask) <= free_indices(product.right):
            product = replace(product, right=product.right * mask)
        else:
            return None
    return product


def _labelled(factors: list[Expr], bound: Sequence[Index]) -> Delta | None:
    """The factor [v = t[n]], where the sum runs over the indices of the labels t."""
    for factor in factors:
        if isinstance(factor, Delta):
            for place, label in (factor.args, factor.args[::-1]):
                if isinstance(label, Access) and isinstance(place, Index) and set(label.indices) <= set(bound):
                    return factor
    return None
