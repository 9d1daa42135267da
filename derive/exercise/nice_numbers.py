"""Nice numbers: data and parameters of one or two decimals, no two of a sheet equal but for their sign."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np

from derive.network import Initialiser, Network

_NEGATIVE = 0.3  # the share of weights below 0


def drawn(network: Network, rng: np.random.Generator, soft: bool) -> Network:
    """The network with one sample and parameters that are drawn anew, of the kinds that its loss needs.

    Args:
        soft: a target that is a distribution has no zeros; else it is one-hot.
    """
    shapes = {name: tuple(1 if size is None else size for size in network.shape(name))
              for name in (*network.inputs, *network.targets, *network.parameters)}
    numbers = _different(sum(map(prod, shapes.values())), rng)

    def some(name: str, signed: bool) -> np.ndarray:
        values = np.array([next(numbers) for _ in range(prod(shapes[name]))])
        signs = np.where(rng.random(len(values)) < _NEGATIVE, -1, 1) if signed else 1
        return (values * signs).reshape(shapes[name])

    data: dict[str, Any] = {}
    for name in network.inputs:
        data[name] = (rng.integers(0, network.labels[name], shapes[name]) if name in network.labels
                      else some(name, _has_negative(network, name)))
    for name in network.targets:
        known = _of_its_kind(network, name, shapes[name], rng, soft)
        data[name] = some(name, _has_negative(network, name)) if known is None else known
    initial = {name: Initialiser("given", values=some(name, signed=True).tolist()) for name in network.parameters}
    training = replace(network.training, batch_size=None, shuffle=False)
    return replace(network, data=data, test={}, initial={**network.initial, **initial}, training=training)


def _different(count: int, rng: np.random.Generator) -> Iterator[float]:
    """Numbers from 0.1 to 0.95 without repetition as long as there are others."""
    coarse, fine = np.arange(10, 100, 5), np.arange(10, 96)
    while True:
        hundredths = coarse if count <= len(coarse) else fine
        yield from (rng.permutation(hundredths) / 100).tolist()


def _has_negative(network: Network, name: str) -> bool:
    """Whether the file's own data has numbers below 0; without any they may be."""
    return name not in network.data or bool((np.asarray(network.data[name]) < 0).any())


def _of_its_kind(network: Network, name: str, shape: tuple[int, ...], rng: np.random.Generator, soft: bool) -> Any:
    """A target that cannot be any decimal; None where it can."""
    if name == network.sample_weight:
        return rng.choice([0.5, 1.5, 2.0], shape)
    if network.system.quantities[name].integer:
        return rng.integers(0, _classes(network), shape)
    if network.kind == "margin":
        return rng.choice([-1.0, 1.0], shape)
    if network.kind in ("probability", "logit"):
        return rng.integers(0, 2, shape).astype(float)
    if network.kind in ("distribution", "logits"):
        return _distribution(shape, _class_axis(network, name), rng, soft)
    own = np.asarray(network.data.get(name, 0.5))
    if (own == own.round()).all():  # counts, or classes as 0 and 1, of which the file may have one alone
        lowest, highest = (0, 1) if np.isin(own, (0, 1)).all() else (int(own.min()), max(own.max(), own.min() + 1))
        return rng.integers(lowest, int(highest) + 1, shape).astype(float)
    return None


def _classes(network: Network) -> int:
    shape = network.shape(network.prediction)
    return shape[_class_axis(network, network.prediction)] or 1


def _class_axis(network: Network, name: str) -> int:
    """The axis of the classes: the last but for the samples."""
    quantity = network.system.quantities[name]
    return max(axis for axis in range(len(quantity.indices)) if axis != quantity.sample_axis)


def _distribution(shape: tuple[int, ...], axis: int, rng: np.random.Generator, soft: bool) -> np.ndarray:
    """Rows of tenths that sum to 1, along an axis."""
    rows = np.moveaxis(np.zeros(shape), axis, -1)
    classes = rows.shape[-1]
    for place in np.ndindex(rows.shape[:-1]):
        rows[place] = np.eye(classes)[rng.integers(classes)]
        if soft and classes <= 10:
            bounds = np.sort(rng.choice(np.arange(1, 10), classes - 1, replace=False))
            rows[place] = np.diff(np.concatenate([[0], bounds, [10]])) / 10
    return np.ascontiguousarray(np.moveaxis(rows, -1, axis))
