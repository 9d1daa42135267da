"""Parts of an expression that need not stay where they are: what a loop computes again and again without need."""

from __future__ import annotations

from collections.abc import Callable

from sympy import Add, Expr, Mul, Piecewise
from sympy.core.basic import Basic

from derive.language.expressions import Access, Delta, Index, Reduction, Within, free_indices


def hoisted(expression: Expr, stays: Callable[[Basic], bool], make: Callable[[Expr], Expr],
            alike: Callable[[Expr], object], whole: bool = True) -> Expr:
    """The expression with its largest parts that need not stay replaced by what is made of them.

    Terms, and factors, are taken together where they are alike; factors under a sum are not (their product is larger).
    """
    if not stays(expression):
        return make(expression)
    if isinstance(expression, Access) or not expression.args or isinstance(expression, (Within, Delta)):
        return expression
    if isinstance(expression, Reduction):
        return expression.func(hoisted(expression.body, stays, make, alike, whole=False), *expression.indices)
    if isinstance(expression, (Add, Mul)) and whole:
        groups: dict[object, list[Expr]] = {}
        staying = []
        for part in expression.args:
            if stays(part):
                staying.append(hoisted(part, stays, make, alike))
            else:
                groups.setdefault(alike(part), []).append(part)
        if len(groups) > 1 and () in groups:
            constant = groups.pop(())
            next(iter(groups.values())).extend(constant)
        return expression.func(*(make(expression.func(*group)) for group in groups.values()), *staying)
    return rebuilt(expression, lambda part: hoisted(part, stays, make, alike))


def is_work(part: Expr) -> bool:
    """Whether computing an expression takes a call over arrays."""
    return not isinstance(part, (Access, Index)) and bool(free_indices(part)) and part.has(Access)


def rebuilt(expression: Expr, function: Callable[[Expr], Expr]) -> Expr:
    """The expression with the function applied to its arguments, the values of a Piecewise among them."""
    if isinstance(expression, Piecewise):
        pairs = [(function(value), _condition(condition, function)) for value, condition in expression.args]
        same = all(one is two for old, new in zip(expression.args, pairs, strict=True)
                   for one, two in zip(old.args, new, strict=True))
        return expression if same else Piecewise(*pairs)
    arguments = [function(a) for a in expression.args]
    unchanged = all(a is b for a, b in zip(arguments, expression.args, strict=True))
    return expression if unchanged else expression.func(*arguments)


def _condition(condition: Basic, function: Callable[[Expr], Expr]) -> Basic:
    if not condition.args:
        return condition
    arguments = [function(a) if isinstance(a, Expr) else _condition(a, function) for a in condition.args]
    unchanged = all(a is b for a, b in zip(arguments, condition.args, strict=True))
    return condition if unchanged else condition.func(*arguments)
