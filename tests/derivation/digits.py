"""Right digits: a module's values are those of its equations for numbers that differ in their last place.

The reference is the network's own equations and the chain rule's sums of products, before anything is simplified or made
stable, in a precision in which nothing underflows.  How far a value may be off is measured too: by how much the reference
moves when every number given to it moves by a unit in its last place.  So a − t is held to the digits that t leaves it,
and no test says how many these are; what loses digits on the way, as 1 − 1/(1 + exp(−40)) does, is found.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import product
from typing import Any

import mpmath
import numpy as np
from sympy import Add, cosh, erf, exp, sinh, tanh

from derive.calculus.chain_rule import differentiate
from derive.calculus.record import Derivation
from derive.language.equations import Equation
from derive.language.expressions import Index, Maximum
from derive.language.substitution import SAMPLES
from derive.network import Network

from .evaluation import Array, Values
from .networks import network

UNIT = 2.0**-52
ROUNDINGS = 1024  # that may add up in sums, of which one draw of signs shows a part; lost digits are a million
LEAST = 1e-300  # a smaller value may be 0, one by which numbers of the data are multiplied too
DRAWS = 1
FUNCTIONS = exp, tanh, erf, sinh, cosh, Maximum  # a maximum is one of its entries, not rounded


@cache
def unsimplified(text: str) -> Derivation:
    """The chain rule of a page's network, its sums of products as they come."""
    it = network(text)
    return differentiate(it.system, it.loss, it.parameters, simplify=False)


def wrong_digits(text: str, found: Mapping[str, Any], given: Mapping[str, Any], digits: int, entrywise: bool = False,
                 terms: float = 0) -> list[str]:
    """The entries that are off, of quantities by name; without `entrywise`, off compared with the array's largest entry.

    `terms` is the size of terms whose difference a value is, where the formula leaves no other way.
    """
    it = network(text)
    draw = random.Random(7)
    with mpmath.workdps(digits):
        exact = {name: _numbers(array) for name, array in given.items()}
        exact |= {name: {place: mpmath.mpf(v) for place, v in np.ndenumerate(np.asarray(q.value, float))}
                  for name, q in it.constants.items()}
        right = _values(text, exact)
        least = LEAST * max([1, *(abs(v) for array in exact.values() for v in array.values())]) ** 2
        moved = [_values(text, {name: _moved(it, name, array, draw) for name, array in exact.items()}, draw)
                 for _ in range(DRAWS)]
        return [line for name, array in found.items() for line in _off(
            name, np.asarray(array), right[name], [values[name] for values in moved], entrywise, terms, least)]


def adjoint_of(text: str, name: str) -> str:
    return unsimplified(text).adjoint(name).quantity.name


class _Rounded(Values):
    """Values where each term that sums and products make is off in its last place, as one that is computed is."""

    draw: random.Random | None = None

    def compute(self, equation: Equation, fixed: Mapping[Index, int]) -> None:
        if self.draw is None or equation.body.has(*FUNCTIONS):
            return super().compute(equation, fixed)
        indices = equation.target.indices
        for place in product(*([fixed[i]] if i in fixed else self.range(i) for i in indices)):
            at = dict(zip(indices, place, strict=True))
            self.arrays[equation.name][place] = sum(
                self.of(term, at) * _near_one(self.draw) for term in Add.make_args(equation.body))


def _near_one(draw: random.Random) -> Any:
    return 1 + draw.choice((-1, 1)) * mpmath.mpf(UNIT)


def _values(text: str, given: Mapping[str, Array], draw: random.Random | None = None) -> Values:
    values = type("Values", (_Rounded,), {"draw": draw})
    return values(unsimplified(text).system, {**network(text).sizes, SAMPLES: _samples(text, given)}, given)


def _samples(text: str, given: Mapping[str, Array]) -> int:
    return 1 + max(place[0] for place in given[network(text).inputs[0]])


def _numbers(array: Any) -> Array:
    array = np.asarray(array, float)
    return {place: mpmath.mpf(float(array[place])) for place in product(*map(range, array.shape))}


def _moved(it: Network, name: str, array: Array, draw: random.Random) -> Array:
    if it.system.quantities[name].integer or name in it.labels:
        return array
    return {place: value * _near_one(draw) for place, value in array.items()}


def _off(name: str, found: Any, right: Array, moved: Iterable[Array], entrywise: bool, terms: float,
         least: Any) -> Iterator[str]:
    reach = {place: UNIT * max(abs(value), terms) + max(abs(other[place] - value) for other in moved)
             for place, value in right.items()}
    largest = max(reach.values())
    for place, value in right.items():
        error = abs(mpmath.mpf(float(found[place])) - value)
        allowed = ROUNDINGS * (reach[place] if entrywise else largest)
        if not (np.isfinite(found[place]) and (error <= allowed or error <= least)):
            yield (f"{name}{list(place)} is {found[place]}, expected {mpmath.nstr(value, 17)}, "
                   f"off by {mpmath.nstr(error / (allowed / ROUNDINGS or 1), 3)} roundings")
