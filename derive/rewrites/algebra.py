"""Rational simplification of index expressions, with sums, accesses and functions as its unknowns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from math import comb, gcd, prod

import sympy
from sympy import Add, Dummy, Expr, Mul, Piecewise, Pow, S

from derive.calculus.contraction import contract
from derive.language.equations import Fact
from derive.language.expressions import Access, Delta, Index, Reduction, Sum, free_indices, names
from derive.language.substitution import same_up_to_bound_names, substitute

MOST_TERMS = 100  # that an expression is multiplied out to


def length(expression: Expr) -> int:
    """How long an expression is to a reader: its operations and operands; functions and sums count more."""
    if isinstance(expression, (Access, Delta)) or not expression.args:
        return 1
    if isinstance(expression, Reduction):
        return 2 + length(expression.body)
    if isinstance(expression, (Mul, Pow)):
        factors = Mul.make_args(expression)
        below = [1 / f for f in factors if f.as_base_exp()[1].could_extract_minus_sign()]
        above = [f for f in factors if 1 / f not in below and f is not S.NegativeOne]
        return sum(map(_factor_length, above)) + sum(map(_factor_length, below)) + max(0, len(above) - 1) + max(
            0, len(below) - 1) + bool(below) + (len(above) < len(factors) - len(below))
    function = 0 if isinstance(expression, Add) else 3
    return len(expression.args) - 1 + sum(map(length, expression.args)) + function


def _factor_length(factor: Expr) -> int:
    if isinstance(factor, Pow):
        return 1 + length(factor.base) + length(factor.exp)
    return length(factor)


def shorter(candidate: Expr, current: Expr) -> bool:
    return length(candidate) < length(current)


def tidy(expression: Expr) -> Expr:
    """The shortest of the expression itself, its cancelled and its factored form."""
    expression = _sift(expression)
    if expression.has(Piecewise):
        return expression.func(*(tidy(a) if isinstance(a, Expr) else
                                 (a.func(tidy(a.args[0]), *a.args[1:]) if a.args else a)
                                 for a in expression.args)) if isinstance(expression, Piecewise) else expression
    flat, back = _as_rational(expression)
    if not flat.has(Add):
        return expression
    best = oriented(expression)
    if _is_factored(flat):
        return best
    for form in (sympy.factor, sympy.cancel, sympy.factor_terms) if is_small(flat) else (sympy.factor_terms,):
        candidate = oriented(form(flat).xreplace(back))
        if shorter(candidate, best):
            best = candidate
    return best


def _is_factored(flat: Expr) -> bool:
    """Whether the only sum is one that nothing divides, so that there is nothing to factor or to cancel.

    Products of symbols without a common divisor, one of which stands in a single term, once: a polynomial a·u + b is
    irreducible where a and b have no divisor in common.
    """
    [first, *others] = flat.atoms(Add)
    terms = [term.as_coeff_Mul() for term in first.args]
    powers = [(base, power) for _, product in terms for base, power in product.as_powers_dict().items() if base is not S.One]
    if others or not all(c.is_Integer for c, _ in terms) or not all(
            base.is_Symbol and power.is_Integer and power > 0 for base, power in powers):
        return False
    met = Counter(base for base, _ in powers)
    negative = sum(bool(c.is_negative) for c, _ in terms)  # −a − b and (−a + 1)² may be shorter the other way round
    if 2 * negative > len(terms) or negative and any(power.base == first and power.exp.is_even for power in flat.atoms(Pow)):
        return False
    return gcd(*(int(c) for c, _ in terms)) == 1 and max(met.values()) < len(terms) and any(
        met[base] == 1 and power == 1 for base, power in powers)


def oriented(expression: Expr) -> Expr:
    """−(a − 1)·a is written (1 − a)·a, and (t − a)/(a·(a − 1)) as (a − t)/(a·(1 − a))."""
    if not isinstance(expression, (Mul, Pow)):
        return expression
    coefficient, factors = expression.as_coeff_mul()
    turned = list(factors)
    negative = coefficient.is_negative
    for place, factor in enumerate(turned):
        base, power = factor.as_base_exp()
        if _odd_sum(base, power) and base.as_coeff_Add()[0].is_negative:
            turned[place] = _turned(base) ** power
            negative = not negative
    if negative:
        sums = [place for place, factor in enumerate(turned) if _odd_sum(*factor.as_base_exp())
                and any(term.could_extract_minus_sign() for term in factor.as_base_exp()[0].args)]
        sums.sort(key=lambda place: turned[place].as_base_exp()[0].as_coeff_Add()[0] != 0)
        if sums:
            base, power = turned[sums[0]].as_base_exp()
            turned[sums[0]] = _turned(base) ** power
            negative = False
    result = Mul(*turned)
    scale = abs(coefficient) * (-1 if negative else 1)
    return scale * result if scale not in (1, -1) and isinstance(result, Mul) else Mul(scale, result)


def _odd_sum(base: Expr, power: Expr) -> bool:
    return isinstance(base, Add) and power.is_odd is True


def _turned(base: Expr) -> Expr:
    return Add(*(-term for term in base.args))


def is_small(expression: Expr) -> bool:
    """Whether the expression may be multiplied out; (1 − u²)·(1 − v²)·… has 2ᵏ terms then, and factoring does it too."""
    return max(_terms(expression)) <= MOST_TERMS


def _terms(expression: Expr) -> tuple[int, int]:
    """How many terms numerator and denominator have at most, multiplied out; no more than just above MOST_TERMS."""
    parts = [_terms(argument) for argument in expression.args]
    above = below = 1
    if any(max(part) > MOST_TERMS for part in parts):
        above = MOST_TERMS + 1
    elif isinstance(expression, Mul):
        above, below = prod(above for above, _ in parts), prod(below for _, below in parts)
    elif isinstance(expression, Add):
        below = prod(below for _, below in parts)
        above = sum(above * (below // own) for above, own in parts)
    elif isinstance(expression, Pow) and expression.exp.is_Integer:
        power = abs(int(expression.exp))
        above, below = (comb(terms + power - 1, power) for terms in parts[0][:: 1 if expression.exp > 0 else -1])
    return min(above, MOST_TERMS + 1), min(below, MOST_TERMS + 1)


def divisors(expression: Expr) -> set[Expr]:
    """What an expression divides by and that depends on a quantity, and so could be 0."""
    return {same_up_to_bound_names(power.base) for power in expression.atoms(Pow)
            if power.exp.is_negative and power.base.has(Access)}


def _as_rational(expression: Expr) -> tuple[Expr, dict[Expr, Expr]]:
    """Everything that is no +, ·, integer power or number becomes a plain symbol; equal things the same one."""
    forth: dict[Expr, Expr] = {}

    def walk(node: Expr) -> Expr:
        if node.is_Number:
            return node
        if isinstance(node, (Add, Mul)) or isinstance(node, Pow) and node.exp.is_Integer:
            return node.func(*map(walk, node.args))
        key = same_up_to_bound_names(node)
        if key not in forth:
            # A zero-padded name in reading order keeps the polynomial code deterministic.
            forth[key] = Dummy(f"u{len(forth):03d}", real=True)
        return forth[key]

    flat = walk(expression)
    return flat, {dummy: key for key, dummy in forth.items()}


def _sift(expression: Expr) -> Expr:
    """δ(j, t[n])·f(t[n]) = δ(j, t[n])·f(j): beside its delta, a label is written as the plain index."""
    if isinstance(expression, Mul):
        for delta in expression.args:
            if isinstance(delta, Delta):
                plain, label = sorted(delta.args, key=lambda side: not isinstance(side, Index))
                if isinstance(plain, Index) and isinstance(label, Access):
                    return delta * Mul(*(f.xreplace({label: plain}) for f in expression.args if f is not delta))
    if isinstance(expression, (Add, Mul)):
        return expression.func(*map(_sift, expression.args))
    return expression


def spread(expression: Expr) -> Expr:
    """Multiply out, inside sums too, and pull factors that do not depend on the index out of each sum."""
    if isinstance(expression, Access) or not expression.args:
        return expression
    if isinstance(expression, Sum):
        body = _cancelled(spread(expression.body))
        body = sympy.expand(body) if is_small(body) else body
        return contract(Add(*(Sum(_cancelled(term), *expression.indices) for term in Add.make_args(body))))
    if isinstance(expression, (Add, Mul)):
        made = expression.func(*map(spread, expression.args))
        return sympy.expand_mul(made) if is_small(made) else made
    return expression


def _cancelled(expression: Expr) -> Expr:
    if isinstance(expression, Add) or expression.has(Add):
        flat, back = _as_rational(_sift(expression))
        return sympy.cancel(flat).xreplace(back) if is_small(flat) else expression
    return _sift(expression)


def apply_facts(expression: Expr, facts: Iterable[Fact]) -> tuple[Expr, list[Fact]]:
    """Replace what declared facts determine; also return the facts that were used."""
    facts = tuple(facts)
    used: dict[Fact, None] = {}

    def walk(node: Expr) -> Expr:
        for fact in facts:
            if type(node) is type(fact.left) and not names(fact.left).isdisjoint(names(node)):
                replaced = _match(node, fact)
                if replaced is not None:
                    used.setdefault(fact)
                    return replaced
        if isinstance(node, Access) or not node.args or not node.has(Reduction):
            return node
        return node.func(*(walk(a) if isinstance(a, Expr) else a for a in node.args))

    return walk(expression), list(used)


def _match(node: Expr, fact: Fact) -> Expr | None:
    """The fact's right side, if its left side becomes the node for some values of its free indices."""
    left = fact.left
    if not isinstance(left, Sum) or not isinstance(node, Sum) or len(left.indices) != len(node.indices):
        return None
    if not isinstance(left.body, Access) or not isinstance(node.body, Access) or left.body.name != node.body.name:
        return None
    value = dict(zip(left.body.indices, node.body.indices, strict=True))
    if [value.get(bound) for bound in left.indices] != list(node.indices):
        return None
    if any(mine.size != theirs.size for mine, theirs in zip(left.indices, node.indices, strict=True)):
        return None  # a sum over a part of the range
    free = {index: position for index, position in value.items() if index in free_indices(left)}
    if any(not position.free_symbols.isdisjoint(node.indices) for position in free.values()):
        return None  # a diagonal
    return substitute(fact.right, free)
