"""A hundred derivations with one mistake each: the first wrong line is found, and what was done there is named."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest
from claim_pages import Bench, of_file
from mutator import KINDS, Dense, mutated_page, right_page

from derive.checks.process import Runner

PAGES = 100
NAMED = 90

CLASSES = """
name: classes
inputs: {x: 2}
target: t
layers:
  - {dense: 3, activation: tanh}
  - {dense: 3, activation: softmax}
loss: cross_entropy
optimiser: {gradient_descent: {learning_rate: 0.3}}
parameters:
  W1: [[0.31, -0.42, 0.53], [0.24, 0.65, -0.16]]
  b1: [0.07, -0.18, 0.29]
  W2: [[0.41, -0.22, 0.13], [-0.34, 0.55, 0.26], [0.17, 0.38, -0.49]]
  b2: [0.11, -0.12, 0.23]
data: {x: [[0.9, -0.7]], t: [[0, 1, 0]]}
"""
PROBABILITY = """
name: probability
inputs: {x: 2}
target: t
layers:
  - {dense: 2, activation: sigmoid}
  - {dense: 2, activation: tanh}
  - {dense: 1, activation: sigmoid}
loss: binary_cross_entropy
optimiser: {gradient_descent: {learning_rate: 1.5}}
parameters:
  W1: [[0.61, -0.72], [0.83, 0.94]]
  b1: [0.15, -0.26]
  W2: [[-0.57, 0.48], [0.39, 0.21]]
  b2: [0.32, 0.43]
  W3: [[0.74], [-0.85]]
  b3: [0.06]
data: {x: [[1.2, 0.4], [-0.3, 0.8]], t: [[1], [0]]}
"""


def dense(bench: Bench, activations: tuple[str, ...], loss: str, over: float, bias: str = "b") -> Dense:
    """The network as the mutator has it."""
    network = bench.network
    widths = (network.shape(network.inputs[0])[1], *(network.shape(f"W{n}")[1] for n in range(1, len(activations) + 1)))
    given = {}
    for name, array in {**network.data, **{p: network.initial[p].values for p in network.parameters}}.items():
        given |= dict(_entries(name, array.tolist() if hasattr(array, "tolist") else array))
    numbers = range(1, len(activations) + 1)
    return Dense(network.loss, tuple((f"W{n}", f"{bias}{n}", f"z{n}", f"a{n}") for n in numbers), activations,
                 network.inputs[0], network.target, given, widths, loss, over * network.samples,
                 network.optimiser.constants["learning_rate"], network.samples,
                 not isinstance(network.initial[f"{bias}1"].values, list))


def _entries(name, array, place=()):
    if isinstance(array, list):
        for position, part in enumerate(array, 1):
            yield from _entries(name, part, (*place, position))
    else:
        yield name + (f"[{','.join(map(str, place))}]" if place else ""), array


@pytest.fixture(scope="module")
def networks(tmp_path_factory, benches):
    folder: Path = tmp_path_factory.mktemp("networks")
    with Runner() as first, Runner() as second:
        (folder / "classes.yaml").write_text(CLASSES, encoding="utf-8")
        (folder / "probability.yaml").write_text(PROBABILITY, encoding="utf-8")
        worked, shared = benches("worked_example"), benches("three_layer_network")
        classes, probability = of_file(folder / "classes.yaml", first), of_file(folder / "probability.yaml", second)
        yield [(worked, dense(worked, ("sigmoid", "sigmoid"), "half squared", 1)),
               (shared, dense(shared, ("sigmoid", "sigmoid"), "squared", 2, "B")),
               (classes, dense(classes, ("tanh", "softmax"), "log", 1)),
               (probability, dense(probability, ("sigmoid", "tanh", "sigmoid"), "binary", 1))]


def test_nothing_is_wrong_on_a_right_page(networks):
    for bench, net in networks:
        verdicts = bench.verdicts(right_page(net).claims)
        assert {verdict.status for verdict in verdicts} == {"proved"}


def test_the_first_wrong_line_and_the_mistake_are_found(networks, capsys):
    generator = random.Random(5)
    named, listed, missed = Counter(), Counter(), []
    for number in range(PAGES):
        bench, net = networks[number % len(networks)]
        page = mutated_page(net, KINDS[number % len(KINDS)], generator)
        verdicts = bench.verdicts(page.claims)
        refuted = [line for line, verdict in enumerate(verdicts) if verdict.status == "refuted"]
        assert refuted == [page.wrong], (page, refuted)
        assert {verdict.status for verdict in verdicts[: page.wrong]} <= {"proved"}
        diagnoses = verdicts[page.wrong].diagnoses
        named[page.kind] += bool(diagnoses) and diagnoses[0].kind == page.kind
        listed[page.kind] += page.kind in {diagnosis.kind for diagnosis in diagnoses}
        if page.kind not in {diagnosis.kind for diagnosis in diagnoses}:
            missed.append((page.kind, page.claims[page.wrong], page.what, [(d.kind, d.words) for d in diagnoses]))
    with capsys.disabled():
        print(f"\nthe mistake is named first in {named.total()} of {PAGES}, among others in {listed.total()}")
        print(*missed, sep="\n")
    assert listed.total() >= NAMED
