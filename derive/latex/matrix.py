"""The vectorised form: an equation in index form as a matrix equation, where there is one.

    z1[n,j] = Σ_k x[n,k]·W1[k,j] + b1[j]      Z = X W + 1 bᵀ
    ∂J/∂W1[k,j] = Σ_n x[n,k]·∂J/∂z1[n,j]      ∂J/∂W = Xᵀ ∂J/∂Z

One row is one sample, or one column where the samples stand last: Z = W X + b 1ᵀ.  A quantity with one axis is a column.
A scalar is added to every entry, and functions apply entry by entry.  An array with more than two axes is written by its
slices, Z_t = X_t W + 1 bᵀ (derive.latex.slices).  What has a label for a position has no such form.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import sympy
from sympy import Add, Basic, Expr, Function, Mul, Number, Piecewise, Pow
from sympy.core.relational import Relational

from derive.calculus.products import product_form
from derive.language.equations import Equation, Quantity, Role
from derive.language.expressions import Access, Delta, Index, Reduction, Sum, accesses, free_indices
from derive.latex.escape import name_parts, scalar_name
from derive.latex.printer import _NAMED, Printer, bracketed, decorated, deeper, mark, plain
from derive.latex.slices import Repeated, Slices, axes_meant, held_indices, letters, slices

_SUM, _SIGMA, _HADAMARD, _PRODUCT, _ATOM = range(5)  # _SIGMA: one sum with its sign, which ends with the term
_ONE = r"\mathbf{1}"
_SUM_SIGN = r"\sum"


class NoMatrixForm(Exception):
    """The expression cannot be written with matrices."""


@dataclass(frozen=True)
class Piece:
    """Part of a matrix formula.

    Attributes:
        latex: marked LaTeX.
        level: how strongly it binds.
        axes: () for a scalar, (j,) for a column over j, (n, j) for a matrix.
        negative: whether a minus stands before it.
        scalar: a scalar factor before it.
        as_row: its transpose without the scalar, where that is simpler than a sign of transposition behind it.
    """

    latex: str
    level: int
    axes: tuple[Index, ...]
    negative: bool = False
    scalar: str = ""
    as_row: str = ""


class _Scalars(Printer):
    """Prints scalars, those that come from slices by what they stand for."""

    slices: Slices | None = None

    def _print_Access(self, access: Access, size: str = "") -> str:
        if self.slices is not None and access.name in self.slices.whole:
            return self._print(self.slices.whole[access.name])
        return super()._print_Access(access, size)

    def _print_Repeated(self, node: Repeated) -> str:
        return self.limits(_SUM_SIGN, node.indices) + self._factor(node.body, last=True)


class MatrixPrinter:
    """Matrix forms over the quantities of a network.

    Args:
        quantities: by their names.
        aliases: the document's own names.
        along: the indices that slices hold rather than others.

    Attributes:
        uses_ones, uses_bracket, uses_power: whether a form has 1, [z > 0], ⊙2 in it.
        slice: a slice that was written, one entry of it, and the indices that it holds.
    """

    def __init__(self, quantities: Mapping[str, Quantity],
                 aliases: Mapping[tuple[str, tuple[int, ...]], str] | None = None,
                 along: frozenset[Index] = frozenset()) -> None:
        self.along = along
        self.quantities = quantities
        self.scalars = _Scalars(quantities, aliases)
        self.uses_ones = False
        self.uses_bracket = False
        self.uses_power = False
        self.slice: tuple[str, str, str] | None = None
        self._taken = {name_parts(q.name) for q in quantities.values()}

    def equation(self, equation: Equation) -> tuple[str, str] | None:
        """Both sides of the matrix form, marked; None where it has none, or where all is scalar."""
        if not equation.target.indices and not any(a.indices for a in equation.body.atoms(Access)):
            return None
        for held in held_indices(equation, self.along):
            self.scalars.slices = sliced = slices(equation, held)
            printed = self._sides(sliced.target, sliced.body) if self._can_be_told(sliced) else None
            self.scalars.slices = None
            if printed is not None:
                return printed
        return None

    def _can_be_told(self, sliced: Slices) -> bool:
        """Whether a reader knows of every slice what it is one of, and along which axes."""
        for access in sliced.whole.values():
            quantity = self.quantities.get(access.name) if isinstance(access, Access) else None
            if not isinstance(access, Access) or quantity is None:
                continue
            said = self.quantities.get(quantity.by or "", quantity)
            places = sliced.below(access)
            if len(places) == len(said.indices):
                continue
            if axes_meant(list(map(letters, places)), said.indices) != sliced.axes_below(access) or self.name(
                    said.name, len(said.indices) - len(places), held=places) in self._whole_names:
                return False
        return True

    @cached_property
    def _whole_names(self) -> frozenset[str]:
        """How quantities are written that are no slices: x_1 may be one, and X_1 another's slice."""
        return frozenset(self.name(q.name, len(q.indices)) for q in self.quantities.values()
                         if q.of is None and len(q.indices) <= 2)

    def _sides(self, target: Access, body: Expr) -> tuple[str, str] | None:
        before = self.uses_ones, self.uses_bracket, self.uses_power, self.slice
        axes = tuple(i for i in target.indices if isinstance(i, Index))
        try:
            right = self.whole(body, axes)
            return self.name(target.name, len(axes)), right
        except NoMatrixForm:
            self.uses_ones, self.uses_bracket, self.uses_power, self.slice = before
            return None

    def whole(self, body: Expr, axes: tuple[Index, ...]) -> str:
        """A right-hand side, laid out along the axes of its target."""
        piece = self.piece(body, axes)
        if piece.axes != axes and piece.axes or not piece.axes and axes:
            piece = self.spread(piece, axes)
        return self.text(piece)

    # Names

    def name(self, name: str, axes: int, transposed: bool = False, held: Sequence[Expr] = ()) -> str:
        """The symbol of a whole quantity or a slice of it: a capital for a matrix, a small letter for a column."""
        if self.scalars.slices is not None and name in self.scalars.slices.whole:
            access = self.scalars.slices.whole[name]
            assert isinstance(access, Access)
            places = self.scalars.slices.below(access)
            if axes == 2 and self.slice is None and not transposed and all(isinstance(place, Index) for place in places):
                whole = self.name(access.name, axes, held=places)
                self.slice = whole, self.scalars.plain(access), self.scalars.places(places)
            return self.name(access.name, axes, transposed, places)
        if not axes and not held and (name, ()) in self.scalars.aliases:
            return scalar_name(self.scalars.aliases[name, ()])
        quantity = self.quantities.get(name)
        if quantity is not None and quantity.of is not None and quantity.by is not None:
            of = self.name(quantity.of, 0)
            by = self.name(quantity.by, axes, held=held)
            if by.startswith(r"\frac") or of.startswith(r"\frac"):
                raise NoMatrixForm
            fraction = rf"\frac{{\partial {of}}}{{\partial {by}}}"
            return rf"\Bigl({fraction}\Bigr)^{{\top}}" if transposed else fraction
        if quantity is not None and quantity.role is Role.CONSTANT and not axes:
            return scalar_name(name)
        letter, over, under = name_parts(name)
        if axes == 2:
            letter = self._capital(letter, over, under)
        below = ",".join(filter(None, (under, self.scalars.places(held))))
        return decorated(letter, over + (r"\top" if transposed else ""), below)

    def _capital(self, letter: str, over: str, under: str) -> str:
        if len(letter) == 1 and letter.islower():
            large = letter.upper()
        elif letter in (r"\theta", r"\delta", r"\gamma", r"\lambda", r"\xi", r"\pi", r"\sigma", r"\phi", r"\psi",
                        r"\omega"):
            large = "\\" + letter[1:].capitalize()
        elif (match := re.fullmatch(r"(\\(?:hat|bar|tilde)\{)([a-z])\}", letter)) is not None:
            large = f"{match.group(1)}{match.group(2).upper()}}}"
        elif (match := re.fullmatch(r"\\mathit\{([a-z])(.*)\}", letter)) is not None:
            large = rf"\mathit{{{match.group(1).upper()}{match.group(2)}}}"
        else:
            return letter
        return letter if (large, over, under) in self._taken else large

    # Expressions

    def piece(self, expression: Expr, axes: tuple[Index, ...]) -> Piece:
        """An expression with free indices among the axes."""
        free = free_indices(expression)
        if not free <= set(axes):
            raise NoMatrixForm
        if isinstance(expression, Repeated):
            return self._repeated(expression, axes)
        if not free and not expression.has(Sum, Repeated):
            return self._scalar(expression)
        if isinstance(expression, Access):
            return self._access(expression, axes)
        if isinstance(expression, Add):
            return self._add(expression, axes)
        if isinstance(expression, Mul):
            return self._mul(expression, axes)
        if isinstance(expression, Sum):
            return self._sum(expression, axes)
        if isinstance(expression, Pow):
            return self._pow(expression, axes)
        if isinstance(expression, Piecewise):
            return self._piecewise(expression, axes)
        if isinstance(expression, Delta) and set(expression.args) == set(axes) and len(axes) == 2:
            return Piece("I", _ATOM, axes)
        if isinstance(expression, (Function, sympy.exp)) and not isinstance(expression, Reduction):
            return self._function(expression, axes)
        raise NoMatrixForm

    def _scalar(self, expression: Expr) -> Piece:
        negative = expression.is_number and expression.is_negative or (
            isinstance(expression, Mul) and isinstance(expression.args[0], Number) and expression.args[0].is_negative)
        expression = -expression if negative else expression
        level = _SUM if isinstance(expression, Add) else _ATOM if not expression.args else _PRODUCT
        return Piece(self.scalars.marked(expression), level, (), bool(negative))

    def _access(self, access: Access, axes: tuple[Index, ...]) -> Piece:
        indices = access.indices
        if not all(isinstance(i, Index) for i in indices) or len(set(indices)) != len(indices) or len(indices) > 2:
            raise NoMatrixForm
        own = tuple(i for i in axes if i in indices)
        turned = len(indices) == 2 and own != indices
        return Piece(self.name(access.name, len(indices), turned), _ATOM, own)

    def _add(self, expression: Add, axes: tuple[Index, ...]) -> Piece:
        terms = sorted(expression.args, key=self.scalars._term_rank)
        pieces = [self.piece(term, axes) for term in terms]
        together = tuple(i for i in axes if any(i in piece.axes for piece in pieces))
        spread = [piece if not piece.axes else self.spread(piece, together) for piece in pieces]
        out = ""
        for position, piece in enumerate(spread):
            sign = "-" if piece.negative else "+" if position else ""
            text = self.text(replace(piece, negative=False))
            if piece.negative and piece.level == _SUM and not piece.scalar:
                text = _inside(text)
            out += (f" {mark(0)}{sign} " if position else sign) + text
        return Piece(out, _SUM, together)

    def _mul(self, expression: Mul, axes: tuple[Index, ...]) -> Piece:
        front: list[Expr] = []
        above: list[Expr] = []
        below: list[Expr] = []
        for factor in expression.args:
            if not free_indices(factor) and not factor.has(Sum, Repeated):
                front.append(factor)
            elif isinstance(factor, Pow) and factor.exp.is_Rational and factor.exp.is_negative:
                below.append(Pow(factor.base, -factor.exp))
            else:
                above.append(factor)
        scalar = self._scalar(Mul(*front)) if front else Piece("", _ATOM, ())
        front_latex = "" if front and Mul(*front) in (1, -1) else scalar.latex
        if scalar.level == _SUM and front_latex:
            front_latex = _inside(front_latex)
        ordered = sorted(above, key=lambda f: self.scalars._factor_rank(f, False))
        pieces = [self.piece(f, axes) for f in ordered]
        under = [self.piece(f, axes) for f in below]
        negative = scalar.negative ^ (sum(p.negative for p in pieces + under) % 2 == 1)
        pieces = [replace(p, negative=False) for p in pieces]
        under = [replace(p, negative=False) for p in under]
        for piece in [p for p in pieces if not p.axes]:  # scalars such as 1ᵀe join the front
            front_latex = self._fronts(front_latex, self.text(piece, _PRODUCT))
            pieces.remove(piece)
        together = tuple(i for i in axes if any(i in p.axes for p in pieces + under))
        if not pieces and not together:
            if under:
                raise NoMatrixForm
            return Piece(front_latex, _PRODUCT, (), negative)
        if len(pieces) == 1 and not under:
            only = pieces[0]
            return replace(only, negative=negative, scalar=self._fronts(front_latex, only.scalar))
        texts = []
        for piece in pieces:
            front_latex = self._fronts(front_latex, piece.scalar)
            texts.append(self.text(self.spread(replace(piece, scalar=""), together), _HADAMARD))
        upper = rf" {mark(1)}\odot ".join(texts) if texts else _ONE
        self.uses_ones |= not texts
        if under:
            tight = _ATOM if len(under) == 1 else _HADAMARD
            lower = rf" {mark(1)}\odot ".join(self.text(self.spread(p, together), tight) for p in under)
            upper = rf"{upper} {mark(1)}\oslash " + (_inside(lower) if len(under) > 1 else lower)
        return Piece(upper, _HADAMARD, together, negative, front_latex)

    @staticmethod
    def _fronts(one: str, two: str) -> str:
        return r" \, ".join(filter(None, (one, two)))

    def _sum(self, expression: Sum, axes: tuple[Index, ...]) -> Piece:
        own = tuple(i for i in axes if i in free_indices(expression))
        found = product_form(expression, own)
        if found is not None and free_indices(found.scale):
            return self.piece(found.scale * Sum(found.left * found.right, *found.contracted), own)
        if found is not None and not found.batch and len(found.contracted) == 1 and found.is_matrix_product:
            left = self.piece(found.left, found.left_axes)
            right = self.piece(found.right, found.right_axes)
            if not found.left_free:  # the result is a row; as a column it is rightᵀ left
                axis = found.right_axes[::-1]
                right = self.piece(found.right, axis)
                left, right = right, left
            if (len(left.axes), len(right.axes)) in ((2, 2), (2, 1)):
                latex = self._matmul(left, right)
                return self._with_scale(found.scale, Piece(latex, _PRODUCT, own, left.negative ^ right.negative,
                                                           self._fronts(left.scalar, right.scalar)))
        return self._axis_sum(expression, own)

    def _with_scale(self, scale: Expr, piece: Piece) -> Piece:
        if scale == 1:
            return piece
        front = self._scalar(scale)
        return replace(piece, negative=piece.negative ^ front.negative, scalar=self._fronts(front.latex, piece.scalar))

    def _matmul(self, left: Piece, right: Piece) -> str:
        bare = [replace(p, negative=False, scalar="") for p in (left, right)]
        return rf"{self.text(bare[0], _PRODUCT)} \, {self.text(bare[1], _PRODUCT)}"

    def _repeated(self, node: Repeated, axes: tuple[Index, ...]) -> Piece:
        """What is added up over slices."""
        piece = self.piece(node.body, axes)
        inside = replace(piece, negative=False)
        text = self.text(inside, _SUM if piece.level == _HADAMARD else _PRODUCT)
        return Piece(self.scalars.limits(_SUM_SIGN, node.indices) + text, _SIGMA, piece.axes, piece.negative)

    def _axis_sum(self, expression: Sum, own: tuple[Index, ...]) -> Piece:
        bound = expression.indices
        if len(own) + len(bound) > 2 or len(own) > 1:
            raise NoMatrixForm
        self.uses_ones = True
        if len(bound) == 2:
            lying = (access.indices for access in accesses(expression.body) if set(access.indices) == set(bound))
            body = self._laid_out(expression.body, next(lying, bound))
            return Piece(rf"{_ONE}^{{\top}} {self._bare(body)} \, {_ONE}", _PRODUCT, (), body.negative, body.scalar)
        if not own:
            body = self._laid_out(expression.body, bound)
            return Piece(rf"{_ONE}^{{\top}} {self._bare(body)}", _PRODUCT, (), body.negative, body.scalar)
        body, turned = (self._laid_out(expression.body, axes) for axes in ((*own, *bound), (*bound, *own)))
        if isinstance(expression.body, Access) or body.latex.count(r"\top") <= turned.latex.count(r"\top"):
            return Piece(rf"{self._bare(body)} \, {_ONE}", _PRODUCT, own, body.negative, body.scalar)
        whole = _transposed(self.text(replace(turned, negative=False, scalar="")))
        return Piece(rf"{whole} \, {_ONE}", _PRODUCT, own, turned.negative, turned.scalar,
                     rf"{_ONE}^{{\top}} {self._bare(turned)}")

    def _laid_out(self, body: Expr, axes: tuple[Index, ...]) -> Piece:
        return self.spread(self.piece(body, axes), axes)

    def _bare(self, piece: Piece) -> str:
        return self.text(replace(piece, negative=False, scalar=""), _PRODUCT)

    def _pow(self, expression: Pow, axes: tuple[Index, ...]) -> Piece:
        base, exponent = expression.base, expression.exp
        if exponent.is_Rational and exponent.is_negative:
            inner = self.piece(Pow(base, -exponent), axes)
            return Piece(rf"1 \oslash {self.text(inner, _ATOM)}", _HADAMARD, inner.axes)
        if exponent == sympy.S.Half:
            inner = self.piece(base, axes)
            return Piece(rf"\sqrt{{{plain(self.text(inner))}}}", _ATOM, inner.axes)
        if not exponent.is_Rational:
            raise NoMatrixForm
        inner = self.piece(base, axes)
        text = self.text(inner)
        if not inner.axes:
            return Piece(rf"{_inside(text)}^{{{exponent}}}", _ATOM, ())
        self.uses_power = True
        atomic = inner.level == _ATOM and "^" not in text and not text.startswith(r"\frac")
        return Piece(rf"{text if atomic else _inside(text)}^{{\odot {exponent}}}", _ATOM, inner.axes)

    def _function(self, expression: Expr, axes: tuple[Index, ...]) -> Piece:
        inner = [self.piece(argument, axes) for argument in expression.args]
        together = tuple(i for i in axes if any(i in p.axes for p in inner))
        texts = [self.text(p if not p.axes else self.spread(p, together)) for p in inner]
        name = type(expression).__name__
        if isinstance(expression, sympy.Abs):
            return Piece(rf"\lvert {plain(texts[0])} \rvert", _ATOM, together)
        known = {**_NAMED, "exp": r"\exp", "Max": r"\max", "Min": r"\min"}
        command = known.get(name, rf"\operatorname{{{re.sub('[^A-Za-z0-9]', '', name)}}}")
        return Piece(command + _inside(", ".join(texts)), _ATOM, together)

    def _piecewise(self, expression: Piecewise, axes: tuple[Index, ...]) -> Piece:
        """Two branches: value ⊙ [condition] + other ⊙ [not condition], with a matrix of zeros and ones in brackets."""
        if len(expression.args) != 2 or expression.args[1][1] != sympy.true:
            raise NoMatrixForm
        (value, condition), (other, _) = expression.args
        if not isinstance(condition, Relational):
            raise NoMatrixForm
        self.uses_bracket = True
        terms = []
        for part, when in ((value, condition), (other, condition.negated)):
            if part == 0:
                continue
            bracket = self._indicator(when, axes)
            if part == 1:
                terms.append(bracket)
                continue
            piece = self.piece(part, axes)
            if not piece.axes:
                front = self.text(piece, _PRODUCT)
                terms.append(replace(bracket, scalar=front))
            else:
                wide = self.spread(replace(piece, negative=False, scalar=""), bracket.axes)
                terms.append(Piece(rf"{self.text(wide, _HADAMARD)} \odot {bracket.latex}",
                                   _HADAMARD, bracket.axes, piece.negative, piece.scalar))
        if len(terms) == 1:
            return terms[0]
        out = ""
        for position, term in enumerate(terms):
            sign = "-" if term.negative else "+" if position else ""
            out += (f" {mark(0)}{sign} " if position else sign) + self.text(replace(term, negative=False))
        return Piece(out, _SUM, terms[0].axes)

    def _indicator(self, condition: Basic, axes: tuple[Index, ...]) -> Piece:
        assert isinstance(condition, Relational)
        sides = [self.piece(side, axes) for side in condition.args]
        together = tuple(i for i in axes if any(i in p.axes for p in sides))
        relation = {"==": "=", "!=": r"\ne", "<": "<", ">": ">", "<=": r"\le", ">=": r"\ge"}[condition.rel_op]
        left, right = (self.text(p if not p.axes else self.spread(p, together)) for p in sides)
        return Piece(f"[{left} {relation} {right}]", _ATOM, together)

    # Layout

    def spread(self, piece: Piece, axes: tuple[Index, ...]) -> Piece:
        """A piece over more axes: a column over j becomes 1 bᵀ over (n, j), and e 1ᵀ over n."""
        if piece.axes == axes:
            return piece
        self.uses_ones = True
        if not piece.axes:
            if len(axes) == 2:
                ones = rf"{_ONE} {_ONE}^{{\top}}"
            elif len(axes) == 1:
                ones = _ONE
            else:
                return piece
            return Piece(ones, _PRODUCT, axes, piece.negative,
                         self._fronts("" if piece.latex == "1" else self.text(replace(piece, negative=False, scalar=""),
                                                                              _PRODUCT), piece.scalar))
        if len(piece.axes) != 1 or len(axes) != 2:
            raise NoMatrixForm
        bare = replace(piece, negative=False, scalar="")
        text = self.text(bare, _PRODUCT)
        if piece.axes[0] == axes[0]:
            return Piece(rf"{text} \, {_ONE}^{{\top}}", _PRODUCT, axes, piece.negative, piece.scalar)
        return Piece(f"{_ONE} {piece.as_row or _transposed(text)}", _PRODUCT, axes, piece.negative, piece.scalar)

    def text(self, piece: Piece, level: int = _SUM) -> str:
        """The LaTeX of a piece, in brackets where what is around it binds at least as strongly."""
        out = piece.latex
        if piece.scalar:
            inner = _inside(out) if piece.level == _SUM or piece.level == _HADAMARD and level else out
            out = f"{piece.scalar} " + (r"\, " if not piece.scalar.endswith("}") else "") + inner
        if piece.negative:
            out = "-" + (_inside(out) if piece.level == _SUM and not piece.scalar else out)
        if level and (piece.negative or (piece.level < level and not (piece.scalar and piece.level > _SIGMA and
                                                                       level <= _HADAMARD))):
            out = _inside(out)
        return out


def _transposed(text: str) -> str:
    match = re.fullmatch(r"((?:\\[a-z]+\{[A-Za-z]+\}|\\[a-zA-Z]+|[A-Za-z]))(\^\{([^{}]*)\})?"
                         r"(_\{(?:[^{}]|\{[^{}]*\})*\})?", text)
    if match is not None:
        return f"{match.group(1)}^{{{match.group(3) or ''}\\top}}{match.group(4) or ''}"
    return rf"{_inside(text)}^{{\top}}"


def _inside(marked: str) -> str:
    """In brackets, where a line is broken last."""
    return bracketed(deeper(marked))
