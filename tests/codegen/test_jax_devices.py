"""A model on many devices, and on those of two processes, has the numbers that it has on one."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from derivation.columns import in_columns
from emitted import network, of_layers

import codegen

NET = of_layers("{dense: 4, activation: tanh}", "dropout: 0.25", "{dense: 2, activation: softmax}",
                loss="cross_entropy", more="optimiser: {adam: {clip_norm: 0.5}}\ntraining: {epochs: 2, batch_size: 16}\n")
PROGRAM = """
import sys
import numpy as np
import jax

processes, rank, port, columns = map(int, sys.argv[1:])
jax.config.update("jax_disable_most_optimizations", True)  # these programs run once
if processes > 1:
    jax.distributed.initialize(f"127.0.0.1:{port}", processes, rank)
import net

rng = np.random.default_rng(0)
x, t = rng.standard_normal((44, 3)), np.eye(2)[rng.integers(0, 2, 44)]
if columns:
    x, t = x.T, t.T


def shape(*of_rows):
    return of_rows[:-2] + of_rows[:-3:-1] if columns else of_rows


def model(**options):
    return net.Model(shuffle=True, **options).fit(x, t)


def same(one, two, tolerance):
    ours, theirs = one._saved(), two._saved()
    assert ours.keys() == theirs.keys()
    for name in ours:
        np.testing.assert_allclose(theirs[name], ours[name], rtol=tolerance, atol=tolerance, err_msg=name)
    np.testing.assert_allclose(two.loss_history_, one.loss_history_, rtol=tolerance)
    np.testing.assert_allclose(two.predict_proba(x), one.predict_proba(x), rtol=tolerance, atol=tolerance)


devices = np.array(jax.devices())
assert len(devices) == 8
if processes == 1:
    two = model(dtype="float32", mesh=jax.make_mesh((8,), ("samples",)))
    same(model(dtype="float32"), two, 1e-5)
    assert two.parameters["W1"].sharding.is_fully_replicated
    assert not jax.config.jax_enable_x64, "float32 needs no change of JAX's settings"
two = model(mesh=jax.sharding.Mesh(devices.reshape(2, 4).T, ("samples", "units")))
same(model(), two, 1e-12)
W1 = two.parameters["W1"]
assert W1.sharding.device_set == set(devices) and W1.addressable_shards[0].data.shape == shape(3, 2)
batches, rest = two._batches((x, t), 0).one_pass()
assert batches[0].shape == shape(2, 16, 3) and batches[0].addressable_shards[0].data.shape == shape(2, 4, 3)
assert rest[0].shape == shape(12, 3) and rest[0].addressable_shards[0].data.shape == shape(3, 3)
print("the same")
"""


@pytest.fixture
def run(tmp_path: Path):
    """Runs the program in as many processes, which have eight devices together."""
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")

    def together(processes: int, columns: bool) -> None:
        made = network(in_columns(NET) if columns else NET)
        (tmp_path / "net.py").write_text(codegen.generate(made, made.derivation(), "jax"), encoding="utf-8")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        flags = f"--xla_force_host_platform_device_count={8 // processes}"
        running = [subprocess.Popen(
            [sys.executable, "program.py", str(processes), str(rank), str(port), str(int(columns))], cwd=tmp_path, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"})
            for rank in range(processes)]
        try:
            for process in running:
                said, _ = process.communicate(timeout=200)
                assert process.returncode == 0 and "the same" in said, said[-3000:]
        finally:
            for process in running:
                process.kill()

    return together


@pytest.mark.parametrize(("processes", "columns"), [(1, False), (2, True)])
def test_eight_devices_train_as_one(run, processes, columns):
    """Samples divided among all of them, on one host; among four with the weights divided in two, there and on two."""
    run(processes, columns)
