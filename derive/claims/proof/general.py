"""Proofs in the index language, for all sizes: the equations of the derivation are put in, and the difference cancels."""

from __future__ import annotations

import random
from contextlib import suppress
from functools import partial

from sympy import Basic, Dummy, Expr, Integer

from derive.claims.branches import by_cases, put_in
from derive.claims.effort import Effort
from derive.claims.proof.extent import terms
from derive.claims.proof.numbers import is_small
from derive.claims.proof.vanishing import MOST_TERMS, SILENT, exact, is_zero
from derive.claims.working.equations import TooLarge
from derive.claims.working.names import Name, entry, meant, nodes_of
from derive.claims.working.routes import Working
from derive.language.expressions import Access, Delta, Reduction, Within, free_indices
from derive.language.substitution import same_up_to_bound_names, substitute
from derive.rewrites.algebra import spread

ROUNDS = 6


def vanishes_in_general(expression: Expr, working: Working, effort: Effort) -> str:
    """For which sizes an expression over nodes with free indices is shown to be 0: all of them, or those of the network.

    Nothing is shown where there is no answer.
    """
    if sizes := _put_in_and_cancelled(expression, working, effort):
        return sizes
    with suppress(NotImplementedError):
        decided = by_cases(expression, partial(in_general, working))
        return "" if decided == expression else _put_in_and_cancelled(decided, working, effort)
    return ""


def _put_in_and_cancelled(expression: Expr, working: Working, effort: Effort) -> str:
    for _ in range(ROUNDS):
        if _cancels(expression, working, effort):
            return "all sizes"
        if _cancels(with_sizes(expression, working), working, effort):
            return "the sizes of the network"
        bodies = {node: body for node in nodes_of(expression) if (body := in_general(working, node)) is not None}
        if not bodies:
            break
        last = max(_depth(working, node) for node in bodies)
        bodies = {node: body for node, body in bodies.items() if _depth(working, node) == last}
        try:
            expression = put_in(expression, bodies)
        except NotImplementedError:
            break
    return ""


def _may_cancel(expression: Expr, working: Working) -> bool:
    """Whether it is 0 at one place for one number for each node: where it is not, no proof needs to be looked for."""
    letters = sorted(free_indices(expression), key=lambda index: index.name)
    try:  # away from the diagonal
        place = {index: number % working.equations.number(index.size) for number, index in enumerate(letters)}
        here = working.equations.places(expression, place)
    except TooLarge:
        return True
    return is_small(here, {entry(node): random.Random(str(node)).uniform(0.1, 0.9) for node in nodes_of(here)})


def _cancels(expression: Expr, working: Working, effort: Effort) -> bool:
    """Whether it is 0 with its sums and deltas as unknowns, equal ones the same."""
    try:
        if terms(expression) > MOST_TERMS or not _may_cancel(expression, working):
            return False
        expression = same_up_to_bound_names(spread(exact(expression)))
        return is_zero(expression.xreplace({part: Dummy(real=True) for part in _unknowns(expression)}), effort)
    except SILENT:
        return False


def _unknowns(node: Basic) -> set[Expr]:
    """The outermost sums and deltas."""
    if isinstance(node, (Reduction, Delta, Within)):
        return {node}
    return set() if isinstance(node, Access) else set().union(*map(_unknowns, node.args))


def with_sizes(expression: Expr, working: Working) -> Expr:
    """The numbers of units put in where they are factors; the number of samples stays open."""
    return expression.xreplace({symbol: Integer(size) for symbol, size in working.network.sizes.items()})


def in_general(working: Working, node: Access) -> Expr | None:
    """What a node is by the record, at any indices; None where no one equation says it."""
    name, system = meant(node.name), working.equations.system
    if name != name.now:
        return None
    if not name.by:
        equation = system.definitions.get(name.of)
        return None if equation is None else substitute(equation.body, _places(equation.target, node.indices))
    equations = working.equations
    of, by = equations.ends(node)
    if (body := working.adjoint(of, by)) is not None:
        return body
    if equations.only_direct(name):
        local = equations.local(name.of, name.by)
        return substitute(local.form, {**_places(local.of, of.indices), **_places(local.by, by.indices)})
    return Integer(0) if not equations.can_depend(name) else None


def _places(target: Access, indices: tuple[Expr, ...]) -> dict:
    return dict(zip(target.indices, indices, strict=True))


def _depth(working: Working, node: Access) -> float:
    """How late in the record a node is computed."""
    name: Name = meant(node.name)
    order = {equation.name: place for place, equation in enumerate(working.equations.system.equations)}
    if name.by and name.of == working.derivation.objective:
        return 2 * len(order) - order.get(name.by, -1)
    if name.by:  # a local derivative leads to no other, and is put in first
        return 3 * len(order)
    return order.get(name.of, -1)
