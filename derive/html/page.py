"""The page: the document's text, the picture with its numbers, and the code, in one file that needs no other."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from derive.checks.report import Report, expected_text
from derive.html.code import code
from derive.html.curve import curve
from derive.html.learning import Learning
from derive.html.mathml import mathml
from derive.html.moments import Plan
from derive.html.parts import Parts
from derive.html.reading import read
from derive.html.svg import picture
from derive.html.tree import Block, Display, Formula, Heading, Row, Words
from derive.network import Network, NetworkDerivation

_REFERENCE = re.compile(r"\((\d+'?)\)")


@dataclass(frozen=True)
class Section:
    """A section of the document; `anchor` is the name that links lead to."""

    anchor: str
    heading: Heading
    blocks: tuple[Block, ...]


def page(network: Network, derivation: NetworkDerivation, plan: Plan, found: Sequence[Mapping[str, Any]], latex: str,
         module: str, report: Report | None = None) -> str:
    """One HTML page.

    Args:
        found: what the runner has read at each moment of the plan.
        latex: the document, as `derivation.latex` prints it.
        module: the generated module.
        report: the checks of the file, to be listed.

    Raises:
        UnknownLatex, NotConverted: the document holds what a page cannot show.
    """
    sections = _sections(read(_body(latex)))
    tags = {row.tag for section in sections for block in section.blocks if isinstance(block, Display)
            for row in block.rows if row.tag}
    learning = Learning(network, derivation, plan.moments, found)
    parts = Parts(network, derivation, plan.drawing, learning)
    writer = _Writer(tags, parts)
    environment = Environment(loader=PackageLoader("derive.html"), undefined=StrictUndefined, trim_blocks=True,
                              lstrip_blocks=True, autoescape=True)
    environment.filters |= {"math": mathml, "linked": writer.linked, "anchor": _anchor, "heading": writer.heading}
    style, script = _packaged("style.css"), _packaged("script.js")
    loss_key, loss = parts.loss
    return environment.get_template("page.html.jinja").render(
        network=network, sections=sections, tags=tags, code=code(module, tags), parts=parts, groups=writer.groups,
        picture=picture(plan.drawing, parts), learning=learning, curve=curve(loss, learning.moments), loss_key=loss_key,
        loss=parts.written(network.loss), report=report, expected_text=expected_text, value=value,
        style=Markup(style), script=Markup(script), policy=_policy(style, script), numbers=_data(parts, learning))


def _body(latex: str) -> str:
    """The sections of a document, without its preamble and its title."""
    body = latex.partition(r"\begin{document}")[2].rpartition(r"\end{document}")[0]
    return body[body.index(r"\section{"):]


def _sections(blocks: Sequence[Block]) -> list[Section]:
    out: list[Section] = []
    for block in blocks:
        if isinstance(block, Heading) and block.level == 1:
            words = "".join(part.text for part in block.content if isinstance(part, Words))
            out.append(Section(re.sub(r"[^a-z]+", "-", words.lower()).strip("-"), block, ()))
        else:
            out[-1] = Section(out[-1].anchor, out[-1].heading, (*out[-1].blocks, block))
    return out


class _Writer:
    """Filters of the templates: links between numbers, and the tokens by which parts of the page light up together."""

    def __init__(self, tags: set[str], parts: Parts) -> None:
        self.tags, self.parts = tags, parts

    def linked(self, text: str) -> Markup:
        """Text in which numbers of equations are links to them."""
        def link(found: re.Match[str]) -> str:
            number = found.group(1)
            return f'<a href="#eq-{_anchor(number)}">({number})</a>' if number in self.tags else found.group()

        return Markup(_REFERENCE.sub(link, str(escape(text)).replace("&#39;", "'")))

    def groups(self, block: Display) -> list[tuple[str, list[Row]]]:
        """The lines of a display that work out the same left side, with the tokens that they light up by."""
        out: list[tuple[str, list[Row]]] = []
        for row in block.rows:
            if not out or row.pairs[0][0]:
                out.append(("", []))
            out[-1][1].append(row)
        return [(self._tokens(rows), rows) for _, rows in out]

    def _tokens(self, rows: Sequence[Row]) -> str:
        tokens = [self.parts.tokens[rows[0].pairs[0][0]]] if rows[0].pairs[0][0] in self.parts.tokens else []
        return " ".join([*tokens, *(f"eq-{row.tag}" for row in rows if row.tag.isdigit())])

    def heading(self, block: Heading) -> Markup:
        """What a heading that is one formula lights up with, and its name for those who do not see it."""
        if len(block.content) != 1 or not isinstance(formula := block.content[0], Formula):
            return Markup()
        name = Markup(' aria-label="{}"').format(mathml(formula.latex).striptags())
        token = self.parts.tokens.get(formula.latex)
        return name + Markup(' data-t="{}"').format(token) if token else name


def _anchor(tag: str) -> str:
    return tag.replace("'", "-prediction")


def _data(parts: Parts, learning: Learning) -> Markup:
    """What the script reads, as JSON that cannot end its element."""
    data: Mapping[str, Any] = {
        "moments": learning.moments.after, "series": parts.series, "tokens": parts.standing,
        "parts": {part.key: {"lights": part.lights, "chains": part.chains} for part in parts.parts}}
    text = json.dumps(data, separators=(",", ":"), allow_nan=False, ensure_ascii=True)
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def value(number: float | None, digits: int = 4) -> str:
    """A number for the picture, as the script writes it."""
    return "–" if number is None else f"{number:.{digits}g}".replace("-", "\u2212")


def _policy(style: str, script: str) -> str:
    """Nothing is loaded, and nothing runs but the one script; no style but the one sheet."""
    return f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'; form-action 'none'"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _packaged(name: str) -> str:
    return (Path(__file__).parent / "templates" / name).read_text(encoding="utf-8")
