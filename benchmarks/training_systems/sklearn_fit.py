"""scikit-learn's MLPClassifier, one call of fit for all steps."""

from __future__ import annotations

from training_systems import sklearn_calls
from training_systems.system import Weights


class System(sklearn_calls.System):
    loop_inside = True

    def run(self, steps: int) -> Weights:
        self.model.set_params(max_iter=steps).fit(self.batch.x, self.batch.labels)
        return self.weights()
