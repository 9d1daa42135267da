"""Errors for the person who made them: where it is, what is wrong, what to do.

    network.yaml:12:17: there is no activation 'sigmoyd'
        activation: sigmoyd
                    ^
    help: did you mean 'sigmoid'?
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches

from derive.file.synonyms import SYNONYMS, plain

WINDOW = 100  # columns of a long source line that are shown around the caret
TAB = 4
LONGEST_WORD = 60


@dataclass(frozen=True)
class Place:
    """A character of a file: line and column count from 1, `text` is the whole line.

    A place that begins a scalar of the file knows where the scalar's other characters stand; see `inside`.
    """

    file: str
    line: int
    column: int
    text: str
    locate: Callable[[int], tuple[int, int, str]] | None = field(default=None, repr=False, compare=False)

    def inside(self, offset: int) -> Place:
        """The place of a character of the scalar that begins here, counted from 0 in the scalar as it was read."""
        if self.locate is None:
            return Place(self.file, self.line, self.column + offset, self.text)
        return Place(self.file, *self.locate(offset))

    @classmethod
    def of_text(cls, text: str, file: str = "<formula>") -> Place:
        """The start of a text that stands in no file, such as a formula typed in Python."""

        def locate(offset: int) -> tuple[int, int, str]:
            before = text[:offset].split("\n")
            return len(before), len(before[-1]) + 1, text.split("\n")[len(before) - 1]

        return cls(file, *locate(0), locate)

    def __str__(self) -> str:
        return f"{visible(self.file)}:{self.line}:{self.column}"


class DeriveError(Exception):
    """Anything that stops this tool for a reason that its user can do something about."""

    exit_code = 1

    def __init__(self, message: str, place: Place | None = None, help: str | None = None):  # noqa: A002
        super().__init__(message)
        self.message = message
        self.place = place
        self.help = help

    def __str__(self) -> str:
        lines = [visible(self.message)]
        if self.place is not None:
            lines[0] = f"{self.place}: {lines[0]}"
            shown, caret = excerpt(self.place.text, self.place.column)
            if shown.strip():
                lines += [f"  {shown}", f"  {' ' * caret}^"]
        if self.help:
            lines.append(f"help: {visible(self.help)}")
        return "\n".join(lines)

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows in place of a traceback."""
        return str(self).splitlines()


class FileError(DeriveError):
    """The file is not a valid network."""

    exit_code = 3


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The choice that was probably meant, if one is near enough."""
    if len(word) > LONGEST_WORD:
        return None
    by_plain = {plain(choice): choice for choice in choices}
    meant = (plain(choice) for choice in SYNONYMS.get(plain(word), ()))
    found = [choice for choice in meant if choice in by_plain] or get_close_matches(plain(word), by_plain, n=1, cutoff=0.6)
    return by_plain[found[0]] if found else None


def suggestion(word: str, choices: Iterable[str], what: str = "the choices are") -> str:
    """What to do about an unknown word: the nearest choice, or all of them where none is near."""
    choices = list(choices)
    near = nearest(word, choices)
    if near is not None:
        return f"did you mean '{near}'?"
    return f"{what}: {listed(choices)}" if choices else "there are none to choose from"


def listed(words: Iterable[str], at_most: int = 30) -> str:
    """Words in a sentence: a, b, c."""
    words = list(words)
    more = f" and {len(words) - at_most} more" if len(words) > at_most else ""
    return ", ".join(words[:at_most]) + more


def quoted(word: object) -> str:
    """A word of the user's in quotes, on one line and not too long."""
    text = visible(str(word)[: LONGEST_WORD + 1])
    return f"'{text[:LONGEST_WORD]}…'" if len(text) > LONGEST_WORD else f"'{text}'"


def visible(text: str) -> str:
    """The text with control characters and everything else that would not show, or would act, written as escapes."""
    return text if text.isprintable() else "".join(_cell(character, keep="\n")[0] for character in text)


def excerpt(text: str, column: int) -> tuple[str, int]:
    """The part of a source line around a column, as a terminal shows it, and the number of cells before the caret."""
    position = min(max(column - 1, 0), len(text))
    # A character takes at least no cell at all and an escape ten: cut generously here, exactly below.
    first = max(0, position - 4 * WINDOW)
    cells = [_cell(character) for character in text[first : position + 4 * WINDOW]]
    before, after = cells[: position - first], cells[position - first :]
    room_before = WINDOW * 3 // 4 if _width(after) > WINDOW // 4 else WINDOW - _width(after)
    head = _fit(before[::-1], room_before)
    tail = _fit(after, WINDOW - _width(head))
    left = "…" if len(head) < len(before) or first else ""
    right = "…" if len(tail) < len(after) or position + 4 * WINDOW < len(text) else ""
    shown = left + "".join(cell for cell, _ in head[::-1]) + "".join(cell for cell, _ in tail) + right
    return shown, len(left) + _width(head)


def _cell(character: str, keep: str = "") -> tuple[str, int]:
    """How a character is shown, and how many terminal cells that takes."""
    if character in keep:
        return character, 1
    if character == "\t":
        return " " * TAB, TAB
    if not character.isprintable():
        code = ord(character)
        escape = f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
        return escape, len(escape)
    if unicodedata.category(character) in ("Mn", "Me"):
        return character, 0
    return character, 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _width(cells: list[tuple[str, int]]) -> int:
    return sum(width for _, width in cells)


def _fit(cells: list[tuple[str, int]], room: int) -> list[tuple[str, int]]:
    for count, (_, width) in enumerate(cells):
        room -= width
        if room < 0:
            return cells[:count]
    return cells
