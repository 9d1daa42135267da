"""What the C files of a network that trains lay out: the model, its memory, and the batches of the loop."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

from codegen.targets.c.program import Functions
from codegen.targets.c.step import Step
from codegen.targets.c.update import field

SHORT = 200  # lines of a step


@dataclass(frozen=True)
class Rows:
    """Memory for some numbers of each sample of a batch.

    Attributes:
        size: how many of a sample.
        source: what is copied there, or the probability of a 0 where they are drawn.
        name, place: the pointer to them, and where it points.
    """

    size: int
    type: str
    source: str
    name: str
    place: str


def training(functions: Functions, step: Step, scratch: tuple[int, int], memory: tuple[int, int], lines: int
             ) -> dict[str, Any]:
    """What the files of a network that trains lay out besides.

    Args:
        scratch: memory for the optimiser's updates, for each parameter and always.
        memory: what every other function needs, for each sample and always.
        lines: of the function that computes the gradients.
    """
    network, optimiser = functions.network, functions.network.optimiser
    batch = network.training.batch_size or network.samples or 1
    rows, masks, in_rows = _rows(functions) if optimiser.assignments else ([], [], {"real": 0, "int64_t": 0})
    updating = scratch[0] * functions.parameters + scratch[1]
    total = memory[0] + in_rows["real"], memory[1] + updating
    numbers = total[0] * batch + total[1] + functions.fixed + functions.parameters * (2 + len(optimiser.states))
    return dict(
        # A short step is compiled where it is called, for a number of samples that the compiler knows.
        STEP="INLINE" if lines <= SHORT else "static",
        states=optimiser.states, optimiser=optimiser.name.replace("_", " "), batch=batch,
        rows=rows, masks=masks, in_rows=in_rows["real"], whole=in_rows["int64_t"],
        options=[(field(n), float(v)) for n, v in optimiser.constants.items()],
        spans=step.updates, rests=step.rests,
        rates=[(begin, end, functions.names(n), optimiser.learning_rates[n]) for n, begin, end in functions.spans
               if n in optimiser.learning_rates],
        layered=functions.layered, frozen=network.frozen, step_differs=step.differs,
        loss=functions.names(network.loss), step_memory=memory, scratch=updating, memory=total,
        kibibytes=lambda size: -(-(size * numbers + 8 * in_rows["int64_t"] * batch) // 1024),
    )


def _rows(functions: Functions) -> tuple[list[Rows], list[Rows], dict[str, int]]:
    """Copies of the rows of a batch, what is drawn for it, and how many numbers of each type a sample has in them."""
    network, ends = functions.network, {"real": 0, "int64_t": 0}

    def made(name: str, source: str) -> Rows:
        size, kind = prod(size or 1 for size in network.shape(name)), functions.type(name)
        place = f"{'rows' if kind == 'real' else 'model->whole'} + {ends[kind]} * batch"
        ends[kind] += size
        return Rows(size, kind, source, functions.names(f"{name} rows"), place)

    rows = [made(name, functions.argument(name)) for name in functions.lowered.data]
    return rows, [made(name, functions.names(rate)) for name, rate in network.random.items()], ends
