"""Claims about whole matrices: their index form, and shapes that do not fit."""

from __future__ import annotations

import pytest
import sympy
from lines import NAMES, NETWORK, derived, network_of, read, with_derivatives

import derive
from derive.claims.judging.judge import judge
from derive.claims.plain import plain_text
from derive.file.errors import FileError
from derive.instantiate import evaluate_indices
from derive.language.expressions import Index
from derive.language.substitution import SAMPLES, same_up_to_bound_names
from derive.latex.page import Page
from derive.latex.printer import plain

TALL = network_of("binary_classifier")  # 2-3-1
COLUMNS = network_of("worked_example_columns")


@pytest.mark.parametrize(("matrices", "indices"), [
    ("dE/dW2 = a1.T @ dE/dz2", "dE/dW2[k,j] = sum(n, a1[n,k]*dE/dz2[n,j])"),
    ("dE/dW2 = a1ᵀ @ dE/dz2", "dE/dW2[k,j] = sum(n, a1[n,k]*dE/dz2[n,j])"),
    ("dE/dW2 = a1^T @ dE/dz2", "dE/dW2[k,j] = sum(n, a1[n,k]*dE/dz2[n,j])"),
    ("dE/dW2 = a1' @ dE/dz2", "dE/dW2[k,j] = sum(n, a1[n,k]*dE/dz2[n,j])"),
    ("dE/da1 = dE/dz2 @ W2.T", "dE/da1[n,j] = sum(k, dE/dz2[n,k]*W2[j,k])"),
    ("z1 = i @ W1 + b1", "z1[n,j] = sum(k, i[n,k]*W1[k,j]) + b1"),
    ("a1 = σ(i @ W1 + b1)", "a1[n,j] = σ(sum(k, i[n,k]*W1[k,j]) + b1)"),
    ("dE/dz1 = (dE/dz2 @ W2.T) * a1 * (1 - a1)", "dE/dz1[n,j] = sum(k, dE/dz2[n,k]*W2[j,k])*a1[n,j]*(1 - a1[n,j])"),
    ("E = ((a2 - t)**2 / 2).sum() / m", "E = sum(n, j, (a2[n,j] - t[n,j])**2/2) / m"),
    ("W2 after 1 = W2 - η*(a1.T @ dE/dz2)", "W2[k,j] after 1 = W2[k,j] - η*sum(n, a1[n,k]*dE/dz2[n,j])"),
    ("dE/dW2 = dE/dz2.T @ a1", "dE/dW2[k,j] = sum(n, dE/dz2[n,k]*a1[n,j])"),  # wrong, but the shape is right here
])
def test_matrices_are_their_entries(matrices, indices):
    (said,), (typed,) = read(matrices), read(indices)
    assert said.left == typed.left
    assert same_up_to_bound_names(sympy.expand(said.right - typed.right)) == 0 or said.right == typed.right


def test_a_vector_is_added_to_every_sample(tmp_path):
    path = tmp_path / "network.yaml"
    path.write_text("inputs: 3\nlayers: [dense: 2]\nloss: mean_squared_error\n")
    network = derive.load(path)
    (claim,) = read("z1 = x @ W1 + b1", network)
    assert str(claim.right) == "b1[j] + sum(k, W1[k,j]*x[n,k])"
    (claim,) = read("dJ/db1 = dJ/dz1.sum(axis=0)", network)
    assert str(claim.right) == "sum(n, dJ/dz1[n,j])"


def test_with_a_column_for_each_sample_a_vector_is_a_column():
    (claim,) = read("z1 = W1 @ i + b1", COLUMNS)
    assert str(claim.left) == "z1[j,n]" and str(claim.right) == "b1 + sum(k, W1[j,k]*i[k,n])"
    (claim,) = read("dE/dW2 = dE/dz2 @ a1.T", COLUMNS)
    assert str(claim.right) == "sum(n, a1[k,n]*dE/dz2[j,n])"
    for latex in (r"Z^{[1]} = W^{[1]} I + b^{[1]}", r"z^{[1](n)} = W^{[1]} i^{(n)} + b^{[1]}"):
        (claim,) = read(latex, COLUMNS)
        assert str(claim.left) == "z1[j,n]" and str(claim.right) == "b1 + sum(k, W1[j,k]*i[k,n])"


def test_a_sum_along_the_samples_is_a_column(tmp_path):
    path = tmp_path / "network.yaml"
    path.write_text("samples: columns\ninputs: 3\nlayers: [dense: 2]\nloss: mean_squared_error\n")
    network = derive.load(path)
    for line in ("dJ/db1 = dJ/dz1.sum(axis=1)", "dJ/db1 = dJ/dz1.sum(axis=1, keepdims=True)"):
        (claim,) = read(line, network)
        assert str(claim.right) == "sum(n, dJ/dz1[j,n])"


def test_a_sum_over_samples_may_be_of_products_of_matrices(tmp_path):
    path = tmp_path / "network.yaml"
    path.write_text("inputs: 3\ntarget: y\nlayers: [{dense: 1, bias: false}]\nloss: mean_squared_error\n"
                    "names: {theta: W1}\n")
    (claim,) = read(r"J(\theta) = \frac1m \sum_{i=1}^m (\theta^T x^{(i)} - y^{(i)})^2", derive.load(path))
    assert str(claim.right) == "sum(i, (-y[i,0] + sum(j, theta[j,0]*x[i,j]))**2)/m"


@pytest.mark.parametrize(("text", "message"), [
    ("dJ/dtheta2 = dJ/dh2.T @ a1", "a matrix of shape (1, 3) stands beside a matrix of shape (3, 1)"),
    ("dJ/dtheta2 = a1 @ dJ/dh2", "a matrix of shape (m, 3) is multiplied by a matrix of shape (m, 1)"),
    ("dJ/dtheta2[k,j] = sum(n, dJ/dh2[n,k]*a1[n,j])", "runs over"),
    ("a1 = h2", "j runs over 3 values in a1, and over 1 in h2"),
])
def test_shapes_that_do_not_fit_make_a_line_wrong_and_no_file_invalid(text, message):
    (claim,) = read(text, TALL)
    assert message in claim.misfit


def test_a_line_whose_shapes_do_not_fit_is_refuted_and_what_is_right_is_said():
    lines = "h1 = x @ theta1", "dJ/dtheta2 = dJ/dh2.T @ a1", "dJ/dtheta2 = a1.T @ dJ/dh2"
    verdicts = judge([claim for line in lines for claim in read(line, TALL)], TALL, derived("binary_classifier"))
    assert [verdict.status for verdict in verdicts] == ["proved", "refuted", "proved"]
    assert verdicts[1].reason.startswith("the shapes do not fit: a matrix of shape (1, 3)")
    assert plain_text(verdicts[1].right, TALL) == "sum(n, a1[n,k]*dJ/dh2[n,j])"


def read_back(network, derivation):
    """Reads every matrix form of a page, compares it with its equation at its first entries, and says how many there are."""
    printer = Page(network, derivation, "auto").matrix
    sizes = {**{size: min(number, 2 + at % 2) for at, (size, number) in enumerate(network.sizes.items())}, SAMPLES: 2}
    found = 0
    for equation in derivation.system.equations:
        if (printed := printer.equation(equation)) is None:
            continue
        found += 1
        text = " = ".join(map(plain, printed))
        (claim,) = read(text, network, latex=True)
        assert not claim.misfit, text
        here = {index: 0 for side in (claim.left, claim.right) for index in side.atoms(Index) if index in side.free_symbols}
        there = {index: 0 for index in equation.target.indices}
        for said, side in ((claim.left, equation.target), (claim.right, equation.body)):
            right = with_derivatives(side, derivation)
            difference = evaluate_indices(said, here, sizes) - evaluate_indices(right, there, sizes)
            assert sympy.expand(sympy.piecewise_fold(difference)) == 0, text
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_matrix_form_that_is_printed_is_read_back(name):
    assert read_back(network_of(name), derived(name))


@pytest.mark.parametrize("columns", ["", "samples: columns\n"], ids=["rows", "columns"])
@pytest.mark.parametrize(("text", "most"), [
    ("inputs: {x: [3, 2]}\nlayers: [{gru: {units: 2, states: all}}, dense: 2]\n", 0),
    ("inputs: {x: [3, 2]}\nlayers: [{rnn: {units: 2, backward: true}}, dense: 1]\n", 0),
    ("inputs: {x: [3, 4]}\nlayers: [{attention: {heads: 2}}, {layer_norm: {}}]\n", 0),
    ("inputs: {x: [6, 2]}\nlayers: [{conv1d: {filters: 3, kernel: 3, stride: 2}}, {global_average_pool: {}}]\n", 0),
    ("inputs: {x: [5, 5, 2]}\nlayers: [{conv2d: {filters: 2, kernel: 3, padding: same}}, {average_pool2d: 2}]\n", 1),
    ("inputs: {x: [5, 5, 2]}\nlayers: [{conv2d: {filters: 4, kernel: 3, groups: 2}}]\n", 4),
], ids=["steps", "backward", "heads", "windows", "pixels", "groups"])
def test_slices_that_are_printed_are_read_back(tmp_path, text, most, columns):
    """But for a few equations, as of channels in groups, all that is computed has a matrix form."""
    path = tmp_path / "network.yaml"
    path.write_text(columns + text + "loss: mean_squared_error\n")
    network = derive.load(path)
    derivation = network.derivation()
    assert read_back(network, derivation) >= len(derivation.system.equations) - most


@pytest.mark.parametrize("names", [
    {"delta2": "dE/dz2", "delta1": "delta2 @ W2.T * a1 * (1 - a1)"},
    {"delta2": "(a2 - t) * a2 * (1 - a2) / m", "delta1": r"\delta^{(2)} W^{(2)\top} \odot A^{(1)} \odot (1 - A^{(1)})"},
])
def test_a_name_of_the_working_may_be_a_matrix(names):
    lines = ("delta1 = dE/dz1", "dE/dW1 = i.T @ delta1",
             "delta1[n,j] = sum(k, delta2[n,k]*W2[j,k])*a1[n,j]*(1 - a1[n,j])",
             r"\delta^{(1)} = \delta^{(2)} W^{(2)\top} \odot A^{(1)} \odot (1 - A^{(1)})",
             "delta1 = (delta2 @ W2) * a1 * (1 - a1)")
    claims = [claim for line in lines for claim in read(line, names=names)]
    assert [v.status for v in judge(claims, NETWORK, derived("worked_example"))] == [*["proved"] * 4, "refuted"]


def test_nothing_is_transposed_that_is_no_matrix():
    for text in ("w5 = w5.T", "w5 = w5' + 1"):
        with pytest.raises(FileError, match="only a matrix has a transpose"):
            read(text, NETWORK)
