"""The three files of the C target: the program, its header, and the Python module that builds and calls it."""

from __future__ import annotations

from typing import Any

from jinja2 import ChoiceLoader, PackageLoader, PrefixLoader

from codegen.index_text import equation_text
from codegen.targets.c.functions import Function
from codegen.targets.c.initialise import initialise
from codegen.targets.c.layout import comment
from codegen.targets.c.program import Functions
from codegen.targets.c.python import python
from codegen.targets.c.second_order import products
from codegen.targets.c.step import NO_STEP, training_step
from codegen.targets.c.training import training
from codegen.targets.c.update import updates
from codegen.targets.numpy import module as numpy
from codegen.targets.numpy.lowered import Lowered, shape_text
from codegen.targets.numpy.second_order import SecondOrder
from derive.calculus.record import Derivation
from derive.language.equations import Quantity, System
from derive.network import Network


def emit(network: Network, derivation: Derivation) -> dict[str, str]:
    """The texts of the program, its header and its Python module.

    An optimiser that solves equations with all parameters at once is in the Python module alone.
    """
    lowered = Lowered(network, derivation)
    functions = Functions(lowered)
    traced = [e.name for e in derivation.system.equations]
    written = {"forward": functions.forward(), "gradients": functions.gradients(), "trace": functions.trace(traced)}
    second = SecondOrder(lowered) if network.second_order else None
    written |= products(functions, second) if second else {}
    step = training_step(functions) if network.optimiser.assignments else NO_STEP
    if step.function:
        written["step"] = step.function
    if lowered.running:
        written["statistics"] = functions.statistics()
    memory = _most(written.values())
    updating = updates(network.optimiser, functions.prefix, step.rest)
    context = _common(functions, {**written, **updating}, memory)
    started, drawn = initialise(network, {"theta": network.trained, "fixed": functions.others})
    context |= dict(initialise="\n".join(started), random_numbers=context["draws"] or bool(drawn),
                    helpers=context["helpers"] | drawn, solver=not network.optimiser.assignments,
                    products=[(name, title) for name, title, _ in second.matrices] if second else [])
    context |= training(functions, step, _most(updating.values()), memory, len(written["gradients"].lines))
    return {".c": _render("network.c.jinja", lowered, context), ".h": _render("network.h.jinja", lowered, context),
            ".py": _render("module.py.jinja", lowered, python(
                functions, traced, context, _render("_declarations.jinja", lowered, context), second))}


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
    each = [function.memory for function in functions] or [(0, 0)]
    return max(m for m, _ in each), max(m for _, m in each)


def _common(functions: Functions, written: dict[str, Function], memory: tuple[int, int]) -> dict[str, Any]:
    """What every file lays out."""
    network, lowered = functions.network, functions.lowered
    draws = "update" in written and bool(lowered.random)
    read = set().union(*(f.reads for f in written.values()), network.random.values() if draws else ())
    return dict(
        prefix=functions.prefix, PREFIX=functions.prefix.upper(), file=network.name,
        title="\n".join(comment(" ".join(network.title.split()) or network.name, "")),
        functions={name: "\n".join(f.lines) for name, f in written.items()},
        helpers=set().union(*(f.helpers for f in written.values())),
        draws=draws, constants=[_constant(functions, q) for q in network.constants.values() if q.name in read],
        equations=["\n".join(comment(f"({e.number})  {equation_text(e)}", "")) for e in lowered.system.equations],
        arguments=functions.arguments, data=lowered.data, random=lowered.random, inputs=network.inputs,
        running=lowered.running, memory=memory, fixed=functions.fixed, parameters=functions.parameters,
        shapes=[(functions.names(n), shape_text(lowered.sizes(n)))
                for n in (*lowered.stored, *lowered.data, *lowered.random)],
        offsets=functions.spans,
    )


def _constant(functions: Functions, quantity: Quantity) -> str:
    name = functions.names(quantity.name)
    if isinstance(quantity.value, tuple):
        return f"{name}[{len(quantity.value)}] = {{{', '.join(f'R({float(v)!r})' for v in quantity.value)}}}"
    return f"{name} = R({float(quantity.value or 0)!r})"
