"""Whole matrices, and what shows that a line speaks of them: operators of their own, arrays multiplied side by side."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sympy import Expr

from derive.language.expressions import Index

Axis = Index | Literal["single", "any"]  # "any": as many equal entries as are wanted
ONES, WHOLE, NORM, SOFTMAX = "_ones", "_whole", "_norm", "softmax"  # \mathbf{1}, a name by its capital letter, ‖W‖
REDUCED = ("sum", "mean")


@dataclass(frozen=True)
class Matrix:
    """An entry, and the axes along which there are such entries: none for a number, (j,) for a vector."""

    entry: Expr
    axes: tuple[Axis, ...] = ()


class Star(ast.Mult):
    """A product written *: of numbers, or of matrices entry by entry."""


class Hadamard(Star):
    """A product entry by entry, where others are products of matrices."""


def speaks_of_matrices(trees: Iterable[ast.expr], quantities: Mapping[str, Sequence[Index]], latex: bool) -> bool:
    """Whether a line has an operator that only matrices have, or in LaTeX arrays of several kinds side by side."""
    return any(_is_sign(node) or latex and _multiplies_arrays(node, quantities) for tree in trees for node in ast.walk(tree))


def _is_sign(node: ast.AST) -> bool:
    return (isinstance(node, (ast.MatMult, Hadamard, ast.Slice)) or getattr(node, "attr", "") in ("T", WHOLE, *REDUCED)
            or getattr(node, "id", "") in (ONES, NORM, SOFTMAX))


def _multiplies_arrays(node: ast.AST, quantities: Mapping[str, Sequence[Index]]) -> bool:
    """Whether it is a product of whole arrays with different axes: W x, where a (1 - a) goes entry by entry."""
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Mult) or isinstance(node.op, Star):
        return False
    left, right = (set(_whole_arrays(side, quantities)) for side in (node.left, node.right))
    return bool(left and right) and left != right


def _whole_arrays(node: ast.AST, quantities: Mapping[str, Sequence[Index]]) -> Iterator[tuple[Index, ...]]:
    """The axes of the arrays that are named without positions."""
    match node:
        case ast.Name(id=name) if quantities.get(name):
            yield tuple(quantities[name])
        case ast.Call(func=ast.Name(id="_d"), args=[of, by]):
            yield from [*_whole_arrays(by, quantities)] or _whole_arrays(of, quantities)
        case ast.Subscript():
            return
        case _:
            for part in ast.iter_child_nodes(node):
                yield from _whole_arrays(part, quantities)
