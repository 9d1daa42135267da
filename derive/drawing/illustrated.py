"""The document with pictures: the network at its beginning, and beside each weight the path of its derivative."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from derive.calculus.record import Derivation
from derive.drawing.folding import folded
from derive.drawing.gradient import gradient_path, highlight
from derive.drawing.layout import layout
from derive.drawing.picture import Place
from derive.drawing.tikz import PREAMBLE, tikz
from derive.latex.entries import Entries
from derive.network import Network

MOST_PATHS = 12  # pictures of single weights; of more weights only the first of each parameter has one
SMALL = 10.0  # centimetres: the width of such a picture
NEEDED = "9cm"  # a weight begins a new page where less is left: the picture stays with its formulas
TALL = 22.0  # centimetres: a drawing that is higher goes on in a second column
HEIGHT = 15.0  # and one that is not is made as high as this, to stand on the first page
FIGURE = r"""
\begin{{figure}}[htp]
\centering
{picture}
\caption{{{caption}}}
\end{{figure}}
\need{{8\baselineskip}}
"""
CAPTIONS = {
    "neurons": "The network: in each circle the net input and the output of a unit, on each line its weight.",
    "blocks": "The network: for each layer what it hands on, its shape, and the parameters.",
}


def illustrated(latex: str, network: Network, derivation: Derivation, only: Place | None = None, paths: bool = True) -> str:
    """A document of `derive.latex.document` with its pictures.

    Args:
        only: what the document is restricted to; its path is then emphasised in the picture of the network.
        paths: whether to show any paths, which a student may be asked for.
    """
    drawing = layout(network)
    lit = None
    if only is not None and paths:
        shown = only if drawing.style == "neurons" else (only[0], None)
        lit = highlight(drawing, gradient_path(network, derivation, shown))
    head, begin, body = latex.partition("\\begin{document}")
    title, first, *rest = re.split(r"(?=\n\\(?:sub)?section\*?\{)", body)
    page = folded(drawing, TALL)
    picture = tikz(page, lit, height=HEIGHT if page.height <= TALL else TALL)
    body = "".join([title, first, FIGURE.format(picture=picture, caption=CAPTIONS[drawing.style]), *rest])
    if drawing.style == "neurons" and only is None and paths:
        for heading, place in _headings(network, derivation, body):
            picture = tikz(drawing, highlight(drawing, gradient_path(network, derivation, place)), SMALL)
            body = body.replace(heading, f"\\need{{{NEEDED}}}%\n{heading}\\hfill\n{picture}\\hfill\\mbox{{}}\n", 1)
    return head + PREAMBLE + begin + body


def _headings(network: Network, derivation: Derivation, body: str) -> Iterator[tuple[str, Place]]:
    """The headings of single weights that get a picture."""
    view = Entries(network, derivation, None, 1)
    found = [[(rf"\paragraph{{${view.print.plain(entry)}$.}}", (entry.name, tuple(map(int, entry.indices))))
              for entry in view.entries(name)] for name in network.trained if name in view.adjoints]
    present: Sequence[Sequence[tuple[str, Place]]] = [[each for each in one if each[0] in body] for one in found]
    few = sum(map(len, present)) <= MOST_PATHS
    for one in present:
        yield from one if few else one[:1]
