"""Which expressions are equal up to the names of quantities, indices and sizes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import sympy
from sympy import Basic, Mul, Symbol

from derive.language.expressions import Access, Delta, Index, free_indices
from derive.language.substitution import SAMPLES


def signature(parts: Sequence[Basic], role: Callable[[str], str]) -> str:
    """A text that is equal for expressions that are equal up to the names of quantities, indices and sizes."""
    numbers: dict[str, str] = {}
    out: list[str] = []

    def number(name: str, letter: str) -> bool:
        key = letter + name
        known = key in numbers
        if not known:
            numbers[key] = f"{letter}{len(numbers)}"
        out.append(numbers[key])
        return not known

    def walk(node: Basic) -> None:
        if isinstance(node, Access):
            if number(node.name, "q"):
                out.append(role(node.name))
            out.append("[")
            for index in node.indices:
                walk(index)
            out.append("]")
        elif isinstance(node, Index):
            size = node.size
            if number(f"{node.name} {size.name if isinstance(size, Symbol) else size}", "i"):
                walk(size)
        elif isinstance(node, Symbol):
            number(node.name, "m" if node.name == SAMPLES.name else "d")
        elif not node.args:
            out.append(str(node))
        else:
            out.append(type(node).__name__)
            out.append("(")
            for argument in _steady(node):
                walk(argument)
                out.append(",")
            out.append(")")

    for part in parts:
        walk(part)
        out.append(";")
    return "".join(out)


def _steady(node: Basic) -> Sequence[Basic]:
    """The arguments in an order that does not hang on names."""
    if isinstance(node, (sympy.Add, Mul)):
        return sorted(node.args, key=_skeleton)
    if isinstance(node, Delta):
        return sorted(node.args, key=lambda a: (len(free_indices(a)), str(type(a))))
    return node.args


@lru_cache(maxsize=1 << 15)
def _skeleton(node: Basic) -> str:
    if isinstance(node, Access):
        return f"a{len(node.indices)}"
    if not node.args:
        return type(node).__name__ if isinstance(node, Symbol) else str(node)
    inner = sorted(map(_skeleton, node.args)) if isinstance(node, (sympy.Add, Mul)) else map(_skeleton, node.args)
    return f"{type(node).__name__}({','.join(inner)})"
