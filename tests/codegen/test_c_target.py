"""The C target computes what the NumPy target does, compiles without a warning, and leaves no memory misused."""

from __future__ import annotations

import copy
import subprocess
from pathlib import Path

import numpy as np
import pytest
from c_modules import STRICT, compiler, files, loaded, needs_compiler, written
from derivation.test_layers import NETWORKS
from emitted import data, module, network, of_layers, parameters
from numpy.testing import assert_allclose

cffi = pytest.importorskip("cffi", reason="pip install cffi")
pytestmark = needs_compiler

PAGES = {
    **NETWORKS,
    "every activation": of_layers(*(f"{{dense: 3, activation: {name}}}" for name in (
        "sigmoid", "tanh", "relu", "leaky_relu", "elu", "selu", "gelu", "gelu_tanh", "silu", "softplus", "mish", "softsign",
        "hard_sigmoid", "hard_tanh", "log_softmax", "softmax"))),
    "labels": of_layers("{dense: 4, activation: relu}", "{dense: 3, activation: softmax}",
                        loss="cross_entropy_with_labels"),
    "frozen and tied": of_layers("dense: 3", "{dense: 3, activation: tanh}", more="tied: {W2: transpose(W1)}\n"),
}
OPTIMISERS = ("{gradient_descent: {learning_rate: 0.1}}", "{momentum: {learning_rate: 0.1}}", "adam", "lamb", "nadam",
              "{adam: {learning_rate: 0.01, clip_norm: 0.1, schedule: {cosine: {}}}}")


@pytest.fixture(autouse=True)
def quickly(monkeypatch, tmp_path):
    """Compiled fast, and not kept."""
    monkeypatch.setenv("CFLAGS", "-O0")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.mark.parametrize("name", PAGES)
def test_values_and_gradients_are_those_of_the_numpy_module(name, tmp_path):
    compare(PAGES[name], tmp_path)


def compare(text: str, folder: Path) -> None:
    ours, net = loaded(text, folder), module(text)
    theta, given = parameters(text), data(text)
    inputs = {each: given[each] for each in network(text).inputs}
    assert_allclose(ours.forward(theta, **inputs), net.forward(theta, **inputs), rtol=1e-12, atol=1e-13)
    (loss, gradients), (wanted, right) = ours.loss_and_gradients(theta, **given), net.loss_and_gradients(theta, **given)
    assert loss == pytest.approx(wanted, rel=1e-12)
    assert gradients.keys() == right.keys()
    for each, gradient in right.items():
        assert_allclose(gradients[each], gradient, rtol=1e-11, atol=1e-12, err_msg=each)


@pytest.mark.parametrize("name", ["every activation", "lstm with a mask", "conv2d", "batch_norm"])
def test_a_trace_has_every_quantity(name, tmp_path):
    text = PAGES[name]
    theta, given = parameters(text), data(text)
    found, right = loaded(text, tmp_path).trace(theta, **given), module(text).trace(theta, **given)
    assert found.keys() == right.keys()
    for each, value in right.items():
        assert_allclose(found[each], value, rtol=1e-11, atol=1e-12, err_msg=each)


TRAINED = {
    "own learning rates": of_layers("{dense: 3, activation: tanh}", "dense: 2",
                                    more="optimiser: {adam: {learning_rate: 0.01, learning_rates: {W1: 0.5}}}\n"),
    "layer by layer with a normalisation": of_layers(
        "dense: 4", "batch_norm: {}", "{activation: tanh}", "dense: 2", more="training: {update_order: layer_by_layer}\n"),
    **{f"with {o.strip('{').split(':')[0]}{' and clipping' if 'clip' in o else ''}":
       of_layers("{dense: 4, activation: tanh}", "dense: 2", more=f"optimiser: {o}\n") for o in OPTIMISERS},
    "layer by layer": of_layers("{dense: 4, activation: tanh}", "dense: 2",
                                more="training: {update_order: layer_by_layer}\n"),
    "labels": PAGES["labels"], "batch_norm": NETWORKS["batch_norm"], "dropout": NETWORKS["dropout"],
    "lstm": NETWORKS["lstm"], "embedding": NETWORKS["embedding"],
    "regularised": of_layers("dense: 4", "dense: 2", more="regularisation: {l2: 0.1, l1: 0.01}\n"),
}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", TRAINED)
def test_training_goes_as_that_of_the_numpy_module(name, dtype, tmp_path):
    text = TRAINED[name]
    given = data(text, 7)
    options = {"epochs": 4, "batch_size": 3, "shuffle": True, "dtype": dtype}
    ours, net = loaded(text, tmp_path).Model(**options), module(text).Model(**options)
    ours.fit(**given)
    net.fit(**given)
    close = {"rtol": 1e-10, "atol": 1e-12} if dtype == "float64" else {"rtol": 2e-4, "atol": 2e-5}
    assert ours.updates_ == net.updates_ == 12
    assert_allclose(ours.loss_history_, net.loss_history_, **close)
    for each, value in net.parameters.items():
        assert_allclose(ours.parameters[each], value, err_msg=each, **close)
    assert ours.step(**given) == pytest.approx(net.step(**given), rel=close["rtol"] * 10)


def test_training_stops_on_convergence_and_goes_on_from_there(tmp_path):
    text = of_layers("dense: 2")
    given = data(text, 6)
    models = [each.Model(epochs=500, tolerance=1e-4, shuffle=False, warm_start=True)
              for each in (loaded(text, tmp_path), module(text))]
    for _ in range(2):
        for model in models:
            model.fit(**given)
        assert models[0].updates_ == models[1].updates_
        assert_allclose(models[0].loss_history_, models[1].loss_history_, rtol=1e-10)
    assert models[0].updates_ < 500


def test_what_is_saved_by_one_is_loaded_by_the_other(tmp_path):
    text = TRAINED["with adam"]
    given = data(text, 6)
    ours, net = loaded(text, tmp_path).Model(epochs=3), module(text).Model(epochs=3)
    ours.fit(**given)
    ours.save(str(tmp_path / "model.npz"))
    net.load(str(tmp_path / "model.npz"))
    assert net.step(**given) == pytest.approx(ours.step(**given), rel=1e-10)


# -- the program by itself ------------------------------------------------------------------------------------

def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.mark.parametrize("real", ["double", "float"])
def test_every_program_is_strict_c99(real, tmp_path):
    for number, (name, text) in enumerate(sorted((PAGES | TRAINED).items())):
        path = written(text, tmp_path / str(number))
        prefix = path.stem.upper()
        print(name)
        run(compiler, *STRICT, "-O0", f"-D{prefix}_REAL={real}", f"-D{prefix}_TRACE", "-fsyntax-only", str(path))


MAIN = """
#include <stdio.h>
#include "{prefix}.h"
enum {{ SAMPLES = {samples}, EPOCHS = 3, BATCH = 2 }};
{arrays}
static {prefix}_real theta[{PREFIX}_PARAMETERS], gradient[{PREFIX}_PARAMETERS], memory[{PREFIX}_MEMORY(BATCH)];
{states}
int main(void)
{{
    {prefix}_model model = {{0}};
    double losses[EPOCHS + 1] = {{1e300}};
    long order[EPOCHS * SAMPLES];
    for (long i = 0; i < EPOCHS * SAMPLES; i++)
        order[i] = SAMPLES - 1 - i % SAMPLES;
    {prefix}_initialise({start}, 7);
    model.theta = theta;
    model.gradient = gradient;
    model.memory = memory;
    model.batch = BATCH;
    model.learning_rate = 0.05;
    {assign}
    {prefix}_train(&model, {data}, SAMPLES, EPOCHS, order, -1, losses);
    {prefix}_train(&model, {data}, SAMPLES, EPOCHS, NULL, -1, losses);
    printf("%.6g\\n", losses[EPOCHS]);
    return 0;
}}
"""
ALONE = ["conv2d", "max_pool1d, overlapping", "lstm with a mask", "causal attention with a mask", "embedding", "labels",
         "conv_transpose1d", "every activation", "batch_norm"]


@pytest.mark.parametrize("name", ALONE)
def test_the_program_trains_alone_and_sanitizers_find_nothing(name, tmp_path):
    text = PAGES[name]
    it = network(text)
    path = written(text, tmp_path)
    prefix = path.stem
    given = data(text, 5)
    arrays = "".join(f"static const {'int64_t' if value.dtype.kind in 'iu' else f'{prefix}_real'} {each}[] = "
                     f"{{{', '.join(map(repr, value.ravel().tolist()))}}};\n" for each, value in given.items())
    states = "".join(f"static {prefix}_real {state}[NET_PARAMETERS];\n" for state in it.optimiser.states)
    assign = "".join(f"model.{state} = {state};\n" for state in it.optimiser.states)
    fixed = sum(int(np.prod([s or 1 for s in it.shape(n)])) for n in (*it.frozen, *(e.name for e in it.running)))
    if fixed:
        states += f"static {prefix}_real fixed[{fixed}];\n"
        assign += "model.fixed = fixed;\n"
    (tmp_path / "main.c").write_text(MAIN.format(samples=5, arrays=arrays, states=states, assign=assign, prefix=prefix,
                                                start="theta, fixed" if fixed else "theta",
                                                PREFIX=prefix.upper(), data=", ".join(given)))
    program = str(tmp_path / "main")
    run(compiler, *STRICT, "-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all",
        "-o", program, str(path), str(tmp_path / "main.c"), "-lm")
    assert np.isfinite(float(run(program)))


START = """
#include <stdio.h>
#include "{prefix}.h"
static {prefix}_real theta[{PREFIX}_PARAMETERS];
int main(void)
{{
    {prefix}_initialise(theta, 3);
    for (long i = 0; i < {PREFIX}_PARAMETERS; i++)
        printf("%.17g\\n", (double)theta[i]);
    return 0;
}}
"""


@pytest.mark.parametrize("initialiser", ["he_normal", "glorot_uniform", "orthogonal", "zeros"])
def test_parameters_start_as_the_file_says(initialiser, tmp_path):
    text = of_layers("{dense: 60, bias: false}", x="40", more=f"initialiser: {initialiser}\n")
    path = written(text, tmp_path)
    (tmp_path / "main.c").write_text(START.format(prefix=path.stem, PREFIX=path.stem.upper()))
    program = str(tmp_path / "main")
    run(compiler, *STRICT, "-o", program, str(path), str(tmp_path / "main.c"), "-lm")
    W = np.array(run(program).split(), float).reshape(40, 60)
    if initialiser == "zeros":
        assert not W.any()
    elif initialiser == "orthogonal":
        assert_allclose(W @ W.T, np.eye(40), atol=1e-12)
    else:
        wanted = module(text).initial_parameters()["W1"]
        assert abs(W.mean()) < 4 * wanted.std() / np.sqrt(W.size)
        assert W.std() == pytest.approx(wanted.std(), rel=0.1)
        assert abs(W).max() == pytest.approx(abs(wanted).max(), rel=0.5)


def test_numbers_of_the_file_start_as_they_are(tmp_path):
    text = of_layers("{dense: 1, bias: false}", x="2", more="parameters: {W1: [[0.15], [-2.5]]}\n")
    assert "R(0.15), R(-2.5)" in files(text)[".c"]


HOSTILE = {
    "a network named like its input": "name: x\n" + of_layers("dense: 2"),
    "names that the functions use": of_layers("{dense: 2, from: values}", x="1").replace(
        "inputs: {x: 1}", "inputs: {values: 3, gradient: 2, order: 1, INLINE: 1}").replace(
        "layers:", "layers:\n- concatenate: [values, gradient, order, INLINE]").replace(", from: values", ""),
    "two inputs a letter apart": "inputs: {x: 2, x_: 2}\nlayers: [{dense: 2, name: a, from: x}, {dense: 2, name: b, "
                                 "from: x_}, {add: [a, b]}]\nloss: mean_squared_error\n",
    "nothing to train": of_layers("{dense: 2}", more="frozen: [W1, b1]\n"),
    "constants named like functions": of_layers('{dense: 2, activation: "z*remainder + fdim"}',
                                                more="constants: {remainder: 1.5, fdim: 2}\n"),
    "a sum that reads no array": of_layers(
        '{equations: "y[n,j] = x[n,j]*g[j] + sum(k, sin(k + j))", sizes: {k: 4}}'),
    "a title of blanks": 'title: " "\n' + of_layers("dense: 2"),
    "a branch that is never taken": of_layers('{dense: 2, activation: "where(z >= 0, sqrt(abs(z)), z)"}'),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_and_forms(name, tmp_path):
    text = HOSTILE[name]
    run(compiler, *STRICT, "-fsyntax-only", str(written(text, tmp_path)))
    compare(text, tmp_path)


def test_a_fitted_model_can_be_copied(tmp_path):
    text = TRAINED["with adam"]
    given = data(text, 6)
    model = loaded(text, tmp_path).Model(epochs=3).fit(**given)
    twin = copy.deepcopy(model)
    assert twin.step(**given) == model.step(**given)


def test_second_derivatives_are_refused():
    with pytest.raises(ValueError, match="second"):
        files(of_layers("dense: 2", more="second_order: true\n"))


def test_no_compiler_is_a_clear_error(tmp_path, monkeypatch):
    text = PAGES["labels"]
    made = loaded(text, tmp_path)
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(RuntimeError, match="install gcc"):
        made.forward(parameters(text), **{each: data(text)[each] for each in network(text).inputs})


def test_the_program_calls_no_allocator():
    for text in (PAGES["lstm"], PAGES["conv2d"], TRAINED["with adam"]):
        assert not any(word in files(text)[".c"] for word in ("malloc", "calloc", "realloc", "alloca"))


def test_an_optimiser_without_formulas_is_refused():
    text = of_layers("dense: 2", more="optimiser: newton\n")
    with pytest.raises(ValueError, match="newton"):
        files(text)


def test_equal_input_gives_equal_text(tmp_path):
    text = PAGES["labels"]
    first = dict(files(text))
    files.cache_clear()
    assert files(text) == first
    assert Path(written(text, tmp_path)).read_text(encoding="utf-8") == first[".c"]
