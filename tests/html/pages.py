"""Pages of networks, made as the command makes them."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from derivation.networks import network

import codegen
from derive.checks.process import Runner
from derive.html import Plan, page, planned
from derive.instantiate import Entry
from derive.network import Network, NetworkDerivation

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
WORKED = (EXAMPLES / "worked_example.yaml").read_text(encoding="utf-8").partition("expect:")[0].replace("10000", "1000")
BLOCKS = """
name: blocks
title: Blocks
inputs: {x: 8}
blocks: {pair: [{dense: 16, activation: tanh}, {dense: 16}]}
layers:
  - {dense: 16, activation: relu, name: wide}
  - {block: pair, repeat: 2}
  - {add: [wide, previous]}
  - {dense: 3, activation: softmax}
loss: cross_entropy
optimiser: {adam: {learning_rate: 0.01}}
training: {epochs: 20}
"""
HOSTILE = """
name: hostile
title: "</script><script>alert(1)</script> & <b> Donaudampfschifffahrtsgesellschaftskapitaensmuetze"
source: "\\"><img src=x onerror=alert(2)>"
notes: "<svg onload=alert(3)>${7*7}{{ 7*7 }} \u4e2d \u00fc </style>"
inputs: {x: 2}
layers: [{dense: 1, activation: sigmoid, name: a_layer_whose_name_no_phone_can_show}]
loss: binary_cross_entropy
names: {ampersand_lt: "W_a_layer_whose_name_no_phone_can_show[1,1]", Kreuzentropieverlustfunktion: J}
data: {x: [[0, 1], [1, 1]], t: [[1], [0]]}
training: {epochs: 3}
"""
TEXTS = {"worked": WORKED, "blocks": BLOCKS, "hostile": HOSTILE}


class Made(NamedTuple):
    """A page, and what it was made from; `values` are the numbers at the start."""

    html: str
    network: Network
    derivation: NetworkDerivation
    latex: str
    values: dict[Entry, float]


class Run(NamedTuple):
    """A network whose module has run: the numbers at the start, and those at the moments of the plan."""

    network: Network
    derivation: NetworkDerivation
    plan: Plan
    values: dict[Entry, float]
    moments: list[dict[str, Any]]
    module: str


def run_of(text: str) -> Run:
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
        return Run(of, derivation, plan, runner.values, runner.moments, files[".py"])


run = cache(run_of)


def page_of(made: Run, form: str = "auto", wrt: str | None = None) -> Made:
    """The page of a network."""
    latex = made.derivation.latex(form, wrt, made.values or None)
    html = page(made.network, made.derivation, made.plan, made.moments, latex, made.module)
    return Made(html, made.network, made.derivation, latex, made.values)


@cache
def made(name: str) -> Made:
    """The page of one of the networks here."""
    return page_of(run(TEXTS[name]))
