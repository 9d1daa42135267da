"""Functions that stable forms are written with: each is right to the last digits for any argument."""

from __future__ import annotations

import sympy
from sympy import Expr, Function
from sympy.logic.boolalg import Boolean


class sigmoid(Function):  # noqa: N801 - named as it is written
    """1/(1 + exp(−x)), for any x: exp(min(x, 0)) / (1 + exp(−|x|))."""

    nargs = 1
    is_positive = True

    def definition(self) -> Expr:
        (x,) = self.args
        return sympy.exp(sympy.Min(x, 0)) / (1 + sympy.exp(-sympy.Abs(x)))


class softplus(Function):  # noqa: N801
    """log(1 + exp(x)), for any x: max(x, 0) + log1p(exp(−|x|))."""

    nargs = 1
    is_positive = True

    def definition(self) -> Expr:
        (x,) = self.args
        return sympy.Max(x, 0) + log1p(sympy.exp(-sympy.Abs(x)))


class log1p(Function):  # noqa: N801
    """log(1 + x) without loss of digits near 0; a primitive of every target."""

    nargs = 1
    is_real = True


class expm1(Function):  # noqa: N801
    """exp(x) − 1 without loss of digits near 0; a primitive of every target."""

    nargs = 1
    is_real = True


class erfc(Function):  # noqa: N801
    """1 − erf(x) without loss of digits where erf(x) is near 1; SymPy's own turns erfc(−x) into 2 − erfc(x)."""

    nargs = 1
    is_real = True


class guarded(Function):  # noqa: N801
    """An argument where its condition holds, and a number elsewhere; SymPy would draw a Piecewise out of a function."""

    nargs = 3
    is_real = True

    @classmethod
    def eval(cls, argument: Expr, condition: Boolean, elsewhere: Expr) -> Expr | None:
        if condition in (sympy.true, sympy.false):
            return argument if condition == sympy.true else elsewhere
        return None

    def definition(self) -> Expr:
        argument, condition, elsewhere = self.args
        return sympy.Piecewise((argument, condition), (elsewhere, True))
