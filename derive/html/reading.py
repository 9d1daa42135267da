"""The document's LaTeX read into a tree, so that every sentence and every formula has one source.

What `derive.latex` prints is understood, and nothing else: an error names what is not.
"""

from __future__ import annotations

import re

from derive.html.displays import read_display, read_table
from derive.html.inline import read_inline, trimmed
from derive.html.tokens import Tokens, UnknownLatex
from derive.html.tree import Block, Heading, Inline, Items, Paragraph, Words

_TOKEN = re.compile(r"\n[ \t]*\n\s*|\\[A-Za-z]+\*?|\\.|[{}$]|[^\\{}$\n]+|\n", re.S)
_LEVELS = {r"\section": 1, r"\subsection*": 2, r"\paragraph": 3}
_GROUPS = {r"\small", r"\footnotesize", r"\raggedright"}  # what a group of blocks begins with
_TRANSPARENT = {"kept", "center"}


def read(latex: str) -> tuple[Block, ...]:
    """The blocks of a document's body.

    Raises:
        UnknownLatex: a command or an environment is not among those that are understood.
    """
    return tuple(_Reader(latex).blocks())


class _Reader:
    """Goes through the tokens once, and collects text until something else than text comes."""

    def __init__(self, latex: str) -> None:
        self.tokens = Tokens(_TOKEN.findall(latex))

    def blocks(self, until: tuple[str, ...] = ()) -> list[Block]:
        """Blocks up to the end of the text, or to one of these tokens."""
        out: list[Block] = []
        text: list[str] = []
        tokens = self.tokens
        while tokens.next not in (*until, ""):
            token = tokens.take()
            if token == "{" and tokens.next in _GROUPS:
                block = self.blocks(("}",))
                tokens.take()
            elif token == "{":
                text.append("{" + tokens.group() + "}")
                continue
            elif token == "$":
                text.append("$" + tokens.until("$") + "$")
                continue
            elif token in _LEVELS:
                block = [Heading(_LEVELS[token], _without_stop(read_inline(tokens.argument())))]
            elif token == r"\begin":
                block = self.environment(tokens.argument())
            elif token == r"\[":
                block = [read_display(tokens.until(r"\]"))]
            elif token == r"\par" or token.count("\n") > 1:
                block = []
            else:
                text.append(token)
                continue
            out += [*_paragraph(text), *block]
            text.clear()
        if until and not tokens.next:
            raise UnknownLatex(f"{until[0]} is missing")
        return [*out, *_paragraph(text)]

    def environment(self, name: str) -> list[Block]:
        if name in _TRANSPARENT:
            block = self.blocks((r"\end",))
        elif name == "align*":
            block = [read_display(self.inside(name))]
        elif name in ("tabular", "longtable"):
            block = [read_table(self.tokens.argument(), self.inside(name))]
        elif name in ("itemize", "enumerate"):
            block = [Items(tuple(self.items()), name == "enumerate")]
        else:
            raise UnknownLatex(f"the environment {name} has no place on a page")
        if self.tokens.take() != r"\end" or self.tokens.argument() != name:
            raise UnknownLatex(f"{name} does not end")
        return block

    def items(self) -> list[tuple[Block, ...]]:
        if self.blocks((r"\item",)):
            raise UnknownLatex("text before the first item")
        items = []
        while self.tokens.follow(r"\item"):
            self.tokens.take()
            items.append(tuple(self.blocks((r"\item", r"\end"))))
        return items

    def inside(self, name: str) -> str:
        """The text up to the end of an environment, which is not nested in itself."""
        return self.tokens.before(r"\end", "{", name, "}")


def _paragraph(text: list[str]) -> list[Block]:
    content = read_inline("".join(text))
    return [Paragraph(content)] if content else []


def _without_stop(inline: Inline) -> Inline:
    if inline and isinstance(last := inline[-1], Words):
        return trimmed([*inline[:-1], Words(last.text.rstrip().removesuffix("."))])
    return inline
