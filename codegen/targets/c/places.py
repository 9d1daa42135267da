"""Where the arrays of a function lie: those of equal size that are not needed at the same time share a place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sympy import Expr, Symbol

from codegen.memory import Use, assign
from codegen.targets.c.loops import (
    Assign,
    Fill,
    For,
    MatrixMultiply,
    Node,
    conditions,
    effects,
    leaves,
    touched,
    with_loops,
    written,
)
from derive.language.expressions import Access, Index

Size = tuple[int, int]  # for each sample, and always


def count(size: Expr, unit: Symbol) -> Size:
    """A number of entries as (for each sample, always)."""
    polynomial = size.as_poly(unit)
    if polynomial is None:
        return 0, int(size)
    if polynomial.degree() > 1:
        raise ValueError("an array grows with the square of the number of samples: the C target has no room for it")
    return int(polynomial.coeff_monomial(unit)), int(polynomial.coeff_monomial(1))


def plus(one: Size, two: Size) -> Size:
    return one[0] + two[0], one[1] + two[1]


def offsets(nodes: Sequence[Node], shapes: Mapping[str, tuple[Expr, ...]], sizes: Mapping[str, Size]
            ) -> tuple[dict[str, Size], Size]:
    """Where each array begins, and where the last one ends."""
    within = in_place(nodes, shapes)

    def place(names: Iterable[str]) -> frozenset[str]:
        return frozenset(within.get(name, name) for name in names)

    uses = []
    for node in nodes:
        reads, writes = effects(node)
        everything = place(reads | writes) if len(writes) > 1 else place(reads)
        begun = place(begins(node)) - place(reads - begins(node))
        for name in sorted(place(writes)):
            uses.append(Use(name, everything - ({name} if name in begun else set())))
        if len(writes) > 1:
            uses += [Use(name, everything) for name in sorted(place(writes))]
    found = assign(uses, {name: size for name, size in sizes.items() if name not in within}, {}, {})
    begin: dict[str, Size] = {}
    end = (0, 0)
    for name in sizes:
        home = found[within.get(name, name)]
        if home not in begin:
            begin[home] = end
            end = plus(end, sizes[name])
    return {name: begin[found[within.get(name, name)]] for name in sizes}, end


def begins(node: Node) -> frozenset[str]:
    """The arrays that the node fills without reading what was there."""
    first: dict[str, bool] = {}
    whole = isinstance(node, For) and isinstance(node.index, Index) or isinstance(node, (Fill, MatrixMultiply))
    for leaf in leaves([node]):
        if isinstance(leaf, MatrixMultiply):
            first |= {name: False for name in leaf.reads if name not in first}
        if isinstance(leaf, Assign):
            for access in leaf.reads:
                first.setdefault(access.name, False)
        name = written(leaf)
        if name is not None:
            first.setdefault(name, whole)
    return frozenset(name for name, begun in first.items() if begun)


# Results in the place of operands.


def in_place(nodes: Sequence[Node], shapes: Mapping[str, tuple[Expr, ...]]) -> dict[str, str]:
    """The arrays that take the place of another, whose entries are read for the last time when theirs are written."""
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for number, node in enumerate(nodes):
        for name in effects(node)[0] | effects(node)[1]:
            first.setdefault(name, number)
            last[name] = number
    found: dict[str, str] = {}
    taken: set[str] = set()
    for number, node in enumerate(nodes):
        reads, writes = effects(node)
        ending = [name for name in sorted(reads - writes) if name in shapes and last[name] == number]
        for new in sorted(begins(node) & shapes.keys()) if ending and isinstance(node, For) else ():
            old = next((name for name in ending if name not in taken and shapes[name] == shapes[new]
                        and first[new] == number and _follows(node, name, new)), None)
            if old is not None:
                found[new] = found.get(old, old)
                taken.add(old)
    return found


def _follows(node: Node, old: str, new: str) -> bool:
    """Whether no step of the loops reads an entry of the old array after one has written there an entry of the new one.

    In the text, all that reads the old one comes first; and what a loop around both does in one step belongs to entries
    that its other steps leave alone.
    """
    if any(access.name in (old, new) for condition in conditions([node]) for access in condition.atoms(Access)):
        return False
    met = [(place, loops, access) for place, (leaf, loops) in enumerate(with_loops(node)) for access in touched(leaf)]
    reads, others = ([entry for entry in met if entry[2].name == name] for name in (old, new))
    if max(place for place, _, _ in reads) > min(place for place, _, _ in others):
        return False
    return all(_axis(loop.index, one) == _axis(loop.index, other) is not None
               for _, loops, one in reads for _, around, other in others
               for loop, same in zip(loops, around, strict=False) if loop is same)


def _axis(index: Symbol, access: Access) -> int | None:
    """The axis that an index counts, if it counts one alone."""
    return access.indices.index(index) if index in access.indices else None
