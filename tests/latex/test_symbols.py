"""The table of symbols is as wide as the page, whatever the names in it."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from derivation.networks import network
from test_document import compiled, needs_tex, overfull

from derive.catalogue.layers import LAYERS, Read

BODY = """
inputs: {x: 2}
layers:
- {dense: 3, activation: tanh}
- batch_norm: {}
- dropout: 0.5
- {dense: 2, activation: softmax}
loss: cross_entropy
"""
LONG = """
inputs: {x: [4, 3]}
layers: [{conv1d: {filters: 3, kernel: 2}}, {name: neighbourhood_average, dense: 2, activation: tanh}]
loss: mean_squared_error
"""


VERY_LONG = """
inputs: {x: 2}
layers: [{name: a_layer_with_a_name_as_long_as_can_be, dense: 2, activation: tanh}, {dense: 1}]
loss: mean_squared_error
"""


@needs_tex
@pytest.mark.parametrize("text", [BODY + "regularisation: {l1: 0.01, l2: 0.001}\n", LONG, VERY_LONG],
                         ids=["penalties", "long names", "the longest names"])
def test_no_line_leaves_the_page(text, tmp_path):
    assert overfull(compiled(network(text).derivation().latex("matrix"), tmp_path)) == []


def test_a_symbol_says_what_it_is():
    latex = network(BODY + "regularisation: {l2: 0.001}\n").derivation().latex("index")
    assert "strength of the L2 regularisation: $0.001$" in latex
    assert "loss on the data: cross entropy" in latex and "& loss: cross entropy, with regularisation" in latex


RECURRENT = "inputs: {x: [4, 3]}\nlayers: [{%s}, {dense: 1}]\nloss: mean_squared_error\n"


@pytest.mark.parametrize(("layer", "said"), [
    ("lstm: 2", ["weights from the input to the forget gate", "weights from the states to the candidate cells",
                 "biases of the input gate", "pre-activations of the output gate"]),
    ("gru: 2", ["weights from the states to the update gate", "biases that the reset gate acts on"]),
    ("attention: {heads: 3}, name: heads", ["weights of the queries", "biases of the outputs"])])
def test_a_gate_says_what_its_weights_are_for(layer, said):
    latex = network(RECURRENT % layer).derivation().latex("index")
    assert [words for words in said if words not in latex] == []


@pytest.mark.parametrize("kind", LAYERS)
def test_every_quantity_of_the_catalogue_has_a_meaning(kind):
    layer = LAYERS[kind]
    read = {"x", *(name for name, option in layer.options.items() if isinstance(option, Read))}
    assert set(re.findall(r"(\w+)\[", layer.equations)) - read - set(layer.meanings) == set()


def test_a_shape_of_several_sizes_keeps_them_apart():
    latex = network("inputs: {x: 2, y: 3}\nlayers: [{concatenate: [x, y]}, {dense: 1}]\nloss: mean_squared_error\n"
                    ).derivation().latex("index")
    assert r"$(d_{x} + d_{y}) \times d_{2}$" in latex and r"$m \times (d_{x} + d_{y})$" in latex


LONGEST = "inputs: {x: 2}\nlayers:\n" + "".join(
    f"- {{dense: 2, activation: softmax, name: {name}}}\n"
    for name in ("abcdefghijklmnopqrstuvwxyzabcdefghi", "zyxwvutsrqponmlkjihgfedcbazyxwvutsr")) + "loss: cross_entropy\n"


@needs_tex
@pytest.mark.parametrize("form", ["index", "all"])
def test_with_names_of_thirty_five_letters_no_line_leaves_the_page_either(form, tmp_path):
    latex = network(LONGEST).derivation().latex(form)
    compiled(latex, tmp_path)
    assert overfull(compiled(latex, tmp_path)) == []  # a table over several pages is as wide as the first run found it


@needs_tex
@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed")
def test_a_long_table_begins_below_the_picture_and_goes_on_overleaf(tmp_path):
    """No page is left half empty because a table does not fit on what is left of it."""
    layers = ", ".join(["{dense: 2, activation: tanh}"] * 3)
    tex = network(f"inputs: {{x: 2}}\nlayers: [{layers}]\nloss: mean_squared_error\n").derivation().latex()
    compiled(tex.replace(r"\subsection*{Symbols}", r"\vspace*{120mm}\subsection*{Symbols}"), tmp_path)
    first, second = (subprocess.run(["pdftotext", "-f", page, "-l", page, "page.pdf", "-"], cwd=tmp_path, check=True,
                                    capture_output=True, text=True).stdout for page in "12")
    assert "Symbols" in first and "weights of layer 1" in first
    assert second.startswith("entry") and "mean squared error" in second  # with its head once more
