"""Index expressions as NumPy expressions.

Every method is given the axes that the result must line up with: an expression over j printed for the axes (n, j)
needs nothing, one over n becomes `r[:, np.newaxis]`, one whose array lies the other way round is transposed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, singledispatchmethod

import sympy
from sympy import Add, Expr, Function, Mul, Piecewise, Pow, Symbol
from sympy.core.basic import Basic
from sympy.core.relational import Relational
from sympy.functions.elementary.miscellaneous import MinMaxBase
from sympy.logic.boolalg import Boolean

from codegen.lowering import is_view, ordered_axes
from codegen.order import factors, terms
from derive.calculus.products import Product, product_form
from derive.language.equations import Quantity
from derive.language.expressions import Access, Delta, Index, Maximum, Reduction, Sum, Within, bounds, free_indices

# How tightly a piece of code binds.
COMPARISON, SUM, PRODUCT, SIGN, POWER, ATOM = range(6)

Axes = Sequence[Index]

PRIMITIVES = {"exp": "np.exp", "log": "np.log", "tanh": "np.tanh", "sin": "np.sin", "cos": "np.cos", "tan": "np.tan",
              "sinh": "np.sinh", "cosh": "np.cosh", "asinh": "np.arcsinh", "acosh": "np.arccosh",
              "atanh": "np.arctanh", "asin": "np.arcsin", "acos": "np.arccos", "atan": "np.arctan",
              "Abs": "np.abs", "sign": "np.sign", "log1p": "np.log1p", "expm1": "np.expm1", "floor": "np.floor",
              "ceiling": "np.ceil"}
DEFINED = ("sigmoid", "softplus", "erf")  # functions that the module defines itself where it uses them


class NumpyPrinter:
    """Prints expressions over the given quantities.

    Attributes:
        helpers: names of the functions met that the module must define itself.
    """

    def __init__(self, quantities: Mapping[str, Quantity], identifier: Callable[[str], str],
                 weak: Callable[[str], bool], dtype: str) -> None:
        self.quantities = quantities
        self.identifier = identifier
        self.weak = weak  # whether a scalar quantity is a Python number, which leaves float32 as it is
        self.dtype = dtype  # code for the floating-point type
        self.helpers: set[str] = set()
        self.ranges: set[Expr] | None = None

    def text(self, expression: Expr, axes: Axes = (), least: int = COMPARISON) -> str:
        """Code for the expression, lined up with the axes, in parentheses if it binds less than `least`."""
        code, binding = self._print(expression, tuple(axes))
        return f"({code})" if binding < least else code

    def filling(self, expression: Expr, axes: Axes, shape: str) -> str:
        """Code for an array that has every one of the axes."""
        if set(axes) <= set(self.axes_of(expression)):
            return self.text(expression, axes)
        value = self.text(expression, axes)
        if self.is_scalar(expression):
            return f"np.full({shape}, {value}, {self.dtype})"
        return f"np.broadcast_to({value}, {shape})"

    # Arrays as they lie in memory, and what lines them up.

    def axes_of(self, expression: Expr) -> frozenset[Index]:
        return free_indices(expression)

    def is_scalar(self, expression: Expr) -> bool:
        """Whether the code is a Python number: it reads no array and no scalar computed from one."""
        return not free_indices(expression) and all(
            not a.indices and self.weak(a.name) for a in expression.atoms(Access))

    def view(self, access: Access, axes: Axes) -> str:
        """A slice, transpose or broadcast of an array: no values are moved."""
        quantity = self.quantities[access.name]
        name = self.identifier(access.name)
        if not access.indices:
            return name
        subscripts: list[str] = []
        have: list[Index] = []
        for position, axis in zip(access.indices, quantity.indices, strict=True):
            if position.is_Integer:
                subscripts.append(str(position))
                continue
            index = position if isinstance(position, Index) else next(iter(free_indices(position)))
            have.append(index)
            subscripts.append(self._slice(position, index, axis.size))
        want = [i for i in axes if i in have]
        if have == want:  # slices and new axes in one pair of brackets
            for place, index in enumerate(axes):
                if index not in have and any(i in have for i in axes[:place]):
                    before = sum(i in have for i in axes[:place])
                    subscripts.insert(_nth_slice(subscripts, before), "np.newaxis")
            return name + _brackets(subscripts)
        return self.align(name + _brackets(subscripts), have, axes)

    def _slice(self, position: Expr, index: Index, size: Expr) -> str:
        if position == index and index.size == size:
            return ":"
        low, high = bounds(position)
        assert low is not None and high is not None
        start = "" if low == 0 else self.size(low)
        stop = "" if high == size - 1 else self.size(high + 1)
        step = position.coeff(index)
        return f"{start}:{stop}" + (f":{step}" if step != 1 else "")

    def align(self, code: str, have: Sequence[Index], axes: Axes) -> str:
        """An atom with the axes `have` in memory order, lined up with the axes asked for."""
        want = [i for i in axes if i in have]
        if list(have) != want:
            if len(have) == 2:
                code = f"{code}.T"
            else:
                order = ", ".join(str(list(have).index(i)) for i in want)
                code = f"{code}.transpose({order})"
        subscripts = []
        for index in axes:
            if index in want:
                subscripts.append(":")
            elif subscripts:
                subscripts.append("np.newaxis")
        return code + _brackets(subscripts)

    def size(self, expression: Expr) -> str:
        return str(int(expression)) if expression.is_Integer else (
            expression.name if isinstance(expression, Symbol) else str(expression))

    def shape(self, sizes: Sequence[Expr]) -> str:
        inner = ", ".join(self.size(size) for size in sizes)
        return f"({inner},)" if len(sizes) == 1 else f"({inner})"

    # Expressions.

    @singledispatchmethod
    def _print(self, expression: Basic, axes: Axes) -> tuple[str, int]:
        raise TypeError(f"NumPy code for {type(expression).__name__} is not known: {expression}")

    @_print.register
    def _(self, expression: Access, axes: Axes) -> tuple[str, int]:
        if expression.indices and not is_view(expression, self.quantities[expression.name]):
            return self.gathered(expression, axes), ATOM
        return self.view(expression, axes), ATOM

    def gathered(self, access: Access, axes: Axes) -> str:
        """Advanced indexing: a2[n, t[n]] is a2[np.arange(m), t]."""
        over = ordered_axes(access, axes)
        quantity = self.quantities[access.name]
        positions = []
        for position, axis in zip(access.indices, quantity.indices, strict=True):
            low, high = bounds(position)
            code = self.text(position, over)
            if not position.has(Access) and not (low is not None and low.is_nonnegative
                                                 and (axis.size - 1 - high).is_nonnegative):
                code = f"np.clip({code}, 0, {self.size(axis.size - 1)})"  # a bracket makes these entries 0
            positions.append(code)
        return self.align(f"{self.identifier(access.name)}[{', '.join(positions)}]", over, axes)

    @_print.register
    def _(self, expression: Index, axes: Axes) -> tuple[str, int]:
        return self.align(self.range(expression.size), [expression], axes), ATOM

    def range(self, size: Expr) -> str:
        """Code for the array 0, 1, 2, …, by name where `ranges` collects those that the program must make."""
        if self.ranges is None:
            return f"np.arange({self.size(size)})"
        self.ranges.add(size)
        name = f"range_{self.size(size)}"
        return name if name.isidentifier() else f"np.arange({self.size(size)})"

    @_print.register
    def _(self, expression: Symbol, axes: Axes) -> tuple[str, int]:
        return self.size(expression), ATOM

    @_print.register
    def _(self, expression: sympy.Number, axes: Axes) -> tuple[str, int]:
        if expression.is_Integer:
            return str(expression), ATOM if expression >= 0 else SIGN
        if expression.is_Rational and expression.q & (expression.q - 1):
            return f"{expression.p} / {expression.q}", PRODUCT
        return repr(float(expression)), ATOM if expression >= 0 else SIGN

    @_print.register
    def _(self, expression: sympy.NumberSymbol, axes: Axes) -> tuple[str, int]:
        return repr(float(expression)), ATOM

    @_print.register
    def _(self, expression: Add, axes: Axes) -> tuple[str, int]:
        if expression.is_number:
            return repr(float(expression)), ATOM
        parts: list[str] = []
        for negative, magnitude in terms(expression, axes):
            sign = (" - " if negative else " + ") if parts else ("-" if negative else "")
            parts.append(sign + self.text(magnitude, axes, PRODUCT if sign != "-" else SIGN))
        return "".join(parts), SUM

    @_print.register
    def _(self, expression: Mul, axes: Axes) -> tuple[str, int]:
        if expression.is_number and not expression.is_Rational:
            return repr(float(expression)), ATOM
        negative, above, below = factors(expression, axes)
        above = self.masks_last(above)
        numerator = " * ".join(self.text(f, axes, PRODUCT if f is above[0] else SIGN) for f in above) or "1"
        denominator = " * ".join(self.text(f, axes, SIGN) for f in below)
        if len(below) > 1:
            denominator = f"({denominator})"
        code = f"{numerator} / {denominator}" if below else numerator
        if not negative:
            return code, PRODUCT
        if above and is_mask(above[0]):  # NumPy refuses to negate truth values
            return f"-({code})", SIGN
        return f"-{code}", SIGN if len(above) + len(below) > 1 else SIGN

    def masks_last(self, parts: list[Expr]) -> list[Expr]:
        """Truth values after the first array: a number times a mask would be float64 even in a float32 program."""
        if not any(map(is_mask, parts)):
            return parts
        arrays = [p for p in parts if not is_mask(p) and not self.is_scalar(p)]
        return arrays + [p for p in parts if p not in arrays]

    @_print.register
    def _(self, expression: Pow, axes: Axes) -> tuple[str, int]:
        if expression.is_number:
            return repr(float(expression)), ATOM
        base, exponent = expression.as_base_exp()
        if base == sympy.E:
            return self.call("np.exp", [exponent], axes), ATOM
        if exponent.is_Rational and exponent < 0:
            return f"1 / {self.text(base ** -exponent, axes, SIGN)}", PRODUCT
        if exponent == sympy.Rational(1, 2) and not self.is_scalar(base):
            return f"np.sqrt({self.text(base, axes)})", ATOM
        inner, power = self.text(base, axes, ATOM), self.text(exponent, axes, ATOM)
        simple = inner.isidentifier() and (power.isidentifier() or power.isdigit())
        return (f"{inner}**{power}" if simple else f"{inner} ** {power}"), POWER

    @_print.register
    def _(self, expression: Function, axes: Axes) -> tuple[str, int]:
        name = expression.func.__name__
        if expression.is_number:
            return repr(float(expression)), ATOM
        if name in PRIMITIVES:
            code = self.call(PRIMITIVES[name], expression.args, axes)
            return (f"float({code})" if self.is_scalar(expression) else code), ATOM
        if name in DEFINED:
            self.helpers.add(name)
            return self.call(name, expression.args, axes), ATOM
        if hasattr(expression, "definition"):
            return self._print(expression.definition(), axes)
        raise TypeError(f"NumPy code for the function {name} is not known")

    def call(self, function: str, arguments: Sequence[Expr], axes: Axes) -> str:
        return f"{function}({', '.join(self.text(a, axes) for a in arguments)})"

    @_print.register(MinMaxBase)
    def _(self, expression: Expr, axes: Axes) -> tuple[str, int]:
        name = "np.maximum" if isinstance(expression, sympy.Max) else "np.minimum"
        if self.is_scalar(expression):
            name = name[3:6]
            return self.call(name, expression.args, axes), ATOM
        code = ""
        for argument in array_first(expression.args):
            text = self.text(argument, axes)
            code = f"{name}({code}, {text})" if code else text
        return code, ATOM

    @_print.register
    def _(self, expression: Piecewise, axes: Axes) -> tuple[str, int]:
        *cases, (value, condition) = expression.args
        code = self.text(value, axes)
        if condition != sympy.true:
            raise ValueError(f"the last branch must hold otherwise: {expression}")
        for value, condition in reversed(cases):
            code = f"np.where({self.text(condition, axes)}, {self.text(value, axes)}, {code})"
        if all(self.is_scalar(value) for value, _ in expression.args):
            code = f"{code}.astype({self.dtype})"
        return code, ATOM

    @_print.register
    def _(self, expression: Relational, axes: Axes) -> tuple[str, int]:
        left, right = self.text(expression.lhs, axes, SUM), self.text(expression.rhs, axes, SUM)
        return f"{left} {expression.rel_op} {right}", COMPARISON

    @_print.register
    def _(self, expression: Boolean, axes: Axes) -> tuple[str, int]:
        if isinstance(expression, sympy.Not):
            return f"~{self.text(expression.args[0], axes, ATOM)}", SIGN
        sign = " & " if isinstance(expression, sympy.And) else " | "
        return sign.join(self.text(a, axes, ATOM) for a in expression.args), SUM

    @_print.register
    def _(self, expression: Delta, axes: Axes) -> tuple[str, int]:
        place, label = sorted(expression.args, key=lambda a: not a.has(Access))
        return f"{self.text(place, axes, SUM)} == {self.text(label, axes, SUM)}", COMPARISON

    @_print.register
    def _(self, expression: Within, axes: Axes) -> tuple[str, int]:
        position, size = expression.args
        code = self.text(position, axes, SUM)
        return f"(0 <= {code}) & ({code} < {self.text(size, axes, SUM)})", SUM

    # Reductions.

    @_print.register
    def _(self, expression: Sum, axes: Axes) -> tuple[str, int]:
        product = self.contraction(expression, axes)
        if product is not None:
            return self.matrix_product(product, axes)
        return self.reduced("sum", expression, axes)

    @_print.register
    def _(self, expression: Maximum, axes: Axes) -> tuple[str, int]:
        return self.reduced("max", expression, axes)

    def contraction(self, expression: Sum, axes: Axes) -> Product | None:
        """The matrix (or scalar) product that the sum is, or None where multiplying and summing is as good."""
        product = _product_form(expression, ordered_axes(expression, axes))
        if product is None or product.scale != 1 or not (product.is_matrix_product or not product.batch):
            return None
        return product

    def reduced(self, function: str, expression: Reduction, axes: Axes) -> tuple[str, int]:
        """A sum or maximum over axes of an elementwise body."""
        body, bound = expression.body, expression.indices
        own = ordered_axes(body, ())
        code = self.text(body, own)
        atom = self.text(body, own, ATOM) == code and not code.startswith("(")
        have = [i for i in own if i not in bound]
        arguments = []
        if have:
            places = [own.index(i) for i in bound]
            arguments.append(f"axis={places[0] if len(places) == 1 else tuple(sorted(places))}")
        rest = [None if i in bound else i for i in own]
        lined_up = [i if i in have else None for i in axes]
        keeps = have and lined_up[-len(rest):] == rest and rest[-1] is None
        if keeps:
            arguments.append("keepdims=True")
        result = f"{code}.{function}({', '.join(arguments)})" if atom else (
            f"np.{function}({', '.join([code, *arguments])})")
        return (result if keeps or not have else self.align(result, have, axes)), ATOM

    def matrix_product(self, product: Product, axes: Axes) -> tuple[str, int]:
        """`left @ right`, or the tensordot or einsum where the axes do not make one matrix product."""
        batch, contracted = product.batch, product.contracted
        if not product.is_matrix_product and len(contracted) > 1:
            left, right = (self.text(side, contracted) for side in (product.left, product.right))
            return f"np.vdot({left}, {right})", ATOM
        if len(contracted) == 1 and len(product.right_free) <= 1 and not (batch and (
                not product.right_free or not product.left_free)) and (len(product.left_free) <= 1 or not batch):
            left = self.text(product.left, product.left_axes, PRODUCT)
            right = self.text(product.right, product.right_axes, SIGN)
            code, have = f"{left} @ {right}", product.axes
            want = [i for i in axes if i in have]
            if list(have) == want and axes_are_trailing(want, axes):
                return code, PRODUCT
            return self.align(f"({code})", have, axes), ATOM
        if not batch:
            left = self.text(product.left, product.left_axes)
            right = self.text(product.right, product.right_axes)
            places = tuple(range(len(product.left_free), len(product.left_axes)))
            over = f"({places}, {tuple(range(len(contracted)))})"
            return self.align(f"np.tensordot({left}, {right}, axes={over})", product.axes, axes), ATOM
        letters = {index: letter for letter, index in zip(
            "abcdefghijklmnop", dict.fromkeys([*product.left_axes, *product.right_axes]), strict=False)}
        spell = ["".join(letters[i] for i in part) for part in (product.left_axes, product.right_axes, product.axes)]
        left = self.text(product.left, product.left_axes)
        right = self.text(product.right, product.right_axes)
        code = f'np.einsum("{spell[0]},{spell[1]}->{spell[2]}", {left}, {right})'
        return self.align(code, product.axes, axes), ATOM


_product_form = lru_cache(maxsize=1 << 14)(product_form)


def is_mask(expression: Expr) -> bool:
    """Whether the code is an array of truth values."""
    return isinstance(expression, (Delta, Within))


def array_first(arguments: Sequence[Expr]) -> list[Expr]:
    """max(z, 0) as people write it: arrays before numbers."""
    return sorted(arguments, key=lambda a: not a.has(Access))


def axes_are_trailing(have: Sequence[Index], axes: Axes) -> bool:
    """Whether broadcasting from the right lines an array up without new axes."""
    return list(axes[len(axes) - len(have):]) == list(have)


def _nth_slice(subscripts: list[str], count: int) -> int:
    """Where in the subscripts the next slice after `count` of them stands."""
    seen = 0
    for place, subscript in enumerate(subscripts):
        if ":" in subscript:
            seen += 1
            if seen > count:
                return place
        elif subscript == "np.newaxis" and seen == count:
            continue
    return len(subscripts)


def _brackets(subscripts: Sequence[str]) -> str:
    trimmed = list(subscripts)
    while trimmed and trimmed[-1] == ":":
        trimmed.pop()
    if not trimmed:
        return ""
    if len(trimmed) == len(subscripts) and trimmed[0] == "np.newaxis" and all(s == ":" for s in trimmed[1:]):
        return ""
    return f"[{', '.join(trimmed)}]"


