"""Rows: chains of equalities under one another, aligned at their first sign."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from derive.latex.lines import BELOW, PAGE, broken, display, within
from derive.latex.narrow import boxed
from derive.latex.printer import deeper, plain
from derive.latex.width import width


class Row(NamedTuple):
    """left = part = part = …, and in brackets beside it what it goes along."""

    left: str
    parts: Sequence[str]
    beside: str = ""


def rows_of(rows: Iterable[Row]) -> str:
    """Chains of equalities under one another, each broken where it is too long."""
    rows = list(rows)
    widest = max(width(row.left) for row in rows)
    room = PAGE - widest - 1.5
    out = []
    for left, parts, beside in rows:
        joined = parts[0] + "".join(f" \ue000= {part}" for part in (deeper(p) for p in parts[1:]))
        lines = within(broken(deeper(parts[0]) + joined[len(parts[0]):], room - 1.5, room), room - 1.5, room)
        out.append(f"{plain(left)} &= {lines[0]}")
        for line in lines[1:]:
            start = "" if line.startswith("=") else r"\qquad " + ("{} " if line[:1] in "+-" or
                                                                   line.startswith(r"\cdot") else "")
            out.append(f"&{start}{line}")
        if beside:
            fits = width(lines[-1]) + width(beside) + (2 if len(lines) == 1 else 4.5) <= room
            narrow = boxed(beside, room - 3) if width(beside) > room - 3 else beside
            out.append(rf"{out.pop()} \quad ({beside})" if fits else f"{BELOW}{narrow})")
    return display(out)


def merged(parts: Sequence[str]) -> str:
    """Displays that follow one another directly become one, aligned throughout."""
    out: list[str] = []
    rows: list[str] = []
    for part in [*filter(None, parts), ""]:
        inner = re.fullmatch(r"\\begin\{align\*\}\n(.*)\n\\end\{align\*\}", part, re.S)
        if inner:
            rows += re.split(r" \\\\\*?\n", inner.group(1))
            continue
        out += [display(rows)] if rows else []
        out.append(part)
        rows = []
    return "\n".join(out[:-1])
