"""The networks of the table, their weights and their data."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Network:
    """Dense layers, softmax and cross-entropy, trained by gradient descent on batches of one size."""

    widths: tuple[int, ...]
    activation: str
    batch: int
    dtype: str
    shape: str = ""
    learning_rate: float = 0.01

    @property
    def name(self) -> str:
        shape = self.shape or "-".join(map(str, self.widths))
        return f"{shape} {self.activation}, batch {self.batch}, {self.dtype}"

    def in_type(self, dtype: str) -> Network:
        return replace(self, dtype=dtype)

    def weights(self) -> list[Any]:
        """W1, b1, W2, b2, …: the weights by He's rule, the biases 0, so that after some steps they are all gradient."""
        random = np.random.default_rng(zlib.crc32(self.name.encode()))
        return [array.astype(self.dtype) for rows, columns in pairwise(self.widths)
                for array in (random.normal(0, np.sqrt(2 / rows), (rows, columns)), np.zeros(columns))]


@dataclass(frozen=True)
class Batch:
    """The samples of a step."""

    x: Any  # (m, inputs)
    t: Any  # (m, classes), one-hot
    labels: Any  # (m,), the same as whole numbers


def batch(network: Network) -> Batch:
    """Random samples; every class occurs, as scikit-learn asks, where there are enough of them."""
    random = np.random.default_rng(0)
    x = random.normal(0, 1, (network.batch, network.widths[0])).astype(network.dtype)
    labels = random.permutation(np.arange(network.batch) % network.widths[-1])
    return Batch(x, np.eye(network.widths[-1], dtype=network.dtype)[labels], labels)


NETWORKS = (
    Network((2, 2, 2), "sigmoid", 1, "float64"),
    Network((4, 16, 3), "relu", 32, "float32"),
    Network((64, 32, 10), "relu", 64, "float32"),
    Network((784, 128, 10), "relu", 128, "float32"),
    Network((784, 128, 10), "sigmoid", 128, "float32"),
    Network((784, 512, 512, 10), "relu", 256, "float32"),
    Network((64, *20 * (64,), 10), "relu", 64, "float32", shape="64, 20 layers of 64, 10"),
)
