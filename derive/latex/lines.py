"""Lines: long formulas are broken so that nothing leaves the page.

The printed width is estimated from the LaTeX; breaks go first to relations, then to + and −, then between factors,
the outermost first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from derive.latex.narrow import boxed, stacked
from derive.latex.printer import mark_levels, plain
from derive.latex.width import width, width_of_words

PAGE = 42.5  # usable width of a line in em: 170 mm of text at 11 pt, less an em and a half of caution
_TAG = 3.2
SIZES = {"": 1.0, r"\small": 0.93, r"\footnotesize": 0.86}  # and how wide the same formula is, compared
_INDENT = 2.5
BELOW = r"&\qquad ("  # how a row begins that says something of the row before it


@dataclass(frozen=True)
class Line:
    """One member of a chain of equalities: `relation right`, and why."""

    right: str
    reason: str = ""
    relation: str = "="


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
    beside = {number for number, line in enumerate(lines)
              if line.reason and width(line.right) + width_of_words(line.reason) <= room - 2.5}
    rows: list[str] = []
    broken_lines = [broken(line.right, room - _INDENT, room) for line in lines]
    size = _smaller(max(excess(parts, room - _INDENT, room) for parts in broken_lines))
    for number, (line, parts) in enumerate(zip(lines, broken_lines, strict=True)):
        if size is None:
            parts = within(parts, room - _INDENT, room)
        start = plain(left) if number == 0 else ""
        for position, part in enumerate(parts):
            if position == 0 and number in beside and not aside:
                rows.append(rf"{start} &\reasoned{{{room:.1f}em}}{{{line.relation} {part}}}{{({line.reason})}}")
            elif position == 0:
                rows.append(f"{start} &{line.relation} {part}")
            else:
                rows.append(rf"&\qquad {_continued(parts[position - 1], part)}{part}")
            if position == 0 and line.reason and aside:
                rows[-1] += rf" && \text{{({line.reason})}}"
        if tag and number == len(lines) - 1:
            rows[-1] += rf" \tag{{{tag}}}"
        if line.reason and not aside and number not in beside:  # below its formula, at the right
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
