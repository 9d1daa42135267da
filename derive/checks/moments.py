"""What is shown of training: at which moments numbers are read, and on which scale."""

from __future__ import annotations

from collections.abc import Sequence

from derive.checks.work import most_updates
from derive.network import Network, NetworkDerivation

OPERATIONS = 5 * 10**10  # a few seconds of training at most
STEPS = 10  # moments in each power of ten
STEEP = 30.0  # the ratio of the largest loss to the least from which the scale is logarithmic


def moments(network: Network, derivation: NetworkDerivation, updates: int) -> tuple[int, ...]:
    """Numbers of updates from 0 to those asked for, or as many as can be made soon: 0, 1, 2, … and then in equal ratios."""
    last = min(updates, most_updates(network, derivation, OPERATIONS))
    ratios = (round(10 ** (step / STEPS)) for step in range(STEPS * len(str(last))))
    return tuple(sorted({0, last, *(count for count in ratios if count < last)}))


def is_steep(losses: Sequence[float]) -> bool:
    """Whether losses are shown on a logarithmic scale."""
    return min(losses) > 0 and max(losses) > STEEP * min(losses)
