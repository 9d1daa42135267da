"""The order of axes: the samples first, or last where the file says `samples: columns`.

    rows       z1[n,j] = Σ_k x[n,k]·W1[k,j] + b1[j]          data (samples, features), weights (read, made)
    columns    z1[j,n] = Σ_k W1[j,k]·x[k,n] + b1[j]          data (features, samples), weights (made, read)

An order of axes is a property of a quantity: each access to it is written in that order, and whoever reads the equations
finds it there.  While a network is being built the samples stand first, whatever the file says.  So a formula of the file
is turned when it is read (`samples_first`), and the whole network when it is built (`samples_last`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sympy import Expr

from derive.build.parts import Parts
from derive.catalogue.layers import LAYERS
from derive.fans import incoming
from derive.language.equations import Equation, Fact, Quantity, System
from derive.language.expressions import Access, Index
from derive.language.substitution import SAMPLES

Order = Sequence[int]  # which of the axes comes first, which second …


def in_order(parts: Parts, indices: Sequence[Index]) -> tuple[Index, ...]:
    """Indices whose first counts the samples, in the order of the file."""
    return (*indices[1:], indices[0]) if parts.columns and _count_samples(indices[:1]) else tuple(indices)


def samples_first(expression: Expr, quantities: Mapping[str, Sequence[Index]]) -> Expr:
    """What a formula of the file says, with the samples first in every access.

    Args:
        quantities: the indices of what the formula mentions, in the order of the file.
    """
    orders = {name: (len(indices) - 1, *range(len(indices) - 1)) for name, indices in quantities.items()
              if _count_samples(indices[-1:])}
    return turned(expression, orders) if orders else expression


def samples_last(parts: Parts) -> None:
    """Turn everything that was built: the samples go last, and a layer's weights read from right to left.

    In a parameter of a layer of the catalogue the axes that are summed stand after those that are not; one that the file
    itself writes down keeps its order.
    """
    system = System(parts.quantities, tuple(parts.equations))
    of_catalogue = {name for layer in parts.layers if layer.kind in LAYERS for name in layer.quantities}
    orders = {name: order for name, quantity in parts.quantities.items()
              if (order := _order(quantity, system, name in of_catalogue)) != tuple(range(len(order)))}
    for name, quantity in parts.quantities.items():
        parts.quantities[name] = replace(
            quantity, indices=tuple(quantity.indices[axis] for axis in orders.get(name, range(len(quantity.indices)))),
            facts=tuple(Fact(turned(f.left, orders), turned(f.right, orders), f.reason) for f in quantity.facts))
    parts.equations = [_turned_equation(equation, orders) for equation in parts.equations]
    parts.running = [_turned_equation(equation, orders) for equation in parts.running]
    parts.inference = {name: turned(body, orders) for name, body in parts.inference.items()}


def _count_samples(indices: Sequence[Index]) -> bool:
    return any(index.size == SAMPLES for index in indices)


def _order(quantity: Quantity, system: System, of_catalogue: bool) -> tuple[int, ...]:
    axes = range(len(quantity.indices))
    if quantity.sample_axis is not None:
        last = {quantity.sample_axis}
    else:
        last = set(incoming(system, quantity.name)) if of_catalogue else set()
    return (*(axis for axis in axes if axis not in last), *sorted(last))


def _turned_equation(equation: Equation, orders: Mapping[str, Order]) -> Equation:
    return replace(equation, target=turned(equation.target, orders), body=turned(equation.body, orders))


def turned(expression: Expr, orders: Mapping[str, Order]) -> Expr:
    """The expression with the axes of quantities in another order."""
    found = {access: _turned_access(access, orders) for access in expression.atoms(Access)}
    return expression.xreplace(found)


def _turned_access(access: Access, orders: Mapping[str, Order]) -> Access:
    positions = [turned(position, orders) for position in access.indices]  # it may be looked up in another quantity
    return Access(access.name, *(positions[axis] for axis in orders.get(access.name, range(len(positions)))))
