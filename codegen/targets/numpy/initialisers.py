"""How a parameter starts, as NumPy code: the formula of its initialiser, or the file's own numbers."""

from __future__ import annotations

import textwrap
from typing import Any

from codegen.targets.numpy.layout import WIDTH
from codegen.targets.numpy.lowered import shape_text
from codegen.targets.numpy.printer import NumpyPrinter
from derive.catalogue.initialisers import DRAWS
from derive.fans import fans
from derive.language.equations import Quantity
from derive.language.expressions import Access
from derive.network import Network


def initial_value(network: Network, name: str) -> str:
    """Code for the start of a parameter: its formula, with arrays of random numbers put in."""
    initialiser, shape = network.initial[name], network.shape(name)
    if initialiser.name == "given":
        return _literal(initialiser.values)
    sizes = shape_text([str(size) for size in shape])
    fan_in, fan_out = fans(network, name)
    code = {"fan_in": str(fan_in), "fan_out": str(fan_out), "U": f"rng.uniform(-1, 1, {sizes})",
            "N": f"rng.standard_normal({sizes})", "Q": f"_orthogonal(rng, {sizes})"}
    printer = NumpyPrinter({scalar: Quantity(scalar, ()) for scalar in code}, code.__getitem__, lambda _: False, "")
    value = printer.text(initialiser.formula)
    drawn = DRAWS.keys() & {a.name for a in initialiser.formula.atoms(Access)}
    if drawn or not shape:
        return value
    return f"np.zeros({sizes})" if initialiser.formula == 0 else f"np.full({sizes}, {value})"


def _literal(values: Any) -> str:
    """Nested lists of numbers as code, a row a line where they are long."""
    text = _one_line(values)
    if len(text) <= WIDTH - 20 or not isinstance(values, (list, tuple)):
        return text
    rows = []
    for row in values:
        line = _one_line(row)
        rows.append("\n".join(textwrap.wrap(line, WIDTH - 16, initial_indent=" " * 12, subsequent_indent=" " * 13,
                                            break_long_words=False)) + ",")
    return "[\n" + "\n".join(rows) + "\n        ]"


def _one_line(values: Any) -> str:
    if hasattr(values, "tolist"):
        values = values.tolist()
    if isinstance(values, (list, tuple)):
        return f"[{', '.join(map(_one_line, values))}]"
    return repr(float(values))
