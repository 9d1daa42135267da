"""Formulas that count from 1, and in which letters take their sizes from where they stand.

    z2[n,j] = sum(k, a1[n,k]*W2[k,j])      for all samples n and units j
    z2[j] = sum(k, a1[k]*W2[k,j])          the same: the letter of the sample may be left out
    z2 = a1 * 2                            the same letters, which are the quantities' own
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from typing import NoReturn

import sympy
from sympy import Expr

from derive.claims.reading.vocabulary import Vocabulary
from derive.file.errors import FileError, Place
from derive.file.formula_text import ORDINARY
from derive.file.formulas import Reader, positions_of
from derive.file.functions import REDUCTIONS
from derive.language.expressions import Access, Index, Within, free_indices
from derive.language.substitution import SAMPLES

OURS = re.compile(r"(?<!\w)_(?=[A-Za-z])")  # the underscore of a letter that is an index and a quantity


class Misfit(FileError):
    """Arrays are put together whose shapes do not fit: a line that can be read, and that cannot be right."""


class CountedFrom1(Reader):
    """A formula whose positions count from 1.

    Attributes:
        limits: the limits of the sums that are being read, by their indices.
    """

    ordinary = re.compile(rf"{ORDINARY.pattern}|@")

    def __init__(self, text: str, words: Vocabulary, place: Place) -> None:
        super().__init__(text, words.scope(), place)
        self.words = words
        self.limits: dict[str, Expr] = {}

    def fail(self, message: str, where: ast.AST | int, help: str | None = None) -> NoReturn:  # noqa: A002
        """An error that speaks of letters as they were typed."""
        super().fail(OURS.sub("", message), where, help and OURS.sub("", help))

    def prepared(self, tree: ast.expr) -> ast.expr:
        """The tree with all its positions, and with Euler's number and index letters told from quantities.

        A letter that stands for an index where a quantity with indices has the same name, as in Σ_i z[n,i] with an
        input i, gets an underscore until the formula is read.
        """
        for node in ast.walk(tree):
            letters: list[ast.Name] = []
            match node:
                case ast.BinOp(op=ast.Pow(), left=ast.Name(id="e") as base) if self.scope.quantities.get("e") != ():
                    base.id = "_e"  # a quantity e[n,j] would have its indices
                case ast.Subscript(value=ast.Name(id=name)):
                    positions = self._all_positions(node, name)
                    letters = [letter for position in positions for letter in _plain_names(position)]
                case ast.Call(func=ast.Name(id=name), args=arguments) if name in (*REDUCTIONS, "delta", "within", "size"):
                    letters = [letter for argument in (arguments[:-1] if name in REDUCTIONS else arguments)
                               for letter in _plain_names(argument)]
            for letter in letters:
                if self.scope.quantities.get(letter.id, ()) != ():
                    letter.id = f"_{letter.id}"
        return tree

    def _all_positions(self, node: ast.Subscript, name: str) -> list[ast.expr]:
        """The positions of an access, with the one that is left out: of an axis with one entry, or the sample's letter."""
        positions, own = positions_of(node), self.scope.quantities.get(name, ())
        if len(positions) > len(own) > 0:
            self.fail(f"{name} has {len(own)} indices, and {len(positions)} stand here", node,
                      f"write {name}[{','.join(index.name for index in own)}]")
        if len(positions) == len(own) - 1:
            sizes = [axis.size for axis in own]
            single = [at for at, size in enumerate(sizes) if size != SAMPLES and self.words.count(size) == 1]
            samples = [at for at, size in enumerate(sizes) if size == SAMPLES]
            for at in (single or samples)[:1]:
                left_out = ast.Constant(1) if single else ast.Name(own[at].name, ast.Load())
                positions.insert(at, self._standing(left_out, node))
                node.slice = self._standing(ast.Tuple(positions, ast.Load()), node.slice)
        return positions

    def _standing(self, new: ast.expr, old: ast.expr) -> ast.expr:
        self.stand(new, old)
        return ast.copy_location(new, old)

    def free(self, *trees: ast.expr, bare: bool = True) -> dict[str, Index]:
        """The letters that nothing binds, as indices; each takes its size from where it stands.

        Args:
            bare: whether a name without positions stands for its entries, and has their letters.
        """
        both = ast.Tuple(list(trees), ast.Load())
        found: dict[str, Index] = {}
        for node in self._letters(both, frozenset(), bare):
            if node.id not in found:
                found[node.id] = self.inferred(node, both if bare else in_brackets(both))
        return found

    def _letters(self, node: ast.AST, bound: frozenset[str], bare: bool) -> Iterator[ast.Name]:
        match node:
            case ast.Name(id=name):
                for axis in self.scope.quantities.get(name, ()):
                    if bare and axis.name not in bound:
                        yield self._standing(ast.Name(axis.name, ast.Load()), node)  # type: ignore[misc]
                return
            case ast.Subscript(value=ast.Name()):
                for position in positions_of(node):
                    yield from (name for name in _plain_names(position) if self._is_letter(name, bound))
                    yield from (letter for part in ast.walk(position) if isinstance(part, ast.Subscript)
                                for letter in self._letters(part, bound, bare))
                return
            case ast.Call(func=ast.Name(id="delta" | "within" | "size")):
                yield from (name for name in _plain_names(node) if self._is_letter(name, bound))
                return
            case ast.Call(func=ast.Name(id=name), args=[*binders, _]) if name in REDUCTIONS:
                bound |= {binder.id for binder in binders if isinstance(binder, ast.Name)}
        for child in ast.iter_child_nodes(node):
            yield from self._letters(child, bound, bare)

    def _is_letter(self, name: ast.Name, bound: frozenset[str]) -> bool:
        return name.id not in bound and name.id not in self.scope.quantities and name.id not in self.scope.constants

    def access(self, node: ast.Subscript, indices: Mapping[str, Index]) -> Expr:
        return self.inside(super().access(node, indices))

    def inside(self, access: Access) -> Expr:
        """An access of which, as in a layer's equations, what lies outside of the quantity counts as 0."""
        own = self.scope.quantities[access.name]
        brackets = [Within(position, axis.size) for position, axis in zip(access.indices, own, strict=True)
                    if not position.is_Integer and not isinstance(position, Index) and not position.has(Access)]
        return sympy.Mul(access, *brackets)

    def position(self, node: ast.expr, axis: Index, name: str, indices: Mapping[str, Index]) -> Expr:
        """What stands in an axis of a quantity, counted from 1, as a position from 0."""
        found = self.index_expression(node, indices)
        if isinstance(found, Index):
            return self._same_size(found, axis, name, node)
        quantities = self.words.network.system.quantities
        if any(read.name not in quantities or not quantities[read.name].integer for read in found.atoms(Access)):
            self.fail("a position is a whole number, and this is none", node, "write it as in W1[1,2] or E[x[n],j]")
        count = self.words.count(axis.size)
        if found.is_Integer and not (found >= 1 and (count is None or found <= count)):
            self.fail(f"{name} has no position {found} there: positions count from 1", node,
                      f"write a position from 1 to {count}" if count is not None else "write a position from 1")
        return from_0(found)

    def name(self, node: ast.Name, indices: Mapping[str, Index]) -> Expr:
        if node.id == "_e":
            return sympy.E
        if node.id in indices and node.id not in {**self.scope.quantities, **self.scope.constants}:
            return indices[node.id] + 1  # a position as a number
        return super().name(node, indices)

    def inferred(self, binder: ast.Name, body: ast.expr, known: Index | None = None, default: Index | None = None) -> Index:
        """The index that a name stands for; where it stands alone nowhere, the limit of its sum is its size."""
        limit, first = self.limits.pop(binder.id, None), None
        for quantity, axis, node in self._axes(body, binder.id):
            if first is None:
                first = quantity, axis
            elif not self.words.same(axis.size, first[1].size):
                self.misfit(f"{binder.id} runs over {self.words.size(first[1].size)} values in {first[0]}, and over "
                            f"{self.words.size(axis.size)} in {quantity}", node)
        if first is None and limit is None:
            return super().inferred(binder, body, known, default)
        return Index(binder.id, limit if first is None else first[1].size)

    def _same_size(self, index: Index, axis: Index, name: str, node: ast.expr) -> Index:
        if not self.words.same(index.size, axis.size):
            self.misfit(f"{index.name} runs over {self.words.size(index.size)} values, and this axis of {name} has "
                        f"{self.words.size(axis.size)}", node)
        return index

    def misfit(self, message: str, where: ast.AST) -> NoReturn:
        raise Misfit(OURS.sub("", message), self.place.inside(min(self.offset(where), len(self.text) - 1)),
                     "use an index of its own for each size, or look for a transpose") from None


def in_brackets(tree: ast.expr) -> ast.expr:
    """The parts of a tree that stand with their positions."""
    return ast.Tuple([node for node in ast.walk(tree) if isinstance(node, ast.Subscript)], ast.Load())


def from_0(position: Expr) -> Expr:
    """A position that counts from 1, with indices that do, as one from 0; a label stands for itself."""
    if position.has(Access):
        return position
    return position.xreplace({index: index + 1 for index in free_indices(position)}) - 1


def _plain_names(node: ast.expr) -> list[ast.Name]:
    """The names in an index expression that are no quantity's or function's."""
    match node:
        case ast.Name():
            return [node]
        case ast.Subscript():
            return []
        case ast.Call(args=arguments):
            return [name for argument in arguments for name in _plain_names(argument)]
    return [name for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr) for name in _plain_names(child)]
