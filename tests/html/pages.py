"""Pages of networks, made as the command makes them."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import NamedTuple

from derivation.networks import network

import codegen
from derive.checks.process import Runner
from derive.html import page, planned
from derive.instantiate import Entry
from derive.network import Network, NetworkDerivation

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
WORKED = (EXAMPLES / "worked_example.yaml").read_text(encoding="utf-8").partition("expect:")[0].replace("10000", "1000")
BLOCKS = """
name: blocks
title: Blocks
inputs: {x: [6, 6, 1]}
layers:
  - {conv2d: {filters: 4, kernel: 3}, activation: relu}
  - flatten: {}
  - {dense: 16, activation: tanh, name: wide}
  - {dense: 16, activation: tanh}
  - {add: [wide, previous]}
  - {dense: 3, activation: softmax}
loss: cross_entropy
optimiser: {adam: {learning_rate: 0.01}}
training: {epochs: 20}
"""
HOSTILE = """
name: hostile
title: "</script><script>alert(1)</script> & <b>"
source: "\\"><img src=x onerror=alert(2)>"
notes: "<svg onload=alert(3)>${7*7}{{ 7*7 }} \u4e2d \u00fc </style>"
inputs: {x: 2}
layers: [{dense: 2, activation: sigmoid}, {dense: 1, activation: sigmoid}]
loss: binary_cross_entropy
names: {ampersand_lt: "W1[1,1]"}
data: {x: [[0, 1], [1, 0], [1, 1]], t: [[1], [1], [0]]}
"""
TEXTS = {"worked": WORKED, "blocks": BLOCKS, "hostile": HOSTILE}


class Made(NamedTuple):
    """A page, and what it was made from; `values` are the numbers at the start."""

    html: str
    network: Network
    derivation: NetworkDerivation
    latex: str
    values: dict[Entry, float]


@cache
def made(name: str) -> Made:
    return page_of(TEXTS[name])


def page_of(text: str, form: str = "auto", wrt: str | None = None) -> Made:
    """The page of a YAML text."""
    of = network(text)
    derivation = of.derivation()
    plan = planned(of, derivation)
    files = codegen.generate_files(of, derivation, "numpy")
    with tempfile.TemporaryDirectory() as folder, Runner() as runner:
        path = Path(folder, f"{of.name}.py")
        codegen.write_files(files, path)
        runner.load(of, path, values=plan.moments.entries)
        plan.ask(runner, derivation)
        runner.wait()
        values = runner.values
        latex = derivation.latex(form, wrt, values or None)
        return Made(page(of, derivation, plan, runner.moments, latex, files[".py"]), of, derivation, latex, values)
