"""Networks of pages, their data, and the gradients of the modules that are generated for them."""

from __future__ import annotations

import types
import zlib
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

import codegen
from derive.build import build
from derive.catalogue.losses import LOSSES
from derive.file.reading import validated
from derive.file.source import source_of_text
from derive.network import Network

Arrays = dict[str, Any]


class Page:
    """A network from a page, with random data and parameters of float64.

    Kinks (relu at 0, the bounds of hard_tanh) and ties (in a window of a maximum) are conventions, not mathematics: the
    numbers are drawn from continuous distributions, which have none.
    """

    def __init__(self, text: str, samples: int) -> None:
        source = source_of_text(text)
        self.file, self.samples = validated(source), samples
        self.network: Network = build(self.file, source)
        self._random = np.random.default_rng(zlib.crc32(text.encode()))
        self.parameters = {name: self._random.normal(0, 0.6, self._shape(name)) for name in self.network.parameters}
        self.data = {name: self._input(name) for name in self.network.inputs}
        self.data |= {name: self._target(name) for name in self.network.targets}
        self.masks = {name: self._random.choice([0, 1.5], self._shape(name)) for name in self.network.random}

    @cached_property
    def module(self) -> types.ModuleType:
        """The generated module."""
        module = types.ModuleType("network")
        exec(compile(codegen.generate(self.network, self.network.derivation()), "network.py", "exec"), module.__dict__)
        return module

    def value_and_gradients(self, dtype: Any) -> tuple[float, Arrays]:
        """The loss and its gradients by the generated module.

        Raises:
            TypeError: a gradient is not of the type of the parameters.
        """
        masks = {"masks": in_type(self.masks, dtype)} if self.masks else {}
        parameters = {**self.module.initial_parameters(), **self.parameters}  # the running statistics are among them
        J, gradients = self.module.loss_and_gradients(in_type(parameters, dtype), **in_type(self.data, dtype), **masks)
        for name, gradient in gradients.items():
            if gradient.dtype != dtype:
                raise TypeError(f"the gradient of {name} is {gradient.dtype}, its parameter {np.dtype(dtype)}")
        return float(J), gradients

    def _shape(self, name: str) -> tuple[int, ...]:
        return tuple(self.samples if size is None else size for size in self.network.shape(name))

    def _input(self, name: str) -> Any:
        shape = self._shape(name)
        if name in self.network.labels:
            return self._random.integers(0, self.network.labels[name], shape)
        if name == "s":  # a mask with holes; the first position is there, so that a causal one has something to see
            mask = self._random.choice([0.0, 1.0], shape)
            mask[:, 0] = 1
            return mask
        return self._random.normal(0, 2, shape)

    def _target(self, name: str) -> Any:
        network, shape = self.network, self._shape(name)
        if name == network.sample_weight:
            return self._random.uniform(0.5, 1.5, shape)
        kind = LOSSES[self.file.loss.name].target
        if kind == "labels":
            return self._random.integers(0, network.shape(network.prediction)[-1] or 1, shape)
        if kind == "one_hot":  # a mixture of classes, the general case
            return self._random.dirichlet(np.ones(shape[-1]), shape[:-1])
        if kind == "signs":
            return self._random.choice([-1.0, 1.0], shape)
        if kind == "counts":
            return self._random.poisson(2.0, shape).astype(float)
        if kind == "probabilities":
            return self._random.integers(0, 2, shape).astype(float) if self.file.loss.name.startswith("focal") else (
                self._random.uniform(0, 1, shape))
        return self._random.normal(0, 1, shape)


def in_type(arrays: Mapping[str, Any], dtype: Any) -> Arrays:
    """Arrays in another precision; labels stay whole numbers."""
    return {name: array if array.dtype.kind == "i" else array.astype(dtype) for name, array in arrays.items()}
