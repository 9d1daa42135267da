"""PyTorch as it is usually written: layers in a Sequential, the gradients by autograd, the update by its SGD."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn

from training_systems.networks import Batch, Network
from training_systems.system import Weights, pairs


class System:
    loop_inside = False
    multiple = 1
    numpy_memory = False

    def prepare(self, network: Network, weights: Weights, batch: Batch) -> None:
        dtype = getattr(torch, network.dtype)
        activation = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid}[network.activation]
        modules = [module for rows, columns in pairwise(network.widths)
                   for module in (nn.Linear(rows, columns, dtype=dtype), activation())]
        self.linear = modules[::2]
        self.model = nn.Sequential(*modules[:-1])
        with torch.no_grad():
            for layer, (W, b) in zip(self.linear, pairs(weights), strict=True):
                layer.weight.copy_(torch.tensor(W.T))
                layer.bias.copy_(torch.tensor(b))
        self.x, self.labels = torch.tensor(batch.x), torch.tensor(batch.labels)
        self.criterion = nn.CrossEntropyLoss()
        self.optimizer = torch.optim.SGD(self.model.parameters(), network.learning_rate, foreach=True)

    def run(self, steps: int) -> Weights:
        for _ in range(steps):
            self.optimizer.zero_grad()
            self.loss = self.criterion(self.model(self.x), self.labels)
            self.loss.backward()
            self.optimizer.step()
        return self.weights()

    def weights(self) -> Weights:
        return [array.detach().numpy() for layer in self.linear for array in (layer.weight.T, layer.bias)]

    def threads(self) -> int:
        return torch.get_num_threads()
