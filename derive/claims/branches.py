"""Expressions with cases: the comparisons that decide between them, and what is left of them in one branch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import product
from math import prod

import sympy
from sympy import And, Expr, Not, Or, Piecewise
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean

from derive.claims.working.names import nodes_of
from derive.language.expressions import Access

MOST_COMPARISONS = 5
MOST_CASES = 16

Signs = Mapping[Expr, bool]


def branches(expression: Expr) -> Iterator[Expr]:
    """The expression in each of its branches; points at which two compared values are equal are left out.

    Raises:
        NotImplementedError: there are too many of them, or positions are compared.
    """
    expression = _as_cases(expression)
    relations = expression.atoms(Relational)
    if any(not relation.has(Access) for relation in relations):
        raise NotImplementedError("positions that are compared")
    for signs in _all_signs(relations):
        yield expression.xreplace({relation: _truth(relation, signs) for relation in relations})


def cover_everything(conditions: Iterable[Boolean]) -> bool:
    """Whether one of some conditions always holds, but where two compared values are equal."""
    together = Or(*conditions)
    relations = together.atoms(Relational)
    try:
        return all(together.xreplace({relation: _truth(relation, signs) for relation in relations}) == sympy.true
                   for signs in _all_signs(relations))
    except NotImplementedError:
        return False


def put_in(expression: Expr, bodies: Mapping[Access, Expr]) -> Expr:
    """The expression with bodies for its nodes; SymPy writes no condition that depends on another.

    Raises:
        NotImplementedError: there are too many cases.
    """
    return by_cases(expression, bodies.get).xreplace(bodies)


def by_cases(expression: Expr, define: Callable[[Access], Expr | None]) -> Expr:
    """Comparisons of nodes that have cases as comparisons of what decides between these: relu(z) > 0 becomes z > 0.

    Args:
        define: the equation of a node, or None.

    Raises:
        NotImplementedError: there are too many cases.
    """
    for _ in range(MOST_CASES):  # a node behind a node
        relations = {relation: {node: body for node in nodes_of(relation)
                                if (body := define(node)) is not None and body.has(Piecewise)}
                     for relation in expression.atoms(Relational)}
        made = {relation: _by_cases(relation, bodies) for relation, bodies in relations.items() if bodies}
        if not made:
            return expression
        expression = expression.xreplace(made)
    raise NotImplementedError("too many cases")


def _by_cases(relation: Relational, bodies: Mapping[Access, Expr]) -> Boolean:
    difference = (relation.lhs - relation.rhs).xreplace(bodies)
    if prod(len(part.args) for part in difference.atoms(Piecewise)) > MOST_CASES:
        raise NotImplementedError("too many cases")
    holds: list[Boolean] = []
    before: list[Boolean] = []
    for value, condition in sympy.piecewise_fold(difference).args:
        holds.append(And(relation.func(value, 0), condition, *map(Not, before)))
        before.append(condition)
    return Or(*holds)


def _as_cases(expression: Expr) -> Expr:
    return expression.replace(lambda e: isinstance(e, (sympy.Max, sympy.Min, sympy.Abs, sympy.sign)),
                              lambda e: e.rewrite(Piecewise))


def _all_signs(relations: Iterable[Relational]) -> Iterator[Signs]:
    """All ways in which what is compared may be greater or less than 0."""
    differences = dict.fromkeys(_difference(relation)[0] for relation in sorted(relations, key=str))
    if len(differences) > MOST_COMPARISONS:
        raise NotImplementedError("too many cases")
    for signs in product((True, False), repeat=len(differences)):
        yield dict(zip(differences, signs, strict=True))


def _difference(relation: Relational) -> tuple[Expr, bool]:
    """What is compared with 0, and whether it stands with its sign turned."""
    difference = sympy.expand(relation.lhs - relation.rhs).as_content_primitive()[1]
    turned = difference.could_extract_minus_sign()
    return (-difference if turned else difference), turned


def _truth(relation: Relational, positive: Signs) -> Boolean:
    difference, turned = _difference(relation)
    greater = positive[difference] != turned
    if isinstance(relation, (sympy.Eq, sympy.Ne)):
        return sympy.true if isinstance(relation, sympy.Ne) else sympy.false
    return sympy.true if greater == isinstance(relation, (sympy.Gt, sympy.Ge)) else sympy.false
