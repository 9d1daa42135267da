"""How a parameter starts, as NumPy code: the catalogue of initialisers, and the file's own numbers."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from codegen.targets.numpy.layout import WIDTH
from derive.network import Initialiser


def initial_value(initialiser: Initialiser, shape: Sequence[int | None]) -> str:
    """Code for the start of a parameter of the given shape.

    Raises:
        ValueError: the catalogue of initialisers has no such rule.
    """
    options = initialiser.options
    sizes = f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"
    fan_in = 1
    for size in shape[:-1]:
        fan_in *= size or 1
    fan_out = (shape[-1] or 1) if shape else 1

    def number(name: str) -> str:
        return repr(float(options[name]))

    match initialiser.name:
        case "given":
            return _literal(initialiser.values)
        case "zeros":
            return f"np.zeros({sizes})" if shape else "0.0"
        case "constant":
            return f"np.full({sizes}, {number('value')})" if shape else number("value")
        case "uniform":
            return f"rng.uniform({number('low')}, {number('high')}, {sizes})"
        case "normal":
            return f"rng.normal({number('mean')}, {number('standard_deviation')}, {sizes})"
        case "glorot_uniform":
            return f"rng.uniform(-1, 1, {sizes}) * np.sqrt(6 / ({fan_in} + {fan_out}))"
        case "glorot_normal":
            return f"rng.standard_normal({sizes}) * np.sqrt(2 / ({fan_in} + {fan_out}))"
        case "he_uniform":
            return f"rng.uniform(-1, 1, {sizes}) * np.sqrt(6 / {fan_in})"
        case "he_normal":
            return f"rng.standard_normal({sizes}) * np.sqrt(2 / {fan_in})"
        case "orthogonal":
            return f"_orthogonal(rng, {sizes})"
    raise ValueError(f"the NumPy target knows no initialiser {initialiser.name!r}")


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
