"""Whatever stands in a file or a formula: it is read, or it is one of this tool's own errors; nothing else is raised,
nothing is executed, and it does not take long."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sympy import Expr

from derive.file.errors import DeriveError, Place
from derive.file.formulas import Scope, parse_equation, parse_formula
from derive.file.quantities import parse_quantity, parse_reference, parse_value
from derive.file.reading import validated
from derive.file.source import source_of_text
from derive.language.expressions import Index, dimension

n, k, j = Index("n", dimension("m")), Index("k", dimension("d0")), Index("j", dimension("d1"))
SCOPE = Scope({"z": (n, j), "x": (n, k), "W": (k, j), "y": (n, j), "t": (n, j)}, {"beta": dimension("beta")},
              {"n": n, "j": j})
SECONDS = 5.0

some = settings(max_examples=150, deadline=None, database=None, derandomize=True,
                suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])

NETWORKS = (
    """\
inputs: {x: 2}
layers:
- dense: 2
  activation: sigmoid
- {dense: {units: 2}, bias: shared, activation: "z / (1 + exp(-beta*z))", name: last}
- add: [last, previous]
loss: half_squared_error
optimiser: {adam: {learning_rate: 0.001}}
parameters: {W1: [[0.15, 0.25], [0.2, 0.3]], b1: zeros}
names: {w1: "W1[1,1]", E: J}
data: {x: [[0.05, 0.10]], t: {file: train.csv, columns: [a, b]}}
training: {epochs: 10, update_order: layer_by_layer}
expect:
- {quantity: dE/dw5 after 2, value: 0.0821, tolerance: 1e-3, because: printed so}
""",
    "a: &a [x, x]\nb: &b [*a, *a]\nc: {d: *b, <<: *a}\n",
    "inputs: 2\nlayers: [dense: 1]\nloss: >-\n  (y - t)**2\n  / 2\n",
)
FORMULAS = (
    "z / (1 + exp(-beta*z))", "exp(z[n,j]) / sum(k, exp(x[n,k]))", "0.5*z*(1 + tanh(sqrt(2/pi)*(z + 0.044715*z**3)))",
    "max(0, min(z, 1)) + abs(z) - sign(z)", "where(z > 0 and z < 1, z, log1p(exp(z)))",
    "-(t*log(y) + (1 - t)*log(1 - y))",
    "maximum(k, x[n,k]*W[k,j])", "sum(k, l, delta(k, l))", "within(2*j - 1, 5)", "2**-z", "mean(k, x*W)**2",
    "erf(z/sqrt(2))",
)
PIECES = (
    "__import__('os').system('touch executed')", "open('executed','w')", "().__class__.__bases__", "9**9**9**9",
    "1e308", "1e-400",
    "10**60", "exp(", "sum(k,", "maximum(n,", "where(", "abs(", "max(", ")", "(", "[", "]", ",", "**", "*", "/", "0",
    "-", "lambda",
    "if", "else", ":=", "z", "z[n,j]", "x[n,k]", "W", ".", "..", "1j", "j", "nan", "inf", "True", "'", '"', "\\", "#",
    "\n", "\t",
    "{", "}", "!!python/object/apply:os.system ['touch executed']", "&a ", "*a ", "<<: ", "- ", ": ", "? ", "| ",
    "> ", "---\n",
    "%YAML 1.1\n", "\x00", "\x85", "\u2028", "\ufeff", "\ud800", "é", "×", "−", "\\input{/etc/passwd}", "<script>",
    "../../x",
    "[" * 70, "{a: " * 70, "(" * 70, "-" * 200, "9" * 400, ".inf", "~", "null", "yes", "0x", "0o8", "1_0", "size(",
    "erf(", "log(",
)


watched: list[str] | None = None  # what was executed while it is a list


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if watched is None:
        return
    if event in ("os.system", "os.exec", "os.posix_spawn", "subprocess.Popen", "socket.connect", "os.remove"):
        watched.append(f"{event} {arguments}")
    if event == "open" and arguments[1] and set(str(arguments[1])) & set("wax+"):
        watched.append(f"{event} {arguments}")
    if event == "exec" and not arguments[0].co_filename.endswith(".py"):  # a module that is imported late is fine
        watched.append(f"{event} {arguments[0].co_filename}")


sys.addaudithook(_watch)


@contextmanager
def harmless() -> Iterator[None]:
    """Inside, nothing may be executed, written or connected to; and it may not take long."""
    global watched
    watched, started = [], time.perf_counter()
    try:
        yield
    except DeriveError as error:
        assert error.exit_code == 3 and error.place is not None
        assert error.place.line >= 1 and error.place.column >= 1
        assert all(line.isprintable() for line in str(error).split("\n"))
    finally:
        seconds, found, watched = time.perf_counter() - started, watched, None
    assert not found
    assert seconds < SECONDS


def test_the_watch_sees_what_is_executed() -> None:
    for act in (lambda: eval("1 + 1"), lambda: os.system("true")):  # noqa: S307
        with pytest.raises(AssertionError), harmless():
            act()


def hostile(texts: tuple[str, ...]) -> st.SearchStrategy[str]:
    """Valid texts with parts cut out, doubled, exchanged and replaced by hostile pieces; and plain noise."""
    @st.composite
    def mutated(draw: st.DrawFn) -> str:
        text = draw(st.sampled_from(texts))
        for _ in range(draw(st.integers(1, 4))):
            start = draw(st.integers(0, len(text)))
            stop = min(len(text), start + draw(st.integers(0, 8)))
            piece = draw(st.sampled_from((*PIECES, "", text[start:stop] * 3)) | st.text(max_size=4))
            text = (text[:start] + piece + text[stop:])[:4100]
        return text

    noise = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
    return st.one_of(mutated(), mutated(), noise, st.text(max_size=60))


@some
@given(hostile(NETWORKS))
def test_any_text_is_a_network_or_an_error_of_ours(text: str) -> None:
    with harmless():
        validated(source_of_text(text))


@some
@given(hostile(FORMULAS))
def test_any_text_is_a_formula_or_an_error_of_ours(text: str) -> None:
    with harmless():
        assert isinstance(parse_formula(text, SCOPE), Expr)


def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Larger formulas out of smaller ones."""
    operators = st.sampled_from(["+", "-", "*", "/", "**", " and ", "<", "//", ","])
    functions = st.sampled_from(
        ["exp", "log", "sqrt", "tan", "atan", "erf", "abs", "sign", "-", "sigmoid", "expm1", "sinh"])
    pairs = st.sampled_from(["max", "min", "delta", "within"])
    reductions = st.sampled_from(["sum", "mean", "maximum"])
    return st.one_of(
        st.tuples(inner, operators, inner).map("({0[0]}{0[1]}{0[2]})".format),
        st.tuples(functions, inner).map("{0[0]}({0[1]})".format),
        st.tuples(pairs, inner, inner).map("{0[0]}({0[1]},{0[2]})".format),
        st.tuples(reductions, st.sampled_from("kjln"), inner).map("{0[0]}({0[1]},{0[2]})".format),
        st.tuples(inner, st.sampled_from("<>"), inner, inner, inner).map(
            "where({0[0]}{0[1]}{0[2]},{0[3]},{0[4]})".format))


LEAVES = st.sampled_from(["z", "x[n,k]", "W[k,j]", "beta", "0", "1", "2", "0.5", "1e300", "1e-300", "64", "pi", "n",
                         "j", "z[j,n]",
                          "123456789123456789", "-1", "1/3"])


@some
@given(st.recursive(LEAVES, grown, max_leaves=25))
def test_formulas_of_any_form_are_read_in_time(text: str) -> None:
    with harmless():
        assert isinstance(parse_formula(text, SCOPE), Expr)


@some
@given(hostile(("y[n,j] = sum(k, x[n,k]*W[k,j])", "L = sum(n, j, z)")))
def test_any_text_is_an_equation_or_an_error_of_ours(text: str) -> None:
    with harmless():
        parse_equation(text, SCOPE)


@some
@given(hostile(("dE/dw5 after 2", "accuracy on test", "W1[1,2]", "dE/dout_o1 * dout_o1/dnet_o1",
       "(E_o1 + E_o2) after 1")))
def test_any_text_is_a_quantity_or_an_error_of_ours(text: str) -> None:
    for parse in (parse_quantity, parse_value, parse_reference):
        with harmless():
            parse(text, Place.of_text(text))
