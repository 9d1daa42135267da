"""The symbols: a table of every quantity with its shape and meaning."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from derive.language.equations import Role
from derive.latex.escape import text
from derive.latex.lines import SIZES
from derive.latex.narrow import boxed
from derive.latex.page import Page
from derive.latex.printer import real
from derive.latex.width import width, width_of_words
from derive.latex.words import listed, natural

PAPER, EM, GAP = 166.0, 3.85, 4.3  # mm: a line, less what its letters are off; an em; the space around a column
TOGETHER = 8  # rows that stay on one page, so that no more of it than these is left empty
WIDEST, NARROWEST = 112.0, 40.0  # mm: the column of meanings


def symbols(page: Page) -> str:
    rows: list[tuple[str, ...]] = []
    sizes = set()
    groups: dict[tuple, list[str]] = {}
    for name, quantity in page.forward_system.quantities.items():
        for index in quantity.indices:
            sizes |= index.size.free_symbols
        groups.setdefault(_kind(page, name), []).append(name)
    many = len(page.forward_system.quantities) > 40
    for names in groups.values():
        shown = names if not many or len(names) <= 4 else [names[0]]
        for name in shown:
            rows.append(_symbol_row(page, name, len(names) if shown is not names else 1))
    heads = ("entry", "as a whole", "shape", "meaning") if page.with_matrix else ("entry", "shape", "meaning")
    size, room, (first, *rest) = _fitting([heads, *rows])
    columns = "l" * (len(first) - 1) + f"P{{{min(room, WIDEST):.0f}mm}}"
    head, body = " & ".join(first), " \\\\\n".join(map(" & ".join, rest))
    size_words = _sizes(page, sizes)
    if len(rows) <= TOGETHER:
        table = (f"\\begin{{tabular}}{{{columns}}}\n\\toprule\n{head} \\\\\n\\midrule\n{body} \\\\\n\\bottomrule\n"
                 "\\end{tabular}")
    else:
        table = (f"\\begin{{longtable}}{{{columns}}}\n\\toprule\n{head} \\\\\n\\midrule\n\\endhead\n\\bottomrule\n"
                 f"\\endfoot\n{body} \\\\\n\\end{{longtable}}")
    return f"\\subsection*{{Symbols}}\n{f'{{{size} {table}}}' if size else table}\n\n\\medskip\n{size_words}"


def _fitting(rows: Sequence[tuple[str, ...]]) -> tuple[str, float, Sequence[tuple[str, ...]]]:
    """The size of letters at which rows fit into a line, and the room in mm that is left for the last column.

    Where no size helps the second column is left out, and where that does not help either, formulas are shrunk.
    """
    size, room = "", NARROWEST
    for shown in (rows, [(row[0], *row[2:]) for row in rows] if len(rows[0]) > 3 else rows):
        taken = sum(EM * max(map(width_of_words, column)) + GAP for column in [*zip(*shown, strict=True)][:-1])
        for size, share in SIZES.items():
            room = PAPER - GAP - share * taken
            if room >= NARROWEST:
                return size, room, [(*row[:-1], _narrow(row[-1], room / EM / share)) for row in shown]
    least = (PAPER - NARROWEST - GAP * len(shown[0])) / (len(shown[0]) - 1)
    return size, NARROWEST, [(*(_narrow(cell, least / EM / share) for cell in row[:-1]),
                              _narrow(row[-1], NARROWEST / EM / share)) for row in shown]


def _narrow(cell: str, limit: float) -> str:
    """A cell of which no formula is wider than the limit in em."""
    return re.sub(r"\$([^$]+)\$", lambda formula: boxed(formula.group(1), limit) if width(formula.group(1)) > limit
                  else formula.group(), cell)


def _kind(page: Page, name: str) -> tuple:
    quantity = page.forward_system.quantities[name]
    stem = name.rstrip("0123456789")
    return (stem, quantity.role, len(quantity.indices)) if stem != name else (name,)


def _symbol_row(page: Page, name: str, alike: int) -> tuple[str, ...]:
    quantity = page.forward_system.quantities[name]
    entry = page.print.plain(quantity.entry)
    sizes = [page.print.plain(size) for size in quantity.shape]
    shape = r" \times ".join(f"({size})" if "+" in size and len(sizes) > 1 else size for size in sizes)
    meaning = [quantity.meaning and text(quantity.meaning) or _role_words(page, name)]
    if name == page.network.prediction and quantity.meaning:
        meaning.append("the prediction")
    if isinstance(quantity.value, tuple):
        meaning[0] += f": ${', '.join(map(real, quantity.value))}$" if len(quantity.value) <= 12 else ": given numbers"
    elif quantity.value is not None:
        meaning[0] += f": ${real(quantity.value)}$"
    if name in page.network.frozen:
        meaning.append("kept fixed")
    readers = [e for e in page.forward_system.equations if name in e.reads]
    if quantity.role is Role.PARAMETER and len(readers) > 1:
        meaning.append("shared by equations " + listed([f"({e.number})" for e in readers[:6]]))
    meaning += [f"{text(fact.reason)}: ${page.print.plain(fact.left)} = {page.print.plain(fact.right)}$"
                for fact in quantity.facts]
    if alike > 1:
        meaning.append(f"{alike} of this kind, numbered by layer")
    whole = f"${page.symbol(name)}$" if len(quantity.indices) in (1, 2) else ""
    return (f"${entry}$", *([whole] if page.with_matrix else []), f"${shape}$" if shape else "number",
            "; ".join(filter(None, meaning)))


def _role_words(page: Page, name: str) -> str:
    quantity = page.forward_system.quantities[name]
    if name == page.network.prediction:
        return "prediction"
    if name == page.network.loss:
        return "loss"
    if quantity.role is Role.PARAMETER:
        return {2: "weights", 1: "bias"}.get(len(quantity.indices), "parameter")
    if quantity.role is Role.INTERMEDIATE:
        definition = page.forward_system.definitions.get(name)
        return f"defined by equation ({definition.number})" if definition is not None else "intermediate value"
    if quantity.role is Role.TARGET and quantity.integer:
        return "label: the number of the right class, counted from 1 in the formulas and from 0 in the data"
    return quantity.role.value


def _sizes(page: Page, sizes: set) -> str:
    known = {s: page.network.size(s) for s in sorted(sizes, key=lambda s: natural(s.name))}
    words = []
    for value, run in groupby((s for s in known if known[s] is not None), key=known.__getitem__):
        symbols = [page.print.plain(s) for s in run]
        shown = symbols if len(symbols) <= 3 else [symbols[0], r"\dots", symbols[-1]]
        words.append(f"${' = '.join(shown)} = {value}$")
    samples = page.network.batch
    words.append(r"$m$ samples" + (f", here $m = {samples}$" if samples else ""))
    return "Sizes: " + ", ".join(words) + "."
