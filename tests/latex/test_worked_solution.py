"""The scalar view is a solution as a person writes it: formula, numbers, result, and the path beside each product."""

from __future__ import annotations

import math
import re

import pytest
from derivation.networks import network as recurrent
from hypothesis import given, settings
from hypothesis import strategies as st
from latex_networks import WORKED, network, values, worked
from test_document import compiled, needs_tex, overfull

from derive.latex import document
from derive.latex.printer import given as given_number
from derive.latex.printer import real
from derive.latex.rows import Row, merged, rows_of

HALF = 0.5000001  # of a unit in the last place


def solution(digits: int = 9, **options) -> str:
    made, derivation = worked()
    return document(made, derivation, form="scalar", values=values(made, derivation, WORKED), digits=digits, **options)


def paragraph(tex: str, symbol: str) -> str:
    return tex.split(rf"\paragraph{{${symbol}$.}}")[1].split(r"\paragraph")[0].split(r"\section")[0]


def paths(tex: str) -> list[str]:
    """What stands in brackets beside products."""
    return re.findall(r"\\q?quad \((\S+ \\to .*)\)(?: \\\\\*?)?$", tex, re.M)


@pytest.mark.parametrize(("weight", "path"), [
    ("5", r"h_{1} \to o_{1}"), ("6", r"h_{2} \to o_{1}"), ("7", r"h_{1} \to o_{2}"), ("8", r"h_{2} \to o_{2}")])
def test_the_path_of_an_output_weight_stands_beside_its_product(weight, path):
    assert paths(paragraph(solution(), f"w_{{{weight}}}")) == [path]


@pytest.mark.parametrize(("weight", "start", "hidden"), [("1", 1, 1), ("2", 2, 1), ("3", 1, 2), ("4", 2, 2)])
def test_both_paths_of_a_hidden_weight_stand_beside_its_product(weight, start, hidden):
    found = paths(paragraph(solution(), f"w_{{{weight}}}"))
    assert found[0] == (rf"i_{{{start}}} \to h_{{{hidden}}} \to o_{{1}} \text{{ and }} "
                        rf"i_{{{start}}} \to h_{{{hidden}}} \to o_{{2}}")
    assert found[1:] in ([], [rf"h_{{{hidden}}} \to o_{{1}}", rf"h_{{{hidden}}} \to o_{{2}}"])


def test_without_names_of_its_own_a_unit_is_called_by_its_output():
    made, derivation = network([2, 2, 1], "tanh", "half")
    tex = document(made, derivation, form="scalar", values=values(made, derivation))
    assert paths(paragraph(tex, "W^{(1)}_{21}")) == [r"x_{2} \to a^{(1)}_{1} \to a^{(2)}_{1}"]
    assert paths(paragraph(tex, "b^{(2)}_{1}")) == [r"b^{(2)}_{1} \to a^{(2)}_{1}"]


def test_a_path_ends_where_the_derivative_is_read_off():
    made, derivation = network([2, 2, 2], "tanh", "ce")
    tex = document(made, derivation, form="scalar", values=values(made, derivation))
    assert paths(paragraph(tex, "W^{(2)}_{11}")) == [r"a^{(1)}_{1} \to z^{(2)}_{1}"]


def test_many_paths_are_named_by_what_they_share():
    made, derivation = network([1, 2, 2, 3], "tanh", "half")
    tex = document(made, derivation, form="scalar", values=values(made, derivation))
    assert paths(paragraph(tex, "W^{(1)}_{11}"))[0] == r"x_{1} \to a^{(1)}_{1} \to \dots"


def test_with_several_samples_the_path_is_that_of_every_sample():
    made, derivation = network([2, 2, 1], "tanh", "bce", 3)
    tex = document(made, derivation, form="scalar", values=values(made, derivation))
    assert r"x_{1} \to a^{(1)}_{1}" in paths(paragraph(tex, "W^{(1)}_{11}"))[0]


def test_every_product_is_a_formula_then_its_numbers_then_its_result():
    assert (r"\frac{\partial E_{o1}}{\partial \mathit{out}_{h1}} &= \frac{\partial E_{o1}}{\partial \mathit{net}_{o1}} "
            r"\cdot \frac{\partial \mathit{net}_{o1}}{\partial \mathit{out}_{h1}} = 0.138498562 \cdot 0.4 = 0.055399425"
            ) in solution()


def test_every_factor_of_a_product_is_computed_in_a_row_of_its_own():
    made = recurrent("inputs: {x: [3, 1]}\nlayers:\n- rnn: 2\n- dense: 1\nloss: mean_squared_error\n"
                     "data: {x: [[[0.1], [0.2], [0.3]]], t: [[0.4]]}\n")
    derivation = made.derivation()
    tex = document(made, derivation, form="scalar", values=values(made, derivation)).split("Every weight")[1]
    for factor in set(re.findall(r"\\frac\{\\partial h\^\{\(1\)\}_\{\d+\}\}\{\\partial z\^\{\(1\)\}_\{\d+\}\}", tex)):
        assert f"\n{factor} &= 1 -" in tex


@settings(max_examples=17, deadline=None)
@given(st.integers(1, 17))
def test_numbers_are_rounded_in_print_only(digits):
    made, derivation = worked()
    exact = values(made, derivation, WORKED)
    tex = document(made, derivation, form="scalar", values=exact, digits=digits)
    for name, entry in (("E_{\\mathit{total}}", exact["J", ()]), (r"\mathit{out}_{o1}", exact["a2", (0, 0)]),
                        (r"\frac{\partial E_{\mathit{total}}}{\partial w_{5}}", exact["dJ_dW2", (0, 0)]),
                        (r"\frac{\partial E_{\mathit{total}}}{\partial w_{1}}", exact["dJ_dW1", (0, 0)])):
        row = re.findall(rf"^{re.escape(name)} &= (.*(?:\n&.*)*)", tex, re.M)[-1]
        mantissa, power = re.findall(r"= (-?[\d.]+)(?: \\cdot 10\^\{(-\d+)\})?(?=\s|$)", row)[-1]
        unit = 10.0 ** (int(power or 0) - len(mantissa.partition(".")[2]))
        assert abs(float(mantissa) * 10 ** int(power or 0) - entry) <= HALF * unit + math.ulp(entry)
        assert len(mantissa.partition(".")[2]) <= digits


def test_a_path_is_never_parted_from_its_row():
    row = Row("x", ["1"], " ".join("a" * 90))
    joined = merged([rows_of([Row("y", ["2"]), Row("z", ["3"]), row]), rows_of([Row("y", ["2"]), Row("z", ["3"])])])
    assert r"x &= 1 \\*" in joined and re.search(r"\n&\\qquad \(\\resizebox\{[\d.]+em\}", joined)


def test_zero_has_no_sign():
    assert real(-0.0) == real(-0.0, 4) == "0"


@given(st.floats(-1e6, 1e6), st.integers(1, 17))
def test_a_printed_number_is_at_most_half_a_unit_off(value, digits):
    mantissa, _, power = real(value, digits).partition(r" \cdot 10^{")
    if mantissa.startswith(("10^", "-10^")):
        mantissa, power = mantissa.replace("10^", "1").split("{")[0], mantissa.partition("{")[2]
    exponent = int(power.strip("}") or 0)
    unit = 10.0 ** (exponent - len(mantissa.partition(".")[2]))
    assert abs(float(mantissa) * 10.0 ** exponent - value) <= HALF * unit + 2 * math.ulp(value)


@pytest.mark.parametrize(("value", "printed"), [(0.15, "0.15"), (0.0625, "0.0625"), (-3.0, "-3"), (1 / 3, "0.3"),
                                               (2.0 ** -20, "10^{-6}")])
def test_a_given_number_is_not_rounded_where_it_is_short(value, printed):
    assert given_number(value, 1) == printed


def test_given_numbers_stand_in_the_products_as_they_are_given():
    assert r"0.05 \cdot 0.15 + 0.1 \cdot 0.2 + 0.35 = 0.4" in solution(digits=1)


@needs_tex
@pytest.mark.parametrize("digits", [1, 17])
def test_the_page_compiles_with_any_digits_and_nothing_leaves_it(digits, tmp_path):
    assert overfull(compiled(solution(digits), tmp_path)) == []


@pytest.mark.parametrize("digits", ["0", "18", "-3", "2.5", "nine", "\u0663"])
def test_digits_that_a_double_does_not_have_are_wrong_usage(digits, derive_command):
    run = derive_command("network.yaml", "--digits", digits)
    assert run.returncode == 2
    assert f"{digits} is no whole number from 1 to 17" in run.stderr
