"""PyTorch with torch.compile around the whole step: forward pass, gradients and update become one program."""

from __future__ import annotations

import shutil

import torch

from training_systems import torch_eager
from training_systems.networks import Batch, Network
from training_systems.system import Unavailable, Weights


class System(torch_eager.System):
    def prepare(self, network: Network, weights: Weights, batch: Batch) -> None:
        if not any(map(shutil.which, ("c++", "g++", "clang++", "cl"))):
            raise Unavailable("torch.compile needs a C++ compiler")
        super().prepare(network, weights, batch)
        self.parameters = {name: parameter.detach() for name, parameter in self.model.named_parameters()}

        def loss(parameters, x, labels):
            return self.criterion(torch.func.functional_call(self.model, parameters, (x,)), labels)

        @torch.compile
        def step(parameters, x, labels):
            gradients, value = torch.func.grad_and_value(loss)(parameters, x, labels)
            for name, parameter in parameters.items():
                parameter.sub_(gradients[name], alpha=network.learning_rate)
            return value

        self.step = step

    def run(self, steps: int) -> Weights:
        for _ in range(steps):
            self.loss = self.step(self.parameters, self.x, self.labels)
        return self.weights()
