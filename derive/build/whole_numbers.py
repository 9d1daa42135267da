"""Sizes and positions as formulas in whole numbers: (size(x, 1) - kernel)//stride + 1."""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping

LONGEST_SIZE = 200  # characters of a formula for a size


class Indivisible(ValueError):
    """A quotient that has to be a whole number is none."""


def whole_number(text: str, known: Mapping[str, int], reads: Mapping[str, tuple[int | None, ...]]) -> int:
    """The value of a formula in whole numbers: names, + - * //, / without rest, size(x, axis) and entries(x).

    Args:
        known: the numbers that it may mention.
        reads: the shapes of what it may ask the size of; None where a size is no number.

    Raises:
        ValueError: it is no such formula.
    """

    def value(node: ast.expr) -> int:
        match node:
            case ast.Constant(value=int() as number):
                return number
            case ast.Name(id=name) if name in known:
                return known[name]
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return -value(inner)
            case ast.BinOp(left=left, op=op, right=right):
                one, other = value(left), value(right)
                match op:
                    case ast.Add():
                        return one + other
                    case ast.Sub():
                        return one - other
                    case ast.Mult():
                        return one * other
                    case ast.FloorDiv() if other:
                        return one // other
                    case ast.Div() if other:
                        if one % other:
                            raise Indivisible(f"{one} is not divisible by {other}")
                        return one // other
            case ast.Call(func=ast.Name(id="size"), args=[ast.Name(id=name), axis]) if name in reads:
                place = value(axis)
                found = reads[name][place] if -len(reads[name]) <= place < len(reads[name]) else None
                if found is not None:
                    return found
            case ast.Call(func=ast.Name(id="entries"), args=[ast.Name(id=name)]) if name in reads:
                return math.prod(each or 1 for each in reads[name][1:])
        raise ValueError(text)

    if len(text) > LONGEST_SIZE:
        raise ValueError(text)
    try:
        return value(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, RecursionError, MemoryError):
        raise ValueError(text) from None


def reach(position: ast.expr, letter: str, sizes: Mapping[str, int | None]) -> tuple[int, int, int] | None:
    """The factor of a letter in an affine position, and the least and greatest value of the rest."""
    try:
        code = ast.unparse(position)
        rest = [name for name in letters_of(position) if name != letter]
        at = {name: 0 for name in rest}
        zero = whole_number(code, {**at, letter: 0}, {})
        slope = whole_number(code, {**at, letter: 1}, {}) - zero
        lowest = highest = zero
        for name in rest:
            size = sizes.get(name)
            if size is None:
                return None
            reach = whole_number(code, {**at, letter: 0, name: size - 1}, {}) - zero
            lowest, highest = lowest + min(reach, 0), highest + max(reach, 0)
    except ValueError:
        return None
    return slope, lowest, highest


def letters_of(node: ast.AST) -> set[str]:
    """The indices in a position; neither functions nor what size() is asked of."""
    if isinstance(node, ast.Name):
        return {node.id}
    if isinstance(node, ast.Call):
        parts = [] if isinstance(node.func, ast.Name) and node.func.id == "size" else node.args
        return set().union(*map(letters_of, parts))
    return set().union(*map(letters_of, ast.iter_child_nodes(node)))
