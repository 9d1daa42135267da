"""The optimiser: one update of one parameter, and what is done with the gradients of all of them before."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sympy import Expr

from codegen.index_text import equation_text
from codegen.targets.jax.printer import EntriesPrinter
from codegen.targets.numpy.layout import comment, filled, plain, wrapped
from codegen.targets.numpy.update import argument
from codegen.update import stages
from derive.language.equations import Equation, Quantity
from derive.language.expressions import Access, Index, Sum, names
from derive.network import ENTRIES, Optimiser


@dataclass(frozen=True)
class Update:
    """The bodies of the functions.

    Attributes:
        together: what is done with all gradients, empty where each parameter is updated by itself.
        numbers: the constants that the options hold, and K where it is read (how many updates there will be).
    """

    docstring: str
    body: str
    together: str
    numbers: list[str]


def update(optimiser: Optimiser) -> Update:
    """The assignments as functions of arrays of any shape."""
    together, each = stages(optimiser)
    entries = _Entries(optimiser)
    body = entries.body(each, ["theta", *optimiser.states])
    states = ", ".join(f'"{state}": {state}' for state in optimiser.states)
    return Update(_docstring(optimiser), "\n".join([*body, f"    return theta, {{{states}}}"]),
                  "\n".join([*entries.together(together), "    return gradients"]) if together else "",
                  [*optimiser.constants, *("K" for _ in range(any("K" in line.reads for line in optimiser.assignments)))])


def _docstring(optimiser: Optimiser) -> str:
    what = f"One update of a parameter by {optimiser.name.replace('_', ' ')}."
    if not optimiser.source:
        return what
    return "\n".join([what, "", *filled(f"Source: {plain(optimiser.source)}", indent="    "), "    "])


class _Entries:
    """Prints assignments to scalars as assignments to arrays of them."""

    def __init__(self, optimiser: Optimiser) -> None:
        self.optimiser = optimiser
        self.index = Index("i", ENTRIES)
        self.arrays = {"theta", "g", *optimiser.states}
        quantities = {name: Quantity(name, (self.index,)) for name in self.arrays}
        quantities |= {name: Quantity(name) for name in (*optimiser.constants, "k", "K")}
        self.printer = EntriesPrinter(quantities, argument, lambda name: False, "theta.dtype")

    def body(self, lines: Sequence[Equation], kept: Sequence[str]) -> list[str]:
        assigned = [line for equation in lines for line in self._assignment(equation)]
        read = set(re.findall(r"\w+", "\n".join(line for line in assigned if not line.lstrip().startswith("#"))))
        opening = [*_unpacked([state for state in self.optimiser.states if state in read], "state"),
                   *_unpacked([name for name in (*map(argument, self.optimiser.constants), "K") if name in read], "options")]
        if "k" in read:
            opening.append("    k = k.astype(theta.dtype)")
        return wrapped([*opening, *assigned])

    def together(self, lines: Sequence[Equation]) -> list[str]:
        """Assignments to the gradients of all parameters, or to numbers that are found from them."""
        assigned: list[str] = []
        for equation in lines:
            assigned += comment(equation_text(equation))
            body = equation.body
            for number, total in enumerate(sorted(body.atoms(Sum), key=str), 1):
                name = f"total{number}"
                self.printer.quantities = {**self.printer.quantities, name: Quantity(name)}
                entry = {a: Access("g", self.index) for a in total.atoms(Access) if a.name == "G"}
                one = self._text(Sum(total.body.xreplace(entry), self.index))
                assigned.append(f"    {name} = sum({one} for g in gradients.values())")
                body = body.xreplace({total: Access(name)})
            code = self._text(self._of_arrays(body))
            assigned += ["    gradients = {", f"        name: {code}", "        for name, g in gradients.items()", "    }"]
        read = set(re.findall(r"\w+", "\n".join(assigned)))
        return wrapped([*_unpacked([n for n in map(argument, self.optimiser.constants) if n in read], "options"), *assigned])

    def _assignment(self, equation: Equation) -> list[str]:
        body = self._of_arrays(equation.body)
        if equation.name not in self.printer.quantities:
            own = (self.index,) if names(equation.body) & self.arrays and not isinstance(equation.body, Sum) else ()
            self.printer.quantities = {**self.printer.quantities, equation.name: Quantity(equation.name, own)}
            if own:
                self.arrays.add(equation.name)
        return [*comment(equation_text(equation)), f"    {argument(equation.name)} = {self._text(body)}"]

    def _of_arrays(self, body: Expr) -> Expr:
        return body.xreplace({a: Access(a.name, self.index) for a in body.atoms(Access)
                              if a.name in self.arrays and not a.indices})

    def _text(self, expression: Expr) -> str:
        return self.printer.line(self.printer.text(expression, (self.index,)))


def _unpacked(names: Sequence[str], source: str) -> list[str]:
    """Entries of a dict by their names."""
    return [f'    {name} = {source}["{name}"]' for name in names]
