"""The sheet: the network, the numbers that are given, the questions in order; and the solution on a new page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from derive.calculus.record import Derivation
from derive.exercise.gaps import MACRO, Gaps
from derive.language.equations import Role
from derive.language.expressions import Access
from derive.latex import sections
from derive.latex.document import kept_together
from derive.latex.entries import Entries, Values
from derive.latex.escape import text
from derive.latex.lines import PAGE
from derive.latex.page import Page
from derive.latex.preamble import PREAMBLE
from derive.latex.rows import Row, rows_of
from derive.latex.sections.new_value import new_values
from derive.latex.sections.numbers import ForwardRows, own_names
from derive.latex.sections.update import rule
from derive.latex.sections.weights import each_entry, entries_in_order
from derive.latex.width import width
from derive.latex.words import natural
from derive.network import Network

NEW_PAGE = "\\newpage\n\\setcounter{page}{1}\n\\setcounter{section}{0}"


@dataclass(frozen=True)
class Sheet:
    """What a student gets, and the numbers that belong into its gaps.

    Attributes:
        latex: the document up to the questions' end; `with_solution` makes it whole.
        given: the numbers that the sheet states.
    """

    latex: str
    answers: tuple[float, ...]
    given: tuple[float, ...]


@dataclass(frozen=True)
class Task:
    """What is asked.

    Attributes:
        seed: the number of the sheet.
        hard: formulas are left out too.
        digits: decimals of the results.
        quantity, place: the only parameter asked for, and its entry; None for all of them.
    """

    seed: int
    hard: bool
    digits: int
    quantity: str | None = None
    place: tuple[int, ...] | None = None


def sheet(network: Network, derivation: Derivation, values: Values, task: Task) -> Sheet:
    """The questions.

    Args:
        network: with the numbers of the sheet.
        values: all numbers, by (quantity, indices from 0).
    """
    page = Page(network, derivation, "index")
    view = Gaps(network, derivation, values, task.digits, task.hard)
    given = _given(view)
    head = "\n".join([PREAMBLE + MACRO, r"\begin{document}", _head("Exercise", network, task),
                      rf"Name \gap{{17}} \hfill Date \gap{{7}} \hfill Sheet {task.seed}"])
    latex = "\n\n".join([head, _network(page, view, task), _tables(given), _forward(view), _loss(view),
                         _derivatives(view, task)])
    known = (*(number for _, number, _ in given), *network.optimiser.constants.values())
    return Sheet(kept_together(latex), tuple(view.answers), known)


def with_solution(asked: Sheet, network: Network, derivation: Derivation, values: Values, task: Task) -> Sheet:
    """The sheet as a complete document, with every step of its solution on a page of its own."""
    page = Page(network, derivation, "index")
    view = Entries(network, derivation, values, task.digits)
    solution = kept_together("\n\n".join([
        NEW_PAGE, _head("Solution", network, task), sections.numbers(view, page.symbol),
        sections.weights(view, task.quantity, task.place, said=True), r"\end{document}", ""]))
    return replace(asked, latex=f"{asked.latex}\n\n{solution}")


def _head(kind: str, network: Network, task: Task) -> str:
    words = f"{kind}: {text(network.title or network.name)}"
    number = "" if kind == "Exercise" else rf"\\[6pt] \large Sheet {task.seed}"
    return rf"\begin{{center}}{{\LARGE\bfseries {words}{number}\par}}\end{{center}}"


def _network(page: Page, view: Entries, task: Task) -> str:
    out = [sections.network(page), "Here there is one sample, so $m = 1$:", page.equations(page.forward_system.equations)]
    if names := own_names(view):
        out.append(rf"{{\raggedright The entries have names: {', '.join(names)}.\par}}")
    return "\n".join([*out, rule(page, task.quantity)])


Given = tuple[str, float, str]  # a symbol, its number, and the number as it is printed


def _given(view: Entries) -> list[Given]:
    """Data, parameters and constants."""
    assert view.values is not None
    out: list[Given] = []
    for quantity in view.derivation.system.quantities.values():
        if quantity.role in (Role.INPUT, Role.TARGET, Role.PARAMETER, Role.CONSTANT):
            for place in sorted((place for name, place in view.values if name == quantity.name),
                                key=lambda place: natural(view.aliases.get((quantity.name, place), ""))):
                number = view.values[quantity.name, place] + quantity.integer  # a label counts from 1 in print
                out.append((view.print.plain(Access(quantity.name, *place)), number, view.given(number)))
    return out


def _filled(given: Sequence[Given], widths: Sequence[float], limit: float) -> list[list[Given]]:
    """As many in each part as the limit of their widths allows."""
    parts: list[list[Given]] = []
    room = 0.0
    for each, needed in zip(given, widths, strict=True):
        if needed > room:
            parts.append([])
            room = limit
        parts[-1].append(each)
        room -= needed
    return parts


def _tables(given: Sequence[Given]) -> str:
    """Symbols above their numbers, as many beside each other as the page is wide."""
    widths = [max(width(symbol), width(printed)) + 1.1 for symbol, _, printed in given]
    even = sum(widths) / len(_filled(given, widths, PAGE)) + max(widths)  # no table has only the few that are left over
    tables = _filled(given, widths, min(even, PAGE))
    return "\n\n\\medskip\n".join([r"\section{What is given}", *(
        f"\\begin{{tabular}}{{{'r' * len(table)}}}\n\\toprule\n" + " & ".join(f"${symbol}$" for symbol, _, _ in table)
        + " \\\\\n\\midrule\n" + " & ".join(f"${printed}$" for _, _, printed in table)
        + " \\\\\n\\bottomrule\n\\end{tabular}" for table in tables)])


def _forward(view: Gaps) -> str:
    system = view.derivation.forward
    needed = system.leading_to(view.network.prediction)
    names = [e.name for e in system.in_order() if e.name in needed]
    precision = (f"Give every result to {view.digits} decimal{'s' * (view.digits > 1)} (a very small one to as many "
                 "significant digits), and go on with more digits than you write down.")
    return "\n".join([r"\section{The forward pass}", f"Compute what the network predicts. {precision}",
                      rows_of(ForwardRows(view).of(names))])


def _loss(view: Gaps) -> str:
    system = view.derivation.forward
    needed = system.leading_to(view.network.prediction)
    names = [e.name for e in system.in_order() if e.name not in needed]
    return "\n".join([r"\section{The loss}", "Compute what the prediction costs.", rows_of(ForwardRows(view).of(names))])


def _derivatives(view: Gaps, task: Task) -> str:
    entries = entries_in_order(view, task.quantity, task.place)
    loss = view.print.plain(Access(view.network.loss))
    out = [r"\section{The derivatives and the update}",
           f"Compute the derivative of ${loss}$ by each parameter with the chain rule, and then the parameter after one "
           "update (with a plus sign). Derivatives that you know already can be used again."]
    if not view.hard:
        written = each_entry(view, entries)
        if any(r"\delta_{" in part for part in written):
            out.append(r"Kronecker's $\delta_{ij}$ is 1 where $i = j$ and 0 elsewhere.")
        return "\n\n".join([*out, *written])
    rows = []
    for entry in entries:
        gradient = view.print.partial(view.print.marked(Access(view.network.loss)), entry)
        rows.append(Row(gradient, view.steps([], [], view.total(entry))))
        if entry.name in view.network.trained:
            rows += new_values(view, entry, gradient)
    return "\n\n".join([*out, rows_of(rows)])
