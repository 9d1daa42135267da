"""The figure of training: its numbers are the module's, its bytes are always the same."""

from __future__ import annotations

import math
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from derivation.networks import network

import codegen
from derive import plots
from derive.checks.process import Runner
from derive.network import Network

ROOT = Path(__file__).resolve().parent.parent
WORKED = (ROOT / "examples" / "worked_example.yaml").read_text(encoding="utf-8")
CLASSES = """
name: classes
inputs: {x: 2}
layers: [{dense: 8, activation: tanh}, {dropout: 0.1}, {dense: 2, activation: softmax}]
loss: cross_entropy
data: {x: [[0, 1], [1, 0], [1, 1], [0, 0]], t: [[1, 0], [1, 0], [0, 1], [0, 1]]}
test: {x: [[0, 1], [1, 0.5]], t: [[1, 0], [0, 1]]}
training: {epochs: 30, batch_size: 2, shuffle: true}
"""


@cache
def measured(text: str) -> tuple[Network, plots.Plan, list[dict[str, Any]]]:
    of = network(text)
    derivation = of.derivation()
    plan = plots.planned(of, derivation)
    with Runner() as runner:
        runner.load_files(of, codegen.generate_files(of, derivation))
        plan.ask(runner)
        runner.wait()
        return of, plan, runner.points


@cache
def figure(text: str, kind: str = "svg") -> bytes:
    return plots.figure(*measured(text), kind)


def test_the_numbers_are_those_that_the_document_prints():
    of, plan, points = measured(WORKED)
    assert plan.entries and plan.after[:3] == (0, 1, 2) and plan.after[-1] == 10_000
    first, after_1 = points[:2]
    assert first["loss"]["data"] == pytest.approx(0.298371109, abs=1e-9)
    assert first["gradients"]["W2"][0][0] == pytest.approx(0.082167041, abs=1e-9)  # dE/dw5
    assert after_1["parameters"]["W2"][0][0] == pytest.approx(0.35891648, abs=1e-8)  # w5
    assert points[-1]["loss"]["data"] == pytest.approx(3.510188e-05, abs=1e-11)


def test_large_networks_have_a_root_mean_square_for_each_parameter_and_both_sets():
    of, plan, points = measured(CLASSES)
    assert not plan.entries and plan.after[-1] == 60
    for point in points:
        assert set(point["loss"]) == set(point["score"]) == {"data", "test"}
        assert set(point["parameters"]) == set(of.parameters) == set(point["gradients"])
        assert all(isinstance(value, float) and math.isfinite(value) for value in point["gradients"].values())


@pytest.mark.parametrize("text, panels", [(WORKED, ["Loss E", "Parameters", "Gradients of E"]), (CLASSES, [
    "Loss J", "Accuracy", "Parameters, root mean square", "Gradients of J, root mean square"])])
def test_an_svg_has_a_panel_for_each_kind_of_number(text, panels):
    made = figure(text)
    words = ["".join(text.itertext()) for text in ET.fromstring(made).iter("{http://www.w3.org/2000/svg}text")]
    assert [word for word in words if word in panels] == panels and b"dc:date" not in made


def test_numbers_that_are_not_finite_leave_a_gap():
    of, plan, points = measured(CLASSES)
    broken = [{**point, "loss": {"data": math.nan, "test": math.inf}} for point in points]
    assert plots.figure(of, plan, broken).startswith(b"<?xml")


def test_other_formats_have_equal_bytes_each_time_too():
    assert figure(CLASSES, "png").startswith(b"\x89PNG")
    assert figure(CLASSES, "pdf").startswith(b"%PDF") and figure(CLASSES, "pdf") == plots.figure(*measured(CLASSES), "pdf")


@pytest.mark.parametrize("many", [2, 13, 24])
def test_curves_can_be_told_apart(many):
    """By colour, style and strength, and by the names beside them."""
    curves = [plots.Curve(f"w{place}", f"W{place // 6}", [0.0, float(place)]) for place in range(many)]
    assert len({tuple(look.values()) for look in plots._looks(curves)}) == many
    weights = [[0.1 * place for place in range(many)]]
    of = replace(measured(CLASSES)[0], parameters=("W1",), aliases={})
    point = {"loss": {"data": 1.0}, "score": {}, "parameters": {"W1": weights}, "gradients": {"W1": weights}}
    made = ET.fromstring(plots.figure(of, plots.Plan((0, 1), True), [point, point]))
    words = ["".join(text.itertext()) for text in made.iter("{http://www.w3.org/2000/svg}text")]
    assert [words.count(f"W1[1,{place}]") for place in range(1, many + 1)] == [2] * many


def test_the_command_writes_the_figure_beside_all_else(derive_command, tmp_path):
    (tmp_path / "classes.yaml").write_text(CLASSES)
    done = derive_command("classes.yaml", "-q", "--json", "--plot", "plots/training.svg")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "plots" / "training.svg").read_bytes() == figure(CLASSES)  # a process of its own, and equal bytes


@pytest.mark.parametrize("path", ["training.jpg", "training", "."])
def test_other_endings_are_wrong_usage(derive_command, tmp_path, path):
    (tmp_path / "classes.yaml").write_text(CLASSES)
    done = derive_command("classes.yaml", "--plot", path)
    assert done.returncode == 2 and ".svg, .png or .pdf" in done.stderr and not (tmp_path / "generated").exists()


def test_without_matplotlib_the_error_says_what_to_install(tmp_path):
    (tmp_path / "classes.yaml").write_text(CLASSES)
    without = "import sys; sys.modules['matplotlib'] = None\nfrom derive.command_line import derive; derive()"
    done = subprocess.run([sys.executable, "-c", without, "classes.yaml", "--plot", "a.svg"], cwd=tmp_path, text=True,
                          capture_output=True, env={"PYTHONPATH": str(ROOT)})
    assert done.returncode == 2 and re.search(r"matplotlib.*extra 'report'", done.stderr)
