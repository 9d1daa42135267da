"""Mistakes in layers of one's own and in their names are told in the file's words, not in those of the program."""

from __future__ import annotations

import re

import pytest
from derivation.networks import network

from derive.file.errors import FileError


def layer(equation: str, sizes: str = "{j: 2}", x: str = "3") -> str:
    return f"inputs: {{x: {x}}}\nlayers:\n- equations: |\n    {equation}\n  sizes: {sizes}\nloss: half_squared_error\n"


@pytest.mark.parametrize(("text", "message"), [
    (layer("y[n,t,j] = E[x[n,t]+1,j]", x="[4]"), r"x\[n,t\] is computed with here"),
    (layer("y[n,t,j] = E[2*x[n,t],j]", x="[4]"), "let it stand alone"),
    (layer("y[n,j] = sum(k, x[n,k]*W[k,j]) + sum(k, x[n,k]*W[j,k])"),
     r"index j runs over 2 values \(j: 2\), but this axis of W has 3, as k stands there too"),
    ("inputs: {x: 2}\nlayers: [{dense: 2, name: a, repeat: 2}, {dense: 2, name: a_1}]\nloss: half_squared_error\n",
     "layer 3 would be called 'a_1', as copy 1 of a is"),
    ("inputs: {x: 2}\nlayers: [{dense: 2, name: a_2}, {dense: 2, name: a, repeat: 2}]\nloss: half_squared_error\n",
     "copy 2 of a would be called 'a_2', as layer 1 is"),
    ('inputs: {x: 3}\nlayers: [{dense: 5, activation: "z[n,j] + z[n,j+1]"}]\nloss: half_squared_error\n',
     r"within\(j \+ 1, size\(j\)\)"),
    ("inputs: {x: 2}\nlayers: [{dense: 3, activation: softmax}]\nloss: binary_cross_entropy\n",
     "use loss: cross_entropy, or end with activation: sigmoid"),
    ("inputs: {x: 2}\nlayers: [{prelu: {}, activation: elu}]\nloss: half_squared_error\n",
     "'alpha1' is the name of the slopes for negative inputs of layer 1 already\n.*\n.*\n.*a layer of its own"),
    (layer("k[n,j] = sum(k, x[n,k]*W[k,j]); y[n,j] = k[n,j]**2"), "k is a quantity of this layer and cannot be an index as"),
    ("inputs: {x: 2}\nlayers: [{dense: 3}]\nloss: half_squared_error\nnames: {memory: W1}\n",
     "the generated module calls something else 'memory'\n.*\n.*\n.*such as memory_W1"),
])
def test_what_is_wrong_with_a_layer(text: str, message: str) -> None:
    with pytest.raises(FileError, match=message):
        network(text)


LAYERS = ("dense: 2", "conv1d: {filters: 2, kernel: 2}", "conv2d: {filters: 2, kernel: 2}",
          "conv_transpose1d: {filters: 2, kernel: 2}", "max_pool1d: 2", "max_pool2d: 2", "average_pool2d: 2",
          "global_average_pool: {}", "lstm: 2", "attention: {heads: 1}", "layer_norm: {}", "batch_norm: {}", "flatten: {}",
          'equations: "y[n,i] = x[n,2*i,0,0,0,0]"')


@pytest.mark.parametrize("shape", ["4", "[4, 4]", "[4, 4, 4]", "[4, 4, 4, 4]"])
@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_takes_the_axes_or_says_how_many_it_needs(layer: str, shape: str) -> None:
    try:
        network(f"inputs: {{x: {shape}}}\nlayers: [{{{layer}}}]\nloss: mean_squared_error\n")
    except FileError as error:
        assert re.search("ax[ei]s|indices", str(error))


def test_a_square_parameter_may_be_read_in_both_directions() -> None:
    assert network(layer("y[n,j] = sum(k, x[n,k]*W[k,j]) + sum(k, x[n,k]*W[j,k])", "{j: 3}")).parameters == ("W1",)


def test_a_bracket_says_where_a_neighbour_is_outside() -> None:
    text = '"z[n,j] + z[n,j+1]*within(j + 1, size(j))"'
    assert network(f"inputs: {{x: 3}}\nlayers: [{{dense: 5, activation: {text}}}]\nloss: half_squared_error\n").parameters


def test_three_dots_stand_for_no_letter_that_a_sum_runs_over() -> None:
    made = network("""
inputs: {x: [2, 3, 4]}
layers: [{dense: 2, activation: "z[n,...,j] - mean(l, z[n,...,l])"}]
loss: "mean(i, y[n,...,i])*sum(l, y[n,...,l]*t[n,...,l])"
""")
    assert str(made.system.definitions["a1"]) == "a1[n,i,t,j] = z1[n,i,t,j] - sum(l, z1[n,i,t,l])/d1"
    assert str(made.system.definitions["e"]).endswith("= sum(l, a1[n,s,k,l]*t[n,s,k,l])*sum(i, a1[n,s,k,i])/d1")
