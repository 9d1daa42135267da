"""The rows of displayed mathematics: a line of LaTeX as people copy it, with its environment, numbers and remarks.

What is no mathematics becomes blank, so that every character keeps its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from derive.claims.reading.sides import Written

DISPLAYS = "align|aligned|alignat|equation|gather|gathered|multline|split|displaymath|eqnarray|math"
ASIDE = re.compile(
    rf"\\(?:begin|end)\s*\{{(?:{DISPLAYS})\*?\}}|(?<!\\)\$\$?|(?<!\\)\\[\[\]()]"  # the environment, or $ … $
    r"|\\(?:tag|label)\*?\s*\{[^{}]*\}|\\(?:nonumber|notag)(?![A-Za-z])|(?<!\\)%[^\n]*"
    r"|(?:\\q?quad\s*|,\s*)+\\text\s*\{[^{}]*\}\s*(?=\\\\|$)")  # a remark at the end of a row
BREAK = re.compile(r"\\begin|\\end|\\\\(?:\s*\[\s*-?[\d.]+\s*[a-z]{2}\s*\])?")
CONTINUES = re.compile(r"\s*(?:&\s*)*(?:=|\\approx|\\q?quad|$)")
ALIGNED = re.compile(r"&(?=\s*(?:=|\\approx))")
STOP = re.compile(r"[.,;]\s*$")


def rows(line: Written) -> Iterator[Written]:
    """The rows of a line, each with what continues it below: &= …"""
    text = ALIGNED.sub(" ", ASIDE.sub(lambda aside: " " * len(aside[0]), line.text))
    start = depth = 0
    for mark in BREAK.finditer(text):
        depth += {"\\begin": 1, "\\end": -1}.get(mark[0], 0)
        if not depth and mark[0].startswith("\\\\"):
            text = text[: mark.start()] + " " * len(mark[0]) + text[mark.end() :]
            if not CONTINUES.match(text, mark.end()):
                yield _row(line, text, start, mark.start())
                start = mark.end()
    yield _row(line, text, start, len(text))


def _row(line: Written, text: str, start: int, end: int) -> Written:
    """A part of the text in its place."""
    return replace(line, text=" " * start + STOP.sub("", text[start:end].rstrip()))
