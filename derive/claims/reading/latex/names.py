"""Letters with marks above and below, as in W^{(1)}_{12}, and the names of a network that they stand for.

The document's w5 is w_{5} in print, its net_h1 is net_{h1}, and an entry of W1 is W^{(1)}_{kj}: without underscores and
brackets a printed name is the name again (`derive.latex.escape`).
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lark import Token, Tree

from derive.claims.reading.formula import LETTERS
from derive.claims.reading.latex import marks
from derive.claims.reading.latex.marks import Letter, Part, Position, kind, plain, primes
from derive.claims.reading.latex.nodes import around, at, attribute, call, name, number
from derive.claims.reading.latex.symbols import Symbol, base_of, marked
from derive.claims.reading.matrix_signs import ONES, SOFTMAX, WHOLE
from derive.claims.reading.vocabulary import FUNCTIONS, Vocabulary
from derive.file.errors import quoted
from derive.language.expressions import Index
from derive.language.substitution import SAMPLES
from derive.latex.escape import in_print
from derive.latex.slices import axes_meant

if TYPE_CHECKING:
    from derive.claims.reading.latex.tree import LatexTree

NAMES = ("WORD", "GREEK", "TEXT", "accented")  # the kinds of factors that are symbols
CALLABLE = {*FUNCTIONS, *LETTERS, SOFTMAX, "abs", "sign", "max", "min"}


@dataclass(frozen=True)
class Found:
    """What a symbol stands for: a name, and what stands in its brackets; None for an axis that is left open."""

    name: str
    positions: tuple[Position | None, ...] = ()


class Names:
    """The names of a network by what is left of them in print."""

    def __init__(self, words: Vocabulary) -> None:
        self.words, self.scope = words, words.scope()
        every = (*self.scope.constants, *self.scope.quantities)
        self.names = {in_print(name): name for name in every} | {name.replace("_", ""): name for name in every}
        if "lam" in self.names:
            self.names.setdefault("lambda", self.names["lam"])

    def find(self, symbol: Symbol, capital: bool = False) -> Found | None:
        """The name that a symbol is, with as many of its subscripts as belong to the name.

        Args:
            capital: whether it stood for a matrix, as the letter of X_t.
        """
        for own in range(len(symbol.below), -1, -1):
            found = self.names.get(symbol.base + symbol.above + "".join(map(plain, symbol.below[:own])))
            rest, axes = symbol.below[own:], self.scope.quantities.get(found or "", ())
            if found is None:
                continue
            if symbol.sample is not None:
                if (positions := _of_sample(symbol.sample, rest, axes)) is not None:
                    return Found(found, positions)
            elif not rest:
                return Found(found)
            elif axes and (places := self._of_slice(rest, axes, capital or symbol.base[:1].isupper())
                           or _positions(rest, len(axes))) is not None:
                return Found(found, places)
        return None

    def _of_slice(self, below: Sequence[Tree[Token]], axes: Sequence[Index],
                  capital: bool) -> tuple[Position | None, ...] | None:
        """The positions of X_t, H_{t-1} or μ_n, each in the axis that has its letter, and the other axes open.

        Numbers, and letters that no axis has, take the axes in their order, but for that of the samples.  Below a small
        letter that of the sample may be left out, where more is left open: h_t is a vector, and a_k is an entry.
        """
        parts: list[Position] = list(below)
        if len(below) == 1 and (apart := marks.pieces(below[0])) is not None:
            parts = apart
        samples = [at for at, axis in enumerate(axes) if axis.size == SAMPLES]
        if len(parts) >= len(axes) or len(parts) == sum(
                at in samples or self.words.count(axis.size) != 1 for at, axis in enumerate(axes)):
            return None  # θ_j of a matrix with one column is an entry
        said = [part.text if isinstance(part, Letter) else plain(part) for part in parts]
        meant = axes_meant(said, axes)
        if meant is None or not capital and not samples and any(
                axes[at].name not in text for at, text in zip(meant, said, strict=True)):
            return None
        places: dict[int, Position] = dict(zip(meant, parts, strict=True))
        if not capital and samples and samples[0] not in places:
            places[samples[0]] = Letter(axes[samples[0]].name, marks.start(below[0]))
            if len(places) == len(axes):
                return None
        return tuple(places.get(at) for at in range(len(axes)))

    def entry(self, symbol: Symbol) -> Found | None:
        """What a letter stands for, in capitals or small ones: an entry of the matrix W^{(1)} may be w^{(1)}_{kj}."""
        found = self.find(symbol)
        if found is None and symbol.base[:1].islower() and (symbol.below or symbol.sample is not None):
            found = self.find(replace(symbol, base=symbol.base[:1].upper() + symbol.base[1:]))
            return found if found is not None and found.positions else None
        return found

    def whole(self, symbol: Symbol) -> Found | None:
        """The quantity whose matrix a capital letter stands for, as Z^{(1)} for all z^{(1)}_{nj}."""
        small = replace(symbol, base=symbol.base[:1].lower() + symbol.base[1:])
        found = self.find(small, capital=True) if symbol.base[:1].isupper() else None
        matrix = found is not None and (not found.positions or None in found.positions)
        return found if found is not None and matrix and self.scope.quantities.get(found.name) else None


def _of_sample(sample: Tree[Token], below: Sequence[Tree[Token]], axes: Sequence[Index]) -> tuple[Position, ...] | None:
    """Subscripts as positions beside that of the sample; where there are none, the other axis has one entry."""
    counting = [at for at, axis in enumerate(axes) if axis.size == SAMPLES]
    others = _positions(below, len(axes) - 1) if below else ()
    if not counting or others is None or below and len(others) != len(axes) - 1:
        return None
    return (*others[: counting[0]], sample, *others[counting[0]:])


def _positions(below: Sequence[Tree[Token]], axes: int) -> tuple[Position, ...] | None:
    """Subscripts as positions: between commas, or letter by letter, as in nj; one axis may be left out."""
    apart = [marks.pieces(part) for part in below]
    single = [part for parts in apart for part in parts or ()] if None not in apart else None
    for count in (axes, axes - 1):
        if len(below) == count and (count == axes or single is None or len(single) == count):
            return tuple(below)
        if single is not None and len(single) == count:
            return tuple(single)
    return None


def symbol(reader: LatexTree, items: Sequence[Part], place: int) -> tuple[ast.expr, int]:
    """A name with its subscripts; or a function with its argument, Kronecker's δ, or several letters side by side."""
    factor = items[place]
    inner, scripts = marks.atom(factor), marks.scripts(factor)
    base = base_of(inner)
    said, rest, after = marked(base, inner, scripts)
    found = reader.names.entry(said)
    if found is None and said.sample is None and said.above and said.in_brackets is not None:  # x^{(1)}, the first sample
        first = replace(said, above="", sample=said.in_brackets)
        if (found := reader.names.entry(first)) is not None:
            said = first
    if found is None and said.sample is not None:  # a power: x^{(k)}
        rest = [*rest, Tree("above", [said.sample])]
        said = replace(said, sample=None)
        found = reader.names.entry(said)
    if found is None and rest and rest[0].data == "above" and not said.above:
        layer = Symbol(base, said.start, said.end, plain(rest[0]), said.below)
        if plain(rest[0]).isdigit() and (found := reader.names.find(layer)) is not None:  # W^2_{11} for W^{(2)}_{11}
            said, rest = layer, rest[1:]
    if reader.indexing and (found is None or not found.positions and len(base) == 1 and not said.below):
        letter = str(said) + "".join("'" * primes(mark) for mark in rest if mark.data == "primed")
        return reader.scripted(name(letter, said.start, said.end), [m for m in rest if m.data != "primed"]), place + 1
    following = items[place + 1] if place + 1 < len(items) else None
    if found is None and isinstance(following, Tree):
        if base in (LETTERS if said.above else CALLABLE) and not said.below and kind(following) == "round":
            return reader.applied(base, rest, items, place + 1)
        if base == "Delta" and not scripts:
            changed, stop = reader.factor(items, place + 1)
            return call("_change", [changed], said.start), stop
    if found is None and base == "delta" and not said.above and (pair := _pair(reader, said)) is not None:
        return reader.scripted(call("delta", pair, said.start), rest), place + 1
    if found is None and len(base) > 1 and kind(factor) == "WORD" and _known_letters(reader, base):
        return _side_by_side(reader, base, said.start, scripts), place + 1
    if found is not None and reader.formula.words.is_loss(found.name) and _are_arguments(following):  # J(\theta)
        place += 1
    if found is None and base == "1":  # \mathbf{1}
        value: ast.expr = name(ONES, said.start, said.end)
    elif found is None and (whole := reader.names.whole(said)) is not None:
        value = attribute(named(reader, said, whole), WHOLE)
    else:
        value = named(reader, said, found or _nearly(reader, said))
    return reader.scripted(attribute(value, "_after1") if after else value, rest), place + 1


def _are_arguments(part: Part | None) -> bool:
    """Whether brackets hold names alone, as those of what a loss depends on."""
    if not isinstance(part, Tree) or kind(part) != "round" or marks.scripts(part):
        return False
    values = map(marks.factors, marks.trees(marks.tree(marks.atom(part)).children))
    return all(value is not None and len(value) == 1 and kind(value[0]) in NAMES for value in values)


def _nearly(reader: LatexTree, said: Symbol) -> Found:
    """What the reader of the formula will refuse: a quantity with too many indices, or a name that nobody knows."""
    bare = reader.names.find(Symbol(said.base, said.start, said.end, said.above))
    if bare is None or not said.below:
        return Found(str(said))
    if not reader.names.scope.quantities.get(bare.name):
        written = f"{bare.name}_{','.join(map(plain, said.below))}"
        reader.fail(f"there is no {quoted(written)} here", said.below[0], f"did you mean '{bare.name}'?")
    return Found(bare.name, tuple(piece for part in said.below for piece in marks.pieces(part) or (part,)))


def named(reader: LatexTree, said: Symbol, found: Found) -> ast.expr:
    value = name(found.name, said.start, said.end)
    if not found.positions:
        return value
    axes = reader.names.scope.quantities[found.name]
    held = found.positions
    if said.sample is not None and not said.below:
        held = tuple(held[0] if axis.size == SAMPLES else None for axis in axes)
    alone = held.count(None) == 1  # one row of a matrix with one column is a number
    places = [around(ast.Slice(), value, value) if each is None else position(reader, each) for each in held]
    for at_axis, axis in enumerate(axes):
        if alone and held[at_axis] is None and reader.formula.words.count(axis.size) == 1:
            places[at_axis] = around(ast.Constant(1), value, value)
    inside = places[0] if len(places) == 1 else around(ast.Tuple(places, ast.Load()), places[0], places[-1])
    return at(ast.Subscript(value, inside, ast.Load()), said.start, said.end)


def position(reader: LatexTree, each: Position) -> ast.expr:
    """What stands in one axis."""
    if isinstance(each, Letter):
        return number(each.text, each.start) if each.text.isdigit() else name(each.text, each.start)
    outside, reader.indexing = reader.indexing, True
    value = reader.argument(each)
    reader.indexing = outside
    return value


def _pair(reader: LatexTree, said: Symbol) -> list[ast.expr] | None:
    """The two indices of Kronecker's δ."""
    both: Sequence[Position] = said.below if len(said.below) != 1 else marks.pieces(said.below[0]) or ()
    return [position(reader, each) for each in both] if len(both) == 2 else None


def _known_letters(reader: LatexTree, base: str) -> bool:
    return all(reader.names.find(Symbol(letter, 0, 0)) for letter in base[:-1])


def _side_by_side(reader: LatexTree, base: str, start: int, scripts: list[Tree[Token]]) -> ast.expr:
    """Letters without spaces between them, xw, as a product; the last one has the subscripts."""
    *before, last = (marks.word(letter, start + at) for at, letter in enumerate(base))
    last.children += scripts
    return reader.product([*before, last])
