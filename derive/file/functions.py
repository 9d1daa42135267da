"""The functions that a formula may call, in textbook form: log1p(x) is log(1 + x), a sigmoid is 1/(1 + exp(-x)).

Whoever reads the formula later recognises the forms that need care with large numbers; here they only say what they
mean.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sympy
from sympy import Add, Expr, Gt, Lt, Piecewise
from sympy.logic.boolalg import Boolean


def compared(relation: Callable[[Expr, Expr], Boolean], a: Expr, b: Expr) -> Boolean:
    """a > b; of two sums each term is put where it is positive: 0.9*(t - y) > -0.1*(t - y) is t > y.

    SymPy's canonical form of other comparisons of sums may never come to rest (1.14), and with it no case distinction.
    """
    terms = Add.make_args(a - b)
    if isinstance(a, Add) and isinstance(b, Add) or len(terms) < len(Add.make_args(a)) + len(Add.make_args(b)) and not (
            a.is_zero or b.is_zero):
        _, difference = Add(*terms).primitive()
        b = -Add(*(term for term in Add.make_args(difference) if term.could_extract_minus_sign()))
        a = difference + b
    return relation(a, b)


# At a kink the last branch holds, and SymPy differentiates each branch by itself: so |x|′ = 0 and max(x, 0)′ = 0 at 0.
KINKED: Mapping[str, Callable[..., Expr]] = {
    "abs": lambda x: Piecewise((x, x > 0), (-x, x < 0), (0, True)),
    "sign": lambda x: Piecewise((1, x > 0), (-1, x < 0), (0, True)),
    # The value at the border is that of the number, whichever side it is written on: ReLU'(0) = 0.
    "max": lambda a, b: Piecewise((b, compared(Gt, b, a)), (a, True)) if a.is_number else Piecewise(
        (a, compared(Gt, a, b)), (b, True)),
    "min": lambda a, b: Piecewise((b, compared(Lt, b, a)), (a, True)) if a.is_number else Piecewise(
        (a, compared(Lt, a, b)), (b, True)),
}
ELEMENTWISE: Mapping[str, Callable[[Expr], Expr]] = {
    **{f.__name__: f for f in (sympy.exp, sympy.log, sympy.sin, sympy.cos, sympy.tan, sympy.sinh, sympy.cosh,
                               sympy.tanh, sympy.atan, sympy.erf)},
    "sqrt": sympy.sqrt,
    "log1p": lambda x: sympy.log(1 + x),
    "expm1": lambda x: sympy.exp(x) - 1,
    "sigmoid": lambda x: 1 / (1 + sympy.exp(-x)),
}
REDUCTIONS = ("sum", "mean", "maximum")
FUNCTIONS: Mapping[str, str] = {
    **{name: f"{name}(x)" for name in (*ELEMENTWISE, "abs", "sign")},
    "max": "max(a, b)", "min": "min(a, b)", "where": "where(x > 0, a, b)",
    "sum": "sum(k, x[n,k])", "mean": "mean(k, x[n,k])", "maximum": "maximum(k, x[n,k])",
    "delta": "delta(i, j)", "within": "within(i, size)", "size": "size(k)",
    "flat": "flat(i, j)",
}
