"""The C program by itself, without Python: it trains in the memory that its header states, and misuses none."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from c_modules import PAGES, STRICT, compiler, files, needs_compiler, run, written
from emitted import data, module, network, of_layers
from numpy.testing import assert_allclose

pytestmark = needs_compiler

TRAINS = """
#include <stdio.h>
#include "network.h"
enum {{ SAMPLES = {samples}, EPOCHS = 3, BATCH = 2 }};
{arrays}
int main(void)
{{
    network_model model = {{{fields}, .batch = BATCH, .learning_rate = 0.05}};
    double losses[EPOCHS + 1] = {{1e300}};
    long order[EPOCHS * SAMPLES];
    for (long i = 0; i < EPOCHS * SAMPLES; i++)
        order[i] = SAMPLES - 1 - i % SAMPLES;
    network_initialise({start}, 7);
    network_train(&model, {data}, SAMPLES, EPOCHS, order, -1, losses);
    network_train(&model, {data}, SAMPLES, EPOCHS, NULL, -1, losses);
    printf("%.6g\\n", losses[EPOCHS]);
    return 0;
}}
"""
SANITIZERS = ("-g", "-O0", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
ALONE = ["conv2d", "max_pool1d, overlapping", "lstm with a mask", "causal attention with a mask", "embedding", "labels",
         "conv_transpose1d", "every activation", "batch_norm", "dropout"]


def built(text: str, main: str, folder: Path, *options: str) -> str:
    """The path of the program that a main function makes of a network."""
    path = written("name: network\n" + text, folder)
    (folder / "main.c").write_text(main)
    run(compiler, *STRICT, *options, "-o", str(folder / "main"), str(path), str(folder / "main.c"), "-lm")
    return str(folder / "main")


@pytest.mark.parametrize("real", ["double", "float"])
@pytest.mark.parametrize("name", ALONE)
def test_the_program_trains_alone_and_sanitizers_find_nothing(name, real, tmp_path):
    text = PAGES[name]
    it, given = network(text), data(text, 5)
    arrays = [f"static const {'int64_t' if value.dtype.kind in 'iu' else 'network_real'} {each}[] = "
              f"{{{', '.join(map(repr, value.ravel().tolist()))}}};" for each, value in given.items()]
    # Where numbers of the type may lie, and none that are larger.
    sizes = {"theta": "NETWORK_PARAMETERS", "gradient": "NETWORK_PARAMETERS", "memory": "NETWORK_MEMORY(BATCH)"}
    if it.frozen or it.running:
        sizes["fixed"] = "NETWORK_FIXED"
    arrays += [f"static network_real {each}[1 + {size}];" for each, size in sizes.items()]
    fields = [f".{each} = {each} + 1" for each in sizes]
    if any(value.dtype.kind in "iu" for value in given.values()):
        arrays.append("static int64_t whole[NETWORK_WHOLE(BATCH)];")
        fields.append(".whole = whole")
    start = ", ".join(f"{each} + 1" for each in ("theta", "fixed") if each in sizes)
    program = built(text, TRAINS.format(samples=5, arrays="\n".join(arrays), fields=", ".join(fields), start=start,
                                        data=", ".join(given)), tmp_path, *SANITIZERS, f"-DNETWORK_REAL={real}")
    assert math.isfinite(float(run(program)))


DROPS = """
#include <stdio.h>
#include "network.h"
enum { SAMPLES = 4000, BATCH = 50 };
static network_real theta[NETWORK_PARAMETERS] = {1}, gradient[NETWORK_PARAMETERS], memory[NETWORK_MEMORY(BATCH)];
static network_real x[SAMPLES], t[SAMPLES];
int main(void)
{
    network_model model = {.theta = theta, .gradient = gradient, .memory = memory, .batch = BATCH};
    double losses[3] = {1e300};
    for (long i = 0; i < SAMPLES; i++)
        x[i] = 1;
    network_train(&model, x, t, SAMPLES, 2, NULL, -1, losses);
    printf("%.17g %.17g\\n", losses[1], losses[2]);
    return 0;
}
"""


def test_masks_are_drawn_anew_for_each_batch_with_the_mean_1(tmp_path):
    """Of x = 1, W = 1 and t = 0 the loss is the mean of mask², that is 1/(1 − rate)."""
    text = of_layers("dropout: 0.3", "{dense: 1, bias: false}", x="1")
    one, two = map(float, run(built(text, DROPS, tmp_path)).split())
    assert one != two
    assert one == pytest.approx(1 / 0.7, rel=0.05) and two == pytest.approx(1 / 0.7, rel=0.05)


STARTS = """
#include <stdio.h>
#include "network.h"
static network_real theta[NETWORK_PARAMETERS];
int main(void)
{
    network_initialise(theta, 3);
    for (long i = 0; i < NETWORK_PARAMETERS; i++)
        printf("%.17g\\n", (double)theta[i]);
    return 0;
}
"""


@pytest.mark.parametrize("initialiser", ["he_normal", "glorot_uniform", "orthogonal", "zeros"])
def test_parameters_start_as_the_file_says(initialiser, tmp_path):
    text = of_layers("{dense: 60, bias: false}", x="40", more=f"initialiser: {initialiser}\n")
    W = np.array(run(built(text, STARTS, tmp_path)).split(), float).reshape(40, 60)
    if initialiser == "zeros":
        assert not W.any()
    elif initialiser == "orthogonal":
        assert_allclose(W @ W.T, np.eye(40), atol=1e-12)
    else:
        wanted = module(text).initial_parameters()["W1"]
        assert abs(W.mean()) < 4 * wanted.std() / np.sqrt(W.size)
        assert W.std() == pytest.approx(wanted.std(), rel=0.1)
        assert abs(W).max() == pytest.approx(abs(wanted).max(), rel=0.5)


def test_numbers_of_the_file_start_as_they_are():
    text = of_layers("{dense: 1, bias: false}", x="2", more="parameters: {W1: [[0.15], [-2.5]]}\n")
    assert "R(0.15), R(-2.5)" in files(text)[".c"]


LARGEST = """
#include <stdio.h>
#include "network.c"
int main(void)
{
    uint64_t seed = 1;
    real largest = 0;
    for (long i = 0; i < 1L << 26; i++) {
        const real number = random_number(&seed);
        largest = number > largest ? number : largest;
    }
    printf("%d\\n", largest < 1);
    return 0;
}
"""


def test_no_random_number_is_rounded_to_1(tmp_path):
    written("name: network\n" + of_layers("dense: 1"), tmp_path)
    (tmp_path / "main.c").write_text(LARGEST)
    program = str(tmp_path / "main")
    run(compiler, *STRICT, "-O1", "-DNETWORK_REAL=float", "-o", program, str(tmp_path / "main.c"), "-lm")
    assert run(program) == "1\n"


SIZES = """
#include <stdio.h>
#include "network.h"
int main(void)
{
    printf("%zu %zu\\n", NETWORK_MEMORY(3), NETWORK_MEMORY(1000000000));
    return 0;
}
"""


def test_memory_is_counted_beyond_the_largest_int(tmp_path):
    few, many = map(int, run(built(of_layers("dense: 2"), SIZES, tmp_path)).split())
    assert many - few == (1_000_000_000 - 3) * (few // 3)


def test_the_program_calls_no_allocator():
    for name in ("lstm with a mask", "conv2d", "batch_norm"):
        assert not any(word in files(PAGES[name])[".c"] for word in ("malloc", "calloc", "realloc", "alloca"))
