"""Networks to draw, and what the tests ask of shapes on a page."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import derive
from derive.build import build
from derive.drawing import Drawing, Node, layout
from derive.file import read
from derive.network import Network, NetworkDerivation

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
NEURONS = ("worked_example", "two_layer_network", "three_layer_network", "binary_classifier", "softmax", "five")
BLOCKS = ("convolutional_digits", "sorting_transformer", "adding_lstm", "autoencoder", "digits", "branches", "nested",
          "letters", "residuals")

WRITTEN = {
    "softmax": """
        inputs: {x: 3}
        layers: [{dense: 4, activation: relu}, {dense: 3, activation: softmax}]
        loss: cross_entropy""",
    "five": """
        inputs: {x: 4}
        layers: [{dense: 5, activation: relu}, {dense: 4, activation: tanh, bias: shared}, {dense: 2}]
        loss: mean_squared_error
        regularisation: {l2: 0.01}""",
    "branches": """
        inputs: {x: 8, y: 4}
        blocks:
          residual:
            - {name: inner, dense: 8, activation: relu}
            - dense: 8
            - add: [input, previous]
            - activation: relu
        layers:
          - {name: left, dense: 8, activation: relu, from: x}
          - {block: residual, repeat: 12}
          - {name: deep, dense: 6}
          - {name: right, dense: 6, from: y, activation: tanh}
          - {name: gate, dense: 6, from: y, activation: sigmoid}
          - multiply: [right, gate]
          - concatenate: [deep, previous]
          - {dense: 5, repeat: 3, activation: "z * tanh(z)"}
          - {dense: 3, activation: softmax}
        loss: {cross_entropy: {sample_weight: w}}""",
    "letters": """
        inputs: {x: 2}
        layers: [{embedding: {vocabulary: 3, units: 2}}, {flatten: {}}, {dense: 2, activation: softmax}]
        loss: cross_entropy_with_labels""",
    "residuals": """
        inputs: {x: 4}
        layers:
          - {name: first, dense: 4}
          - {dense: 8, activation: relu}
          - dense: 4
          - {name: second, add: [first, previous]}
          - {dense: 8, activation: relu}
          - dense: 4
          - add: [second, previous]
        loss: mean_squared_error""",
    "nested": """
        inputs: {x: [6, 4], memory: [5, 4]}
        blocks:
          pair: [{dense: 4, repeat: 3, activation: tanh}, {batch_norm: {}}]
          layer:
            - {attention: {heads: 2, memory: memory}}
            - add: [input, previous]
            - {block: pair, repeat: 2}
        layers: [{block: layer, repeat: 2}, {gru: 3}, {dense: 1}]
        loss: mean_squared_error""",
}


@cache
def network(name: str, folder: Path | None = None) -> Network:
    """An example, or one of the networks written here."""
    if name not in WRITTEN:
        return derive.load(EXAMPLES / f"{name}.yaml")
    assert folder is not None
    path = folder / f"{name}.yaml"
    path.write_text(f"name: {name}\n" + "\n".join(line[8:] for line in WRITTEN[name].splitlines()), encoding="utf-8")
    return build(*read(path))


@cache
def drawing(name: str, folder: Path | None = None) -> Drawing:
    return layout(network(name, folder))


@cache
def derivation(name: str, folder: Path | None = None) -> NetworkDerivation:
    return network(name, folder).derivation()


def box(node: Node) -> tuple[float, float, float, float]:
    """Left, top, right, bottom."""
    (x, y), across, down = node.at, node.width / 2, node.height / 2
    return x - across, y - down, x + across, y + down


def overlap(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
