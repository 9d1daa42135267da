"""Sides of a claim that are numbers: printed ones with their digits, and formulas with numbers put in."""

from __future__ import annotations

import ast

from derive.claims.reading.formula import ClaimFormula
from derive.claims.reading.vocabulary import FUNCTIONS
from derive.file.numbers import Number


def is_numeric(node: ast.expr) -> bool:
    """Whether a side is made of numbers alone."""
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)} <= {"pi", "_e", *FUNCTIONS}


def has_decimals(node: ast.expr) -> bool:
    """Whether decimals are printed in a side."""
    return any(isinstance(part, ast.Constant) and isinstance(part.value, float) for part in ast.walk(node))


def printed(formula: ClaimFormula, node: ast.expr) -> Number | None:
    """The decimal that a side is, with its digits: -0.019, 3.5e-5 or 3.5*10**(-5); None where it is something else.

    A whole number is exact, and no such decimal.
    """
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
            return Number(digits) if not value.is_Integer or "." in digits else None
    return None
