"""Whether an expression over the nodes of a working is 0, whatever its inputs and parameters are.

Nodes are independent variables until their equations are put in, those furthest from the inputs first: most claims
need only the last few.  Exponentials, roots, logarithms and branches become variables of a rational function with what
is known of them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from itertools import product
from math import gcd, lcm

import sympy
from sympy import Add, Dummy, Expr, Integer, Mul, Piecewise, Pow, Rational, exp, log
from sympy.core.relational import Relational
from sympy.polys.polyerrors import PolynomialError

from derive.claims.proof.numbers import is_small
from derive.claims.working.names import entry, nodes_of
from derive.language.expressions import Access

LONGEST = 1000  # operations of an expression that is still worked on
MOST_BRANCHES = 5
DRAWS = 2
EXPONENTIAL = (sympy.tanh, sympy.sinh, sympy.cosh, sympy.tan, sympy.sin, sympy.cos)

Define = Callable[[Access], Expr | None]
Depth = Callable[[Access], int]
MayVanish = Callable[[Expr], bool]


SILENT = (TypeError, ValueError, ArithmeticError, NotImplementedError, PolynomialError)  # what SymPy raises at odd things


def vanishes(expression: Expr, define: Define, depth: Depth, determined: Define, may_vanish: MayVanish) -> bool:
    """Whether it is shown to be 0; False says nothing.

    Args:
        define: the equation of a node, or None.
        depth: how far a node is from what has no equation.
        determined: what a node is by declared facts, as t[0,2] = 1 − t[0,0] − t[0,1], or None.
        may_vanish: whether an expression is 0 for some numbers that obey the equations.
    """
    try:
        return _vanishes(exact(expression), define, depth, determined, may_vanish)
    except SILENT:
        return False


def _vanishes(expression: Expr, define: Define, depth: Depth, determined: Define, may_vanish: MayVanish) -> bool:
    while True:
        expression = expression.xreplace({n: e for n in nodes_of(expression) if (e := determined(n)) is not None})
        if expression == 0:
            return True
        if sympy.count_ops(expression) > LONGEST:
            return False
        if _may_vanish(expression) and is_zero(expression):
            return True
        defined = {node: body for node in nodes_of(expression) if (body := define(node)) is not None}
        if not defined:
            return False
        deepest = max(map(depth, defined))
        bodies = {node: exact(body) for node, body in defined.items() if depth(node) == deepest}
        parts = _coefficients(expression, list(bodies))
        if all(map(may_vanish, parts)):
            return all(_vanishes(part, define, depth, determined, may_vanish) for part in parts)
        if branches_in_conditions(expression, bodies):
            return False
        expression = expression.xreplace(bodies)


def _coefficients(expression: Expr, nodes: list[Access]) -> list[Expr]:
    """What stands before each power, product or function of some nodes; where all of it is 0, the expression is."""
    found: dict[Expr, list[Expr]] = {}
    for term in Add.make_args(sympy.expand_mul(expression)):
        coefficient, rest = term.as_independent(*nodes, as_Add=False)
        found.setdefault(rest, []).append(coefficient)
    return [Add(*terms) for terms in found.values()]


def branches_in_conditions(expression: Expr, bodies: Mapping[Access, Expr]) -> bool:
    """Whether a condition would depend on a condition, which SymPy does not write."""
    compared = {node for relation in expression.atoms(Relational) for node in nodes_of(relation)}
    return any(body.has(Piecewise) for node, body in bodies.items() if node in compared)


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


def is_zero(expression: Expr) -> bool:
    """Whether an expression is 0 for any values of its accesses and symbols; False says nothing."""
    conditions = _conditions(expression)
    if len(conditions) > MOST_BRANCHES:
        return False
    for truth in product((True, False), repeat=len(conditions)):
        chosen = _in_branch(expression, dict(zip(conditions, truth, strict=True)))
        if chosen is None or not _is_zero_function(chosen):
            return False
    return True


# -- branches ----------------------------------------------------------------------------------------------------------


def _conditions(expression: Expr) -> list[Expr]:
    """The differences whose signs decide between branches."""
    found: dict[Expr, None] = {}
    for node in sympy.preorder_traversal(_as_branches(expression)):
        if isinstance(node, Relational):
            difference, _ = _difference(node)
            found.setdefault(difference)
    return list(found)


def _as_branches(expression: Expr) -> Expr:
    return expression.replace(lambda e: isinstance(e, (sympy.Max, sympy.Min, sympy.Abs, sympy.sign)),
                              lambda e: e.rewrite(Piecewise))


def _difference(relation: Relational) -> tuple[Expr, bool]:
    """What is compared with 0, and whether it stands with its sign turned."""
    difference = sympy.expand(relation.lhs - relation.rhs).as_content_primitive()[1]
    turned = difference.could_extract_minus_sign()
    return (-difference if turned else difference), turned


def _in_branch(expression: Expr, positive: dict[Expr, bool]) -> Expr | None:
    """The expression where these differences are greater or less than 0; points at which one is 0 are left out."""
    def decided(relation: Relational) -> sympy.logic.boolalg.Boolean:
        if not relation.has(Access):
            raise NotImplementedError("positions that are compared")
        difference, turned = _difference(relation)
        greater = positive[difference] != turned
        if isinstance(relation, (sympy.Eq, sympy.Ne)):
            return sympy.true if isinstance(relation, sympy.Ne) else sympy.false
        return sympy.true if greater == isinstance(relation, (sympy.Gt, sympy.Ge)) else sympy.false

    if not positive:
        return expression
    return _as_branches(expression).replace(lambda e: isinstance(e, Relational), decided)


# -- rational functions --------------------------------------------------------------------------------------------------


def _is_zero_function(expression: Expr) -> bool:
    """Whether a rational function of accesses, exponentials, logarithms and roots is 0."""
    flat, roots = _flattened(_elementary(expression))
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
        for factor in Mul.make_args(sympy.factor(side)):
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
