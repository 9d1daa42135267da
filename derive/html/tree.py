"""The document as a tree: headings, paragraphs, displays, tables; what a writer needs and nothing of a target."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Words:
    """Running text as people read it: no markup in it means anything."""

    text: str
    element: Literal["", "em", "code"] = ""


@dataclass(frozen=True)
class Formula:
    """LaTeX for mathematics mode; `large` is display style."""

    latex: str
    large: bool = False


Inline = tuple[Words | Formula, ...]


@dataclass(frozen=True)
class Heading:
    level: int  # 1: a section, 2: a part of it, 3: a paragraph with a head of its own
    content: Inline


@dataclass(frozen=True)
class Paragraph:
    content: Inline


@dataclass(frozen=True)
class Row:
    """One line of a display: pairs (left side, relation and right side), the reason, the equation's number.

    The left side is empty where a line goes on with the one before it; `continued` where it goes on in the middle of a
    right side.
    """

    pairs: tuple[tuple[str, str], ...]
    reason: Inline = ()
    tag: str = ""
    continued: bool = False


@dataclass(frozen=True)
class Display:
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Cell:
    content: Inline
    span: int = 1


@dataclass(frozen=True)
class Table:
    """`head` and the groups of rows between rules; `columns` says l, r or c for each."""

    columns: str
    head: tuple[tuple[Cell, ...], ...]
    groups: tuple[tuple[tuple[Cell, ...], ...], ...]


@dataclass(frozen=True)
class Items:
    """A list, each item of which holds blocks."""

    items: tuple[tuple[Block, ...], ...]
    ordered: bool = False


Block = Heading | Paragraph | Display | Table | Items


def formulas(blocks: Iterable[Block]) -> Iterator[Formula]:
    """Every formula of some blocks; those of displays are large."""
    for block in blocks:
        if isinstance(block, Items):
            for item in block.items:
                yield from formulas(item)
            continue
        inlines: list[Inline] = []
        if isinstance(block, Display):
            yield from (Formula(side, True) for row in block.rows for pair in row.pairs for side in pair if side)
            inlines = [row.reason for row in block.rows]
        elif isinstance(block, Table):
            inlines = [cell.content for group in (block.head, *block.groups) for row in group for cell in row]
        else:
            inlines = [block.content]
        yield from (part for inline in inlines for part in inline if isinstance(part, Formula))
