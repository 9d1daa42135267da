"""The first update of a weight is written out as people do it by hand: each line of the optimiser with its numbers."""

from __future__ import annotations

import pytest
from derivation.networks import network
from test_document import compiled, needs_tex

from derive.catalogue.optimisers import OPTIMISERS

#: L = w² at w = 5: g = 10; θ = w is the only parameter.
SQUARE = """
inputs: {x: 1}
layers: [{equations: "f[n,j] = w**2 + 0*x[n,j]", sizes: {j: 1}, parameters: {w: []}}]
loss: y
optimiser: OPTIMISER
names: {w: w1}
parameters: {w: 5}
data: {x: [[0]]}
"""


def page(optimiser: str, values: bool = True) -> str:
    derivation = network(SQUARE.replace("OPTIMISER", optimiser)).derivation()
    at = {("x", (0, 0)): 0.0, ("w", ()): 5.0, ("f1", (0, 0)): 25.0, ("e", (0, 0)): 25.0, ("J", ()): 25.0}
    return derivation.latex(values=at if values else None)


def test_adam_by_hand():
    """As in its Algorithm 1: u = 0.1 · 10, v = 0.001 · 10², and a step of the learning rate."""
    said = page("{adam: {learning_rate: 0.1}}")
    for line in (r"u^{+} &= \beta_{1} \, u + (1 - \beta_{1}) \, \frac{\partial J}{\partial w}"
                 r" = 0.9 \cdot 0 + (1 - 0.9) \cdot 10 = 1",
                 r"v^{+} &= \beta_{2} \, v + (1 - \beta_{2}) \, \Bigl(\frac{\partial J}{\partial w}\Bigr)^{2}"
                 r" = 0.999 \cdot 0 + (1 - 0.999) \cdot 10^{2} = 0.1",
                 r"= 5 - \frac{0.1 \cdot 1}{"):
        assert line in said, line
    assert r"$\theta = w$ is updated from its gradient" in said


def test_momentum_by_hand():
    said = page("{momentum: {learning_rate: 0.1, momentum: 0.5}}")
    assert r"u^{+} &= \mu \, u + \frac{\partial J}{\partial w} = 0.5 \cdot 0 + 10 = 10" in said
    assert r"w^{+} &= w - \eta \, u^{+} = 5 - 0.1 \cdot 10 = 4" in said
    assert r"w^{+} &= w - \eta \, u^{+}" in page("momentum", values=False)


def test_a_square_of_a_negative_number_has_one_pair_of_brackets():
    derivation = network(SQUARE.replace("OPTIMISER", "adam").replace("w**2", "0 - w**2")).derivation()
    at = {("x", (0, 0)): 0.0, ("w", ()): 5.0, ("f1", (0, 0)): -25.0, ("e", (0, 0)): -25.0, ("J", ()): -25.0}
    assert r"\cdot (-10)^{2}" in derivation.latex(values=at)


def test_where_terms_are_counted_no_delta_is_said_to_leave_one():
    said = page("adam")
    assert r"2 \, d_{0} w" in said and "equal terms" in said


@needs_tex
@pytest.mark.parametrize("optimiser", [*OPTIMISERS, "{adam: {clip_value: 3, weight_decay: 0.1}}", "{adam: {clip_norm: 1}}"])
def test_every_optimiser_is_written_out(optimiser, tmp_path):
    said = page(optimiser)
    assert "w^{+} &= " in said and "nan" not in said
    compiled(said, tmp_path)
