"""A system in stable forms: what has to look at more than one equation.

A logarithm, a quotient or a difference may lose its digits because of what its argument was computed from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import sympy
from sympy import Abs, Add, Expr, Max, Mul, Piecewise, cosh, erf, exp, log, sinh, tanh
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean, BooleanFunction

from derive.language.equations import Equation, Quantity, Role, System
from derive.language.expressions import Access, Reduction, names
from derive.language.substitution import up_to_names
from derive.rewrites import exponentials
from derive.rewrites.algebra import divisors, tidy
from derive.rewrites.branches import positive_part
from derive.rewrites.cancellation import insert
from derive.rewrites.named_functions import guarded, log1p, sigmoid, softplus
from derive.rewrites.stability import COMPLEMENTS, stable

_stable = up_to_names(stable)


def stable_system(system: System) -> System:
    """The same quantities, computed by stable forms.

    A logarithm of a probability is computed from the logits: log(a2[n,j]) becomes the logarithm of a2's definition
    where that is a named form.  So is what is divided by a probability in one equation and multiplied by it in the next,
    and what an output leaves of a constant: 1 − a2[n,j] is 0 where a2 is rounded to 1.
    """
    definitions = system.definitions
    return System(system.quantities, tuple(
        replace(e, body=_stable_body(e, definitions, system.quantities)) for e in system.equations))


def _stable_body(equation: Equation, definitions: Mapping[str, Equation], roles: Mapping[str, Quantity]) -> Expr:
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
    for name in sorted(name for name in names(body) if name in definitions and roles[name].role is Role.ADJOINT):
        if name == equation.name or name in definitions[name].reads:
            continue  # of a recurrence: one step of it would stand in the other
        given = (names(body) | names(definitions[name].body)) - definitions.keys()
        divided = {each for each in _unsafe_divisors(definitions[name].body, given) if _underflows(definitions.get(each))}
        if divided:
            inserted = _multiplied_out(insert(body, definitions[name]))
            for quantity in sorted(divided):
                inserted = insert(inserted, definitions[quantity])
            better = _stable(_with_common_factors(inserted))
            if not _unsafe_divisors(better, given):
                return better
    return _stable(_without_differences(body, definitions))


def _without_differences(expression: Expr, definitions: Mapping[str, Equation], taken: Boolean = sympy.true) -> Expr:
    """1 − a and 1 − a², for an output a, by what a is a function of: the difference loses the digits, its value has them.

    In a branch, the output is what its own branch with the same condition says.
    """
    if isinstance(expression, Access) or not expression.args:
        return expression
    if isinstance(expression, Piecewise):
        return Piecewise(*((_without_differences(value, definitions, condition), condition)
                           for value, condition in expression.args))
    if isinstance(expression, Reduction):
        return expression.func(_without_differences(expression.body, definitions, taken), *expression.indices)
    if isinstance(expression, Add):
        for access in sorted(expression.atoms(Access), key=sympy.default_sort_key):
            if better := _difference(expression, access, definitions, taken):
                return better
        factored = sympy.factor_terms(expression)
        better = factored if isinstance(factored, Add) else _without_differences(factored, definitions, taken)
        return expression if better == factored else better
    return expression.func(*(_without_differences(a, definitions, taken) if isinstance(a, Expr) else a
                             for a in expression.args))


def _difference(node: Add, output: Access, definitions: Mapping[str, Equation], taken: Boolean) -> Expr | None:
    """c − r·output or c − r·output² as a product, where the output's definition makes it one."""
    if not _underflows(definitions.get(output.name)):
        return None
    if names(node) - {output.name} - names(definitions[output.name].body):
        return None  # a − t is no product; in w − w·a the factor w is taken out first
    if node.args[0].has(output) or {output.name} != names(node) & definitions.keys() or (
            sympy.degree(node, output) not in (1, 2) if node.is_polynomial(output) else True):
        return None
    value = insert(output, definitions[output.name])
    if isinstance(value, Piecewise):
        value = next((branch for branch, condition in value.args if condition == taken), value)
    if value.has(Reduction, Piecewise) or not value.has(exp, sinh, cosh, *COMPLEMENTS):
        return None
    better = _with_value(node, output, value)
    return better if not isinstance(better, Add) else None


@up_to_names
def _with_value(node: Add, output: Access, value: Expr) -> Expr:
    function = _stable(value)
    if isinstance(function, (tanh, erf)) and (node - node.subs(output, 0)).coeff(output, 2) == -node.subs(output, 0):
        return node.subs(output, 0) * COMPLEMENTS[type(function)](Abs(function.args[0])) * (1 + Abs(output))
    better = _stable(node.xreplace({output: function}))
    return better if not isinstance(better, Add) else _stable(tidy(sympy.expand_mul(node.xreplace({output: value}))))


def _unsafe_logarithms(expression: Expr, given: frozenset[str]) -> bool:
    """Whether a logarithm is left that can underflow to log(0): any but one of exponentials or of given data alone."""
    def safe(node: Expr) -> bool:
        (argument,) = node.args
        bounded = all(f.is_number or _is_above_a_number(f.as_base_exp()[0]) for f in Mul.make_args(argument))
        return (isinstance(argument, (exp, softplus)) or exponentials.is_scaled(argument) or names(node) <= given or bounded
                or isinstance(node, log1p) and argument.is_nonnegative)

    return not all(map(safe, expression.atoms(log, log1p)))


def _underflows(equation: Equation | None) -> bool:
    """Whether it defines what may be rounded to 0 or 1, and so is worth putting in: a pre-activation never is."""
    return equation is not None and equation.body.has(exp, sinh, cosh, *COMPLEMENTS)


def _is_above_a_number(expression: Expr) -> bool:
    """Whether it is a number greater than 0 and what only adds to that, as 2 + softplus(u)."""
    first = expression.args[0] if isinstance(expression, Add) else expression
    return isinstance(expression, Add) and bool(expression.is_positive and first.is_number and first.is_positive)


def _unsafe_divisors(expression: Expr, given: frozenset[str]) -> set[str]:
    """The quantities, but those that are given, among what an expression divides by and that can underflow to 0."""
    def safe(divisor: Expr) -> bool:
        divisor = divisor.replace(Piecewise, lambda *pairs: positive_part(Piecewise(*pairs)) or Piecewise(*pairs))
        if not divisor.replace(lambda e: isinstance(e, (Relational, BooleanFunction)), lambda _: sympy.true).has(Access):
            return True  # a count, as of the entries that equal their maximum
        if isinstance(divisor, softplus):
            return divisor.has(Max)
        if divisor.is_positive:
            return _is_above_a_number(divisor) or not divisor.has(exp, sigmoid, softplus)
        terms = exponentials.combination(divisor) if exponentials.is_scaled(divisor) else None
        return divisor.has(guarded) or terms is not None and not any(term.weight_may_be_zero for term in terms)

    return set().union(*(names(divisor) - given for divisor in divisors(expression) if not safe(divisor)))


def _multiplied_out(expression: Expr) -> Expr:
    """Products through the sums and branches that divide by a quantity, so that a factor meets it there."""
    if isinstance(expression, Access) or not divisors(expression):
        return expression
    if isinstance(expression, Reduction):
        return expression.func(_multiplied_out(expression.body), *expression.indices)
    if isinstance(expression, Piecewise):
        return Piecewise(*((_multiplied_out(value), condition) for value, condition in expression.args))
    if not isinstance(expression, (Add, Mul)):
        return expression
    inner = expression.func(*map(_multiplied_out, expression.args))
    through = next((f for f in Mul.make_args(inner) if isinstance(f, (Add, Piecewise)) and divisors(f)), inner)
    if through is inner:
        return inner
    rest = Mul(*(f for f in inner.args if f is not through))
    if isinstance(through, Add):
        return Add(*(_multiplied_out(term * rest) for term in through.args))
    return Piecewise(*((_multiplied_out(value * rest), condition) for value, condition in through.args))


def _with_common_factors(expression: Expr) -> Expr:
    """The exponentials that do not depend on the index of a sum before it, in what is divided by too."""
    if isinstance(expression, Access) or not expression.has(Reduction):
        return expression
    if isinstance(expression, Reduction):
        inner = expression.func(_with_common_factors(expression.body), *expression.indices)
        return exponentials.common_factor(inner) or inner
    if isinstance(expression, Piecewise):
        return Piecewise(*((_with_common_factors(value), condition) for value, condition in expression.args))
    return expression.func(*map(_with_common_factors, expression.args))
