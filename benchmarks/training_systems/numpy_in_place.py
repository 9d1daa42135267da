"""NumPy by hand and with care: every result into an array made before, all weights in one array, one update for all."""

from __future__ import annotations

import numpy as np

from training_systems.networks import Batch, Network
from training_systems.system import NumpySystem, Weights, pairs


class System(NumpySystem):
    def prepare(self, network: Network, weights: Weights, batch: Batch) -> None:
        self.x, self.t, self.rate, self.relu = batch.x, batch.t, network.learning_rate, network.activation == "relu"
        self.theta = np.concatenate([array.ravel() for array in weights])
        self.gradient = np.empty_like(self.theta)
        self.weights, gradients = (self.views(flat, weights) for flat in (self.theta, self.gradient))

        def arrays(dtype: str) -> list:
            return [np.empty((network.batch, width), dtype) for width in network.widths[1:]]

        self.layers = list(zip(pairs(self.weights), pairs(gradients), arrays(network.dtype), arrays(network.dtype),
                               arrays("bool"), strict=True))
        self.row = np.empty((network.batch, 1), network.dtype)

    @staticmethod
    def views(flat: np.ndarray, like: Weights) -> Weights:
        ends = np.cumsum([array.size for array in like])[:-1]
        return [part.reshape(array.shape) for part, array in zip(np.split(flat, ends), like, strict=True)]

    def run(self, steps: int) -> Weights:
        for _ in range(steps):
            self.loss = self.step()
        return self.weights

    def step(self) -> float:
        x, t, row, layers = self.x, self.t, self.row, self.layers
        below = x
        for (W, b), _, a, _, _ in layers[:-1]:
            np.matmul(below, W, out=a)
            np.add(a, b, out=a)
            if self.relu:
                np.maximum(a, 0, out=a)
            else:
                np.negative(a, out=a)
                np.exp(a, out=a)
                np.add(a, 1, out=a)
                np.reciprocal(a, out=a)
            below = a
        (W, b), _, z, dz, _ = layers[-1]
        np.matmul(below, W, out=z)
        np.add(z, b, out=z)
        np.maximum.reduce(z, axis=1, keepdims=True, out=row)
        np.subtract(z, row, out=z)
        np.exp(z, out=dz)
        np.add.reduce(dz, axis=1, keepdims=True, out=row)
        np.divide(dz, row, out=dz)
        np.log(row, out=row)
        loss = (np.add.reduce(row, axis=None) - np.vdot(t, z)) / len(x)
        np.subtract(dz, t, out=dz)
        np.divide(dz, len(x), out=dz)
        for layer in range(len(layers) - 1, -1, -1):
            (W, _), (dW, db), _, dz, _ = layers[layer]
            _, _, a, da, mask = layers[layer - 1] if layer else (None, None, x, None, None)
            np.matmul(a.T, dz, out=dW)
            np.add.reduce(dz, axis=0, out=db)
            if layer:
                np.matmul(dz, W.T, out=da)
                if self.relu:
                    np.greater(a, 0, out=mask)
                    np.multiply(da, mask, out=da)
                else:
                    np.multiply(da, a, out=da)
                    np.subtract(1, a, out=a)
                    np.multiply(da, a, out=da)
        np.multiply(self.gradient, self.rate, out=self.gradient)
        np.subtract(self.theta, self.gradient, out=self.theta)
        return float(loss)
