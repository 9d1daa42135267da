"""Claims in LaTeX: as people write them, and as the derivation prints them."""

from __future__ import annotations

import re
import time

import lines
import pytest
import sympy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lines import EXAMPLES, NAMES, NETWORK, derived, network_of, with_derivatives
from printed_page import equations

from derive.claims.claim import Claim
from derive.claims.judging.judge import judge
from derive.file.errors import DeriveError, FileError
from derive.instantiate import evaluate_indices
from derive.language.expressions import Access
from derive.language.substitution import SAMPLES, substitute
from derive.latex.printer import formula


def read(text: str, network=NETWORK, latex: bool = True) -> list[Claim]:
    return lines.read(text, network, latex)


@pytest.mark.parametrize(("latex", "plain"), [
    (r"\frac{\partial E}{\partial w_5} = \frac{\partial E}{\partial out_{o1}} \frac{\partial out_{o1}}{\partial w_{5}}",
     "dE/dw5 = dE/dout_o1 * dout_o1/dw5"),
    (r"\frac{dE}{dw_5} = \frac{\mathrm{d} E}{\mathrm{d} out_{o1}} \times \dfrac{d out_{o1}}{d w_5}",
     "dE/dw5 = dE/dout_o1 * dout_o1/dw5"),
    (r"\partial E / \partial w_5 = out_{\text{h}1}", "dE/dw5 = out_h1"),
    (r"w_5^{+} = w_5 - \eta \frac{\partial E}{\partial w_5}", "w5 after 1 = w5 - eta*dE/dw5"),
    (r"w_5^{\text{new}} = 0.35891648", "w5 after 1 = 0.35891648"),
    (r"w_5 \leftarrow w_5 - \eta \, \frac{\partial E}{\partial w_5}", "w5 ← w5 - eta*dE/dw5"),
    (r"\Delta w_5 = -\eta \frac{\partial E}{\partial w_5}", "Δw5 = -eta*dE/dw5"),
    (r"\mathit{net}_{h1} = w_1 i_1 + w_2 i_2 + b_1", "net_h1 = w1*i1 + w2*i2 + b1"),
    (r"out_{o1} = \sigma(net_{o1}) = \frac{1}{1 + e^{-net_{o1}}}", "out_o1 = σ(net_o1) = 1/(1 + e^(-net_o1))"),
    (r"W^{(1)}_{12} = W^{[1]}_{1,2} = W^1_{12}", "W1[1,2] = W1[1,2] = W1[1,2]"),
    (r"z^{(2)}_{nj} = \sum_{k=1}^{d_1} a^{(1)}_{nk} W^{(2)}_{kj} + b^{(2)}", "z2[n,j] = sum(k, a1[n,k]*W2[k,j]) + b2"),
    (r"z_j^{(2)} = \sum_{k=1}^{2} a^{(1)}_k W^{(2)}_{kj} + b_2", "z2[j] = sum(k, a1[k]*W2[k,j]) + b2"),
    (r"E = \tfrac12 \left( target_{o1} - out_{o1} \right)^2 + \frac{1}{2}(target_{o2}-out_{o2})^{2}",
     "E = ½*(target_o1 - out_o1)² + ½*(target_o2 - out_o2)²"),
    (r"E = \sqrt{w_5} + \sqrt[3]{w_6} + \ln w_5 + \log_{10}(w_5) + \tanh^2 w_5 + \left| w_5 \right|",
     "E = sqrt(w5) + w6**(1/3) + ln(w5) + log10(w5) + tanh(w5)**2 + abs(w5)"),
    (r"E = \begin{cases} w_5 & \text{if } w_6 > 0 \\ 0 & \text{otherwise} \end{cases}", "E = where(w6 > 0, w5, 0)"),
    (r"E = \begin{cases} w_5 & w_6 = 1 \\ 0 & \text{otherwise} \end{cases}", "E = where(w6 == 1, w5, 0)"),
    (r"E = \max(0, w_5) + \max_{j} a^{(2)}_{nj}", "E = max(0, w5) + maximum(j, a2[n,j])"),
    (r"E = \sigma'(w_5) w_5(1-w_5)", "E = σ'(w5)*w5*(1 - w5)"),
    (r"\frac{\partial E}{\partial w_1} = -4.38568 \cdot 10^{-4}", "dE/dw1 = -4.38568*10^(-4)"),
    (r"\nabla_{W^{(2)}} E = A^{(1)\top} \, \nabla_{Z^{(2)}} E", "dE/dW2 = a1.T @ dE/dz2"),
    (r"\partial_{w_5} E = \pdv{E}{net_{o1}} \dv{net_{o1}}{w_5}", "dE/dw5 = dE/dnet_o1*dnet_o1/dw5"),
    (r"z^{(1)}_{nj} = \sum_k i_{nk} \, w^{(1)}_{kj} + b^{(1)}", "z1[n,j] = sum(k, i[n,k]*W1[k,j]) + b1"),
    (r"\boxed{\boldsymbol{E}} \equiv 0.3", "E = 0.3"),
    (r"E = \begin{cases} w_5 & w_6 > 0 \\ 0 & w_6 \le 0 \end{cases}", "E = where(w6 > 0, w5, 0)"),
    (r"E = |w_5| + \left| \bigl|w_6\bigr| - |w_7| w_8 \right|", "E = |w5| + abs(abs(w6) - abs(w7)*w8)"),
    (r"E = \tfrac12 \|A^{(2)} - T\|^2 / m", "E = sum(n, j, (a2[n,j] - t[n,j])**2)/2/m"),
    (r"\nabla_{z^1} E = \nabla_{a^1} E \odot g^{[1]'}(z^1) \, \|w_5\|_2^2", "dE/dz1 = dE/da1*da1/dz1*w5**2"),
    (r"a^{(2)} = \operatorname{softmax}(z^{(2)})", "a2 = softmax(z2)"),
    (r"E = \underbrace{w_5 w_6}_{\text{a product}} + \textcolor{red}{w_7} \stackrel{!}{=} 0.055 + -0.019",
     "E = w5*w6 + w7 = 0.055 + (-0.019)"),
    (r"\frac{\partial}{\partial w_5} E(w_5, w_6) = w_6 \cdot -1", "dE/dw5 = -w6"),
    (r"w_5 \rightarrow w_5 - \eta \frac{d}{dw_5} E", "w5 ← w5 - η*dE/dw5"),
    (r"z^{[1](q)}_j = \sum_{k \neq 1} i_k^{(q)} W^{[1]}_{kj} + i_1^{(1)}",
     "z1[q,j] = sum(k, (1 - delta(k,1))*i[q,k]*W1[k,j]) + i[1,1]"),
    (r"Z^{[1]} = i W^{[1]} + b^{[1]}", "z1 = i @ W1 + b1"),
    (r"\frac{\partial E}{\partial W^{[2]}} = A^{[1]T} \nabla_{z^2} E", "dE/dW2 = a1.T @ dE/dz2"),
    (r"\nabla_{z^2} E = \nabla_{a^2} E \, a^2 (1 - a^2)", "dE/dz2 = dE/da2 * a2 * (1 - a2)"),
    (r"\nabla_{z^1} E = \nabla_{z^2} E \, W^{[2]^T} * a^1 * (1 - a^1)", "dE/dz1 = (dE/dz2 @ W2.T) * a1 * (1 - a1)"),
    (r"$E = 0.3$, \quad \text{as on page 3}", "E = 0.3"), (r"\[ E = 0.3. \tag{7} \]", "E = 0.3"),
    (r"\begin{align*} E &= E_{o1} + E_{o2} \\[2pt] &= 0.3 \end{align*}", "E = E_o1 + E_o2 = 0.3"),
])
def test_latex_says_what_plain_text_says(latex, plain):
    said, typed = read(latex), read(plain, latex=False)
    assert [(c.left, c.right, c.number and c.number.exact) for c in said] == [
        (c.left, c.right, c.number and c.number.exact) for c in typed]


def test_the_last_case_needs_no_otherwise_where_no_other_is_left():
    (claim,) = read(r"E = \begin{cases} 1 & w_6 < 0 \\ w_5 & 0 \le w_6 \le 1 \\ 2 & w_6 > 1 \end{cases}")
    assert [value for value, _ in claim.right.args] == [1, Access("W2", 0, 0), 2]


def test_each_row_of_an_align_is_a_line_of_its_own():
    text = (r"\begin{align} net_{h1} &= w_1 i_1 + w_2 i_2 + b_1 \\ &= 0.3775, \\ % the first"
            "\n" r"out_{h1} &= \begin{cases} w_1 & \text{if } w_2 > 0 \\ 0 & \text{otherwise} \end{cases} \label{a} \\"
            "\n" r"E &= 0.3 \end{align}")
    claims = read(text)
    assert [str(claim.left) for claim in claims] == ["z1[0,0]", "z1[0,0]", "a1[0,0]", "E"]
    assert [(claim.place.line, claim.place.column) for claim in claims] == [(1, 15), (1, 15), (2, 1), (3, 1)]
    with pytest.raises(FileError) as caught:
        read(text.replace("E &", "F &"))
    assert caught.value.place is not None and (caught.value.place.line, caught.value.place.column) == (3, 1)


def test_primes_tell_indices_apart():
    (claim,) = read(r"\frac{\partial a^{(2)}_{nj}}{\partial z^{(2)}_{n'i}} = a^{(2)}_{nj} \delta_{ij} \delta_{nn'}")
    assert str(claim.left) == "da2[n,j]/dz2[n',i]" and str(claim.right) == "a2[n,j]*delta(i, j)*delta(n, n')"


def test_accents_and_several_letters_are_names(tmp_path):
    network = network_of("two_layer_network")
    said = read(r"L = -\frac{1}{m} \sum_{n=1}^{m} \left( y_n \log \hat{y}_n + (1-y_n) \log(1-\hat y_n) \right)", network)
    typed = read("L = -1/m*sum(n, y[n,1]*log(yhat[n,1]) + (1 - y[n,1])*log(1 - yhat[n,1]))", network, latex=False)
    assert said[0].right == typed[0].right


def of_each_kind(lines, text=str):
    """Of lines that differ in the numbers of layers alone the first: reading takes each of these the same way."""
    return {re.sub("[0-9]+", "#", text(line)): line for line in reversed(list(lines))}.values()


@pytest.mark.parametrize("name", NAMES)
def test_every_equation_that_is_derived_is_read_back_from_its_print(name):
    network, derivation = network_of(name), derived(name)
    sizes = {**network.sizes, SAMPLES: 2}
    known = type("Known", (), {"system": derivation.system, "aliases": network.aliases})
    printed = {equation: formula(equation, known) for equation in derivation.system.equations}
    for equation, latex in of_each_kind(printed.items(), lambda each: each[1]):
        if r"\max_{" in latex and "," in latex:
            continue  # a window's positions are not told by the print of a maximum
        (claim,) = read(latex, network)
        left, right = (with_derivatives(side, derivation) for side in (equation.target, equation.body))
        assert claim.left == left
        if claim.right != right:  # the same up to signs drawn out of sums and names of indices: equal at one entry
            at = {index: 0 for index in equation.target.indices}
            small = {symbol: min(size, 3) for symbol, size in sizes.items()}
            difference = evaluate_indices(claim.right, at, small) - evaluate_indices(right, at, small)
            assert sympy.expand(difference) == 0, latex


@pytest.mark.parametrize("name", ["worked_example_columns", "two_layer_network", "custom_formulas", "convolutional_digits",
                                  "adding_lstm", "sorting_transformer"])
def test_every_line_of_a_printed_derivation_can_be_read(name):
    network = network_of(name)
    printed = [line for line in equations(derived(name).latex("index")) if r"\max_{" not in line]
    assert len(printed) > 20
    for line in of_each_kind(printed):
        assert read(line, network)


def test_every_line_of_a_printed_derivation_is_proved():
    derivation = derived("worked_example")
    claims = [claim for line in equations(derivation.latex("index")) for claim in read(line)]
    assert {verdict.status for verdict in judge(claims, NETWORK, derivation)} == {"proved"}


@pytest.mark.parametrize(("text", "column", "message", "hint"), [
    (r"E = \foo 3", 5, r"'\foo' has no meaning", "write it as"),
    (r"E = \frac{1}{2", 14, "ends too early", "follow"),
    (r"E_{total} = w_5", 4, "no 'E_total'", "did you mean 'E'?"),
    (r"w_{55} = 3", 1, "no 'w55'", "did you mean"),
    (r"w_55 = 3", 2, "only the first digit", "braces"),
    (r"w_5 = 2 3", 9, "an operator is missing", r"\cdot"),
    (r"w_5 = a / b c", 13, "divide", r"\frac"),
    (r"w_5 = \sum_{k=0}^{2} a^{(1)}_k", 15, "begins at 1", "from 1"),
    (r"w_5 = \sum a_1", 7, "needs an index", "below"),
    (r"w_5 = \sum_{1=1}^2 w_5", 7, "needs an index", "below"),
    (r"w_5 = \frac{\partial^2 E}{\partial w_5^2}", 7, "no derivative", r"\frac{\partial E}{\partial w_5}"),
    (r"\nabla E = 3", 1, "no derivative", r"\frac{\partial E}{\partial w_5}"),
    (r"w_5 = |w_6", 10, "ends too early", "follow"),
    (r"E = \begin{cases} 1 & w_5 < 0 \\ 2 & w_5 > 1 \end{cases}", 34, "no case is left", "otherwise"),
    (r"w_5 = \sum_{k < j} W^{(1)}_{kj}", 13, "cannot stand below", r"k \neq i"),
    (r"z^{(1)}_{nji} = 3", 1, "z1 has 2 indices, and 3", "z1[n,j]"),
    (r"w_5 = (1, 2)", 11, "one value", "operator"),
    (r"w_5 \cdot 0.3", 13, "two sides", "write it as"),
    ("w_5 = " + "(" * 50 + "1" + ")" * 50, 47, "40 brackets", "split"),
])
def test_an_error_points_into_the_latex(text, column, message, hint):
    with pytest.raises(FileError) as caught:
        read(text)
    assert caught.value.place is not None and caught.value.place.column == column
    assert message in caught.value.message and hint in (caught.value.help or "")


def test_a_long_line_takes_no_long_time():
    text = "E = " + " + ".join([r"\frac{w_{5}}{w_{6}} \log \bigl(1 + w_7\bigr)"] * 80)
    start = time.perf_counter()
    read(text)
    assert time.perf_counter() - start < 5


def test_plain_text_needs_no_parser_of_latex(derive_command, tmp_path):
    (tmp_path / "claims.yaml").write_text(f"network: {EXAMPLES / 'worked_example.yaml'}\nclaims: [net_h1 = 0.3775]\n")
    (tmp_path / "lark.py").write_text("raise ImportError('it was asked for')\n")
    done = derive_command("check", "claims.yaml", PYTHONPATH=f"{tmp_path}:{EXAMPLES.parent}")
    assert done.returncode == 0, done.stderr


PIECES = (
    r"\frac", "{", "}", r"\partial ", "E", "w_5", "w_{5}", r"W^{(1)}_{12}", r"\sum_{k=1}^{2}", r"\sum", "_", "^",
    r"\log ", r"\sigma", "(", ")", "'", r"^{\top}", r"^{(2)}", r"\bigl(", r"\bigr)", r"\left|", r"\right|", r"\hat", "=",
    "+", "-", "/", r"\cdot", "e^{-z}", r"\begin{cases}", r"\end{cases}", "&", r"\\", r"\text{if }", r"\text{otherwise}",
    "<", r"\le", "[", "]", "1", "12", "0.5", ",", r"\delta_{ij}", r"\Delta ", r"\,", r"\input{/etc/passwd}", r"\write18",
    "%", "$", "#", "\0", "{"* 60, r"\max_{j}", "n", "nj", r"\mathit{net}_{h1}", r"\text{new}", r"\leftarrow", "é",
    r"\sqrt[3]", "xw", r"\odot", "^{T}",
)


@settings(max_examples=250, deadline=None, database=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=14).map("".join) | st.text(max_size=30))
def test_any_latex_is_a_claim_or_an_error_at_a_place(text):
    try:
        read(text)
    except DeriveError as error:
        assert error.place is not None and str(error)


def test_substituted_entries_stay_entries():
    (claim,) = read(r"a^{(2)}_{1j} = out_{o1}")
    (index,) = claim.left.free_symbols
    assert substitute(claim.left, {index: sympy.Integer(0)}) == Access("a2", 0, 0)
