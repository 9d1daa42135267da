"""The optimiser: one update of the flat vector of parameters, in place."""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from codegen.index_text import equation_text
from codegen.program import Program, flat
from codegen.targets.numpy.buffered import Buffered, buffered
from codegen.targets.numpy.call_printer import CallPrinter
from codegen.targets.numpy.layout import WIDTH, comment, filled, plain, wrapped
from codegen.targets.numpy.printer import NumpyPrinter
from codegen.update import over_vectors, stages
from derive.language.equations import Equation
from derive.network import Optimiser


@dataclass(frozen=True)
class Update:
    """A function that updates vectors in place, and what it is called with.

    Attributes:
        vectors: `theta`, `g`, states and scratch vectors, as many as it takes.
        numbers: constants, `k` (the number of the update) and `K` (how many there will be).
        scratch: those of the vectors whose values are used up.
        before: what is done with the gradients of all parameters before, where each parameter is updated by itself.
    """

    name: str
    body: str
    signature: str
    docstring: str
    vectors: list[str]
    numbers: list[str]
    scratch: list[str]
    before: Update | None = None


def update(optimiser: Optimiser) -> Update:
    """One optimiser step over the flat vector of parameters, or over the part of it that is one parameter."""
    together, each = stages(optimiser)
    if not optimiser.by_parameter or not together:
        return _function("_update", optimiser, optimiser.assignments)
    before = _function("_clip", optimiser, together, keeps_gradient=True)
    made = _function("_update", optimiser, each)
    return replace(made, before=before, scratch=list(dict.fromkeys([*before.scratch, *made.scratch])))


def _function(name: str, optimiser: Optimiser, assignments: Sequence[Equation], keeps_gradient: bool = False) -> Update:
    program = over_vectors(optimiser, assignments)
    scalars = ("k", "K", *optimiser.constants)
    given = {"theta": (True, True), "g": (True, keeps_gradient),
             **dict.fromkeys((*optimiser.states, *scalars), (True, True))}
    result = buffered(program, given)
    names = {n: argument(result.rename.get(n, n)) for n in result.quantities}
    printer = NumpyPrinter(result.quantities, lambda n: names[n], lambda n: not result.quantities[n].indices, "theta.dtype")
    lines = _lines(assignments, program, result, CallPrinter(printer, lambda n: names[n]))
    scratch = [group[0] for group, _, _ in result.arrays]
    shared = [(names[n], group[0]) for group, _, _ in result.arrays for n in group[1:]]
    shared += [(names[n], place) for n, place, _ in result.reshaped]
    lines = [*(f"    {name} = {place}  # they share their memory" for name, place in shared), *lines]
    used = set(re.findall(r"\w+", "\n".join(line for line in lines if not line.lstrip().startswith("#"))))
    vectors = [n for n in ("theta", "g", *optimiser.states, *scratch) if n in used]
    numbers = [n for n in scalars if argument(n) in used]
    arguments = [*(f"{n}: Array" for n in vectors),
                 *(f"{argument(n)}: {'int' if n in ('k', 'K') else 'float'}" for n in numbers)]
    signature = ", ".join(arguments)
    if len(signature) > WIDTH - 24:
        signature = "\n    " + ",\n    ".join(arguments) + ",\n"
    return Update(
        name, "\n".join(wrapped(lines)), signature, _docstring(optimiser, keeps_gradient), vectors, numbers, scratch)


def argument(name: str) -> str:
    """The name of a constant as an argument."""
    return f"{name}_" if keyword.iskeyword(name) else name


def _lines(assignments: Sequence[Equation], program: Program, result: Buffered, calls: CallPrinter) -> list[str]:
    """The calls, each under the text of its assignment."""
    lines: list[str] = []
    last, said = None, ""
    for call in result.calls:
        if call.statement is not last:
            last, before = call.statement, said
            place = next(i for i, s in enumerate(program.statements) if s is last)
            said = _assignment_text(assignments, program, place)
            lines += comment(said) if said != before else []
        code = calls.text(call)
        if code is not None:
            lines.append(f"    {code}")
    return lines


def _assignment_text(assignments: Sequence[Equation], program: Program, place: int) -> str:
    """The assignment that a statement belongs to; one name may be assigned more than once."""
    statements = tuple(flat(program.statements))
    statement = statements[place]
    matching = [e for e in assignments if e.name == statement.owner]
    finished = sum(s.name == s.owner == statement.owner for s in statements[:place])
    return equation_text(matching[finished]) if matching else statement.owner


def _docstring(optimiser: Optimiser, clips: bool) -> str:
    if clips:
        return "Clip the gradients of all parameters, in place."
    lines = [f"One update by {optimiser.name.replace('_', ' ')}, in place.", "",
             "    theta are the parameters, and g is their gradient, which is used up."]
    if optimiser.source:
        lines += ["", *filled(f"Source: {plain(optimiser.source)}", indent="    ")]
    return "\n".join([*lines, "    "])
