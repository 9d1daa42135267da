"""Branches: those that are a maximum or |x|, and those whose functions must not see arguments from outside of them."""

from __future__ import annotations

import sympy
from sympy import Abs, Expr, Max, Min, Ne, Piecewise, Pow, cosh, exp, log, sign, sinh
from sympy.core.relational import GreaterThan, LessThan, StrictGreaterThan, StrictLessThan
from sympy.logic.boolalg import Boolean

from derive.language.expressions import Access, Reduction
from derive.rewrites.named_functions import expm1, guarded, log1p


def positive_part(node: Expr) -> Expr | None:
    """max, |x| and sign, which users may type and SymPy differentiates as branches."""
    if not isinstance(node, Piecewise):
        return None
    pairs = [(value, condition) for value, condition in node.args]
    if len(pairs) == 2 and pairs[1][1] == sympy.true:
        (above, condition), (below, _) = pairs
        if isinstance(condition, (StrictGreaterThan, GreaterThan)) and (condition.lhs, condition.rhs) == (above, below):
            return Max(above, below)
        if isinstance(condition, (StrictLessThan, LessThan)) and (condition.lhs, condition.rhs) == (above, below):
            return Min(above, below)
    if len(pairs) == 3 and [type(c) for _, c in pairs[:2]] == [StrictGreaterThan, StrictLessThan]:
        (positive, over), (negative, under), (zero, _) = pairs
        if over.lhs == under.lhs and over.rhs == under.rhs == zero == 0:
            if (positive, negative) == (over.lhs, -over.lhs):
                return Abs(over.lhs)
            if (positive, negative) == (1, -1):
                return sign(over.lhs)
    return None


def guard(node: Expr) -> Expr | None:
    """A branch is also computed where it is not taken: there its functions get an argument that they are defined for."""
    if not isinstance(node, Piecewise):
        return None
    pairs, missed = [], sympy.true
    for value, condition in node.args:
        pairs.append((_guarded(value, _both(missed, condition)), condition))
        missed = _both(missed, sympy.to_nnf(sympy.Not(condition)))
    result = Piecewise(*pairs)
    return result if result != node else None


def _both(*conditions: Boolean) -> Boolean:
    """All the conditions, without x ≤ 0 or x ≠ 0 beside x < 0."""
    parts = sympy.And.make_args(sympy.And(*conditions))
    strict = {(part.lhs, part.rhs) for part in parts if isinstance(part, (StrictGreaterThan, StrictLessThan))}
    return sympy.And(*(part for part in parts if not (
        isinstance(part, (GreaterThan, LessThan, Ne)) and (part.lhs, part.rhs) in strict)))


def _guarded(value: Expr, taken: Boolean) -> Expr:
    if isinstance(value, (Access, Reduction, guarded)) or not value.args:
        return value
    if isinstance(value, Piecewise):
        return Piecewise(*((_guarded(v, taken), condition) for v, condition in value.args))
    value = value.func(*(_guarded(a, taken) for a in value.args))
    if not value.args or not value.args[0].has(Access):
        return value
    argument, *more = value.args
    if isinstance(value, (exp, expm1, sinh, cosh)) and not argument.is_nonpositive and not (
            argument.has(Min, Max, guarded)):
        return value.func(_nearest(argument, taken))
    harmless = _harmless(value)
    if harmless is None:
        return value
    if isinstance(argument, guarded):
        argument, condition, harmless = argument.args
        taken = _both(condition, taken)
    return value.func(guarded(argument, taken, harmless), *more)


def _harmless(value: Expr) -> int | None:
    """An argument that a function is defined for, if there are others that it is not defined for."""
    argument = value.args[0]
    if isinstance(value, log1p):
        return 0
    if isinstance(value, log):
        return None if argument.is_positive else 1
    if isinstance(value, Pow) and not value.exp.is_integer:
        return None if argument.is_positive or value.exp.is_positive and argument.is_nonnegative else 1
    if isinstance(value, Pow) and value.exp.is_negative:
        return None if argument.is_nonzero else 1
    return None


def _nearest(argument: Expr, taken: Boolean) -> Expr:
    """The argument where a branch is taken: min(x, 0) for x < 0, as people write it, and a case distinction else."""
    if isinstance(taken, (GreaterThan, StrictGreaterThan, LessThan, StrictLessThan)) and taken.rhs.is_number and (
            argument.has(taken.lhs)):
        nearest = Max if isinstance(taken, (GreaterThan, StrictGreaterThan)) else Min
        return argument.subs(taken.lhs, nearest(taken.lhs, taken.rhs))
    return guarded(argument, taken, 0)
