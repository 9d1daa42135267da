"""How a file names a number: `W1[1,2]`, `dE/dw5 after 1`, `accuracy on test`.

References in a file count from 1, as documents do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from derive.file.errors import FileError, Place, quoted
from derive.file.names import GOOD_NAME, IDENTIFIER, LONGEST_NAME

LONGEST = 400
LARGEST_POSITION = 10**6
LARGEST_STEP = 10**9

NAME = IDENTIFIER.pattern
REFERENCE = re.compile(rf"\s*({NAME})\s*(?:\[([^\[\]]*)\])?\s*")
ENTRY = rf"{NAME}(?:\[[^\[\]]*\])?"
DERIVATIVE = re.compile(rf"[d∂](?P<of>{ENTRY})\s*/\s*[d∂](?P<by>{ENTRY})")
SUFFIX = re.compile(rf"\s+(?:after\s+(?P<after>[0-9][0-9_,]*)(?:\s+(?:updates?|steps?))?|on\s+(?P<on>{NAME}))\s*$")
TERM = re.compile(rf"(?<![\w.])(?:[d∂]{ENTRY}\s*/\s*[d∂]{ENTRY}|{ENTRY})(?![\w\[]|\s*\()")
EXAMPLES = "write a name such as net_h1, W1[1,2], dE/dw5, w5 after 1 or accuracy on test"


@dataclass(frozen=True)
class Reference:
    """A quantity, or one entry of it; positions count from 1."""

    name: str
    positions: tuple[int, ...] = ()

    def __str__(self) -> str:
        return self.name + (f"[{','.join(map(str, self.positions))}]" if self.positions else "")


@dataclass(frozen=True)
class Asked:
    """A number that is asked for.

    kind "value":       the quantity `of`
    kind "derivative":  ∂of/∂by
    kind "formula":     `formula`, in which the numbers of `parts` stand under their keys

    `after` is the number of updates before it is taken (None: none), `on` the name of a data set (None: the file's
    data).
    """

    kind: Literal["value", "derivative", "formula"]
    text: str
    of: Reference | None = None
    by: Reference | None = None
    after: int | None = None
    on: str | None = None
    formula: str = ""
    parts: tuple[tuple[str, Asked], ...] = ()


def parse_reference(text: str, place: Place) -> Reference:
    """`W1[1,2]` or `E`; FileError at the character that is wrong."""
    match = REFERENCE.fullmatch(text) if len(text) <= LONGEST else None
    if match is None:
        raise FileError(f"{quoted(text)} is no quantity", place, "write a name, or an entry of it such as W1[1,2]")
    name, inside = match.groups()
    if len(name) > LONGEST_NAME:
        raise FileError(f"{quoted(name)} is longer than {LONGEST_NAME} characters", place, GOOD_NAME)
    if inside is None:
        return Reference(name)
    positions = []
    start = match.start(2)
    for part in inside.split(","):
        if not re.fullmatch(r"\s*[0-9]{1,7}\s*", part) or not 1 <= int(part) <= LARGEST_POSITION:
            at = start + len(part) - len(part.lstrip())
            raise FileError(f"{quoted(part.strip())} is no position", place.inside(at),
                            "positions are whole numbers and count from 1, as in W1[1,2]")
        positions.append(int(part))
        start += len(part) + 1
    return Reference(name, tuple(positions))


def parse_quantity(text: str, place: Place) -> Asked:
    """What an expectation asks for; FileError at the character that is wrong."""
    if len(text) > LONGEST:
        raise FileError(f"this has {len(text)} characters; the limit is {LONGEST}", place, EXAMPLES)
    body, after, on = text, None, None
    while match := SUFFIX.search(body):
        if match["after"]:
            if after is not None:
                raise FileError("'after' stands here twice", place.inside(match.start(1)), "write it once: w5 after 1")
            after = int(re.sub("[_,]", "", match["after"]))
            if after > LARGEST_STEP:
                raise FileError("this is too many updates", place.inside(match.start("after")),
                                f"write at most {LARGEST_STEP}")
        elif on is not None:
            raise FileError("'on' stands here twice", place.inside(match.start("on")),
                            "write it once: accuracy on test")
        else:
            on = match["on"]
        body = body[: match.start()]
    return replace(_bare(body, place), text=text, after=after, on=on)


def _bare(body: str, place: Place) -> Asked:
    start = len(body) - len(body.lstrip())
    if match := DERIVATIVE.fullmatch(body.strip()):
        of, by = (parse_reference(match[side], place.inside(start + match.start(side))) for side in ("of", "by"))
        return Asked("derivative", body, of, by)
    if REFERENCE.fullmatch(body):
        return Asked("value", body, parse_reference(body, place.inside(start)))
    parts: list[tuple[str, Asked]] = []

    def stand_in(match: re.Match[str]) -> str:
        parts.append((f"q_{len(parts) + 1}", _bare(match[0], place.inside(match.start()))))
        return parts[-1][0]

    formula = TERM.sub(stand_in, body)
    if not parts or not re.search(r"[-+*/()]", formula):
        raise FileError(f"{quoted(body.strip())} names no quantity", place.inside(start), EXAMPLES)
    return Asked("formula", body, formula=formula, parts=tuple(parts))
