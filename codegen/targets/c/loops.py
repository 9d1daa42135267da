"""Loop nests: what a statement of a program is as loops over scalars, and what loops read and write.

    z1[n,j] = z1_1[n,j] + b1[j]        for n: for j: z1[n][j] = z1_1[n][j] + b1[j]
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from sympy import Expr, Integer, Mul, S, Symbol
from sympy.core.basic import Basic

from codegen.accumulation import added
from codegen.contraction import MatrixProduct, matrix_product
from codegen.positions import order_in_memory, rough_extent
from codegen.program import Guard, Kind, Loop, Program, Statement, Step
from codegen.temporaries import ordered_axes
from derive.language.equations import Quantity
from derive.language.expressions import Access, Delta, Maximum, Reduction, accesses, free_indices, names

SMALL = 64  # a product of matrices with fewer multiplications is written as loops


@dataclass(frozen=True)
class Assign:
    """target = value, or target += value, or target = max(target, value)."""

    target: Access
    value: Expr
    operator: str  # "=", "+=" or "max"
    owner: str

    @cached_property
    def reads(self) -> tuple[Access, ...]:
        """What it reads; of the target the positions, and the entry itself where it goes on from there."""
        expressions = (*self.target.indices, self.value, *([self.target] if self.operator != "=" else []))
        return tuple(dict.fromkeys(a for expression in expressions for a in accesses(expression)))


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
    """target = keep·target + scale·product, of matrices that lie in memory as such."""

    product: MatrixProduct
    target: Access
    owner: str
    keep: Expr = Integer(0)
    scale: Expr = Integer(1)

    @cached_property
    def reads(self) -> frozenset[str]:
        """The names of what it reads; those of the target's positions too."""
        sides = (self.product.left.access, self.product.right.access, self.keep, self.scale, *self.target.indices)
        return frozenset().union(*map(names, sides), () if self.keep == 0 else (self.target.name,))


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
    elif (sum_ := added(statement)) is not None:
        keep, scale, total = sum_
        product = matrix_product(total, ordered_axes(total, target.indices), program.quantities)
        assert product is not None
        yield MatrixMultiply(product, target, owner, keep, scale)
    elif is_multiplication(statement, program):
        product = matrix_product(body, ordered_axes(body, target.indices), program.quantities)
        assert product is not None
        yield MatrixMultiply(product, target, owner)
    elif isinstance(body, Reduction):
        yield from _reduction(statement, body, program.quantities)
    else:
        yield _nest(statement.axes, Assign(target, body, "+=" if statement.adds else "=", owner))


def is_multiplication(statement: Statement, program: Program) -> bool:
    """Whether a statement is a product of matrices that is worth a call."""
    if statement.kind is not Kind.CONTRACTION or not isinstance(statement.body, Reduction):
        return False
    product = matrix_product(statement.body, ordered_axes(statement.body, statement.target.indices), program.quantities)
    if product is None or not product.result(statement.target).lies(program.quantities):
        return False
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


def with_loops(node: Node, loops: tuple[For, ...] = ()) -> Iterator[tuple[Leaf, tuple[For, ...]]]:
    """The leaves of a node in order, each with the loops around it."""
    if isinstance(node, (For, If)):
        inside = (*loops, node) if isinstance(node, For) else loops
        for each in node.body:
            yield from with_loops(each, inside)
    else:
        yield node, loops


def written(leaf: Leaf) -> str | None:
    return leaf.target if isinstance(leaf, Fill) else None if isinstance(leaf, Barrier) else leaf.target.name


def touched(leaf: Leaf) -> tuple[Access, ...]:
    """Every access of an assignment, its target first."""
    return (leaf.target, *leaf.reads) if isinstance(leaf, Assign) else ()


def conditions(body: Iterable[Node]) -> Iterator[Basic]:
    for node in body:
        if isinstance(node, If):
            yield node.condition
        if isinstance(node, (For, If)):
            yield from conditions(node.body)


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
            reads |= leaf.reads
    return frozenset(reads), frozenset(writes)
