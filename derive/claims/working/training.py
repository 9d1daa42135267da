"""Training a small network as one function of numbers: the equations of an update, written out and compiled."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from sympy import Expr, Symbol
from sympy.printing.pycode import PythonCodePrinter

from derive.claims.working.names import entry, meant, nodes_of
from derive.claims.working.points import Point
from derive.claims.working.routes import Working
from derive.claims.working.updates import update
from derive.instantiate import Entry
from derive.language.expressions import Access

COUNT = Symbol("k")  # of the update that is made, from 1


class Training:
    """The parameters after updates; those that were asked for are kept.

    Raises:
        TooLarge, Unknown: an update cannot be written out, or the numbers before the first are not known.
    """

    def __init__(self, point: Point) -> None:
        working = point.working
        parameters = [node for name in working.trained for node in working.equations.entries(name)]
        states = [Access(f"{node.name}.{state}", *node.indices) for node in parameters
                  for state in working.network.optimiser.states]
        self._moving = [*map(entry, parameters), *map(entry, states)]
        self._step = _compiled(working, point, [*parameters, *states])
        self._kept = {0: tuple([*(point[entry(node)] for node in parameters), *(0.0 for _ in states)])}

    def after(self, updates: int) -> dict[Entry, float]:
        """The numbers of parameters and states after so many updates."""
        if updates not in self._kept:
            start = max(kept for kept in self._kept if kept <= updates)
            try:
                self._kept[updates] = self._step(start, updates, *self._kept[start])
            except (ArithmeticError, ValueError):  # ValueError: the mathematical domain of a function
                self._kept[updates] = (math.nan,) * len(self._moving)
        return dict(zip(self._moving, self._kept[updates], strict=True))


def _compiled(working: Working, point: Point, moving: list[Access]) -> Callable[..., tuple[float, ...]]:
    """f(k, K, …) = the moving numbers after K updates from those after k."""
    names = {node: f"v{number}" for number, node in enumerate(moving)}
    following = {working.at(node, 1): node for node in moving}
    bodies = {later: update(working, later, meant(later.name), COUNT) for later in following}
    lines: dict[Access, Expr] = {}
    for later, body in bodies.items():
        for line in point.lines(body):
            lines.setdefault(line.node, bodies.get(line.node, line.body))
        lines.setdefault(later, body)
    for number, node in enumerate(lines):
        names.setdefault(node, f"t{number}")
    code = [f"def steps(k, last, {', '.join(names[node] for node in moving)}):", "    while k < last:", "        k += 1"]
    printer = _Printer({"fully_qualified_modules": True})
    for node, body in lines.items():
        known = {read: Symbol(names[read]) if read in names else point[entry(read)] for read in nodes_of(body)}
        code.append(f"        {names[node]} = {printer.doprint(body.xreplace(known))}")
    ours = ", ".join(names[node] for node in moving)
    code.append(f"        {ours}, = {', '.join(names[later] for later in following)},")
    code.append(f"    return {ours},")
    made: dict[str, Any] = {"math": math}
    exec("\n".join(code), made)
    steps: Callable[..., tuple[float, ...]] = made["steps"]
    return steps


class _Printer(PythonCodePrinter):
    """Numbers as they are, and 0 for the sign of 0."""

    def _print_Float(self, number: Expr) -> str:
        return repr(float(number))

    def _print_sign(self, node: Expr) -> str:
        of = self._print(node.args[0])
        return f"((({of}) > 0) - (({of}) < 0))"


