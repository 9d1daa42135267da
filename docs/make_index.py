"""Makes docs/index.md, the way into the documentation with a list of the examples: python docs/make_index.py"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from derive.file import read

DOCS = Path(__file__).resolve().parent
PAGE = DOCS / "index.md"
EXAMPLES = tuple(sorted(path.stem for path in (DOCS.parent / "examples").glob("*.yaml")))
HEAD = """\
# derive

One page of YAML describes a neural network; `python -m derive network.yaml` turns it into its derivation, its training
code, and numbers that are checked. The [README](../README.md) is the introduction.

* [A notebook to begin with](tutorial.ipynb): load a network, look at a gradient, change the activation, train
* [Checking a hand calculation](claims.md): which line is the first that is wrong, and what was probably done there
* [The file](reference/file.md): every key; [the catalogue](catalogue.md): layers, activations, losses, optimisers
* [The command line](reference/command_line.md), and [what `--json` prints](json.md)
* [Python](reference/python.md): what can be imported; [codegen](../codegen/README.md): how code is made, and new targets

## Examples
"""
UNBUILT = """
`python docs/build.py` makes a page for each of them in `docs/site`: the derivation, the picture with its numbers, the code,
and how training goes (it needs the extra `report`). This page is made by it too.
"""


def page(built: Iterable[str] = ()) -> str:
    """The whole page.

    Args:
        built: the examples that have pages beside it.
    """
    built = tuple(built)
    return "\n".join([HEAD, *(map(_built, built) if built else map(_row, EXAMPLES)), *([] if built else [UNBUILT])])


def _row(name: str) -> str:
    return f"* [{_title(name)}](../examples/{name}.yaml), [code](../generated/{name}.py)"


def _built(name: str) -> str:
    title = _title(name)
    return (f"### {title}\n\n[The derivation, the picture and the code on one page]({name}.html) · "
            f"[YAML](../examples/{name}.yaml) · [LaTeX]({name}.tex) · [Python](../generated/{name}.py)\n\n"
            f"![How training goes: {title}]({name}.svg)\n")


def _title(name: str) -> str:
    return read(DOCS.parent / "examples" / f"{name}.yaml")[0].title or name


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
