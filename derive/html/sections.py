"""The document as the sections of a page, read and converted once: while the module runs, before there are numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from derive.html.mathml import mathml
from derive.html.reading import read
from derive.html.tree import Block, Heading, Words, formulas


@dataclass(frozen=True)
class Section:
    """A section of the document; `anchor` is the name that links lead to."""

    anchor: str
    heading: Heading
    blocks: tuple[Block, ...]


@lru_cache(maxsize=1)
def sections(latex: str) -> tuple[Section, ...]:
    """The sections of a document of `derive.latex`, every formula of which is converted already.

    Raises:
        UnknownLatex, NotConverted: the document holds what a page cannot show.
    """
    body = latex.partition(r"\begin{document}")[2].rpartition(r"\end{document}")[0]
    blocks = read(body[body.index(r"\section{"):])
    for formula in formulas(blocks):
        mathml(formula.latex, formula.large)  # which keeps it
    out: list[Section] = []
    for block in blocks:
        if isinstance(block, Heading) and block.level == 1:
            words = "".join(part.text for part in block.content if isinstance(part, Words))
            out.append(Section(re.sub(r"[^a-z]+", "-", words.lower()).strip("-"), block, ()))
        else:
            out[-1] = Section(out[-1].anchor, out[-1].heading, (*out[-1].blocks, block))
    return tuple(out)
