"""Where a derivative does not exist, and which value it has there by convention."""

from __future__ import annotations

import sympy
from sympy import Expr, Piecewise
from sympy.core.relational import Relational

from derive.language.expressions import Access
from derive.latex.printer import Printer


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


def kinks(form: Expr, printer: Printer) -> list[str]:
    """A sentence for each kink of a derivative."""
    out = []
    for piecewise in sorted(form.atoms(Piecewise), key=sympy.default_sort_key):
        words = _piecewise(piecewise, printer)
        if words:
            out.append(words)
    for node in sorted(form.atoms(sympy.sign), key=sympy.default_sort_key):
        out.append(f"At the kink ${printer.plain(node.args[0])} = 0$ the derivative does not exist; "
                   f"by convention $\\operatorname{{sign}}(0) = 0$.")
    return out
