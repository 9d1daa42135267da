"""Stable forms: the same value, computed without overflow and without loss of digits.

Each named rewrite is one object; `stable` applies them to the equations that are to be computed.  The derivation
keeps the textbook forms; only what is lowered to code passes through here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import sympy
from sympy import Abs, Add, Expr, Function, Integer, Max, Min, Mul, Piecewise, Pow, cosh, exp, log, sign, sinh, tanh
from sympy.core.relational import GreaterThan, LessThan, Relational, StrictGreaterThan, StrictLessThan

from derive.language.equations import Equation, System
from derive.language.expressions import Access, Maximum, Reduction, Sum, names
from derive.language.substitution import up_to_names
from derive.rewrites.cancellation import insert


class sigmoid(Function):  # noqa: N801 - named as it is written
    """1/(1 + exp(−x)), for any x: exp(min(x, 0)) / (1 + exp(−|x|))."""

    nargs = 1
    is_real = True

    def definition(self) -> Expr:
        (x,) = self.args
        return sympy.exp(sympy.Min(x, 0)) / (1 + sympy.exp(-sympy.Abs(x)))


class softplus(Function):  # noqa: N801
    """log(1 + exp(x)), for any x: max(x, 0) + log1p(exp(−|x|))."""

    nargs = 1
    is_real = True

    def definition(self) -> Expr:
        (x,) = self.args
        return sympy.Max(x, 0) + log1p(sympy.exp(-sympy.Abs(x)))


class log1p(Function):  # noqa: N801
    """log(1 + x) without loss of digits near 0; a primitive of every target."""

    nargs = 1
    is_real = True


class expm1(Function):  # noqa: N801
    """exp(x) − 1 without loss of digits near 0; a primitive of every target."""

    nargs = 1
    is_real = True


@dataclass(frozen=True)
class Rewrite:
    """A named rule: `apply` returns the better form of one node, or None where the rule does not hold."""

    name: str
    apply: Callable[[Expr], Expr | None]
    example: str
    whole: bool = False  # whether it looks at the parts before they are rewritten


def _logistic(node: Expr) -> Expr | None:
    """1/(1 + exp(u)) = σ(−u)."""
    base, power = node.as_base_exp()
    u = _one_plus_exp(base)
    if u is not None and power.is_Integer and power.is_negative:
        return sigmoid(-u) ** -power
    return None


def _one_plus_exp(base: Expr) -> Expr | None:
    if isinstance(base, Add) and len(base.args) == 2 and base.args[0] == 1 and isinstance(base.args[1], exp):
        return base.args[1].args[0]
    return None


def _exp_times_logistic(node: Expr) -> Expr | None:
    """exp(u)·σ(−u) = σ(u), through a sum too."""
    if not isinstance(node, Mul):
        return None
    for factor in node.args:
        base, power = factor.as_base_exp()
        if not (isinstance(base, sigmoid) and power.is_Integer and power.is_positive):
            continue
        u = -base.args[0]
        for other in node.args:
            if isinstance(other, exp) and 0 < (ratio := _multiple(other, u)) <= power:
                return node / factor / other * sigmoid(u) ** ratio * base ** (power - ratio)
            if isinstance(other, Add) and any(_multiple(f, u) > 0 for t in other.args for f in Mul.make_args(t)):
                return Add(*(term * factor for term in other.args)) * (node / factor / other)
    return None


def _multiple(factor: Expr, u: Expr) -> int:
    """The integer p for which the factor is exp(p·u); 0 where there is none."""
    if not isinstance(factor, exp):
        return 0
    ratio = sympy.cancel(factor.args[0] / u)
    return int(ratio) if ratio.is_Integer else 0


def _merged_exponentials(node: Expr) -> Expr | None:
    """exp(u)·exp(−M) = exp(u − M), through a sum too: the scale M meets what it was taken from."""
    if not isinstance(node, Mul):
        return None
    scale = next((f for f in node.args if isinstance(f, exp) and f.has(Max, Maximum)), None)
    if scale is None:
        return None
    others = [f for f in node.args if f is not scale]
    for factor in others:
        rest = Mul(*(f for f in others if f is not factor))
        if isinstance(factor, exp):
            return exp(factor.args[0] + scale.args[0]) * rest
        if isinstance(factor, Add) and any(isinstance(f, exp) for term in factor.args for f in Mul.make_args(term)):
            return Add(*(term * scale for term in factor.args)) * rest
    return None


def _complement(node: Expr) -> Expr | None:
    """1 − σ(u) = σ(−u), which keeps its digits where σ(u) is near 1."""
    if isinstance(node, Add) and Integer(1) in node.args:
        for term in node.args:
            if isinstance(-term, sigmoid):
                return node - 1 - term + sigmoid(-(-term).args[0])
    return None


def _scaled_sum(node: Expr) -> Expr | None:
    """Σ_k exp(v_k) = exp(M)·Σ_k exp(v_k − M), M = max_k v_k: in a ratio or a logarithm the exp(M) meets its like."""
    if isinstance(node, Sum) and isinstance(node.body, exp):
        exponent = node.body.args[0]
        if exponent.has(Maximum):
            return None
        largest = Maximum(exponent, *node.indices)
        return exp(largest) * Sum(exp(exponent - largest), *node.indices)
    return None


def _scaled_exponentials(node: Expr) -> Expr | None:
    """Σ c_i·exp(u_i) in a denominator: numerator and denominator are divided by the largest exponential."""
    base, power = node.as_base_exp()
    if not (power.is_Integer and power.is_negative and isinstance(base, Add)):
        return None
    exponents = [_exponent(term) for term in base.args]
    if None in exponents or all(e == 0 for e in exponents) or base.has(Max, Maximum):
        return None
    largest = Max(*exponents)
    scaled = Add(*(term / exp(e) * exp(e - largest) for term, e in zip(base.args, exponents, strict=True)))
    return exp(power * largest) * scaled ** power


def _exponent(term: Expr) -> Expr | None:
    """u where the term is c·exp(u) with a positive number c."""
    exponent = Integer(0)
    for factor in Mul.make_args(term):
        if isinstance(factor, exp):
            exponent += factor.args[0]
        elif not factor.is_positive or factor.has(Access):
            return None
    return exponent


def _softplus(node: Expr) -> Expr | None:
    """log(1 + exp(u)) is the softplus."""
    if isinstance(node, log):
        u = _one_plus_exp(node.args[0])
        if u is not None:
            return softplus(u)
    return None


def _log_of_product(node: Expr) -> Expr | None:
    """log(exp(u)·v) = u + log(v), log(σ(u)) = −softplus(−u), log((1 + exp(u))·v) = softplus(u) + log(v)."""
    if not isinstance(node, log):
        return None
    plain, rest = Integer(0), []
    for factor in Mul.make_args(node.args[0]):
        base, power = factor.as_base_exp() if not isinstance(factor, exp) else (factor, Integer(1))
        u = _one_plus_exp(base)
        if isinstance(base, exp):
            plain += base.args[0]
        elif u is not None and len(node.args[0].args) > 1:
            plain += power * softplus(u)
        elif isinstance(base, sigmoid):
            plain -= power * softplus(-base.args[0])
        elif isinstance(base, Sum) and isinstance(base.body, exp):
            plain += power * log(base)
        else:
            rest.append(factor)
    return plain + log(Mul(*rest)) if plain != 0 and node != plain else None


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


def _one_plus_tanh(node: Expr) -> Expr | None:
    """c + c·tanh(u) = 2c·σ(2u), and c − c·tanh(u) = 2c·σ(−2u), which keep their digits where tanh(u) is near ∓1."""
    if isinstance(node, Add) and node.args[0].is_number:
        for term in node.args[1:]:
            factor = next((f for f in Mul.make_args(term) if isinstance(f, tanh)), None)
            if factor is not None and abs(term / factor) == abs(node.args[0]):
                side = 2 * term / factor / node.args[0] * factor.args[0]
                return node - node.args[0] - term + 2 * node.args[0] * sigmoid(side)
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
    if isinstance(node, log) and isinstance(node.args[0], Add) and Integer(1) in node.args[0].args:
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


def _positive_part(node: Expr) -> Expr | None:
    """max, |x| and sign, which users may type and SymPy differentiates as branches."""
    if not isinstance(node, Piecewise):
        return None
    pairs = [(value, condition) for value, condition in node.args]
    if len(pairs) == 2 and pairs[1][1] == sympy.true:
        (above, condition), (below, _) = pairs
        if isinstance(condition, (StrictGreaterThan, GreaterThan)) and (condition.lhs, condition.rhs) == (above, below):
            return Max(above, below)
        if isinstance(condition, (StrictLessThan, LessThan)) and (condition.lhs, condition.rhs) == (above, below):
            return Min(above, below)
    if len(pairs) == 3 and [type(c) for _, c in pairs[:2]] == [StrictGreaterThan, StrictLessThan]:
        (positive, over), (negative, under), (zero, _) = pairs
        if over.lhs == under.lhs and over.rhs == under.rhs == zero == 0:
            if (positive, negative) == (over.lhs, -over.lhs):
                return Abs(over.lhs)
            if (positive, negative) == (1, -1):
                return sign(over.lhs)
    return None


def _guard(node: Expr) -> Expr | None:
    """A branch is also computed where it is not taken: there its functions get the nearest argument that is allowed."""
    if not isinstance(node, Piecewise):
        return None
    pairs, excluded = [], []
    for value, condition in node.args:
        if isinstance(condition, Relational):
            value = _clamped(value, condition)
            excluded.append(condition)
        else:
            for earlier in excluded:
                value = _clamped(value, earlier.negated)
        pairs.append((value, condition))
    guarded = Piecewise(*pairs)
    return guarded if guarded != node else None


def _clamped(value: Expr, condition: Relational) -> Expr:
    """Inside functions that may overflow, the side of a comparison with a number is held to what is allowed."""
    left, right = condition.lhs, condition.rhs
    if not right.is_number or isinstance(condition, sympy.Eq):
        return value
    above = isinstance(condition, (StrictGreaterThan, GreaterThan, sympy.Ne))
    inside = Piecewise((left, condition), (right + (1 if above else -1), True))
    allowed: dict[Expr, Expr] = {}
    for f in value.atoms(exp, expm1, log, log1p, Pow):
        if not f.has(left) or f.has(Min, Max) or isinstance(f, Pow) and f.exp.is_Integer and f.exp.is_positive:
            continue
        argument = inside  # an argument for which the branch is taken, as the border is not allowed either
        if isinstance(f, (exp, expm1)) and not isinstance(condition, sympy.Ne):
            argument = Max(left, right) if above else Min(left, right)
        allowed[f] = f.func(*(a.subs(left, argument) for a in f.args))
    return value.xreplace(allowed)


REWRITES = (
    Rewrite("positive part", _positive_part, "Piecewise((x, x > 0), (0, True)) → max(x, 0)"),
    Rewrite("softplus", _softplus, "log(1 + exp(x)) → softplus(x)"),
    Rewrite("logistic", _logistic, "1/(1 + exp(-x)) → sigmoid(x)"),
    Rewrite("logistic of the other sign", _exp_times_logistic, "exp(x)*sigmoid(-x) → sigmoid(x)"),
    Rewrite("complement", _complement, "1 - sigmoid(x) → sigmoid(-x)"),
    Rewrite("log-cosh", _log_cosh, "log(cosh(x)) → |x| + log1p(exp(-2|x|)) - log(2)"),
    Rewrite("hyperbolic ratio", _hyperbolic_ratio, "sinh(x)/cosh(x) → tanh(x)", whole=True),
    Rewrite("hyperbolic secant", _hyperbolic_secant, "1/cosh(x) → 2·exp(-|x|)·sigmoid(2|x|)"),
    Rewrite("one plus tanh", _one_plus_tanh, "1 + tanh(x) → 2·sigmoid(2x)"),
    Rewrite("tanh of a half", _half_tanh, "(exp(x) - 1)/(1 + exp(x)) → tanh(x/2)"),
    Rewrite("scaled sum", _scaled_sum, "sum(k, exp(x[k])) → exp(M)·sum(k, exp(x[k] - M))"),
    Rewrite("scaled exponentials", _scaled_exponentials, "1/(exp(x) + exp(-x)) → exp(-M)/(exp(x-M) + …)"),
    Rewrite("merged exponentials", _merged_exponentials, "exp(x)·exp(-M) → exp(x - M)"),
    Rewrite("logarithm of a product", _log_of_product, "log(exp(x)/S) → x - log(S)"),
    Rewrite("log1p", _log1p, "log(1 + x) → log1p(x)"),
    Rewrite("expm1", _expm1, "exp(x) - 1 → expm1(x)"),
    Rewrite("guarded branch", _guard, "where(x > 0, x, exp(x)) → where(x > 0, x, exp(min(x, 0)))"),
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
        expression = Piecewise(*((stable(v, rewrites), c) for v, c in expression.args))
    else:
        expression = expression.func(*(stable(a, rewrites) for a in expression.args))
    for rewrite in rewrites:
        better = rewrite.apply(expression)
        if better is not None and better != expression:
            return better if rewrite.name == "guarded branch" else stable(better, rewrites)
    return expression


def stable_system(system: System) -> System:
    """The same quantities, computed by stable forms.

    A logarithm of a probability is computed from the logits: log(a2[n,j]) becomes the logarithm of a2's definition
    where that is a named form.
    """
    definitions = system.definitions
    return System(system.quantities, tuple(replace(e, body=_stable_body(e, definitions)) for e in system.equations))


def _stable_body(equation: Equation, definitions: Mapping[str, Equation]) -> Expr:
    body = equation.body
    for node in sorted(body.atoms(log), key=sympy.default_sort_key):
        given = names(node) - definitions.keys()
        if not _unsafe_logarithms(_stable(node), given):
            continue
        inserted = node
        for name in sorted(names(node) & definitions.keys()):
            inserted = insert(inserted, definitions[name])
        better = _stable(inserted)
        if not _unsafe_logarithms(better, given):
            body = body.xreplace({node: better})
    return _stable(body)


def _unsafe_logarithms(expression: Expr, given: frozenset[str]) -> bool:
    """Whether a logarithm is left that can underflow to log(0): any but one of exponentials or of given data alone."""
    def safe(argument: Expr) -> bool:
        return isinstance(argument.body if isinstance(argument, Sum) else argument, exp)

    return any(not safe(node.args[0]) and not names(node) <= given for node in expression.atoms(log, log1p))


_stable = up_to_names(stable)
