"""How a peer computes the loss of a page: layer by layer, with functions of its own library.

A peer is a module with the tables LAYERS, ACTIVATIONS and LOSSES.  Only the order of the layers, the names of the
parameters and the documented weighted mean are told here; every formula is the peer's.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

from derive.file.fields import Array, Choice
from derive.file.models import NetworkFile
from derive.network import Network


def loss(file: NetworkFile, network: Network, peer: ModuleType, arrays: Mapping[str, Any]) -> Any:
    """The loss of a network, from its inputs, targets, masks and parameters as the peer's arrays."""
    known = dict(arrays)
    for name, (other, transposed) in file.tied.items():
        known[name] = known[other].T if transposed else known[other]
    prediction = _forward(file, peer, known)
    return _gathered(file.loss, network, peer, prediction, known) + _penalties(file, known)


def _forward(file: NetworkFile, peer: ModuleType, known: dict[str, Any]) -> Any:
    """The prediction; `known` gets the outputs of named layers."""
    previous, number = known[next(iter(file.inputs))], 0
    for layer in file.layers:
        for _ in range(layer.repeat):
            number += 1
            label = f"_{layer.name}" if layer.name else str(number)
            if layer.reads:
                previous = known.get(layer.reads, previous)
            if layer.kind != "activation":
                own = {name.removesuffix(label): array for name, array in known.items() if name.endswith(label)}
                reads = {"previous": previous, **known}
                options = {key: reads[value] if key in ("mask", "memory") else [reads[name] for name in value] if key == "of"
                           else value for key, value in layer.options.items()}
                previous = peer.LAYERS[layer.kind](previous, own, options)
            if layer.activation is not None:
                previous = peer.ACTIVATIONS[layer.activation.name](previous, **layer.activation.options)
        if layer.name:
            known[layer.name] = previous
    return previous


def _gathered(choice: Choice, network: Network, peer: ModuleType, prediction: Any, known: Mapping[str, Any]) -> Any:
    """The sum of the costs, or their mean, weighted as `derive.catalogue.losses` says: Σ w·e / Σ w."""
    options = dict(choice.options)
    reduction, by_class, by_sample = (options.pop(key, None) for key in ("reduction", "class_weights", "sample_weight"))
    options = {name: known[value] if isinstance(value, str) else float(value) for name, value in options.items()}
    target = known.get(network.target)
    costs = peer.LOSSES[choice.name](prediction, target, **options)  # of entries, or of samples and positions
    weights = 1 + 0 * costs
    if isinstance(by_class, Array):
        c = [float(entry) for entry in by_class.entries]
        kind = "labels" if network.system.quantities[network.target].integer else network.kind
        if kind == "labels":
            weights = weights * sum(c[j] * (target == j) for j in range(len(c)))
        elif kind in ("distribution", "logits"):
            weights = weights * sum(c[j] * target[..., j] for j in range(len(c)))
        else:
            weights = weights * (c[0] * (1 - target) + c[1] * target)
    if by_sample:
        weights = weights * known[by_sample].reshape(-1, *[1] * (costs.ndim - 1))
    total = (weights * costs).sum()
    return total if reduction == "sum" else total / weights.sum()


def _penalties(file: NetworkFile, known: Mapping[str, Any]) -> Any:
    """The regularisation of every weight but no bias, unless it names parameters."""
    total = 0
    for kind, cost in {"l1": lambda w: abs(w).sum(), "l2": lambda w: (w**2).sum() / 2}.items():
        if (penalty := getattr(file.regularisation, kind, None)) is not None:
            names = penalty.of or [name for name in known if name.startswith("W")]
            total = total + float(penalty.strength) * sum(cost(known[name]) for name in names)
    return total
