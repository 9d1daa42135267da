"""Claims about whole matrices, dJ/dW2 = a1.T @ dJ/dz2, in index form: Σ_n a1[n,k]·∂J/∂z2[n,j].

Plain text follows NumPy: `@` multiplies matrices, `*` entry by entry, and a vector is added to every row.  In LaTeX letters
side by side are a matrix product, ⊙ and * go entry by entry, a vector is a column and 1 a column of ones of any length.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace

import sympy
from sympy import Expr, Integer, Mul

from derive.claims.reading.formula import ClaimFormula
from derive.claims.reading.matrix_signs import NORM, ONES, REDUCED, SOFTMAX, WHOLE, Axis, Matrix, Star
from derive.claims.reading.positions import in_brackets
from derive.file.formulas import positions_of
from derive.file.functions import REDUCTIONS
from derive.language.expressions import Access, Index, Maximum, Partial, Sum
from derive.language.substitution import SAMPLES, readable_bound_names, substitute


class Matrices:
    """Reads the sides of one line.

    Args:
        columns: whether a vector is a column.
        side_by_side: whether a product that says no more is one of matrices.
        letters: the indices that are free or bound, as the i of x^{(i)}.
    """

    def __init__(self, formula: ClaimFormula, columns: bool, side_by_side: bool, letters: Mapping[str, Index]) -> None:
        self.formula, self.columns, self.side_by_side, self.letters = formula, columns, side_by_side, letters
        self._count = itertools.count()

    def read(self, node: ast.expr) -> Matrix:
        match node:
            case ast.Name(id=name) if name == ONES:
                return Matrix(Integer(1), ("any", "single"))
            case ast.Name(id=name) if own := self.formula.scope.quantities.get(name):
                return self.array(name, [None] * len(own))
            case ast.Subscript(value=ast.Name(id=name)) if any(isinstance(at, ast.Slice) for at in positions_of(node)):
                return self.array(name, positions_of(node))
            case ast.Call(func=ast.Name(id=name), args=[_, *_]) if name in REDUCTIONS:
                return self.bound(name, node)
            case ast.Call(func=ast.Name(id="within" | "delta" | "size")):
                return Matrix(self.formula.value(node, self.letters))
            case ast.Call(func=ast.Name(id="_d"), args=[of, by]):
                return self.derivative(self.read(of), self.read(by), node)
            case ast.Attribute(value=inner, attr=name) if name == WHOLE:
                return self.read(inner)
            case ast.Attribute(value=inner, attr="T"):
                return self.transposed(self.read(inner), node)
            case ast.Call(func=ast.Attribute(value=inner, attr=name)) if name in REDUCED:
                return self.reduced(self.read(inner), name, node)
            case ast.BinOp(op=ast.MatMult()):
                return self.product(self.read(node.left), self.read(node.right), node)
            case ast.Call(func=ast.Name(id=name), args=[inside]) if name == SOFTMAX:
                return self.softmax(self.read(inside), node)
            case ast.Call(func=ast.Name(id=name), args=[inside]) if name == NORM:
                array = self.read(inside)
                return Matrix(sympy.sqrt(Sum(array.entry**2, *(i for i in array.axes if isinstance(i, Index)))))
            case ast.BinOp(op=ast.Mult()) if self.side_by_side and not isinstance(node.op, Star):
                left, right = self.read(node.left), self.read(node.right)
                if left.axes and right.axes:
                    return self.product(left, right, node)
                return Matrix(left.entry * right.entry, left.axes or right.axes)
            case ast.BinOp() | ast.UnaryOp() | ast.Call() | ast.Attribute() | ast.Compare() | ast.BoolOp():
                return self.entrywise(node)
        return Matrix(self.formula.value(node, self.letters))

    def array(self, name: str, positions: Sequence[ast.expr | None]) -> Matrix:
        """A quantity, or the entries of it that some positions leave open: the units of one sample are a vector."""
        axes: list[Axis] = []
        places: list[Expr] = []
        for axis, position in zip(self.formula.scope.quantities[name], positions, strict=True):
            if position is None or isinstance(position, ast.Slice):
                places.append(Index(f"_{axis.name}{next(self._count)}", axis.size))
                axes.append(places[-1])
            else:
                places.append(self.formula.position(position, axis, name, self.letters))
        entry = self.formula.own(self.formula.inside(Access(name, *places)))
        return Matrix(entry, (*axes, "single") if self.columns and len(axes) == 1 else tuple(axes))

    def bound(self, name: str, node: ast.Call) -> Matrix:
        """A sum over letters, as over the samples of Σ_i θᵀx^{(i)}."""
        *binders, body = node.args
        outside, indices = self.letters, list[Index]()
        for binder in binders:
            if not isinstance(binder, ast.Name):
                self.formula.fail("an index is expected here", binder, "write sum(k, x[n,k])")
            if node.keywords:
                self.formula.limits[binder.id] = self.formula.value(node.keywords[0].value, {})
            indices.append(self.formula.inferred(binder, in_brackets(body)))
            self.letters = {**self.letters, binder.id: indices[-1]}
        inside = self.read(body)
        words, size = self.formula.words, indices[0].size
        for limit in node.keywords:
            if not words.same(self.formula.value(limit.value, {}), size):
                self.formula.misfit(f"{indices[0].name} runs over {words.size(size)} values, and the sum ends elsewhere",
                                    limit.value)
        self.letters = outside
        entry = {"sum": Sum, "mean": Sum, "maximum": Maximum}[name](inside.entry, *indices)
        return replace(inside, entry=entry / Mul(*(index.size for index in indices)) if name == "mean" else entry)

    def softmax(self, matrix: Matrix, node: ast.expr) -> Matrix:
        """Over the units of each sample."""
        units = [axis for axis in matrix.axes if isinstance(axis, Index) and axis.size != SAMPLES]
        if not units:
            self.formula.fail("a softmax is of an array", node, "write softmax(z2) for all its units")
        other = Index(f"_{units[-1].name}{next(self._count)}", units[-1].size)
        total = Sum(sympy.exp(substitute(matrix.entry, {units[-1]: other})), other)
        return replace(matrix, entry=sympy.exp(matrix.entry) / total)

    def derivative(self, of: Matrix, by: Matrix, node: ast.expr) -> Matrix:
        """∂J/∂W is a matrix like W; of a matrix by one of the same shape, each entry by the one in its place."""
        of, by = self.aligned([of, by], node) if of.axes and by.axes else (of, by)
        (what, inside), (where, also) = (self.formula.apart(each.entry, node) for each in (of, by))
        return Matrix(Partial(what, where) * inside * also, by.axes or of.axes)

    def transposed(self, matrix: Matrix, node: ast.expr) -> Matrix:
        if len(matrix.axes) != 2:
            self.formula.fail(f"only a matrix has a transpose, and this is {self.kind(matrix)}", node, "leave it out")
        return replace(matrix, axes=matrix.axes[::-1])

    def reduced(self, matrix: Matrix, name: str, call: ast.Call) -> Matrix:
        """z.sum(axis=0), z.sum(); with keepdims=True one row or column is left"""
        named = {keyword.arg: keyword.value for keyword in call.keywords}
        kept = isinstance(keep := named.pop("keepdims", None), ast.Constant) and keep.value is True
        said = [*call.args, *named.values()]
        axis = said[0].value if len(said) == 1 and isinstance(said[0], ast.Constant) else None
        if said and (not isinstance(axis, int) or not 0 <= axis < len(matrix.axes)) or set(named) - {"axis"}:
            self.formula.fail(f"{name} takes the number of an axis, from 0", call, f"write z1.{name}(axis=0)")
        over = [index for at, index in enumerate(matrix.axes) if axis in (None, at) and isinstance(index, Index)]
        total = Sum(matrix.entry, *over) / (Mul(*(index.size for index in over)) if name == "mean" else 1)
        left: list[Axis] = ["single" if axis in (None, at) else index for at, index in enumerate(matrix.axes)]
        return Matrix(total, tuple(index for at, index in enumerate(left) if kept or axis not in (None, at)))

    def product(self, left: Matrix, right: Matrix, node: ast.BinOp) -> Matrix:
        if not left.axes or not right.axes:
            self.formula.fail("@ multiplies matrices, and one side is a number", node.right, "write * for it")
        k, other = left.axes[-1], right.axes[-2 if len(right.axes) == 2 else -1]
        rest = (*left.axes[:-1], *(axis for axis in right.axes if axis is not other))
        if not self._same(k, other):
            self.formula.misfit(f"{self.kind(left)} is multiplied by {self.kind(right)}", node.right)
        if isinstance(k, Index) or isinstance(other, Index):
            over = k if isinstance(k, Index) else other
            assert isinstance(over, Index)
            right_entry = substitute(right.entry, {other: over}) if isinstance(other, Index) else right.entry
            return Matrix(Sum(left.entry * right_entry, over), rest)
        if k == other == "any":
            self.formula.fail("nothing says how long these columns of ones are", node, "write the number of entries")
        return Matrix(left.entry * right.entry, rest)

    def entrywise(self, node: ast.expr) -> Matrix:
        """A formula in which each matrix stands for its entry."""
        parts: list[Matrix] = []
        places: list[ast.Name] = []

        def stand_in(part: ast.expr) -> ast.expr:
            if isinstance(part, ast.Compare):
                sides = [*map(stand_in, part.comparators)]
                return ast.copy_location(ast.Compare(stand_in(part.left), part.ops, sides), part)
            if isinstance(part, ast.BoolOp):
                return ast.copy_location(ast.BoolOp(part.op, [*map(stand_in, part.values)]), part)
            parts.append(self.read(part))
            places.append(ast.copy_location(ast.Name(f"_{next(self._count)}", ast.Load()), part))
            self.formula.stand(places[-1], part)
            return places[-1]

        match node:
            case ast.BinOp(left=left, op=op, right=right):
                sign = ast.Mult() if isinstance(op, Star) else op
                made: ast.expr = ast.BinOp(stand_in(left), sign, stand_in(right))
            case ast.UnaryOp(op=minus, operand=operand):
                made = ast.UnaryOp(minus, stand_in(operand))
            case ast.Attribute(value=inner, attr=name):
                made = ast.Attribute(stand_in(inner), name, ast.Load())
            case ast.Call(func=function, args=arguments, keywords=keywords):
                made = ast.Call(function, [*map(stand_in, arguments)], keywords)
            case _:
                made = stand_in(node)
        self.formula.stand(ast.copy_location(made, node), node)
        together = self.aligned(parts, node)
        self.formula.known.update({place.id: part.entry for place, part in zip(places, together, strict=True)})
        return Matrix(self.formula.value(made, self.letters), max((part.axes for part in together), key=len, default=()))

    def aligned(self, parts: Sequence[Matrix], node: ast.expr) -> list[Matrix]:
        """Matrices with the same axes; a vector stands for equal rows, and a number for equal entries."""
        rank = max((len(part.axes) for part in parts), default=0)
        axes: list[Axis] = ["any"] * rank
        for part in parts:
            for at, axis in enumerate(part.axes, rank - len(part.axes)):
                if not isinstance(axes[at], Index) and axis != "any":
                    axes[at] = axis
        return [self.spread(part, tuple(axes), node) if part.axes else part for part in parts]

    def spread(self, part: Matrix, axes: tuple[Axis, ...], node: ast.expr) -> Matrix:
        own = part.axes
        fits = self._fits(own, axes)
        if not fits and self.columns and own[1:] == ("single",) and self._fits(own[::-1], axes):
            own, fits = own[::-1], True  # b is added to every row, with no 1 written before it
        if not fits:
            self.formula.misfit(f"{self.kind(part)} stands beside {self.kind(Matrix(part.entry, axes))}", node)
        renamed = {axis: new for axis, new in zip(own, axes[len(axes) - len(own):], strict=True)
                   if isinstance(axis, Index) and isinstance(new, Index)}
        return Matrix(substitute(part.entry, renamed), axes)

    def sides(self, trees: Sequence[ast.expr]) -> tuple[tuple[Index, ...], list[Expr]]:
        """The sides of a line as entries, all of the shape of the first, and the letters of its axes in their order."""
        first, *others = [self.read(tree) for tree in trees]
        first = self.lowered(first, min((len(part.axes) for part in others if part.axes), default=len(first.axes)))
        letters: dict[Index, Index] = {}
        for axis in first.axes:
            if isinstance(axis, Index):
                name = axis.name.strip("_0123456789")
                taken = {index.name for index in letters.values()} | {*self.letters}
                letters[axis] = Index(name if name not in taken else f"{name}'", axis.size)
        rest = [self.lowered(part, len(first.axes)) for part in others]
        spread = (self.spread(part, first.axes, tree) if part.axes else part
                  for part, tree in zip(rest, trees[1:], strict=True))
        entries = [readable_bound_names(substitute(part.entry, letters)) for part in (first, *spread)]
        return (*self.letters.values(), *letters.values()), entries

    def lowered(self, part: Matrix, rank: int) -> Matrix:
        """A matrix with one row or column as a vector, where a vector is wanted; one entry as a number."""
        axes = tuple(axis for axis in part.axes if isinstance(axis, Index))
        if len(part.axes) > rank >= len(axes):
            return replace(part, axes=axes)
        single = {axis: Integer(0) for axis in axes if self.formula.words.count(axis.size) == 1}
        if len(axes) - len(single) <= rank < len(axes):
            return Matrix(substitute(part.entry, single), tuple(axis for axis in axes if axis not in single))
        return part

    def _fits(self, own: Sequence[Axis], axes: Sequence[Axis]) -> bool:
        """Whether an array can be spread over more axes."""
        return len(own) <= len(axes) and all(not isinstance(axis, Index) or isinstance(new, Index) and self._same(axis, new)
                                             for axis, new in zip(own, axes[len(axes) - len(own):], strict=True))

    def _same(self, one: Axis, other: Axis) -> bool:
        if isinstance(one, Index) and isinstance(other, Index):
            return self.formula.words.same(one.size, other.size)
        return "any" in (one, other) or one == other

    def kind(self, matrix: Matrix) -> str:
        """What an array is, with its shape."""
        sizes = [self.formula.words.size(axis.size) if isinstance(axis, Index) else "1" for axis in matrix.axes]
        kind = {0: "a number", 1: "a vector", 2: "a matrix"}.get(len(sizes), "an array")
        return f"{kind} of shape ({', '.join(sizes)}{',' * (len(sizes) == 1)})" if sizes else kind
