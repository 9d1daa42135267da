"""Which moments of training a page shows, and what it reads at each of them from the running module."""

from __future__ import annotations

from dataclasses import dataclass, replace

from derive.calculus.record import Derivation
from derive.checks.moments import moments
from derive.checks.process import EXAMPLES, FOREVER, Runner
from derive.checks.work import updates_of_training
from derive.drawing import Drawing, layout
from derive.network import Network, NetworkDerivation

MOST_SAMPLES = 256  # that are computed at each moment


@dataclass(frozen=True)
class Moments:
    """The updates after which numbers are read.

    Attributes:
        after: numbers of updates, the first of them 0.
        planned: how many updates the file asks for, which may be more than can be shown.
        samples: how many of the data, from the first, the numbers are of.
        entries: whether they are entries, of the first sample; else they are root mean squares of whole quantities.
    """

    after: tuple[int, ...]
    planned: int
    samples: int
    entries: bool


@dataclass(frozen=True)
class Plan:
    """What a page shows: the picture, and numbers at moments of training."""

    drawing: Drawing
    moments: Moments

    def ask(self, runner: Runner, derivation: Derivation, seconds: float = FOREVER) -> None:
        """Let the runner read the numbers, when it has done what it was asked before.

        Args:
            seconds: how long training may take.
        """
        runner.history(self.moments.after, self.moments.samples, sample_axes(derivation) if self.moments.entries else None,
                       seconds)

    def until(self, many: int) -> Plan:
        """The plan of so many moments."""
        return replace(self, moments=replace(self.moments, after=self.moments.after[:many]))


def planned(network: Network, derivation: NetworkDerivation, asked: int = 0) -> Plan:
    """The plan of a network's page.

    Args:
        asked: how many updates the file asks for besides those that it trains for.
    """
    updates = max(asked, updates_of_training(network))
    drawing = layout(network)
    samples = min(network.samples or EXAMPLES, MOST_SAMPLES)
    return Plan(drawing, Moments(moments(network, derivation, updates), updates, samples, drawing.style == "neurons"))


def sample_axes(derivation: Derivation) -> dict[str, int | None]:
    """Of every quantity the axis of the samples."""
    return {name: quantity.sample_axis for name, quantity in derivation.system.quantities.items()}
