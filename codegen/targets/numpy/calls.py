"""Calls of NumPy functions, and the loops and conditions in which they stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from sympy import Expr

from codegen.memory import Use
from codegen.program import Block, Guard, Statement
from derive.language.equations import Quantity
from derive.language.expressions import Access, Index, names


@dataclass(frozen=True)
class Call:
    """One call: target = function(arguments).

    Attributes:
        operation: how the call is written: "ufunc", "contract", "reduce", "squares" (the sum of all squares),
            "gather", "scatter", "copy", "masked", "scalar" (a Python expression) or "helper" (a function of the
            module that is given scratch arrays).
        counts: whether the arguments are positions, which are whole numbers.
        statement: the statement that it belongs to.
        depth: how many loops and conditions it stands in.
    """

    operation: str
    function: str
    arguments: tuple[Expr, ...]
    target: Access
    statement: Statement
    counts: bool = False
    depth: int = 0

    @property
    def axes(self) -> tuple[Index, ...]:
        return replace(self.statement, target=self.target).axes

    def use(self, quantities: Mapping[str, Quantity]) -> Use:
        """What the call does to memory."""
        reads = frozenset().union(*map(names, self.arguments))
        overwrites = set()
        if self.operation in ("ufunc", "copy"):
            # Entry by entry: an argument that lies exactly like the target may lie in the same place.
            for argument in self.arguments:
                if isinstance(argument, Access) and argument.indices == self.target.indices and \
                        quantities[argument.name].shape == quantities[self.target.name].shape:
                    others = [a for a in self.arguments if a is not argument and argument.name in names(a)]
                    if all(a == argument for a in others):
                        overwrites.add(argument.name)
        partly = self.operation == "masked" or self.statement.partial and self.target.name == self.statement.name
        if partly:
            reads |= {self.target.name}
        return Use(self.target.name, reads, frozenset(overwrites))


@dataclass(frozen=True)
class CallBlock:
    """The calls of a loop or a condition."""

    block: Block
    calls: tuple[Call | CallBlock, ...]

    def once(self, depth: int = 0) -> Iterator[Call | Heading]:
        """The calls as they are written, under the lines that open the blocks."""
        first = next(c for c in flat_calls(self.calls))
        yield Heading(self.block, first.statement, depth)
        for call in self.calls:
            if isinstance(call, CallBlock):
                yield from call.once(depth + 1)
            else:
                yield replace(call, depth=depth + 1)

    def twice(self) -> Iterator[Call]:
        """The calls as they run: in a loop, what is written in one step may be read in the next."""
        for _ in range(1 if isinstance(self.block, Guard) else 2):
            yield from flat_calls(self.calls)


@dataclass(frozen=True)
class Heading:
    """The line that a loop or a condition begins with, and the statement that comes first in it."""

    block: Block
    statement: Statement
    depth: int


def flat_calls(calls: Iterable[Call | CallBlock]) -> Iterator[Call]:
    for call in calls:
        if isinstance(call, CallBlock):
            yield from call.twice()
        else:
            yield call


class Scratch(Access):
    """An array that a helper function may write into."""
