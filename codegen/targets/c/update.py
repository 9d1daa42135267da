"""The optimiser: one update of the parameters from `begin` to `end` of the flat vector."""

from __future__ import annotations

from collections.abc import Sequence

from codegen.targets.c.functions import Buffer, Function, Writer
from codegen.targets.c.names import Names
from codegen.targets.numpy.update import over_vectors
from derive.language.equations import Equation
from derive.network import ENTRIES, Optimiser

SCALARS = ("k", "K")


def updates(optimiser: Optimiser, prefix: str) -> tuple[Function | None, Function]:
    """What is done with the gradients of all parameters before, where each parameter is updated by itself; the update."""
    lines = optimiser.assignments
    last = max((place for place, line in enumerate(lines, 1) if "G" in line.reads), default=0)
    if not optimiser.by_parameter or not last:
        return None, _function(optimiser, lines, prefix, ("theta", *optimiser.states))
    return (_function(optimiser, lines[:last], prefix, ("g",)),
            _function(optimiser, lines[last:], prefix, ("theta", *optimiser.states)))


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
