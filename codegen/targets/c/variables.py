"""Arrays of which loops need a part at a time: one entry, which is a variable, or one row, which is a shorter array.

    for n: for j: z1[n][j] = …                            for n: for j: z1 = …
                  a1[n][j] = max(z1[n][j], 0)                           a1[n][j] = max(z1, 0)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from sympy import Expr

from codegen.targets.c.loops import Assign, For, If, Node, conditions, effects, touched, with_loops
from derive.language.equations import Quantity
from derive.language.expressions import Access


def local_variables(body: Iterable[Node], kept: Callable[[str], bool]) -> dict[str, For]:
    """Arrays that need no memory, each with the loop in whose body it is a variable."""
    return {name: loops[-1][0] for name, (loops, axes) in _own_loops(body).items()
            if not kept(name) and len(loops) == axes > 0}


def narrowed(body: Sequence[Node], quantities: Mapping[str, Quantity], kept: Callable[[str], bool]
             ) -> tuple[list[Node], dict[str, Quantity]]:
    """The same loops over arrays without the axes that the loops around all that reads and writes them count.

    Where each step of a loop over n meets its own row a[n,j] alone, one row is enough: a[j].
    """
    dropped = {name: {axis for _, axis in loops} for name, (loops, axes) in _own_loops(body).items()
               if not kept(name) and 0 < len(loops) < axes}

    def left(name: str, indices: Sequence[Expr]) -> list[Expr]:
        return [index for axis, index in enumerate(indices) if axis not in dropped[name]]

    def narrow(expression: Expr) -> Expr:
        return expression.xreplace({a: Access(a.name, *map(narrow, left(a.name, a.indices)))
                                    for a in expression.atoms(Access) if a.name in dropped})

    def each(node: Node) -> Node:
        if isinstance(node, Assign):
            return replace(node, target=narrow(node.target), value=narrow(node.value))
        return replace(node, body=tuple(map(each, node.body))) if isinstance(node, (For, If)) else node

    shorter = {name: replace(quantities[name], indices=tuple(left(name, quantities[name].indices))) for name in dropped}
    return (list(map(each, body)) if dropped else list(body)), {**quantities, **shorter}


def _own_loops(body: Iterable[Node]) -> dict[str, tuple[list[tuple[For, int]], int]]:
    """For each array the outermost loops around all that it is met in, each with the axis that it counts there.

    With them the number of its axes.  There are none for an array that a step of no loop has to itself.
    """
    body = list(body)
    met: dict[str, list[tuple[tuple[Expr, ...], tuple[For, ...]]]] = {}
    elsewhere = {a.name for condition in conditions(body) for a in condition.atoms(Access)}
    for leaf, loops in (each for node in body for each in with_loops(node)):
        for access in touched(leaf):
            met.setdefault(access.name, []).append((access.indices, loops))
        if not isinstance(leaf, Assign):
            elsewhere |= frozenset().union(*effects(leaf))
    found = {}
    for name, accesses in met.items():
        indices, common = accesses[0]
        for _, loops in accesses:
            common = tuple(one for one, other in zip(common, loops, strict=False) if one is other)
        own = []
        for loop in common if name not in elsewhere else ():
            axis = indices.index(loop.index) if loop.index in indices else None
            if axis is None or any(other[axis] != loop.index for other, _ in accesses):
                break
            own.append((loop, axis))
        found[name] = own, len(indices)
    return found
