"""What was probably done is said where doing it gives the claimed number or formula, and nowhere else."""

from __future__ import annotations

from math import exp, log, log10

import pytest
from claim_pages import of_file
from lines import EXAMPLES

from derive.checks.agreement import agrees_with

I1, I2, T1, T2, RATE = 0.05, 0.10, 0.01, 0.99, 0.5
W1, W2, W3, W4, W5, W6, W7, W8 = 0.15, 0.20, 0.25, 0.30, 0.40, 0.45, 0.50, 0.55
B1, B2 = 0.35, 0.60


def sigmoid(z):
    return 1 / (1 + exp(-z))


NET_H1, NET_H2 = W1 * I1 + W2 * I2 + B1, W3 * I1 + W4 * I2 + B1
H1, H2 = sigmoid(NET_H1), sigmoid(NET_H2)
NET_O1 = W5 * H1 + W6 * H2 + B2
O1, O2 = sigmoid(NET_O1), sigmoid(W7 * H1 + W8 * H2 + B2)
D1, D2 = (O1 - T1) * O1 * (1 - O1), (O2 - T2) * O2 * (1 - O2)
NEW5, NEW6, NEW7, NEW8 = W5 - RATE * D1 * H1, W6 - RATE * D1 * H2, W7 - RATE * D2 * H1, W8 - RATE * D2 * H2
DH1 = D1 * W5 + D2 * W7


def explained(bench, *lines):
    """The diagnoses of the last line."""
    verdict = bench.verdicts(lines)[-1]
    assert verdict.status == "refuted"
    for diagnosis in verdict.diagnoses:
        if verdict.claim.number is not None:
            assert agrees_with(diagnosis.number, verdict.claim.number, None)
    return verdict.diagnoses


NUMBERS = [
    ("dE/dw5", -D1 * H1, "sign", "the sign is flipped"),
    ("net_h1", W1 * I1 - W2 * I2 + B1, "sign", "the sign of w2*i2 is flipped"),
    ("dout_o1/dnet_o1", O1 * (1 + O1), "sign", "the sign of out_o1 is flipped"),
    ("E_o1", (T1 - O1) ** 2, "factor", "the factor 1/2 is missing"),
    ("dE/dout_o1", 2 * (O1 - T1), "factor", "it is twice what is right"),
    ("dE/dw5", (O1 - T1) * H1, "factor", "the factor dout_o1/dnet_o1 is missing in dE/dnet_o1"),
    ("dE/dw1", DH1 * I1, "factor", "the factor dout_h1/dnet_h1 is missing in dE/dnet_h1"),
    ("w5 after 1", W5 - D1 * H1, "factor", "the factor 0.5 (the learning rate) is missing"),
    ("net_h2", W2 * I1 + W4 * I2 + B1, "transposed", "W1 is transposed"),
    ("dE/dout_h2", D1 * W7 + D2 * W8, "transposed", "W2 is transposed"),
    ("net_h1", W1 * I1 + W4 * I2 + B1, "swapped index", "w4 is taken for w2"),
    ("net_h1", W1 * I2 + W2 * I1 + B1, "swapped index", "w1 and w2 are exchanged"),
    ("net_h1", W1 * I1 + W2 * I2, "bias", "the bias b1 is left out"),
    ("out_h1", NET_H1, "activation", ""),
    ("dE/dout_h1", D1 * W5, "path", "the path through net_o2 is left out"),
    ("dE/dw1", D1 * W5 * H1 * (1 - H1) * I1, "path", ""),
    ("dE/dout_h1", D1 * NEW5 + D2 * NEW7, "stale weight", "w5 and w7 are already updated"),
    ("dE/dout_h1", D1 * NEW5 + D2 * W7, "stale weight", "w5 is already updated"),
    ("w1 after 1", W1 - RATE * (D1 * NEW5 + D2 * NEW7) * H1 * (1 - H1) * I1, "stale weight", ""),
    ("net_o1", W5 * 0.593 + W6 * H2 + B2, "rounding", "out_h1 is rounded to 3 decimals, 0.593"),
    ("dE/dw5", D1 * 0.59, "rounding", "dnet_o1/dw5 is rounded to 2 decimals, 0.59"),
    ("out_o1", sigmoid(1.1059), "rounding", "net_o1 is rounded to 4 decimals, 1.1059"),
    ("w5 after 1", W5 - RATE / (D1 * H1), "upside down", "it is divided by dE/dw5 where it is to be multiplied"),
    ("dE/dw5", D1 * H2, "swapped index", "out_h2 is taken for out_h1"),
    ("dE/dw5", D2 * H1, "another entry", "this is the number of dE/dw7"),
    ("dout_h1/dnet_h1", NET_H1 * (1 - NET_H1), "wrong place",
     "the derivative is taken at net_h1 where it is to be taken at out_h1"),
    ("dout_h1/dnet_h1", sigmoid(H1) * (1 - sigmoid(H1)), "wrong place",
     "the derivative is taken at out_h1 where it is to be taken at net_h1"),
]


@pytest.mark.parametrize("left, number, kind, words", NUMBERS, ids=[f"{left}: {kind}" for left, _, kind, _ in NUMBERS])
def test_a_mistake_in_numbers_is_named(worked, left, number, kind, words):
    found = {diagnosis.kind: diagnosis.words for diagnosis in explained(worked, f"{left} = {number:.9f}")}
    assert kind in found
    assert words in ("", found[kind])


@pytest.mark.parametrize("line, kind, words", [
    ("E_o1 = (target_o1 - out_o1)**2", "factor", "the factor 1/2 is missing"),
    ("dE/dout_o1 = target_o1 - out_o1", "sign", "the sign is flipped"),
    ("dE/dw5 = dE/dout_o1*dnet_o1/dw5", "factor", "the factor dout_o1/dnet_o1 is missing in dE/dnet_o1"),
    ("dE/dw5 = (out_o1 - target_o1)*out_o1*(1 + out_o1)*out_h1", "sign", "the sign of out_o1 is flipped"),
    ("dE/dw5 = 2*(out_o1 - target_o1)*out_o1*(1 - out_o1)*out_h1", "factor", "it is twice what is right"),
    ("dE/dout_h1 = dE/dnet_o1*w5", "path", "the path through net_o2 is left out"),
    ("net_h1 = w1*i1 + w2*i2", "bias", "the bias b1 is left out"),
    ("net_h2 = w2*i1 + w4*i2 + b1", "transposed", "W1 is transposed"),
    ("w5 after 1 = w5 - 0.5*dw5/dE", "upside down", "the derivative is upside down"),
    ("w5 after 1 = w5 + 0.5*dE/dw5", "sign", "the sign of dE/dw5/2 is flipped"),
    ("dout_h1/dnet_h1 = net_h1*(1 - net_h1)", "wrong place",
     "the derivative is taken at net_h1 where it is to be taken at out_h1"),
    ("dE/dW2[k,j] = sum(n, dE/dz2[n,j])", "factor", "the factor out_h1 is missing"),
])
def test_a_mistake_in_a_formula_is_named(worked, line, kind, words):
    assert (kind, words) in [(diagnosis.kind, diagnosis.words) for diagnosis in explained(worked, line)]


def test_log10_for_ln(classifier):
    y = sigmoid(0.7)
    assert log10(y) == pytest.approx(log(y) / log(10))
    [verdict] = classifier.verdicts(["e[1,1] = 0"])
    for line in (f"e[1,1] = {verdict.computed / log(10):.9f}",
                 "e[n,j] = -Y_star[n,j]*log10(Y[n,j]) - (1 - Y_star[n,j])*log10(1 - Y[n,j])"):
        assert "logarithm" in [diagnosis.kind for diagnosis in explained(classifier, line)]


def test_a_sum_for_a_mean(classifier):
    [verdict] = classifier.verdicts(["J = 0"])
    assert ("factor", "the factor 1/m is missing") in [
        (diagnosis.kind, diagnosis.words) for diagnosis in explained(classifier, f"J = {6 * verdict.computed:.9f}")]


def test_a_missing_factor_is_said_and_a_flipped_sign_beside_it(classifier):
    assert ("factor", "the factor 1/m is missing") in [
        (each.kind, each.words) for each in explained(classifier, "dJ/dh2[n,j] = Y[n,j] - Y_star[n,j]")]
    for line in ("dJ/dh2[n,j] = Y_star[n,j] - Y[n,j]", "dJ/dY = (Y_star - Y)/(Y*(1 - Y))"):
        [diagnosis] = explained(classifier, line)
        assert (diagnosis.kind, diagnosis.words) == ("sign", "the sign is flipped, and it is m times what is right")


def test_a_search_ends_when_there_is_no_patience_left(worked, monkeypatch):
    line = "dE/dw1 = 0.123456789"
    [verdict] = worked.verdicts([line])
    assert not verdict.ended
    monkeypatch.setattr("derive.claims.diagnosis.patience.FOR_ONE", -1)
    [verdict] = worked.verdicts([line])
    assert verdict.status == "refuted" and verdict.ended and not verdict.diagnoses


def test_updates_are_made_in_another_order_or_number(worked):
    [order] = explained(worked, "E after 1 = 0.291027924")
    assert (order.kind, order.words[:22]) == ("stale weight", "updated layer by layer")
    [early] = explained(worked, "E after 10000 = 0.0000351085")
    assert (early.kind, early.words) == ("updates", "one update earlier")


def test_biases_that_are_frozen_are_updated(worked, tmp_path):
    text = (EXAMPLES / "worked_example.yaml").read_text(encoding="utf-8").replace("frozen: [b1, b2]\n", "")
    path = tmp_path / "all_trained.yaml"
    path.write_text(text[: text.index("expect:")], encoding="utf-8")
    [loose] = of_file(path).verdicts(["E after 5 = 0"])
    [diagnosis] = explained(worked, f"E after 5 = {loose.computed:.9f}")
    assert (diagnosis.kind, diagnosis.words) == ("biases", "b1 and b2 are updated as well")
    [fixed] = worked.verdicts(["E after 5 = 0"])
    diagnoses = explained(of_file(path), f"E after 5 = {fixed.computed:.9f}")
    assert diagnoses == ()  # two parameters are not updated: nothing that is tried


def test_a_rounded_line_that_is_carried_on_is_named(worked):
    lines = ["out_h1 = 0.59", "out_h2 = 0.597", f"net_o1 = {W5 * 0.59 + W6 * 0.597 + B2:.9f}"]
    [diagnosis] = explained(worked, *lines)
    assert (diagnosis.kind, diagnosis.words) == ("rounding", "numbers are carried on as the lines before have them")
    [diagnosis] = explained(worked, *lines[:1], f"net_o1 = {W5 * 0.59 + W6 * H2 + B2:.9f}")
    assert diagnosis.words == "out_h1 is carried on as line 1 has it, 0.59"


def test_a_mistake_is_found_beside_a_wrong_line_that_is_carried_on(worked):
    wrong = D1 + 0.01
    [diagnosis] = explained(worked, f"dE/dnet_o1 = {wrong:.9f}", f"dE/dw5 = {-wrong * H1:.9f}")
    assert diagnosis.kind == "sign"


def test_few_digits_are_not_explained_by_much(worked):
    assert explained(worked, "dE/dw5 = 0.3") == ()
    assert explained(worked, "dE/dw5 = 0.29876") == ()


def test_nothing_is_said_where_nothing_that_was_tried_gives_the_number(worked):
    assert explained(worked, "E = 0.312345678") == ()
    assert explained(worked, "net_h1 = w1*i1 + 3*w2*i2 + b1/7") == ()


def test_the_equation_with_the_mistake_is_given(worked):
    [diagnosis] = [d for d in explained(worked, f"E_o1 = {(T1 - O1) ** 2:.9f}") if d.kind == "factor"]
    assert str(diagnosis.formula) == "(a2[0,0] - t[0,0])**2"
