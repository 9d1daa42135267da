"""Renaming: capture-avoiding substitution of indices, and functions that work up to names.

A sum binds its indices, so putting `j` for `k` into Σ_j a[j]·b[k] must rename the bound j first.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import lru_cache, wraps

from sympy import Basic, Expr, Symbol

from derive.language.expressions import Access, Index, Reduction, dimension, free_indices

# Letters in the order in which a textbook takes them: features first, then positions.
LETTERS = "jkliopqrsuvwcdefgh"
SAMPLES = dimension("m")  # the number of samples in a batch
SAMPLE_INDEX = "n"
MOST_KEPT = 1 << 12  # results of one function that is cached up to names


def fresh(index: Index, avoid: Iterable[str], size: Expr | None = None) -> Index:
    """An index like the given one whose name is not among those to avoid."""
    taken = set(avoid)
    size = index.size if size is None else size
    family = LETTERS if index.name in LETTERS else index.name
    candidates = [index.name, *family] if family is LETTERS else [index.name]
    for name in candidates:
        if name not in taken:
            return Index(name, size)
    number = 1
    while f"{index.name}{number}" in taken:
        number += 1
    return Index(f"{index.name}{number}", size)


def substitute(expression: Expr, replacement: Mapping[Index, Expr]) -> Expr:
    """Put index expressions in place of free indices, renaming bound ones that would capture them."""
    replacement = {old: new for old, new in replacement.items() if old in free_indices(expression) and old != new}
    if not replacement:
        return expression
    if not expression.has(Reduction):
        return expression.xreplace(replacement)
    if isinstance(expression, Reduction):
        arriving = {s.name for new in replacement.values() for s in new.free_symbols}
        taken = arriving | {i.name for i in free_indices(expression.body)}
        indices, renaming = [], {}
        for bound in expression.indices:
            if bound.name in arriving:
                renaming[bound] = bound = fresh(bound, taken)
                taken.add(bound.name)
            indices.append(bound)
        body = substitute(expression.body, renaming) if renaming else expression.body
        return expression.func(substitute(body, replacement), *indices)
    return expression.func(*(substitute(a, replacement) if isinstance(a, Expr) else
                             _in_condition(a, replacement) for a in expression.args))


def _in_condition(part: Basic, replacement: Mapping[Index, Expr]) -> Basic:
    """Substitution in the parts of a Piecewise that are no scalar expressions (pairs, comparisons, names)."""
    if not part.args:
        return part
    return part.func(*(substitute(a, replacement) if isinstance(a, Expr) else _in_condition(a, replacement)
                       for a in part.args))


def same_up_to_bound_names(expression: Expr) -> Expr:
    """Rename bound indices by depth and size, so that equal expressions become identical."""
    return _rename_bound(expression, 0)


def _rename_bound(expression: Basic, depth: int) -> Basic:
    if not expression.args or not expression.has(Reduction):
        return expression
    if isinstance(expression, Reduction):
        # Order the bound indices by where they are first met, not by name.
        met = [i for i in _preorder_indices(expression.body) if i in expression.indices]
        ordered = sorted(expression.indices, key=lambda i: met.index(i) if i in met else len(met))
        new = [Index(f"_{depth + number}", old.size) for number, old in enumerate(ordered)]
        body = substitute(expression.body, dict(zip(ordered, new, strict=True)))
        return expression.func(_rename_bound(body, depth + len(new)), *new)
    return expression.func(*(_rename_bound(a, depth) for a in expression.args))


def _preorder_indices(expression: Basic) -> list[Index]:
    found: dict[Index, None] = {}

    def walk(node: Basic) -> None:
        if isinstance(node, Index):
            found.setdefault(node)
        for argument in node.args:
            walk(argument)

    walk(expression)
    return list(found)


def readable_bound_names(expression: Expr, taken: Iterable[str] = ()) -> Expr:
    """Give bound indices letters a reader expects: free ones keep theirs, bound ones take the next in the alphabet."""
    return _readable(expression, frozenset(taken) | {i.name for i in free_indices(expression)})


def _readable(expression: Basic, taken: frozenset[str]) -> Basic:
    if not expression.args or not expression.has(Reduction):
        return expression
    if isinstance(expression, Reduction):
        renaming = {}
        for bound in expression.indices:
            inner = taken | {i.name for i in free_indices(expression.body)} - {bound.name}
            good = fresh(Index(_letter(bound), bound.size), inner)
            taken = taken | {good.name}
            renaming[bound] = good
        body = substitute(expression.body, renaming)
        return expression.func(_readable(body, taken), *renaming.values())
    return expression.func(*(_readable(a, taken) for a in expression.args))


def _letter(index: Index) -> str:
    """The letter to start from: its own, or the usual one for its size where it has none."""
    if not index.name.startswith("_"):
        return index.name
    return SAMPLE_INDEX if index.size == SAMPLES else LETTERS[0]


class Renaming:
    """A renaming of quantities and sizes, carried over to the sizes of indices."""

    def __init__(self, symbols: Mapping[Symbol, Symbol]) -> None:
        self.symbols = {old: new for old, new in symbols.items() if old is not new}

    def __call__(self, expression: Expr) -> Expr:
        if not self.symbols:
            return expression
        indices = {i: Index(i.name, i.size.xreplace(self.symbols)) for i in expression.atoms(Index)}
        return expression.xreplace({**self.symbols, **indices})


def outline(*expressions: Basic) -> tuple[Hashable, tuple[Symbol, ...]]:
    """The shape of expressions with the names of quantities and sizes left out, and those names in reading order.

    Equal layers have the same outline: what was derived for one holds for the other after a `Renaming`.
    """
    met: dict[Symbol, int] = {}

    def number(symbol: Symbol) -> int:
        return met.setdefault(symbol, len(met))

    def walk(node: Basic) -> Hashable:
        if isinstance(node, Access):
            return "access", number(node.args[0]), *map(walk, node.indices)
        if isinstance(node, Index):
            return "index", node.name, walk(node.size)
        if isinstance(node, Symbol):
            # A bare number would equal the Integer of the same value; what is assumed of a size decides what simplifies.
            return "symbol", number(node), _assumptions(node)
        if not node.args:
            return node
        return (type(node), *map(walk, node.args))

    shape = tuple(map(walk, expressions))
    return shape, tuple(met)


@lru_cache(maxsize=1 << 12)
def _assumptions(symbol: Symbol) -> frozenset[tuple[str, bool]]:
    return frozenset(symbol.assumptions0.items())


def up_to_names(function: Callable[..., Expr]) -> Callable[..., Expr]:
    """Cache a function of expressions up to the names of quantities and sizes.

    A hundred equal layers differ in these names only: the function runs once, and its result is renamed.  The results
    that were used last are kept.
    """
    cache: OrderedDict[Hashable, tuple[tuple[Symbol, ...], Expr]] = OrderedDict()

    @wraps(function)
    def renamed(*arguments: Basic) -> Expr:
        shape, met = outline(*arguments)
        if shape not in cache:
            cache[shape] = met, function(*arguments)
            if len(cache) > MOST_KEPT:
                cache.popitem(last=False)
        cache.move_to_end(shape)
        first, result = cache[shape]
        return Renaming(dict(zip(first, met, strict=True)))(result)

    return renamed
