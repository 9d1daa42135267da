"""Lines: long formulas are broken so that nothing leaves the page.

The printed width is estimated from the LaTeX; breaks go first to relations, then to + and −, then between factors,
the outermost first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from derive.latex.narrow import boxed, stacked
from derive.latex.printer import mark_levels, plain

PAGE = 40.0  # usable width of a line in em: 170 mm of text at 11 pt, less an em of caution
_TAG = 3.2
SIZES = {"": 1.0, r"\small": 0.91, r"\footnotesize": 0.82}  # and their shares of the usual size
_INDENT = 2.5
BELOW = r"&\qquad ("  # how a row begins that says something of the row before it


@dataclass(frozen=True)
class Line:
    """One member of a chain of equalities: `relation right`, and why."""

    right: str
    reason: str = ""
    relation: str = "="


_TOKEN = re.compile(r"\\[A-Za-z]+\*?|\\.|[{}^_&]|[^\\]")
_SKIP = {r"\displaystyle", r"\mathit", r"\mathrm", r"\mathbf", r"\operatorname", r"\limits"}
_WIDE = {r"\quad": 1.0, r"\qquad": 2.0, r"\,": 0.17, r"\:": 0.22, r"\;": 0.28, r"\!": -0.17, r"\ ": 0.33,
         r"\cdot": 0.75, r"\odot": 1.25, r"\oslash": 1.25, r"\sum": 1.5, r"\partial": 0.56, r"\log": 1.45,
         r"\tanh": 2.2, r"\sinh": 2.1, r"\cosh": 2.2, r"\exp": 1.7, r"\max": 2.0, r"\min": 1.9, r"\sin": 1.4,
         r"\cos": 1.5, r"\tan": 1.6, r"\arctan": 3.0, r"\le": 1.4, r"\ge": 1.4, r"\ne": 1.4, r"\leftarrow": 1.6,
         r"\to": 1.6, r"\top": 0.8, r"\left": 0.5, r"\right": 0.5, r"\lvert": 0.3, r"\rvert": 0.3,
         r"\in": 1.3, r"\sqrt": 1.0, r"\langle": 0.4, r"\rangle": 0.4, r"\infty": 1.0,
         r"\dots": 1.2, r"\cdots": 1.4, r"\text": 0.0, r"\_": 0.5}
_BIG = {r"\bigl": 0.1, r"\bigr": 0.1, r"\Bigl": 0.25, r"\Bigr": 0.25, r"\biggl": 0.4, r"\biggr": 0.4}
_PLAIN = {"+": 1.25, "-": 1.25, "=": 1.35, "<": 1.35, ">": 1.35, ",": 0.45, "(": 0.4, ")": 0.4, "[": 0.3, "]": 0.3,
          "'": 0.3, ".": 0.28, "/": 0.5, "*": 0.5, " ": 0.0, "m": 0.9, "w": 0.74, "W": 1.1, "M": 1.1,
          **dict.fromkeys("0123456789", 0.5)}
_CAPITAL, _LETTER, _COMMAND = 0.8, 0.62, 0.68


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

    def row(self, until: str = "") -> float:
        total = 0.0
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            if token == until or until == "row" and token in (r"\\", r"\end"):
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
            first = self.item() * 0.72
            if self.at < len(self.tokens) and self.tokens[self.at] in "^_" and self.tokens[self.at] != token:
                self.at += 1
                return max(first, self.item() * 0.72)
            return first
        if token == r"\frac":
            self.fractions += 1
            widest = max(self.item(), self.item()) + 0.3
            self.fractions -= 1
            return widest
        if token == r"\tfrac":
            return max(self.item(), self.item()) * 0.72 + 0.3
        if token == r"\sum":
            limits = [1.45]
            while self.at < len(self.tokens) and self.tokens[self.at] in "^_":
                self.at += 1
                limits.append(self.item() * 0.72)
            return 1.1 + max(limits[1:], default=0.0) + 0.2 if self.fractions else max(limits) + 0.2
        if token in (r"\text", r"\operatorname"):
            words = self._group()
            return 0.5 * len(words) + 0.17
        if token == r"\begin":
            self._group()
            return self._rows()
        if token in _SKIP:
            return 0.0
        if token in _BIG:
            return _BIG[token]
        if token in _WIDE:
            return _WIDE[token]
        if token == "&":
            return 1.0
        if token == r"\gap":  # to be filled in
            return float(self._group())
        if token == r"\resizebox":
            size, *_ = (self._group() for _ in range(3))
            return float(size.removesuffix("em"))
        return _PLAIN.get(token, _CAPITAL if token.isupper() else _LETTER) if len(token) == 1 else _COMMAND

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
        widest = 0.0
        while self.at < len(self.tokens):
            widest = max(widest, self.row("row"))
            ended = self.at < len(self.tokens) and self.tokens[self.at] == r"\end"
            self.at += 1
            if ended:
                self._group()
                break
        return widest + 1.6


def broken(marked: str, limit: float, first: float | None = None) -> list[str]:
    """A formula as lines that each fit the limit where its marks and its cases allow it.

    Args:
        limit: the width of continuation lines in em.
        first: the width of the first line; the same by default.
    """
    room = limit if first is None else first
    if width(marked) <= room:
        return [plain(marked)]
    levels = mark_levels(marked)
    if not levels:
        return [stacked(plain(marked), room, width)]
    pieces = marked.split(chr(0xE000 + min(levels)))
    lines: list[str] = []
    current = pieces[0]
    for piece in pieces[1:]:
        if width(current + piece) <= (room if not lines else limit):
            current += piece
            continue
        more = broken(current, limit, room if not lines else limit)
        lines += more
        current = piece
        if len(more) > 1 and width(more[-1] + piece) <= limit:  # go on after the tail of what was broken
            current = lines.pop() + piece
    lines += broken(current, limit, room if not lines else limit)
    return lines


def excess(parts: Sequence[str], limit: float, first: float) -> float:
    """How many times as wide as its room the widest of some lines is."""
    return max(width(part) / room for part, room in zip(parts, [first] + [limit] * len(parts), strict=False))


def within(parts: Sequence[str], limit: float, first: float) -> list[str]:
    """The same lines, shrunk where they are wider than their room."""
    return [boxed(part, room) if width(part) > room else part
            for part, room in zip(parts, [first] + [limit] * len(parts), strict=False)]


def chain(left: str, lines: Iterable[Line], tag: str = "", page: float = PAGE) -> str:
    """left = a = b = …, aligned at the relations, each with its reason at the right, as a display.

    Args:
        left, lines: marked LaTeX.
        tag: the number of the equation, set beside the last line.
    """
    lines = list(lines)
    reasons = max((width_of_words(line.reason) for line in lines if line.reason), default=0.0)
    left_width = width(left)
    room = page - _TAG * bool(tag) - left_width - 1.4
    aside = reasons and max(width(line.right) for line in lines) <= room - reasons - 1.5
    rows: list[str] = []
    broken_lines = [broken(line.right, room - _INDENT, room) for line in lines]
    size = _smaller(max(excess(parts, room - _INDENT, room) for parts in broken_lines))
    for number, (line, parts) in enumerate(zip(lines, broken_lines, strict=True)):
        if size is None:
            parts = within(parts, room - _INDENT, room)
        start = plain(left) if number == 0 else ""
        for position, part in enumerate(parts):
            if position == 0:
                rows.append(f"{start} &{line.relation} {part}")
            else:
                rows.append(rf"&\qquad {_continued(parts[position - 1], part)}{part}")
            if position == 0 and line.reason and aside:
                rows[-1] += rf" && \text{{({line.reason})}}"
        if tag and number == len(lines) - 1:
            rows[-1] += rf" \tag{{{tag}}}"
        if line.reason and not aside:  # below its formula, at the right
            rows[-1] += r" \\*"
            rows.append(rf"&\makebox[{room:.1f}em][r]{{({line.reason})}}")
    return rf"{{{size} {display(rows)}}}" if size else display(rows)


def _smaller(excess: float) -> str | None:
    """The size of letters at which lines so much too wide fit; "" for the usual one, None where no size helps."""
    return next((size for size, share in SIZES.items() if excess <= 1 / share), None)


def _continued(before: str, part: str) -> str:
    """What stands at the head of a continued line: a sign keeps its spacing, a factor shows that it multiplies."""
    if part.startswith(("+", "-")):
        return "{} "
    if part.startswith((r"\cdot", r"\times", r"\odot", r"\oslash")):
        return "{} "
    return r"{} \cdot " if not before.rstrip().endswith(("+", "-", r"\cdot")) else ""


def display(rows: Sequence[str]) -> str:
    """Rows as a display; neither the first nor the last stands alone on a page, nor what stands in brackets below a row."""
    ended = [row if row.endswith(r"\\*") else
             row + (r" \\*" if at in (0, len(rows) - 2) or rows[at + 1].startswith(BELOW) else r" \\")
             for at, row in enumerate(rows[:-1])]
    return "\\begin{align*}\n" + "\n".join([*ended, rows[-1]]) + "\n\\end{align*}"


def width_of_words(words: str) -> float:
    """The estimated width of running text in em, its formulas included."""
    total = 0.0
    for position, part in enumerate(words.split("$")):
        total += width(part) if position % 2 else 0.48 * len(re.sub(r"\\[A-Za-z]+|[{}]", "", part))
    return total
