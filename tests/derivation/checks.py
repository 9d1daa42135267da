"""The checks of a derivation: SymPy's direct derivatives, central differences in 100 digits, Taylor's theorem.

Each takes the equations to be checked as an argument, so that corrupted ones can be put in.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from functools import cache
from typing import Any

import mpmath
import sympy

from derive.instantiate import instantiate
from derive.language.equations import System

from .evaluation import Array, Values
from .networks import Case, Handmade, as_floating

DIGITS = 50
STEPS = mpmath.mpf("1e-6"), mpmath.mpf("1e-8")


Errors = dict[str, tuple[Any, Any]]


def exact_errors(case: Case, system: System | None = None) -> Errors:
    """The entries of the derived gradients that differ from SymPy's derivative of the expanded loss, in 30 digits."""
    with mpmath.workdps(DIGITS):
        return _errors(case, system, direct_derivatives(case))


def difference_errors(case: Case | Handmade, system: System | None = None) -> Errors:
    """The entries of every adjoint, of intermediate quantities too, that differ from central differences."""
    with mpmath.workdps(2 * DIGITS):
        names = [adjoint.of.name for adjoint in case.derivation.adjoints]
        return _errors(case, system, {name: central_differences(case, name) for name in names})


def _errors(case: Case | Handmade, system: System | None, expected: Mapping[str, Array]) -> Errors:
    derived = Values(system or case.derivation.system, case.sizes, as_floating(case.given))
    errors = {}
    for name, array in expected.items():
        adjoint = case.derivation.adjoint(name).quantity.name
        for place, value in array.items():
            if abs(derived[adjoint][place] - value) > mpmath.mpf(10) ** -30 * (1 + abs(value)):
                errors[f"{adjoint}{list(place)}"] = (derived[adjoint][place], value)
    return errors


def derived_parameters(case: Case) -> list[str]:
    """The parameters that the loss depends on."""
    derived = {adjoint.of.name for adjoint in case.derivation.adjoints}
    return [name for name in case.network.parameters if name in derived]


@cache
def direct_derivatives(case: Case) -> dict[str, Array]:
    """∂J/∂θ entry by entry: SymPy's derivative of the loss as one scalar expression in all parameters."""
    instance = instantiate(case.network.system, case.network.sizes, case.samples, labels=case.labels)
    loss = instance.expanded(case.network.loss)
    values = {instance.symbol(leaf, *place): value for leaf, array in as_floating(case.given).items()
              for place, value in array.items() if leaf not in case.labels}
    entries = [(name, place) for name in derived_parameters(case) for place in case.given[name]]
    slopes = [sympy.diff(loss, instance.symbol(name, *place)) for name, place in entries]
    numbers = map(mpmath.mpf, sympy.lambdify(list(values), slopes, "mpmath", cse=True)(*values.values()))
    found: dict[str, Array] = {name: {} for name, _ in entries}
    for (name, place), number in zip(entries, numbers, strict=True):
        found[name][place] = number
    return found


@cache
def central_differences(case: Case | Handmade, name: str) -> Array:
    """∂J/∂name entry by entry, right to 40 digits; an intermediate quantity is moved away from what defines it.

    Entries at a kink, where there is no derivative but a convention, are left out.
    """
    given = as_floating(case.given)
    system = case.network.system
    here = Values(system, case.sizes, given)
    # What does not depend on the quantity stays as it is.
    fixed = {other: array for other, array in here.arrays.items() if name not in system.leading_to(other)}
    h = mpmath.mpf("1e-25")
    slopes = {}
    for place in here[name]:
        ahead, behind = (_loss(case, {**fixed, name: {**given[name], place: given[name][place] + side * h}})
                         if name in given else _loss(case, fixed, (name, place, side * h)) for side in (1, -1))
        if abs(ahead + behind - 2 * here[case.network.loss][()]) < h * mpmath.mpf("1e-10"):
            slopes[place] = (ahead - behind) / (2 * h)
    return slopes


def at_a_kink(case: Case) -> bool:
    """Whether the loss has a kink in some parameter at the case's numbers."""
    with mpmath.workdps(2 * DIGITS):
        return any(len(central_differences(case, name)) < len(case.given[name]) for name in derived_parameters(case))


def taylor_slope(case: Case, system: System | None = None, seed: int = 5) -> float | None:
    """The slope of log|J(θ+hv) − J(θ) − h·∇J·v| over log h; None where J is linear along v to the last digit.

    2 where ∇J is the gradient, 1 where it is not.
    """
    derivation, wanted = case.derivation, derived_parameters(case)
    with mpmath.workdps(DIGITS):
        given = as_floating(case.given)
        draw = random.Random(seed)
        direction = {name: {place: mpmath.mpf(draw.randint(-50, 50)) / 50 for place in given[name]} for name in wanted}
        at = Values(system or derivation.system, case.sizes, given)
        descent = sum(v * at[derivation.adjoint(name).quantity.name][place]
                      for name in wanted for place, v in direction[name].items())
        start, *losses = (_loss(case, _moved(given, direction, h)) for h in (0, *STEPS))
        rest = [abs(loss - start - h * descent) for h, loss in zip(STEPS, losses, strict=True)]
        if rest[-1] < mpmath.mpf(10) ** (5 - DIGITS):
            return None
        return float(mpmath.log(rest[0] / rest[1]) / mpmath.log(STEPS[0] / STEPS[1]))


def is_second_order(slope: float | None) -> bool:
    return slope is None or 1.9 < slope < 2.1


def _moved(given: Mapping[str, Array], direction: Mapping[str, Array], h: Any) -> dict[str, Array]:
    return {**given, **{name: {place: value + h * direction[name].get(place, 0) for place, value in given[name].items()}
                        for name in direction}}


def _loss(case: Case | Handmade, given: Mapping[str, Array], moved: tuple[str, tuple[int, ...], Any] = ("", (), 0)) -> Any:
    return Values(case.network.system, case.sizes, given, moved=moved)[case.network.loss][()]
