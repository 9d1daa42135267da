"""Whether an expression over the nodes of a working is 0, whatever its inputs and parameters are.

Nodes are independent variables until their equations are put in, those furthest from the inputs first: most claims
need only the last few.  Exponentials, roots, logarithms and branches become variables of a rational function with what
is known of them.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from math import gcd, lcm

import sympy
from sympy import Add, Dummy, Expr, Integer, Mul, Pow, Rational, exp, log
from sympy.polys.polyerrors import PolynomialError

from derive.claims.branches import branches, by_cases, put_in
from derive.claims.effort import Effort, Exhausted
from derive.claims.proof.extent import terms
from derive.claims.proof.numbers import is_small
from derive.claims.working.names import entry, nodes_of
from derive.language.expressions import Access

LONGEST = 1000  # operations of an expression that is still worked on
MOST_TERMS = 12_000  # of an expression that is multiplied out
STEP = 200  # what a step takes besides, in terms
FACTORED = 100  # the terms of what is factored below a logarithm, at most
DRAWS = 2
EXPONENTIAL = (sympy.tanh, sympy.sinh, sympy.cosh, sympy.tan, sympy.sin, sympy.cos)

Define = Callable[[Access], Expr | None]
Depth = Callable[[Access], int]
MayVanish = Callable[[Expr], bool]


SILENT = (Exhausted, NotImplementedError, TypeError, ValueError, ArithmeticError, PolynomialError)
"""What ends a proof: no effort is left, there are too many terms or cases, or what SymPy raises at odd things."""


def vanishes(expression: Expr, define: Define, depth: Depth, determined: Define, may_vanish: MayVanish,
             effort: Effort) -> bool:
    """Whether it is shown to be 0; False says nothing.

    Args:
        define: the equation of a node, or None.
        depth: how far a node is from what has no equation.
        determined: what a node is by declared facts, as t[0,2] = 1 − t[0,0] − t[0,1], or None.
        may_vanish: whether an expression is 0 for some numbers that obey the equations.
        effort: is spent, in terms that are multiplied out.
    """
    try:
        return _vanishes(exact(expression), define, depth, determined, may_vanish, effort)
    except SILENT:
        return False


def _vanishes(expression: Expr, define: Define, depth: Depth, determined: Define, may_vanish: MayVanish,
              effort: Effort) -> bool:
    while True:
        expression = expression.xreplace({n: e for n in nodes_of(expression) if (e := determined(n)) is not None})
        if expression == 0:
            return True
        if sympy.count_ops(expression) > LONGEST:
            return False
        if _may_vanish(expression) and is_zero(expression, effort):
            return True
        if (decided := by_cases(expression, define)) != expression and _may_vanish(decided) and is_zero(decided, effort):
            return True
        defined = {node: body for node in nodes_of(expression) if (body := define(node)) is not None}
        if not defined:
            return False
        deepest = max(map(depth, defined))
        bodies = {node: exact(body) for node, body in defined.items() if depth(node) == deepest}
        parts = _coefficients(expression, list(bodies))
        if all(map(may_vanish, parts)):
            return all(_vanishes(part, define, depth, determined, may_vanish, effort) for part in parts)
        expression = put_in(expression, bodies)


def _coefficients(expression: Expr, nodes: list[Access]) -> list[Expr]:
    """What stands before each power, product or function of some nodes; where all of it is 0, the expression is."""
    if terms(expression) > MOST_TERMS:
        return [expression]
    found: dict[Expr, list[Expr]] = {}
    for term in Add.make_args(sympy.expand_mul(expression)):
        coefficient, rest = term.as_independent(*nodes, as_Add=False)
        found.setdefault(rest, []).append(coefficient)
    return [Add(*terms) for terms in found.values()]


def exact(expression: Expr) -> Expr:
    """The expression with fractions for its decimal numbers: 0.5 means 1/2."""
    return expression.xreplace({f: Rational(repr(float(f))) for f in expression.atoms(sympy.Float)})


def _may_vanish(expression: Expr) -> bool:
    """Whether it is 0 for a few values of its variables; where it has none there, it may."""
    nodes = nodes_of(expression)
    for seed in range(DRAWS):
        generator = random.Random(seed)
        values = {entry(node): generator.uniform(0.1, 0.9) for node in nodes}
        if not is_small(expression, values):
            return False
    return True


def is_zero(expression: Expr, effort: Effort) -> bool:
    """Whether an expression is 0 for any values of its accesses and symbols; False says nothing.

    Raises:
        NotImplementedError: it has too many cases or terms.
        Exhausted: no effort is left.
    """
    return all(_is_zero_function(branch, effort) for branch in branches(expression))


# -- rational functions --------------------------------------------------------------------------------------------------


def _is_zero_function(expression: Expr, effort: Effort) -> bool:
    """Whether a rational function of accesses, exponentials, logarithms and roots is 0."""
    flat, roots = _flattened(_elementary(expression))
    many = terms(flat)
    effort.spend(STEP + many)
    if many > MOST_TERMS:
        raise NotImplementedError("too many terms")
    numerator, _ = sympy.fraction(sympy.together(flat))
    numerator = sympy.expand(numerator)
    for symbol, (power, base) in roots.items():
        if numerator.has(symbol):
            numerator = sympy.expand(sympy.rem(numerator, symbol**power - base, symbol))
            numerator = sympy.expand(sympy.fraction(sympy.together(numerator))[0])
    return bool(numerator == 0)


def _elementary(expression: Expr) -> Expr:
    """Hyperbolic functions and those of angles as exponentials, logarithms of products as sums."""
    expression = expression.replace(lambda e: isinstance(e, EXPONENTIAL), lambda e: e.rewrite(exp))
    if not expression.has(log):
        return expression
    return expression.replace(lambda e: isinstance(e, log), lambda e: _log(e.args[0]))


def _log(argument: Expr) -> Expr:
    """log(u·v) = log|u| + log|v|, and each |u| is written with one of the two signs of u."""
    top, bottom = sympy.fraction(sympy.together(argument))
    parts = []
    for side, sign in ((top, 1), (bottom, -1)):
        for factor in Mul.make_args(sympy.factor(side) if terms(side) <= FACTORED else side):
            base, power = (factor, Integer(1)) if isinstance(factor, exp) else factor.as_base_exp()
            positive = -base if base.could_extract_minus_sign() else base
            parts.append(sign * (base.args[0] if isinstance(base, exp) else power * log(positive)))
    return Add(*parts)


def _flattened(expression: Expr) -> tuple[Expr, dict[Dummy, tuple[int, Expr]]]:
    """The expression with variables for all that is not rational, and which of them are roots of what."""
    variables: dict[Expr, Dummy] = {}
    roots: dict[Dummy, tuple[int, Expr]] = {}
    units = _units(expression)

    def variable(key: Expr) -> Dummy:
        return variables.setdefault(key, Dummy(f"u{len(variables):03d}"))

    def walk(node: Expr) -> Expr:
        if node.is_Rational:
            return node
        if node is sympy.I:
            imaginary = variable(node)
            roots[imaginary] = 2, Integer(-1)
            return imaginary
        if isinstance(node, exp):
            return Mul(*(variable(exp(term)) ** (coefficient / units[term])
                         for term, coefficient in _exponents(node.args[0])))
        if isinstance(node, (Add, Mul)) or isinstance(node, Pow) and node.exp.is_Integer:
            return node.func(*map(walk, node.args))
        if isinstance(node, Pow) and node.exp.is_Rational:
            root = variable(Pow(node.base, Rational(1, node.exp.q)))
            roots[root] = node.exp.q, walk(node.base)
            return root**node.exp.p
        if isinstance(node, Access) or not node.args:
            return variable(node)
        return variable(node.func(*(sympy.cancel(sympy.together(a)) if isinstance(a, Expr) else a for a in node.args)))

    return walk(expression), roots


def _exponents(argument: Expr) -> list[tuple[Expr, Rational]]:
    """The terms of an exponent with their rational coefficients."""
    pairs = []
    for term in Add.make_args(sympy.expand(argument)):
        coefficient, rest = term.as_coeff_Mul(rational=True)
        pairs.append((rest, coefficient))
    return pairs


def _units(expression: Expr) -> dict[Expr, Rational]:
    """Of each term in exponents the largest fraction that all its coefficients are multiples of."""
    found: dict[Expr, list[Rational]] = {}
    for node in expression.atoms(exp):
        for term, coefficient in _exponents(node.args[0]):
            found.setdefault(term, []).append(coefficient)
    return {term: Rational(gcd(*(c.p for c in all_)), lcm(*(c.q for c in all_))) for term, all_ in found.items()}
