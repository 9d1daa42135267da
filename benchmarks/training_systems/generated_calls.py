"""What we generate for a target, a call of `next(model.training(x, t))` for each step."""

from __future__ import annotations

from training_systems import generated
from training_systems.networks import Batch, Network
from training_systems.system import Weights


class System(generated.System):
    loop_inside = False

    def prepare(self, network: Network, weights: Weights, batch: Batch) -> None:
        super().prepare(network, weights, batch)
        self.training = self.model.training(batch.x, batch.t)

    def run(self, steps: int) -> Weights:
        for _ in range(steps):
            self.loss = next(self.training)
        return self.weights()
