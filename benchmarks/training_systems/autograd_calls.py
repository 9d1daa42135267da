"""autograd (HIPS): the loss in its NumPy, differentiated at each call."""

from __future__ import annotations

import autograd.numpy as np
from autograd import value_and_grad

from training_systems.networks import Batch, Network
from training_systems.system import NumpySystem, Weights, pairs


class System(NumpySystem):
    def prepare(self, network: Network, weights: Weights, batch: Batch) -> None:
        self.weights, self.rate = [array.copy() for array in weights], network.learning_rate

        def loss(weights):
            a = batch.x
            *hidden, (W, b) = pairs(weights)
            for V, c in hidden:
                z = a @ V + c
                a = np.maximum(z, 0) if network.activation == "relu" else 1 / (1 + np.exp(-z))
            z = a @ W + b
            z = z - np.max(z, axis=1, keepdims=True)
            return -np.sum(batch.t * (z - np.log(np.sum(np.exp(z), axis=1, keepdims=True)))) / len(batch.x)

        self.loss_and_gradients = value_and_grad(loss)

    def run(self, steps: int) -> Weights:
        for _ in range(steps):
            self.loss, gradients = self.loss_and_gradients(self.weights)
            for array, gradient in zip(self.weights, gradients, strict=True):
                array -= self.rate * gradient
        return self.weights
