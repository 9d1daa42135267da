"""Several equations typed as one text, and what is done to their syntax trees before they are read.

    z[n,...,j] = sum(k, x[n,...,k]*W[k,j]) + b[j]
    y[n,...,j] = max(z[n,...,j], 0)
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from sympy import Expr

from derive.file.errors import Place
from derive.file.formula_text import FormulaText
from derive.file.formulas import Reader, Scope, positions_of
from derive.language.expressions import Index

MOST_EQUATIONS = 100
EXAMPLE = "write it as y[n,j] = x[n,j] * g[j]"


class Equations(FormulaText):
    """A text of equations, one a line (a line goes on where a bracket is open), and their trees."""

    def __init__(self, text: str, place: Place | None = None) -> None:
        super().__init__(text, place or Place.of_text(text))

    def equations(self) -> Iterator[tuple[str, list[ast.expr], ast.expr]]:
        """Name, indices on the left, and right side of each equation."""
        for count, (start, line) in enumerate(_lines(self.text)):
            if count == MOST_EQUATIONS:
                self.fail(f"these are more than {MOST_EQUATIONS} equations", start, "split them into several layers")
            signs = [match.start() for match in re.finditer(r"(?<![<>=!])=(?!=)", line)]
            if len(signs) != 1:
                self.fail("an equation has one = sign", start + (signs[1] if signs else 0), EXAMPLE)
            left = self.tree(line[: signs[0]], start)
            yield *self._left(left), self.tree(line[signs[0] + 1:], start + signs[0] + 1)

    def _left(self, node: ast.expr) -> tuple[str, list[ast.expr]]:
        if isinstance(node, ast.Name):
            return node.id, []
        if not isinstance(node, ast.Subscript) or not isinstance(node.value, ast.Name):
            self.fail("the left side of an equation is a quantity and its indices", node, EXAMPLE)
        met: set[str] = set()
        for position in positions_of(node):
            if isinstance(position, ast.Constant) and position.value is Ellipsis:
                continue
            if not isinstance(position, ast.Name):
                self.fail("an index on the left is a plain name", position, EXAMPLE)
            if position.id in met:
                self.fail(f"{position.id} stands twice on the left", position, "give each index a name of its own")
            met.add(position.id)
        return node.value.id, positions_of(node)

    def rewritten(self, tree: ast.expr, replaced: Callable[[ast.expr], ast.expr | None]) -> ast.expr:
        """The tree with each part for which `replaced` gives another one exchanged for it."""

        def visit(node: ast.expr) -> ast.expr:
            new = replaced(node)
            if new is not None:
                return self._at(new, node)
            for name, value in ast.iter_fields(node):
                if isinstance(value, ast.expr):
                    setattr(node, name, visit(value))
                elif isinstance(value, list):
                    setattr(node, name, [visit(each) if isinstance(each, ast.expr) else each for each in value])
            return node

        return visit(tree)

    def spread(self, tree: ast.expr, letters: Sequence[str]) -> ast.expr:
        """The tree with letters for `...` in indices and among those that a sum binds."""
        for node in ast.walk(tree):
            if isinstance(node, ast.Subscript):
                found = self._letters(positions_of(node), letters)
                if len(found) == 1:
                    node.slice = found[0]
                elif found:
                    node.slice = self._at(ast.Tuple(found, ast.Load()), node.slice)
            elif isinstance(node, ast.Call):
                node.args = self._letters(node.args, letters)
        return tree

    def spread_left(self, positions: Sequence[ast.expr], letters: Sequence[str]) -> list[ast.expr]:
        return self._letters(positions, letters)

    def _letters(self, positions: Sequence[ast.expr], letters: Sequence[str]) -> list[ast.expr]:
        found: list[ast.expr] = []
        for position in positions:
            if isinstance(position, ast.Constant) and position.value is Ellipsis:
                found += [self._at(ast.Name(letter, ast.Load()), position) for letter in letters]
            else:
                found.append(position)
        return found

    def _at(self, new: ast.expr, old: ast.expr) -> ast.expr:
        """A new part of a tree, standing where an old one stood."""
        self.stand(new, old)
        return ast.copy_location(new, old)

    def expression(self, tree: ast.expr, scope: Scope, indices: Mapping[str, Index]) -> Expr:
        """What a right side stands for, where the given indices are free."""
        reader = Reader(self.text, scope, self.place)
        reader.take_places(self)
        return reader.value(tree, indices)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines of a text with their offsets; a line goes on while a bracket is open."""
    start = depth = 0
    for offset, character in enumerate(text + "\n"):
        depth += (character in "([") - (character in ")]")
        if character in ";\n" and depth <= 0:
            line = text[start:offset]
            if line.strip():
                yield start, line
            start, depth = offset + 1, 0
    if text[start:].strip():
        yield start, text[start:]
