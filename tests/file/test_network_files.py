"""A network file says what the format allows, and every mistake in it is one error at its line and column."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from derive.file import read
from derive.file.errors import FileError
from derive.file.fields import Array, Choice
from derive.file.models import DataFile, NetworkFile
from derive.file.names import FORMULA_WORDS, name_from, why_bad
from derive.file.reading import validated
from derive.file.source import source_of_text

NETWORK = """\
inputs: {x: 2}
layers:
- dense: 3
  activation: sigmoid
- {dense: {units: 1}, name: last, bias: shared, activation: {elu: {alpha: 1.0}}}
loss: half_squared_error
"""


def model(more: str = "", base: str = NETWORK) -> NetworkFile:
    return validated(source_of_text(base + more))


def refused(text: str) -> FileError:
    with pytest.raises(FileError) as caught:
        validated(source_of_text(text))
    assert caught.value.exit_code == 3
    return caught.value


def spot(error: FileError) -> tuple[int, int]:
    assert error.place is not None
    return error.place.line, error.place.column


# -- what a file can say ------------------------------------------------------------------------------------------


def test_a_layer_is_one_kind_with_its_options() -> None:
    first, last = model().layers
    assert first.kind == "dense" and first.options == {"units": 3}
    assert first.activation is not None and first.activation.name == "sigmoid" and first.bias is None
    assert last.name == "last" and last.bias == "shared"
    assert last.activation is not None and last.activation.options == {"alpha": 1.0}


def test_an_activation_alone_is_a_layer() -> None:
    layer = model(base="inputs: 2\nlayers: [activation: tanh]\nloss: l\n").layers[0]
    assert layer.kind == "activation" and layer.options == layer.activation


def test_layers_add_and_concatenate_by_name() -> None:
    layers = model(base="inputs: 2\nlayers:\n- {dense: 2, name: trunk, from: x, repeat: 3}\n"
                        "- add: [trunk, previous]\n- concatenate: {of: [trunk, x]}\nloss: l\n").layers
    assert (layers[0].reads, layers[0].repeat) == ("x", 3)
    assert layers[1].options == {"of": ["trunk", "previous"]}
    assert layers[2].kind == "concatenate"


def test_a_word_is_a_name_and_anything_else_a_formula() -> None:
    formula = "z / (1 + exp(-beta*z))"
    found = model(base=f'inputs: 2\nlayers: [{{dense: 1, activation: "{formula}"}}]\nloss: (y - t)**2\n')
    assert found.layers[0].activation is not None and found.layers[0].activation.formula == formula
    assert found.loss.formula == "(y - t)**2" and found.loss.name == ""


def test_a_number_alone_is_the_size_of_x() -> None:
    assert model(base="inputs: 2\nlayers: [dense: 1]\nloss: l\n").inputs == {"x": (2,)}
    assert model(base="inputs: {a: 2, picture: [8, 8]}\nlayers: [dense: 1]\nloss: l\n").inputs == {
        "a": (2,), "picture": (8, 8)}


def test_parameters_are_numbers_or_initialisers() -> None:
    W1, b1, W2, b2 = model("parameters: {W1: [[0.15, 0.2], [0.25, 0.30]], b1: 0.35, W2: {normal: {std: 0.1}}, "
                           "b2: zeros}\n").parameters.values()
    assert isinstance(W1, Array) and W1.shape == (2, 2) and W1.nested() == [[0.15, 0.2], [0.25, 0.3]]
    assert W1[1, 1].text == "0.30"
    assert isinstance(b1, Array) and b1.shape == () and b1.nested() == 0.35
    assert isinstance(W2, Choice) and (W2.name, W2.options) == ("normal", {"std": 0.1})
    assert b2 == Choice("zeros")


def test_data_is_written_out_or_in_a_file() -> None:
    x, t = model("data: {x: [[1, 2]], t: {file: d/digits.npz, key: y, rows: [0, 10], scale: 0.0625, "
                 "one_hot: 10}}\n").data.values()
    assert isinstance(x, Array) and x.shape == (1, 2)
    assert isinstance(t, DataFile) and t.rows == (0, 10) and t.one_hot == 10


def test_everything_else_has_its_place_too() -> None:
    found = model("title: 001\nsource: a paper\nnotes: |\n  some\n"
                  "regularisation: {l1: 1e-3, l2: {strength: 1e-4, of: [W1]}}\n"
                  "optimiser: {adam: {learning_rate: 0.001}}\ninitialiser: {uniform: {low: -1, high: 1}}\nseed: 7\n"
                  "frozen: [b1]\ntied: {W2: transpose(W1), W3: W1}\nconstants: {beta: 1.5}\n"
                  'names: {w1: "W1[1,1]", E: J}\ntarget: {y: 1}\n'
                  "training: {epochs: 10, batch_size: 2, shuffle: true, update_order: layer_by_layer, "
                  "stop_when_change_below: 1e-9}\n"
                  "expect:\n- {quantity: dE/dw5, value: 0.0821, where: step 2, printed: 0.0831, because: misprint}\n"
                  "- {quantity: accuracy on test, at_least: 0.96}\n"
                  "- {quantity: E, value: 1/3, tolerance: 1e-3, because: so}\n")
    assert found.title == "001"
    assert found.regularisation and found.regularisation.l1 and found.regularisation.l1.strength == 1e-3
    assert found.regularisation.l2 and found.regularisation.l2.of == ["W1"]
    assert found.tied == {"W2": ("W1", True), "W3": ("W1", False)}
    assert found.target == {"y": (1,)} and found.training.update_order == "layer_by_layer"
    assert [e.quantity for e in found.expect] == ["dE/dw5", "accuracy on test", "E"]


def test_the_name_of_the_network_comes_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "2-layer net.yaml"
    path.write_text(NETWORK)
    found, source = read(path)
    assert found.name == "network_2_layer_net"
    assert source.at("loss").line == 6


@pytest.mark.parametrize(("stem", "name"), [
    ("worked_example", "worked_example"), ("a-b c", "a_b_c"), ("001", "network_001"), ("../x", "x"),
    ("class", "class_network"), ("numpy", "numpy_network"), ("random", "random_network"), ("ü", "network"),
    ("", "network"), ("json", "json_network"),
])
def test_any_file_name_gives_a_good_name(stem: str, name: str) -> None:
    assert name_from(stem) == name and why_bad(name) is None


def test_the_words_of_formulas_are_no_names() -> None:
    from derive.file.functions import FUNCTIONS
    assert {*FUNCTIONS, "pi"} == FORMULA_WORDS


# -- what it can not say ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("line", "column", "says", "helps"), [
    ("optimizer: adam", 1, "no key 'optimizer'", "did you mean 'optimiser'?"),
    ("colour: red", 1, "no key 'colour'", "the keys are"),
    ("training: {epoch: 2}", 12, "no key 'epoch'", "did you mean 'epochs'?"),
    ("training: {epochs: 2.5}", 20, "whole number", "without decimals"),
    ("training: {epochs: many}", 20, "a number is expected here, not 'many'", "write a number"),
    ("training: {epochs: '2'}", 20, "a number is expected here, not '2'", "remove the quotes"),
    ("training: {shuffle: yes}", 21, "true or false", "write true or false"),
    ("training: {update_order: layerbylayer}", 26, "none of the choices", "did you mean 'layer_by_layer'?"),
    ("training: {seed: 1e12}", 18, "whole number from 0", "in this range"),
    ("training:", 1, "nothing follows 'training'", "write a value"),
    ("optimiser: {adam: {learning_rate: fast!}}", 35, "number", "write a number"),
    ("optimiser: {adam: {}, sgd: {}}", 23, "one name", "write {adam"),
    ("optimiser: 3", 12, "a name is expected here, not 3", "adam"),
    ("optimiser: x + 1", 12, "is no name", "adam"),
    ("parameters: {W1: [[1, 2], [3]]}", 27, "1 items, and the first one beside it has 2", "same length"),
    ("parameters: {W1: [[1, 2], [3, .nan]]}", 31, "finite", "write a number"),
    ("parameters: {W1: [[1, 2], [3, four]]}", 31, "not 'four'", "write a number"),
    ("parameters: {W1: [1, [2]]}", 22, "not a list", "same depth"),
    ("parameters: {W1: []}", 18, "empty list", "write numbers"),
    ("parameters: {np: 1}", 14, "NumPy name", "np_1"),
    ("constants: {lambda: 1}", 13, "Python language", "lambda_1"),
    ("constants: {'../x': 1}", 13, "is no name", "ASCII letter"),
    ("constants: {'\\input{x}': 1}", 13, "is no name", "ASCII letter"),
    ("constants: {<b>: 1}", 13, "is no name", "ASCII letter"),
    ("constants: {étape: 1}", 13, "is no name", "ASCII letter"),
    ("constants: {exp: 1}", 13, "function", "exp_1"),
    ("constants: {forward: 1}", 13, "generated module", "forward_1"),
    ("constants: {_x: 1}", 13, "is no name", "ASCII letter"),
    (f"constants: {{{'a' * 41}: 1}}", 13, "longer than 40", "another name"),
    ("constants: {beta: 1e999}", 19, "finite", "write a number"),
    ("frozen: b1", 9, "a list is expected", "[b1, b2]"),
    ("frozen: [b1, class]", 14, "Python language", "class_1"),
    ("tied: {W2: transpose(../x)}", 12, "is no name", "ASCII letter"),
    ("names: {w1: 'W1[0,1]'}", 17, "'0' is no position", "count from 1"),
    ("names: {w1: 'W1[1, x]'}", 20, "'x' is no position", "count from 1"),
    ("names: {w1: W1 + 1}", 13, "no quantity", "W1[1,2]"),
    ("names: {w1: W1[1,1]}", 15, "closing bracket", 'in quotes: "W1[1,2]"'),
    ("network: net.yaml", 1, "no key 'network'", "python -m derive check"),
    ("data: {t: {file: train.csv, colums: [a]}}", 29, "no key 'colums'", "did you mean 'columns'?"),
    ("data: {t: {file: train.txt}}", 18, "no CSV, NPY or NPZ", ".csv"),
    ("data: {t: hello}", 11, "a mapping is expected here, not 'hello'", "file"),
    ("data: {t: {file: a.csv, rows: [3, 1]}}", 31, "no rows from 3 to 1", "less than"),
    ("data: {x: [[1, text]]}", 16, "not 'text'", "write a number"),
    ("data: {x: [[1, 2], [3]]}", 20, "1 items", "same length"),
    ("expect: [{quantity: E}]", 10, "no value", "add value"),
    ("expect: [{quantity: E, value: 1, tolerance: 1e-3}]", 34, "needs a reason", "because"),
    ("expect: [{quantity: E, value: 1, printed: 2}]", 34, "needs a reason", "because"),
    ("expect: [{quantity: E, value: 1, at_most: 2}]", 34, "exclude each other", "one of them"),
    ("expect: [{quantity: dE/dw5 aftr 2, value: 1}]", 21, "names no quantity", "after 1"),
    ("expect: [{quantity: E, value: 1 +}]", 31, "names no quantity", "write"),
    ("seed: -1", 7, "whole number from 0", "in this range"),
    ("name: ../x", 7, "is no name", "ASCII letter"),
    ("name: json", 7, "module of Python", "json_network"),
    ("title: [a]", 8, "text is expected", "quotes"),
    ("regularisation: {l3: 2}", 18, "no key 'l3'", "l1, l2"),
    ("regularisation: {l2: -1}", 22, "greater than 0", "in this range"),
    ("target: [a]", 9, "one name", "write t"),
])
def test_a_mistake_is_shown_at_its_column(line: str, column: int, says: str, helps: str) -> None:
    error = refused(NETWORK + line)
    assert spot(error) == (7, column)
    assert says in error.message
    assert helps in str(error.help)


@pytest.mark.parametrize(("layer", "column", "says", "helps"), [
    ("dens: 1", 3, "no key 'dens'", "did you mean 'dense'?"),
    ("dense", 3, "a layer is expected", "dense: 16"),
    ("{dense: 1, add: [x, x]}", 14, "both dense and add", "'-'"),
    ("{add: [x, x], bias: true}", 17, "has no bias", "remove it"),
    ("{add: [x, x], from: x}", 17, "itself", "remove it"),
    ("name: a", 3, "no kind", "dense"),
    ("dense:", 3, "nothing follows 'dense'", "write a value"),
    ("dense: {unit: 3}", 11, "no key 'unit'", "did you mean 'units'?"),
    ("dense: {units: 3.5}", 18, "whole number", "without decimals"),
    ("dense: 1000000000000", 10, "from 1 to 1000000", "in this range"),
    ("dense: 0", 10, "from 1 to 1000000", "in this range"),
    ("add: x", 8, "at least two", "write a list"),
    ("add: [x, 3]", 12, "a name is expected", "ASCII letter"),
    ("{dense: 1, bias: maybe}", 20, "true, false or shared", "shared"),
    ("{dense: 1, repeat: 1001}", 22, "from 1 to 1000", "in this range"),
    ("{dense: 1, name: x y}", 20, "is no name", "ASCII letter"),
    ("{dense: 1, activation: {elu: 1}}", 32, "options of elu", "option: number"),
])
def test_a_mistake_in_a_layer_is_shown_at_its_column(layer: str, column: int, says: str, helps: str) -> None:
    error = refused(f"inputs: 2\nloss: l\nlayers:\n- {layer}\n")
    assert spot(error) == (4, column)
    assert says in error.message
    assert helps in str(error.help)


@pytest.mark.parametrize(("text", "place", "says"), [
    ("inputs: 2\nlayers: [dense: 1]\n", (1, 1), "'loss' is missing"),
    ("inputs: 2\nlayers: []\nloss: l\n", (2, 9), "at least 1"),
    ("inputs: 2\nlayers: 3\nloss: l\n", (2, 9), "a list is expected"),
    ("inputs: {}\nlayers: [dense: 1]\nloss: l\n", (1, 9), "at least 1"),
    ("inputs: 1000000000000\nlayers: [dense: 1]\nloss: l\n", (1, 9), "from 1 to 1000000"),
    ("inputs: {lambda: 1}\nlayers: [dense: 1]\nloss: l\n", (1, 10), "Python language"),
    ("inputs: 2\nlayers: [dense: 1]\nloss: ''\n", (3, 7), "is no name"),
    ("inputs: 2\nlayers: [dense: 1, dense: x]\nloss: [3]\n", (2, 27), "not 'x'"),
])
def test_the_first_mistake_in_the_file_is_reported(text: str, place: tuple[int, int], says: str) -> None:
    error = refused(text)
    assert spot(error) == place and says in error.message


def test_too_many_layers_are_refused() -> None:
    error = refused("inputs: 2\nloss: l\nlayers:\n" + "- dense: 1\n" * 10_001)
    assert "10000" in error.message and "repeat" in str(error.help)


def test_reading_a_file_loads_neither_numpy_nor_sympy(tmp_path: Path) -> None:
    path = tmp_path / "network.yaml"
    path.write_text(NETWORK + "data: {x: [[1, 2]]}\nexpect: [{quantity: J, value: 1/3}]\n")
    program = ("import sys, derive.file as f\n"
               "assert not {'pydantic', 'ruamel', 'ruamel.yaml', 'numpy', 'sympy'} & set(sys.modules)\n"
               f"f.read({str(path)!r})\n"
               "assert not {'numpy', 'sympy'} & set(sys.modules)\n")
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[2])
