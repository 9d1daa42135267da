"""Index expressions as C: every access is one number, `z1[n][j]`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import singledispatchmethod

import sympy
from sympy import Add, Expr, Function, Integer, Mul, Piecewise, Pow, Symbol
from sympy.core.basic import Basic
from sympy.core.relational import Relational
from sympy.functions.elementary.miscellaneous import MinMaxBase
from sympy.logic.boolalg import And, Not, Or

from codegen.order import factors, terms
from derive.language.equations import Quantity
from derive.language.expressions import Access, Delta, Index, Within, bounds

# How tightly a piece of code binds.
CONDITIONAL, OR, AND, EQUALITY, RELATION, SUM, PRODUCT, SIGN, ATOM = range(9)

#: Functions of <tgmath.h>, which are those of the type of their argument.
MATH = {"log": "log", "tanh": "tanh", "sin": "sin", "cos": "cos", "tan": "tan", "sinh": "sinh",
        "cosh": "cosh", "asinh": "asinh", "acosh": "acosh", "atanh": "atanh", "asin": "asin", "acos": "acos",
        "atan": "atan", "Abs": "fabs", "log1p": "log1p", "expm1": "expm1", "floor": "floor", "ceiling": "ceil",
        "erf": "erf", "erfc": "erfc"}
DEFINED = ("sigmoid", "softplus", "sign")  # functions that the program defines itself where it uses them


def _calls(expression: Basic) -> bool:
    """Whether computing a value takes calls of mathematical functions."""
    return any(f.func.__name__ in MATH for f in expression.atoms(Function)) or any(
        not p.exp.is_Integer for p in expression.atoms(Pow))


def _literal(expression: Expr) -> str:
    """A number to the last digit of a double."""
    return repr(float(sympy.N(expression, 40)))


class CPrinter:
    """Prints expressions over the given quantities.

    Args:
        identifier, index: the name of a quantity, and of an index or a size, as C has it.
        scalar: whether a quantity is a variable, though it has indices.

    Attributes:
        helpers: names of the functions met that the program must define itself.
        short: whether the loop is too short for vectors, so that libm's exp is the fastest.
    """

    def __init__(self, quantities: Mapping[str, Quantity], identifier: Callable[[str], str],
                 index: Callable[[Symbol], str], scalar: Callable[[str], bool]) -> None:
        self.quantities = quantities
        self.identifier = identifier
        self.index = index
        self.scalar = scalar
        self.helpers: set[str] = set()
        self.short = True

    def text(self, expression: Basic, least: int = CONDITIONAL) -> str:
        """Code for a value, in parentheses if it binds less than `least`."""
        code, binding = self._print(expression)
        return f"({code})" if binding < least else code

    def position(self, expression: Expr, least: int = SUM) -> str:
        """Code for a whole number: a place in an array, or a size."""
        if expression.is_Integer:
            return f"({expression})" if expression < 0 and least > SUM else str(expression)
        if isinstance(expression, Access):
            return f"(long){self.text(expression)}"
        if isinstance(expression, Symbol):
            return self.index(expression)
        if isinstance(expression, Add):
            parts: list[str] = []
            for negative, magnitude in terms(expression):
                parts.append((("-" if negative else "") if not parts else (" - " if negative else " + "))
                             + self.position(magnitude, PRODUCT))
            code, binding = "".join(parts), SUM
        elif isinstance(expression, Mul):
            code, binding = " * ".join(self.position(f, SIGN) for f in expression.args), PRODUCT
        elif isinstance(expression, MinMaxBase):
            code, binding = self._extreme(expression, self.position)
        else:
            raise TypeError(f"no position: {expression}")
        return f"({code})" if binding < least else code

    @singledispatchmethod
    def _print(self, expression: Basic) -> tuple[str, int]:
        raise TypeError(f"C code for {type(expression).__name__} is not known: {expression}")

    @_print.register
    def _(self, expression: Access) -> tuple[str, int]:
        name = self.identifier(expression.name)
        if self.scalar(expression.name):
            return name, ATOM
        axes = self.quantities[expression.name].indices
        return name + "".join(f"[{self._inside(place, axis)}]" for place, axis in zip(
            expression.indices, axes, strict=True)), ATOM

    def _inside(self, place: Expr, axis: Index) -> str:
        code = self.position(place)
        if place.has(Access) or isinstance(place, Index):
            return code
        low, high = bounds(place)
        if low is None or place.free_symbols - place.atoms(Index) or (
                low.is_nonnegative and (axis.size - 1 - high).is_nonnegative):
            return code
        self.helpers.add("inside")
        return f"inside({code}, {self.position(axis.size)})"  # a bracket makes these entries 0

    @_print.register
    def _(self, expression: Symbol) -> tuple[str, int]:  # an index or a size as a value
        return f"(real){self.index(expression)}", SIGN

    @_print.register(sympy.core.numbers.NegativeInfinity)
    def _(self, expression: Expr) -> tuple[str, int]:
        return "-INFINITY", SIGN

    @_print.register
    def _(self, expression: sympy.Number) -> tuple[str, int]:
        if expression.is_Integer:
            code = str(expression) if abs(expression) < 2**31 else f"{float(expression)!r}"
            return code, ATOM if expression >= 0 else SIGN
        if expression.is_Rational and max(abs(expression.p), expression.q) < 2**31:
            return f"R({expression.p}.0 / {expression.q})", ATOM
        return self._decimal(expression)

    @_print.register(sympy.NumberSymbol)
    def _(self, expression: Expr) -> tuple[str, int]:
        return self._decimal(expression)

    def _decimal(self, expression: Expr) -> tuple[str, int]:
        return f"R({_literal(expression)})", ATOM

    @_print.register
    def _(self, expression: Add) -> tuple[str, int]:
        if expression.is_number:
            return self._decimal(expression)
        parts: list[str] = []
        for negative, magnitude in terms(expression):
            sign = (" - " if negative else " + ") if parts else ("-" if negative else "")
            parts.append(sign + self.text(magnitude, PRODUCT if sign != "-" else SIGN))
        return "".join(parts), SUM

    @_print.register
    def _(self, expression: Mul) -> tuple[str, int]:
        if expression.is_number and not expression.is_Rational:
            return self._decimal(expression)
        negative, above, below = factors(expression)
        numerator = " * ".join(self.text(f, SIGN) for f in above) or "1"
        if below and all(f.is_Integer for f in above):
            numerator = f"R({numerator})"
        denominator = " * ".join(self.text(f, SIGN) for f in below)
        if len(below) > 1:
            denominator = f"({denominator})"
        code = f"{numerator} / {denominator}" if below else numerator
        return (f"-{code}" if negative else code), PRODUCT if not negative or len(above) + len(below) > 1 else SIGN

    @_print.register
    def _(self, expression: Pow) -> tuple[str, int]:
        if expression.is_number:
            return self._decimal(expression)
        base, exponent = expression.as_base_exp()
        if base == sympy.E:
            return self._exponential(exponent)
        if exponent.is_Rational and exponent < 0:
            return f"R(1) / {self.text(base ** -exponent, SIGN)}", PRODUCT
        if exponent == sympy.Rational(1, 2):
            return f"sqrt({self._real(base)})", ATOM
        if exponent == 2 and isinstance(base, Access):
            inner = self.text(base, SIGN)
            return f"{inner} * {inner}", PRODUCT
        if exponent.is_Integer and exponent <= 8:
            self.helpers.add("square")
            half = f"square({self.text(base if exponent < 4 else base ** (exponent // 2))})"
            return (half, ATOM) if exponent % 2 == 0 else (f"{half} * {self.text(base, SIGN)}", PRODUCT)
        return f"pow({self._real(base)}, {self._real(exponent)})", ATOM

    def _exponential(self, exponent: Expr) -> tuple[str, int]:
        if self.short:
            return f"exp({self._real(exponent)})", ATOM
        self.helpers.add("exponential")
        return f"exponential({self._real(exponent)})", ATOM

    def _real(self, expression: Expr, least: int = CONDITIONAL) -> str:
        """A number of the floating-point type: functions of <tgmath.h> would take a whole one for a double."""
        return f"R({self.text(expression)})" if expression.is_Integer else self.text(expression, least)

    @_print.register
    def _(self, expression: Piecewise) -> tuple[str, int]:
        (value, condition), *others = expression.args
        if condition == True:  # noqa: E712 - SymPy's true
            return self._print(value)
        rest = Piecewise(*others) if others else Integer(0)
        if _calls(expression):  # only the branch that is taken is computed
            return f"{self.text(condition, OR)} ? {self._real(value, OR)} : {self._real(rest)}", CONDITIONAL
        self.helpers.add("choose")
        return f"choose({self.text(condition)}, {self._real(value)}, {self._real(rest)})", ATOM

    @_print.register(MinMaxBase)
    def _(self, expression: Expr) -> tuple[str, int]:
        name = "larger" if isinstance(expression, sympy.Max) else "smaller"
        self.helpers.add(name)
        first, *others = sorted(expression.args, key=lambda a: not a.has(Access))
        code = self._real(first)
        for each in others:
            code = f"{name}({code}, {self._real(each)})"
        return code, ATOM

    def _extreme(self, expression: Expr, text: Callable[[Expr, int], str]) -> tuple[str, int]:
        sign = ">" if isinstance(expression, sympy.Max) else "<"
        one, two = (text(a, SUM) for a in expression.args)
        return f"{one} {sign} {two} ? {one} : {two}", CONDITIONAL

    @_print.register
    def _(self, expression: Delta) -> tuple[str, int]:
        one, two = (self.position(a, RELATION) for a in expression.args)
        return f"{one} == {two}", EQUALITY

    @_print.register
    def _(self, expression: Within) -> tuple[str, int]:
        place, size = expression.args
        code = self.position(place, SUM)
        return f"0 <= {code} && {code} < {self.position(size, SUM)}", AND

    @_print.register
    def _(self, expression: Function) -> tuple[str, int]:
        name = expression.func.__name__
        if name == "exp":
            return self._exponential(expression.args[0])
        if name == "sigmoid" and self.short:
            return f"1 / (1 + exp({self._real(-expression.args[0])}))", PRODUCT
        if name in DEFINED:
            self.helpers.add(name)
            return f"{name}({self._real(expression.args[0])})", ATOM
        if name in MATH:
            return f"{MATH[name]}({self._real(expression.args[0])})", ATOM
        if hasattr(expression, "definition"):
            return self._print(expression.definition())
        raise TypeError(f"no C function is known for {name}")

    @_print.register
    def _(self, expression: Relational) -> tuple[str, int]:
        operator = expression.rel_op if expression.rel_op not in ("=", "<>") else "=="
        binding = EQUALITY if operator in ("==", "!=") else RELATION
        whole = not expression.has(Access) and all(a.is_integer for a in expression.args)
        print_ = self.position if whole else self.text
        return f"{print_(expression.lhs, SUM)} {operator} {print_(expression.rhs, SUM)}", binding

    @_print.register
    def _(self, expression: And) -> tuple[str, int]:
        return " && ".join(sorted(self.text(a, EQUALITY) for a in expression.args)), AND

    @_print.register
    def _(self, expression: Or) -> tuple[str, int]:
        return " || ".join(sorted(self.text(a, EQUALITY) for a in expression.args)), OR

    @_print.register
    def _(self, expression: Not) -> tuple[str, int]:
        return f"!{self.text(expression.args[0], ATOM)}", SIGN

    @_print.register(sympy.logic.boolalg.BooleanTrue)
    def _(self, expression: Basic) -> tuple[str, int]:
        return "1", ATOM
