"""Displayed formulas and tables of the document's LaTeX, read line by line and cell by cell.

Where a formula was broken for the width of a page it stays broken; what was done for its place on the page is no part of
the tree.
"""

from __future__ import annotations

import re
from dataclasses import replace

from derive.html.inline import read_inline
from derive.html.tokens import Tokens, UnknownLatex
from derive.html.tree import Cell, Display, Inline, Row, Table

_TAG = re.compile(r"\\tag\{([^{}]*)\}")
_BELOW = re.compile(r"\\makebox\[[\d.]+em\]\[r\]\{(.*)\}")  # a reason that stands below its formula
_BESIDE = re.compile(r"\\text\{(.*)\}")
_SHRUNK = re.compile(r"\\resizebox\{[^{}]*\}\{!\}\{\$\\displaystyle ?(.*?) ?\$\}", re.S)
_JOINED = re.compile(r"\s*\\multicolumn\{(\d+)\}\{[lrc]\}\{(.*)\}\s*", re.S)


def read_display(latex: str) -> Display:
    """What stands inside of an aligned environment, or of a single displayed formula."""
    rows: list[Row] = []
    latex = _SHRUNK.sub(lambda shrunk: shrunk.group(1), re.sub(r"\\displaybreak\[\d\]", "", latex))
    for line in split(latex.replace(r"\\*", r"\\"), r"\\"):
        tag = _TAG.search(line)
        cells = [cell.strip() for cell in split(_TAG.sub("", line), "&")]
        if below := _BELOW.fullmatch(cells[-1]):
            rows[-1] = replace(rows[-1], reason=read_inline(below.group(1)))
            continue
        cells[-1], reason = _reasoned(cells[-1])
        if len(cells) == 4 and not cells[2]:
            if (beside := _BESIDE.fullmatch(cells[3])) is None:
                raise UnknownLatex(f"no reason: {cells[3]}")
            reason, cells = read_inline(beside.group(1)), cells[:2]
        if len(cells) == 1:
            cells.insert(0, "")
        if len(cells) % 2:
            raise UnknownLatex(f"a line of {len(cells)} cells: {line}")
        continued = not cells[0] and cells[1].startswith(r"\qquad")
        rights = [right.removeprefix(r"\qquad").strip() for right in cells[1::2]]
        rows.append(Row(tuple(zip(cells[::2], rights, strict=True)), reason, tag.group(1) if tag else "", continued))
    return Display(tuple(rows))


def _reasoned(cell: str) -> tuple[str, Inline]:
    """A formula, and the reason that stands at the right end of its line."""
    if not cell.startswith(r"\reasoned{"):
        return cell, ()
    tokens = Tokens(re.findall(r"\\[A-Za-z]+|\\.|[^\\]", cell.removeprefix(r"\reasoned")))
    _, formula, reason = (tokens.argument() for _ in range(3))
    return formula, read_inline(reason)


def read_table(columns: str, inside: str) -> Table:
    """A table: what stands between its rules."""
    parts = re.split(r"\\(?:top|mid|bottom)rule|\\endhead|\\endfoot", inside)
    groups = [tuple(tuple(map(_cell, split(line, "&"))) for line in split(part, r"\\") if line.strip())
              for part in parts if part.strip()]
    if not groups:
        raise UnknownLatex("a table without rows")
    return Table(re.sub(r"[pP]\{[^{}]*\}", "l", columns), groups[0], tuple(groups[1:]))


def _cell(latex: str) -> Cell:
    joined = _JOINED.fullmatch(latex)
    return Cell(read_inline(joined.group(2)), int(joined.group(1))) if joined else Cell(read_inline(latex))


def split(latex: str, at: str) -> list[str]:
    """Parts between separators that stand in no group and in no environment."""
    parts, depth = [""], 0
    for token in re.findall(r"\\[A-Za-z]+|\\.|[^\\]", latex, re.S):
        depth += {"{": 1, "}": -1, r"\begin": 1, r"\end": -1}.get(token, 0)
        if token == at and not depth:
            parts.append("")
        else:
            parts[-1] += token
    return parts
