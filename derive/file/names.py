"""Which names a file may give: they become LaTeX symbols, Python variables and file names."""

from __future__ import annotations

import builtins
import keyword
import re
import sys

LONGEST_NAME = 40
GOOD_NAME = "a name is an ASCII letter followed by letters, digits and single underscores, such as W1, net_h1 or beta"
IDENTIFIER = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*_?")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# The generated module's own words, and the functions and constants of formulas.
MODULE_WORDS = _words("""
    np numpy self cls parameters gradients initial_parameters forward loss_and_gradients Model fit
    partial_fit predict score save load dtype rng seed annotations
""")
# What its functions call something else: a parameter of such a name would have another key in its dictionaries.
MODULE_VARIABLES = _words("""
    Array ArrayLike Callable DTypeLike Parameters Training SHAPES PARAMETERS FROZEN RUNNING MASKS LABELS OPTIONS SUMS
    draw_masks running_statistics hessian_vector_product gauss_newton_vector_product hessian gauss_newton trace
    check_gradients softplus erfc arrays update memory data masks direction position
    jax jnp lax stored Mesh NamedSharding PartitionSpec States State MOST_PASSES before state states options updates step
    after given found axis
""")
FORMULA_WORDS = _words("""
    exp log sqrt sin cos tan sinh cosh tanh atan erf abs sign max min where log1p expm1 sigmoid sum mean maximum
    delta within size flat pi
""")
NUMPY_WORDS = _words("""
    add all any arange arctan argmax argmin array asarray astype bool_ broadcast_to ceil clip concatenate copyto
    cumsum divide dot einsum empty empty_like equal expand_dims finfo float32 float64 floor full greater int64 isfinite
    isnan less linalg logaddexp matmul minimum moveaxis multiply ndarray negative newaxis ones ones_like outer pad power
    prod random ravel reciprocal repeat reshape sliding_window_view squeeze square stack subtract swapaxes take
    tensordot transpose vdot zeros zeros_like inf nan
""")


def why_bad(name: str) -> str | None:
    """What is wrong with a name, or None where it is a good one."""
    if not IDENTIFIER.fullmatch(name):
        return "is no name"
    if len(name) > LONGEST_NAME:
        return f"is longer than {LONGEST_NAME} characters"
    if keyword.iskeyword(name) or keyword.iskeyword(name.lower()):
        return "is a word of the Python language"
    if name in FORMULA_WORDS:
        return "is a function or constant of formulas"
    if name in NUMPY_WORDS or name in ("np", "numpy"):
        return "is a NumPy name"
    if name in MODULE_WORDS:
        return "is a name of the generated module"
    if hasattr(builtins, name):
        return "is a Python function"
    if name == "m":
        return "is the number of samples"
    if re.fullmatch(r"d\w+_d\w+|probe\d+", name):
        return "is the name of a derivative"
    return None


def why_bad_file_name(name: str) -> str | None:
    """The same for the network's name, which is the generated module's: it must not hide another module."""
    return why_bad(name) or ("is a module of Python" if name.lower() in sys.stdlib_module_names else None)


def name_from(stem: str) -> str:
    """A good name for a network from the stem of its file's name."""
    words = re.findall(r"[A-Za-z0-9]+", stem)
    name = "_".join(words)[:LONGEST_NAME].rstrip("_")
    if not name or not name[0].isalpha():
        name = f"network_{name}".rstrip("_")[:LONGEST_NAME]
    return name if why_bad_file_name(name) is None else f"{name[: LONGEST_NAME - 8]}_network"
