"""Updates inside products: a gradient that an optimiser only adds to something is never written."""

from __future__ import annotations

import pytest
import sympy
from emitted import network, of_layers

from codegen.accumulation import accumulation, added, with_accumulated_products
from codegen.lowering import lower
from codegen.passes import without
from codegen.program import Kind, Program, Statement
from derive.language.equations import Equation, Quantity
from derive.language.expressions import Access, Index, Sum, dimension
from derive.language.substitution import SAMPLES

n, k, j = Index("n", SAMPLES), Index("k", dimension("d1")), Index("j", dimension("d2"))
SIZES = {dimension("d1"): 4, dimension("d2"): 3}
AXES = {"x": (n, k), "dz": (n, j), "W": (k, j), "dW": (k, j), "dx": (n, k), "norm": (), "c": ()}
QUANTITIES = {name: Quantity(name, axes) for name, axes in AXES.items()}
rate = Access("rate")
GRADIENT = Sum(Access("x", n, k) * Access("dz", n, j), n)
W, dW = QUANTITIES["W"].entry, QUANTITIES["dW"].entry


def optimiser(text: str):
    return network(of_layers("dense: 2", more=f"optimiser: {text}\n")).optimiser


def program(*equations: Equation) -> Program:
    made = lower([Equation(dW, GRADIENT, 1), *equations], QUANTITIES, SIZES)
    return with_accumulated_products(made, {"W": "dW"}, {"W": made.quantities["W"]}, sympy.Integer(1), -rate,
                                     lambda statement: statement.kind is Kind.CONTRACTION)


def written(made: Program) -> list[str]:
    return [step.name for step in made.statements if isinstance(step, Statement)]


@pytest.mark.parametrize("text, target, keep, scale", [
    ("gradient_descent", "theta", "1", "-learning_rate"),
    ("{gradient_descent: {weight_decay: 0.1}}", "theta", "1 - learning_rate*weight_decay", "-learning_rate"),
    ("{gradient_descent: {schedule: {exponential: {}}}}", "theta", "1", "-learning_rate*factor**(k - 1)"),
    ("momentum", "u", "momentum", "1")])
def test_an_optimiser_that_adds_the_gradient_to_something_says_how(text, target, keep, scale):
    found = accumulation(optimiser(text))
    names = {symbol: Access(symbol) for symbol in ("learning_rate", "weight_decay", "momentum", "factor", "k")}
    assert found is not None and found.target == target
    assert sympy.expand(found.keep - sympy.sympify(keep, names)) == 0
    assert sympy.expand(found.scale - sympy.sympify(scale, names)) == 0
    assert [line.name for line in found.rest] == (["theta"] if target == "u" else [])


@pytest.mark.parametrize("text", ["adam", "nesterov", "lamb", "lion", "{gradient_descent: {clip_value: 1}}",
                                  "{gradient_descent: {clip_norm: 1}}", "{gradient_descent: {learning_rates: {W1: 1}}}"])
def test_one_that_does_more_with_it_is_left_alone(text):
    assert accumulation(optimiser(text)) is None


def test_the_gradient_is_not_written():
    made = program()
    assert written(made) == ["W"]
    (statement,) = made.statements
    assert added(statement) == (1, -rate, statement.body.atoms(Sum).pop())


def test_the_update_comes_after_all_that_reads_the_parameter():
    backward = Equation(QUANTITIES["dx"].entry, Sum(Access("dz", n, j) * W, j), 2)
    assert written(program(backward)) == ["dx", "W"]


def test_a_penalty_on_the_parameter_is_part_of_what_is_kept():
    made = lower([Equation(dW, GRADIENT + 2 * Access("c") * W, 1)], QUANTITIES, SIZES)
    made = with_accumulated_products(made, {"W": "dW"}, {"W": made.quantities["W"]}, sympy.Integer(1), -rate,
                                     lambda statement: True)
    assert written(made) == ["W"]
    keep, scale, _ = added(made.statements[0])
    assert sympy.expand(keep - (1 - 2 * rate * Access("c"))) == 0 and scale == -rate


def test_a_gradient_that_something_else_reads_is_written():
    assert written(program(Equation(Access("norm"), Sum(dW**2, k, j), 2))) == ["dW", "norm"]


def test_the_pass_can_be_left_out():
    with without("with_accumulated_products"):
        assert written(program()) == ["dW"]
