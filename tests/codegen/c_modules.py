"""C programs of networks, built and loaded in a folder of the test's own."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
from derivation.test_layers import DIFFERENT, NETWORKS
from emitted import derivation, network, of_layers

import codegen

compiler = shutil.which("cc") or shutil.which("gcc")
needs_compiler = pytest.mark.skipif(compiler is None, reason="there is no C compiler here: install gcc")
STRICT = ("-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic")

PAGES = {
    **DIFFERENT, "batch_norm": NETWORKS["batch_norm"],
    "every activation": of_layers(*(f"{{dense: 3, activation: {name}}}" for name in (
        "sigmoid", "tanh", "relu", "leaky_relu", "elu", "selu", "gelu", "gelu_tanh", "silu", "softplus", "mish", "softsign",
        "hard_sigmoid", "hard_tanh", "log_softmax", "softmax"))),
    "labels": of_layers("{dense: 4, activation: relu}", "{dense: 3, activation: softmax}",
                        loss="cross_entropy_with_labels"),
    "frozen and tied": of_layers("dense: 3", "{dense: 3, activation: tanh}", more="tied: {W2: transpose(W1)}\n"),
}


@cache
def files(text: str) -> dict[str, str]:
    return codegen.generate_files(network(text), derivation(text), "c")


def written(text: str, folder: Path) -> Path:
    """The path of the C file; the others are beside it."""
    path = folder / f"{network(text).name}.c"
    codegen.write_files(files(text), path.with_suffix(".py"))
    return path


def loaded(text: str, folder: Path) -> ModuleType:
    path = written(text, folder).with_suffix(".py")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout
