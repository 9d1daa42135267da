"""The text of the NumPy module: the templates, and what they lay out."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

from jinja2 import BaseLoader, Environment, FileSystemBytecodeCache, PackageLoader, StrictUndefined, Template
from jinja2.bccache import Bucket

from codegen.targets.numpy import error_function
from codegen.targets.numpy.data import constant, labels, one_hot, random_data, shape_literal, sums
from codegen.targets.numpy.docstring import docstring
from codegen.targets.numpy.functions import Functions
from codegen.targets.numpy.initialisers import initial_value
from codegen.targets.numpy.layout import names_line, wrapped_numbers
from codegen.targets.numpy.lowered import Lowered
from codegen.targets.numpy.model import options, train
from codegen.targets.numpy.second_order import SecondOrder, solve
from codegen.targets.numpy.step import training_step
from codegen.targets.numpy.update import update
from derive.calculus.record import Derivation
from derive.language.equations import System
from derive.network import Network


def emit(network: Network, derivation: Derivation) -> dict[str, str]:
    """The text of the module."""
    lowered = Lowered(network, derivation)
    return {".py": template("module.py.jinja", lowered).render(_module(lowered))}


def emit_trace(network: Network, derivation: Derivation, system: System) -> dict[str, str]:
    """The text of a module that only traces a system: the derivation's, or one that holds more."""
    lowered = Lowered(network, derivation, system)
    functions = Functions(lowered, lowered.readable)
    context = tracing(lowered, functions, [e.name for e in system.equations])
    return {".py": template("trace.py.jinja", lowered).render(
        context, docstring=docstring(lowered), helpers=functions.helpers, second_order=False)}


class _Compiled(FileSystemBytecodeCache):
    """Compiled templates, kept where Python keeps this module's own compiled code, and as silently not kept."""

    def __init__(self) -> None:
        super().__init__(str(Path(cache_from_source(__file__)).parent), "%s.jinja.cache")

    def dump_bytecode(self, bucket: Bucket) -> None:
        if not sys.dont_write_bytecode:
            with suppress(OSError):
                super().dump_bytecode(bucket)


TEMPLATES = PackageLoader("codegen.targets.numpy")


@cache
def environment(loader: BaseLoader) -> Environment:
    return Environment(loader=loader, undefined=StrictUndefined, trim_blocks=True,
                       lstrip_blocks=True, keep_trailing_newline=True, autoescape=False, bytecode_cache=_Compiled())


def template(name: str, lowered: Lowered, loader: BaseLoader = TEMPLATES) -> Template:
    return environment(loader).get_template(name, globals=template_globals(lowered))


def template_globals(lowered: Lowered) -> dict[str, Any]:
    """Functions that templates call."""
    return {
        "signature": lambda names: ", ".join(f"{n}: Array" for n in lowered.identifiers(names)),
        "signature_typed": lambda names: ",\n    ".join(f"{n}: Array" for n in lowered.identifiers(names)),
        "signature_like": lambda names: ", ".join(f"{n}: ArrayLike" for n in lowered.identifiers(names)),
        "arguments": lambda names: ", ".join(lowered.identifiers(names)),
        "keywords": lambda names: ", ".join(f"{n}={n}" for n in lowered.identifiers(names)),
        "names_line": lambda name, names: names_line(name, list(names)),
        "columns": lowered.columns, "count": lowered.count, "features": lowered.features,
    }


def _module(lowered: Lowered) -> dict[str, Any]:
    """What the template of the whole module lays out."""
    network, identifier = lowered.network, lowered.identifier
    functions, predicting = Functions(lowered, lowered.readable), Functions(lowered, lowered.predicting)
    context = described(lowered, functions, predicting)
    step = training_step(lowered)
    second = SecondOrder(lowered) if network.second_order else None
    return {**context, **dict(
        docstring=docstring(lowered, second),
        helpers=functions.helpers | predicting.helpers | step.helpers | (second.helpers if second else set()),
        second_order=network.second_order, products=second.products if second else (),
        split=identifier(second.split) if second else "",
        workspace=step.workspace, step=step.body,
    )}


def described(lowered: Lowered, functions: Functions, predicting: Functions) -> dict[str, Any]:
    """What the template lays out in every case: the functions, and what is said of data and parameters."""
    network, identifier = lowered.network, lowered.identifier
    gradients = {n: lowered.gradient_of[n] for n in network.parameters if n in lowered.gradient_of}
    forward = predicting.body([network.prediction], network.inputs)
    backward = functions.body([network.loss, *gradients.values()], lowered.data)
    traced = tracing(lowered, functions, [e.name for e in lowered.derivation.system.equations])
    return {**traced, **face(lowered), **dict(
        forward=forward, gradients=backward,
        gradient_items=[(identifier(n), identifier(gradients[n]) if n in gradients else
                         f'np.zeros_like(parameters["{identifier(n)}"])') for n in network.parameters],
        running_statistics=functions.body(lowered.running, network.inputs) if lowered.running else "",
        running_items=[(n, n) for n in lowered.identifiers(lowered.running)],
    )}


def face(lowered: Lowered) -> dict[str, Any]:
    """What the module of every target lays out: names, initial values, options, the update; no body of a function."""
    network, identifier = lowered.network, lowered.identifier
    solver = "" if network.optimiser.assignments else network.optimiser.name
    updated = None if solver else update(network.optimiser)
    keywords = options(network)
    initial = [(identifier(n), initial_value(network, n)) for n in lowered.stored]
    return dict(
        seed=network.seed,
        training_seed=network.seed if network.training.seed is None else network.training.seed,
        initial=initial,
        drawn=any("rng" in value for _, value in initial),
        orthogonal=any("_orthogonal" in value for _, value in initial),
        inputs=network.inputs, targets=network.targets, target=network.target, sample_weight=network.sample_weight,
        inference=bool(network.inference), prediction=identifier(network.prediction), loss=identifier(network.loss),
        kind=network.kind,
        shape_of={**{n: lowered.shape(n) for n in lowered.data},
                  identifier(network.prediction): lowered.shape(network.prediction)},
        update=updated, by_parameter=network.optimiser.by_parameter, planned=updated is not None and "K" in updated.numbers,
        solver=solver, options=keywords, option_names=[option.name for option in keywords],
        train=train(lowered, updated) if updated else solve(lowered),
        masked=lowered.random, layer_by_layer=network.training.update_order == "layer_by_layer",
        learning_rates={identifier(n): float(rate) for n, rate in network.optimiser.learning_rates.items()},
        states=network.optimiser.states, one_hot=one_hot(lowered), random_data=random_data(lowered),
    )


def tracing(lowered: Lowered, functions: Functions, traced: Sequence[str]) -> dict[str, Any]:
    """What a module that only traces lays out too."""
    return {**given(lowered), **dict(
        trace=functions.body(traced, lowered.data),
        trace_items=[(n, lowered.identifier(n)) for n in (*lowered.random, *traced)],
        erf=dict(centre=error_function.CENTRE, end=error_function.END, small=wrapped_numbers(error_function.SMALL),
                 large=wrapped_numbers(error_function.LARGE)))}


def given(lowered: Lowered) -> dict[str, Any]:
    """What every module lays out of its data, parameters and constants, those that only trace too."""
    network, identifier = lowered.network, lowered.identifier
    return dict(
        constants=[dict(name=identifier(q.name), value=constant(q), meaning=q.meaning) for q in network.constants.values()],
        shapes=[(identifier(n), shape_literal(lowered, n)) for n in (*lowered.data, *lowered.stored, *lowered.random)],
        parameters=lowered.identifiers(network.parameters), frozen=lowered.identifiers(network.frozen),
        running=lowered.identifiers(lowered.running),
        masks=[(identifier(n), identifier(rate)) for n, rate in network.random.items()],
        labels=labels(lowered), sums=sums(lowered), data=lowered.data,
    )
