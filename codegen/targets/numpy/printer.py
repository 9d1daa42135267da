"""Index expressions as NumPy expressions.

Every method is given the axes that the result must line up with: an expression over j printed for the axes (n, j)
needs nothing, one over n becomes `r[:, np.newaxis]`, one whose array lies the other way round is transposed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import singledispatchmethod

import sympy
from sympy import Add, Expr, Function, Mul, Piecewise, Pow, Symbol
from sympy.core.basic import Basic
from sympy.core.relational import Relational
from sympy.functions.elementary.miscellaneous import MinMaxBase
from sympy.logic.boolalg import Boolean

from codegen.contraction import contraction, laid_out
from codegen.order import LARGEST_WHOLE, factors, terms
from codegen.positions import Position, extent, is_view, order_in_memory, view
from codegen.temporaries import ordered_axes
from derive.calculus.products import Product
from derive.language.equations import Quantity
from derive.language.expressions import Access, Delta, Index, Maximum, Reduction, Sum, Within, bounds, free_indices

DIGITS = 40  # of a number before it is rounded to a double, which rounds once then

# How tightly a piece of code binds.
CONDITIONAL, COMPARISON, SUM, PRODUCT, SIGN, POWER, ATOM = range(7)

Axes = Sequence[Index]

UFUNCS = {"exp": "exp", "log": "log", "tanh": "tanh", "sin": "sin", "cos": "cos", "tan": "tan", "sinh": "sinh",
          "cosh": "cosh", "asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh", "asin": "arcsin",
          "acos": "arccos", "atan": "arctan", "Abs": "abs", "sign": "sign", "log1p": "log1p", "expm1": "expm1",
          "floor": "floor", "ceiling": "ceil"}
DEFINED = ("sigmoid", "softplus", "erf", "erfc")  # functions that the module defines itself where it uses them


class NumpyPrinter:
    """Prints expressions over the given quantities.

    Attributes:
        helpers: names of the functions met that the module must define itself.
        ranges: the arrays 0, 1, 2, … that are called by a name, and their code; None where they stand in the lines.
    """

    def __init__(self, quantities: Mapping[str, Quantity], identifier: Callable[[str], str],
                 weak: Callable[[str], bool], dtype: str) -> None:
        self.quantities = quantities
        self.identifier = identifier
        self.weak = weak  # whether a scalar quantity is a Python number, which leaves float32 as it is
        self.dtype = dtype  # code for the floating-point type
        self.helpers: set[str] = set()
        self.ranges: dict[str, str] | None = None
        self.counting = False  # whether an index is a position, which is a whole number, and not a value

    def position(self, expression: Expr, axes: Axes = (), least: int = CONDITIONAL) -> str:
        """Code for an index expression that says where something stands."""
        before, self.counting = self.counting, True
        code = self.text(expression, axes, least)
        self.counting = before
        return code

    def text(self, expression: Expr, axes: Axes = (), least: int = CONDITIONAL) -> str:
        """Code for the expression, lined up with the axes, in parentheses if it binds less than `least`."""
        code, binding = self._print(expression, tuple(axes))
        return f"({code})" if binding < least else code

    def filling(self, expression: Expr, axes: Axes, shape: str, atom: bool = False) -> str:
        """Code for an array that has every one of the axes."""
        if set(axes) <= set(self.axes_of(expression)):
            return self.text(expression, axes, ATOM if atom else COMPARISON)
        if expression == 0:
            return f"np.zeros({shape}, {self.dtype})"
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
        """A slice, transpose, window or broadcast of an array: no values are moved."""
        quantity = self.quantities[access.name]
        name = self.identifier(access.name)
        if not access.indices:
            return name
        positions = view(access, quantity)
        assert positions is not None
        sizes = [axis.size for axis in quantity.indices]
        if any(len(position.slopes) > 1 for position in positions):
            return self.align(*self._split(name, positions, sizes), axes)
        subscripts = [self._slice(position, size) for position, size in zip(positions, sizes, strict=True)]
        have = [index for position in positions for index, _ in position.slopes]
        want = [i for i in axes if i in have]
        if have == want:  # slices and new axes in one pair of brackets
            for place, index in enumerate(axes):
                if index not in have and any(i in have for i in axes[:place]):
                    before = sum(i in have for i in axes[:place])
                    subscripts.insert(_nth_slice(subscripts, before), "np.newaxis")
            return name + _brackets(subscripts)
        return self.align(name + _brackets(subscripts), have, axes)

    def _slice(self, position: Position, size: Expr) -> str:
        if not position.slopes:
            return self.size(position.offset)
        step = position.slopes[-1][1]
        low, high = position.lowest, position.highest
        if step < 0:
            start = "" if high == size - 1 else self.size(high)
            stop = "" if low == 0 else self.size(low - 1)
            if not low.is_Integer:  # −1 would count from the end
                stop = f"{stop} if {self.size(low)} > 0 else None"
            return f"{start}:{stop}:{step}"
        start = "" if low == 0 else self.size(low)
        stop = "" if high == size - 1 else self.size(high + 1)
        return f"{start}:{stop}" + (f":{step}" if step != 1 else "")

    def _split(self, code: str, positions: Sequence[Position], sizes: Sequence[Expr]) -> tuple[str, list[Index]]:
        """A view with several indices in one axis, and the axes that it has: digits are a reshape, others windows."""
        first: list[str] = []
        shape: list[Expr] = []
        windows: list[tuple[int, Position, Expr]] = []
        have: list[Index] = []
        for position, size in zip(positions, sizes, strict=True):
            several = len(position.slopes) > 1
            if several and not position.counts_digits:
                windows.append((len(shape), position, size))
                first.append(":")
                shape.append(size)
                have.append(position.slopes[0][0])
                continue
            first.append(self._slice(Position(position.offset, ((_whole(position), 1),)), size)
                         if several else self._slice(position, size))
            shape += [index.size for index, _ in position.slopes]
            have += [index for index, _ in position.slopes]
        code += _brackets(first)
        if any(len(position.slopes) > 1 and position.counts_digits for position in positions):
            code += f".reshape({', '.join(map(self.size, shape))})"
        if not windows:
            return code, have
        self.helpers.add("sliding_window_view")
        lengths, axes, after = [], [], [":"] * len(shape)
        for axis, position, size in windows:
            (outer, step), (inner, stride) = position.slopes
            length = abs(stride) * (inner.size - 1) + 1
            begin = position.offset + min(stride, 0) * (inner.size - 1)
            lengths.append(length)
            axes.append(axis)
            after[axis] = self._slice(Position(begin, ((outer, step),)), size - length + 1)
            after.append(self._slice(Position(length - 1 if stride < 0 else sympy.Integer(0), ((inner, stride),)), length))
            have.append(inner)
        one = len(windows) == 1
        spans = self.size(lengths[0]) if one else self.shape(lengths)
        code = f"sliding_window_view({code}, {spans}, axis={axes[0] if one else tuple(axes)})"
        return code + _brackets(after), have

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

    def matrix(self, expression: Expr, batch: Axes, rows: Axes, columns: Axes, least: int = ATOM) -> str:
        """The expression as a stack of matrices; several indices become one axis."""
        axes = (*batch, *rows, *columns)
        if len(rows) <= 1 and len(columns) <= 1:
            code = self.text(expression, axes, ATOM if batch and not (rows and columns) else least)
            if not batch or rows and columns:
                return code
            return code + ("[..., np.newaxis, :]" if columns else "[..., np.newaxis]")
        natural = order_in_memory(expression, self.quantities[expression.name]) if isinstance(expression, Access) else (
            ordered_axes(expression, ()))
        turned = natural == (*batch, *columns, *rows) != axes
        code = self.text(expression, natural if turned else axes, ATOM)
        sizes = [*(i.size for i in batch), *(extent(group) for group in ((columns, rows) if turned else (rows, columns))
                                             if group)]
        symbolic = [size for size in sizes if not size.is_Integer]
        shape = ", ".join("-1" if size in symbolic and len(symbolic) == 1 else self.size(size) for size in sizes)
        code += f".reshape({shape})"
        if turned and rows and columns:
            code += ".swapaxes(-1, -2)" if batch else ".T"
        if batch and not (rows and columns):
            code += "[..., np.newaxis, :]" if columns else "[..., np.newaxis]"
        return code

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
        rows = [(place, i) for place, i in enumerate(access.indices) if isinstance(i, Access)]
        others = [i for i in access.indices if not isinstance(i, Access)]
        if len(rows) == 1 and len(set(others)) == len(others) and all(
                isinstance(i, Index) and i.size == axis.size and i not in free_indices(rows[0][1])
                for i, axis in zip(access.indices, quantity.indices, strict=True) if not isinstance(i, Access)):
            place, label = rows[0]  # whole rows
            have = [*others[:place], *label.indices, *others[place:]]
            code = f"{self.identifier(access.name)}[{':, ' * place}{self.text(label, label.indices)}]"
            return self.align(code, have, axes)
        positions = []
        for position, axis in zip(access.indices, quantity.indices, strict=True):
            low, high = bounds(position)
            code = self.position(position, over)
            if not position.has(Access) and not (low is not None and low.is_nonnegative
                                                 and (axis.size - 1 - high).is_nonnegative):
                code = f"np.clip({code}, 0, {self.size(axis.size - 1)})"  # a bracket makes these entries 0
            positions.append(code)
        return self.align(f"{self.identifier(access.name)}[{', '.join(positions)}]", over, axes)

    @_print.register
    def _(self, expression: Index, axes: Axes) -> tuple[str, int]:
        return self.align(self.range(expression.size), [expression], axes), ATOM

    def range(self, size: Expr) -> str:
        """Code for the array 0, 1, 2, …, by name where `ranges` collects those that the program must make.

        A position is a whole number; a value has the floating-point type, in which 2**i can be large, and 1/i is no 0.
        """
        code = f"np.arange({self.size(size)}{'' if self.counting else f', dtype={self.dtype}'})"
        name = f"{'range' if self.counting else 'numbers'}_{self.size(size)}"
        if self.ranges is None or not name.isidentifier():
            return code
        self.ranges[name] = code
        return name

    @_print.register
    def _(self, expression: Symbol, axes: Axes) -> tuple[str, int]:
        return self.size(expression), ATOM

    @_print.register
    def _(self, expression: sympy.Number, axes: Axes) -> tuple[str, int]:
        if not _is_fraction(expression):
            return _decimal(expression), ATOM if expression >= 0 else SIGN
        if expression.is_Integer:
            return str(expression), ATOM if expression >= 0 else SIGN
        return f"{expression.p} / {expression.q}", PRODUCT

    @_print.register
    def _(self, expression: sympy.NumberSymbol, axes: Axes) -> tuple[str, int]:
        return _decimal(expression), ATOM

    @_print.register
    def _(self, expression: Add, axes: Axes) -> tuple[str, int]:
        if expression.is_number:
            return _decimal(expression), ATOM
        parts: list[str] = []
        for negative, magnitude in terms(_one_number(expression), axes):
            sign = (" - " if negative else " + ") if parts else ("-" if negative else "")
            parts.append(sign + self.text(magnitude, axes, PRODUCT if sign != "-" else SIGN))
        return "".join(parts), SUM

    @_print.register
    def _(self, expression: Mul, axes: Axes) -> tuple[str, int]:
        if expression.is_number and not expression.is_Rational:
            return _decimal(expression), ATOM
        negative, above, below = factors(_one_number(expression), axes)
        above = self.masks_last(above)
        texts = [self.text(f, axes, PRODUCT if f is above[0] else SIGN) for f in above]
        if above and all(is_mask(f) or self.is_scalar(f) for f in (*above, *below)):  # else numbers make it float64
            texts[0] = f"{self.text(above[0], axes, ATOM)}.astype({self.dtype})" if is_mask(above[0]) else texts[0]
        numerator = " * ".join(texts) or "1"
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
            return _decimal(expression), ATOM
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
            return _decimal(expression), ATOM
        if name in UFUNCS:
            code = self.call(f"np.{UFUNCS[name]}", expression.args, axes)
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
        if self.is_scalar(expression):
            code = self.text(value, axes, SUM)
            for value, condition in reversed(cases):
                code = f"{self.text(value, axes, SUM)} if {self.text(condition, axes)} else {code}"
            return code, CONDITIONAL
        plain = self.is_scalar(value)  # numbers alone: an array that is made of them has no type of ours yet
        for number, (value, condition) in enumerate(reversed(cases)):
            if plain and number and not self.is_scalar(value):
                code = f"{code}.astype({self.dtype})"
            plain = plain and self.is_scalar(value)
            code = f"np.where({self.text(condition, axes)}, {self.text(value, axes)}, {code})"
        return f"{code}.astype({self.dtype})" if plain else code, ATOM

    @_print.register
    def _(self, expression: Relational, axes: Axes) -> tuple[str, int]:
        show = self.text if expression.has(Access) else self.position
        return f"{show(expression.lhs, axes, SUM)} {expression.rel_op} {show(expression.rhs, axes, SUM)}", COMPARISON

    @_print.register
    def _(self, expression: Boolean, axes: Axes) -> tuple[str, int]:
        if isinstance(expression, sympy.Not):
            return f"~{self.text(expression.args[0], axes, ATOM)}", SIGN
        sign = " & " if isinstance(expression, sympy.And) else " | "
        return sign.join(self.text(a, axes, ATOM) for a in expression.args), SUM

    @_print.register
    def _(self, expression: Delta, axes: Axes) -> tuple[str, int]:
        place, label = sorted(expression.args, key=lambda a: not a.has(Access))
        return f"{self.position(place, axes, SUM)} == {self.position(label, axes, SUM)}", COMPARISON

    @_print.register
    def _(self, expression: Within, axes: Axes) -> tuple[str, int]:
        position, size = expression.args
        code = self.position(position, axes, SUM)
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
        product = contraction(expression, ordered_axes(expression, axes))
        return None if product is None or product.scale != 1 else product

    def own_axes(self, body: Expr) -> tuple[Index, ...]:
        """The axes of what is reduced, as they lie in memory."""
        if isinstance(body, Access) and is_view(body, self.quantities[body.name]):
            return order_in_memory(body, self.quantities[body.name])
        return ordered_axes(body, ())

    def reduced(self, function: str, expression: Reduction, axes: Axes) -> tuple[str, int]:
        """A sum or maximum over axes of an elementwise body."""
        body, bound = expression.body, expression.indices
        own = self.own_axes(body)
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
        """`left @ right`, of matrices that are reshaped where several indices make one axis."""
        left, right, contracted = product.left, product.right, product.contracted
        batch, rows, columns = product.batch, product.left_free, product.right_free
        if not product.is_matrix_product and len(contracted) > 1:
            return f"np.vdot({self.text(left, contracted)}, {self.text(right, contracted)})", ATOM
        if isinstance(left, Access) and isinstance(right, Access):
            contracted = laid_out(product, left, right, self.quantities).left.columns
        stacked = len(contracted) == 1 and len(columns) <= 1 and len(rows) > 1 and not batch
        if stacked:  # NumPy takes the leading axes one by one
            code = f"{self.text(left, product.left_axes, PRODUCT)} @ {self.text(right, product.right_axes, SIGN)}"
        else:
            code = (f"{self.matrix(left, batch, rows, contracted, PRODUCT)} @ "
                    f"{self.matrix(right, batch, contracted, columns, SIGN)}")
        binding = PRODUCT
        if batch and not (rows and columns):
            code, binding = f"({code}){'[..., 0]' if rows else '[..., 0, :]'}", ATOM
        if not stacked and max(len(rows), len(columns)) > 1:
            code, binding = f"({code}).reshape{self.shape([i.size for i in product.axes])}", ATOM
        want = [i for i in axes if i in product.axes]
        if list(product.axes) == want and axes_are_trailing(want, axes):
            return code, binding
        return self.align(f"({code})" if binding == PRODUCT else code, product.axes, axes), ATOM


def _decimal(number: Expr) -> str:
    """The number to the last digit of a double; what is too large for one is infinite."""
    return repr(float(number.evalf(DIGITS))).replace("inf", "np.inf")


def _is_fraction(number: Expr) -> bool:
    """Whether a number is written as one whole number, or as one over another: 1 / 3, but 0.5 and 0.044715."""
    return bool(number.is_Rational and max(abs(number.p), number.q) <= LARGEST_WHOLE
                and (number.is_Integer or len(_decimal(number)) > len(f"{number.p} / {number.q}")))


def _one_number(expression: Expr) -> Expr:
    """A sum or product with its numbers joined: 0.797…·z in place of √2·z/√π; z/2 and 2·z/3 stay as people write them."""
    numbers = [part for part in expression.args if part.is_number]
    number = expression.func(*numbers)
    if _is_fraction(number) or number.is_Rational and abs(number.p) == 1:
        return expression
    rest = (part for part in expression.args if part not in numbers)
    return expression.func(number.evalf(DIGITS), *rest, evaluate=False)


def is_mask(expression: Expr) -> bool:
    """Whether the code is an array of truth values."""
    return isinstance(expression, (Delta, Within))


def array_first(arguments: Sequence[Expr]) -> list[Expr]:
    """max(z, 0) as people write it: arrays before numbers."""
    return sorted(arguments, key=lambda a: (not a.has(Access), not free_indices(a)))


def axes_are_trailing(have: Sequence[Index], axes: Axes) -> bool:
    """Whether broadcasting from the right lines an array up without new axes."""
    return list(axes[len(axes) - len(have):]) == list(have)


def _whole(position: Position) -> Index:
    """One index in place of those that count as its digits."""
    return Index("digits", extent([index for index, _ in position.slopes]))


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


