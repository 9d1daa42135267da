"""The factors of a derivative for every sample, their products, and the sum of these, as a table."""

from __future__ import annotations

import math
from collections.abc import Sequence

from derive.language.expressions import Access
from derive.latex.entries import Entries, Term
from derive.latex.lines import PAGE
from derive.latex.narrow import boxed
from derive.latex.printer import plain, real
from derive.latex.width import width

MOST_SAMPLES = 8
_NARROW = 6  # decimals where more do not fit
_GAP = 1.1  # em between columns
_PRODUCT = 3.3  # em: the word above the last one


def sample_table(view: Entries, entry: Access, head: Access, links: Sequence[tuple[Term, Access]],
                 heads: Sequence[str]) -> str:
    """The table of one derivative.

    Args:
        head, links: the quantity at which the chain of factors begins, and the local derivatives after it.
        heads: the factors as formulas.
    """
    assert view.values is not None and view.samples is not None
    rows: list[list[float]] = []
    for sample in range(view.samples):
        factors = [view.total(head, sample)] + [view.value(term.local, by.name, sample) for term, by in links]
        rows.append([*factors, math.prod(factors)])
    room = PAGE - 2 - _GAP * (len(heads) + 1)
    digits = view.digits
    if sum(columns := _columns(rows, digits)) > room:
        columns = _columns(rows, digits := min(digits, _NARROW))
    least = _least([*map(width, heads), _PRODUCT], columns, room)
    shown = [_head(plain(head), max(least, own)) for head, own in zip(heads, columns, strict=False)]
    top = " & ".join(["$n$", *shown, r"$\displaystyle \text{product}$"])
    body = " \\\\\n".join(" & ".join([str(sample + 1)] + [f"${real(x, digits)}$" for x in row])
                           for sample, row in enumerate(rows))
    said = "" if digits == view.digits else f"For each sample, the factors to {digits} decimals:\n"
    return (f"{said}\\begin{{center}}\n\\begin{{tabular}}{{{'r' * (len(heads) + 2)}}}\n"
            f"\\toprule\n{top} \\\\\n\\midrule\n{body} \\\\\n"
            f"\\midrule\n\\multicolumn{{{len(heads) + 1}}}{{r}}{{sum}} & ${real(view.total(entry), digits)}$ \\\\\n"
            f"\\bottomrule\n\\end{{tabular}}\n\\end{{center}}")


def _columns(rows: Sequence[Sequence[float]], digits: int) -> list[float]:
    """How wide the numbers of each column are."""
    return [max(width(real(number, digits)) for number in column) for column in zip(*rows, strict=True)]


def _least(heads: Sequence[float], numbers: Sequence[float], room: float) -> float:
    """How wide a head may be above narrower numbers: as wide as leaves all columns in their room."""
    least, most = 0.0, room
    while most - least > 0.05:
        middle = (least + most) / 2
        fits = sum(max(own, min(head, middle)) for head, own in zip(heads, numbers, strict=True)) <= room
        least, most = (middle, most) if fits else (least, middle)
    return least


def _head(factor: str, room: float) -> str:
    return boxed(factor, room) if width(factor) > room else rf"$\displaystyle {factor}$"
