"""How a file names a number: `W1[1,2]`, `dE/dw5 after 1`, `accuracy on test`.

References in a file count from 1, as documents do.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, replace
from typing import Literal, cast

from derive.file.errors import FileError, Place, quoted
from derive.file.formula_text import FormulaText
from derive.file.names import FORMULA_WORDS, GOOD_NAME, IDENTIFIER, LONGEST_NAME

LONGEST = 400
LARGEST_POSITION = 10**6
LARGEST_STEP = 10**9

NAME = IDENTIFIER.pattern
ENTRY = rf"{NAME}(?:\[[^\[\]]*\])?"
REFERENCE = re.compile(rf"\s*({NAME})\s*(?:\[([^\[\]]*)\])?\s*")
DERIVATIVE = re.compile(rf"[d∂](?P<of>{ENTRY})\s*/\s*[d∂](?P<by>{ENTRY})")
COUNT, UNIT = r"[0-9][0-9_,]*", r"updates?|epochs?|full-batch updates?"
SUFFIX = re.compile(rf"\s+(?:after\s+(?P<after>{COUNT})(?:\s+(?P<unit>{UNIT}))?|on\s+(?P<on>{NAME}))\s*$")
ONE = rf"(?:[d∂]{ENTRY}\s*/\s*[d∂]{ENTRY}|{ENTRY})"
TERM = re.compile(rf"(?<![\w.]){ONE}(?:\s+after\s+{COUNT}(?:\s+(?:{UNIT})(?!\w))?|\s+on\s+{NAME})*(?![\w\[]|\s*\()")
ARITHMETIC = (ast.Name, ast.Constant, ast.Call, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop, ast.expr_context)
EXAMPLES = "write a name such as net_h1, W1[1,2], dE/dw5, w5 after 1 or accuracy on test"

Unit = Literal["updates", "epochs", "full-batch updates"]


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

    `after` is how much training is done before it is taken (None: none), counted in `unit`: in updates or epochs as
    `fit` makes them, in mini-batches where the file says so, or in updates by all samples at once.  `on` is the name
    of the data set that it is taken on (None: the file's data).
    """

    kind: Literal["value", "derivative", "formula"]
    text: str
    of: Reference | None = None
    by: Reference | None = None
    after: int | None = None
    unit: Unit = "updates"
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
    """What an expectation asks for; FileError at the character that is wrong.

    In a formula, `after` and `on` belong to the quantity before them, or to the bracket: (E_o1 + E_o2) after 1.
    """
    asked = _parse(text, place)
    if asked.kind == "formula" and not asked.parts:
        raise FileError(f"{quoted(text.strip())} names no quantity", place, EXAMPLES)
    return asked


def parse_value(text: str, place: Place) -> Asked:
    """The right value of an expectation, where it is no plain number: `1/3`, `theta2[3,1]` or `i1*w1 + i2*w2 + B1`."""
    return _parse(text, place)


def _parse(text: str, place: Place) -> Asked:
    if len(text) > LONGEST:
        raise FileError(f"this has {len(text)} characters; the limit is {LONGEST}", place, EXAMPLES)
    body, after, on = text, None, None
    unit: Unit = "updates"
    while match := SUFFIX.search(body):
        if match["after"]:
            if after is not None:
                raise FileError("'after' stands here twice", place.inside(match.start(1)), "write it once: w5 after 1")
            after, unit = int(re.sub("[_,]", "", match["after"])), "updates"
            if match["unit"]:
                unit = cast(Unit, match["unit"].rstrip("s") + "s")
            if after > LARGEST_STEP:
                raise FileError("this is too many updates", place.inside(match.start("after")),
                                f"write at most {LARGEST_STEP}")
        elif on is not None:
            raise FileError("'on' stands here twice", place.inside(match.start("on")),
                            "write it once: accuracy on test")
        else:
            on = match["on"]
        body = body[: match.start()]
    if not re.fullmatch(rf"\s*{ONE}\s*", body) and not body.endswith(")"):
        return replace(_formula(text, place), text=text)
    return replace(_bare(body, place), text=text, after=after, unit=unit, on=on)


def _bare(body: str, place: Place) -> Asked:
    start = len(body) - len(body.lstrip())
    if match := DERIVATIVE.fullmatch(body.strip()):
        of, by = (parse_reference(match[side], place.inside(start + match.start(side))) for side in ("of", "by"))
        return Asked("derivative", body, of, by)
    if REFERENCE.fullmatch(body):
        return Asked("value", body, parse_reference(body.lstrip(), place.inside(start)))
    return _formula(body, place)


def _formula(body: str, place: Place) -> Asked:
    parts: list[tuple[str, Asked]] = []

    def stand_in(match: re.Match[str]) -> str:
        parts.append((f"q_{len(parts) + 1}", _parse(match[0], place.inside(match.start()))))
        return parts[-1][0]

    formula = TERM.sub(stand_in, body)
    start = place.inside(len(body) - len(body.lstrip()))
    known = {name for name, _ in parts} | FORMULA_WORDS
    try:
        tree = FormulaText(formula, start).tree(formula, 0)
    except FileError as error:
        raise FileError(f"{quoted(body.strip())} names no quantity: {error.message}", start, EXAMPLES) from None
    for node in ast.walk(tree):
        if not isinstance(node, ARITHMETIC) or (isinstance(node, ast.Name) and node.id not in known):
            raise FileError(f"{quoted(body.strip())} names no quantity", start, EXAMPLES)
    return Asked("formula", body, formula=formula, parts=tuple(parts))
