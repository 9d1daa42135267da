"""Whether two expressions are one, but for the names of axes."""

from __future__ import annotations

from sympy.core.basic import Basic

from derive.language.expressions import Index, Reduction


def structure(expression: Basic) -> tuple[object, list[Index]]:
    """A key that is equal for expressions equal up to the names of axes, and the free indices as it meets them."""
    order: dict[Index, int] = {}
    bound: list[Index] = []

    def walk(node: Basic) -> object:
        if isinstance(node, Index):
            if node in bound:
                return "bound", len(bound) - 1 - bound[::-1].index(node), node.size
            return order.setdefault(node, len(order)), node.size
        if isinstance(node, Reduction):
            bound.extend(node.indices)
            key = (node.func.__name__, tuple(i.size for i in node.indices), walk(node.body))
            del bound[len(bound) - len(node.indices):]
            return key
        if not node.args:
            return node
        return node.func, tuple(walk(a) for a in node.args)

    return walk(expression), list(order)
