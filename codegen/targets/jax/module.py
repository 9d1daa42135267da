"""The text of the JAX module: the NumPy module's templates with those of this folder in place of some."""

from __future__ import annotations

from typing import Any

from jinja2 import ChoiceLoader, PackageLoader, PrefixLoader

from codegen.targets.jax.functions import CompiledFunctions, LayerByLayer
from codegen.targets.jax.lowered import JaxLowered
from codegen.targets.jax.update import update
from codegen.targets.numpy.docstring import docstring
from codegen.targets.numpy.layout import filled
from codegen.targets.numpy.model import Option, options
from codegen.targets.numpy.module import TEMPLATES, described, template, tracing
from derive.calculus.record import Derivation
from derive.language.equations import System
from derive.network import Network

LOADER = ChoiceLoader([PackageLoader("codegen.targets.jax"), PrefixLoader({"numpy": TEMPLATES}), TEMPLATES])
MESH = Option("mesh", "Mesh | None", "None", "The devices to train on; None for one. See the docstring of the module.",
              "jax.sharding.Mesh or None", "")
DEVICES = (
    "The functions take and return whole arrays, on one device. A model trains on many with `mesh`, a "
    "`jax.sharding.Mesh`: the samples of each batch are divided among the devices of its first axis, weights along "
    "its second if there is one, and the sums over all samples are those of one device. A batch whose size the "
    "number of devices does not divide is computed by each of them.",
    "On several hosts, run the same program on each: call `jax.distributed.initialize(…)` first, make a mesh of "
    "`jax.devices()`, and give each process the same arguments; each reads the samples of its own devices, for which "
    "a memory map (`np.load(…, mmap_mode=\"r\")`) is enough.",
    "On GPUs, JAX multiplies float32 matrices in a shorter type unless it is told otherwise: "
    "`jax.config.update(\"jax_default_matmul_precision\", \"highest\")`.")


def emit(network: Network, derivation: Derivation) -> dict[str, str]:
    """The text of the module.

    Raises:
        ValueError: second derivatives are asked for, or an optimiser that solves equations with all parameters at once.
    """
    if not network.optimiser.assignments:
        raise ValueError(f"the JAX target has no {network.optimiser.name}: take the NumPy target or another optimiser")
    if network.second_order:
        raise ValueError("the JAX target has no second derivatives: take the NumPy target or leave out second_order")
    lowered = JaxLowered(network, derivation)
    return {".py": template("module.py.jinja", lowered, LOADER).render(_module(lowered))}


def emit_trace(network: Network, derivation: Derivation, system: System) -> dict[str, str]:
    """The text of a module that only traces a system: the derivation's, or one that holds more."""
    lowered = JaxLowered(network, derivation, system)
    functions = CompiledFunctions(lowered, lowered.readable)
    context = tracing(lowered, functions, [e.name for e in system.equations])
    return {".py": template("trace.py.jinja", lowered, LOADER).render(
        context, docstring=docstring(lowered), helpers=functions.helpers)}


def _module(lowered: JaxLowered) -> dict[str, Any]:
    """What the template of the whole module lays out."""
    network = lowered.network
    functions, predicting = (CompiledFunctions(lowered, program) for program in (lowered.readable, lowered.predicting))
    context = described(lowered, functions, predicting)
    updated = update(network.optimiser)
    keywords = [*options(network), MESH]
    layers = ""
    if context["layer_by_layer"]:
        gradients = [lowered.gradient_of[n] for n in network.trained if n in lowered.gradient_of]
        layers = LayerByLayer(lowered, lowered.readable).body([network.loss, *gradients], lowered.data)
    return {**context, **dict(
        docstring=_with_devices(docstring(lowered)), helpers=functions.helpers | predicting.helpers,
        solver="", layers=layers, update=updated, planned="K" in updated.numbers,
        gradient_items=[(name, value.replace("np.", "jnp.")) for name, value in context["gradient_items"]],
        options=keywords, option_names=[option.name for option in keywords])}


def _with_devices(text: str) -> str:
    """The docstring with what is to be known of devices."""
    paragraphs = ["\n".join(filled(paragraph)) for paragraph in DEVICES]
    return text.removesuffix('"""') + "\n" + "\n\n".join(paragraphs) + '\n"""'
