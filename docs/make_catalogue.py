"""Makes docs/catalogue.md, the reference of everything that a file can name: python docs/make_catalogue.py"""

from __future__ import annotations

from pathlib import Path

from derive.catalogue import layers
from derive.catalogue.activations import ACTIVATIONS
from derive.catalogue.initialisers import DRAWS, INITIALISERS
from derive.catalogue.layers import LAYERS, Layer, Option
from derive.catalogue.losses import LOSSES
from derive.catalogue.optimisers import OPTIMISERS
from derive.catalogue.second_order import SECOND_ORDER

PAGE = Path(__file__).with_name("catalogue.md")
HEAD = """\
# The catalogue

Everything here is forward equations, in the language of a layer that you write yourself; no derivative is stored. This page
is made from the catalogue by `python docs/make_catalogue.py`.

`x` is what a layer reads, `...` stands for the axes between the samples `n` and those that are named, a name that nothing
defines is a parameter (those that begin with `b` and are added are biases), and an entry outside an array counts as 0.
In brackets stands when a line holds.
"""


def page() -> str:
    """The whole page."""
    parts = [HEAD, "## Layers\n", *(_layer(kind, layer) for kind, layer in LAYERS.items()),
             "## Activations\n\n`a` as a formula in `z`.\n",
             _table((name, entry.text, entry.options, entry.source) for name, entry in ACTIVATIONS.items()),
             "## Losses\n\nThe cost of an entry or a sample as a formula in the prediction `y` and the target `t`.\n",
             _table((name, entry.text, entry.options, "") for name, entry in LOSSES.items()),
             "## Optimisers\n\nWhat update `k` does to each entry `theta` with gradient `g`; updates count from 1.\n",
             _table((name, "; ".join(line.strip() for line in entry.text.splitlines()), entry.options, entry.source)
                    for name, entry in {**OPTIMISERS, **SECOND_ORDER}.items()),
             "## Initialisers\n\n" + "".join(f"* `{name}` is {meaning}\n" for name, meaning in DRAWS.items()),
             _table((name, entry.text, entry.options, entry.source) for name, entry in INITIALISERS.items())]
    return "\n".join(parts)


def _layer(kind: str, layer: Layer) -> str:
    lines = [f"### {kind}\n", f"{layer.help}{f' *{layer.source}*' if layer.source else ''}\n", "```"]
    lines += [line.strip() for line in layer.equations.splitlines()]
    lines += ["```\n"]
    lines += [f"* `{name}`: {_option(option)}{' (may be written alone)' if name == layer.short else ''}"
              for name, option in layer.options.items()]
    return "\n".join(lines) + "\n" * bool(layer.options)


def _option(option: Option) -> str:
    match option:
        case layers.Whole(default=None):
            usual = ", must be given"
        case layers.Whole(default=usual_value) | layers.Real(default=usual_value):
            usual = f", usually {usual_value}"
        case layers.Word(words=words):
            usual = f": {', '.join(words)}"
        case layers.Flag():
            usual = ", usually false"
        case _:
            usual = ""
    return f"{option.help}{usual}"


def _table(rows: object) -> str:
    lines = ["| name | formula | options | source |", "|---|---|---|---|"]
    for name, text, options, source in rows:  # type: ignore[attr-defined]
        formula = str(text).replace("|", "\\|")
        given = ", ".join(f"{option} {value:g}" if isinstance(value, (int, float)) else option
                          for option, value in options.items())
        lines.append(f"| `{name}` | `{formula}` | {given} | {source} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
