"""What has no place for a break still stays on its line: cases are stacked, and what remains too wide is shrunk."""

from __future__ import annotations

import re

import pytest
from derivation.networks import network
from hypothesis import given
from hypothesis import strategies as st
from test_document import compiled, needs_tex, overfull

from derive.latex.escape import name_parts, scalar_name
from derive.latex.lines import Line, chain
from derive.latex.narrow import stacked
from derive.latex.width import width

OWN_LAYER = """
inputs: {x: 3}
layers:
- equations: |
    FORMULA
  sizes: {j: 2}
- {dense: 2, activation: sigmoid}
loss: half_squared_error
"""
SUM = "sum(k, x[n,k]*W[k,j]) + b[j], sum(k, x[n,k]*V[k,j]) + d[j]"
PRODUCTS_OF_MAXIMA = {
    "with 0": "y[n,j] = max(sum(k, x[n,k]*W[k,j]) + b[j], 0)*max(sum(k, x[n,k]*U[k,j]) + c[j], 0)",
    "of sums": f"y[n,j] = max({SUM})*max({SUM.translate(str.maketrans('WVbd', 'UQcq'))})",
    "over an index": "y[n,j] = maximum(k, x[n,k]*W[k,j] + b[j])*maximum(k, x[n,k]*U[k,j] + c[j])",
    "of three": "y[n,j] = max(x[n,0]*W[j], x[n,1]*U[j], x[n,2]*V[j])*max(x[n,0]*c[j], x[n,1]*d[j], x[n,2]*q[j])",
}
NORM = """
inputs: {x: 2}
layers:
- {dense: 3, activation: tanh}
- batch_norm: {}
- {dense: 2, activation: softmax}
loss: cross_entropy
"""

letters = st.sampled_from([f"{letter}_{{n{i}}}" for letter in "xyzw" for i in range(1, 4)])
sums = st.lists(letters, min_size=1, max_size=9).map(" + ".join)
conditions = st.tuples(sums, st.sampled_from([">", r"\ge", "<"]), sums).map(" ".join)
rows = st.tuples(sums, st.lists(conditions, min_size=1, max_size=3).map(r" \text{ and } ".join))


@needs_tex
@pytest.mark.parametrize("formula", PRODUCTS_OF_MAXIMA.values(), ids=PRODUCTS_OF_MAXIMA.keys())
def test_a_product_of_maxima_stays_on_the_page(formula, tmp_path):
    latex = network(OWN_LAYER.replace("FORMULA", formula)).derivation().latex(form="all")
    assert overfull(compiled(latex, tmp_path)) == []


@given(st.lists(rows, min_size=1, max_size=3), st.floats(14, 40))
def test_stacked_cases_hold_what_they_held_and_fit(cases, limit):
    latex = r" \\ ".join(rf"{value} & \text{{if }} {condition}" for value, condition in cases)
    latex = rf"\begin{{cases}} {latex} \\ 0 & \text{{otherwise}} \end{{cases}}"
    narrow = stacked(latex, limit, width)
    assert width(narrow) <= limit

    def held(text: str) -> str:
        return re.sub(r"\\\\|\\q?quad|&|\s", "", text)

    assert held(narrow) == held(latex)


def test_cases_that_fit_are_left_alone():
    latex = r"\begin{cases} 1 & \text{if } z > 0 \\ 0 & \text{otherwise} \end{cases}"
    assert stacked(latex, 20, width) == latex


def test_a_reason_stands_at_the_end_of_its_line_where_there_is_room():
    lines = [Line("a", "chain rule"), Line(" ".join("a" * 60), "collected")]
    latex = chain("y", lines, "1")
    assert re.search(r"y &\\reasoned\{[\d.]+em\}\{= a\}\{\(chain rule\)\}", latex)
    assert re.search(r"&\\makebox\[[\d.]+em\]\[r\]\{\(collected\)\}", latex)
    assert r"&& \text{(chain rule)}" in chain("y", lines[:1], "1")


def test_what_cannot_be_broken_is_shrunk_to_its_line():
    fits, wide = Line("a"), Line(rf"\frac{{{' '.join('a' * 90)}}}{{b}}")
    latex = chain("y", [fits, wide], "1")
    assert "&= a" in latex
    boxed = re.search(r"\\resizebox\{([\d.]+)em\}", latex)
    assert boxed is not None and float(boxed.group(1)) <= 40 and r"\tag{1}" in latex


def test_a_running_statistic_keeps_its_two_words_together():
    assert name_parts("running_mean2") == (r"\mathit{running\ mean}", "(2)", "")
    assert name_parts("half_saturation_constant") == (r"\mathit{half\ saturation\ constant}", "", "")
    assert name_parts("W_the_first_layer") == ("W", "", r"\mathit{the\ first\ layer}")
    assert name_parts("net_h1") == (r"\mathit{net}", "", "h1")
    assert scalar_name("learning_rate") == r"\mathit{learning\ rate}"
    latex = network(NORM).derivation().latex()
    assert r"\mathit{running\ mean}^{(2)}_{j}" in latex and r"\mathit{running}_" not in latex
