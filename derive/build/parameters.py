"""Parameters: how they start, which are frozen or tied, and how they are updated."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from derive.build.parts import Parts, times
from derive.catalogue.initialisers import INITIALISERS
from derive.catalogue.optimisers import OPTIMISERS
from derive.file.formulas import Scope, parse_equation
from derive.language.equations import Equation, Role
from derive.language.expressions import Access
from derive.network import Initialiser, Optimiser


@dataclass(frozen=True)
class _Usual:
    """The choice where the file makes none."""

    name: str
    options: dict[str, Any] = field(default_factory=dict)


def tie(parts: Parts) -> None:
    """A tied parameter becomes an equation: W3[k,j] = W1[j,k]."""
    for said, (other, transposed) in parts.file.tied.items():
        mine = parts.parameter(said, "tied", said, key=True)
        theirs = parts.parameter(other, "tied", said)
        if mine is theirs:
            raise parts.error(f"{said} is tied to itself", "tied", said, help="tie it to another parameter")
        indices = mine.indices[::-1] if transposed else mine.indices
        shape = parts.shape(mine)[::-1] if transposed else parts.shape(mine)
        if shape != parts.shape(theirs):
            turned = f"the transpose of {other}" if transposed else other
            have = parts.shape(theirs)[::-1] if transposed else parts.shape(theirs)
            raise parts.error(f"{said} has the shape {times(parts.shape(mine))}, and {turned} has {times(have)}",
                              "tied", said, help="only parameters of one shape can be tied")
        for one, of_other in zip(indices, theirs.indices, strict=True):
            parts.unify(of_other.size, one.size)
        parts.quantities[mine.name] = replace(mine, role=Role.INTERMEDIATE, meaning=f"{mine.meaning}, tied to {theirs.name}")
        parts.equations.append(Equation(mine.entry, Access(theirs.name, *indices)))


def frozen(parts: Parts) -> list[str]:
    """The parameters that training leaves alone."""
    return [parts.parameter(said, "frozen", place).name for place, said in enumerate(parts.file.frozen)]


def initial(parts: Parts) -> dict[str, Initialiser]:
    """How every parameter starts; weights by Glorot's rule and biases at 0 where the file says nothing."""
    weights = _initialiser(parts, parts.file.initialiser or _Usual("glorot_uniform"), "initialiser")
    start = {name: weights if len(parts.quantities[name].indices) > 1 else Initialiser("zeros")
             for name in parts.parameters}
    for said, value in parts.file.parameters.items():
        quantity = parts.parameter(said, "parameters", said, key=True)
        if not hasattr(value, "nested"):
            start[quantity.name] = _initialiser(parts, value, "parameters", said)
            continue
        if value.shape != parts.shape(quantity):
            raise parts.error(
                f"{said} ({quantity.meaning}) has the shape {times(parts.shape(quantity))}, and the numbers here have "
                f"{times(value.shape)}", "parameters", said,
                help="write one row for each unit that is read, with one number for each unit of the layer"
                if len(parts.shape(quantity)) == 2 else "write as many numbers as the parameter has")
        start[quantity.name] = Initialiser("given", values=value.nested())
    return start


def _initialiser(parts: Parts, choice: Any, *path: str) -> Initialiser:
    entry = parts.entry(choice, INITIALISERS, "initialiser", *path)
    return Initialiser(choice.name, parts.options(choice, entry.options, "initialiser", *path))


def optimiser(parts: Parts) -> Optimiser:
    """The assignments of the optimiser; plain gradient descent where the file names none."""
    choice = parts.file.optimiser or _Usual("gradient_descent")
    entry = parts.entry(choice, OPTIMISERS, "optimiser", "optimiser")
    constants = parts.options(choice, entry.options, "optimiser", "optimiser")
    lines = [line.strip() for line in entry.text.splitlines()]
    states = dict.fromkeys(line.split("=")[0].strip() for line in lines)
    scope = Scope(dict.fromkeys(["theta", "g", "k", *states, *constants], ()))
    del states["theta"]
    assignments = tuple(Equation(*parse_equation(line, scope)) for line in lines)
    return Optimiser(choice.name, assignments, tuple(states), constants, entry.source)
