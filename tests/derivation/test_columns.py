"""With `samples: columns` the forward equations are written in the other order of axes, and everything else follows."""

from __future__ import annotations

import mpmath
import pytest

from derive.fans import fans

from .checks import exact_errors
from .columns import PAGES, axes, in_columns, turned
from .evaluation import Values
from .networks import CATALOGUE, Case, as_floating, case, network
from .test_layers import of_layers

PLAIN = """
inputs: {x: 3}
layers: [{dense: 4, activation: sigmoid}, {dense: 2}]
loss: half_squared_error
"""


class Columns(Case):
    """A network of rows as one of columns, with the same numbers."""

    @property
    def given(self):
        return turned(self.rows.network, self.network, self.rows.given)

    @property
    def rows(self) -> Case:
        return case(self.text.removeprefix("samples: columns\n"), self.samples)


@pytest.mark.parametrize("name", PAGES)
def test_every_derivative_is_the_same_number_in_its_place(name):
    rows, columns = case(PAGES[name]), network(in_columns(PAGES[name]))
    given = turned(rows.network, columns, rows.given)
    with mpmath.workdps(30):
        here, there = (Values(of.derivation().system, rows.sizes, as_floating(numbers)) for of, numbers in (
            (rows.network, rows.given), (columns, given)))
        derived = {adjoint.of.name: adjoint.quantity.name for adjoint in rows.derivation.adjoints}
        assert derived == {adjoint.of.name: adjoint.quantity.name for adjoint in columns.derivation().adjoints}
        for by, adjoint in derived.items():
            order = axes(rows.network, columns, by)
            for place, value in here[adjoint].items():
                turned_value = there[adjoint][tuple(place[axis] for axis in order)]
                assert abs(value - turned_value) <= mpmath.mpf(10) ** -25 * (1 + abs(value)), (by, place)


@pytest.mark.parametrize("name", ["shared biases", "a residual connection", "loss cross-entropy", "activation softmax",
                                  "two branches, concatenated", "an autoencoder with transposed weights"])
def test_every_gradient_is_the_direct_derivative_of_the_loss_in_columns(name):
    assert exact_errors(Columns(in_columns(CATALOGUE[name]), 2)) == {}


def test_the_equations_are_those_of_the_other_convention():
    equations = {e.name: str(e) for e in network(in_columns(PLAIN)).derivation().system.equations}
    assert equations["z1"] == "z1[j,n] = b1[j] + sum(k, W1[j,k]*x[k,n])"
    assert equations["dJ_dW1"] == "dJ_dW1[j,k] = sum(n, dJ_dz1[j,n]*x[k,n])"
    assert equations["dJ_da1"] == "dJ_da1[j,n] = sum(k, W2[k,j]*dJ_dz2[k,n])"


@pytest.mark.parametrize("layer, parameter, letters", [
    ("dense: 4", "W", "jk"), ("{dense: 4, bias: shared}", "b", ""), ("conv2d: {filters: 2, kernel: 2}", "W", "cuvd"),
    ("lstm: 4", "Ui", "jl"), ("maxout: 4", "W", "pjk"), ("attention: {heads: 2}", "Wq", "hdk"),
    ("attention: {heads: 2}", "Wo", "chd"), ("position_embedding: {}", "p", "tj"),
    ("layer_norm: {}", "g", "j"),
    ('equations: "y[n,j] = sum(k, x[n,k]*W[k,j])"\n  sizes: {j: 3}', "W", "kj")])
def test_a_layer_of_the_catalogue_reads_its_weights_from_right_to_left(layer, parameter, letters):
    x = {"conv2d": "[3, 3, 2]", "lstm": "[3, 2]", "attention": "[3, 2]", "position_embedding": "[3, 2]"}
    made = network(in_columns(of_layers(x.get(layer.split(":")[0], "3"), layer, "flatten: {}")))
    assert "".join(index.name for index in made.system.quantities[f"{parameter}1"].indices) == letters


def test_an_embedding_has_a_column_for_each_label():
    made = network(in_columns(of_layers("[3]", "embedding: {vocabulary: 4, units: 2}", "dense: 1")))
    assert made.shape("E1") == (2, 4)
    assert str(made.system.definitions["e1"]) == "e1[t,j,n] = E1[j,x[t,n]]"


@pytest.mark.parametrize("name", ["a residual connection", "loss cross-entropy"])
def test_the_fans_of_a_parameter_are_the_same(name):
    rows, columns = network(CATALOGUE[name]), network(in_columns(CATALOGUE[name]))
    assert all(fans(rows, parameter) == fans(columns, parameter) for parameter in rows.parameters)
