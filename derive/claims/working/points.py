"""A working with numbers: those that are given, and those that its equations make of them."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sympy import Expr

from derive.claims.working.equations import TooLarge, given
from derive.claims.working.evaluation import Function, compiled
from derive.claims.working.names import Name, access, entry, meant, nodes_of
from derive.claims.working.routes import Working
from derive.instantiate import Entry, number
from derive.language.equations import Role
from derive.language.expressions import Access

MOST_NODES = 1000  # that are computed one by one


class Unknown(Exception):
    """The file gives no number for a node, or none can be computed."""

    def __init__(self, what: Access) -> None:
        self.what = what


@dataclass(frozen=True)
class Line:
    """node = body, and what the body reads."""

    node: Access
    entry: Entry
    body: Expr
    reads: tuple[Entry, ...]

    @cached_property
    def compute(self) -> Function:
        """The number of the node from those that it reads."""
        return compiled(self.body)


class Point(Mapping[Entry, float]):
    """The numbers of a working, made when they are asked for.

    Args:
        given: the numbers of nodes that have no equation, or too large a one; it leaves out those that it does not know.

    Raises (from a look-up):
        Unknown: there is no number.
        TooLarge: too many have to be computed for it.
    """

    def __init__(self, working: Working, given: Callable[[Sequence[Access]], Mapping[Access, float]]) -> None:
        self.working, self.given = working, given
        self._numbers: dict[Entry, float] = {}
        self._lines: dict[Access, tuple[Line, ...]] = {}
        self._all_lines: dict[Expr, tuple[Line, ...]] = {}

    def __getitem__(self, key: Entry) -> float:
        if key not in self._numbers:
            for line in self._leading_to(access(key)):
                if line.entry not in self._numbers:
                    self._numbers[line.entry] = number(line.body, self._numbers)
        return self._numbers[key]

    def __iter__(self):
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)

    def value(self, expression: Expr) -> float:
        """The value of an expression over nodes; nan where it has none."""
        self.look_up(expression)
        return number(expression, self._numbers)

    def look_up(self, expression: Expr | float) -> None:
        """Have the numbers of the nodes that an expression reads."""
        for node in nodes_of(expression) if isinstance(expression, Expr) else ():
            if entry(node) not in self._numbers:
                self[entry(node)]

    def lines(self, expression: Expr) -> tuple[Line, ...]:
        """What an expression is computed from, each line after those that it reads."""
        if expression not in self._all_lines:
            found = (line for node in nodes_of(expression) for line in self._leading_to(node))
            self._all_lines[expression] = tuple(dict.fromkeys(found))
        return self._all_lines[expression]

    def _leading_to(self, node: Access) -> tuple[Line, ...]:
        """The lines up to a node, itself included; the numbers that are given are looked up."""
        if node not in self._lines:
            found: dict[Access, Line] = {}
            leaves: dict[Access, Exception] = {}
            path = [(node, False)]
            while path:  # depth first without recursion: a network may be deep
                at, ready = path.pop()
                if at in found or at in leaves:
                    continue
                try:
                    [body, *_] = self.working.routes(at) or [None]
                except TooLarge as error:
                    body, leaves[at] = None, error
                if body is None:
                    leaves.setdefault(at, Unknown(at))
                elif ready:
                    found[at] = Line(at, entry(at), body, tuple(map(entry, nodes_of(body))))
                else:
                    path.append((at, True))
                    path += ((read, False) for read in reversed(nodes_of(body)) if read not in found)
                if len(found) + len(path) > MOST_NODES:
                    raise TooLarge(node)
            self._look_up_leaves(leaves)
            self._lines[node] = tuple(found.values())
        return self._lines[node]

    def _look_up_leaves(self, leaves: Mapping[Access, Exception]) -> None:
        """The numbers of nodes that are not computed, or what is to be raised where there is none."""
        wanted = [leaf for leaf in leaves if entry(leaf) not in self._numbers]
        found = self.given(wanted) if wanted else {}
        for leaf in wanted:
            if leaf not in found:
                raise leaves[leaf]
            self._numbers[entry(leaf)] = found[leaf]

    def changed(self, expression: Expr, changes: Mapping[Access, Expr | float],
                carried_on: Callable[[float], float] | None = None) -> float:
        """The value of an expression where some nodes are computed in another way, or are other numbers.

        Args:
            carried_on: what becomes of every number that is computed on the way, as rounding.
        """
        self.value(expression)  # and with it the lines that lead there
        for change in changes.values():
            self.look_up(change)
        numbers, moved = dict(self._numbers), set[Entry]()
        for node, change in changes.items():
            if not isinstance(change, Expr):
                numbers[entry(node)] = change
                moved.add(entry(node))
        for line in self.lines(expression):
            change = changes.get(line.node)
            if isinstance(change, Expr):
                numbers[line.entry] = number(change, numbers)
            elif change is None and (carried_on or not moved.isdisjoint(line.reads)):
                numbers[line.entry] = line.compute(numbers)
            elif not carried_on:
                continue
            if carried_on:
                numbers[line.entry] = carried_on(numbers[line.entry])
            moved.add(line.entry)
        return number(expression, numbers)


# -- what is given -----------------------------------------------------------------------------------------------------


def at_random(working: Working, seed: int) -> Point:
    """A point at which every input, target and parameter is random, and of its kind."""
    equations = working.equations

    def number_of(node: Access) -> float:
        fixed = equations.fixed(node)
        return _drawn(working, node, seed) if fixed is None else fixed

    def numbers(nodes: Sequence[Access]) -> dict[Access, float]:
        return {node: number_of(node) for node in nodes if is_given(meant(node.name))}

    def is_given(name: Name) -> bool:
        """Whether it is an input, a target, or what the optimiser starts from."""
        quantity = name.of.partition(".")[0]
        return not name.by and quantity not in equations.system.definitions and name.updates <= working.start

    return Point(working, numbers)


def _drawn(working: Working, node: Access, seed: int) -> float:
    name, _, state = meant(node.name).of.partition(".")
    network, quantity = working.network, working.equations.system.quantities[name]
    generator = random.Random(f"{seed} {node}")
    if state:  # some of them have roots taken
        return generator.uniform(0.2, 1.3)
    if quantity.role is not Role.TARGET:
        # Away from 0 and from each other, and small enough that no sigmoid is all but 0 or 1.
        return generator.choice((-1, 1)) * generator.uniform(0.2, 1.3)
    if quantity.name == network.sample_weight:
        return generator.uniform(0.5, 1.5)
    if network.kind == "margin":
        return generator.choice((-1.0, 1.0))
    drawn = generator.uniform(0.1, 0.9)
    if not quantity.facts:
        return drawn
    # What is declared of a target: it sums to 1 over its last axis.
    row = [Access(node.name, *node.indices[:-1], last) for last in range(working.equations.shape(node.name)[-1])]
    return drawn / sum(random.Random(f"{seed} {other}").uniform(0.1, 0.9) for other in row)


def of_the_file(working: Working, data: Mapping[str, Any], elsewhere: Callable[[Access], float | None],
                read: Callable[[Sequence[Access]], None]) -> Point:
    """The point of the file's own numbers.

    Args:
        elsewhere: the numbers that the file does not give, as parameters that are drawn.
        read: is told which of these will be asked for.
    """
    known = working.equations.constants

    def here(node: Access) -> float | None:
        name, key = meant(node.name), entry(node)
        if key in known:
            return known[key]
        if name.by or name.updates:
            return None
        return data[name.of][key[1]] if name.of in data else given(working.network, name.of, key[1])

    def numbers(nodes: Sequence[Access]) -> dict[Access, float]:
        found = {node: here(node) for node in nodes}
        missing = [node for node, value in found.items() if value is None]
        read(missing)
        found |= {node: elsewhere(node) for node in missing}
        return {node: float(value) for node, value in found.items() if value is not None}

    return Point(working, numbers)
