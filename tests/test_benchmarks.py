"""The table of training times: its systems reach the same weights, and one that does not is caught."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "benchmarks"))

from training_systems import PRODUCTS  # noqa: E402
from training_systems.measurement import CHECKED, TOLERANCE, disagreement, reference  # noqa: E402
from training_systems.networks import NETWORKS, Network, batch  # noqa: E402
from training_systems.numpy_in_place import System as InPlace  # noqa: E402


def off(network: Network, learning_rate: float) -> float:
    """How far the weights are off when they are trained with another learning rate."""
    system = InPlace()
    system.prepare(replace(network, learning_rate=learning_rate), network.weights(), batch(network))
    return disagreement(system.run(CHECKED), reference(network))


@pytest.mark.parametrize("network", [n for n in NETWORKS if n.widths[0] <= 64], ids=lambda network: network.name)
def test_a_learning_rate_that_is_off_by_a_thousandth_is_caught(network):
    right = network.learning_rate
    assert off(network, right) <= TOLERANCE[network.dtype] < off(network, 1.001 * right)


def test_the_table_where_there_is_only_numpy(tmp_path):
    """A whole run: processes, the comparison of the weights, the rounds, the ratios, the table."""
    path = tmp_path / "measured.json"
    run = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "training.py", "--rounds", "2", "--block", "0.002", "--rows", "2-2-2",
         "--systems", "textbook", "in place", "ours, numpy", "--json", path],
        capture_output=True, text=True, encoding="utf-8", timeout=300)
    assert run.returncode == 0, run.stdout + run.stderr
    (row,) = json.loads(path.read_text(encoding="utf-8"))["rows"]
    trained = {"NumPy, textbook", "NumPy, in place", "ours, numpy", "ours, numpy, call by call"}
    assert row["systems"].keys() == {PRODUCTS} | trained
    for name in trained:
        assert row["systems"][name]["disagreement"] <= 1e-10
        assert name in run.stdout
    assert row["systems"]["ours, numpy"]["to_best_peer"] > 0
