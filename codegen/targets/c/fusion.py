"""Which loops run together: those over the same range, where each step of the second reads nothing that another step of
the first writes.

    for n: for j: z1[n][j] = z1_1[n][j] + b1[j]        for n: for j: z1[n][j] = z1_1[n][j] + b1[j]
    for n: for j: a1[n][j] = max(z1[n][j], 0)                        a1[n][j] = max(z1[n][j], 0)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from sympy import Symbol

from codegen.targets.c.loops import Assign, Fill, For, If, Node, independent, leaves, touched, written
from derive.language.expressions import Index
from derive.language.substitution import substitute

FAR = 12  # loops are joined over no more nodes between them


def fused(body: Iterable[Node]) -> tuple[Node, ...]:
    """The same nodes with loops over equal ranges made one where that changes no value."""
    made: list[Node] = []
    for node in body:
        if not isinstance(node, For) or not _joined(made, node):
            made.append(node)
    return tuple(replace(node, body=fused(node.body)) if isinstance(node, (For, If)) else node for node in made)


def _joined(made: list[Node], node: For) -> bool:
    """Whether the loop was joined to an earlier one; beginnings that it goes on from, such as s = 0, move before that."""
    begins: list[int] = []
    for place in range(len(made) - 1, max(-1, len(made) - 1 - FAR), -1):
        earlier = made[place]
        if isinstance(earlier, For) and all(independent(made[b], earlier) for b in begins):
            together = _together(earlier, node)
            if together is not None:
                first = [made[b] for b in reversed(begins)]
                made[place:] = [*first, together, *(n for b, n in enumerate(made[place + 1:], place + 1) if b not in begins)]
                return True
        if _is_beginning(earlier) and not independent(earlier, node):
            begins.append(place)
        elif not independent(earlier, node):
            return False
        if not all(independent(made[b], earlier) for b in begins if b != place):
            return False
    return False


def _is_beginning(node: Node) -> bool:
    return isinstance(node, Fill) or isinstance(node, Assign) and not node.target.indices


def _together(first: For, second: For) -> For | None:
    if not (isinstance(first.index, Index) and isinstance(second.index, Index)) or first.size != second.size:
        return None
    if second.index != first.index:
        inner = {n.index for n in _loops_in(second.body)} | {n.index for n in _loops_in(first.body)}
        if first.index in inner or second.index in inner or any(
                first.index.name == index.name for index in inner):
            return None
        second = For(first.index, renamed(second.body, {second.index: first.index}))
    one, two = list(leaves(first.body)), list(leaves(second.body))
    if not all(isinstance(leaf, Assign) for leaf in (*one, *two)):
        return None
    writes = {written(leaf) for leaf in one}, {written(leaf) for leaf in two}
    shared = {a.name for leaf in one for a in touched(leaf)} & {a.name for leaf in two for a in touched(leaf)}
    for name in shared & (writes[0] | writes[1]):
        places = None
        for leaf in (*one, *two):
            for access in touched(leaf):
                if access.name == name:
                    own = {place for place, i in enumerate(access.indices) if i == first.index}
                    places = own if places is None else places & own
        if not places:
            return None
    return For(first.index, (*first.body, *second.body))


def _loops_in(body: Iterable[Node]) -> Iterator[For]:
    for node in body:
        if isinstance(node, For):
            yield node
        if isinstance(node, (For, If)):
            yield from _loops_in(node.body)


def renamed(body: Iterable[Node], names: Mapping[Symbol, Symbol]) -> tuple[Node, ...]:
    def each(node: Node) -> Node:
        if isinstance(node, Assign):
            return replace(node, target=substitute(node.target, names), value=substitute(node.value, names))
        if isinstance(node, For):
            return replace(node, body=renamed(node.body, names))
        if isinstance(node, If):
            return replace(node, condition=node.condition.xreplace(dict(names)), body=renamed(node.body, names))
        return node

    return tuple(map(each, body))
