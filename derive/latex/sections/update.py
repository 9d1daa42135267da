"""The update: how the optimiser changes each parameter."""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Expr

from derive.catalogue.initialisers import DRAWS, FANS
from derive.language.expressions import Access, names
from derive.latex.escape import text
from derive.latex.lines import Line, chain
from derive.latex.optimiser import UpdatePrinter, spoken
from derive.latex.page import Page
from derive.latex.printer import real
from derive.latex.sections.solving import solving
from derive.latex.words import listed
from derive.network import Optimiser


def _arrays(page: Page, names: Sequence[str]) -> str:
    return listed([f"${page.symbol(n)}$" for n in names]) if len(names) <= 12 else f"{len(names)} parameter arrays"


def _each_of(page: Page, trained: Sequence[str]) -> str:
    """What an update is of: an entry of arrays, or the only parameter that there is, itself a number."""
    if len(trained) == 1 and not page.forward_system.quantities[trained[0]].indices:
        letters = dict.fromkeys((r"\theta", page.symbol(trained[0])))
        return f"${' = '.join(letters)}$"
    return f"Each entry $\\theta$ of {_arrays(page, trained)}"


def start(page: Page, only: str | None) -> str:
    """What training starts from: the formula of each initialiser, as the catalogue states it."""
    groups: dict[tuple[Expr, str], list[str]] = {}
    for name, initialiser in page.network.initial.items():
        if only in (None, name) and initialiser.name != "given":
            groups.setdefault((initialiser.formula, initialiser.source), []).append(name)
    if not groups:
        return ""
    printer = UpdatePrinter(page.network)
    letters = {a.name for formula, _ in groups for a in formula.atoms(Access)}
    starts = [rf"$\theta = {printer.plain(formula)}$ in {_arrays(page, names)}" + (f" ({text(source)})" if source else "")
              for (formula, source), names in groups.items()]
    words = [rf"${letter}$ is {meaning}" for letter, meaning in DRAWS.items() if letter in letters]
    words += [rf"${printer.plain(Access(fan))}$ (the {fan.replace('_', '-')}) is {meaning}"
              for fan, meaning in FANS.items() if fan in letters]
    said = f"Training starts from {listed(starts)}."
    return f"{said} Here {listed(words)}." if words else said


def _meanings(optimiser: Optimiser, printer: UpdatePrinter) -> list[str]:
    """What the letters are that are no constants."""
    out = []
    read = {name for line in optimiser.assignments for name in line.reads}
    if optimiser.states:
        states = [f"${printer.plain(Access(name))}$" for name in optimiser.states]
        out.append(f"{listed(states)} {'is a state' if len(states) == 1 else 'are states'} of the entry, 0 at the start;")
    if optimiser.states or read & {"k", "K"}:
        out.append("$k$ counts the updates from 1" + (", and there are $K$ of them." if "K" in read else "."))
    if "G" in read:
        out.append("$G$ is $g$ for all entries of all parameters.")
    if any("G" not in names(total) for total in optimiser.sums):
        out.append("The other sums are" if "G" in read else "Sums are")
        out[-1] += " over all entries of the same parameter."
    if len(optimiser.assignments) > 1:
        out.append("Each line reads what the lines before it have set.")
    return [" ".join(out)]


def _frozen(page: Page) -> str:
    return listed([f"${page.symbol(n)}$" for n in page.network.frozen]) + " stay as they are." if page.network.frozen else ""


def update(page: Page, only: str | None) -> str:
    return "\n".join([r"\section{The update}", rule(page, only)])


def rule(page: Page, only: str | None) -> str:
    """How an entry is updated, and in which order."""
    optimiser = page.network.optimiser
    out = [start(page, only)]
    if not optimiser.assignments:
        return "\n".join(filter(None, [*out, solving(page), _frozen(page)]))
    trained = [n for n in page.network.trained if only in (None, n)]
    source = f" ({text(optimiser.source)})" if optimiser.source else ""
    loss = page.symbol(page.network.loss)
    out.append(f"{_each_of(page, trained)} is updated from its gradient "
               rf"$g = \partial {loss} / \partial \theta$ by {spoken(optimiser.name)}{source}:")
    printer = UpdatePrinter(page.network)
    for equation in optimiser.assignments:
        out.append(chain(printer.marked(equation.target),
                         [Line(printer.marked(equation.body), relation=r"\leftarrow")]))
    words = [f"${printer.plain(Access(name))} = {real(value)}$" for name, value in optimiser.constants.items()]
    if words:
        said = [f" ({text(name.replace('_', ' '))})" if printer.is_renamed(name) else ""
                for name in optimiser.constants]
        out.append("with " + ", ".join(map("".join, zip(words, said, strict=True))) + ".")
    if optimiser.learning_rates:
        rates = [rf"$\eta = {real(rate)}$ for ${page.symbol(n)}$" for n, rate in optimiser.learning_rates.items()]
        out.append(f"Some parameters have learning rates of their own: {listed(rates)}.")
    out += _meanings(optimiser, printer)
    out.append(_frozen(page))
    if page.network.training.update_order == "layer_by_layer":
        out.append("The update goes \\emph{layer by layer}, from the output back: as soon as the gradients of a "
                   "layer's parameters are known they are updated, and the adjoints below are computed from the "
                   "parameters so updated. This is not gradient descent on the loss, whose gradients are all taken "
                   "at the same parameters, but it is what the numbers of this example are computed by.")
    else:
        out.append("All gradients are computed first, at the same parameters; then all parameters are updated.")
    return "\n".join(filter(None, out))
