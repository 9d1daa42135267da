"""The search for numbers: drawn from the seed until a sheet with them can be solved, computed by the generated module."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import codegen
from derive.checks.process import Runner
from derive.exercise.nice_numbers import drawn
from derive.exercise.sheet import Sheet, Task, sheet, with_solution
from derive.exercise.solvable import Unsuitable, can_be_told_apart, check_size, has_gradients, is_smooth
from derive.network import Network, NetworkDerivation

TRIES = 300
STRICT = 200  # after so many a gradient may be 0, as that of a row of an embedding that is not looked up


def exercise(network: Network, derivation: NetworkDerivation, task: Task, runner: Runner,
             progress: Callable[[str], None] = lambda _: None) -> Sheet:
    """A sheet that can be solved; the same one for the same network and seed.

    Args:
        runner: a process for the generated module.

    Raises:
        Unsuitable: the network is too large for a sheet, or no numbers were found.
        ModuleFailed: the module raised an error.
    """
    check_size(network, derivation)
    rng = np.random.default_rng(task.seed)
    first = drawn(network, rng, soft=False)
    runner.load_files(first, codegen.generate_files(first, derivation))
    for attempt in range(TRIES):
        progress(f"drawing numbers, attempt {attempt + 1}")
        strict = attempt < STRICT
        made = drawn(network, rng, soft=attempt % STRICT >= STRICT // 2)
        runner.compute({name: made.initial[name].values for name in made.parameters}, made.data)
        runner.wait()
        values = runner.values
        if is_smooth(made, derivation, values) and has_gradients(made, derivation, values, strict):
            found = sheet(made, derivation, values, task)
            if can_be_told_apart(found.answers, found.given, task.digits):
                return with_solution(found, made, derivation, values, task)
    raise Unsuitable(f"no numbers were found with which this network has gradients, is away from kinks, and has results "
                     f"that differ in {task.digits} decimals; take another seed, or more digits")
