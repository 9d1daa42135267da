"""What stands around a formula and says nothing of its value: braces with a remark, colours, room, marks on a relation.

It becomes blank, so that every character keeps its place; bars get characters of their own by whether they open or close.
"""

from __future__ import annotations

import re

from derive.claims.reading.bars import bars

BRACED = re.compile(r"\\(?:under|over)(?:brace|bracket)(?![A-Za-z])")  # with a remark behind it
COLOURED = re.compile(r"\\(?:textcolor|colorbox|stackrel|overset|underset)(?![A-Za-z])")  # whose first argument says nothing
EMPTY = re.compile(r"\\(?:color|[hv]space\*?|[hv]?phantom|cancelto)(?![A-Za-z])")
BARS = {"|": "\uE000\uE001", "||": "\uE002\uE003", "\\|": "\uE002\uE003", "‖": "\uE002\uE003"}


def undecorated(text: str) -> str:
    """The text with blanks for its decorations."""
    for command in BRACED.finditer(text):
        text = _blank(text, *command.span())
        remark = _group(text, command.end())
        if remark and (script := re.compile(r"\s*[_^]\s*").match(text, remark[1])):
            text = _blank(text, script.start(), (_group(text, script.end()) or script.span())[1])
    for pattern in (COLOURED, EMPTY):
        for command in pattern.finditer(text):
            said = _group(text, command.end())
            text = _blank(text, command.start(), (said or command.span())[1])
    marked = list(text)
    for at, bar, opens in bars(text):
        marked[at : at + len(bar)] = BARS[bar][not opens].ljust(len(bar))
    return "".join(marked)


def _blank(text: str, start: int, end: int) -> str:
    return text[:start] + " " * (end - start) + text[end:]


def _group(text: str, at: int) -> tuple[int, int] | None:
    """Where the group in braces begins and ends that stands here; None where there is none."""
    opening = re.compile(r"\s*(?=\{)").match(text, at)
    if opening is None:
        return None
    depth = 0
    for brace in re.compile(r"\\.|[{}]").finditer(text, opening.end()):
        depth += {"{": 1, "}": -1}.get(brace[0], 0)
        if not depth:
            return opening.end(), brace.end()
    return None
