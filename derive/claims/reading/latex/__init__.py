"""A claim in LaTeX as syntax trees.

The text is read by lark, the parser that SymPy's own LaTeX reader is built on, with a grammar of one page
(`grammar.lark`).  SymPy's grammar knows no \\partial, no \\sigma, no names of several letters and no superscript beside a
subscript, and parses by Earley's algorithm with every ambiguity kept; `latex2sympy2-extended` folds W and w into one.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import NoReturn

from lark import Lark, UnexpectedInput
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedToken

from derive.claims.reading.formula import ClaimFormula
from derive.claims.reading.latex.decorations import undecorated
from derive.claims.reading.latex.marks import end, start, tokens, trees
from derive.claims.reading.latex.tree import LatexTree
from derive.claims.reading.sides import Sides
from derive.claims.reading.vocabulary import Vocabulary
from derive.file.errors import Place, quoted
from derive.file.formula_text import LONGEST, SPLIT

GRAMMAR = Path(__file__).with_name("grammar.lark")
DEEPEST = 40  # brackets in one another
OPENING = re.compile(r"\\\\|\\begin|\\end|[{}()\[\]]")
CLOSES = {"}": "{", ")": "(", "]": "[", "\\end": "\\begin"}
INSTEAD = {"½": "write \\frac12", "²": "write ^2"}
EXAMPLE = "write it as \\frac{\\partial E}{\\partial w_5} = \\sum_{n=1}^{m} a_{n} \\cdot W^{(1)}_{12}"


@lru_cache(maxsize=1)
def _parser() -> Lark:
    return Lark(GRAMMAR.read_text(encoding="utf-8"), start="line", parser="lalr")


def sides(line: str, place: Place, words: Vocabulary, several: bool = True) -> Sides:
    """The sides of a claim in LaTeX as syntax trees.

    Args:
        several: whether there must be more than one.

    Raises:
        FileError: at the character that is wrong.
    """
    formula = ClaimFormula(line, words, place)
    _check(formula)
    try:
        parsed = _parser().parse(undecorated(line))
    except UnexpectedInput as error:
        _explain(formula, error)
    children = trees(parsed.children)
    parts = [child for child in children if child.data == "sum"]
    relations = [next(sign for sign in tokens(child) if sign.type != "AMP")
                 for child in children if child.data == "relation"]
    if several and not relations:
        formula.fail("a claim has two sides", max(len(line.rstrip()) - 1, 0), EXAMPLE)
    reader = LatexTree(formula)
    read = [formula.prepared(formula.checked(reader.sum(part))) for part in parts]
    ends = [*map(start, relations), len(line)]
    starts = [0, *map(end, relations)]
    arrow = any(sign.type == "ARROW" for sign in relations[:1])
    return Sides(formula, read, list(zip(starts, ends, strict=True)), latex=True, update=arrow)


def _check(formula: ClaimFormula) -> None:
    """An error where the text is too long, or brackets go too deep or do not match."""
    if (length := len(formula.text.strip())) > LONGEST:
        formula.fail(f"this formula has {length} characters; the limit is {LONGEST}", 0, SPLIT)
    if (close := re.search(r"[_^]\s*\d\d", formula.text)) is not None:
        formula.fail("LaTeX puts only the first digit there", close.start(), "write braces: w_{12}, x^{10}")
    depth = 0
    for bracket in OPENING.finditer(formula.text):
        depth += 1 if bracket[0] in CLOSES.values() else -1 if bracket[0] in CLOSES else 0
        if depth > DEEPEST:
            formula.fail(f"this formula has more than {DEEPEST} brackets in one another", bracket.start(), SPLIT)


def _explain(formula: ClaimFormula, error: UnexpectedInput) -> NoReturn:
    """An error at what the parser does not understand."""
    at = error.pos_in_stream if error.pos_in_stream is not None else len(formula.text)
    if isinstance(error, UnexpectedEOF) or isinstance(error, UnexpectedToken) and error.token.type == "$END":
        formula.fail("the formula ends too early", len(formula.text.rstrip()) - 1, "something must follow here")
    command = re.match(r"\\[A-Za-z]*", formula.text[at:])
    if isinstance(error, UnexpectedCharacters) and command is not None:
        formula.fail(f"{quoted(command[0])} has no meaning here", at, EXAMPLE)
    formula.fail("the formula cannot be read here", at, INSTEAD.get(formula.text[at : at + 1], EXAMPLE))

