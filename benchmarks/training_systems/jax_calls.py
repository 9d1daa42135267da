"""JAX: the step compiled by jit, and called from Python for each step."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from training_systems.networks import Batch, Network
from training_systems.system import Weights, pairs

jax.config.update("jax_enable_x64", True)  # otherwise float64 silently becomes float32
jax.devices()  # starts XLA, which is no memory of the training's


class System:
    loop_inside = False
    multiple = 1
    numpy_memory = False

    def prepare(self, network: Network, weights: Weights, batch: Batch) -> None:
        self.x, self.t = jnp.asarray(batch.x), jnp.asarray(batch.t)
        self.weights = [jnp.array(array) for array in weights]
        activation = {"relu": jax.nn.relu, "sigmoid": jax.nn.sigmoid}[network.activation]

        def loss(weights, x, t):
            *hidden, (W, b) = pairs(weights)
            for V, c in hidden:
                x = activation(x @ V + c)
            return -jnp.sum(t * jax.nn.log_softmax(x @ W + b)) / len(x)

        def step(weights, x, t):
            value, gradients = jax.value_and_grad(loss)(weights, x, t)
            return [array - network.learning_rate * gradient
                    for array, gradient in zip(weights, gradients, strict=True)], value

        self.uncompiled = step
        self.step = partial(jax.jit, donate_argnums=0)(step)

    def run(self, steps: int) -> Weights:
        for _ in range(steps):
            self.weights, self.loss = self.step(self.weights, self.x, self.t)
        return [np.asarray(array) for array in self.weights]  # waits for them

    def threads(self) -> int | None:
        return threads()


def threads() -> int | None:
    """XLA does not say: the threads of its pool are counted, where the operating system names them."""
    tasks = [path.read_text() for path in Path(f"/proc/{os.getpid()}/task").glob("*/comm")]
    return sum(name.startswith("tf_XLAEigen") for name in tasks) or None
