"""The symbols: a table of every quantity with its shape and meaning."""

from __future__ import annotations

from itertools import groupby

from derive.language.equations import Role
from derive.latex.escape import text
from derive.latex.page import Page
from derive.latex.printer import real
from derive.latex.words import listed, natural


def symbols(page: Page) -> str:
    rows, sizes = [], set()
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
    body = " \\\\\n".join(rows)
    head = ("entry & " + ("as a whole & " if page.with_matrix else "") + r"shape & meaning")
    axes = max(len(quantity.indices) for quantity in page.forward_system.quantities.values())
    width = (92 if page.with_matrix else 112) - 11 * max(0, axes - 2)  # mm; what longer shapes leave
    columns = "ll" + ("l" if page.with_matrix else "") + f"p{{{max(width, 40)}mm}}"
    size_words = _sizes(page, sizes)
    if len(rows) <= 24:
        return (f"\\subsection*{{Symbols}}\n\\begin{{tabular}}{{{columns}}}\n\\toprule\n{head} \\\\\n\\midrule\n"
                f"{body} \\\\\n\\bottomrule\n\\end{{tabular}}\n\n\\medskip\n" + size_words)
    return (f"\\subsection*{{Symbols}}\n\\begin{{longtable}}{{{columns}}}\n\\toprule\n{head} \\\\\n\\midrule\n"
            f"\\endhead\n\\bottomrule\n\\endfoot\n{body} \\\\\n\\end{{longtable}}\n" + size_words)


def _kind(page: Page, name: str) -> tuple:
    quantity = page.forward_system.quantities[name]
    stem = name.rstrip("0123456789")
    return (stem, quantity.role, len(quantity.indices)) if stem != name else (name,)


def _symbol_row(page: Page, name: str, alike: int) -> str:
    quantity = page.forward_system.quantities[name]
    entry = page.print.plain(quantity.entry)
    shape = r" \times ".join(page.print.plain(s) for s in quantity.shape)
    meaning = [quantity.meaning and text(quantity.meaning) or _role_words(page, name)]
    if name == page.network.prediction and quantity.meaning:
        meaning.append("the prediction")
    if isinstance(quantity.value, tuple):
        meaning.append(f"$= ({', '.join(map(real, quantity.value))})$" if len(quantity.value) <= 12 else "given numbers")
    elif quantity.value is not None:
        meaning.append(f"$= {real(quantity.value)}$")
    if name in page.network.frozen:
        meaning.append("kept fixed")
    readers = [e for e in page.forward_system.equations if name in e.reads]
    if quantity.role is Role.PARAMETER and len(readers) > 1:
        meaning.append("shared by equations " + listed([f"({e.number})" for e in readers[:6]]))
    meaning += [f"{text(fact.reason)}: ${page.print.plain(fact.left)} = {page.print.plain(fact.right)}$"
                for fact in quantity.facts]
    if alike > 1:
        meaning.append(f"{alike} of this kind, numbered by layer")
    whole = f"${page.symbol(name)}$ & " if page.with_matrix and len(quantity.indices) in (1, 2) else (
        " & " if page.with_matrix else "")
    return f"${entry}$ & {whole}{f'${shape}$' if shape else 'number'} & {'; '.join(m for m in meaning if m)}"


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
