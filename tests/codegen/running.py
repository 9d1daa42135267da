"""Running a program of a few equations, in plain form and over buffers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import sympy
from evaluate import evaluate
from numpy.lib.stride_tricks import sliding_window_view
from numpy.testing import assert_allclose

from codegen.lowering import lower
from codegen.passes import (
    branches_as_maxima,
    copies_propagated,
    definitions_expanded,
    guards_merged,
    inlined_single_use,
    is_compound,
    signs_of_maxima,
    without_common_subexpressions,
    without_dead_code,
    without_repeated_statements,
)
from codegen.program import Program
from codegen.targets.numpy.buffered import buffered
from codegen.targets.numpy.call_printer import CallPrinter
from codegen.targets.numpy.module import emit
from codegen.targets.numpy.plain import plain_lines
from codegen.targets.numpy.printer import NumpyPrinter
from derive.language.equations import Equation, Quantity, System
from derive.language.expressions import accesses

FORMS: dict[str, Callable[[Program], Program]] = {
    "none": lambda program: program,
    "repeated": without_repeated_statements,
    "subexpressions": without_common_subexpressions,
    "all subexpressions": lambda program: without_common_subexpressions(program, worth=is_compound),
    "dead": without_dead_code,
    "guards": guards_merged,
    "inlined": inlined_single_use,
    "copies": lambda program: without_dead_code(copies_propagated(program)),
    "definitions": definitions_expanded,
    "maxima": branches_as_maxima,
    "signs": lambda program: signs_of_maxima(branches_as_maxima(program)),
    "readable": lambda program: inlined_single_use(without_dead_code(without_common_subexpressions(
        without_repeated_statements(guards_merged(program))))),
    "fast": lambda program: without_common_subexpressions(definitions_expanded(branches_as_maxima(without_dead_code(
        copies_propagated(without_dead_code(without_repeated_statements(guards_merged(program))))))), worth=is_compound),
}
"""A program after each pass by itself, and after all of them."""


def plain_code(program: Program, dtype: str = "float") -> tuple[str, set[str]]:
    """The statements as plain NumPy."""
    printer = NumpyPrinter(program.quantities, str, lambda name: False, dtype)
    lines = [code for statement in program.statements for code, _ in plain_lines(statement, program, printer)]
    return "\n".join(lines), printer.helpers


def buffered_code(program: Program, given: Sequence[str]) -> tuple[str, str, set[str]]:
    """The code that makes the arrays, and the code of the calls."""
    result = buffered(program, {name: (True, True) for name in given})
    names = {name: result.rename.get(name, name) for name in result.quantities}
    printer = NumpyPrinter(result.quantities, names.__getitem__, lambda name: False, "float")
    printer.ranges = {}
    calls = CallPrinter(printer, names.__getitem__)
    calls.arrays = frozenset(given)
    steps = [code for call in result.calls if (code := calls.text(call)) is not None]
    making = []
    for group, shape, kind in result.arrays:
        sizes = ", ".join(map(str, shape))
        value = "0.0" if result.zeroed & set(group) else {"": "np.nan", "bool": "True"}.get(kind, "7")
        making.append(f"{' = '.join(group)} = np.full(({sizes},), {value})")
    making += [f"{name} = {place}.reshape({', '.join(map(str, shape))})" for name, place, shape in result.reshaped]
    making += [f"{name} = {value}" for name, value in sorted(printer.ranges.items())]
    return "\n".join(making), "\n".join(steps), printer.helpers


@cache
def helpers() -> dict[str, Any]:
    """The functions that emitted modules define for themselves."""
    from networks import network

    from derive.calculus.chain_rule import differentiate

    module: dict[str, Any] = {}
    for activation in ("gelu", "erf"):
        made, _ = network(activation=activation, loss="binary_cross_entropy")
        exec(emit(made, differentiate(made.system, made.loss))[".py"], module)
    module.setdefault("softplus", lambda x: np.log1p(np.exp(-np.abs(x))) + np.maximum(x, 0))
    return {name: module[name] for name in ("sigmoid", "softplus", "erf", "erfc", "_erf_into", "_erfc_into")}


def check(equations: Sequence[Equation], quantities: Mapping[str, Quantity], sizes: Mapping[sympy.Symbol, int],
          arrays: Mapping[str, Any], tolerance: float = 1e-12) -> dict[str, str]:
    """Compare every form of the program with the loops; return the code of each form."""
    expected = evaluate(equations, arrays, sizes)
    outputs = [equation.name for equation in equations]
    counts = {str(symbol): size for symbol, size in sizes.items()}
    code: dict[str, str] = {}
    defined = helpers() if any(e.body.atoms(sympy.Function) for e in equations) else {}
    lowered = lower(System(quantities, tuple(equations)).blocks(), quantities, _known(sizes))
    seen: dict[str, Program] = {}
    for form, passed in FORMS.items():
        program = passed(lowered.asking_for(*outputs))
        same = next((other for other in seen if seen[other] == program), None)
        seen[form] = program
        if same is not None:
            code[form] = code[same]
            continue
        code[form] = text = plain_code(program)[0]
        space = {"np": np, "sliding_window_view": sliding_window_view, **counts, **defined, **arrays}
        with np.errstate(all="raise", under="ignore"):
            exec(text, space)
        for name in outputs:
            assert np.shape(space[name]) == expected[name].shape, f"{form}: {name}\n{text}"
            assert_allclose(space[name], expected[name], rtol=tolerance, atol=tolerance, err_msg=f"{form}\n{text}")
    for form in ("none", "fast"):
        program = without_dead_code(FORMS[form](lowered.asking_for(outputs[-1])))
        making, steps, _ = buffered_code(program, list(arrays))
        code[f"buffered {form}"] = steps
        space = {"np": np, "sliding_window_view": sliding_window_view, **counts, **defined,
                 **{n: np.array(a) for n, a in arrays.items()}}
        exec(making, space)
        for _ in range(2):  # the second time every array holds old values
            with np.errstate(all="raise", under="ignore"):
                exec(steps, space)
            assert_allclose(space[outputs[-1]], expected[outputs[-1]], rtol=tolerance, atol=tolerance,
                            err_msg=f"buffered {form}\n{making}\n{steps}")
        for name, array in arrays.items():
            assert np.array_equal(space[name], array), f"{name} was overwritten\n{steps}"
    return code


def _known(sizes: Mapping[sympy.Symbol, int]) -> dict[sympy.Symbol, int]:
    return {symbol: size for symbol, size in sizes.items() if symbol.name != "m"}


def reads(equation: Equation) -> list[str]:
    return [a.name for a in accesses(equation.body)]


def without_comments(code: str) -> str:
    return re.sub(r"\s+#.*", "", code)
