"""MathML from LaTeX, one formula a cell, made for what browsers draw (MathML Core)."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from functools import lru_cache

from latex2mathml.converter import convert
from markupsafe import Markup

from derive.html.inline import read_inline
from derive.html.tokens import UnknownLatex
from derive.html.tree import Words

_BOLD = {**{str(digit): chr(0x1D7CE + digit) for digit in range(10)},
         **{chr(65 + n): chr(0x1D400 + n) for n in range(26)}, **{chr(97 + n): chr(0x1D41A + n) for n in range(26)}}
_UNDER = {"max", "min"}  # what is said about them stands below them
_OPENING, _CLOSING, _SIGNS, _TIGHT = {"(", "["}, {")", "]"}, {"+", "\u2212"}, {"/", "|", "\u2202", "\u2026"}
_PRIMES, _RELATIONS = {"\u2032", "\u2033", "\u2034"}, {"=", "+", "\u2212", ","}
_SCRIPTED = {"msub", "msup", "msubsup", "munder", "mover", "munderover"}
_HARDLY = "1.2em"  # the size of \\bigl
_ROWS = {"math", "mrow", "mtd", "mstyle", "msqrt"}  # whose parts stand in a row
_PARTS = {"mfrac": 2, "msup": 2, "msub": 2, "munder": 2, "mover": 2, "mroot": 2, "msubsup": 3, "munderover": 3}
_PLACE = 0xE000  # private characters that stand for words while a formula is converted
_TEXT = re.compile(r"\\text\{((?:[^{}\\]|\\.|\{[^{}]*\})*)\}")
_SIDES = {r"\lvert": r"\left|", r"\rvert": r"\right|"}  # of which the converter makes one sign
_BARS = re.compile(r"\\[lr]vert(?![a-z])")
_UPRIGHT = re.compile(r"\\mathrm\{(\w)\}")  # the converter leaves single letters slanted


class NotConverted(Exception):
    """A formula that did not become MathML."""


@lru_cache(maxsize=1 << 14)
def mathml(latex: str, large: bool = False) -> Markup:
    """A formula as a `math` element.

    Args:
        large: display style, as a formula has it that stands on a line of its own.

    Raises:
        NotConverted: a command was left over, or what came out is no XML.
    """
    words: list[str] = []

    def placed(found: re.Match[str]) -> str:
        said = "".join(part.text for part in read_inline(found.group(1), trim=False) if isinstance(part, Words))
        words.append(said.replace(" ", "\u00a0").replace("\u200b", ""))  # in a formula no line ends
        return rf"\text{{{chr(_PLACE + len(words) - 1)}}}"

    try:
        known = _BARS.sub(lambda bar: _SIDES[bar.group()], _UPRIGHT.sub(r"\\text{\1}", latex))
        written = convert(_TEXT.sub(placed, known) or "{}", display="block" if large else "inline")
        root = ET.fromstring(written.replace(' xmlns="http://www.w3.org/1998/Math/MathML"', "", 1))
    except UnknownLatex as error:
        raise NotConverted(f"{latex}: {error}") from error
    except Exception as error:  # the converter has errors of its own, some of them of Python's kinds
        raise NotConverted(f"{latex}: {type(error).__name__} {error}") from error
    if "\\" in "".join(root.itertext()):
        raise NotConverted(f"{latex}: a command is left over")
    for node in root.iter("mtext"):
        node.text = "".join(words[ord(c) - _PLACE] if 0 <= ord(c) - _PLACE < len(words) else c for c in node.text or "")
    root.attrib = {"displaystyle": "true"} if large else {}
    _tidy(root)
    return Markup(ET.tostring(root, encoding="unicode"))  # ElementTree has escaped every text in it


def _tidy(node: ET.Element) -> None:
    """What MathML Core does not have, said in its own means, and groups of one part without the group."""
    for child in node:
        _tidy(child)
    if node.tag in _ROWS:
        _join_words(node)
    if len(node) != _PARTS.get(node.tag, len(node)):
        raise NotConverted(f"{node.tag} has {len(node)} parts")
    for child in node:
        variant = child.attrib.get("mathvariant", "normal")
        if variant == "bold":
            del child.attrib["mathvariant"]
            child.text = "".join(_BOLD.get(c, c) for c in child.text or "")
        elif variant != "normal":  # which MathML Core leaves to style sheets
            child.tag, child.attrib = "mi", {"class": variant}
        if child.tag == "msub" and child[0].tag == "mo" and child[0].text in _UNDER:
            child.tag = "munder"
        if child.tag == "msup" and child[1].text in _PRIMES:  # which stand high by themselves
            child.tag, child[1].tag, child[1].attrib = "mrow", "mo", {"form": "postfix", "lspace": "0", "rspace": "0"}
    for script in list(node)[1:] if node.tag in _SCRIPTED else ():
        for sign in script.iter("mo"):
            if sign.text in _RELATIONS:  # TeX sets them without space there
                sign.attrib |= {"lspace": "0", "rspace": "0"}
    row = list(map(_only, node))
    node[:] = _spaced(_grouped(row)) if node.tag in _ROWS else row


def _join_words(row: ET.Element) -> None:
    """Make letters of one kind that follow each other one identifier."""
    out: list[ET.Element] = []
    for letter in row:
        variant = letter.attrib.get("mathvariant")
        if variant and out and out[-1].attrib.get("mathvariant") == variant:
            out[-1].text = (out[-1].text or "") + (letter.text or "")
        else:
            out.append(letter)
    row[:] = out


def _only(node: ET.Element) -> ET.Element:
    return node[0] if node.tag == "mrow" and len(node) == 1 and not node.attrib else node


def _grouped(row: list[ET.Element]) -> list[ET.Element]:
    """Tall brackets and what they hold as a group, to whose height they stretch; an exponent is that of the group.

    A bracket whose partner stands on another line stays as it is, and one that is hardly taller than a letter is no more
    than a larger letter: browsers set stretched ones far apart.
    """
    out: list[ET.Element] = []
    opened: list[int] = []
    for node in row:
        sign = node[0] if node.tag in ("msup", "msub", "msubsup") else node
        size = sign.attrib.pop("minsize", "") if sign.tag == "mo" else ""
        out.append(node)
        if not size:
            continue
        del sign.attrib["maxsize"], sign.attrib["fence"]
        if size == _HARDLY:
            sign.attrib = {"stretchy": "false", "class": "big"}
        elif sign.text in _OPENING:
            opened.append(len(out) - 1)
        elif opened:
            start = opened.pop()
            group = ET.Element("mrow")
            group[:] = [*out[start:-1], sign]
            group[:] = _spaced(list(group))
            if node is not sign:
                node[0] = group
            out[start:] = [group if node is sign else node]
    return out


def _spaced(row: list[ET.Element]) -> list[ET.Element]:
    """The parts of a row, with space as TeX sets it where browsers would take another from a sign's place."""
    out: list[ET.Element] = []
    for before, node, after in zip((None, *row), row, (*row[1:], None), strict=False):
        sign = node.text or ""
        if node.tag == "mo" and sign in _OPENING:
            node.attrib["form"] = "prefix"
        elif node.tag == "mo" and sign in _CLOSING:
            node.attrib["form"] = "postfix"
        elif node.tag == "mo" and sign in _TIGHT:
            node.attrib |= {"lspace": "0", "rspace": "0"}
        elif node.tag == "mo" and sign in _SIGNS and (
                before is None or before.tag == "mo" and before.text not in _CLOSING):
            node.attrib["form"] = "prefix"
        out.append(node)
        if _is_function(node) and after is not None and after.text not in _OPENING:
            out.append(ET.Element("mspace", width="0.167em"))
    return out


def _is_function(node: ET.Element) -> bool:
    """Whether it is the name of a function, such as log, or that with an exponent."""
    name = node[0] if len(node) else node
    if name.tag == "mo" and (name.text or "").isalpha():
        name.tag, name.attrib = "mi", {}
    return name.tag == "mi" and len(name.text or "") > 1 and not name.attrib and (name.text or "").isalpha()
