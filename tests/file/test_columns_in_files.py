"""`samples: columns`: arrays and formulas of the file have the samples last, a CSV file has a sample a line."""

from __future__ import annotations

import numpy as np
import pytest

from derive.build import build
from derive.file.errors import FileError
from derive.file.reading import validated
from derive.file.source import source_of_text

HEAD = "samples: columns\ninputs: {x: 2}\n"
DENSE = HEAD + "layers: [{dense: 3, activation: tanh}, dense: 2]\nloss: mean_squared_error\n"


def network(text: str, folder=None):
    source = source_of_text(text) if folder is None else None
    if folder is not None:
        from derive.file.source import read_source

        (folder / "network.yaml").write_text(text, encoding="utf-8")
        source = read_source(folder / "network.yaml")
    return build(validated(source), source)


def of_equations(*lines: str, more: str = "", loss: str = "mean_squared_error") -> str:
    text = "\n".join(f"      {line}" for line in lines)
    return f"{HEAD}layers:\n  - equations: |\n{text}\n{more}loss: {loss}\n"


def error(text: str, folder=None) -> FileError:
    with pytest.raises(FileError) as caught:
        network(text, folder)
    return caught.value


def test_inline_arrays_have_a_column_for_each_sample():
    made = network(DENSE + "data: {x: [[1, 2, 3], [4, 5, 6]], t: [[0, 0, 1], [1, 1, 0]]}\n")
    assert made.data["x"].shape == (2, 3) and made.data["x"][1, 2] == 6 and made.samples == 3
    assert made.data["x"].flags.c_contiguous


def test_npz_files_have_the_samples_last_and_csv_files_a_sample_a_line(tmp_path):
    x, t = np.arange(8.0).reshape(2, 4), np.arange(8.0).reshape(2, 4) / 8
    np.savez(tmp_path / "all.npz", x=x)
    (tmp_path / "t.csv").write_text("a,b\n" + "".join(f"{a},{b}\n" for a, b in t.T), encoding="utf-8")
    made = network(DENSE + "data: {x: {file: all.npz, key: x, rows: [1, 4], scale: 2}, t: {file: t.csv, rows: [1, 4]}}\n",
                   tmp_path)
    assert np.array_equal(made.data["x"], 2 * x[:, 1:]) and np.array_equal(made.data["t"], t[:, 1:])


def test_labels_become_one_hot_columns(tmp_path):
    np.savez(tmp_path / "all.npz", x=np.ones((2, 3)), t=np.array([0, 2, 1]))
    made = network(HEAD + "layers: [{dense: 3, activation: softmax}]\nloss: cross_entropy\n"
                   "data: {x: {file: all.npz, key: x}, t: {file: all.npz, key: t, one_hot: 3}}\n", tmp_path)
    assert np.array_equal(made.data["t"], np.eye(3)[:, [0, 2, 1]])


def test_pictures_have_their_samples_last(tmp_path):
    x = np.arange(24.0).reshape(2, 3, 1, 4)
    np.savez(tmp_path / "all.npz", x=x, t=np.ones((1, 4)))
    made = network("samples: columns\ninputs: {x: [2, 3, 1]}\nlayers: [flatten: {}, dense: 1]\nloss: mean_squared_error\n"
                   "data: {x: {file: all.npz, key: x}, t: {file: all.npz, key: t}}\n", tmp_path)
    assert np.array_equal(made.data["x"], x)


def test_parameters_names_and_expectations_are_in_the_order_of_the_file():
    made = network(DENSE + 'parameters: {W1: [[1, 2], [3, 4], [5, 6]]}\nnames: {w: "W1[3,2]", out: "z2[2,1]"}\n'
                   "data: {x: [[1], [4]], t: [[0], [1]]}\n")
    assert made.shape("W1") == (3, 2) and made.initial["W1"].values[2][1] == 6
    assert made.aliases == {("W1", (2, 1)): "w", ("z2", (1, 0)): "out"}


def test_a_layer_of_your_own_is_written_with_the_samples_last():
    made = network(of_equations("z[j,n] = sum(k, W[j,k]*x[k,n]) + b[j]", "y[j,n] = z[j,n]/size(x, 0) + x[0,n]",
                                more="    sizes: {j: 3}\n  - {dense: 1, activation: \"z[j,n] - mean(n, z[j,n])\"}\n"))
    assert made.shape("W1") == (3, 2) and made.shape("W2") == (1, 3)
    assert {e.name: str(e) for e in made.system.equations}["y1"] == "y1[j,n] = x[0,n] + z1[j,n]/d0"
    assert str(made.system.definitions["a2"]) == "a2[j,n] = z2[j,n] - sum(n1, z2[j,n1])/m"


def test_a_recurrence_and_a_window_of_your_own():
    made = network("samples: columns\ninputs: {x: [6, 2]}\nlayers:\n  - equations: |\n"
                   "      z[t,j,n] = sum(k,u, W[j,k,u]*x[2*t+u,k,n]) + sum(l, U[j,l]*h[t-1,l,n])\n"
                   "      h[t,j,n] = tanh(z[t,j,n])\n    parameters: {W: [j, k, u]}\n    sizes: {j: 3, u: 2}\n"
                   "  - dense: 1\nloss: mean_squared_error\n")
    assert made.shape("h1") == (3, 3, None) and made.shape("W1") == (3, 2, 2)


def test_a_look_up_of_your_own():
    made = network("samples: columns\ninputs: {x: [3]}\nlayers:\n  - equations: \"e[t,j,n] = E[j,x[t,n]]\"\n"
                   "    parameters: {E: [j, v]}\n    sizes: {j: 2, v: 4}\n  - dense: 1\nloss: mean_squared_error\n")
    assert made.shape("E1") == (2, 4) and made.labels == {"x": 4}


@pytest.mark.parametrize("loss, cost", [
    ('"sum(j, (y[j,n] - t[j,n])**2)"', "e[n] = sum(k, (a1[k,n] - t[k,n])**2)"),
    ('"(y - t)**4"', "e[j,n] = (a1[j,n] - t[j,n])**4")])
def test_a_loss_of_your_own_is_written_with_the_samples_last(loss, cost):
    made = network(HEAD + f"layers: [{{dense: 2, activation: tanh}}]\nloss: {loss}\n")
    assert str(made.system.definitions["e"]) == cost


@pytest.mark.parametrize("text, message, help", [
    (of_equations("y[n,j] = x[j,n]"), "the index n of the samples is the last of y, as the file says samples: columns",
     "write y[j,n]"),
    (of_equations("y[j,n] = x[n,j]"), "the index n of the samples is the last of x, as the file says samples: columns",
     "write x[j,n]"),
    (of_equations("y[j] = mean(n, x[j,n])"), "the index n of the samples is the last of y", "write y[j,n]"),
    (of_equations("y[j,n] = x[j]"), "x has 2 indices, and 1 stands here", "write x[j,n]"),
    (HEAD + "layers: [{dense: 2, activation: \"z[n,j]\"}]\nloss: mean_squared_error\n", "index n runs over",
     "use an index of its own for each size: z[j,n]"),
    (DENSE + "data: {x: [[1, 2], [3, 4], [5, 6]], t: [[1, 1], [0, 0]]}\n", "x has 3 rows here, and 2 rows by inputs",
     "give one column for each sample"),
    (DENSE + "data: {x: [[1, 2], [3, 4]], t: [[1], [0]]}\n", "t has 1 columns, and x has 2",
     "give every quantity one column for each sample"),
    (DENSE + "parameters: {W1: [[1, 2, 3], [4, 5, 6]]}\n", "has the shape 3 × 2",
     "write one row for each unit of the layer, with one number for each unit that is read"),
    (DENSE.replace("columns", "sideways"), "'sideways' is none of the choices", "the choices are: rows, columns")])
def test_what_is_not_in_the_order_of_the_file_is_said_in_its_words(text, message, help):
    caught = error(text)
    assert message in caught.message and help in (caught.help or ""), (caught.message, caught.help)


def test_an_error_in_the_data_is_found_at_its_place():
    text = HEAD + ("layers: [{dense: 2, activation: softmax}]\nloss: cross_entropy\n"
                   "data:\n  x: [[1, 2], [3, 4]]\n  t: [[1, 2], [0, 0]]\n")
    caught = error(text)
    assert "2 in column 2 of t is no probability" in caught.message
    assert (caught.place.line, caught.place.column) == (7, 11)


def test_rows_say_the_same_of_the_first_index():
    caught = error(of_equations("y[j,n] = x[n,j]").replace("samples: columns\n", ""))
    assert caught.message == "the index n of the samples is the first of y" and caught.help == "write y[n,j]"
