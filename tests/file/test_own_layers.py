"""A layer of equations says what is wrong with it at the character, and what to do."""

from __future__ import annotations

import pytest

from derive.build import build
from derive.file.errors import FileError
from derive.file.reading import validated
from derive.file.source import source_of_text
from derive.network import Network


def network(x: str, layers: str, more: str = "") -> Network:
    source = source_of_text(f"inputs: {{x: {x}}}\nlayers:\n{layers}\nloss: mean_squared_error\n{more}")
    return build(validated(source), source)


def own(equations: str, more: str = "") -> str:
    return f'- equations: "{equations}"\n{more}'


# What is wrong, the text that the error points at, and a part of what it says.
MISTAKES = [
    ("2", own("y[n,j] = sum(k, x[n,k]*W[k,j])"), "j] = sum", "nothing says how far 'j' runs"),
    ("2", own("y[n,j] = sum(k, x[n,k]*W[k,j]", "  sizes: {j: 3}"), "(k, x", "never closed"),
    ("2", own("y[n,j] = sum(k, x[n,k]*W[k,j]) + q", "  sizes: {j: 3}"), 'q"', "there is no 'q' here"),
    ("2", own("y[n,j] = x[n,j]*W[n,j]"), "W[n,j]", "cannot have the index n"),
    ("2", own("y[n,j] = x[n,j,k]"), 'k]"', "'k' is no index here"),
    ("[3, 2]", own("y[n,j] = x[n,j]*g[j]"), "x[n,j]*g", "x has 3 indices, and 2 stand here"),
    ("2", own("y[n,j] = y[n,j] + x[n,j]"), "y[n,j] + x", "this is a cycle: y1 → y1"),
    ("2", own("a[n,j] = c[n,j] + x[n,j]; c[n,j] = a[n,j]*2"), "c[n,j] + x", "this is a cycle: a1 → c1 → a1"),
    ("[3, 2]", own("h[n,t,j] = h[n,t-1,j] + h[n,t+1,j] + x[n,t,j]"), "h[n,t-1,j] + h[n,t+1", "this is a cycle"),
    ("2", own("y[n,j] = x[n-1,j]"), "n-1,j]", "one sample cannot read another"),
    ("2", own("y[n,j] = foo(x[n,j])"), "foo(x", "there is no function 'foo'"),
    ("2", own("y[n,j] = x[n,j]*W[j]*W[j,j]"), "W[j]*W", "W has 2 indices elsewhere, and 1 here"),
    ("2", own("y[n,j] = x[n,j]*V[j+1]"), "V[j+1]", "nothing says how long axis 1 of V is"),
    ("2", own("y[n,j] = x[n,j]", "  sizes: {j: 7}"), "7}", "j runs over 2 .axis 2 of x., not over 7"),
    ("2", own("y[n,j] = x[n,j]", "  sizes: {q: 7}"), "q: 7", "no equation has the index 'q'"),
    ("2", own("x[n,j] = x[n,j]*2"), "n,j] = x", "x is what the layer reads"),
    ("2", "- dense: 3\n" + own("y[n,j] = E[x[n,j]]", "  parameters: {E: [10]}"), "- equations", "whole numbers|an input"),
    ("2", own("y[n,j] = sum(k, W[k,j]*x[n,k])", '  sizes: {j: "9**9"}'), '"9**9"', "the size of j cannot be computed"),
    ("2", own("y[n,j] = 1 = x[n,j]"), "= x", "one = sign"),
    ("2", own(""), '""', "there is no equation here"),
    ("2", "- conv1d: {filters: 3, kernel: 2}", "- conv1d", "which has 1 axis for each sample, and needs 2 axes"),
    ("[4, 2]", "- conv1d: {filters: 3, kernel: 9}", "- conv1d", "would have -4 positions along i"),
    ("[4, 3]", "- conv1d: {filters: 4, kernel: 2, groups: 2}", "- conv1d", "3 is not divisible by 2"),
    ("[4, 3]", "- attention: {heads: 2}", "- attention", "3 is not divisible by 2"),
    ("[4, 3]", "- lstm: {units: 3, states: some}", "some", "none of the choices"),
    ("[4, 3]", "- lstm: {units: 3, mask: x}", "- lstm", "reads input x, which has 2 axes for each sample, and needs 1"),
    ("[4, 3]", "- dropout: 1.0", "1.0", "below 1"),
    ("3", "- {dense: 2, sizes: {j: 3}}", "sizes", "belongs to a layer of equations"),
    ("3", "- block: c", "c", "there is no block 'c'"),
]


@pytest.mark.parametrize("x, layers, at, said", MISTAKES)
def test_a_mistake_in_equations_is_shown_at_its_character(x: str, layers: str, at: str, said: str) -> None:
    with pytest.raises(FileError, match=said) as caught:
        network(x, layers)
    assert caught.value.place is not None and caught.value.help is not None or "elsewhere" in said
    assert caught.value.place is not None
    start = caught.value.place.text[caught.value.place.column - 1:]
    assert start.startswith(at) or f"- {start}".startswith(at) or at == '""', (start, at)


def test_a_block_that_contains_itself_is_refused() -> None:
    with pytest.raises(FileError, match="contains itself"):
        network("3", "- block: b", "blocks: {b: [block: b]}")


def test_the_shapes_of_parameters_follow_from_their_letters() -> None:
    made = network("4", own("y[n,j] = sum(k, x[n,k]*W[k,j])*g[j] + b[j]", "  sizes: {j: 3}"))
    assert {name: made.shape(name) for name in made.parameters} == {"W1": (4, 3), "g1": (3,), "b1": (3,)}


def test_a_bias_is_added_and_a_weight_multiplied() -> None:
    made = network("4", own("y[n,j] = sum(k, x[n,k]*basis[k,j]) + b[j]", "  sizes: {j: 3}"))
    assert (made.initial["basis1"].name, made.initial["b1"].name) == ("glorot_uniform", "zeros")


def test_a_window_reaches_as_far_as_it_lies_inside() -> None:
    made = network("[9, 2]", own("y[n,i,c] = sum(u,d, x[n,2*i+u,d]*W[u,d,c])", "  sizes: {u: 3, c: 5}"))
    assert made.shape("y1") == (None, 4, 5)


def test_a_block_is_repeated_with_parameters_of_its_own() -> None:
    made = network("3", "- {block: pair, repeat: 3}",
                   "blocks: {pair: [{dense: 3, activation: tanh}, {add: [input, previous]}]}")
    assert [name for name in made.parameters if name.startswith("W")] == ["W1", "W3", "W5"]


def test_layers_of_equations_read_several_layers_by_their_own_names() -> None:
    made = network("3", "- {dense: 2, name: one}\n- {dense: 2, from: x}\n"
                   '- {equations: "y[n,j] = a[n,j]*c[n,j]", from: {a: one, c: previous}}')
    assert made.system.definitions["y3"].reads == {"z_one", "z2"}
