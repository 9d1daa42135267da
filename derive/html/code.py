"""The generated module as lines of HTML, each with the number of the equation that it computes."""

from __future__ import annotations

import ast
import io
import keyword
import re
import tokenize
from collections.abc import Container, Iterator
from dataclasses import dataclass
from functools import cached_property

from markupsafe import Markup, escape

_NUMBER = re.compile(r"# \((\d+)\)")
_SHOWN = ("loss_and_gradients", "trace")  # where each equation is a line


@dataclass(frozen=True)
class CodeLine:
    """A line of code; `equation` is the number in its comment, and `first` says that it is the one that links lead to."""

    html: Markup
    equation: str = ""
    first: bool = False


@dataclass(frozen=True)
class Code:
    """The module: the function with a line for each equation, and all lines."""

    shown: tuple[CodeLine, ...]
    whole: tuple[CodeLine, ...]

    @cached_property
    def equations(self) -> frozenset[str]:
        """The equations that have a line."""
        return frozenset(line.equation for line in (*self.shown, *self.whole) if line.first)


def code(module: str, known: Container[str]) -> Code:
    """A Python module as lines to be read, with links to the equations that are known."""
    lines = [CodeLine(*line) for line in _highlighted(module, known)]
    taken: set[str] = set()

    def linked(some: list[CodeLine]) -> Iterator[CodeLine]:
        for line in some:
            first = bool(line.equation) and line.equation not in taken
            taken.add(line.equation)
            yield CodeLine(line.html, line.equation, first)

    return Code(tuple(linked(_function(module, lines))), tuple(linked(lines)))


def _function(module: str, lines: list[CodeLine]) -> list[CodeLine]:
    """The function in which most equations are a line, up to the last of them, without its docstring."""
    found: list[list[CodeLine]] = [[]]
    for node in ast.parse(module).body:
        if isinstance(node, ast.FunctionDef) and node.name in _SHOWN and len(node.body) > 1:
            last = max((at for at in range(node.lineno, node.end_lineno or 0) if lines[at].equation), default=node.lineno)
            found.append(lines[node.lineno - 1:node.body[0].lineno - 1] + lines[node.body[1].lineno - 1:last + 1])
    return max(found, key=lambda some: len({line.equation for line in some}))


def _highlighted(module: str, known: Container[str]) -> list[tuple[Markup, str]]:
    """Each line with its words marked, and the number of the equation in its comment."""
    marks: dict[int, list[tuple[int, int, str]]] = {}
    numbers: dict[int, str] = {}
    lines = module.rstrip("\n").split("\n")
    for token in tokenize.generate_tokens(io.StringIO(module).readline):
        kind = {tokenize.COMMENT: "comment", tokenize.STRING: "string"}.get(token.type, "")
        if token.type == tokenize.NAME and keyword.iskeyword(token.string):
            kind = "keyword"
        if token.type == tokenize.COMMENT and (number := _NUMBER.match(token.string)) and number.group(1) in known:
            numbers[token.start[0]] = number.group(1)
        for row in range(token.start[0], token.end[0] + 1) if kind else ():
            start = token.start[1] if row == token.start[0] else 0
            end = token.end[1] if row == token.end[0] else len(lines[row - 1])
            marks.setdefault(row, []).append((start, end, kind))
    return [(_marked(line, marks.get(row, []), row in numbers), numbers.get(row, "")) for row, line in enumerate(lines, 1)]


def _marked(line: str, marks: list[tuple[int, int, str]], linked: bool) -> Markup:
    out, at = Markup(), 0
    for start, end, kind in marks:
        text = escape(line[start:end])
        if kind == "comment" and linked:
            text = Markup(_NUMBER.sub(r'# <a href="#eq-\1">(\1)</a>', str(text), count=1))
        out += escape(line[at:start]) + Markup('<span class="{}">{}</span>').format(kind, text)
        at = end
    return out + escape(line[at:])
