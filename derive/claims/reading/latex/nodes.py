"""Syntax trees of formulas as Python's parser would make them, with the place of each node in the LaTeX."""

from __future__ import annotations

import ast
from typing import TypeVar

Node = TypeVar("Node", bound=ast.expr)


def at(node: Node, start: int, end: int | None = None) -> Node:
    """A node that stands between two offsets."""
    node.lineno = node.end_lineno = 1
    node.col_offset, node.end_col_offset = start + 1, (start if end is None else end) + 1
    return node


def around(node: Node, first: ast.expr, last: ast.expr) -> Node:
    """A node that stands where its first and last parts do."""
    return at(node, first.col_offset - 1, (last.end_col_offset or 1) - 1)


def name(word: str, start: int, end: int | None = None) -> ast.Name:
    return at(ast.Name(word, ast.Load()), start, end)


def call(function: str, arguments: list[ast.expr], start: int) -> ast.Call:
    return at(ast.Call(name(function, start), arguments, []), start)


def binary(left: ast.expr, operator: ast.operator, right: ast.expr) -> ast.BinOp:
    return around(ast.BinOp(left, operator, right), left, right)


def negative(value: ast.expr) -> ast.UnaryOp:
    return around(ast.UnaryOp(ast.USub(), value), value, value)


def attribute(value: ast.expr, word: str) -> ast.Attribute:
    return around(ast.Attribute(value, word, ast.Load()), value, value)


def number(written: str, start: int) -> ast.Constant:
    value = float(written) if set(written) & set(".eE") else int(written)
    return at(ast.Constant(value), start, start + len(written))
