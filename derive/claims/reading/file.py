"""The file of claims: YAML, the lines of somebody's working in their order.

    network: worked_example.yaml
    names: {delta_o1: dE/dnet_o1}
    claims:
      - net_h1 = 0.3775
      - {claim: w5 after 1 = 0.3589, where: page 3}
      - '\\frac{\\partial E}{\\partial w_5} = 0.0822'

A list alone is read too, and the network is then named on the command line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from derive.claims.reading.sides import Written
from derive.file.errors import FileError, Place
from derive.file.fields import Checked, Name, Strict, Text, described, wrong
from derive.file.models import NetworkFile
from derive.file.page import read_page
from derive.file.reading import first_error
from derive.file.source import Source
from derive.file.tree import Node, root_of

LARGEST_FILE = 2_000_000  # bytes
MOST_CLAIMS = 1000
EXAMPLE = "a file of claims is:  {network: worked_example.yaml, claims: [net_h1 = 0.3775, dE/dw5 = 0.0822]}"


def _path(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable() or len(value) > 1000:
        raise wrong(f"the path of a network file is expected here, not {described(value)}",
                    help="write it as worked_example.yaml; it begins at the folder of this file")
    return value


def _list(value: Any) -> Any:
    if not isinstance(value, list):
        raise wrong(f"a list is expected here, not {described(value)}", help="write each claim in a line that begins with -")
    return value


def _mapping(value: Any) -> Any:
    if not isinstance(value, dict):
        raise wrong(f"a mapping is expected here, not {described(value)}", help="write it as {delta2: dJ/dz2}")
    return value


@dataclass(frozen=True)
class Working:
    """What a file of claims says.

    Attributes:
        names: what the working's own names stand for.
    """

    network: Path
    lines: tuple[Written, ...]
    names: Mapping[str, Written] = field(default_factory=dict)


class Line(Strict):
    """One line of the working; a text alone is the claim."""

    short = "claim"
    claim: Text | None = Field(default=None, description="left = right, in plain text or LaTeX")
    latex: Text | None = Field(default=None, description="the same in LaTeX, where no backslash shows it")
    where: Text = Field(default="", description="where the working says it")

    @model_validator(mode="before")
    @classmethod
    def _one_text(cls, value: Any) -> Any:
        if value is None:
            raise wrong("this line is empty", help="write a claim, such as net_h1 = 0.3775, or remove it")
        said = [key for key in ("claim", "latex") if isinstance(value, dict) and key in value]
        if isinstance(value, dict) and not said and set(value) <= set(cls.keys()):
            raise wrong("this line has no claim", help="add claim: net_h1 = 0.3775")
        if len(said) == 2:
            raise wrong("'claim' and 'latex' exclude each other", "latex", key=True, help="write one of them")
        return value


class ClaimsFile(Strict):
    """A working: the network that it is about, and its lines."""

    elsewhere = dict.fromkeys(NetworkFile.keys(), f"a network is read by: python -m derive network.yaml; {EXAMPLE}")

    network: Annotated[str, Checked(_path, {"type": "string"})] | None = Field(
        default=None, description="the network file; its path begins at the folder of this file")
    names: Annotated[dict[Name, Text], BeforeValidator(_mapping)] = Field(
        default={}, description="the working's own names, for what may stand in a claim: {delta2: dJ/dz2}")
    claims: Annotated[list[Line], BeforeValidator(_list)] = Field(
        description="the lines, in the order of the working", min_length=1, max_length=MOST_CLAIMS)


def read_file(path: Path, network: Path | None = None) -> Working:
    """A file of claims; `network` goes before what it says.

    Raises:
        FileError: with the place, for the first thing that is wrong.
    """
    page = read_page(path, LARGEST_FILE)
    root = root_of(page, EXAMPLE)
    if isinstance(root.children, list):
        root = Node(root.start, root.end, children={"claims": root}, keys={"claims": root})
    if root.children is None:
        raise FileError("claims are a list, or a mapping with a network and a list", page.place(root.start), EXAMPLE)
    source = Source(page, path.parent, root)
    try:
        file = ClaimsFile.model_validate(source.values)
    except ValidationError as error:
        raise first_error(error, source) from None
    if network is None and file.network is None:
        raise source.error("nothing says which network this is about", "claims", key=True,
                           help="add network: worked_example.yaml, or --network on the command line")
    lines = []
    for number, line in enumerate(file.claims):
        key = "claim" if line.latex is None else "latex"
        text, place = getattr(line, key), source.at("claims", number, key)
        _check_escapes(text, place)
        lines.append(Written(text, place, line.where, line.latex is not None or is_latex(text)))
    names = {name: Written(text, source.at("names", name), latex=is_latex(text)) for name, text in file.names.items()}
    return Working(network or path.parent / (file.network or ""), tuple(lines), names)


def is_latex(text: str) -> bool:
    """Whether a claim is LaTeX: plain text has no backslash, no brace and no dollar."""
    return bool(set("\\{$") & set(text))


def _check_escapes(text: str, place: Place) -> None:
    """FileError where YAML has read the beginning of a LaTeX command as an escape, as that of "\\frac"."""
    quoted = place.text[place.column - 1 : place.column] == '"'
    for offset, character in enumerate(text):
        if ord(character) < 32 and (quoted or character not in "\n\r\t"):
            raise FileError("a control character stands here", place.inside(offset),
                            "in double quotes \\f, \\t and \\n are escapes: write LaTeX in single quotes")
