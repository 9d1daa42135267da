"""Bars around a value, |x| and ‖x‖: which of them open and which close is told by what stands before them.

A bar closes where one of its kind is open and a value has just ended; every other bar opens.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

PIECE = re.compile(r"\\[A-Za-z]+|\\\||\|\||\\.|\S")
BARS = ("|", "||", "\\|", "‖")
OPERATORS = ("log|ln|exp|tanh|sinh|cosh|sin|cos|tan|max|min|sum|[cdt]?frac|sqrt|cdot|times|ast|odot|oslash|div|q?quad|leq?|"
             "geq?|neq?|lt|gt|approx|equiv")
VALUES = re.compile(rf"[\w)\]}}.'′²³⁰-⁹₀-₉ᵀ]|\\(?!(?:{OPERATORS})\b)[A-Za-z]+")
SPACES = re.compile(r"\\[,;:!> ]")
FORCED = re.compile(r"\\(?:(left|[bB]igg?l)|right|[bB]igg?r)")


def bars(text: str) -> Iterator[tuple[int, str, bool]]:
    """The bars of a text: where each begins, how it is written, and whether it opens."""
    opened: list[str] = []  # brackets and bars, as they are in one another
    ended, forced = False, None  # whether a value has just ended; \left and \right say it of themselves
    for piece in PIECE.finditer(text):
        mark = piece[0]
        if SPACES.fullmatch(mark):
            continue
        if mark in BARS:
            parts = ["|", "|"] if mark == "||" and opened[-1:] == ["|"] else [mark]
            for offset, bar in enumerate(parts):
                opens = not (ended and opened[-1:] == [bar]) if forced is None else forced
                if opens:
                    opened.append(bar)
                elif bar in opened:
                    del opened[len(opened) - 1 - opened[::-1].index(bar):]
                ended, forced = not opens, None
                yield piece.start() + offset, bar, opens
            continue
        said = FORCED.fullmatch(mark)
        forced = None if said is None else said[1] is not None
        if said is None:
            if mark in "([{":
                opened.append(mark)
            elif mark in ")]}":
                while opened and opened.pop() in BARS:
                    pass
            ended = VALUES.fullmatch(mark) is not None
