"""A local derivative in terms of the output it belongs to: a·(1−a) for the sigmoid, 1−a² for tanh.

Found by algebra: the definition a = f(κ) is solved for the function κ that it is built from (exp(−z), tanh(z), …),
and the solution put into the derivative.  Nothing is looked up.
"""

from __future__ import annotations

import sympy
from sympy import Dummy, Expr, Function, Mul, Piecewise, Pow, default_sort_key

from derive.language.expressions import Access, Index, Maximum, Reduction
from derive.language.substitution import same_up_to_bound_names, substitute
from derive.rewrites.algebra import divisors, is_small, shorter, tidy


def in_terms_of_output(derivative: Expr, target: Access, body: Expr) -> Expr:
    """The derivative of `target = body`, rewritten with accesses of the target where that is shorter."""
    if isinstance(body, Maximum):  # the largest entry is the output, wherever entries are compared with it
        derivative = derivative.xreplace({node: substitute(target, place) for node, place in _instances(body, derivative)})
    best = tidy(derivative)
    if isinstance(body, Piecewise):
        branched = [f for f in Mul.make_args(best) if isinstance(f, Piecewise)]
        return best.xreplace({f: _by_branches(f, target, body) for f in branched})
    for kernel in _kernels(body):
        solution = _solve(body, target, kernel)
        if solution is None:
            continue
        for form in dict.fromkeys((derivative, best)):  # exp(z)² may stand as exp(2z) in one and not in the other
            instances = {node: substitute(solution, place) for node, place in _instances(kernel, form)}
            candidate = tidy(_replace_outside_sums(form, instances))
            # A form may not divide by anything that the old one does not divide by: it could be 0.  Nor may a
            # function be left beside the output that grows while the output falls: their product could be ∞ · 0.
            if shorter(candidate, best) and divisors(candidate) <= divisors(best) and not _grows(candidate):
                best = candidate
    return best


def _grows(expression: Expr) -> bool:
    """Whether a function that grows exponentially stands outside of all sums."""
    if isinstance(expression, (Access, Reduction)):
        return False
    return (isinstance(expression, (sympy.exp, sympy.sinh, sympy.cosh)) and expression.has(Access)
            or any(map(_grows, expression.args)))


def _by_branches(derivative: Piecewise, target: Access, body: Piecewise) -> Expr:
    of = {condition: value for value, condition in body.args}
    pairs = [(in_terms_of_output(value, target, of[condition]) if condition in of else value, condition)
             for value, condition in derivative.args]
    return Piecewise(*pairs)


def _kernels(body: Expr) -> list[Expr]:
    """The functions of the body outside of its sums, outermost first: what the output can be solved for."""
    found: dict[Expr, None] = {}

    def walk(node: Expr) -> None:
        if isinstance(node, (Access, Reduction)):
            return
        if isinstance(node, (Function, sympy.exp)) or isinstance(node, Pow) and not node.exp.is_Integer:
            if node.has(Access):
                found.setdefault(node)
            return
        for argument in node.args:
            walk(argument)

    walk(body)
    return list(found)


def _solve(body: Expr, target: Access, kernel: Expr) -> Expr | None:
    """Solve target = body for the kernel, where the body is a ratio of two polynomials of degree 1 in it."""
    unknown, output = Dummy("kernel", real=True), Dummy("output", real=True)
    if not is_small(body):
        return None
    numerator, denominator = sympy.fraction(sympy.together(body.xreplace({kernel: unknown})))
    equation = sympy.expand(numerator - output * denominator)
    slope = equation.coeff(unknown, 1)
    offset = equation.coeff(unknown, 0)
    if slope.is_zero or sympy.expand(equation - slope * unknown - offset) != 0 or offset.has(unknown):
        return None
    return (-offset / slope).xreplace({output: target})


def _instances(kernel: Expr, derivative: Expr) -> list[tuple[Expr, dict[Index, Expr]]]:
    """Where the kernel stands in the derivative, perhaps at other indices, with the indices it stands at."""
    places = ((node, _place(kernel, node)) for node in sorted(derivative.atoms(type(kernel)), key=default_sort_key))
    return [(node, place) for node, place in places if place is not None]


def _replace_outside_sums(expression: Expr, replacement: dict[Expr, Expr]) -> Expr:
    if expression in replacement:
        return replacement[expression]
    if isinstance(expression, (Access, Reduction)) or not expression.args:
        return expression
    return expression.func(*(_replace_outside_sums(a, replacement) for a in expression.args))


def _place(pattern: Expr, node: Expr) -> dict[Index, Expr] | None:
    """The indices that turn the pattern into the node."""
    place: dict[Index, Expr] = {}
    mine = [a for a in sympy.preorder_traversal(pattern) if isinstance(a, Access)]
    theirs = [a for a in sympy.preorder_traversal(node) if isinstance(a, Access)]
    if len(mine) != len(theirs):
        return None
    for one, other in zip(mine, theirs, strict=True):
        if one.name != other.name:
            return None
        for index, position in zip(one.indices, other.indices, strict=True):
            if isinstance(index, Index) and place.setdefault(index, position) != position:
                return None
    return place if same_up_to_bound_names(substitute(pattern, place)) == same_up_to_bound_names(node) else None
