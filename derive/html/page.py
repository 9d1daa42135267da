"""The page: the document's text, the picture with its numbers, and the code, in one file that needs no other."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from derive.checks.report import Report, expected_text
from derive.html.code import Code, code
from derive.html.curve import curve
from derive.html.learning import Learning
from derive.html.mathml import mathml
from derive.html.moments import Plan
from derive.html.parts import Parts
from derive.html.sections import sections
from derive.html.svg import picture
from derive.html.tree import Display, Formula, Heading, Inline, Row
from derive.network import Network, NetworkDerivation

LARGEST = 1_800_000  # characters of a page that shows the whole module
_REFERENCE = re.compile(r"\((\d+'?)\)")


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
    shown = sections(latex)
    tags = {row.tag for section in shown for block in section.blocks if isinstance(block, Display)
            for row in block.rows if row.tag}
    learning = Learning(network, derivation, plan.moments, found)
    parts = Parts(network, derivation, plan.drawing, learning)
    writer = _Writer(tags, parts)
    environment = _environment()
    environment.filters |= {"math": mathml, "linked": writer.linked, "anchor": _anchor, "lit": writer.lit, "named": _named}
    style, script = _packaged("style.css"), _packaged("script.js")
    loss_key, loss = parts.loss
    lines = code(module, tags)

    def rendered(lines: Code) -> str:
        return environment.get_template("page.html.jinja").render(
            network=network, sections=shown, tags=tags, code=lines, parts=parts, groups=writer.groups,
            picture=picture(plan.drawing, parts), learning=learning, curve=curve(loss, learning.moments),
            loss_key=loss_key, loss=parts.written(network.loss), report=report, expected_text=expected_text, value=value,
            style=Markup(style), script=Markup(script), policy=_policy(style, script), numbers=_data(parts, learning))

    html = rendered(lines)
    return html if len(html) <= LARGEST else rendered(replace(lines, whole=()))


@cache
def _environment() -> Environment:
    return Environment(loader=PackageLoader("derive.html"), undefined=StrictUndefined, trim_blocks=True,
                       lstrip_blocks=True, autoescape=True)


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

    def lit(self, block: Heading) -> Markup:
        """What a heading that is one formula lights up with."""
        token = self.parts.tokens.get(formula.latex) if (formula := _only_formula(block.content)) else None
        return Markup(' data-t="{}"').format(token) if token else Markup()


def _only_formula(content: Inline) -> Formula | None:
    return content[0] if len(content) == 1 and isinstance(content[0], Formula) else None


def _named(content: Inline) -> Markup:
    """The name of a heading that is one formula, for those who do not see it."""
    formula = _only_formula(content)
    return Markup(' aria-label="{}"').format(mathml(formula.latex).striptags()) if formula else Markup()


def _anchor(tag: str) -> str:
    return tag.replace("'", "-prediction")


def _data(parts: Parts, learning: Learning) -> Markup:
    """What the script reads, as JSON that cannot end its element."""
    data: Mapping[str, Any] = {
        "moments": learning.moments.after, "series": parts.series, "tokens": parts.standing,
        "steps": [[step.lights, step.next] for step in parts.steps],
        "parts": {part.key: {"lights": part.lights, "steps": part.steps, "chains": part.chains} for part in parts.parts}}
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
