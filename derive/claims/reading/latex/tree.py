"""From the tree of a LaTeX formula to the syntax tree of the same formula as it would be typed in plain text.

    \\frac{\\partial E}{\\partial w_5}        _d(E, w5)
    \\sum_{k=1}^{d_0} i_{nk} W^{(1)}_{kj}   sum(k, i[n,k]*W1[k,j])
    w_5^{+}                               w5._after1

Nothing is evaluated, and what is not listed here is an error at its place; which names and functions there are is for the
reader of formulas to say.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from typing import NoReturn

from lark import Token, Tree

from derive.claims.reading.formula import ClaimFormula
from derive.claims.reading.latex import cases, marks, operators
from derive.claims.reading.latex.marks import Part, plain
from derive.claims.reading.latex.names import NAMES, Names, symbol
from derive.claims.reading.latex.nodes import attribute, binary, call, negative, number
from derive.claims.reading.matrix_signs import NORM, Hadamard, Star


class LatexTree:
    """Turns the trees of one line into syntax trees that `formula` reads.

    Attributes:
        indexing: whether a subscript is being read, where letters are indices.
    """

    def __init__(self, formula: ClaimFormula) -> None:
        self.formula = formula
        self.names = Names(formula.words)
        self.indexing = False

    def fail(self, message: str, where: Part, help_: str) -> NoReturn:
        self.formula.fail(message, marks.start(where), help_)

    def sum(self, tree: Part) -> ast.expr:
        assert isinstance(tree, Tree)
        value: ast.expr | None = None
        minus = False
        for child in tree.children:
            if isinstance(child, Token):  # of several signs in a row, as in 0.055 + -0.019, each minus turns it
                minus ^= child.type == "MINUS"
                continue
            term = self.product(child.children)
            if value is not None:
                value = binary(value, ast.Sub() if minus else ast.Add(), term)
            else:
                value = negative(term) if minus else term
            minus = False
        assert value is not None
        return value

    def product(self, items: Sequence[Part]) -> ast.expr:
        """Factors side by side; \\odot and \\oslash bind less strongly, as between matrix products."""
        value: ast.expr | None = None
        divided = False
        run: list[Part] = []
        for item in [*items, None]:
            if item is not None and not (isinstance(item, Token) and item.type == "ODOT"):
                run.append(item)
                continue
            part, run = self.side_by_side(run), []
            value = part if value is None else binary(value, ast.Div() if divided else Hadamard(), part)
            divided = isinstance(item, Token) and item.startswith("\\oslash")
        assert value is not None
        return value

    def side_by_side(self, items: Sequence[Part]) -> ast.expr:
        value: ast.expr | None = None
        sign = before = None
        minus, place = False, 0
        while place < len(items):
            item = items[place]
            if isinstance(item, Token):
                minus, place = item.type == "MINUS", place + 1
                sign = sign if minus else item
                continue
            factor, place = self.factor(items, place)
            factor, minus = negative(factor) if minus else factor, False
            if value is None:
                value = factor
            elif sign is None and before is not None and before.type == "DIVIDED":
                self.fail("what does this divide by?", item, "write \\frac{…}{…}, or brackets")
            elif sign is None and isinstance(factor, ast.Constant):
                self.fail("an operator is missing here", item, "write \\cdot between two values")
            else:
                divided = sign is not None and sign.type == "DIVIDED"
                value = binary(value, ast.Div() if divided else Star() if sign == "*" else ast.Mult(), factor)
            sign, before = None, sign
        assert value is not None
        return value

    def factor(self, items: Sequence[Part], place: int) -> tuple[ast.expr, int]:
        """The factor at a position of a product, with what it is applied to, and the position behind it."""
        match kind := marks.kind(items[place]):
            case "SUM":
                return operators.reduction(self, "sum", items, place)
            case "FUNCTION":
                return operators.function(self, items, place)
            case "PARTIAL" if not marks.scripts(items[place]):
                return operators.quotient(self, items, place)
            case "NABLA" | "PARTIAL":
                return operators.gradient(self, items, place)
            case "fraction" if operators.is_operator(items[place]):
                return operators.applied_operator(self, items, place)
            case _ if kind in NAMES:
                return symbol(self, items, place)
        scripts = [script for script in marks.scripts(items[place]) if kind != "norm" or plain(script) not in ("2", "F")
                   or script.data != "below"]
        return self.scripted(self.group(marks.atom(items[place])), scripts), place + 1

    def applied(self, name: str, scripts: Sequence[Tree[Token]], items: Sequence[Part], place: int) -> tuple[ast.expr, int]:
        return operators.applied(self, name, scripts, items, place)

    def group(self, atom: Tree[Token]) -> ast.expr:
        """A number, or what stands in brackets, in a fraction or under a root."""
        parts = atom.children
        match atom.data:
            case "atom":
                return number(marks.token(atom), marks.start(atom))
            case "round" | "square":
                inside = marks.tree(atom).children
                if len(inside) > 1:
                    self.fail("one value is expected here, not several", inside[1], "write an operator between them")
                return self.sum(inside[0])
            case "braced":
                return self.sum(parts[0])
            case "absolute" | "norm":
                return call("abs" if atom.data == "absolute" else NORM, [self.sum(parts[1])], marks.start(atom))
            case "digits":  # \frac12
                above, below = (number(digit[0], marks.start(atom) + digit.start())
                                for digit in re.finditer("[0-9]", marks.token(atom)))
                return binary(above, ast.Div(), below)
            case "fraction":
                return operators.fraction(self, marks.token(atom), marks.tree(atom, 1), marks.tree(atom, 2))
            case "root":
                value = self.one(marks.tree(atom, -1))
                if len(parts) == 2:
                    return call("sqrt", [value], marks.start(atom))
                return binary(value, ast.Pow(), binary(number("1", marks.start(atom)), ast.Div(), self.sum(parts[1])))
            case "cases":
                return cases.cases(self, atom)
        return cases.bracket(self, atom)

    def one(self, tree: Tree[Token]) -> ast.expr:
        """An argument of a command: a group, or a single letter or digit."""
        inner = tree.children[0]
        if isinstance(inner, Tree):
            return self.sum(inner)
        if inner.isdigit():
            return number(inner, marks.start(inner))
        letter = inner if inner.type in ("GREEK", "TEXT") else inner.update(type="WORD")
        return self.factor([Tree("factor", [Tree("atom", [letter])])], 0)[0]

    def argument(self, tree: Tree[Token]) -> ast.expr:
        """What stands above or below, with or without braces."""
        return self.sum(tree) if tree.data == "sum" else self.one(tree)

    def scripted(self, value: ast.expr, scripts: Sequence[Tree[Token]]) -> ast.expr:
        """A value with its powers, and its transposes."""
        for script in scripts:
            last = script.children[-1]
            sign = last.type if isinstance(last, Token) else ""
            if script.data == "primed":
                value = attribute(value, "T") if marks.primes(script) == 1 else self.fail(
                    "this has no meaning here", script, "write one prime for a transpose")
                continue
            if script.data != "above" or sign in ("PLUS", "PLUS_CLOSE", "TIMES"):
                self.fail("this cannot stand here", script, "only names have such marks")
            power = next(iter(marks.trees(script.children)), None)
            if power is not None and plain(power) != "T":
                value = binary(value, ast.Pow(), self.argument(power))
            if sign == "TOP" or power is not None and plain(power) == "T":
                value = attribute(value, "T")
        return value

