"""The page of networks that train and predict differently, or whose second derivatives are asked for."""

from __future__ import annotations

import pytest
from derivation.networks import network
from test_document import compiled, needs_tex, overfull

NORM = """
inputs: {x: 2}
layers:
- {dense: 3, activation: tanh}
- batch_norm: {}
- dropout: 0.5
- {dense: 2, activation: softmax}
loss: cross_entropy
"""
DEEP = """
inputs: {x: 2}
layers:
- {dense: 3, activation: tanh}
- {dense: 2, activation: softmax}
loss: cross_entropy
regularisation: {l2: 0.1}
frozen: [b1]
optimiser: NAME
"""


def test_the_page_says_what_holds_in_training_and_what_outside_of_it():
    latex = network(NORM).derivation().latex(form="index")
    said = latex.split(r"\paragraph{Outside of training.}")[1].split(r"\section")[0]
    for number, left in ((3, r"\mu^{(2)}_{j}"), (4, "v^{(2)}_{j}"), (6, "y^{(3)}_{nj}")):
        assert rf"\tag{{{number}'}}" in said and left in said
    assert r"$r^{(3)}_{nj}$ is 0 with the probability $\mathit{rate}_{3}$" in said
    assert said.count(r"\leftarrow") == 2


def test_nothing_is_said_where_training_and_prediction_are_one():
    assert "Outside of training" not in network(DEEP.replace("NAME", "adam")).derivation().latex()


@needs_tex
def test_the_page_of_a_normalised_network_compiles(tmp_path):
    compiled(network(NORM + "second_order: true\n").derivation().latex(), tmp_path)


@needs_tex
@pytest.mark.parametrize("name", ["newton", "hessian_free"])
def test_the_page_of_second_derivatives_compiles_and_nothing_leaves_it(name, tmp_path):
    latex = network(DEEP.replace("NAME", name)).derivation().latex()
    assert overfull(compiled(latex, tmp_path)) == []
    assert "$b^{(1)}$ stay as they are." in latex


@pytest.mark.parametrize(("optimiser", "said"), [
    ("adamw", "by AdamW (Loshchilov"), ("gradient_descent", "by gradient descent:"), ("newton", "by Newton's method (")])
def test_an_optimiser_is_called_as_people_write_it(optimiser, said):
    text = f"inputs: {{x: 2}}\nlayers: [dense: 1]\nloss: mean_squared_error\noptimiser: {{{optimiser}: {{}}}}\n"
    if optimiser == "newton":
        text += "second_order: true\n"
    assert said in network(text).derivation().latex("index")
