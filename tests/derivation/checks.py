"""The two checks of a derivation: against SymPy's direct derivatives, and by Taylor's theorem.

Both take the equations to be checked as an argument, so that corrupted ones can be put in.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import mpmath
import sympy

from derive.instantiate import instantiate
from derive.language.equations import System

from .evaluation import Array, Values
from .networks import Case, as_floating

DIGITS = 50
Gradients = dict[str, Array]


def exact_errors(case: Case, system: System | None = None, names: Iterable[str] | None = None) -> dict[str, Any]:
    """The entries of each derived adjoint that differ from SymPy's derivative of the expanded loss, in 30 digits."""
    derivation = case.derivation
    wanted = [a.of.name for a in derivation.adjoints] if names is None else list(names)
    with mpmath.workdps(DIGITS):
        derived = Values(system or derivation.system, case.sizes, as_floating(case.given))
        errors = {}
        for name in wanted:
            adjoint = derivation.adjoint(name).quantity.name
            for place, value in direct_derivatives(case, name).items():
                if abs(derived[adjoint][place] - value) > mpmath.mpf(10) ** -30 * (1 + abs(value)):
                    errors[f"{adjoint}{list(place)}"] = (derived[adjoint][place], value)
    return errors


@lru_cache(maxsize=None)
def direct_derivatives(case: Case, name: str) -> Array:
    """∂J/∂name entry by entry: SymPy's derivative of the loss as one scalar expression in those entries."""
    network = case.network
    # An intermediate quantity is cut from what defines it, and gets the value that it has.
    forward = System(network.system.quantities, tuple(e for e in network.system.equations if e.name != name))
    instance = instantiate(forward, network.sizes, case.samples, labels=case.labels)
    loss = instance.expanded(network.loss)
    entries = [tuple(map(int, entry.indices)) for entry in instance.entries(name)]
    with mpmath.workdps(DIGITS):
        arrays = Values(network.system, case.sizes, as_floating(case.given)).arrays
        symbols, values = [], []
        for leaf in (*case.given, name):
            for place, value in arrays[leaf].items():
                if (symbol := instance.symbol(leaf, *place)) in loss.free_symbols and symbol not in symbols:
                    symbols.append(symbol)
                    values.append(value)
        slopes = [sympy.diff(loss, instance.symbol(name, *place)) for place in entries]
        numbers = sympy.lambdify(symbols, slopes, "mpmath", cse=True)(*values)
        return dict(zip(entries, map(mpmath.mpf, numbers), strict=True))


def taylor_slope(case: Case, system: System | None = None, seed: int = 5) -> float | None:
    """The slope of log|J(θ+hv) − J(θ) − h·∇J·v| over log h; None where J is linear along v to the last digit.

    2 where ∇J is the gradient, 1 where it is not.
    """
    derivation, parameters = case.derivation, case.network.parameters
    wanted = [name for name in parameters if any(a.of.name == name for a in derivation.adjoints)]
    with mpmath.workdps(DIGITS):
        given = as_floating(case.given)
        draw = random.Random(seed)
        direction = {name: {place: mpmath.mpf(draw.randint(-50, 50)) / 50 for place in given[name]} for name in wanted}
        at = Values(system or derivation.system, case.sizes, given)
        descent = sum(v * at[derivation.adjoint(name).quantity.name][place]
                      for name in wanted for place, v in direction[name].items())
        steps = [mpmath.mpf(10) ** -6, mpmath.mpf(10) ** -8]
        losses = [_loss(case, _moved(given, direction, h)) for h in steps]
        start = _loss(case, given)
        rest = [abs(loss - start - h * descent) for h, loss in zip(steps, losses, strict=True)]
        if rest[-1] < mpmath.mpf(10) ** (5 - DIGITS):
            return None
        return float(mpmath.log(rest[0] / rest[1]) / mpmath.log(steps[0] / steps[1]))


def is_second_order(slope: float | None) -> bool:
    return slope is None or 1.9 < slope < 2.1


def numerical_gradients(case: Case, step: str = "1e-20") -> Gradients:
    """∇J by central differences in high precision, right to 30 digits and more."""
    with mpmath.workdps(2 * DIGITS):
        given = as_floating(case.given)
        h = mpmath.mpf(step)
        found: Gradients = {}
        for name in case.network.parameters:
            found[name] = {}
            for place in given[name]:
                ahead, behind = (_loss(case, _moved(given, {name: {place: 1}}, sign * h)) for sign in (1, -1))
                found[name][place] = (ahead - behind) / (2 * h)
        return found


def _moved(given: Mapping[str, Array], direction: Mapping[str, Array], h: Any) -> dict[str, Array]:
    return {**given, **{name: {place: value + h * direction[name].get(place, 0) for place, value in given[name].items()}
                        for name in direction}}


def _loss(case: Case, given: Mapping[str, Array]) -> Any:
    return Values(case.network.system, case.sizes, given)[case.network.loss][()]
