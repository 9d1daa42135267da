"""The optimiser: one update of the parameters from `begin` to `end` of the flat vector."""

from __future__ import annotations

from collections.abc import Sequence

from codegen.targets.c.functions import Buffer, Function, Writer
from codegen.targets.c.names import Names
from codegen.update import over_vectors, stages
from derive.language.equations import Equation
from derive.network import ENTRIES, Optimiser

SCALARS = ("k", "K")


def updates(optimiser: Optimiser, prefix: str, rest: Sequence[Equation]) -> dict[str, Function]:
    """The functions that update parameters.

    `update` is the whole update, `clip` what is done with the gradients of all parameters before, where each parameter is
    updated by itself, and `finish` the rest of the assignments, if any.
    """
    if not optimiser.assignments:
        return {}
    together, each = stages(optimiser)
    changed = ("theta", *optimiser.states)
    made = {"clip": _function(optimiser, together, prefix, ("g",))} if optimiser.by_parameter and together else {}
    made["update"] = _function(optimiser, each if made else optimiser.assignments, prefix, changed)
    return {**made, "finish": _function(optimiser, rest, prefix, changed)} if rest else made


def _function(optimiser: Optimiser, assignments: Sequence[Equation], prefix: str, changed: Sequence[str]) -> Function:
    scalars = (*SCALARS, *optimiser.constants)
    writer = Writer(over_vectors(optimiser, assignments), Names(prefix, {"size", "model", "begin", "end", "memory"}),
                    {e.name: e for e in assignments}, (), ENTRIES)
    fields = {"theta": "theta", "g": "gradient"}
    buffers = [Buffer(f"model->{fields.get(name, name)} + begin", (name,), "in")
               for name in ("theta", "g", *optimiser.states)]
    buffers += [Buffer("rate(model, begin)" if name == "learning_rate" and optimiser.learning_rates else
                       f"model->{field(name)}", (name,), scalar=True) for name in scalars]
    return writer.function(changed, buffers)


def field(name: str) -> str:
    """The member of the model that a number of the optimiser is kept in."""
    return {"k": "updates", "K": "planned"}.get(name, f"{name}_" if name in ("theta", "gradient", "memory") else name)
