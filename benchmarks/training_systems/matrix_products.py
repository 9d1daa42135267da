"""The matrix products of a step and nothing else, each a call of NumPy into an array made before.

Where the matrices are large, no system over this BLAS can beat it; where they are small, the calls are what takes time.
"""

from __future__ import annotations

import numpy as np

from training_systems.networks import Batch, Network
from training_systems.system import NumpySystem, Weights, pairs


class System(NumpySystem):
    def prepare(self, network: Network, weights: Weights, batch: Batch) -> None:
        self.weights, self.products = weights, []
        below = batch.x
        for layer, (W, _) in enumerate(pairs(weights)):
            above = np.zeros((network.batch, W.shape[1]), network.dtype)
            self.products += [(below, W, above), (below.T, above, np.empty_like(W))]
            if layer:  # the gradient of the data is not needed
                self.products.append((above, W.T, np.empty_like(below)))
            below = above

    def run(self, steps: int) -> Weights:
        for _ in range(steps):
            for left, right, product in self.products:
                np.matmul(left, right, out=product)
        return self.weights
