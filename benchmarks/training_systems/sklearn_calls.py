"""scikit-learn's MLPClassifier, a call of partial_fit for each step."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from training_systems.networks import Batch, Network
from training_systems.system import NumpySystem, Unavailable, Weights


class System(NumpySystem):
    def prepare(self, network: Network, weights: Weights, batch: Batch) -> None:
        if network.widths[-1] == 2:
            raise Unavailable("it has one logistic output for two classes, not a softmax")
        self.batch = batch
        self.model = MLPClassifier(
            network.widths[1:-1], activation={"relu": "relu", "sigmoid": "logistic"}[network.activation], solver="sgd",
            alpha=0, momentum=0, nesterovs_momentum=False, learning_rate_init=network.learning_rate,
            batch_size=network.batch, shuffle=False, tol=0, n_iter_no_change=np.inf, warm_start=True)
        self.model.partial_fit(batch.x, batch.labels, classes=range(network.widths[-1]))  # makes its arrays
        for own, array in zip(self.weights(), weights, strict=True):
            own[...] = array
        warnings.simplefilter("ignore", ConvergenceWarning)  # it is not asked to converge

    def weights(self) -> Weights:
        return [array for pair in zip(self.model.coefs_, self.model.intercepts_, strict=True) for array in pair]

    def run(self, steps: int) -> Weights:
        for _ in range(steps):
            self.model.partial_fit(self.batch.x, self.batch.labels)
        return self.weights()
