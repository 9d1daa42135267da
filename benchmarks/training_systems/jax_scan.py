"""JAX: a hundred steps compiled into one loop by lax.scan."""

from __future__ import annotations

from functools import partial

import jax
import numpy as np

from training_systems import jax_calls
from training_systems.networks import Batch, Network
from training_systems.system import Weights


class System(jax_calls.System):
    loop_inside = True
    multiple = 100

    def prepare(self, network: Network, weights: Weights, batch: Batch) -> None:
        super().prepare(network, weights, batch)

        @partial(jax.jit, donate_argnums=0, static_argnums=3)
        def train(weights, x, t, steps):
            return jax.lax.scan(lambda weights, _: self.uncompiled(weights, x, t), weights, length=steps)

        self.train = train

    def run(self, steps: int) -> Weights:
        for length in (*(steps // self.multiple) * (self.multiple,), steps % self.multiple):
            if length:
                self.weights, self.losses = self.train(self.weights, self.x, self.t, length)
        return [np.asarray(array) for array in self.weights]  # waits for them
