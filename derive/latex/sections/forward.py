"""The forward equations, and the loss: each with its number, entry by entry and as matrices."""

from __future__ import annotations

from derive.language.equations import Equation
from derive.latex.page import Page


def forward(page: Page) -> str:
    last = {e.name for e in _loss_equations(page)}
    equations = [e for e in page.forward_system.equations if e.name not in last]
    return r"\section{Forward equations}" + "\n" + page.equations(equations)


def loss(page: Page) -> str:
    equations = "\n".join([r"\section{The loss}", page.equations(_loss_equations(page))])
    return "\n\n".join(filter(None, [equations, _convention_words(page)]))


def _loss_equations(page: Page) -> list[Equation]:
    """Equations that the prediction does not need."""
    needed = page.forward_system.leading_to(page.network.prediction)
    return [e for e in page.forward_system.equations if e.name not in needed]


def _convention_words(page: Page) -> str:
    out = []
    shapes: dict[str, Equation] = {}
    for equation in page.forward_system.equations if page.with_matrix else ():
        shapes.setdefault(page.signature(equation), equation)
    for equation in shapes.values():
        page.matrix.equation(equation)
    if page.matrix.slice is not None:
        whole, entry, held = page.matrix.slice
        out.append(rf"a position below a letter is held, so that ${whole}$ has the entries ${entry}$ for that ${held}$")
    if page.matrix.uses_ones:
        out.append(r"$\mathbf{1}$ is a column of ones of the length that fits")
    if page.with_matrix:
        out.append(r"$\odot$ and $\oslash$ multiply and divide entry by entry, a scalar is added to every entry, "
                   r"and functions apply to every entry")
    if page.matrix.uses_power:
        out.append(r"an exponent such as $\odot 2$ raises every entry to that power")
    if page.matrix.uses_bracket:
        out.append("$[\\,\\cdot\\,]$ holds 1 where its condition is true and 0 elsewhere")
    if not out:
        return ""
    sentence = "; ".join(out)
    return "In the matrix form " + sentence + "."
