"""One network in all systems: first they must reach the same weights, then they take turns."""

from __future__ import annotations

import random
import statistics
import sys
from collections.abc import Sequence
from contextlib import ExitStack, closing
from typing import Any

import numpy as np

from training_systems import PRODUCTS, is_ours
from training_systems.networks import Network, batch
from training_systems.numpy_textbook import System as Textbook
from training_systems.process import Failed, Worker

CHECKED = 5  # steps before the weights are compared
TOLERANCE = {"float64": 1e-10, "float32": 1e-4}


def reference(network: Network) -> list[Any]:
    """The weights after some steps, by the textbook's formulas in float64 from the same numbers."""
    system, data = Textbook(), batch(network)
    double = [array.astype("float64") for array in (*network.weights(), data.x, data.t)]
    system.prepare(network.in_type("float64"), double[:-2], type(data)(*double[-2:], data.labels))
    return system.run(CHECKED)


def disagreement(weights: Sequence[Any], expected: Sequence[Any]) -> float:
    """The largest max |w − expected| / max |expected| of a weight array or a bias; infinite if it is of another shape."""
    return max(float(np.abs(w - e).max() / np.abs(e).max()) if w.shape == e.shape else float("inf")
               for w, e in zip(weights, expected, strict=True))


def measure(network: Network, names: Sequence[str], rounds: int, block: float) -> dict[str, Any]:
    """Times of blocks of steps and memory by system; those that are left out, with the reason; those that went wrong."""
    row: dict[str, Any] = {"name": network.name, "systems": {}, "skipped": {}, "wrong": {}}
    with ExitStack() as stack:
        workers = {name: stack.enter_context(closing(Worker(name, network, block))) for name in names}

        def turn(name: str, *question: Any) -> Any:
            """The answer of a system; one that fails is out, which its place among the wrong ones says."""
            try:
                return workers[name].ask(*question) if question else workers[name].answer()
            except Failed as error:
                row["wrong"][name] = str(error)

        for name in names:
            reason = turn(name)
            if reason:
                row["skipped"][name] = reason
        expected, tolerance = reference(network), TOLERANCE[network.dtype]

        def remaining() -> list[str]:
            return [name for name in names if name not in row["skipped"] and name not in row["wrong"]]

        for name in remaining():
            system = row["systems"][name] = {"seconds": []}
            if name != PRODUCTS and (weights := turn(name, "weights", CHECKED)) is not None:
                system["disagreement"] = disagreement(weights, expected)
                if not system["disagreement"] <= tolerance:
                    row["wrong"][name] = (f"after {CHECKED} steps its weights are off by {system['disagreement']:.1e}, "
                                          f"expected at most {tolerance:.0e}")
        for name in remaining():
            turn(name, "calibrate")
        for number in range(rounds):
            if sys.stderr.isatty():
                print(f"\r{network.name}: round {number + 1} of {rounds}", end="\033[K", file=sys.stderr, flush=True)
            order = remaining()
            random.Random(number).shuffle(order)  # nobody always follows the same neighbour
            for name in order:
                row["systems"][name]["seconds"].append(turn(name, "time"))
        for name in remaining():
            row["systems"][name] |= turn(name, "about") or {}
        row["systems"] = {name: row["systems"][name] for name in remaining()}
    if sys.stderr.isatty():
        print(end="\r\033[K", file=sys.stderr)
    _summarise(row)
    return row


def _summarise(row: dict[str, Any]) -> None:
    """Times a step, quartiles, and the medians of the ratios to the matrix products and to the best peer in each round."""
    systems = row["systems"]
    for system in systems.values():
        system["seconds"] = [taken / system["steps"] for taken in system["seconds"]]
        system["median"] = statistics.median(system["seconds"])
        system["quartiles"] = [float(q) for q in np.quantile(system["seconds"], (0.25, 0.75))]
    peers = [name for name in systems if name != PRODUCTS and not is_ours(name)]
    row["best_peer"] = min(peers, key=lambda name: systems[name]["median"], default=None)
    for name, system in systems.items():
        if PRODUCTS in systems:
            system["to_products"] = _ratio(system, systems[PRODUCTS])
        if is_ours(name) and peers:
            system["to_best_peer"] = _ratio(system, systems[row["best_peer"]])


def _ratio(system: dict[str, Any], other: dict[str, Any]) -> float:
    return statistics.median(a / b for a, b in zip(system["seconds"], other["seconds"], strict=True))
