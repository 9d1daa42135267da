"""How the parameters start, in C: formulas of random numbers, or the file's own numbers."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from math import prod

import numpy as np

from codegen.targets.c.layout import WIDTH
from codegen.targets.c.printer import CPrinter
from derive.catalogue.initialisers import DRAWS
from derive.fans import fans
from derive.language.expressions import Access
from derive.network import Network

#: The draws as the program has them; an orthogonal matrix is made in the parameter itself.
CALLS = {"U": "uniform(&seed)", "N": "normal(&seed)", "Q": "{pointer}[i]"}


def initialise(network: Network, vectors: dict[str, Sequence[str]]) -> tuple[list[str], set[str]]:
    """The body of the function that starts the vectors, and the functions that it calls.

    Args:
        vectors: the parameters that lie one after the other in each.
    """
    lines: list[str] = []
    helpers: set[str] = set()
    for vector, names in vectors.items():
        end = 0
        for name in names:
            shape = [size or 1 for size in network.shape(name)]
            begin, end = end, end + prod(shape)
            lines.append(f"    /* {name} */" if name.isascii() else "    /* the next parameter */")
            lines += _start(network, name, shape, vector, begin, end, helpers)
    return lines, helpers


def _start(network: Network, name: str, shape: list[int], vector: str, begin: int, end: int, helpers: set[str]
           ) -> list[str]:
    initialiser = network.initial[name]
    if initialiser.name == "given":
        numbers = ", ".join(f"R({float(v)!r})" for v in np.asarray(initialiser.values, float).ravel())
        rows = textwrap.wrap(numbers, WIDTH - 12)
        return ["    {", "        static const real start[] = {", *(f"            {row}" for row in rows), "        };",
                f"        memcpy({vector} + {begin}, start, sizeof start);", "    }"]
    drawn = DRAWS.keys() & {a.name for a in initialiser.formula.atoms(Access)}
    fan_in, fan_out = fans(network, name)
    code = {"fan_in": f"R({fan_in})", "fan_out": f"R({fan_out})",
            **{draw: call.format(pointer=vector) for draw, call in CALLS.items()}}
    value = CPrinter({}, code.__getitem__, str, lambda _: True).text(initialiser.formula)
    lines = []
    if "Q" in drawn:
        last = 1 if network.columns else -1
        lines.append(f"    orthogonal({vector} + {begin}, {prod(shape[:last])}, {prod(shape[last:])}, &seed);")
        helpers |= {"orthogonal", "N"}
    helpers |= drawn
    return [*lines, f"    for (long i = {begin}; i < {end}; i++)", f"        {vector}[i] = {value};"]
