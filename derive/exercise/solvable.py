"""Whether a sheet can be solved by hand: small enough, away from kinks, with gradients, and with results that differ."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import sympy
from sympy import Expr, Max, Min
from sympy.core.relational import Relational

from derive.instantiate import Entry, instantiate, number
from derive.latex.printer import real
from derive.latex.sections.numbers import MOST_FORWARD, forward_entries
from derive.network import Network, NetworkDerivation

MOST_PARAMETERS = 40
NEAR = 0.02  # of a kink
SAME = 1e-3  # of the last digit
FLAT = 1e-3  # a gradient that a sigmoid has lost to saturation


class Unsuitable(ValueError):
    """No sheet can be made of the network; the text says why."""


def check_size(network: Network, derivation: NetworkDerivation) -> None:
    """Unsuitable where a sheet has no room for the network, or its numbers are not the same each time."""
    computed = forward_entries(network, derivation.forward)
    for count, most, what in ((network.parameter_count, MOST_PARAMETERS, "parameters"),
                              (computed, MOST_FORWARD, "numbers to compute in its forward pass")):
        if count > most:
            raise Unsuitable(f"this network has {count:,} {what}, and a sheet has room for {most}; make the layers "
                             "narrower, or take fewer of them")
    if network.random:
        raise Unsuitable("this network draws numbers anew in every batch, and a sheet needs the same for all who solve it; "
                         "leave dropout out")


def is_smooth(network: Network, derivation: NetworkDerivation, values: Mapping[Entry, float]) -> bool:
    """Whether every equation, as it is written, has a finite value, and none is at a kink."""
    labels = {name: data for name, data in network.data.items() if derivation.system.quantities[name].integer}
    instance = instantiate(derivation.forward, network.sizes, 1, labels=labels)
    return all(map(math.isfinite, values.values())) and all(
        math.isfinite(number(equation.body, values))
        and all(abs(number(difference, values)) > NEAR for difference in _differences(equation.body))
        for equation in instance.equations)


def _differences(body: Expr) -> Iterator[Expr]:
    """What is 0 at a kink."""
    for node in sympy.preorder_traversal(body):
        if isinstance(node, Relational):
            yield node.lhs - node.rhs
        elif isinstance(node, (Max, Min)):
            yield from (one - other for one, other in combinations(node.args, 2))
        elif isinstance(node, (sympy.Abs, sympy.sign)):
            yield node.args[0]


def has_gradients(network: Network, derivation: NetworkDerivation, values: Mapping[Entry, float], strict: bool) -> bool:
    """Whether every entry of every trained parameter has a gradient that can be seen, or (not strict) any has."""
    for name in network.trained:
        adjoint = derivation.adjoint(name).quantity.name
        seen = [abs(value) > FLAT for (of, _), value in values.items() if of == adjoint]
        if not (all(seen) if strict else any(seen)):
            return False
    return True


def can_be_told_apart(answers: Sequence[float], given: Sequence[float], digits: int) -> bool:
    """Whether numbers that differ are printed differently, and only 0 as 0.

    Those that differ in no digit that anybody writes are two ways to one number.
    """
    printed: dict[float, float] = {}
    for value in (*given, *answers):
        shown = float(real(value, digits).replace(r" \cdot 10^{", "e").replace("10^{", "1e").rstrip("}"))
        if shown == 0 != value or abs(printed.setdefault(shown, value) - value) > SAME * 10.0 ** -digits:
            return False
    return True
