"""The factors of a derivative for every sample, their products, and the sum of these, as a table."""

from __future__ import annotations

import math
from collections.abc import Sequence

from derive.language.expressions import Access
from derive.latex.entries import Entries, Term
from derive.latex.lines import PAGE, width
from derive.latex.narrow import boxed
from derive.latex.printer import plain, real

MOST_SAMPLES = 8
_NARROW = 6  # decimals where more do not fit
_GAP = 1.1  # em between columns


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
    columns = [max(width(real(row[at], view.digits)) for row in rows) for at in range(len(heads) + 1)]
    digits = view.digits if sum(columns) <= room else min(view.digits, _NARROW)
    wide = sum(max(width(head), numbers) for head, numbers in zip(heads, columns, strict=False)) > room
    shown = [_head(plain(head), room / len(columns) if wide else math.inf) for head in heads]
    top = " & ".join(["$n$", *shown, r"$\displaystyle \text{product}$"])
    body = " \\\\\n".join(" & ".join([str(sample + 1)] + [f"${real(x, digits)}$" for x in row])
                           for sample, row in enumerate(rows))
    said = "" if digits == view.digits else f"For each sample, the factors to {digits} decimals:\n"
    return (f"{said}\\begin{{center}}\n\\begin{{tabular}}{{{'r' * (len(heads) + 2)}}}\n"
            f"\\toprule\n{top} \\\\\n\\midrule\n{body} \\\\\n"
            f"\\midrule\n\\multicolumn{{{len(heads) + 1}}}{{r}}{{sum}} & ${real(view.total(entry), digits)}$ \\\\\n"
            f"\\bottomrule\n\\end{{tabular}}\n\\end{{center}}")


def _head(factor: str, room: float) -> str:
    return boxed(factor, room) if width(factor) > room else rf"$\displaystyle {factor}$"
