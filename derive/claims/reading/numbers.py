"""Sides of a claim that are numbers: printed ones with their digits, and formulas with numbers put in."""

from __future__ import annotations

import ast
import math
from decimal import Decimal

import sympy
from sympy import Expr, Rational

from derive.claims.reading.formula import ClaimFormula
from derive.claims.reading.vocabulary import FUNCTIONS
from derive.file.numbers import Number

DIGITS = 12  # significant digits that are compared of a number that nobody rounded


def is_numeric(node: ast.expr) -> bool:
    """Whether a side is made of numbers alone."""
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)} <= {"pi", "_e", *FUNCTIONS}


def printed(formula: ClaimFormula, node: ast.expr) -> Number | None:
    """The number that a side is, with its digits: -0.019, 3.5e-5 or 3.5*10**(-5); None where it is more."""
    match node:
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=ast.Constant() | ast.BinOp() as inner):
            found = printed(formula, inner)
            return found if found is None or isinstance(sign, ast.UAdd) else Number(f"-{found.text}")
        case ast.BinOp(op=ast.Mult(), left=ast.UnaryOp(op=ast.USub(), operand=ast.Constant() as mantissa),
                       right=ast.BinOp(op=ast.Pow(), left=ast.Constant(value=10)) as power):
            found = printed(formula, ast.BinOp(mantissa, ast.Mult(), power))
            return found and Number(f"-{found.text}")
        case ast.BinOp(op=ast.Mult(), left=ast.Constant() as mantissa,
                       right=ast.BinOp(op=ast.Pow(), left=ast.Constant(value=10), right=exponent) as power):
            formula.value(power, {})  # which finds what is too large
            digits, places = formula.source(mantissa), formula.value(exponent, {})
            return Number(f"{digits}e{places}") if places.is_Integer and digits.replace(".", "").isdigit() else None
        case ast.Constant():
            value, digits = formula.value(node, {}), formula.source(node)
            return Number(digits) if not value.is_Integer or "." in digits else _exact(value)
    return None


def _exact(value: Expr) -> Number:
    """A number that is not rounded, such as 1 or 1/3, with as many digits as are worth comparing."""
    approximate = Decimal(str(sympy.N(value, DIGITS + 5)))
    return Number(f"{approximate:.{max(DIGITS - 1 - approximate.adjusted(), 0)}f}")


def is_exact(number: Number) -> bool:
    """Whether a number has all the digits that are compared, as 1 and 1/3 have."""
    return not number or len(number.exact.as_tuple().digits) >= DIGITS


def worked_out(formula: ClaimFormula, node: ast.expr) -> tuple[Expr, Number]:
    """The value of a side that is made of numbers, with the digits that theirs leave it.

    0.7413*0.1868 may be anything that numbers rounded to 0.7413 and 0.1868 give, and so it is 0.1385 to three decimals.
    """
    formula.decimals = {}
    value = formula.value(node, {})
    decimals, formula.decimals = formula.decimals, None
    at = {symbol: Rational(*number.exact.as_integer_ratio()) for symbol, number in decimals.items()}
    result = formula.finite(value.xreplace(at), node)
    room = sum(abs(float(sympy.diff(value, symbol).xreplace(at))) * float(number.digits) / 2
               for symbol, number in decimals.items())
    if not room:
        return result, _exact(result)
    return result, Number(f"{Decimal(str(sympy.N(result, 25))):.{max(0, -math.ceil(math.log10(room)))}f}")
