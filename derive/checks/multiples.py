"""Where a printed number that disagrees comes from: a multiple of the computed one.

Documents print −∂E/∂net as the error of a unit, have a loss with 1/2 or without, and add up what others take the mean of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sympy import Mul, S

from derive.checks.agreement import Check, agrees_with
from derive.checks.asked import Take
from derive.language.equations import System
from derive.language.expressions import Reduction
from derive.language.substitution import SAMPLES
from derive.network import Network

NARROW = 0.02  # a number that may be off by more than this part of itself is met by chance too often


@dataclass(frozen=True)
class Multiple:
    """An expected number that is a multiple of the computed one, or of its change by the update."""

    factor: float
    reason: str
    of_change: bool

    def __str__(self) -> str:
        what = "the change by the update that is expected" if self.of_change else "the expected number"
        times = "the computed one with the other sign" if self.factor == -1 else f"{self.factor:.12g} times the computed one"
        return f"{what} is {times}{self.reason and ', '}{self.reason}"


def factors(network: Network, system: System) -> dict[float, str]:
    """The factors by which documents' losses differ, and why; the likeliest first."""
    defined = system.definitions.values()
    halved = any(S.Half in Mul.make_args(part) for e in defined if e.name not in system.leading_to(network.prediction)
                 and system.quantities[e.name].of is None for part in e.body.atoms(Mul))
    found = {-1.0: "", 2.0: "as of a loss without its factor 1/2" if halved else "",
             0.5: "" if halved else "as of a loss with a factor 1/2"}
    sizes = {**network.sizes, SAMPLES: network.samples or 1}
    divided = Mul(*(part for part in Mul.make_args(system.definitions[network.loss].body) if not part.atoms(Reduction)))
    whole = 1 / divided.xreplace(sizes)
    if whole.is_Integer and whole > 1:
        reason = f"as of a loss that is added up where this one is a mean over {whole}"
        found[float(whole)] = f"{found[2.0]}, or {reason.removeprefix('as ')}" if whole == 2 and found[2.0] else reason
    return found


def before(check: Check, network: Network) -> Take | None:
    """The parameter at the start, of a check about the same after one update."""
    takes = list(check.wanted.takes.values())
    first = len(takes) == 1 and takes[0].name in network.trained and takes[0].after == 1
    return replace(takes[0], after=None) if first else None


def multiple(check: Check, network: Network, system: System, numbers: Mapping[Take, float]) -> Multiple | None:
    """The first factor that gives the expected number, from the numbers of the check and the parameter before."""
    if check.accepted is None or check.accepted[1] - check.accepted[0] > 2 * NARROW * abs(check.expectation.value):
        return None
    old = before(check, network)
    start = 0.0 if old is None else check.wanted.value(dict.fromkeys(check.wanted.takes.values(), numbers[old]))
    change = check.wanted.value(numbers) - start
    of_loss = _is_of_loss(check, network, system)
    for factor, reason in factors(network, system).items():
        if agrees_with(start + factor * change, check.expectation.value, check.expectation.tolerance):
            return Multiple(factor, reason if of_loss else "", old is not None)
    return None


def _is_of_loss(check: Check, network: Network, system: System) -> bool:
    """Whether a number is multiplied with the loss: itself, a derivative of it, or a plain update."""
    names = {take.name for take in check.wanted.takes.values()}
    derivatives = {name for name, quantity in system.quantities.items() if quantity.of == network.loss}
    plain = network.optimiser.name == "gradient_descent" and before(check, network) is not None
    return plain or names <= derivatives | {network.loss}
