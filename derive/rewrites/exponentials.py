"""Combinations of exponentials, S = Σ c·exp(u), in a logarithm, a denominator or a root: no exp(u) may overflow there.

A term is c·exp(u) or Σ_k c·exp(u); a plain number is c·exp(0).  With M the largest of the exponents, S/exp(M) neither
overflows nor becomes 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy
from sympy import Add, Expr, Integer, Max, Min, Mul, Ne, S, atan, erf, exp, log, tanh

from derive.language.expressions import Access, Index, Maximum, Sum
from derive.language.substitution import fresh, substitute
from derive.rewrites.named_functions import erfc, expm1, guarded, sigmoid, softplus

LARGEST = 80  # exp(80) is 5e34, in float32 too
SATURATING = (exp, expm1, tanh, atan, erf, erfc, sigmoid)


@dataclass(frozen=True)
class Term:
    """weight·exp(exponent), summed over the indices."""

    weight: Expr
    exponent: Expr
    indices: tuple[Index, ...] = ()

    @property
    def weight_may_be_zero(self) -> bool:
        return not self.weight.is_nonzero

    def largest(self, beside: list[Expr]) -> Expr:
        """The largest exponent that counts: one whose weight is 0 does not, and is held to the least that stands there."""
        if not self.weight_may_be_zero:
            return Maximum(self.exponent, *self.indices)
        least = -Maximum(-self.exponent, *self.indices) if self.indices else Min(self.exponent, *beside)
        return Maximum(guarded(self.exponent, Ne(self.weight, 0), least), *self.indices)

    def divided_by_exp(self, largest: Expr) -> Expr:
        if not largest.free_symbols.isdisjoint(self.indices):
            return self._with_fresh_indices(largest).divided_by_exp(largest)
        exponent = self.exponent - largest
        if self.weight_may_be_zero:
            exponent = guarded(exponent, Ne(self.weight, 0), 0)
        return Sum(self.weight * exp(exponent), *self.indices)

    def _with_fresh_indices(self, beside: Expr) -> Term:
        """The same term, its bound indices named otherwise than the free ones of an expression that goes into it."""
        taken = {symbol.name for symbol in beside.free_symbols | self.exponent.free_symbols | self.weight.free_symbols}
        renaming: dict[Index, Expr] = {}
        for index in self.indices:
            renaming[index] = fresh(index, taken)
            taken.add(renaming[index].name)
        weight, exponent = substitute(self.weight, renaming), substitute(self.exponent, renaming)
        return Term(weight, exponent, tuple(renaming.values()))


def combination(expression: Expr) -> list[Term] | None:
    """The terms of a combination of exponentials; None where an expression is none, or has no exponential at all."""
    terms = _terms(expression)
    return terms if terms is not None and any(term.exponent != 0 for term in terms) else None


def _terms(expression: Expr) -> list[Term] | None:
    terms: list[Term] = []
    for summand in Add.make_args(expression):
        factors = Mul.make_args(summand)
        exponent = Add(*(f.args[0] for f in factors if isinstance(f, exp)))
        sums = [f for f in factors if isinstance(f, Sum) and f.has(exp)]
        weight = Mul(*(f for f in factors if not isinstance(f, exp) and f not in sums))
        bodies = _terms(sums[0].body) if sums else [Term(S.One, S.Zero)]
        if len(sums) > 1 or weight.is_negative or weight.has(exp) or bodies is None:
            return None
        bound = sums[0].indices if sums else ()
        terms += (Term(weight * t.weight, exponent + t.exponent, (*bound, *t.indices)) for t in bodies)
    return terms


def scaled(terms: list[Term]) -> tuple[Expr, Expr]:
    """M and S/exp(M)."""
    exponents = [term.exponent for term in terms if not term.indices]
    largest = Max(*(term.largest(exponents) for term in terms))
    return largest, Add(*(term.divided_by_exp(largest) for term in terms))


def is_scaled(expression: Expr) -> bool:
    return any(e.has(Max, Maximum) for e in expression.atoms(exp))


# -- the rewrites -----------------------------------------------------------------------------------------------


def logistic(node: Expr) -> Expr | None:
    """(1 + exp(u))⁻ᵖ = σ(−u)ᵖ."""
    base, power = node.as_base_exp()
    u = one_plus_exp(base)
    return sigmoid(-u) ** -power if u is not None and power.is_negative else None


def one_plus_exp(base: Expr) -> Expr | None:
    if isinstance(base, Add) and len(base.args) == 2 and base.args[0] == 1 and isinstance(base.args[1], exp):
        return base.args[1].args[0]
    return None


def exp_times_logistic(node: Expr) -> Expr | None:
    """exp(u)·σ(−u) = σ(u), where either may stand in every term of a sum."""
    if not isinstance(node, Mul):
        return None
    for factor in node.args:
        base, power = factor.as_base_exp()
        if isinstance(factor, exp):
            for other in node.args:
                if isinstance(other, Add) and all(_has_logistic(term, factor) for term in other.args):
                    return _without(node, factor, other) * Add(*(term * factor for term in other.args))
        if not (isinstance(base, sigmoid) and power.is_positive):
            continue
        u = -base.args[0]
        for other in node.args:
            if isinstance(other, exp) and 0 < (ratio := _multiple(other, u)) <= power:
                return _without(node, factor, other) * sigmoid(u) ** ratio * base ** (power - ratio)
            if isinstance(other, Add) and any(_multiple(f, u) > 0 for t in other.args for f in Mul.make_args(t)):
                return _without(node, factor, other) * Add(*(term * factor for term in other.args))
    return None


def _has_logistic(term: Expr, power: Expr) -> bool:
    """Whether a term has the σ(−u) that an exp(p·u) meets."""
    bases = (factor.as_base_exp() for factor in Mul.make_args(term))
    return any(isinstance(base, sigmoid) and 0 < _multiple(power, -base.args[0]) <= exponent for base, exponent in bases)


def _without(product: Expr, *left_out: Expr) -> Expr:
    """A product without some of its factors; a division would let SymPy regroup exponentials."""
    return Mul(*(factor for factor in Mul.make_args(product) if factor not in left_out))


def _multiple(factor: Expr, u: Expr) -> Expr:
    """The number p for which the factor is exp(p·u); 0 where there is none."""
    if not isinstance(factor, exp):
        return S.Zero
    ratio = sympy.cancel(factor.args[0] / u)
    return ratio if ratio.is_Rational else S.Zero


def common_factor(node: Expr) -> Expr | None:
    """Σ_k c_k/S = (Σ_k c_k)/S, where S has exponentials: these meet what stands beside the sum."""
    if not isinstance(node, Sum) or not isinstance(node.body, Mul):
        return None
    common = [f for f in node.body.args if f.has(exp) and f.free_symbols.isdisjoint(node.indices)]
    return Mul(*common) * Sum(_without(node.body, *common), *node.indices) if common else None


def scaled_power(node: Expr) -> Expr | None:
    """Sᵖ = exp(p·M)·(S/exp(M))ᵖ in a denominator or a root: the exp(p·M) meets its like in the numerator."""
    base, power = node.as_base_exp()
    if not isinstance(base, (Add, Sum)) or not power.is_number or power.is_Integer and power.is_positive:
        return None
    return _scaled_power(base, power)


def _scaled_power(base: Expr, power: Expr) -> Expr | None:
    terms = combination(base)
    if terms is None or is_scaled(base):
        return None
    largest, rest = scaled(terms)
    return exp(power * largest) * rest ** power


def product_of_exponentials(node: Expr) -> Expr | None:
    """exp(u)·exp(v) = exp(u + v): of the two, one may overflow and the other be 0."""
    powers = [f for f in Mul.make_args(node) if isinstance(f, exp) and f.has(Access)]
    if len(powers) < 2:
        return None
    exponents = [f.args[0].args[:2] if isinstance(f.args[0], guarded) else (f.args[0], sympy.true) for f in powers]
    total, counts = Add(*(u for u, _ in exponents)), sympy.And(*(condition for _, condition in exponents))
    return _without(node, *powers) * exp(total if counts == sympy.true else guarded(total, counts, 0))


def merged_exponentials(node: Expr) -> Expr | None:
    """(exp(u) + …)·exp(−M) = exp(u − M) + …, through a sum or a power too: the scale M meets what it was taken from."""
    if not isinstance(node, Mul):
        return None
    powers = [f for f in node.args if isinstance(f, exp)]
    scale = next(filter(is_scaled, powers), None)
    if scale is None:
        for factor in node.args:
            if powers and isinstance(factor, Add) and any(isinstance(f, exp) and is_scaled(f) for term in factor.args
                                                          for f in Mul.make_args(term)):
                return _without(node, factor, *powers) * Add(*(term * Mul(*powers) for term in factor.args))
        return None
    for factor in node.args:
        if factor is scale or is_scaled(factor):
            continue
        base, power = factor.as_base_exp()
        if isinstance(base, (Add, Sum)) and power.is_number and power != 1:
            better = _scaled_power(base, power)
            if better is not None:
                return _without(node, factor) * better
        elif isinstance(factor, Add) and any(isinstance(f, (exp, Sum)) and f.has(exp)
                                             for term in factor.args for f in Mul.make_args(term)):
            return _without(node, factor, scale) * Add(*(term * scale for term in factor.args))
        elif isinstance(factor, Sum) and factor.has(exp):
            return _without(node, factor, scale) * _within_sum(scale, factor)
    return None


def weighted_exponential(node: Expr) -> Expr | None:
    """c·exp(u − M), where M is the largest exponent of those whose weight is not 0: where c is 0, u may be larger."""
    for power in Mul.make_args(node):
        if isinstance(power, exp) and power.has(guarded) and not isinstance(power.args[0], guarded):
            weights = [f for f in Mul.make_args(node) if isinstance(f, (Access, Add)) and not f.has(exp)]
            if weights:
                weighted = sympy.And(*(Ne(weight, 0) for weight in weights))
                return _without(node, power) * exp(guarded(power.args[0], weighted, 0))
    return None


def _within_sum(factor: Expr, total: Sum) -> Expr:
    """factor·Σ_k body = Σ_k factor·body."""
    if not factor.free_symbols.isdisjoint(total.indices):
        term = Term(total.body, S.Zero, total.indices)._with_fresh_indices(factor)
        total = Sum(term.weight, *term.indices)
    return Sum(total.body * factor, *total.indices)


def saturated(node: Expr) -> Expr | None:
    """exp(v − exp(u)), tanh(exp(u)) and their like have reached their limit long before exp(u) overflows."""
    if not isinstance(node, SATURATING):
        return None
    powers = [(term / f, f) for term in Add.make_args(node.args[0]) for f in Mul.make_args(term) if isinstance(f, exp)]
    if len(powers) != 1 or powers[0][1].has(Min, Max, Maximum) or powers[0][1].args[0].is_nonpositive:
        return None
    (weight, power), = powers
    if not weight.is_number or isinstance(node, (exp, expm1)) and not weight.is_negative:
        return None
    return node.func(node.args[0] - weight * power + weight * exp(Min(power.args[0], LARGEST)))


def log_of_combination(node: Expr) -> Expr | None:
    """log(c·exp(u) + R) = v + softplus(log(R) − v), v = u + log(c); log(Σ_k c·exp(u)) = M + log(Σ_k c·exp(u − M))."""
    if not isinstance(node, log) or not isinstance(node.args[0], (Add, Sum)) or is_scaled(node.args[0]):
        return None
    if pulled := common_factor(node.args[0]):
        return log_of_product(log(pulled))
    terms = combination(node.args[0])
    if terms is None:
        return None
    plain = [term for term in terms if not term.indices]
    if not plain or any(term.weight_may_be_zero or term.weight.is_positive is not True for term in terms):
        largest, rest = scaled(terms)
        return largest + log(rest)
    first = min(plain, key=lambda term: term.exponent != 0)
    value = first.exponent + log(first.weight)
    others = Add(*(Sum(t.weight * exp(t.exponent), *t.indices) for t in terms if t is not first))
    return value + softplus(log(others) - value)


def log_of_product(node: Expr) -> Expr | None:
    """log(exp(u)·v) = u + log(v), log(σ(u)) = −softplus(−u), log(Sᵖ·v) = p·log(S) + log(v)."""
    if not isinstance(node, log):
        return None
    plain: Expr = Integer(0)
    rest = []
    factors = Mul.make_args(node.args[0])
    for factor in factors:
        base, power = factor.as_base_exp() if not isinstance(factor, exp) else (factor, Integer(1))
        if isinstance(base, exp):
            plain += base.args[0]
        elif isinstance(base, sigmoid):
            plain -= power * softplus(-base.args[0])
        elif (len(factors) > 1 or power != 1) and isinstance(base, (Add, Sum)) and combination(base) is not None or (
                isinstance(base, softplus) and factor != node.args[0]):
            plain += power * log(base)
        else:
            rest.append(factor)
    return plain + log(Mul(*rest)) if plain != 0 and node != plain else None
