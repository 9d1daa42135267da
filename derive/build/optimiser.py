"""The optimiser: its lines, what is done before them, and the schedule of its learning rate."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sympy
from sympy import Expr, Max

from derive.build.parts import Parts
from derive.build.second_order import second_order
from derive.catalogue import Formula
from derive.catalogue.optimisers import BEFORE, OPTIMISERS, SCHEDULES, WARM_UP
from derive.catalogue.second_order import SECOND_ORDER
from derive.file.errors import suggestion
from derive.file.fields import Choice
from derive.file.formulas import Scope, parse_formula
from derive.language.equations import Equation
from derive.language.expressions import Access, Index, free_indices
from derive.network import ENTRIES, Optimiser

ENTRY, EACH = Index("i", ENTRIES), Index("a", ENTRIES)
FUNCTIONS: Mapping[str, Callable[..., Expr]] = {
    "max": sympy.Max, "min": sympy.Min, "sign": sympy.sign, "floor": sympy.floor}  # nothing here is differentiated
RATE, SCHEDULED = Access("learning_rate"), Access("eta_k")


def optimiser(parts: Parts) -> Optimiser:
    """The assignments of the optimiser; plain gradient descent where the file names none."""
    choice = parts.file.optimiser or Choice("gradient_descent")
    entry: Formula = parts.entry(choice, {**OPTIMISERS, **SECOND_ORDER}, "optimiser", "optimiser")
    if choice.name in SECOND_ORDER:
        return second_order(parts, choice)
    path = ("optimiser", *choice.path)
    constants = _constants(parts, choice, entry)
    before = [line for option, line in BEFORE.items() if option in constants and not re.search(rf"\b{option}\b", entry.text)]
    if "clip_norm" in constants and parts.file.training.update_order == "layer_by_layer":
        raise parts.error("clip_norm is a norm over all gradients, and layer by layer they are never there at once", *path,
                          "clip_norm", key=True, help="remove update_order, or use clip_value")
    factor, further = _schedule(parts, choice.options.get("schedule"), *path, "schedule")
    assignments, states = _assignments([*before, *map(str.strip, entry.text.splitlines())], constants)
    if factor is not None:
        first = next(place for place, line in enumerate(assignments) if line.body.has(RATE))
        assignments = [replace(line, body=line.body.xreplace({RATE: SCHEDULED})) for line in assignments]
        assignments.insert(first, Equation(SCHEDULED, RATE * factor))
    return Optimiser(choice.name, tuple(assignments), tuple(states), {**constants, **further}, entry.source,
                     _learning_rates(parts, choice.options.get("learning_rates"), *path, "learning_rates"))


def _constants(parts: Parts, choice: Choice, entry: Formula) -> dict[str, float]:
    """The numbers: those of the optimiser, and those of what is done before it where the file asks for that."""
    others = ("schedule", "learning_rates")
    given = replace(choice, options={name: value for name, value in choice.options.items() if name not in others})
    usual = {**entry.options, **{name: 0.0 for name in (*BEFORE, *others) if name not in entry.options}}
    found = parts.options(given, usual, "optimiser", "optimiser")
    return {name: value for name, value in found.items() if name in entry.options or name in given.options}


def _assignments(lines: Sequence[str], constants: Mapping[str, float]) -> tuple[list[Equation], list[str]]:
    """The lines as assignments to scalars, sums apart, and the names of the states: those that are read before they are set.

    A name is of an entry, unless it is set from what is not.
    """
    known: dict[str, tuple[Index, ...]] = {"theta": (ENTRY,), "g": (ENTRY,), "G": (EACH,), "k": (), "K": (),
                                           **dict.fromkeys(constants, ())}
    assignments, states = [], []
    names = [line.split("=")[0].strip() for line in lines]
    for name, line in zip(names, lines, strict=True):
        right = line.split("=", 1)[1].strip()
        states += [each for each in dict.fromkeys(names) if each not in known and re.search(rf"\b{each}\b", right)]
        known |= {each: (ENTRY,) for each in states}
        body = parse_formula(right, Scope(known, indices={"i": ENTRY}, functions=FUNCTIONS))
        known.setdefault(name, (ENTRY,) if ENTRY in free_indices(body) else ())
        own = {access: Access(access.name) for access in body.atoms(Access) if access.indices == (ENTRY,)}
        assignments.append(Equation(Access(name), body.xreplace(own)))
    return assignments, states


def _schedule(parts: Parts, said: Any, *path: str) -> tuple[Expr | None, dict[str, float]]:
    """What the learning rate is multiplied by, in k and K, and the constants of that."""
    if said is None:
        return None, {}
    if isinstance(said, str):
        said = {said: {}}
    words = [*SCHEDULES, "warm_up"]
    if not isinstance(said, Mapping) or not said:
        raise parts.error("the name of a schedule is expected here", *path, help=f"write one of {', '.join(SCHEDULES)}")
    for name, options in said.items():
        if name not in words:
            raise parts.error(f"there is no schedule '{name}'", *path, name, key=True,
                              help=suggestion(name, words, "the schedules are"))
        if name == "warm_up" and (not isinstance(options, float) or options < 1):
            raise parts.error("warm_up is a number of updates", *path, name, help="write warm_up: 100")
        if name != "warm_up" and not isinstance(options, Mapping):
            raise parts.error(f"the options of {name} are expected here", *path, name, help=f"write {name}: {{}}")
    chosen = [name for name in said if name != "warm_up"]
    if len(chosen) > 1 or "one_cycle" in said and "warm_up" in said:
        raise parts.error("there is one schedule, and warm_up may come before it (one_cycle has its own)", *path,
                          list(said)[1], key=True, help="keep one")
    factor: Expr = sympy.Integer(1)
    constants: dict[str, float] = {}
    for name in chosen:
        constants = parts.options(Choice(name, said[name]), SCHEDULES[name].options, "schedule", *path)
        factor = _factor(SCHEDULES[name], constants)
    if "warm_up" in said:
        constants["warm_up"] = float(said["warm_up"])
        late = {Access(name): Max(Access(name) - Access("warm_up"), 1) for name in ("k", "K")}
        factor = _factor(WARM_UP, constants) * factor.xreplace(late)
    return factor, constants


def _factor(schedule: Formula, constants: Mapping[str, float]) -> Expr:
    return parse_formula(schedule.text, Scope(dict.fromkeys(["k", "K", *constants], ()), functions=FUNCTIONS))


def _learning_rates(parts: Parts, said: Any, *path: str) -> dict[str, float]:
    """The learning rates of single parameters."""
    if said is None:
        return {}
    if not isinstance(said, Mapping):
        raise parts.error("learning rates by parameter are expected here", *path, help="write {W1: 0.01}")
    rates: dict[str, float] = {}
    still = [parts.ours(name) for name in parts.file.frozen]
    for name, rate in said.items():
        quantity = parts.parameter(name, *path, name, key=True)
        if quantity.name in still:
            raise parts.error(f"{name} is frozen and has no learning rate", *path, name, key=True, help="remove it")
        if not isinstance(rate, float) or rate <= 0:
            raise parts.error("a learning rate is a number greater than 0", *path, name, help="write a number, such as 0.01")
        rates[quantity.name] = float(rate)
    return rates
