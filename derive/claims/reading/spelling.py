"""A text that is spelled anew while every character remembers where it stood."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from derive.file.errors import Place

Piece = str | tuple[int, int]  # new characters, or those from one offset to another


@dataclass(frozen=True)
class Spelling:
    """A text, and for each of its characters and its end the offset of what stands for it in the text as typed."""

    text: str
    offsets: tuple[int, ...]

    @classmethod
    def typed(cls, text: str) -> Spelling:
        return cls(text, tuple(range(len(text) + 1)))

    def spelled(self, pattern: re.Pattern[str], pieces: Callable[[re.Match[str]], Iterable[Piece]]) -> Spelling:
        """The text with every match of a pattern replaced by pieces of it and new characters."""
        if pattern.search(self.text) is None:
            return self
        text: list[str] = []
        offsets: list[int] = []
        end = 0

        def keep(start: int, stop: int) -> None:
            text.append(self.text[start:stop])
            offsets.extend(self.offsets[start:stop])

        for match in pattern.finditer(self.text):
            keep(end, match.start())
            at = self.offsets[match.start()]
            for piece in pieces(match):
                if isinstance(piece, str):
                    text.append(piece)
                    offsets.extend([at] * len(piece))
                else:
                    keep(*piece)
                    at = self.offsets[piece[1]]
            end = match.end()
        keep(end, len(self.text))
        return Spelling("".join(text), (*offsets, self.offsets[-1]))

    def place(self, typed: Place) -> Place:
        """The place of this text, whose characters stand where they were typed."""

        def locate(offset: int) -> tuple[int, int, str]:
            at = typed.inside(self.offsets[min(offset, len(self.offsets) - 1)])
            return at.line, at.column, at.text

        return Place(typed.file, typed.line, typed.column, typed.text, locate)
