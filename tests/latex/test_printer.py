"""Formulas are printed in the order and with the brackets that a person would use."""

from __future__ import annotations

import itertools
import math
import re

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from latex_networks import network
from sympy import Piecewise, Rational, Symbol, exp, log, sqrt, tanh

from derive.language.expressions import Access, Delta, Index, Partial, Sum, Within, dimension
from derive.language.substitution import SAMPLES
from derive.latex import formula
from derive.latex.escape import scalar_name, text
from derive.latex.printer import Printer, real

n, j, k = Index("n", SAMPLES), Index("j", dimension("d1")), Index("k", dimension("d0"))
a, t, z = Access("a1", n, j), Access("t", n, j), Access("z1", n, j)


@pytest.mark.parametrize(("expression", "latex"), [
    (a - t, r"a^{(1)}_{nj} - t_{nj}"),
    (1 - a ** 2, r"1 - \bigl(a^{(1)}_{nj}\bigr)^{2}"),
    (t * log(a) + (1 - t) * log(1 - a),
     r"t_{nj} \, \log a^{(1)}_{nj} + (1 - t_{nj}) \, \log\bigl(1 - a^{(1)}_{nj}\bigr)"),
    (Sum(Access("W1", k, j) * Access("x", n, k), k) + Access("b1", j),
     r"\sum_{k=1}^{d_{0}} x_{nk} \, W^{(1)}_{kj} + b^{(1)}_{j}"),
    (1 / (1 + exp(-z)), r"\frac{1}{1 + e^{-z^{(1)}_{nj}}}"),
    (sqrt(2 / sympy.pi), r"\frac{\sqrt{2}}{\sqrt{\pi}}"),
    (Sum(Access("e", n), n) / SAMPLES, r"\frac{1}{m} \sum_{n=1}^{m} e_{n}"),
    ((a - t) ** 2 / 2, r"\tfrac{1}{2} \bigl(a^{(1)}_{nj} - t_{nj}\bigr)^{2}"),
    (z + Rational(8943, 200000) * z ** 3, r"z^{(1)}_{nj} + 0.044715 \, \bigl(z^{(1)}_{nj}\bigr)^{3}"),
    (tanh(z) ** 2, r"\tanh^{2} z^{(1)}_{nj}"),
    (log(a) * a, r"a^{(1)}_{nj} \, \log a^{(1)}_{nj}"),
    (sqrt(z), r"\sqrt{z^{(1)}_{nj}}"),
    (Delta(n, Index("n'", SAMPLES)), r"\delta_{n n'}"),
    (Within(Index("p", 9) - Index("i", 3), dimension("U")), r"[1 \le p + 1 - i \le U]"),
    (Within(j - 1, dimension("d1")), "[j > 1]"),  # j never goes beyond its range
    (Within(j + 1, dimension("d1")), "[j < d_{1}]"),
    (Within(j + 2, dimension("d1")), r"[j \le d_{1} - 2]"),
    (Within(j - 1, dimension("d0")), r"[1 \le j - 1 \le d_{0}]"),  # another range
    (a - t + Sum(Access("W1", j, k) * Access("dJ_dz1", n, k), k),
     r"a^{(1)}_{nj} - t_{nj} + \sum_{k=1}^{d_{0}} \frac{\partial J}{\partial z^{(1)}_{nk}} \, W^{(1)}_{jk}"),
    (Access("x", n, Index("i", 3) + 2 * Index("u", 4)), r"x_{n,i + 2 \, u - 2}"),
    (Partial(a, z), r"\frac{\partial a^{(1)}_{nj}}{\partial z^{(1)}_{nj}}"),
    (Access("dJ_dz1", n, j), r"\frac{\partial J}{\partial z^{(1)}_{nj}}"),
    (Piecewise((z, z > 0), (0, True)),
     r"\begin{cases} z^{(1)}_{nj} & \text{if } z^{(1)}_{nj} > 0 \\ 0 & \text{otherwise} \end{cases}"),
])
def test_formulas(expression, latex):
    assert formula(expression) == latex


@pytest.mark.parametrize(("name", "latex"), [
    ("w5", "w_{5}"), ("net_h1", r"\mathit{net}_{h1}"), ("E_total", r"E_{\mathit{total}}"), ("theta1", r"\theta_{1}"),
    ("yhat", r"\hat{y}"), ("Y_star", "Y^{*}"), ("lambda", r"\lambda"),
    ("Wf", "W_{f}"), ("bo", "b_{o}"), ("yd", r"\mathit{yd}"), ("Xi", r"\Xi"), ("Err", r"\mathit{Err}"),
])
def test_the_documents_names(name, latex):
    assert scalar_name(name) == latex


def test_star_and_hat_keep_their_indices():
    assert formula(Access("Y_star", n, j)) == "Y^{*}_{nj}"
    assert formula(Access("yhat", n)) == r"\hat{y}_{n}"
    assert formula(Access("theta1", k, j)) == r"\theta^{(1)}_{kj}"


def test_what_stands_in_backticks_is_code():
    assert text("Change `a_b` to `c`, not ` alone") == r"Change \texttt{a\_b} to \texttt{c}, not \textasciigrave{} alone"


def test_letters_of_gates_stand_below():
    assert formula(Access("zi1", n, j)) == "z^{(1)}_{i,nj}"
    assert formula(Access("Wxh", k, j)) == r"W_{\mathit{xh},kj}"
    assert formula(Access("h1", n, j)) == "h^{(1)}_{nj}"


def test_gradients_are_in_the_order_of_the_matrix_product():
    made, derivation = network([2, 2, 2])
    printer = Printer(derivation.system.quantities)
    assert printer.plain(derivation.gradient("W1")) == (
        r"\sum_{n=1}^{m} x_{nk} \, \frac{\partial J}{\partial z^{(1)}_{nj}}")
    assert printer.plain(derivation.gradient("a1")) == (
        r"\sum_{k=1}^{d_{2}} \frac{\partial J}{\partial z^{(2)}_{nk}} \, W^{(2)}_{jk}")


@pytest.mark.parametrize("hostile", [r"\input{/etc/passwd}", "a_b^c & d % e # f $ g ~ h { i }", "<script>",
                                     "“ü∂—\x00中”"])
def test_text_of_the_file_holds_no_command(hostile):
    escaped = text(hostile)
    assert escaped.isascii()
    assert r"\input" not in escaped
    for special in "&%#$_":
        assert all(i and escaped[i - 1] == "\\" for i, c in enumerate(escaped) if c == special) or "$" in escaped


@pytest.mark.parametrize(("value", "digits", "printed"), [
    (0.15, 9, "0.15"), (0.593269992107187, 9, "0.593269992"), (-0.5, 9, "-0.5"), (1.0, 9, "1"),
    (0.39249999999999996, 9, "0.3925"), (1e-8, None, "10^{-8}"), (2.5e-6, None, r"2.5 \cdot 10^{-6}"),
    (1.234567891e-7, 9, r"1.23456789 \cdot 10^{-7}"),
])
def test_numbers(value, digits, printed):
    assert real(value, digits) == printed


# A printed formula of plain letters, read back by a small reader of our own, has the value of the expression.

LETTERS = sympy.symbols("u v w", positive=True)


def _expressions() -> st.SearchStrategy:
    leaves = st.sampled_from([*LETTERS, sympy.Integer(2), sympy.Integer(-3), Rational(1, 2), Rational(3, 40)])
    return st.recursive(leaves, lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda p: p[0] + p[1]), st.tuples(inner, inner).map(lambda p: p[0] * p[1]),
        st.tuples(inner, inner).map(lambda p: p[0] - p[1]), inner.map(lambda e: 1 / (e ** 2 + 1)),
        inner.map(lambda e: e ** 2), inner.map(tanh), inner.map(lambda e: exp(-e)),
        inner.map(lambda e: log(1 + e ** 2))), max_leaves=8)


class _Reader:
    """Reads the subset of LaTeX that the printer writes for plain letters, by the rules of the reader's eye."""

    def __init__(self, latex: str, at: dict[str, float]) -> None:
        latex = re.sub(r"\\(bigl|Bigl|biggl|bigr|Bigr|biggr)|\\,|\\cdot", " ", latex)
        self.tokens = re.findall(r"\\[a-z]+|\d+(?:\.\d+)?|[a-z]|[{}()^+\-/]", latex)
        self.at, self.position = at, 0

    def peek(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def take(self) -> str:
        self.position += 1
        return self.tokens[self.position - 1]

    def sum(self) -> float:
        total = self.signed(self.take() == "-") if self.peek() in ("+", "-") else self.product()
        while self.peek() in ("+", "-"):
            total += self.signed(self.take() == "-")
        return total

    def signed(self, negative: bool) -> float:
        return -self.product() if negative else self.product()

    def product(self) -> float:
        value = self.power()
        while self.peek() and self.peek() not in "+-)}":
            if self.peek() == "/":
                self.take()
                value /= self.power()
            else:
                value *= self.power()
        return value

    def group(self) -> float:
        self.take()
        value = self.sum()
        self.take()
        return value

    def power(self) -> float:
        token = self.peek()
        if token in (r"\tanh", r"\log", r"\exp"):
            self.take()
            power = 1.0
            if self.peek() == "^":
                self.take()
                power = self.group()
            argument = self.group() if self.peek() in "({" else self.atom()
            return {r"\tanh": math.tanh, r"\log": math.log, r"\exp": math.exp}[token](argument) ** power
        value = self.atom()
        if self.peek() == "^":
            self.take()
            value **= self.group()
        return value

    def atom(self) -> float:
        token = self.take()
        if token in (r"\frac", r"\tfrac"):
            return self.group() / self.group()
        if token == r"\sqrt":
            return math.sqrt(self.group())
        if token == "(":
            self.position -= 1
            return self.group()
        if token == "e":
            return math.e
        return self.at[token] if token in self.at else float(token)


@settings(max_examples=200, deadline=None)
@given(_expressions())
def test_a_printed_formula_reads_back_to_its_value(expression):
    at = {"u": 0.7, "v": 1.3, "w": 0.45}
    value = expression.subs({Symbol(name, positive=True): x for name, x in at.items()}).evalf()
    if not value.is_finite or not value.is_real or abs(value) > 1e6:
        return
    latex = Printer().plain(expression)
    assert _Reader(latex, at).sum() == pytest.approx(float(value), rel=1e-6, abs=1e-6), latex


def test_printing_does_not_hang_on_the_order_in_which_an_expression_was_built():
    terms = [a, t, a * t, log(a), sympy.Integer(1)]
    assert len({formula(sympy.Add(*order)) for order in itertools.permutations(terms)}) == 1
