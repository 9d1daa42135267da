"""With the samples as columns the page has the other convention: Z = W X + b 1ᵀ, a column for each sample."""

from __future__ import annotations

import shutil
from types import ModuleType

import numpy as np
import pytest
from derivation.columns import in_columns
from derivation.networks import network
from test_document import compiled, overfull

import codegen
from derive.latex.matrix import MatrixPrinter
from derive.latex.printer import plain

CLASSIFIER = """
inputs: {x: 2}
layers: [{dense: 3, activation: sigmoid}, {dense: 2, activation: softmax}]
loss: cross_entropy
"""
WORKED = """
samples: columns
inputs: {i: 2}
layers: [{dense: 2, activation: sigmoid, bias: shared}, {dense: 2, activation: sigmoid, bias: shared}]
loss: half_squared_error
optimiser: {gradient_descent: {learning_rate: 0.5}}
names: {E: J, w5: "W2[1,1]", w6: "W2[1,2]", w7: "W2[2,1]", w8: "W2[2,2]", out_h1: "a1[1,1]", out_h2: "a1[2,1]",
        out_o1: "a2[1,1]", net_o1: "z2[1,1]"}
parameters: {W1: [[0.15, 0.20], [0.25, 0.30]], b1: 0.35, W2: [[0.40, 0.45], [0.50, 0.55]], b2: 0.60}
frozen: [b1, b2]
data: {i: [[0.05], [0.10]], t: [[0.01], [0.99]]}
"""


@pytest.mark.parametrize(("name", "latex"), [
    ("z1", r"Z^{(1)} = W^{(1)} \, X + b^{(1)} \, \mathbf{1}^{\top}"),
    ("a2", r"A^{(2)} = \exp\bigl(Z^{(2)}\bigr) \oslash "
           r"\bigl(\mathbf{1} \mathbf{1}^{\top} \exp\bigl(Z^{(2)}\bigr)\bigr)"),
    ("e", r"e = -\bigl(T \odot \log\bigl(A^{(2)}\bigr)\bigr)^{\top} \, \mathbf{1}"),
    ("dJ_dz2", r"\frac{\partial J}{\partial Z^{(2)}} = \frac{1}{m} \bigl(A^{(2)} - T\bigr)"),
    ("dJ_dW2", r"\frac{\partial J}{\partial W^{(2)}} = \frac{\partial J}{\partial Z^{(2)}} \, A^{(1)\top}"),
    ("dJ_da1", r"\frac{\partial J}{\partial A^{(1)}} = W^{(2)\top} \, \frac{\partial J}{\partial Z^{(2)}}"),
    ("dJ_db1", r"\frac{\partial J}{\partial b^{(1)}} = \frac{\partial J}{\partial Z^{(1)}} \, \mathbf{1}")])
def test_the_matrix_forms_are_those_of_the_other_convention(name, latex):
    system = network(in_columns(CLASSIFIER)).derivation().system
    both = MatrixPrinter(system.quantities).equation(system.definitions[name])
    assert both is not None and " = ".join(map(plain, both)) == latex


def test_the_sum_of_all_costs_is_not_turned():
    system = network(WORKED).derivation().system
    both = MatrixPrinter(system.quantities).equation(system.definitions["E"])
    assert both is not None and plain(both[1]).endswith(r"\mathbf{1}^{\top} e \, \mathbf{1}")


def values(of):
    """The numbers of the worked network, by (quantity, indices from 0)."""
    made = ModuleType("net")
    exec(codegen.generate(of, of.derivation()), made.__dict__)
    parameters = made.initial_parameters()
    arrays = {**of.data, **parameters, **made.trace(parameters, **of.data)}
    return {(name, tuple(map(int, place))): float(value) for name, array in arrays.items()
            for place, value in np.ndenumerate(array)}


def test_weights_stand_before_data_and_entries_have_the_names_of_the_file():
    of = network(WORKED)
    page = of.derivation().latex("all", values=values(of))
    assert "one column of a matrix is one sample" in " ".join(page.split())
    assert r"w_{5} \, \mathit{out}_{h1} + w_{6} \, \mathit{out}_{h2}" in page
    assert r"W^{(1)}_{jk} \, i_{kn}" in page
    assert "0.298371109" in page and "0.082167041" in page  # as in the document that has its samples as rows
    assert r"\begin{pmatrix} 0.05 \\ 0.1" in page


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_the_page_compiles_and_nothing_leaves_it(tmp_path):
    of = network(WORKED)
    assert overfull(compiled(of.derivation().latex("all", values=values(of)), tmp_path)) == []


def test_a_row_of_many_samples_goes_on_in_dots():
    data = ", ".join(f"0.{k:09d}" for k in range(1, 9))
    of = network(f"samples: columns\ninputs: {{x: 1}}\nlayers: [dense: 1]\nloss: half_squared_error\n"
                 f"data: {{x: [[{data}]], t: [[{data}]]}}\n")
    numbers = {("x", (0, k)): (k + 1) * 1e-9 for k in range(8)} | {("t", (0, k)): (k + 1) * 1e-9 for k in range(8)}
    numbers |= {("W1", (0, 0)): 0.5, ("b1", (0,)): 0.25}
    numbers |= {(name, (0, k)): 0.25 for name in ("z1", "e") for k in range(8)} | {("J", ()): 0.25}
    assert r"\cdots" in of.derivation().latex("scalar", values=numbers)
