"""The optimiser's assignments to scalars as a program over vectors: an update of all parameters, or of one."""

from __future__ import annotations

from collections.abc import Sequence

from codegen.lowering import lower
from codegen.program import Program
from derive.language.equations import Equation, Quantity, Role
from derive.language.expressions import Access, Index, free_indices
from derive.network import ENTRIES, Optimiser


def stages(optimiser: Optimiser) -> tuple[Sequence[Equation], Sequence[Equation]]:
    """The assignments up to the last that reads the gradients of all parameters, and those after it."""
    lines = optimiser.assignments
    last = max((place for place, line in enumerate(lines, 1) if "G" in line.reads), default=0)
    return lines[:last], lines[last:]


def over_vectors(optimiser: Optimiser, assignments: Sequence[Equation]) -> Program:
    """The assignments to scalars as statements over vectors."""
    index = Index("i", ENTRIES)
    arrays = {"theta", "g", *optimiser.states}
    quantities = {n: Quantity(n, (index,)) for n in arrays}
    quantities |= {n: Quantity(n, (), Role.CONSTANT) for n in (*optimiser.constants, "k", "K")}
    equations = []
    for equation in assignments:
        forth = {a: Access("g", *a.indices) if a.name == "G" else Access(a.name, index)
                 for a in equation.body.atoms(Access) | {equation.target}
                 if a.name == "G" or a.name in arrays and not a.indices}
        body = equation.body.xreplace(forth)
        if equation.name not in quantities:
            own = (index,) if index in free_indices(body) else ()
            if own:
                arrays.add(equation.name)
            quantities[equation.name] = Quantity(equation.name, own)
            forth[equation.target] = Access(equation.name, *own)
        equations.append(Equation(forth[equation.target], body))
    return lower(equations, quantities, {})
