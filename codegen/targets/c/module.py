"""The three files of the C target: the program, its header, and the Python module that builds and calls it."""

from __future__ import annotations

from math import prod
from typing import Any

from jinja2 import ChoiceLoader, PackageLoader, PrefixLoader

from codegen.index_text import equation_text
from codegen.targets.c.functions import Function
from codegen.targets.c.initialise import initialise
from codegen.targets.c.layout import comment
from codegen.targets.c.program import Functions
from codegen.targets.c.python import python
from codegen.targets.c.update import field, updates
from codegen.targets.numpy import module as numpy
from codegen.targets.numpy.lowered import Lowered, shape_text
from derive.calculus.record import Derivation
from derive.language.equations import Quantity, System
from derive.network import Network

SHORT = 200  # lines of a step


def emit(network: Network, derivation: Derivation) -> dict[str, str]:
    """The texts of the program, its header and its Python module."""
    if not network.optimiser.assignments:
        raise ValueError(f"the C target has no {network.optimiser.name}: take the NumPy target or another optimiser")
    if network.second_order:
        raise ValueError("the C target has no second derivatives: take the NumPy target, or leave out second_order")
    lowered = Lowered(network, derivation)
    functions = Functions(lowered)
    traced = [e.name for e in derivation.system.equations]
    before, updated = updates(network.optimiser, functions.prefix)
    written = {"forward": functions.forward(), "gradients": functions.gradients(), "trace": functions.trace(traced)}
    if lowered.running or network.frozen or functions.layered:
        written["step"] = functions.step()
    if lowered.running:
        written["statistics"] = functions.statistics()
    memory = _most(written.values())
    context = _common(functions, {**written, "update": updated, **({"before": before} if before else {})}, memory)
    started, drawn = initialise(network, {"theta": network.trained, "fixed": functions.others})
    context |= dict(initialise="\n".join(started), random_numbers=bool(drawn), helpers=context["helpers"] | drawn)
    context |= _training(functions, updated, memory, len(written["gradients"].lines))
    return {".c": _render("network.c.jinja", lowered, context), ".h": _render("network.h.jinja", lowered, context),
            ".py": _render("module.py.jinja", lowered, python(
                functions, traced, context, _render("_declarations.jinja", lowered, context)))}


def emit_trace(network: Network, derivation: Derivation, system: System) -> dict[str, str]:
    """The texts of a program that only traces a system."""
    lowered = Lowered(network, derivation, system)
    functions = Functions(lowered)
    traced = [e.name for e in system.equations]
    written = {"trace": functions.trace(traced)}
    context = _common(functions, written, _most(written.values()))
    context["declarations"] = _render("_trace_declarations.jinja", lowered, context)
    return {".c": _render("trace.c.jinja", lowered, context), ".h": _render("trace.h.jinja", lowered, context),
            ".py": _render("trace.py.jinja", lowered, python(
                functions, traced, context, context["declarations"]))}


#: The templates of this target, and those of the NumPy target for what they leave out.
TEMPLATES = ChoiceLoader([PackageLoader("codegen.targets.c"), numpy.TEMPLATES, PrefixLoader({"numpy": numpy.TEMPLATES})])


def _render(template: str, lowered: Lowered, context: dict[str, Any]) -> str:
    return numpy.template(template, lowered, TEMPLATES).render(context)


def _most(functions: Any) -> tuple[int, int]:
    """Memory that is enough for each of the functions, as (for each sample, always)."""
    each = [function.memory for function in functions]
    return max(m for m, _ in each), max(m for _, m in each)


def _common(functions: Functions, written: dict[str, Function], memory: tuple[int, int]) -> dict[str, Any]:
    """What every file lays out."""
    network, lowered = functions.network, functions.lowered
    return dict(
        prefix=functions.prefix, PREFIX=functions.prefix.upper(), file=network.name,
        title="\n".join(comment(" ".join(network.title.split()) or network.name, "")),
        functions={name: "\n".join(f.lines) for name, f in written.items()},
        helpers=set().union(*(f.helpers for f in written.values())),
        constants=[_constant(functions, q) for q in network.constants.values()],
        equations=["\n".join(comment(f"({e.number})  {equation_text(e)}", "")) for e in lowered.system.equations],
        arguments=functions.arguments, data=lowered.data, random=lowered.random, inputs=network.inputs,
        running=lowered.running, memory=memory, fixed=functions.fixed, parameters=functions.parameters,
        shapes=[(functions.names(n), shape_text(lowered.sizes(n)))
                for n in (*lowered.stored, *lowered.data, *lowered.random)],
        offsets=functions.spans,
    )


def _training(functions: Functions, updated: Function, memory: tuple[int, int], lines: int) -> dict[str, Any]:
    """What the files of a network that trains lay out besides."""
    network, lowered, optimiser = functions.network, functions.lowered, functions.network.optimiser
    batch = network.training.batch_size or next((len(a) for a in network.data.values()), 1)
    rows, end = _rows(functions)
    # Rows of integers begin where numbers of twice the size may lie.
    step_memory = (memory[0] + memory[0] % 2, memory[1] + memory[1] % 2)
    scratch = updated.memory[0] * functions.parameters + updated.memory[1]
    total = (step_memory[0] + end, step_memory[1] + scratch)
    training_differs = [
        *(["each layer is updated as soon as its gradients are known"] if functions.layered else []),
        *(["the running statistics go on"] if lowered.running else []),
        *(["without the gradients of what no update changes"] if network.frozen else [])]
    numbers = total[0] * batch + total[1] + functions.fixed + functions.parameters * (2 + len(optimiser.states))
    return dict(
        # A short step is compiled where it is called, for a number of samples that the compiler knows.
        STEP="INLINE" if lines <= SHORT else "static",
        states=optimiser.states, optimiser=optimiser.name.replace("_", " "), batch=batch,
        rows=sorted(rows, key=lambda row: row["type"] == "real"),
        options=[(field(n), float(v)) for n, v in optimiser.constants.items()],
        spans=[(begin, end) for _, begin, end in functions.spans], by_parameter=optimiser.by_parameter,
        rates=[(begin, end, functions.names(n), optimiser.learning_rates[n]) for n, begin, end in functions.spans
               if n in optimiser.learning_rates],
        layered=functions.layered, frozen=network.frozen, training_differs=" and ".join(training_differs),
        loss=functions.names(network.loss), step_memory=step_memory, scratch=scratch, memory=total,
        batch_arguments=", ".join(f"{row['data']} + {row['size']} * begin" for row in rows),
        row_arguments=", ".join(row["copy"] for row in rows),
        kibibytes=lambda size: -(-size * numbers // 1024),
    )


def _rows(functions: Functions) -> tuple[list[dict[str, Any]], int]:
    """Copies of the rows of a batch, integers first, and how many numbers a sample has in them."""
    network = functions.network
    made, end = {}, 0
    for name in sorted(functions.lowered.data, key=lambda name: functions.type(name) == "real"):
        size, kind = prod(size or 1 for size in network.shape(name)), functions.type(name)
        place = f"rows + {end} * batch"
        made[name] = {"size": size, "type": kind, "data": functions.argument(name), "copy": functions.names(f"{name} rows"),
                      "place": place if kind == "real" else f"({kind} *)(void *)({place})"}
        end += size if kind == "real" else 2 * size  # an integer has room in two numbers of any floating-point type
    return [made[name] for name in functions.lowered.data], end


def _constant(functions: Functions, quantity: Quantity) -> str:
    name = functions.names(quantity.name)
    if isinstance(quantity.value, tuple):
        return f"{name}[{len(quantity.value)}] = {{{', '.join(f'R({float(v)!r})' for v in quantity.value)}}}"
    return f"{name} = R({float(quantity.value or 0)!r})"
