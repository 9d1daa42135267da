"""Stable forms: the same value, computed without overflow and without loss of digits.

Each named rewrite is one object; `stable` applies them to the equations that are to be computed.  The derivation
keeps the textbook forms; only what is lowered to code passes through here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import sympy
from sympy import Abs, Add, Expr, Max, Min, Mul, Ne, Piecewise, cosh, erf, exp, log, sign, sinh, tanh
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean

from derive.language.expressions import Access, Reduction
from derive.rewrites import branches, exponentials
from derive.rewrites.algebra import divisors, tidy
from derive.rewrites.named_functions import erfc, expm1, guarded, log1p, sigmoid, softplus

LEAST = -37  # exp(−37) is less than half the last digit of 1, also in float64


@dataclass(frozen=True)
class Rewrite:
    """A named rule: `apply` returns the better form of one node, or None where the rule does not hold."""

    name: str
    apply: Callable[[Expr], Expr | None]
    example: str
    whole: bool = False  # whether it looks at the parts before they are rewritten


COMPLEMENTS: Mapping[type[Expr], Callable[[Expr], Expr]] = {  # 1 − f(u); tanh and erf are odd
    sigmoid: lambda u: sigmoid(-u), tanh: lambda u: 2 * sigmoid(-2 * u), erf: erfc}


def _complement(node: Expr) -> Expr | None:
    """c − c·f(u) and c + c·f(u) for a sigmoid, tanh or erf: σ(−u), 2·σ(∓2u), erfc(±u) keep their digits near 0.

    So does 2·σ(u) − 1 = tanh(u/2).
    """
    for constant, term, factor, ratio in _beside_constant(node):
        if isinstance(factor, sigmoid) and ratio == -2:
            return node - constant - term - constant * tanh(factor.args[0] / 2)
        if type(factor) in COMPLEMENTS and (ratio == -1 or ratio == 1 and not isinstance(factor, sigmoid)):
            return node - constant - term + constant * COMPLEMENTS[type(factor)](-ratio * factor.args[0])
    return None


def _complement_of_square(node: Expr) -> Expr | None:
    """c − c·f(u)² = c·(1 − f(u))·(1 + f(u)) for a sigmoid, tanh or erf."""
    for constant, term, factor, ratio in _beside_constant(node):
        base, power = factor.as_base_exp()
        if type(base) in COMPLEMENTS and power == 2 and ratio == -1:
            return node - constant - term + constant * (1 - base) * (1 + base)
    return None


def _beside_constant(node: Expr) -> Iterator[tuple[Expr, Expr, Expr, Expr]]:
    """The terms c and c·r·f of a sum, where c reads no quantity: c, c·r·f, its factor f and r."""
    if isinstance(node, Add) and node.has(*COMPLEMENTS):
        for constant in node.args:
            if not constant.has(Access):
                for term in node.args:
                    for factor in Mul.make_args(term):
                        yield constant, term, factor, term / factor / constant


def _log_softplus(node: Expr) -> Expr | None:
    """log(softplus(u)) = u far below 0, where softplus(u) is exp(u)."""
    if isinstance(node, log) and isinstance(node.args[0], softplus) and not node.args[0].args[0].has(Max):
        u = node.args[0].args[0]
        return Piecewise((log(softplus(Max(u, LEAST))), u > LEAST), (u, True))
    return None


def _logistic_over_softplus(node: Expr) -> Expr | None:
    """σ(u)/softplus(u) = 1 far below 0, where both are exp(u)."""
    if not isinstance(node, Mul) or not node.has(softplus):
        return None
    powers = dict(factor.as_base_exp() for factor in node.args)
    for base, power in powers.items():
        if isinstance(base, softplus) and power.is_negative and not base.args[0].has(Max):
            (u,) = base.args
            if (above := powers.get(sigmoid(u), sympy.S.Zero)).is_positive:
                common = min(above, -power)
                ratio = Piecewise((sigmoid(u) / softplus(Max(u, LEAST)), u > LEAST), (1, True))
                return node * (softplus(u) / sigmoid(u)) ** common * ratio ** common
    return None


def _product_with_its_logarithm(node: Expr) -> Expr | None:
    """x·log(x) is 0 at x = 0."""
    if not isinstance(node, Mul) or not node.has(log, log1p):
        return None
    held = {}
    for factor in node.args:
        if factor.has(Access) and not factor.has(exp):
            for logarithm in node.atoms(log, log1p):
                argument = logarithm.args[0] + (1 if isinstance(logarithm, log1p) else 0)
                if factor in Mul.make_args(argument):
                    held[logarithm] = log(guarded(argument, Ne(factor, 0), 1))
    return node.xreplace(held) if held else None


def _log_cosh(node: Expr) -> Expr | None:
    """log(cosh(u)) = |u| + log1p(exp(−2|u|)) − log 2."""
    if isinstance(node, log) and isinstance(node.args[0], cosh):
        u = Abs(node.args[0].args[0])
        return u + log1p(exp(-2 * u)) - log(2)
    return None


def _hyperbolic_ratio(node: Expr) -> Expr | None:
    """sinh(u)/cosh(u) = tanh(u)."""
    for factor in Mul.make_args(node):
        base, power = factor.as_base_exp()
        if isinstance(base, cosh) and power.is_negative and sinh(base.args[0]) in Mul.make_args(node):
            return node / factor / sinh(base.args[0]) * base ** (power + 1) * tanh(base.args[0])
    return None


def _hyperbolic_secant(node: Expr) -> Expr | None:
    """1/cosh(u) = 2·exp(−|u|)·σ(2|u|)."""
    base, power = node.as_base_exp()
    if isinstance(base, cosh) and power.is_Integer and power.is_negative:
        u = Abs(base.args[0])
        return (2 * exp(-u) * sigmoid(2 * u)) ** -power
    return None


def _half_tanh(node: Expr) -> Expr | None:
    """(exp(u) − 1)/(1 + exp(u)) = tanh(u/2)."""
    if isinstance(node, Mul):
        for factor in node.args:
            base, power = factor.as_base_exp()
            if isinstance(base, sigmoid) and power.is_Integer and power.is_positive:
                twin = expm1(-base.args[0])
                if twin in node.args:
                    return node / factor / twin * base ** (power - 1) * tanh(-base.args[0] / 2)
    return None


def _log1p(node: Expr) -> Expr | None:
    """log(1 + u)."""
    if isinstance(node, log) and isinstance(node.args[0], Add) and sympy.S.One in node.args[0].args:
        return log1p(node.args[0] - 1)
    return None


def _expm1(node: Expr) -> Expr | None:
    """c·exp(u) − c = c·expm1(u)."""
    if isinstance(node, Add):
        for term in node.args:
            power = next((f for f in Mul.make_args(term) if isinstance(f, exp)), None)
            if power is not None and -term / power in node.args:
                return node - term + term / power + term / power * expm1(power.args[0])
    return None


def _exponential_tanh(node: Expr) -> Expr | None:
    """(c·exp(u) − c·exp(−u))/(d·exp(u) + d·exp(−u)) = c/d·tanh(u)."""
    if isinstance(node, Mul):
        for above in node.args:
            for below in node.args:
                base, power = below.as_base_exp()
                if power.is_negative and (up := _opposites(above)) and (down := _opposites(base)) and up[0] == down[0] and (
                        up[1] == -up[2] and down[1] == down[2]):
                    return node / above / below * base ** (power + 1) * up[1] / down[1] * tanh(up[0])
    return None


def _opposites(node: Expr) -> tuple[Expr, Expr, Expr] | None:
    """u, c and d where the node is c·exp(u) + d·exp(−u)."""
    found = [(f.args[0], term / f) for term in Add.make_args(node) for f in Mul.make_args(term) if isinstance(f, exp)]
    if len(found) != 2 or len(Add.make_args(node)) != 2 or found[0][0] != -found[1][0]:
        return None
    (_, falling), (u, rising) = sorted(found, key=lambda each: not each[0].could_extract_minus_sign())
    return u, rising, falling


def _beside_saturation(node: Expr) -> Expr | None:
    """exp(v)·σ(−c·exp(min(u, L))), where v is a multiple of u: the product is 0 long before exp(v) overflows."""
    if not isinstance(node, Mul):
        return None
    for factor in node.args:
        if isinstance(factor, sigmoid) and (decay := factor.args[0]).could_extract_minus_sign():
            for limited in (f for f in Mul.make_args(decay) if isinstance(f, exp) and isinstance(f.args[0], Min)):
                u = next(part for part in limited.args[0].args if not part.is_number)
                for power in node.args:
                    if isinstance(power, exp) and not power.has(Min) and (power.args[0] / u).is_positive:
                        return node / power * exp(power.args[0].subs(u, limited.args[0]))
    return None


def _magnitude(node: Expr) -> Expr | None:
    """u·sign(u) = |u|."""
    if isinstance(node, Mul):
        for factor in node.args:
            if isinstance(factor, sign) and factor.args[0] in node.args:
                return node / factor / factor.args[0] * Abs(factor.args[0])
    return None


def _difference_of_quotients(node: Expr) -> Expr | None:
    """Quotients over a common denominator, where their difference is a product."""
    if isinstance(node, Add) and not node.has(Reduction, Piecewise) and divisors(node):
        better = tidy(node)
        return None if isinstance(better, Add) else better
    return None


REWRITES = (
    Rewrite("positive part", branches.positive_part, "Piecewise((x, x > 0), (0, True)) → max(x, 0)"),
    Rewrite("logistic", exponentials.logistic, "1/(1 + exp(-x)) → sigmoid(x)"),
    Rewrite("logistic of the other sign", exponentials.exp_times_logistic, "exp(x)*sigmoid(-x) → sigmoid(x)"),
    Rewrite("complement", _complement, "1 - sigmoid(x) → sigmoid(-x)"),
    Rewrite("complement of a square", _complement_of_square, "1 - tanh(x)**2 → (1 - tanh(x))·(1 + tanh(x))"),
    Rewrite("log-cosh", _log_cosh, "log(cosh(x)) → |x| + log1p(exp(-2|x|)) - log(2)"),
    Rewrite("hyperbolic ratio", _hyperbolic_ratio, "sinh(x)/cosh(x) → tanh(x)", whole=True),
    Rewrite("tanh of exponentials", _exponential_tanh, "(exp(x) - exp(-x))/(exp(x) + exp(-x)) → tanh(x)", whole=True),
    Rewrite("magnitude", _magnitude, "x*sign(x) → |x|"),
    Rewrite("difference of quotients", _difference_of_quotients, "1/(1 + |x|) - |x|/(1 + |x|)**2 → 1/(1 + |x|)**2"),
    Rewrite("hyperbolic secant", _hyperbolic_secant, "1/cosh(x) → 2·exp(-|x|)·sigmoid(2|x|)"),
    Rewrite("tanh of a half", _half_tanh, "(exp(x) - 1)/(1 + exp(x)) → tanh(x/2)"),
    Rewrite("common factor of a sum", exponentials.common_factor, "sum(k, t[k]*exp(x)) → exp(x)·sum(k, t[k])"),
    Rewrite("scaled power", exponentials.scaled_power, "1/(exp(x) + exp(-x)) → exp(-M)/(exp(x - M) + …)"),
    Rewrite("product of exponentials", exponentials.product_of_exponentials, "exp(x)·exp(-M) → exp(x - M)"),
    Rewrite("merged exponentials", exponentials.merged_exponentials, "(exp(x) + 1)·exp(-M) → exp(x - M) + exp(-M)"),
    Rewrite("weighted exponential", exponentials.weighted_exponential, "c·exp(x - M) → c·exp(x - M where c != 0)"),
    Rewrite("saturated exponential", exponentials.saturated, "tanh(exp(x)) → tanh(exp(min(x, 80)))"),
    Rewrite("beside a saturation", _beside_saturation,
            "exp(x)*sigmoid(-exp(min(x, 80))) → exp(min(x, 80))*sigmoid(-exp(min(x, 80)))"),
    Rewrite("logarithm of a combination", exponentials.log_of_combination, "log(1 + exp(x)) → softplus(x)", whole=True),
    Rewrite("logarithm of a product", exponentials.log_of_product, "log(exp(x)/S) → x - log(S)", whole=True),
    Rewrite("logarithm of softplus", _log_softplus, "log(softplus(x)) → x for x < -37"),
    Rewrite("logistic over softplus", _logistic_over_softplus, "sigmoid(x)/softplus(x) → 1 for x < -37"),
    Rewrite("product with its logarithm", _product_with_its_logarithm, "x*log(x) → x*log(where(x != 0, x, 1))"),
    Rewrite("log1p", _log1p, "log(1 + x) → log1p(x)"),
    Rewrite("expm1", _expm1, "exp(x) - 1 → expm1(x)"),
    Rewrite("guarded branch", branches.guard, "where(x > 0, x, exp(x)) → where(x > 0, x, exp(min(x, 0)))"),
)


def stable(expression: Expr, rewrites: tuple[Rewrite, ...] = REWRITES) -> Expr:
    """Apply the named rewrites from the leaves up, until none holds; those of a whole quotient come before its parts."""
    if isinstance(expression, Access) or not expression.args or isinstance(expression, (Relational, sympy.Tuple)):
        return expression
    for rewrite in rewrites:
        if rewrite.whole and (better := rewrite.apply(expression)) is not None:
            return stable(better, rewrites)
    if isinstance(expression, Reduction):
        expression = expression.func(stable(expression.body, rewrites), *expression.indices)
    elif isinstance(expression, Piecewise):
        expression = Piecewise(*((stable(v, rewrites), _compared(c, rewrites)) for v, c in expression.args))
    else:
        expression = expression.func(*(stable(a, rewrites) for a in expression.args))
    for rewrite in rewrites:
        better = rewrite.apply(expression)
        if better is not None and better != expression:
            return better if rewrite.name == "guarded branch" else stable(better, rewrites)
    return expression


def _compared(condition: Boolean, rewrites: tuple[Rewrite, ...]) -> Boolean:
    """A condition whose sides are computed by stable forms too."""
    return condition.xreplace({each: each.func(*(stable(side, rewrites) for side in each.args))
                               for each in condition.atoms(Relational) if each.has(exp, log)})
