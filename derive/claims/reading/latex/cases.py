"""Values that depend on a condition: cases, and brackets that are 1 where an index lies in its range."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from lark import Token, Tree

from derive.claims.reading.formula import CASES
from derive.claims.reading.latex import marks
from derive.claims.reading.latex.names import position
from derive.claims.reading.latex.nodes import around, at, call, number

if TYPE_CHECKING:
    from derive.claims.reading.latex.tree import LatexTree

COMPARISONS: dict[str, type[ast.cmpop]] = {
    "=": ast.Eq, "<": ast.Lt, ">": ast.Gt, "lt": ast.Lt, "gt": ast.Gt, "le": ast.LtE, "leq": ast.LtE, "ge": ast.GtE,
    "geq": ast.GtE, "ne": ast.NotEq, "neq": ast.NotEq}


def cases(reader: LatexTree, atom: Tree[Token]) -> ast.expr:
    """_cases(condition, value, condition, value, …), the last of them with no condition where it is for all the rest"""
    parts: list[ast.expr] = []
    *before, last = marks.trees(atom.children)
    for case in (*before, last):
        when = case.children[-1]
        if not isinstance(when, Token):
            parts.append(_when(reader, when))
        elif case is not last:
            reader.fail("this case leaves nothing for those after it", when, "let it be the last one")
        parts.append(reader.sum(marks.tree(case)))
    return call(CASES, parts, marks.start(last))


def _when(reader: LatexTree, tree: Tree[Token]) -> ast.expr:
    conditions = [_condition(reader, part) for part in marks.trees(tree.children)]
    if len(conditions) == 1:
        return conditions[0]
    return at(ast.BoolOp(ast.And() if tree.data == "all" else ast.Or(), conditions), marks.start(tree))


def _condition(reader: LatexTree, tree: Tree[Token]) -> ast.expr:
    values = [reader.sum(side) for side in marks.trees(tree.children)]
    signs = [str(part).lstrip("\\") for part in tree.children if isinstance(part, Token)]
    parts: list[ast.expr] = [around(ast.Compare(left, [COMPARISONS[sign]()], [right]), left, right)
                             for left, sign, right in zip(values, signs, values[1:], strict=False)]
    return parts[0] if len(parts) == 1 else at(ast.BoolOp(ast.And(), parts), marks.start(tree))


def bracket(reader: LatexTree, atom: Tree[Token]) -> ast.expr:
    """[z > 0], which is 1 where this holds and 0 elsewhere; [1 ≤ t−1 ≤ T], [t > 1] and [t < T] are about a position."""
    condition, start = marks.tree(atom), marks.start(atom)
    sides = marks.trees(condition.children)
    if len(sides) == 3 and marks.plain(sides[0]) == "1" and all(
            part.startswith("\\le") for part in condition.children if isinstance(part, Token)):
        return call("within", [position(reader, sides[1]), reader.sum(sides[2])], start)
    if len(sides) == 2 and _is_index(reader, marks.plain(sides[0])):
        [sign] = (str(part).lstrip("\\") for part in condition.children if isinstance(part, Token))
        index, limit = position(reader, sides[0]), reader.sum(sides[1])
        if sign == ">":  # t − 1 is a position, so that t is one too
            return call("within", [_step(index, ast.Sub(), limit), call("size", [index], start)], start)
        if sign in ("<", "le", "leq"):
            return call("within", [_step(index, ast.Add(), number("1", start)) if sign == "<" else index, limit], start)
    return call("where", [_condition(reader, condition), number("1", start), number("0", start)], start)


def _is_index(reader: LatexTree, text: str) -> bool:
    """Whether a letter alone is an index: that of an axis, or of nothing that has a name."""
    letter = text.rstrip("'")
    axes = {axis.name for own in reader.names.scope.quantities.values() for axis in own}
    return len(letter) == 1 and letter.isalpha() and (letter in axes or letter not in reader.names.names)


def _step(index: ast.expr, operator: ast.operator, by: ast.expr) -> ast.expr:
    return around(ast.BinOp(index, operator, by), index, by)
