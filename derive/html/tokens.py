"""LaTeX as tokens, gone through once: what the reader of blocks and the reader of running text have in common."""

from __future__ import annotations

from collections.abc import Sequence


class UnknownLatex(Exception):
    """The document holds LaTeX that has no place in the tree."""


class Tokens:
    """The tokens of a text, and a place among them."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self.tokens = tokens
        self.at = 0

    def take(self) -> str:
        """The next token; "" at the end."""
        token = self.next
        self.at += bool(token)
        return token

    @property
    def next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def follow(self, *tokens: str) -> bool:
        """Whether these are the next ones."""
        return tuple(self.tokens[self.at:self.at + len(tokens)]) == tokens

    def before(self, *tokens: str) -> str:
        """What stands before the next such tokens, as it is."""
        start = self.at
        while not self.follow(*tokens):
            if not self.take():
                raise UnknownLatex(f"{''.join(tokens)} is missing")
        return "".join(self.tokens[start:self.at])

    def until(self, token: str) -> str:
        """What stands before the next such token, which is taken too."""
        text = self.before(token)
        self.take()
        return text

    def argument(self) -> str:
        """The argument of a command, without its brackets."""
        if self.take() != "{":
            raise UnknownLatex("{ is missing")
        return self.group()

    def group(self) -> str:
        """What stands before the bracket that closes an opened one; both are taken."""
        start, depth = self.at, 1
        while depth:
            token = self.take()
            if not token:
                raise UnknownLatex("} is missing")
            depth += {"{": 1, "}": -1}.get(token, 0)
        return "".join(self.tokens[start:self.at - 1])
