"""NumPy as textbooks write it, its derivatives worked out by hand: one expression for each formula."""

from __future__ import annotations

import numpy as np

from training_systems.networks import Batch, Network
from training_systems.system import NumpySystem, Weights, pairs


class System(NumpySystem):
    def prepare(self, network: Network, weights: Weights, batch: Batch) -> None:
        self.network, self.batch = network, batch
        self.weights = [array.copy() for array in weights]

    def run(self, steps: int) -> Weights:
        for _ in range(steps):
            self.loss = self.step()
        return self.weights

    def step(self) -> float:
        x, t, rate = self.batch.x, self.batch.t, self.network.learning_rate
        layers = pairs(self.weights)
        a = [x]
        for W, b in layers[:-1]:
            z = a[-1] @ W + b
            a.append(np.maximum(z, 0) if self.network.activation == "relu" else 1 / (1 + np.exp(-z)))
        W, b = layers[-1]
        z = a[-1] @ W + b
        z = z - z.max(axis=1, keepdims=True)
        y = np.exp(z)
        total = y.sum(axis=1, keepdims=True)
        y = y / total
        loss = -np.sum(t * (z - np.log(total))) / len(x)
        dz = (y - t) / len(x)
        for layer in reversed(range(len(layers))):
            W, b = layers[layer]
            dW, db = a[layer].T @ dz, dz.sum(axis=0)
            if layer:
                da = dz @ W.T
                dz = da * (a[layer] > 0) if self.network.activation == "relu" else da * a[layer] * (1 - a[layer])
            W -= rate * dW
            b -= rate * db
        return float(loss)
