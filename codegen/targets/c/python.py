"""The Python module of the C target: the interface of the NumPy module, with bodies that call the C program."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from codegen.targets.c.program import Functions
from codegen.targets.numpy.docstring import docstring
from codegen.targets.numpy.module import face, given


def python(functions: Functions, traced: Sequence[str], context: dict[str, Any],
           declarations: str) -> dict[str, Any]:
    """What the template of the module lays out."""
    lowered, network = functions.lowered, functions.network
    identifier = lowered.identifier
    checked = _checked(functions)
    flat = "_flat(parameters)"
    trace_items = []
    for name in (*lowered.random, *traced):
        if name in lowered.random:
            trace_items.append((name, identifier(name)))
        else:
            trace_items.append((name, f"_part({', '.join(lowered.sizes(name))})"))
    data = ", ".join(lowered.identifiers((*lowered.data, *lowered.random)))
    size = " + ".join(_product(lowered.sizes(name)) for name in traced) or "0"
    result = dict(
        docstring=docstring(lowered), helpers=set(), second_order=False,
        declarations=declarations,
        trace=f"{checked}\n    _values = np.empty({size}, _dtype(parameters))\n"
              f'    _call("trace", {flat}, ({data},), m, _values)\n    _part = _Parts(_values)',
        trace_items=trace_items, prefix=functions.prefix, PREFIX=functions.prefix.upper(),
        memory=context["memory"], trained=lowered.identifiers(network.trained),
        others=lowered.identifiers(functions.others), batch=context.get("batch", 1))
    if "states" not in context:
        return {**given(lowered), **result}
    inputs = ", ".join(lowered.identifiers(network.inputs))
    size_of_gradient = sum(prod(size or 1 for size in network.shape(n)) for n in network.parameters)
    result |= dict(
        products=(), split="",
        forward="\n".join([
            f"    {_left(lowered.identifiers(network.inputs))} = _checked(parameters, "
            f"{', '.join(f'{n}={n}' for n in lowered.identifiers(network.inputs))})",
            f"    m = len({identifier(network.inputs[0])})",
            f"    {identifier(network.prediction)} = np.empty({lowered.shape(network.prediction)}, _dtype(parameters))",
            f'    _call("forward", {flat}, ({inputs},), m, {identifier(network.prediction)})']),
        gradients="\n".join([
            checked, f"    _gradient = np.empty({size_of_gradient}, _dtype(parameters))",
            f'    {identifier(network.loss)} = _call("loss_and_gradients", {flat}, ({data},), m, _gradient)',
            "    _part = _Parts(_gradient)"]),
        gradient_items=[(identifier(n), f"_part({', '.join(lowered.sizes(n))})")
                        for n in (*network.trained, *network.frozen)],
        running_statistics="", running_items=[], workspace="", step="", train="",
        masked=lowered.random, options_of_update=[name for name, _ in context["options"]],
        states=network.optimiser.states)
    if lowered.running:
        rest = ", ".join(lowered.identifiers((*network.inputs, *lowered.random)))
        total = " + ".join(_product(lowered.sizes(n)) for n in lowered.running)
        result |= dict(
            running_statistics="\n".join([
                f"    {_left(lowered.identifiers(network.inputs))} = _checked(parameters, "
                f"{', '.join(f'{n}={n}' for n in lowered.identifiers(network.inputs))})",
                f"    m = len({identifier(network.inputs[0])})", *_masks(functions),
                f"    _values = np.empty({total}, _dtype(parameters))",
                f'    _call("running_statistics", {flat}, ({rest},), m, _values)', "    _part = _Parts(_values)"]),
            running_items=[(identifier(n), f"_part({', '.join(lowered.sizes(n))})") for n in lowered.running])
    return {**face(lowered), **given(lowered), **result}


def _checked(functions: Functions) -> str:
    lowered = functions.lowered
    data = lowered.identifiers(lowered.data)
    lines = [f"    {_left(data)} = _checked(parameters, {', '.join(f'{n}={n}' for n in data)})",
             f"    m = len({lowered.identifier(lowered.sampled or lowered.data[0])})", *_masks(functions)]
    return "\n".join(lines)


def _masks(functions: Functions) -> list[str]:
    masks = functions.lowered.identifiers(functions.lowered.random)
    return [f"    {_left(masks)} = _checked_masks(parameters, masks, m)"] if masks else []


def _left(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) > 1 else f"({names[0]},)"


def _product(sizes: Sequence[str]) -> str:
    return " * ".join(sizes) or "1"

