"""Where a derivative does not exist, and which value it has there by convention."""

from __future__ import annotations

import sympy
from sympy import Expr, Piecewise, Pow
from sympy.core.relational import Relational

from derive.language.expressions import Access, Sum, names
from derive.latex.printer import Printer

SHARED = "Where several entries are the largest, the derivative is divided among them in equal parts, by convention."


def _piecewise(piecewise: Piecewise, printer: Printer) -> str:
    """Which branch a derivative takes at the boundary between two of them."""
    out = []
    branches = piecewise.args
    for _, condition in branches:
        if not isinstance(condition, Relational) or condition.rel_op in ("==", "!="):
            continue
        at = None
        for other, when in branches:
            if when == sympy.true or isinstance(when, Relational) and when.args == condition.args and (
                    when.rel_op in (">=", "<=")):
                at = other
                break
        if at is None:
            continue
        boundary = f"{printer.plain(condition.lhs)} = {printer.plain(condition.rhs)}"
        if isinstance(condition.lhs, Access) and not at.has(condition.lhs.func) or at.is_number:
            there = printer.plain(at)
        else:
            there = printer.plain(at.xreplace({condition.lhs: condition.rhs}))
        out.append(f"At the kink ${boundary}$ the value of the last branch is taken by convention: "
                   f"the derivative there is ${there}$." if at is branches[-1][0] else
                   f"At the kink ${boundary}$ the derivative is taken to be ${there}$, by convention.")
    return " ".join(dict.fromkeys(out))


def _is_tie(factor: Expr) -> bool:
    """Whether it is 1 over how many entries are the largest."""
    return factor.exp == -1 and isinstance(factor.base, Sum) and isinstance(factor.base.body, Piecewise)


def kinks(form: Expr, printer: Printer, of: str, by: str) -> list[str]:
    """A sentence for each kink of a derivative ∂of/∂by; a condition on positions or on other quantities makes none."""
    shared = any(map(_is_tie, form.atoms(Pow)))
    out = [SHARED] if shared else []
    for piecewise in sorted(form.atoms(Piecewise), key=sympy.default_sort_key):
        compared = {name for _, condition in piecewise.args for name in names(condition)}
        words = "" if shared or not compared & {of, by} else _piecewise(piecewise, printer)
        if words:
            out.append(words)
    for node in sorted(form.atoms(sympy.sign), key=sympy.default_sort_key):
        out.append(f"At the kink ${printer.plain(node.args[0])} = 0$ the derivative does not exist; "
                   f"by convention $\\operatorname{{sign}}(0) = 0$.")
    return out
