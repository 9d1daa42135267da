"""How wide a formula is in print, estimated from its LaTeX: in em, of the letters that surround it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from string import ascii_letters

from derive.latex.printer import plain

_TOKEN = re.compile(r"\\[A-Za-z]+\*?|\\.|[{}^_&]|[^\\]")
_SKIP = {r"\displaystyle", r"\mathit", r"\mathrm", r"\mathbf", r"\operatorname", r"\limits"}
_WIDE = {r"\quad": 1.0, r"\qquad": 2.0, r"\,": 0.17, r"\:": 0.22, r"\;": 0.28, r"\!": -0.17,
         r"\cdot": 0.75, r"\times": 1.22, r"\odot": 1.25, r"\oslash": 1.25, r"\sum": 1.5, r"\partial": 0.56, r"\log": 1.45,
         r"\tanh": 2.2, r"\sinh": 2.1, r"\cosh": 2.2, r"\exp": 1.7, r"\max": 2.0, r"\min": 1.9, r"\sin": 1.4,
         r"\cos": 1.5, r"\tan": 1.6, r"\arctan": 3.0, r"\le": 1.4, r"\ge": 1.4, r"\ne": 1.4, r"\leftarrow": 1.6,
         r"\to": 1.6, r"\top": 0.8, r"\left": 0.5, r"\right": 0.5, r"\lvert": 0.3, r"\rvert": 0.3,
         r"\in": 1.3, r"\sqrt": 1.0, r"\langle": 0.4, r"\rangle": 0.4, r"\infty": 1.0,
         r"\dots": 1.2, r"\cdots": 1.4, r"\text": 0.0, r"\_": 0.5}
_BIG = {r"\bigl": 0.1, r"\bigr": 0.1, r"\Bigl": 0.25, r"\Bigr": 0.25, r"\biggl": 0.4, r"\biggr": 0.4}
_SPACE = 0.4
_SCRIPT = 0.78  # the size of indices and exponents, whose letters are broad
_TIGHT = dict.fromkeys("+-=<>", 0.78) | {",": 0.28, r"\le": 0.78, r"\ge": 0.78, r"\cdot": 0.28}  # there, without space
_LETTERS = {letter: hundredths / 100 for letter, hundredths in zip(ascii_letters, (  # of Computer Modern, with the slant
    53, 43, 43, 52, 47, 60, 51, 58, 34, 47, 55, 32, 88, 60, 48, 50, 48, 48, 47, 36, 57, 52, 74, 57, 53, 51,
    75, 81, 79, 86, 80, 78, 79, 91, 52, 65, 92, 68, 108, 91, 79, 78, 79, 77, 67, 72, 79, 81, 108, 91, 80, 75), strict=True)}
_PLAIN = {"+": 1.25, "-": 1.25, "=": 1.35, "<": 1.35, ">": 1.35, ",": 0.45, "(": 0.4, ")": 0.4, "[": 0.3, "]": 0.3,
          "'": 0.3, ".": 0.28, "/": 0.5, "*": 0.5, " ": 0.0, **dict.fromkeys("0123456789", 0.5), **_LETTERS}
_OTHER = 0.68


@lru_cache(maxsize=1 << 14)
def width(latex: str) -> float:
    """The estimated width of a formula in em."""
    reader = _Reader(_TOKEN.findall(plain(latex)))
    return reader.row()


class _Reader:
    """Adds up widths over the tokens of a formula."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self.tokens = tokens
        self.at = 0
        self.fractions = 0  # in a fraction the limits of a sum stand beside it
        self.scripts = 0

    def row(self, until: str = "") -> float:
        total = 0.0
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            if token == until or until == "cell" and token in ("&", r"\\", r"\end"):
                break
            total += self.item()
        return total

    def item(self) -> float:
        token = self.tokens[self.at]
        self.at += 1
        if token == "{":
            inside = self.row("}")
            self.at += 1
            return inside
        if token in ("^", "_"):
            first = self.script()
            if self.at < len(self.tokens) and self.tokens[self.at] in "^_" and self.tokens[self.at] != token:
                self.at += 1
                return max(first, self.script())
            return first
        if token == r"\frac":
            self.fractions += 1
            widest = max(self.item(), self.item()) + 0.3
            self.fractions -= 1
            return widest
        if token == r"\tfrac":
            return max(self.script(), self.script()) + 0.3
        if token == r"\sum":
            limits = [1.45]
            while self.at < len(self.tokens) and self.tokens[self.at] in "^_":
                self.at += 1
                limits.append(self.script())
            return 1.1 + max(limits[1:], default=0.0) + 0.2 if self.fractions else max(limits) + 0.2
        if token in (r"\text", r"\operatorname"):
            words = self._group()
            return 0.5 * len(words) + 0.17
        if token == r"\begin":
            self._group()
            return self._rows()
        if self.scripts and token in _TIGHT:
            return _TIGHT[token]
        if token in _SKIP:
            return 0.0
        if token in _BIG:
            return _BIG[token]
        if token == r"\ ":
            return _SPACE / _SCRIPT ** self.scripts  # it is as wide in scripts as elsewhere
        if token in _WIDE:
            return _WIDE[token]
        if token == "&":
            return 1.0
        if token == r"\gap":  # to be filled in
            return float(self._group())
        if token == r"\resizebox":
            size, *_ = (self._group() for _ in range(3))
            return float(size.removesuffix("em"))
        return _PLAIN.get(token, _OTHER)

    def script(self) -> float:
        """The next item, as an index or exponent."""
        self.scripts += 1
        found = self.item()
        self.scripts -= 1
        return found * _SCRIPT + 0.05

    def _group(self) -> str:
        depth, out = 0, []
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            self.at += 1
            depth += (token == "{") - (token == "}")
            if token not in "{}":
                out.append(token)
            if depth == 0:
                break
        return "".join(out)

    def _rows(self) -> float:
        columns: list[float] = []
        column = 0
        while self.at < len(self.tokens):
            cell = self.row("cell")
            columns[column:column + 1] = [max([cell, *columns[column:column + 1]])]
            end = self.tokens[self.at] if self.at < len(self.tokens) else ""
            self.at += 1
            column = column + 1 if end == "&" else 0
            if end == r"\end":
                self._group()
                break
        return sum(columns) + len(columns) + 0.6


def width_of_words(words: str) -> float:
    """The estimated width of running text in em, its formulas included."""
    total = 0.0
    for position, part in enumerate(words.split("$")):
        total += width(part) if position % 2 else 0.48 * len(re.sub(r"\\[A-Za-z]+|[{}]", "", part))
    return total
