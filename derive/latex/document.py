"""The document: one complete LaTeX page of a network and its derivation, section by section.

Every formula comes from an object of the record; the sentences around them say why.  Layers with equal equations are
derived once, so that the length follows the number of different layers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from derive.calculus.record import Derivation
from derive.file.errors import suggestion
from derive.latex import sections
from derive.latex.entries import Entries, find_entries
from derive.latex.page import Page
from derive.latex.preamble import title
from derive.latex.sections.numbers import MOST_FORWARD, forward_entries
from derive.network import Network

FORMS = ("auto", "scalar", "index", "matrix", "all")
SMALL = 60  # scalar parameters that are still written out one by one
FEW_SAMPLES = 8  # up to which numbers are put in


def document(network: Network, derivation: Derivation, form: str = "auto", wrt: str | None = None,
             values: Mapping[tuple[str, tuple[int, ...]], float] | None = None, digits: int = 9,
             small: int = SMALL) -> str:
    """One complete LaTeX document: the network, its derivation, its update rule.

    Args:
        network: what is derived; everything of it that is text is escaped.
        derivation: the record, of the network's own equations.
        form: which views to print.  "auto" prints index and matrix form, and every weight by itself where the
            network has at most `small` scalar parameters and a forward pass of as many numbers as can be followed.
        wrt: only this parameter: a quantity ("W1"), an entry counted from 1 ("W1[1,2]") or the document's own name
            for one ("w5").
        values: numbers to put in, by (quantity, indices from 0): forward quantities, parameters, data and adjoints.
        digits: decimals of numbers.

    Returns:
        ASCII text that pdflatex compiles as it is.

    Raises:
        ValueError: `wrt` names nothing that was derived, or `form` is unknown.
    """
    if form not in FORMS:
        raise ValueError(f"form must be one of {', '.join(FORMS)}, not {form!r}; {suggestion(form, FORMS, 'there are')}")
    quantity, place = find_entries(network, derivation, wrt) if wrt is not None else (None, None)
    page = Page(network, derivation, form)
    parts = [title(network), sections.network(page), sections.symbols(page), sections.forward(page), sections.modes(page),
             sections.loss(page)]
    if form != "scalar":
        parts += [sections.backward(page, quantity), sections.second_derivatives(page)]
    if place is not None or form in ("scalar", "all") or form == "auto" and _is_written_out(network, derivation, small):
        view = Entries(network, derivation, values, digits)
        numbers = sections.numbers(view, page.symbol)
        parts += [numbers, sections.weights(view, quantity, place, said=bool(numbers))]
    parts += [sections.update(page, quantity), r"\end{document}", ""]
    return kept_together("\n\n".join(part for part in parts if part))


def _is_written_out(network: Network, derivation: Derivation, small: int) -> bool:
    """Whether every weight by itself can be read: there are few, and few numbers that they act through."""
    return network.parameter_count <= small and forward_entries(network, derivation.forward) <= MOST_FORWARD


def kept_together(latex: str) -> str:
    """A display belongs to the paragraph in front of it, so that no page ends between them."""
    return re.sub(r"([^}\n])\n\n(?=\\\[|\\begin\{align\*\}|\\begin\{kept\}|\{\\(?:small|footnotesize) )", r"\1\n", latex)
