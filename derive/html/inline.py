"""Running text of the document's LaTeX, with the formulas in it, read into words and formulas."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from derive.html.tokens import Tokens, UnknownLatex
from derive.html.tree import Formula, Inline, Words
from derive.latex.escape import CHARACTERS

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[{}$]|---?|``|''|[^\\{}$`'-]+|.", re.S)
_SPACES = {r"\quad": "\u2003", r"\qquad": "\u2003\u2003", r"\ ": " ", r"\,": "\u2009"}
_LAYOUT = {r"\small", r"\footnotesize", r"\raggedright", r"\medskip", r"\noindent"}
_ELEMENTS: Mapping[str, Literal["em", "code"]] = {r"\emph": "em", r"\texttt": "code"}
_CODE = re.compile(r"\[U\+([0-9A-F]{4,6})\]")  # a letter that TeX does not have
_COMBINING = range(0x300, 0x370)


def read_inline(latex: str, trim: bool = True) -> Inline:
    """Words and formulas.

    Args:
        trim: leave out space at either end.

    Raises:
        UnknownLatex: a command is not among those that are understood.
    """
    reader = _Reader(latex)
    reader.read()
    return trimmed(reader.parts) if trim else tuple(reader.parts)


def trimmed(parts: Inline | list[Words | Formula]) -> Inline:
    """Without space at either end."""
    kept = list(parts)
    while kept and isinstance(kept[0], Words) and not kept[0].text.strip():
        del kept[0]
    while kept and isinstance(kept[-1], Words) and not kept[-1].text.strip():
        del kept[-1]
    if kept and isinstance(first := kept[0], Words):
        kept[0] = replace(first, text=first.text.lstrip())
    if kept and isinstance(last := kept[-1], Words):
        kept[-1] = replace(last, text=last.text.rstrip())
    return tuple(kept)


class _Reader:
    def __init__(self, latex: str) -> None:
        self.tokens = Tokens(_TOKEN.findall(latex))
        self.parts: list[Words | Formula] = []

    def read(self) -> None:
        while token := self.tokens.take():
            if token == "$":
                self.formula(self.tokens.until("$").strip())
            elif token == "{":
                self.parts += read_inline(self.tokens.group(), trim=False)
            elif token == r"\resizebox":  # made for the width of a page
                *_, inside = (self.tokens.argument() for _ in range(3))
                self.parts += read_inline(inside)
            elif token == r"\mbox":
                self.parts += read_inline(self.tokens.argument())
            elif token in _ELEMENTS:
                self.parts += [replace(part, element=_ELEMENTS[token]) if isinstance(part, Words) else part
                               for part in read_inline(self.tokens.argument())]
            elif token not in _LAYOUT:
                self.say(self.character(token))

    def formula(self, latex: str) -> None:
        large = latex.startswith(r"\displaystyle")
        self.parts.append(Formula(latex.removeprefix(r"\displaystyle").strip(), large))

    def character(self, token: str) -> str:
        """What a token is as text: with an accent, the letter and it."""
        if token in _SPACES:
            return _SPACES[token]
        if token not in CHARACTERS:
            if token == "}" or token.startswith("\\"):
                raise UnknownLatex(f"{token} has no meaning in running text")
            return re.sub(r"\s+", " ", token.replace("~", "\u00a0"))
        if ord(CHARACTERS[token][0]) in _COMBINING:
            return self.tokens.argument() + CHARACTERS[token]
        if self.tokens.follow("{", "}"):
            self.tokens.argument()
        return CHARACTERS[token]

    def say(self, words: str) -> None:
        if self.parts and isinstance(before := self.parts[-1], Words) and not before.element:
            words = before.text + words
            del self.parts[-1]
        self.parts.append(Words(_CODE.sub(lambda code: chr(int(code.group(1), 16)), re.sub(" +", " ", words))))
