"""The training step: loss and gradients of one batch, written into arrays that are made once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod

from codegen.index_text import equation_text
from codegen.passes import (
    branches_as_maxima,
    copies_propagated,
    definitions_expanded,
    is_compound,
    short_rows_turned,
    sums_as_products,
    without_common_subexpressions,
    without_dead_code,
    zeros_as_arrays,
)
from codegen.program import Program
from codegen.targets.numpy.buffered import Buffered, buffered
from codegen.targets.numpy.call_printer import CallPrinter
from codegen.targets.numpy.calls import Heading
from codegen.targets.numpy.layout import WIDTH, comment, returned, unpacking, wrapped
from codegen.targets.numpy.lowered import Lowered, shape_text
from derive.language.equations import Equation, Quantity, Role
from derive.language.expressions import names
from derive.network import Network


@dataclass(frozen=True)
class Step:
    body: str
    workspace: str
    helpers: set[str]


def training_step(lowered: Lowered) -> Step:
    """The body of `_step`, that of `_workspace` with the arrays that it needs, and the functions that it calls."""
    network, identifier = lowered.network, lowered.identifier
    gradient_of = {n: lowered.gradient_of[n] for n in network.trained if n in lowered.gradient_of}
    result = _in_buffers(lowered, gradient_of)
    names = {n: identifier(result.rename.get(n, n)) for n in result.quantities}
    typed = {n: identifier(f"typed_{n}") for n in lowered.constant_arrays}
    names |= typed
    printer = lowered.printer(result.quantities, lambda name: names[name])
    printer.ranges = {}
    calls = CallPrinter(printer, lambda name: names[name])
    calls.arrays = frozenset(_given(lowered, gradient_of))
    lines = _calls(lowered, result, calls, {gradient: n for n, gradient in gradient_of.items()})
    for place, name in enumerate(network.trained):
        if name not in gradient_of:  # the loss does not depend on it
            lines.append(f"    gradients[{place}].fill(0)")
    constants = [(name, code.replace(lowered.dtype, "memory.dtype")) for name, code in sorted(printer.ranges.items())]
    constants += [(name, f"{identifier(n)}.astype(memory.dtype)") for n, name in typed.items()]
    constants += _made(lowered, result)
    arrays = [*lowered.identifiers(n for group, _, _ in result.arrays for n in group),
              *lowered.identifiers(n for n, _, _ in result.reshaped), *(name for name, _ in constants)]
    opening = [*unpacking(lowered.identifiers(lowered.stored), "parameters"),
               *unpacking([identifier(gradient_of[n]) if n in gradient_of else "_" for n in network.trained],
                          "gradients"),
               *unpacking(arrays, "arrays")]
    if lowered.sampled and any(re.search(r"\bm\b", line) for line in lines if not line.lstrip().startswith("#")):
        opening.append(f"    m = {lowered.count(identifier(lowered.sampled))}")
    return Step("\n".join(opening + wrapped(lines)), _workspace(lowered, result, arrays, constants),
                printer.helpers)


def _in_buffers(lowered: Lowered, gradient_of: dict[str, str]) -> Buffered:
    outputs = lowered.network.loss, *gradient_of.values(), *lowered.running
    program: Program = without_dead_code(lowered.program.asking_for(*outputs))
    program = without_dead_code(copies_propagated(program))
    program = definitions_expanded(branches_as_maxima(program), keep=("sigmoid", "guarded"))
    program = without_common_subexpressions(program, worth=is_compound)
    program = zeros_as_arrays(short_rows_turned(sums_as_products(program)))
    constants = _constants(program.quantities, lowered)
    return buffered(program, _given(lowered, gradient_of) | dict.fromkeys(constants, (True, True)))


def _constants(quantities: Mapping[str, Quantity], lowered: Lowered) -> dict[str, Quantity]:
    """The constants that passes brought in."""
    return {n: q for n, q in quantities.items() if q.role is Role.CONSTANT and n not in lowered.quantities}


def _made(lowered: Lowered, result: Buffered) -> list[tuple[str, str]]:
    """The constant arrays that passes brought in and a call reads, and their code."""
    read = {name for call in result.calls if not isinstance(call, Heading) for a in call.arguments for name in names(a)}
    return [(lowered.identifier(name), f"np.full({shape_text([lowered.size(n) for n in quantity.shape])}, "
                                       f"{quantity.value}, memory.dtype)")
            for name, quantity in sorted(_constants(result.quantities, lowered).items()) if name in read]


def _given(lowered: Lowered, gradient_of: dict[str, str]) -> dict[str, tuple[bool, bool]]:
    """The arrays that exist, and whether each holds a value before, and must hold one after."""
    given = {n: (True, True) for n in (*lowered.stored, *lowered.data, *lowered.random)}
    given |= {n: (False, True) for n in gradient_of.values()}
    for name in lowered.network.constants:
        given.setdefault(name, (True, True))
    return given


def _calls(lowered: Lowered, result: Buffered, calls: CallPrinter, parameter_of: dict[str, str]) -> list[str]:
    """The calls, each equation's under its text (under its number alone where it goes on); layer by layer, updates
    stand between them."""
    textbook = {e.name: e for e in (*lowered.system.equations, *lowered.network.running)}
    layered = lowered.network.training.update_order == "layer_by_layer"
    lines: list[str] = []
    pending: list[str] = []
    said: set[str] = set()
    owner, named = "", False
    # An update uses the gradient up: it waits for those that read it.
    last_read = {name: place for place, call in enumerate(result.calls) if not isinstance(call, Heading)
                 for argument in call.arguments for name in names(argument)}
    gradient_of = {parameter: gradient for gradient, parameter in parameter_of.items()}
    for place, call in enumerate(result.calls):
        if call.statement.owner != owner:
            if owner in parameter_of:
                pending.append(parameter_of[owner])
            owner = call.statement.owner
            ready = [p for p in pending if last_read.get(gradient_of[p], -1) < place]
            if layered and ready and owner not in parameter_of:
                lines += _updates(lowered, ready)
                pending = [p for p in pending if p not in ready]
            named = False
        if isinstance(call, Heading):
            lines.append(f"    {calls.text(call)}")
            named = False
            continue
        if not named:
            lines += comment(_heading(owner, textbook.get(owner), owner in said), call.depth)
            said.add(owner)
            named = True
        code = calls.text(call)
        if code is not None:
            lines += [f"    {line}" for line in code.split("\n")]
    if owner in parameter_of:
        pending.append(parameter_of[owner])
    if layered and pending:
        lines += _updates(lowered, pending)
    return lines


def _heading(owner: str, equation: Equation | None, said: bool) -> str:
    """What stands above the calls of an equation."""
    number = f"({equation.number})" if equation and equation.number else ""
    if number and said:
        return number
    return owner if equation is None else f"{number}  {equation_text(equation)}".lstrip()


def _updates(lowered: Lowered, pending: Sequence[str]) -> list[str]:
    """Updates of the parameters whose gradients are known, as slices of the flat vector."""
    spans = {name: (begin, end) for name, begin, end in _spans(lowered.network)}
    parts = merged([spans[name] for name in pending], lowered.network.optimiser.by_parameter)
    named = ", ".join(lowered.identifiers(pending))
    return [f"    # update {named}", *(f"    update({begin}, {end})" for begin, end in parts)]


def merged(spans: Sequence[tuple[int, int]], each: bool) -> list[tuple[int, int]]:
    """Spans of the flat vector with neighbours as one, unless each is updated by itself."""
    found: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if found and found[-1][1] == begin and not each:
            begin, _ = found.pop()
        found.append((begin, end))
    return found


def _spans(network: Network) -> Iterator[tuple[str, int, int]]:
    """Where each trained parameter begins and ends in the flat vector."""
    end = 0
    for name in network.trained:
        begin, end = end, end + prod(size or 1 for size in network.shape(name))
        yield name, begin, end


def _workspace(lowered: Lowered, result: Buffered, names: Sequence[str], constants: Sequence[tuple[str, str]]) -> str:
    """The lines that make the arrays of a step; those that share memory are named together."""
    lines = []
    for group, shape, kind in result.arrays:
        sizes = ", ".join(map(str, shape))
        right = f"memory.array({sizes}{f', dtype={kind}' if kind else ''})"
        row: list[str] = []
        for name in lowered.identifiers(group):
            if row and len(" = ".join([*row, name, right])) > WIDTH - 4:
                lines.append("    " + " = ".join([*row, right]))
                row, right = [], row[0]
            row.append(name)
        lines.append("    " + " = ".join([*row, right]))
    for name, place, shape in result.reshaped:
        sizes = ", ".join(map(str, shape))
        lines.append(f"    {lowered.identifier(name)} = {lowered.identifier(place)}.reshape({sizes})")
    lines += [f"    {name} = {code}" for name, code in constants]
    return "\n".join(wrapped([*lines, *returned(names)]))
