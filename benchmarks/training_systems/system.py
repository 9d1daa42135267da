"""What a system offers: it takes a network, its weights and one batch, and makes steps.

A step is the forward pass with the loss (softmax, cross-entropy, the mean over the batch), the backward pass, and the
update of all weights by gradient descent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from training_systems.networks import Batch, Network

Weights = list[Any]  # W1, b1, W2, b2, … as NumPy arrays; W1 is (inputs, outputs)


class Unavailable(Exception):
    """The system cannot train this network here: the message says why."""


class TrainingSystem(Protocol):
    """What the module of a system imports is there before `prepare` is called: its memory is not the training's."""

    loop_inside: bool  # whether one call makes all steps; otherwise each step is a call from Python
    multiple: int  # numbers of steps for which it is made are multiples of this
    numpy_memory: bool  # whether all its arrays are NumPy's, whose allocations tracemalloc sees

    def prepare(self, network: Network, weights: Weights, batch: Batch) -> None:
        """Raises Unavailable where it cannot be the same mathematics, or something is missing."""

    def run(self, steps: int) -> Weights:
        """Make steps from where the last ones ended, all on the one batch; the weights after them."""

    def threads(self) -> int | None:
        """The threads that its matrix products use, as the library itself says."""


class NumpySystem:
    """What the systems over NumPy have in common."""

    loop_inside = False
    multiple = 1
    numpy_memory = True

    def threads(self) -> int | None:
        try:
            from threadpoolctl import threadpool_info
        except ImportError:
            return None
        return max((pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"), default=None)


def pairs(weights: Sequence[Any]) -> list[tuple[Any, Any]]:
    """(W1, b1), (W2, b2), …"""
    return list(zip(weights[::2], weights[1::2], strict=True))
