"""Loop nests: what a statement of a program is as loops over scalars, and which loops run together.

    z1[n,j] = z1_1[n,j] + b1[j]                     for n: for j: z1[n][j] = z1_1[n][j] + b1[j]
    a1[n,j] = max(z1[n,j], 0)                                     a1[n][j] = max(z1[n][j], 0)

Loops over the same range are one where each step of the second reads nothing that another step of the first writes.
An array of which no loop reads more than the entry that it has just written becomes a local variable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from sympy import Expr, Integer, Mul, S, Symbol
from sympy.core.basic import Basic

from codegen.contraction import MatrixProduct, matrix_product
from codegen.lowering import ordered_axes
from codegen.positions import order_in_memory, rough_extent
from codegen.program import Guard, Kind, Loop, Program, Statement, Step
from derive.language.equations import Quantity
from derive.language.expressions import Access, Delta, Index, Maximum, Reduction, free_indices
from derive.language.substitution import substitute

FAR = 12  # loops are joined over no more nodes between them
SMALL = 64  # a product of matrices with fewer multiplications is written as loops


@dataclass(frozen=True)
class Assign:
    """target = value, or target += value, or target = max(target, value)."""

    target: Access
    value: Expr
    operator: str  # "=", "+=" or "max"
    owner: str


@dataclass(frozen=True)
class For:
    """The body for each value of an index in turn, downwards where the step is −1."""

    index: Symbol
    body: tuple[Node, ...]
    step: int = 1

    @property
    def size(self) -> Expr:
        return self.index.size


@dataclass(frozen=True)
class If:
    condition: Basic
    body: tuple[Node, ...]


@dataclass(frozen=True)
class Fill:
    """Every entry of an array becomes 0."""

    target: str
    owner: str


@dataclass(frozen=True)
class MatrixMultiply:
    """A product of matrices that lie in memory as such."""

    product: MatrixProduct
    target: Access
    owner: str


@dataclass(frozen=True)
class Barrier:
    """Code that no loop is moved across."""

    code: str
    owner: str = ""


Leaf = Assign | Fill | MatrixMultiply | Barrier
Node = Leaf | For | If
Nest = For | If


def nodes(steps: Iterable[Step], program: Program) -> Iterator[Node]:
    """The steps of a program as loops, in order."""
    for step in steps:
        if isinstance(step, Loop):
            yield For(step.counter, tuple(nodes(step.body, program)), step.step)
        elif isinstance(step, Guard):
            yield If(step.condition, tuple(nodes(step.body, program)))
        else:
            yield from _loops(step, program)


def _loops(statement: Statement, program: Program) -> Iterator[Node]:
    target, body, owner = statement.target, statement.body, statement.owner
    if statement.kind is Kind.PADDING:
        yield Fill(target.name, owner)
    if statement.kind is Kind.SCATTER:
        if not statement.partial:
            yield Fill(target.name, owner)
        yield _scatter(statement)
    elif isinstance(body, Reduction):
        product = matrix_product(body, ordered_axes(body, target.indices), program.quantities) if (
            statement.kind is Kind.CONTRACTION) else None
        if product is not None and product.result(target).lies(program.quantities) and _is_large(product):
            yield MatrixMultiply(product, target, owner)
        else:
            yield from _reduction(statement, body, program.quantities)
    else:
        yield _nest(statement.axes, Assign(target, body, "+=" if statement.adds else "=", owner))


def _is_large(product: MatrixProduct) -> bool:
    indices = (*product.left.rows, *product.left.columns, *product.right.columns)
    return rough_extent([i for i in indices if i.size.is_Integer]) >= SMALL  # for each sample, where they count samples


def _nest(indices: Sequence[Symbol], *body: Node) -> Node:
    made = body
    for index in reversed(indices):
        made = (For(index, made),)
    [node] = made
    return node


def _scatter(statement: Statement) -> Node:
    """Σ_n [v = t[n]]·f[n,j] as additions of f[n,j] to the place (t[n], j)."""
    body = statement.body
    label = next(f for f in Mul.make_args(body.body) if isinstance(f, Delta) and any(
        isinstance(a, Access) for a in f.args))
    place, at = label.args if isinstance(label.args[1], Access) else label.args[::-1]
    target = Access(statement.name, *(at if i == place else i for i in statement.target.indices))
    axes = [*body.indices, *(i for i in statement.axes if i != place)]
    return _nest(axes, Assign(target, body.body / label, "+=", statement.owner))


def _reduction(statement: Statement, body: Reduction, quantities: Mapping[str, Quantity]) -> Iterator[Node]:
    """A beginning and the loops that go on from it: innermost runs the index in which the largest operand is dense."""
    target, owner = statement.target, statement.owner
    operator, begin = ("max", S.NegativeInfinity) if isinstance(body, Maximum) else ("+=", Integer(0))
    axes, bound = list(statement.axes), list(body.indices)
    every = {*axes, *bound}
    largest = max(body.body.atoms(Access), key=lambda a: (len(free_indices(a) & every), str(a)), default=None)
    natural = [i for i in order_in_memory(largest, quantities[largest.name]) if i in every] if largest else []
    then = Assign(target, body.body, operator, owner)
    if not axes or (natural and natural[-1] in bound if statement.kind is Kind.REDUCTION else
                    all(i.size.is_Integer for i in bound)):
        inner = [*(i for i in natural if i in bound), *(i for i in bound if i not in natural)]
        first = Assign(target, begin, "=", owner)
        if axes:
            yield _nest(axes, first, _nest(inner, then))
        else:
            yield from (first, _nest(inner, then))
        return
    outer = [i for i in natural[:natural.index(next(i for i in natural if i in bound))] if i in axes] if (
        any(i in bound for i in natural)) else []
    inner = [i for i in axes if i not in outer]
    loops = [*bound, *inner]
    if not outer and begin == 0 and not statement.partial:
        yield Fill(target.name, owner)
        yield _nest(loops, then)
    else:
        nest = (_nest(inner, Assign(target, begin, "=", owner)), _nest(loops, then))
        yield from [_nest(outer, *nest)] if outer else nest


# What nodes read and write.


def leaves(body: Iterable[Node]) -> Iterator[Leaf]:
    for node in body:
        if isinstance(node, (For, If)):
            yield from leaves(node.body)
        else:
            yield node


def written(leaf: Leaf) -> str | None:
    return leaf.target if isinstance(leaf, Fill) else None if isinstance(leaf, Barrier) else leaf.target.name


def touched(leaf: Leaf) -> Iterator[Access]:
    """Every access of an assignment, its target first."""
    if isinstance(leaf, Assign):
        yield leaf.target
        for expression in (*leaf.target.indices, leaf.value):
            yield from expression.atoms(Access)


def conditions(body: Iterable[Node]) -> Iterator[Basic]:
    for node in body:
        if isinstance(node, If):
            yield node.condition
        if isinstance(node, (For, If)):
            yield from conditions(node.body)


# Fusion.


def fused(body: Iterable[Node]) -> tuple[Node, ...]:
    """The same nodes with loops over equal ranges made one where that changes no value."""
    made: list[Node] = []
    for node in body:
        if not isinstance(node, For) or not _joined(made, node):
            made.append(node)
    return tuple(replace(node, body=fused(node.body)) if isinstance(node, (For, If)) else node for node in made)


def _joined(made: list[Node], node: For) -> bool:
    """Whether the loop was joined to an earlier one; beginnings such as s = 0 that it goes on from move before that."""
    begins: list[int] = []
    for place in range(len(made) - 1, max(-1, len(made) - 1 - FAR), -1):
        earlier = made[place]
        if isinstance(earlier, For):
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
    return isinstance(node, Fill) or isinstance(node, Assign) and not node.target.indices and not node.value.atoms(Access)


def independent(one: Node, two: Node) -> bool:
    """Whether two nodes may change places: neither writes what the other reads or writes."""
    if any(isinstance(leaf, Barrier) for leaf in leaves([one, two])):
        return False
    (reads, writes), (others, changed) = (effects(node) for node in (one, two))
    return writes.isdisjoint(others | changed) and changed.isdisjoint(reads)


@lru_cache(maxsize=1 << 14)
def effects(node: Node) -> tuple[frozenset[str], frozenset[str]]:
    """The names that a node reads, and those that it writes."""
    reads = {a.name for condition in conditions([node]) for a in condition.atoms(Access)}
    writes = set()
    for leaf in leaves([node]):
        name = written(leaf)
        if name is not None:
            writes.add(name)
        reads |= {a.name for a in touched(leaf)}
        if isinstance(leaf, MatrixMultiply):
            reads |= {a.name for side in (leaf.product.left, leaf.product.right) for a in side.access.atoms(Access)}
    return frozenset(reads), frozenset(writes)


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


# Local variables.


def local_variables(body: Sequence[Node], kept: Callable[[str], bool]) -> dict[str, For]:
    """Arrays that need no memory: each is only met at one entry, inside the loops that its indices count.

    Returns:
        For each the loop in whose body it is a variable.
    """
    seen: dict[str, tuple[tuple[Expr, ...], tuple[For, ...]] | None] = {}

    def visit(nodes: Iterable[Node], path: tuple[For, ...]) -> None:
        for node in nodes:
            if isinstance(node, For):
                visit(node.body, (*path, node))
            elif isinstance(node, If):
                visit(node.body, path)
            elif isinstance(node, Assign):
                for access in touched(node):
                    note(access.name, access.indices, path)
            elif isinstance(node, MatrixMultiply):
                for access in (node.target, node.product.left.access, node.product.right.access):
                    seen[access.name] = None
            elif isinstance(node, Fill):
                seen[node.target] = None

    def note(name: str, indices: tuple[Expr, ...], path: tuple[For, ...]) -> None:
        if name not in seen:
            seen[name] = indices, path
        elif (entry := seen[name]) is not None:
            before, earlier = entry
            common = tuple(a for a, b in zip(earlier, path, strict=False) if a is b)
            seen[name] = (indices, common) if before == indices else None

    visit(body, ())
    found = {}
    for name, entry in seen.items():
        if entry is not None and entry[0] and not kept(name):
            indices, path = entry
            loops = [node.index for node in path]
            if len(indices) == len(loops) and set(indices) == set(loops):
                found[name] = path[-1]
    return found
