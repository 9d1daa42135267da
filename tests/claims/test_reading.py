"""Claims in plain text: what somebody's line says, in the words of the network."""

from __future__ import annotations

import time

import pytest
import sympy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lines import NETWORK, derived, network_of, read
from sympy import Integer, Rational

import derive
from derive.claims.claim import After
from derive.claims.plain import plain_text
from derive.file.errors import DeriveError, FileError
from derive.language.expressions import Access, Delta, Index, Partial, Sum
from derive.language.substitution import SAMPLES, same_up_to_bound_names

LSTM = network_of("adding_lstm")
d1, d2 = NETWORK.system.quantities["W2"].shape
n, j, k = Index("n", SAMPLES), Index("j", d2), Index("k", d1)


def right(text: str) -> sympy.Expr:
    (claim,) = read(f"net_h1 = {text}")
    return claim.right


def entry(name: str, *positions: int) -> Access:
    return Access(name, *map(Integer, positions))


w5, net_h1, E = entry("W2", 0, 0), entry("z1", 0, 0), Access("E")


@pytest.mark.parametrize(("text", "expected"), [
    ("net_h1", net_h1),
    ("net_h₁", net_h1),
    ("W1[1,2]", entry("W1", 0, 1)),
    ("a2[n,j]", Access("a2", n, j)),
    ("a2", Access("a2", n, j)),
    ("dE/dw5", Partial(E, w5)),
    ("∂E/∂w₅", Partial(E, w5)),
    ("dJ/dW2[k,j]", Partial(E, Access("W2", k, j))),
    ("dout_o1/dnet_o1", Partial(entry("a2", 0, 0), entry("z2", 0, 0))),
    ("w5 after 1", After(w5, 1)),
    ("w5_new", After(w5, 1)),
    ("w5^+", After(w5, 1)),
    ("w5+ ", After(w5, 1)),
    ("E after 10,000", After(E, 10_000)),
    ("Δw5", After(w5, 1) - w5),
    ("delta w5", After(w5, 1) - w5),
    ("dE/dw5 after 2", After(Partial(E, w5), 2)),
])
def test_a_side_names_a_number_of_the_network(text, expected):
    (claim,) = read(f"{text} = E")
    assert claim.left == expected


@pytest.mark.parametrize(("text", "expected"), [
    ("w5·w5 × 2", 2 * w5**2), ("w5²", w5**2), ("w5^2", w5**2), ("w5 − ½", w5 - Rational(1, 2)), ("√w5", sympy.sqrt(w5)),
    ("√(w5 + 1)", sympy.sqrt(w5 + 1)), ("exp(-w5)", sympy.exp(-w5)), ("e^(-w5)", sympy.exp(-w5)), ("ln(w5)", sympy.log(w5)),
    ("log10(w5)", sympy.log(w5) / sympy.log(10)), ("σ(w5)", 1 / (1 + sympy.exp(-w5))),
    ("sigma(w5)", 1 / (1 + sympy.exp(-w5))), ("η*w5", w5 / 2), ("learning_rate*w5", w5 / 2), ("w5/m", w5 / SAMPLES),
    ("pi*w5", sympy.pi * w5), ("3.5·10⁻⁵*w5", Rational(35, 10**6) * w5),
])
def test_what_people_type_and_paste_is_read(text, expected):
    assert sympy.simplify(right(text) - expected) == 0


@pytest.mark.parametrize(("text", "signed"), [
    ("E = out_o1(1 - out_o1)", "E = out_o1*(1 - out_o1)"), ("E = (w5 - w6)(w7 + w8) w5", "E = (w5 - w6)*(w7 + w8)*w5"),
    ("dE/dw5 = (∂E/∂out_o1)(∂out_o1/∂net_o1) a1[1,1]", "dE/dw5 = dE/dout_o1*dout_o1/dnet_o1*a1[1,1]"),
    ("w5 ← w5 - η dE/dw5", "w5 ← w5 - η*dE/dw5"), ("w5 → w5 - 0.5 exp(w6)", "w5 ← w5 - 0.5*exp(w6)"),
    ("w5(new) = 2 w5(w6 + 1)", "w5_new = 2*w5*(w6 + 1)"), ("dE/dw1 = 4.38568 x 10^-4", "dE/dw1 = 4.38568*10^-4"),
    ("|w5| = |w6 - |w7|| w8", "abs(w5) = abs(w6 - abs(w7))*w8"),
    ("E(w5, w6) = ½ ||a2 - t||²", "E = sum(n, j, (a2[n,j] - t[n,j])**2)/2"),
    ("w5 = ln w6 + exp 0.3", "w5 = ln(w6) + exp(0.3)"), ("a1[1,1] = f(z1[1,1])", "a1[1,1] = a1[1,1]"),
    ("dE/dz1 = dE/da1 * φ'(z1)", "dE/dz1 = dE/da1 * da1/dz1"),
    ("dE/dW2_kj = dE/dz2_j a1_k", "dE/dW2[k,j] = dE/dz2[j]*a1[k]"),
    ("a2 = softmax(z2)", "a2[n,j] = exp(z2[n,j])/sum(k, exp(z2[n,k]))"),
    ("w5 = w6(w5 > 0 and (w6 > 0))", "w5 = w6*where(w5 > 0 and w6 > 0, 1, 0)"),
])
def test_a_product_needs_no_sign_beside_brackets_and_words_and_bars_no_name(text, signed):
    assert [(c.left, c.right) for c in read(text)] == [(c.left, c.right) for c in read(signed)]


def test_a_function_with_a_prime_is_its_derivative():
    assert sympy.simplify(right("σ'(w5)") - sympy.exp(-w5) / (1 + sympy.exp(-w5)) ** 2) == 0
    assert sympy.simplify(right("tanh'(w5)") - (1 - sympy.tanh(w5) ** 2)) == 0


def test_free_letters_take_their_sizes_from_where_they_stand():
    (claim,) = read("dJ/dz2[n,j] = (a2[n,j] - t[n,j]) / m")
    assert claim.left == Partial(E, Access("z2", n, j))
    assert claim.right == (Access("a2", n, j) - Access("t", n, j)) / SAMPLES


def test_a_letter_may_be_an_index_where_a_quantity_has_the_same_name():
    (claim,) = read("net_h1 = sum(i, i[1,i]*W1[i,1]) + b1")  # i is the input
    i = Index("i", NETWORK.system.quantities["i"].shape[1])
    assert claim.right == Sum(Access("i", 0, i) * Access("W1", i, 0), i) + Access("b1")


def test_the_sample_may_be_left_out():
    (claim,) = read("z2[j] = sum(k, a1[k]*W2[k,j]) + b2")
    assert claim.left == Access("z2", n, j)
    assert claim.right == Sum(Access("a1", n, k) * Access("W2", k, j), k) + Access("b2")


def test_positions_count_from_1_and_so_does_kroneckers_delta():
    (claim,) = read("dz2[n,j]/da1[n,k] = W2[k,j]*delta(j, 1) + W2[k,2]*delta(j, 2)")
    assert claim.right == Access("W2", k, j) * Delta(j, 0) + Access("W2", k, 1) * Delta(j, 1)


def test_a_neighbouring_position_counts_as_0_outside():
    (claim,) = read("s1[n,t,j] = h1[n,t-1,j]", LSTM)
    assert str(claim.right) == "h1[n,t - 1,j]*within(t - 1, d0_t)"


def test_a_chain_is_a_claim_for_each_sign_and_numbers_are_of_its_beginning():
    claims = read("dE/dw5 = dE/dnet_o1*dnet_o1/dw5 = 0.1385*0.593269992 = 0.082167041")
    assert [str(claim.left) for claim in claims] == ["dE/dW2[0,0]"] * 3
    assert [claim.number and claim.number.text for claim in claims] == [None, None, "0.082167041"]
    assert [[number.text for number in claim.decimals.values()] for claim in claims] == [[], ["0.1385", "0.593269992"], []]
    assert [claim.text for claim in claims] == [
        "dE/dw5 = dE/dnet_o1*dnet_o1/dw5", "dE/dw5 = 0.1385*0.593269992", "dE/dw5 = 0.082167041"]


def test_a_printed_number_keeps_its_digits():
    (claim,) = read("w5 ≈ 0.40")
    assert claim.number is not None and claim.number.text == "0.40" and claim.right == Rational(2, 5)
    (claim,) = read("dE/dw1 = −4.38568·10⁻⁴")
    assert claim.number is not None and claim.number.text == "-4.38568e-4"


def test_a_whole_number_is_exact():
    for line in ("dnet_o1/db2 = 1", "dnet_o1/db2 = 3/3", "dnet_o1/db2 = 2.0/2"):
        (claim,) = read(line)
        assert claim.number is None and claim.right == 1 and not claim.decimals


def test_a_whole_number_may_be_that_of_every_entry_and_a_rounded_one_is_that_of_one():
    (claim,) = read("dz2[n,j]/db2 = 1")
    assert claim.number is None and claim.right == 1 and claim.left.free_symbols
    with pytest.raises(FileError, match="several entries"):
        read("z1 = 0.3775")


def test_decimals_may_be_rounded_but_for_those_that_the_file_gives():
    (claim,) = read("w5 after 1 = 0.40 - 0.5*0.082167041*m")  # w5 and the learning rate
    assert [number.text for number in claim.decimals.values()] == ["0.082167041"]
    [symbol] = claim.decimals
    assert sympy.diff(claim.opened, symbol) == SAMPLES / 2
    assert claim.right == Rational(2, 5) - Rational("0.082167041") * SAMPLES / 2


def test_the_number_may_stand_on_the_left():
    (claim,) = read("0.3775 = net_h1")
    assert claim.left == net_h1 and claim.number is not None and claim.number.text == "0.3775"


def test_a_letter_of_one_side_alone_is_the_one_position_of_its_axis():
    (claim,) = read("dE/dw5 = dE/dz2[1] * a1[n,1]")
    assert claim.right == Partial(E, entry("z2", 0, 0)) * entry("a1", 0, 0)


def test_an_update_reads_what_was_before_it():
    (claim,) = read("w5 after 3 = w5 - η·dE/dw5")
    assert claim.right == After(w5, 2) - After(Partial(E, w5), 2) / 2
    (claim,) = read("w5 ← w5 - η·dE/dw5")
    assert (claim.left, claim.right) == (After(w5, 1), w5 - Partial(E, w5) / 2)


def test_a_value_after_updates_reads_what_is_there_then_and_data_never_changes():
    (claim,) = read("E_o1 after 2 = ½*(target_o1 - out_o1)²")
    assert claim.right == (entry("t", 0, 0) - After(entry("a2", 0, 0), 2)) ** 2 / 2


def test_updates_may_be_counted_in_epochs():
    (claim,) = read("E after 20 epochs = 0.2")
    assert (claim.left, claim.unit) == (After(E, 20), "epochs")


def test_a_quotient_of_quantities_that_are_called_so_is_no_derivative(tmp_path):
    path = tmp_path / "network.yaml"
    path.write_text('inputs: 1\nlayers: [dense: 1]\nloss: mean_squared_error\nnames: {dx: "W1[1,1]", dy: "b1[1]"}\n')
    network = derive.load(path)
    (claim,) = read("J = dx/dy", network)
    assert claim.right == entry("W1", 0, 0) / entry("b1", 0)


def test_what_is_printed_in_plain_text_is_read_again():
    derivation = derived("worked_example")
    for equation in derivation.system.equations:
        first, second = (plain_text(side, NETWORK, derivation.system.quantities)
                         for side in (equation.target, equation.body))
        (claim,) = read(f"{first} = {second}")
        (again,) = read(f"{plain_text(claim.left, NETWORK)} = {plain_text(claim.right, NETWORK)}")
        assert (again.left, again.right) == (claim.left, claim.right)


@pytest.mark.parametrize(("text", "column", "message", "hint"), [
    ("net_h1 0.3775", 13, "two sides", "write a claim"),
    ("net_h11 = 0.3775", 1, "no 'net_h11'", "did you mean 'net_h1'?"),
    ("w5 = 2w6", 7, "a product needs its sign", "2*x"),
    ("dE/dw9 = 0.1", 5, "no 'w9'", "the names known here"),
    ("dE/dw5 = delta3 * i[1,1]", 10, "no 'delta3'", "names: {delta3: dE/d…}"),
    ("net_h1 = w1*i1_1", 13, "no 'i1_1'", "did you mean"),
    ("z1[1,1] = W1_21*0.1", 11, "no 'W1_21'", "write W1[2,1]"),
    ("w5+0.1 = z11", 10, "no 'z11'", "write z1[1,1] (for the first sample)"),
    ("W1[1,3] = 0.1", 6, "no position 3", "from 1 to 2"),
    ("W1[0,1] = 0.1", 4, "no position 0", "from 1 to 2"),
    ("W1[1] = 0.1", 1, "W1 has 2 indices", "W1[k,j]"),
    ("z1[1,2,1] = 0.1", 1, "z1 has 2 indices, and 3 stand here", "z1[n,j]"),
    ("w5 = 0,4", 7, "comma", "point"), ("E_total = 0.3", 1, "no 'E_total'", "did you mean 'E'?"),
    ("w5 after one update = 0.3", 10, "how many updates", "w5 after 1"),
    ("∂²E/∂w5² = 0.1", 1, "second derivatives", "first"),
    ("w5 = g(w5)", 6, "which function this is", "by its name"), ("dE/dz1 = softmax(w5)", 10, "of an array", "softmax(z2)"),
    ("w5 == 0.4", 4, "'=='", "one ="),
    ("E on test = 0.3", 3, "data set", "leave it out"),
    ("dz2 = a2 - t", 1, "no 'dz2'", "dE/dz2"),
    ("E = sum(q, w5)", 9, "how far 'q' runs", "stand alone"),
    ("0.1*0.2 = 0.02", 1, "names no quantity", "write what"),
    ("E after 1 epoch = E after 1 update", 19, "in one claim", "one unit"),
    ("E = __import__('os')", 5, "begins with a letter", "write a claim"),
    ("E = 9**9**9", 8, "exponent", "at most"),
    ("E = 1/0", 7, "divides by zero", "something else"),
    ("E after 99999999999 = 1", 9, "too many updates", "at most"),
    ("E after 1 after 2 = 1", 1, "'after' stands here twice", "write it once"),
    ("(w5 after 1) after 2 = 1", 1, "'after' stands here twice", "write it once"),
    ("Δw5 after 2 = 1", 1, "'after' stands here twice", "write it once"),
    ("E := 3", 1, "only a parameter is updated", "w5 ← w5"),
    ("z1 = 0.3*0.2", 1, "several entries", "say which"),
    ("w5 = σ(1, 2)", 6, "one argument", "sigma(z)"),
])
def test_an_error_points_into_the_claim_and_says_what_to_do(text, column, message, hint):
    with pytest.raises(FileError) as caught:
        read(text)
    assert caught.value.place is not None and caught.value.place.column == column
    assert message in caught.value.message and hint in (caught.value.help or "")


PIECES = (
    "net_h1", "w5", "dE/dw5", "∂", "/", "=", "≈", "←", " after 1", " after 99", "W1[", "1,", "]", "n", "[n,j]", "a2", "(",
    ")", "*", "·", "²", "^", "^+", "^T", "'", "√", "Δ", "δ", "σ", "σ'(", "sum(n, ", "delta(", "within(", "e^", "9", "0.5",
    "10⁻⁵", "½", "ŷ", "₅", "_new", "_d(", "._after1", "__import__('os').system('x')", ":=", "-", " on test", "\\frac",
    "{", "}", "\0", "\u2028", "é", "m", "pi", "1e308", "**"* 9, "("* 70, "lambda: 0", "J", "i[1,i]", ";", "#", "%", "@",
    ".T",
)


@settings(max_examples=250, deadline=None, database=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=12).map("".join) | st.text(max_size=30))
def test_any_text_is_a_claim_or_an_error_at_a_place(text):
    try:
        for claim in read(text):
            plain_text(claim.left, NETWORK), plain_text(claim.right, NETWORK)
    except DeriveError as error:
        assert error.place is not None and str(error)


@pytest.mark.parametrize("text", ["a" * 7000, "d" * 7000 + "/", "a_b" * 2000, "E(" + "w5," * 2000, "|" * 7000, "x " * 9000])
def test_a_long_line_takes_no_long_time(text):
    start = time.process_time()
    with pytest.raises(DeriveError):
        read(f"{text} = 3")
    assert time.process_time() - start < 2


def test_equal_sums_with_other_letters_are_equal():
    (one,), (other,) = read("net_h1 = sum(k, a1[1,k])"), read("net_h1 = sum(q, a1[1,q])")
    assert same_up_to_bound_names(one.right) == same_up_to_bound_names(other.right)
