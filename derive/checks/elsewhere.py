"""Where a printed number that disagrees comes from: the other update order, or one update earlier or later.

Documents mix algorithms, and count from 0 or 1. Each possibility is computed; nothing is assumed about a document.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from derive.checks.agreement import Check, agrees_with
from derive.checks.asked import Take
from derive.network import Network

ORDERS = {"simultaneous": "all gradients are computed before any parameter changes",
          "layer_by_layer": "each layer is updated, the last one first, before the gradients below it are computed"}


@dataclass(frozen=True)
class Elsewhere:
    """Another way of training that gives the expected number."""

    order: str
    same_order: bool
    later: int  # updates after those asked for: -1, 0 or 1
    computed: float

    def __str__(self) -> str:
        when = {-1: "one update earlier", 0: "", 1: "one update later"}[self.later]
        how = "" if self.same_order else f"with update_order: {self.order} ({ORDERS[self.order]})"
        return f"the expected number is found {', '.join(part for part in (when, how) if part)}: {self.computed:.12g}"


def variants(network: Network) -> list[tuple[str, int]]:
    """Update orders, and how many updates later; the likeliest first."""
    own = network.training.update_order
    other = next(order for order in ORDERS if order != own)
    return [(own, -1), (own, 1), (other, 0), (other, -1), (other, 1)]


def in_order(network: Network, order: str) -> Network:
    """The network that is updated in another order."""
    return replace(network, training=replace(network.training, update_order=order))  # type: ignore[arg-type]


def moved(check: Check, later: int) -> Mapping[Take, Take]:
    """What to read instead of each number of a check; empty where there is no such number, or a hit would show little."""
    if check.accepted is None or check.weak:
        return {}
    instead = {take: replace(take, after=(take.after or 0) + later) for take in check.wanted.takes.values()}
    return instead if all(t.kind == "entry" and (t.after or 0) >= 0 for t in instead.values()) else {}


def elsewhere(check: Check, network: Network, numbers: Mapping[str, Mapping[Take, float]]) -> Elsewhere | None:
    """The first variant that gives the expected number, from the numbers of each order."""
    for order, later in variants(network):
        instead = moved(check, later)
        if instead:
            computed = check.wanted.value({take: numbers[order][other] for take, other in instead.items()})
            if agrees_with(computed, check.expectation.value, check.expectation.tolerance):
                return Elsewhere(order, order == network.training.update_order, later, computed)
    return None
