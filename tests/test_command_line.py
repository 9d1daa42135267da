"""The command line: what goes where, and which exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

SMALL = """\
inputs: {x: 2}
layers:
  - {dense: 3, activation: tanh}
  - {dense: 1}
loss: mean_squared_error
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(SMALL)
    return path


def test_the_derivation_goes_to_stdout_the_module_to_generated_and_the_table_to_stderr(derive_command, small, tmp_path):
    done = derive_command("small.yaml")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("\\documentclass") and done.stdout.rstrip().endswith("\\end{document}")
    assert "Taylor test" in done.stderr and "documentclass" not in done.stderr
    assert (tmp_path / "generated" / "small.py").exists()


def test_equal_input_gives_equal_bytes(derive_command, small, tmp_path):
    outputs = set()
    for seed in ("0", "1", "12345"):
        done = derive_command("small.yaml", PYTHONHASHSEED=seed)
        outputs.add((done.stdout, (tmp_path / "generated" / "small.py").read_text()))
    assert len(outputs) == 1


def test_without_expectations_the_module_is_still_run_and_tested(derive_command, small):
    assert "1.9 to 2.1" in derive_command("small.yaml").stderr


def test_quiet_prints_no_table(derive_command, small):
    assert derive_command("small.yaml", "-q").stderr == ""


def test_json_is_one_object_with_equations_and_checks(derive_command, small):
    told = json.loads(derive_command("small.yaml", "--json", "-q").stdout)
    assert told["passed"] and told["equations"][0]["number"] == 1 and told["checks"] == []


def test_no_colour_where_the_output_is_no_terminal(derive_command, small):
    assert "\x1b" not in derive_command("small.yaml").stderr


@pytest.mark.parametrize("arguments", [("--nonsense",), ("small.yaml", "--form", "nonsense"), (),
                                       ("small.yaml", "--target", "fortran")])
def test_wrong_usage_is_exit_code_2(derive_command, small, arguments):
    assert derive_command(*arguments).returncode == 2


def test_an_unknown_name_after_wrt_is_an_error_with_a_suggestion(derive_command, small):
    done = derive_command("small.yaml", "--wrt", "W3")
    assert done.returncode == 2 and "W1" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("text, words", [
    (SMALL.replace("tanh", "tahn"), ["small.yaml:3:", "tahn", "tanh", "^"]),
    (SMALL.replace("loss:", "los:"), ["small.yaml:5:1", "los", "loss"]),
    (SMALL + "frozen: [W9]\n", ["small.yaml:6:", "W9", "W1"]),
    (SMALL + "parameters: {W1: [[1, 2], [3, 4]]}\n", ["small.yaml:6:", "2 × 3", "2 × 2"]),
    (SMALL + "data: {x: [[1, 2, 3]], t: [[1]]}\n", ["small.yaml:6:", "3 columns", "2 columns", "inputs"]),
    (SMALL + "data: {x: [[1, .nan]], t: [[1]]}\n", ["small.yaml:6:", "finite"]),
    (SMALL + "data: {x: [[1, two]], t: [[1]]}\n", ["small.yaml:6:", "two"]),
    (SMALL + "expect: [{quantity: dJ/dw5, value: 1}]\n", ["small.yaml:6:", "w5"]),
    (SMALL + "names: {np: W1}\n", ["small.yaml:6:", "np"]),
    (SMALL + "names: {lambda: W1}\n", ["small.yaml:6:", "lambda"]),
    (SMALL + "name: ../x\n", ["small.yaml:6:", "../x"]),
    (SMALL + "name: '\\\\input{/etc/passwd}'\n", ["small.yaml:6:", "input"]),
    (SMALL.replace("dense: 3", "dense: 1000000000000"), ["small.yaml:3:", "1000000"]),
    (SMALL.replace("tanh", '"__import__(\'os\').system(\'touch hacked\')"'), ["small.yaml:3:"]),
    (SMALL.replace("tanh", '"z.real"'), ["small.yaml:3:"]),
    (SMALL.replace("tanh", "9**9**9**9"), ["small.yaml:3:"]),
    ("", ["small.yaml:1:1", "empty"]),
    ("a: [" * 10_000, ["small.yaml:1:"]),
])
def test_bad_input_is_one_clear_error_and_the_earlier_module_stays(derive_command, small, tmp_path, text, words):
    module = tmp_path / "generated" / "small.py"
    module.parent.mkdir()
    module.write_text("# earlier\n")
    small.write_text(text)
    done = derive_command("small.yaml")
    assert done.returncode == 3, done.stderr
    for word in words:
        assert word in done.stderr
    assert "help: " in done.stderr and "Traceback" not in done.stderr and done.stdout == ""
    assert module.read_text() == "# earlier\n" and not (tmp_path / "hacked").exists()


def test_layers_in_a_cycle_are_refused(derive_command, tmp_path):
    (tmp_path / "cycle.yaml").write_text("""\
inputs: 2
layers:
  - {dense: 2, name: first, from: second}
  - {dense: 2, name: second}
loss: mean_squared_error
""")
    done = derive_command("cycle.yaml")
    assert done.returncode == 3 and "cycle.yaml:3:" in done.stderr and "cycle" in done.stderr


def test_labels_out_of_range_are_refused(derive_command, tmp_path):
    (tmp_path / "labels.yaml").write_text("""\
inputs: 2
layers:
  - {dense: 3, activation: softmax}
loss: cross_entropy_with_labels
data: {x: [[1, 2], [3, 4]], t: [[0], [3]]}
""")
    done = derive_command("labels.yaml")
    assert done.returncode == 3 and "3" in done.stderr and "0 to 2" in done.stderr


def test_probabilities_outside_0_and_1_are_refused(derive_command, tmp_path):
    (tmp_path / "p.yaml").write_text("""\
inputs: 1
layers:
  - {dense: 1, activation: sigmoid}
loss: binary_cross_entropy
data: {x: [[1]], t: [[1.5]]}
""")
    done = derive_command("p.yaml")
    assert done.returncode == 3 and "probability" in done.stderr


def test_a_missing_file_is_an_error_with_what_to_do(derive_command):
    done = derive_command("nowhere.yaml")
    assert done.returncode == 3 and "nowhere.yaml" in done.stderr and "Traceback" not in done.stderr


def test_an_out_folder_that_cannot_be_written_is_wrong_usage(derive_command, small, tmp_path):
    (tmp_path / "taken").write_text("a file, and no folder")
    done = derive_command("small.yaml", "--out", "taken")
    assert done.returncode == 2 and "cannot be written" in done.stderr and "Traceback" not in done.stderr


def test_help_is_quick_because_it_does_not_import_sympy(derive_command):
    done = derive_command("--help", PYTHONPROFILEIMPORTTIME="1")
    assert done.returncode == 0 and "sympy" not in done.stderr and "--form" in done.stdout
