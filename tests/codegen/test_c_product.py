"""Products of matrices in C: the kernel of the program, and a BLAS, give what the definition says, however they lie."""

from __future__ import annotations

import importlib.util
import shlex

import pytest
from c_modules import STRICT, compiler, needs_compiler, run, written
from emitted import of_layers

pytestmark = needs_compiler

MAIN = """
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <tgmath.h>
#ifdef SCALAR
#undef __GNUC__  /* as on a compiler that knows of no vectors */
#endif
#include "network.c"

static real a[400 * 400], b[400 * 400], c[400 * 400], before[400 * 400];

static double next(void) { return rand() / (double)RAND_MAX - 0.5; }

/* The largest error against the definition, in units of what rounding may do. */
static double error(long rows, long inner, long columns, int a_turned, int b_turned, real keep, real scale)
{
    const long a_row = a_turned ? 1 : inner + 1, a_inner = a_turned ? rows + 2 : 1, c_row = columns + 3;
    const long b_inner = b_turned ? 1 : columns + 1, b_column = b_turned ? inner + 2 : 1;
    double worst = 0;
    for (long i = 0; i < 400 * 400; i++)
        a[i] = R(next()), b[i] = R(next()), c[i] = before[i] = keep == 0 ? R(NAN) : R(next());
    product(rows, inner, columns, a, a_row, a_inner, b, b_inner, b_column, c, c_row, keep, scale);
    for (long i = 0; i < rows; i++)
        for (long j = 0; j < c_row && i * c_row + j < 400 * 400; j++) {
            double sum = 0;
            for (long k = 0; k < inner; k++)
                sum += (double)a[i * a_row + k * a_inner] * (double)b[k * b_inner + j * b_column];
            const double kept = keep == 0 ? 0 : (double)keep * (double)before[i * c_row + j];
            const double off = fabs((double)c[i * c_row + j] - kept - (double)scale * sum);
            if (j >= columns) {  /* not its own */
                if (memcmp(&c[i * c_row + j], &before[i * c_row + j], sizeof(real)))
                    return HUGE_VAL;
            } else if (!(off <= worst)) {
                worst = off;
            }
        }
    return worst / ((double)inner * (sizeof(real) == sizeof(float) ? 1e-7 : 1e-16));
}

int main(void)
{
    static const long sizes[] = {1, 2, 7, 8, 9, 15, 16, 31, 33, 64, 130, 300};
    enum { SIZES = sizeof sizes / sizeof *sizes };
    double worst = 0;
    for (int trial = 0; trial < TRIALS; trial++) {
        const long rows = sizes[rand() % SIZES], inner = sizes[rand() % SIZES], columns = sizes[rand() % SIZES];
        const real keep = R(rand() % 3 / 2.0), scale = R(rand() % 2 ? 1 : -0.25);
        const double found = error(rows, inner, columns, rand() % 2, rand() % 2, keep, scale);
        if (!(found < 3))
            printf("%ld x %ld x %ld, keep %g: %g\\n", rows, inner, columns, (double)keep, found);
        worst = fmax(worst, found);
    }
    printf("%s\\n", worst < 3 ? "right" : "wrong");
    return 0;
}
"""


def checked(folder, *options: str) -> str:
    written("name: network\n" + of_layers("dense: 8", x="16"), folder)
    (folder / "main.c").write_text(MAIN)
    program = str(folder / "main")
    run(compiler, *STRICT, "-Wno-unused-function", str(folder / "main.c"), "-o", program, *options, "-lm")
    return run(program)


@pytest.mark.parametrize("real", ["double", "float"])
@pytest.mark.parametrize("options", [
    "-O2 -march=native -DTRIALS=60", "-O1 -DTRIALS=30 -fsanitize=address,undefined -fno-sanitize-recover=all",
    "-O2 -DTRIALS=30 -DSCALAR"], ids=["vectors", "sanitizers", "no vectors"])
def test_the_kernel_multiplies_as_the_definition_says(options, real, tmp_path):
    assert checked(tmp_path, *shlex.split(options), f"-DNETWORK_REAL={real}") == "right\n"


@pytest.mark.parametrize("real", ["double", "float"])
def test_so_does_a_blas(real, tmp_path):
    if importlib.util.find_spec("scipy_openblas32") is None:
        pytest.skip("pip install scipy-openblas32")
    import scipy_openblas32 as blas

    options = ["-O1", "-DTRIALS=60", "-DNETWORK_CBLAS=1", "-DNETWORK_BLAS(name)=scipy_cblas_##name",
               f"-I{blas.get_include_dir()}", f"-L{blas.get_lib_dir()}", f"-l{blas.get_library()}",
               f"-Wl,-rpath,{blas.get_lib_dir()}"]
    assert checked(tmp_path, *options, f"-DNETWORK_REAL={real}") == "right\n"
