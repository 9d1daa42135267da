"""The systems that `benchmarks/training.py` compares: a file each, with one class `System` (see system.py)."""

from __future__ import annotations

import importlib
from typing import cast

from training_systems.system import TrainingSystem

PRODUCTS = "matrix products alone"  # the unit of the table
PEERS = {
    "PyTorch": "torch_eager", "torch.compile": "torch_compiled", "JAX jit": "jax_calls", "JAX lax.scan": "jax_scan",
    "scikit-learn partial_fit": "sklearn_calls", "scikit-learn fit": "sklearn_fit", "autograd": "autograd_calls",
    "NumPy, textbook": "numpy_textbook", "NumPy, in place": "numpy_in_place",
}


OURS = {"ours, numpy, call by call": "generated_calls", "ours, c": "generated_c", "ours, jax": "generated_jax"}


def names(targets: list[str]) -> list[str]:
    """All systems: the unit, the peers, and what is generated for each of our targets."""
    return [PRODUCTS, *PEERS, *(f"ours, {target}" for target in targets), "ours, numpy, call by call"]


def is_ours(name: str) -> bool:
    return name.startswith("ours, ")


def load(name: str) -> TrainingSystem:
    """A system, not yet prepared.

    Raises:
        ImportError: what it needs is not installed.
    """
    file = {PRODUCTS: "matrix_products", **PEERS, **OURS}.get(name, "generated")
    target = name.split(", ")[1:2] if is_ours(name) else ()
    return cast(TrainingSystem, importlib.import_module(f"{__name__}.{file}").System(*target))
