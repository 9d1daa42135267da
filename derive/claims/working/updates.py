"""An update as an equation: a parameter after it, from the one before, its gradient, and the optimiser's states."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import sympy
from sympy import Add, Expr, Integer

from derive.claims.working.names import Name, derivative
from derive.language.expressions import Access, Sum, names

if TYPE_CHECKING:
    from derive.claims.working.routes import Working


def update(working: Working, node: Access, name: Name, count: Expr | None = None) -> Expr:
    """The body of a parameter's or a state's entry after `name.updates` updates.

    A state of the parameter W is named W.u; `count` stands for the number of the update, where it is to stay open.
    """
    parameter, _, state = name.of.partition(".")
    number = Integer(name.updates) if count is None else count
    return _assigned(working, Access(parameter, *node.indices), name.updates, number)[state or "theta"]


def _assigned(working: Working, entry: Access, number: int, count: Expr) -> dict[str, Expr]:
    """What an update sets, the parameter and its states, in terms of what there is before."""
    optimiser = working.network.optimiser
    together = [entry]
    if optimiser.sums:
        every = any("G" in names(total) for total in optimiser.sums)
        those = working.trained if every else (entry.name,)
        together = [each for name in those for each in working.equations.entries(name)]
    here = {each: _before(working, each, number, count) for each in together}
    for assignment in optimiser.assignments:
        new = {each: _put_in(assignment.body, here, each) for each in together}
        for each in together:
            here[each][assignment.target.name] = new[each]
    return here[entry]


def _put_in(body: Expr, here: dict[Access, dict[str, Expr]], entry: Access) -> Expr:
    """The body of an assignment for one entry; its sums are over the entries of the same parameter, or over all."""
    totals = {}
    for total in body.atoms(Sum):
        every = "G" in names(total)
        totals[total] = Add(*(total.body.xreplace(_scalars(total.body, values)) for each, values in here.items()
                              if every or each.name == entry.name))
    return body.xreplace({**_scalars(body, here[entry]), **totals})


def _scalars(body: Expr, values: dict[str, Expr]) -> dict[Expr, Expr]:
    return {node: values["g" if node.name == "G" else node.name] for node in body.atoms(Access)}


def _before(working: Working, entry: Access, number: int, count: Expr) -> dict[str, Expr]:
    """The scalars that the optimiser's assignments read, for one entry and one update."""
    network = working.network
    loss = Access(network.loss)
    gradient = working.at(derivative(loss, entry), number - 1, working.ahead_of(entry.name))
    planned = network.training.epochs * working.batches
    states = {state: working.at(Access(f"{entry.name}.{state}", *entry.indices), number - 1)
              for state in network.optimiser.states}
    constants = {key: sympy.Rational(repr(value)) if math.isfinite(value) else sympy.Float(value)
                 for key, value in network.optimiser.constants_of(entry.name).items()}
    return {**constants, **states, "k": count, "K": Integer(planned), "g": gradient,
            "theta": working.at(entry, number - 1)}

