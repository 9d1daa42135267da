"""Narrow: what has no place for a break and is wider than its line, made to fit: cases first, then the scale.

    { a   if b > c        becomes        { a
    { d   otherwise                      {    if b > c
                                         { d  otherwise
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

_CASES = re.compile(r"\\begin\{cases\} ((?:(?!\\begin).)*?) \\end\{cases\}", re.S)
_PLACES = [re.compile(r" (?=\\text\{ (?:and|or) \})"), re.compile(r" (?=(?:<|>|=|\\le|\\ge|\\ne|\+|-) )")]

Width = Callable[[str], float]


def stacked(latex: str, limit: float, width: Width) -> str:
    """A formula with its cases, the widest first, as narrow as the limit asks for: a condition below its value."""
    for cases in sorted(_CASES.findall(latex), key=width, reverse=True):
        excess = width(latex) - limit
        if excess <= 0:
            break
        own = rf"\begin{{cases}} {cases} \end{{cases}}"
        allowed = width(own) - excess - 1.6  # for the brace
        split = (row.partition(" & ") for row in cases.split(r" \\ "))
        rows = [line for value, _, condition in split for line in _row(value, condition, allowed, width)]
        latex = latex.replace(own, r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}")
    return latex


def _row(value: str, condition: str, allowed: float, width: Width) -> list[str]:
    """One case as lines of one column."""
    beside = rf"{value} \quad {condition}"
    if width(beside) <= allowed:
        return [beside]
    first, *rest = _filled(condition, allowed - 2, width)
    return [*_filled(value, allowed, width), rf"\quad {first}", *(rf"\qquad {line}" for line in rest)]


def _filled(latex: str, allowed: float, width: Width, places: Sequence[re.Pattern[str]] = _PLACES) -> list[str]:
    """Lines that are broken in front of words, and of relations and signs where that is not enough."""
    if not places or width(latex) <= allowed:
        return [latex]
    lines = [""]
    for piece in _pieces(latex, places[0]):
        if lines[-1] and width(f"{lines[-1]} {piece}") > allowed:
            lines.append(piece)
        else:
            lines[-1] = f"{lines[-1]} {piece}".strip()
    return [shorter for line in lines for shorter in _filled(line, allowed, width, places[1:])]


def _pieces(latex: str, places: re.Pattern[str]) -> list[str]:
    """The parts between places outside of groups."""
    pieces, start = [], 0
    for place in places.finditer(latex):
        before = latex[start:place.start()]
        if before.count("{") == before.count("}"):
            pieces.append(before)
            start = place.end()
    return [*pieces, latex[start:]]


def boxed(latex: str, limit: float) -> str:
    """A formula shrunk to the limit in em."""
    return rf"\resizebox{{{limit:.1f}em}}{{!}}{{$\displaystyle {latex}$}}"
