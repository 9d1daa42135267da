"""What the page says of derivatives that do not exist, and how cases stand in a sum."""

from __future__ import annotations

import re

import pytest
from derivation.networks import network

SEQUENCE = "inputs: {x: [4, 3]}\nlayers: [{%s}, {dense: 1}]\nloss: mean_squared_error\n"


def page(layer: str) -> str:
    return network(SEQUENCE % layer).derivation().latex("index")


def test_a_condition_on_positions_is_no_kink():
    latex = page("attention: {heads: 3, causal: true}")
    assert r"\text{if } i \ge j" in latex and "kink" not in latex


def test_a_mask_is_no_kink():
    text = SEQUENCE.replace("inputs: {x: [4, 3]}", "inputs: {x: [4, 3], w: [4]}") % "attention: {mask: w}, from: x"
    latex = network(text).derivation().latex("index")
    assert r"w_{nj} > 0" in latex and "kink" not in latex


@pytest.mark.parametrize("layer", ["global_max_pool: {}", "maxout: 2", "max_pool1d: 2"])
def test_where_several_entries_are_the_largest_they_share_the_derivative(layer):
    latex = page("dense: 2}, {" + layer)
    assert "Where several entries are the largest, the derivative is divided among them in equal parts" in latex
    assert "kink" not in latex


def test_a_rectifier_has_its_kink():
    assert r"At the kink $z^{(1)}_{n'il} = 0$ the value of the last branch is taken by convention" in page(
        "dense: 2, activation: relu")


@pytest.mark.parametrize("text", [
    SEQUENCE.replace("mean_squared_error", "huber"), SEQUENCE + "regularisation: {l1: 0.01, l2: 0.1}\n"])
def test_nothing_stands_behind_cases_but_what_closes_them(text):
    latex = network(text % "dense: 2").derivation().latex("all")
    assert r"\end{cases}" in latex
    assert not re.search(r"\\end\{cases\}[^)&}]{0,3}[+-]", latex)


def test_the_largest_numbers_are_written_with_a_power_of_ten():
    assert r"-10^{30} & \text{otherwise}" in page("attention: {causal: true}")
