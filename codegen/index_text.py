"""Equations as one line of text in index notation, for docstrings and comments.

    z1[n,j] = Σ_k x[n,k]·W1[k,j] + b1[j]
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, singledispatch

import sympy
from sympy import Add, Expr, Function, Mul, Piecewise, Pow
from sympy.core.basic import Basic
from sympy.core.relational import Relational
from sympy.functions.elementary.miscellaneous import MinMaxBase

from codegen.order import factors, terms
from derive.language.equations import Equation
from derive.language.expressions import Access, Delta, Index, Maximum, Sum, Within, bounds

# How tightly a piece of text binds.
SUM, PRODUCT, SIGN, POWER, ATOM = range(5)

_POWERS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_RELATIONS = {"==": "=", "!=": "≠", "<=": "≤", ">=": "≥", "<": "<", ">": ">"}


@lru_cache(maxsize=1 << 14)
def equation_text(equation: Equation) -> str:
    """The equation as a line of text."""
    return f"{index_text(equation.target)} = {index_text(equation.body, equation.target.indices)}"


def index_text(expression: Expr, out: Sequence[Expr] = (), least: int = SUM) -> str:
    """The expression as text, in parentheses if it binds less tightly than `least`."""
    indices = tuple(i for i in out if isinstance(i, Index))
    text, binding = _text(expression, indices)
    return f"({text})" if binding < least else text


@singledispatch
def _text(expression: Expr, out: Sequence[Index]) -> tuple[str, int]:
    return sympy.sstr(expression), ATOM


@_text.register
def _(expression: Access, out: Sequence[Index]) -> tuple[str, int]:
    if not expression.indices:
        return expression.name, ATOM
    return f"{expression.name}[{','.join(_position(i) for i in expression.indices)}]", ATOM


def _position(expression: Expr) -> str:
    """A position as people write it: 2·i+u−1, the slowest index first and numbers last."""
    def rank(term: Expr) -> tuple[bool, bool, Expr]:
        coefficient, rest = term.as_coeff_Mul()
        return bool(term.is_number), bool(coefficient < 0), -abs(coefficient) if rest.atoms(Index) else 0

    if not isinstance(expression, Add):
        return index_text(expression).replace(" ", "")
    text = "".join(("−" if term.could_extract_minus_sign() else "+") + index_text(
        -term if term.could_extract_minus_sign() else term, (), PRODUCT) for term in sorted(expression.args, key=rank))
    return text.removeprefix("+").replace(" ", "")


@_text.register
def _(expression: sympy.Float, out: Sequence[Index]) -> tuple[str, int]:
    text = repr(float(expression)).removesuffix(".0")
    return text.replace("-", "−"), ATOM if expression >= 0 else SIGN


@_text.register
def _(expression: sympy.Integer, out: Sequence[Index]) -> tuple[str, int]:
    return str(expression).replace("-", "−"), ATOM if expression >= 0 else SIGN


@_text.register
def _(expression: sympy.Rational, out: Sequence[Index]) -> tuple[str, int]:
    return str(expression).replace("-", "−"), PRODUCT


@_text.register
def _(expression: Add, out: Sequence[Index]) -> tuple[str, int]:
    parts: list[str] = []
    for negative, magnitude in terms(expression, out):
        sign = (" − " if negative else " + ") if parts else ("−" if negative else "")
        parts.append(sign + index_text(magnitude, out, PRODUCT))
    return "".join(parts), SUM


@_text.register
def _(expression: Mul, out: Sequence[Index]) -> tuple[str, int]:
    negative, above, below = factors(expression, out)
    numerator = "·".join(index_text(f, out, _least(f, last=f is above[-1])) for f in above) or "1"
    denominator = "·".join(index_text(f, out, SIGN) for f in below)
    if len(below) > 1:
        denominator = f"({denominator})"
    text = f"{numerator}/{denominator}" if len(numerator) == 1 and below else (
        f"{numerator} / {denominator}" if below else numerator)
    return ("−" + text, SIGN) if negative else (text, PRODUCT)


def _least(factor: Expr, last: bool) -> int:
    return PRODUCT if isinstance(factor, (Sum, Maximum)) and last else SIGN


@_text.register
def _(expression: Pow, out: Sequence[Index]) -> tuple[str, int]:
    base, exponent = expression.as_base_exp()
    if exponent == sympy.Rational(1, 2):
        return f"√({index_text(base, out)})", ATOM
    if exponent.is_Rational and exponent < 0:
        return f"1/{index_text(base ** -exponent, out, POWER)}", PRODUCT
    if exponent.is_Integer:
        return index_text(base, out, ATOM) + str(exponent).translate(_POWERS), POWER
    return f"{index_text(base, out, ATOM)}^{index_text(exponent, out, ATOM)}", POWER


@_text.register
def _(expression: Sum, out: Sequence[Index]) -> tuple[str, int]:
    return f"Σ{_bound(expression.indices)} {index_text(expression.body, out, PRODUCT)}", PRODUCT


@_text.register
def _(expression: Maximum, out: Sequence[Index]) -> tuple[str, int]:
    return f"max{_bound(expression.indices)} {index_text(expression.body, out, PRODUCT)}", PRODUCT


def _bound(indices: Sequence[Index]) -> str:
    names = ",".join(i.name for i in indices)
    return f"_{names}" if len(indices) == 1 else f"_{{{names}}}"


@_text.register
def _(expression: Delta, out: Sequence[Index]) -> tuple[str, int]:
    return f"[{_position(expression.args[0])} = {_position(expression.args[1])}]", ATOM


@_text.register
def _(expression: Within, out: Sequence[Index]) -> tuple[str, int]:
    position, size = expression.args  # a line does not break in it
    lowest, highest = bounds(position)
    below = "" if lowest is not None and lowest.is_nonnegative else "0≤"
    above = "" if highest is not None and (size - 1 - highest).is_nonnegative else f"<{_position(size)}"
    return f"[{below}{_position(position)}{above}]", ATOM


@_text.register
def _(expression: Piecewise, out: Sequence[Index]) -> tuple[str, int]:
    cases = [f"{index_text(value, out)} if {_condition(condition, out)}" for value, condition in expression.args]
    cases[-1] = cases[-1].replace(" if otherwise", " otherwise")
    return "{" + "; ".join(cases) + "}", ATOM


def _condition(condition: Basic, out: Sequence[Index]) -> str:
    if condition == sympy.true:
        return "otherwise"
    if isinstance(condition, Relational):
        relation = _RELATIONS[condition.rel_op]
        return f"{index_text(condition.lhs, out)} {relation} {index_text(condition.rhs, out)}"
    word = " and " if isinstance(condition, sympy.And) else " or "
    return word.join(_condition(part, out) for part in condition.args)


@_text.register(MinMaxBase)
def _(expression: Expr, out: Sequence[Index]) -> tuple[str, int]:
    name = "max" if isinstance(expression, sympy.Max) else "min"
    return f"{name}({', '.join(index_text(a, out) for a in reversed(expression.args))})", ATOM


@_text.register(sympy.Abs)
def _(expression: Expr, out: Sequence[Index]) -> tuple[str, int]:
    return f"|{index_text(expression.args[0], out)}|", ATOM


@_text.register(Function)
def _(expression: Expr, out: Sequence[Index]) -> tuple[str, int]:
    return f"{expression.func.__name__}({', '.join(index_text(a, out) for a in expression.args)})", ATOM
