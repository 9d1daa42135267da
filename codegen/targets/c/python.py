"""The Python module of the C target: the interface of the NumPy module, with bodies that call the C program."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from codegen.targets.c.program import Functions
from codegen.targets.numpy.data import shape_literal
from codegen.targets.numpy.docstring import docstring
from codegen.targets.numpy.module import face, given
from codegen.targets.numpy.second_order import SecondOrder


def python(functions: Functions, traced: Sequence[str], context: dict[str, Any], declarations: str,
           second: SecondOrder | None = None) -> dict[str, Any]:
    """What the template of the module lays out.

    Args:
        context: what the templates of the C files lay out.
        second: where there are second derivatives.
    """
    lowered, network = functions.lowered, functions.network
    found = {**given(lowered), **{name: context[name] for name in ("prefix", "PREFIX", "memory")}, **dict(
        docstring=docstring(lowered, second), helpers=set(), second_order=second is not None, declarations=declarations,
        traced=[(lowered.identifier(name), shape_literal(lowered, name)) for name in traced],
        sampled=lowered.sampled or lowered.data[0], masked=lowered.random,
        trained=lowered.identifiers(network.trained), others=lowered.identifiers(functions.others))}
    if "states" not in context:  # it only traces
        return {**found, "batch": 1}
    return {**found, **face(lowered), **dict(
        batch=context["batch"], whole=context["whole"], options_of_update=[name for name, _ in context["options"]],
        prediction_shape=shape_literal(lowered, network.prediction),
        products=[(name, title, None) for name, title in context["products"]],
        split=lowered.identifier(second.split) if second else "")}
