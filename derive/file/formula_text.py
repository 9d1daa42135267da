"""The text of a formula, checked character by character, and its syntax tree.

Python's `ast` reads the text and never runs it.  What comes out is small, of no great depth, and made of expressions
only; which of them have a meaning is for the reader of the tree to say.
"""

from __future__ import annotations

import ast
import re
import warnings
from typing import NoReturn

from derive.file.errors import FileError, Place, visible

LONGEST = 4000
DEEPEST = 120
MOST_NODES = 1500
SPLIT = "split it into several layers or equations"

# What people type or paste, and what to type instead.
INSTEAD = {
    "^": "write ** for a power: x**2", "×": "write * for a product", "·": "write * for a product",
    "⋅": "write * for a product", "∗": "write * for a product", "−": "write the keyboard's minus: -",
    "–": "write the keyboard's minus: -", "—": "write the keyboard's minus: -",
    "÷": "write / for a quotient", "∕": "write / for a quotient", "√": "write sqrt(x)", "²": "write x**2",
    "³": "write x**3", "π": "write pi", "Σ": "write a sum over k as sum(k, …)", "∑": "write a sum over k as sum(k, …)",
    "≤": "write <=", "≥": "write >=", "≠": "write !=", "σ": "write sigmoid(x)", "∞": "a formula must be finite",
    "|": "write abs(x)", "{": "write round brackets: ( )", "}": "write round brackets: ( )",
    "\\": "this is no LaTeX: write the formula as in Python, such as exp(-x) or x**2",
    "'": "a formula knows numbers and names, and no text", '"': "a formula knows numbers and names, and no text",
    "#": "put notes beside the formula, not into it", "&": "write 'and'", "~": "write 'not'", "%": "divide by 100",
    "@": "write a matrix product as a sum: sum(k, x[n,k]*W[k,j])", ":": "a formula knows no ':'; name each index",
}
ORDINARY = re.compile(r"[A-Za-z0-9_.+\-*/()\[\],<>=! \t\r\n]")
WORDS = r"(?:and|or|not|if|else|in|is|for)\b"
SIDE_BY_SIDE = re.compile(rf"(?<![\w.])(?!{WORDS})[\w.]*[\w)\]]\s+(?!{WORDS})[A-Za-z0-9(]")
PAIRS = {")": "(", "]": "["}


class FormulaText:
    """A formula as it was typed: gives trees of its parts, and points at characters."""

    ordinary = ORDINARY  # the characters that it may have

    def __init__(self, text: str, place: Place):
        self.text = text
        self.place = place
        self._kept: list[ast.AST] = []
        self._starts: dict[int, int] = {}  # where in the text the tree that a node belongs to begins

    def fail(self, message: str, where: ast.AST | int, help: str | None = None) -> NoReturn:  # noqa: A002
        offset = where if isinstance(where, int) else self.offset(where)
        raise FileError(message, self.place.inside(min(max(offset, 0), max(len(self.text) - 1, 0))), help) from None

    def offset(self, node: ast.AST) -> int:
        """Where in the text a node begins."""
        return self._starts.get(id(node), 0) + int(getattr(node, "col_offset", 1)) - 1

    def stand(self, new: ast.AST, old: ast.AST) -> None:
        """Let a new part of a tree stand where an old one stood; both are kept, so that no other takes their place."""
        self._starts[id(new)] = self._starts.get(id(old), 0)
        self._kept += (new, old)

    def take_places(self, other: FormulaText) -> None:
        """Know the places of the trees of another reading of the same text."""
        self._starts = other._starts

    def tree(self, text: str, start: int) -> ast.expr:
        """The syntax tree of a text that begins at `start` of the whole, with every guard on its form."""
        if len(text) > LONGEST:
            self.fail(f"this formula has {len(text)} characters; the limit is {LONGEST}", start, SPLIT)
        if not text.strip():
            self.fail("there is no formula here", start, "write one, such as z / (1 + exp(-z))")
        self._check_characters(text, start)
        try:
            with warnings.catch_warnings():  # about literals such as the one in `1if`
                warnings.simplefilter("ignore")
                # In brackets, so that spaces and line ends mean nothing.
                root = ast.parse("(" + re.sub(r"\s", " ", text) + ")", mode="eval").body
        except SyntaxError as error:
            self._not_python(error, text, start)
        except (RecursionError, MemoryError, ValueError):
            self.fail("this formula is nested too deeply", start, SPLIT)
        self._check_size(root, start)
        return root

    def _check_characters(self, text: str, start: int) -> None:
        open_brackets: list[tuple[str, int]] = []
        for offset, character in enumerate(text, start):
            if not self.ordinary.match(character):
                hint = INSTEAD.get(character)
                if hint is None and character.isalpha():
                    hint = "spell letters out in ASCII, such as alpha or beta"
                if character.isspace():
                    hint = "write an ordinary space"
                self.fail(f"the character {visible(character)} has no meaning in a formula", offset,
                          hint or "a formula is made of names, numbers, + - * / **, brackets, commas and comparisons")
            if character in "([":
                open_brackets.append((character, offset))
                if len(open_brackets) > DEEPEST // 2:
                    self.fail(f"this formula has more than {DEEPEST // 2} brackets in one another", offset, SPLIT)
            elif character in ")]" and (not open_brackets or open_brackets.pop()[0] != PAIRS[character]):
                self.fail(f"nothing matches this '{character}'", offset, "open and close brackets in pairs")
        if open_brackets:
            character, offset = open_brackets[-1]
            self.fail(f"this '{character}' is never closed", offset, "open and close brackets in pairs")

    def _not_python(self, error: SyntaxError, text: str, start: int) -> NoReturn:
        offset = min(max((error.offset or 1) - 2, 0), len(text))
        product = re.search(r"(?<![\w.])\d+(\.\d+)?\s*[A-Za-z_(]", text)
        if product and not re.match(r"(and|or|not|e[+-]?\d)", text[product.end() - 1 :]):
            self.fail("a product needs its sign", start + product.end() - 1, "write 2*x, not 2x")
        if beside := SIDE_BY_SIDE.search(text):
            self.fail("an operator is missing here", start + beside.end() - 1, "write + - * or / between two values")
        if not text[offset:].strip():
            self.fail("the formula ends too early", start + len(text.rstrip()) - 1, "something must follow here")
        if equals := re.search(r"(?<![<>=!])=(?!=)", text):
            self.fail("'=' has no meaning here", start + equals.start(), "write == to compare two values")
        self.fail("the formula cannot be read here", start + offset,
                  "write it as in Python: 2*x + exp(-y)/3, with every product sign")

    def _check_size(self, root: ast.expr, start: int) -> None:
        level: list[ast.AST] = [root]
        depth = nodes = 0
        while level:
            depth, nodes = depth + 1, nodes + len(level)
            if depth > DEEPEST or nodes > MOST_NODES:
                self.fail(f"this formula has more than {MOST_NODES} parts, or is nested more than {DEEPEST} deep", start,
                          SPLIT)
            for node in level:
                self._starts[id(node)] = start
            level = [child for node in level for child in ast.iter_child_nodes(node)
                     if not isinstance(child, (ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop))]


def length(node: ast.expr) -> int:
    """How many characters of the text a node takes."""
    return (node.end_col_offset or 0) - node.col_offset
