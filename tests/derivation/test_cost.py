"""The cost of a derivation follows its equations, not the widths or the number of equal layers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from derive.calculus import chain_rule

from .networks import CATALOGUE, case, network

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def worked_out(monkeypatch):
    """The quantities whose adjoints were worked out, not renamed."""
    found = []
    work_out = chain_rule._work_out

    def counted(problem, *options):
        found.append(problem.quantity.name)
        return work_out(problem, *options)

    monkeypatch.setattr(chain_rule, "_work_out", counted)
    return found


def dense(inputs, *widths, activation="sigmoid"):
    layers = "".join(f"  - {{dense: {width}, activation: {activation}}}\n" for width in widths)
    return f"inputs: {{x: {inputs}}}\nlayers:\n{layers}loss: half_squared_error\n"


def test_wide_layers_cost_what_narrow_ones_cost(worked_out):
    wide = network(dense(784, 512, 512, 10)).derivation()
    count = worked_out.copy()
    worked_out.clear()
    narrow = network(dense(2, 2, 2, 2)).derivation()
    assert worked_out == count
    assert [str(e) for e in wide.system.equations] == [str(e) for e in narrow.system.equations]


def test_a_hundred_equal_layers_are_derived_once(worked_out):
    network(dense(64, *[64] * 5)).derivation()
    few = worked_out.copy()
    worked_out.clear()
    deep = network(dense(64, *[64] * 100)).derivation()
    assert worked_out == [name.replace("5", "100").replace("4", "99") for name in few]
    assert len(deep.adjoints) == 1 + 4 * 100


def test_a_renamed_adjoint_has_the_steps_of_the_one_it_is_like():
    deep = network(dense(3, 3, 3, 3, 3)).derivation()
    first, second = deep.adjoint("W3"), deep.adjoint("W2")
    assert second.like == "W3" or second.like == first.like
    assert [step.rule for step in second.steps] == [step.rule for step in first.steps]
    assert [str(step.after) for step in second.steps] == [
        str(step.after).replace("a2", "a1").replace("z3", "z2") for step in first.steps]


def test_two_kinds_of_layer_cost_two(worked_out):
    page = "inputs: {{x: 4}}\nlayers: [{{dense: 4, activation: tanh, repeat: {0}}}, {{dense: 4, activation: sigmoid, "
    page += "repeat: {0}}}]\nloss: half_squared_error\n"
    network(page.format(3)).derivation()
    three = len(worked_out)
    worked_out.clear()
    network(page.format(30)).derivation()
    assert len(worked_out) == three


def test_the_whole_record_is_the_same_in_every_process():
    """Python's hashes differ from process to process, and nothing that is printed may."""
    program = (
        "import sys\n"
        "sys.path.insert(0, 'tests')\n"
        "from derivation.networks import CATALOGUE, case\n"
        "for name in sys.argv[1:]:\n"
        "    derivation = case(CATALOGUE[name]).derivation\n"
        "    print(*derivation.system.equations, sep='\\n')\n"
        "    print(*derivation.steps, sep='\\n')\n")
    names = ["loss cross-entropy", "two branches, concatenated", "activation gelu_tanh", "loss Huber",
             "L1 and L2 of named parameters", "an output read by three layers"]

    def run(seed):
        environment = {**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONPATH": str(ROOT)}
        return subprocess.Popen([sys.executable, "-c", program, *names], cwd=ROOT, env=environment, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    runs = [run(seed) for seed in (0, 1, 4242)]
    printed = [process.communicate(timeout=120) for process in runs]
    assert [process.returncode for process in runs] == [0, 0, 0], printed
    assert len({out for out, _ in printed}) == 1
    assert len(printed[0][0].splitlines()) > 100


def test_deriving_again_gives_the_same_equations():
    for name in ("loss cross-entropy", "a residual connection"):
        again = network(CATALOGUE[name]).derivation()
        assert [str(e) for e in again.system.equations] == [
            str(e) for e in case(CATALOGUE[name]).derivation.system.equations]
