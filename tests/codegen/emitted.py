"""Modules of networks from YAML texts, and the values that their equations have by loops."""

from __future__ import annotations

import types
from collections.abc import Mapping
from functools import cache
from itertools import product
from typing import Any

import numpy as np
from derivation.evaluation import DOUBLE, Values
from derivation.networks import derivation, network

import codegen
from derive.checks.process import example_data
from derive.language.equations import System
from derive.language.substitution import SAMPLES
from derive.network import Network


def of_layers(*layers: str, x: str = "3", loss: str = "mean_squared_error", more: str = "") -> str:
    """The page of a network."""
    return f"inputs: {{x: {x}}}\nlayers:\n" + "".join(f"- {layer}\n" for layer in layers) + f"loss: {loss}\n{more}"


@cache
def source(text: str) -> str:
    return codegen.generate(network(text), derivation(text))


@cache
def module(text: str) -> Any:
    made = types.ModuleType("net")
    exec(compile(source(text), "net.py", "exec"), made.__dict__)
    return made


def data(text: str, samples: int = 4) -> dict[str, Any]:
    """Random inputs and targets of the right kind; an input s is a mask of ones, and zeros at the end."""
    made = example_data(network(text), samples)
    if "s" in made:
        axis = network(text).system.quantities["s"].sample_axis
        made["s"] = np.moveaxis(np.tri(*np.moveaxis(made["s"], axis, 0).shape), 0, axis)
    return made


def parameters(text: str, dtype: Any = np.float64) -> dict[str, Any]:
    """The initial parameters, moved away from zeros and ones."""
    rng = np.random.default_rng(8)
    start = module(text).initial_parameters()
    return {name: (array + 0.3 * rng.random(array.shape)).astype(dtype) for name, array in start.items()}


def values(of: Network, system: System, arrays: Mapping[str, Any]) -> dict[str, Any]:
    """Every quantity of a system as an array, computed by loops from those given."""
    given = {name: entries(array) for name, array in arrays.items()}
    given |= {name: {(): np.float64(q.value)} for name, q in of.constants.items()}
    samples = next(len(arrays[name]) for name in of.inputs)
    found = Values(system, {**of.sizes, SAMPLES: samples}, given, DOUBLE)
    return {name: as_array(found[name]) for name in system.definitions}


def entries(array: Any) -> dict[tuple[int, ...], Any]:
    array = np.asarray(array)
    return {place: array[place] for place in product(*map(range, array.shape))}


def as_array(found: Mapping[tuple[int, ...], Any]) -> Any:
    shape = [1 + max(axis) for axis in zip(*found, strict=True)]
    array = np.empty(shape)
    for place, value in found.items():
        array[place] = value
    return array
