"""Claims are proved, refuted with numbers, or found to follow from the wrong lines before them."""

from __future__ import annotations

import math

import pytest
from claim_pages import equations, example
from lines import read

import derive
from derive.claims.judging.judge import Judge


@pytest.fixture(scope="module")
def digits():
    return example("digits")


def statuses(bench, *lines):
    return [verdict.status for verdict in bench.verdicts(lines)]


@pytest.mark.parametrize("line", [
    "net_h1 = 0.3775", "net_h1 = w1*i1 + w2*i2 + b1", "out_h1 = 1/(1 + exp(-net_h1))",
    "out_h1 = exp(net_h1)/(1 + exp(net_h1))",
    "E_o1 = (target_o1 - out_o1)**2/2", "E = E_o1 + E_o2", "E_o1 + E_o2 = 0.298371109",
    "dE/dw5 = dE/dout_o1 * dout_o1/dnet_o1 * dnet_o1/dw5", "dE/dw5 = -(target_o1 - out_o1)*out_o1*(1 - out_o1)*out_h1",
    "dE/dout_h1 = dE_o1/dout_h1 + dE_o2/dout_h1", "dE_o1/dout_h1 = 0.055399425", "dnet_o1/dout_h1 = w5",
    "dnet_o1/dw1 = w5*dout_h1/dw1",
    "dE_o1/dw7 = 0", "w5 after 1 = w5 - 0.5*dE/dw5", "w5 after 1 = 0.35891648", "E after 10000 = 0.0000351019",
    "w5 after 2 = w5 after 1 - eta*(dE/dw5 after 1)", "dout_h1/dnet_h1 = exp(-net_h1)/(1 + exp(-net_h1))**2",
    "b1 = 0.35", "net_h1 = 0.15*0.05 + 0.20*0.10 + 0.35", "dE/dw5 = 0.74136507*0.186815602*0.593269992",
    "dE/dz2[n,j] = (a2[n,j] - t[n,j])*a2[n,j]*(1 - a2[n,j])/m", "dE/dW2[k,j] = sum(n, a1[n,k]*dE/dz2[n,j])",
    "dE/dW1[k,j] = sum(n, i[n,k]*sum(q, dE/dz2[n,q]*W2[j,q])*a1[n,j]*(1 - a1[n,j]))",
])
def test_what_is_right_is_proved(worked, line):
    assert statuses(worked, line) == ["proved"]


@pytest.mark.parametrize("line", [
    "net_h1 = 0.3785", "net_h1 = w1*i1 + w3*i2 + b1", "dE/dw5 = dE/dout_o1 * dnet_o1/dw5", "E = E_o1 - E_o2",
    "dE/dz2[n,j] = (a2[n,j] - t[n,j])*(1 - a2[n,j])", "dE/dW2[k,j] = sum(n, a1[n,j]*dE/dz2[n,k])",
    "E after 10000 = 0.0000351085", "w5 after 1 = w5 + 0.5*dE/dw5",
])
def test_what_is_wrong_is_refuted_by_numbers(worked, line):
    [verdict] = worked.verdicts([line])
    assert verdict.status == "refuted"
    left, right = verdict.sides
    assert not math.isclose(left, right, rel_tol=1e-7)


def test_the_number_of_samples_is_that_of_the_file(worked, classifier):
    one = worked.verdicts(["dE/dz2[n,j] = (a2[n,j] - t[n,j])*a2[n,j]*(1 - a2[n,j])", "dE/da2 = (a2 - t)/m",
                           r"\frac{\partial E}{\partial a^{(2)}_j} = a^{(2)}_j - t_j"])
    assert [(verdict.status, bool(verdict.remark)) for verdict in one] == [
        ("proved", True), ("proved", False), ("proved", True)]
    assert statuses(classifier, "dJ/dh2[n,j] = Y[n,j] - Y_star[n,j]", "dJ/dh2[n,j] = (Y[n,j] - Y_star[n,j])/m") == [
        "refuted", "proved"]


def test_the_counterexample_is_one_of_the_files_numbers_where_there_is_one(worked):
    [verdict] = worked.verdicts(["E = E_o1 - E_o2"])
    assert verdict.counterexample["e", (0, 0)] == pytest.approx(0.274811083)
    assert verdict.sides == pytest.approx((0.298371109, 0.251251057))


def test_a_formula_may_have_the_files_numbers_put_in(worked):
    assert statuses(worked, "E_o1 = (0.01 - out_o1)**2/2", "E_o1 = (0.02 - out_o1)**2/2") == ["proved", "refuted"]


def test_a_frozen_parameter_is_its_number(worked):
    assert statuses(worked, "net_h1 = w1*i1 + w2*i2 + 0.35", "net_h1 = w1*0.06 + w2*i2 + b1") == ["proved", "refuted"]


def test_the_right_formula_is_said(worked):
    [verdict] = worked.verdicts(["dE/dW2[k,j] = sum(n, a1[n,j]*dE/dz2[n,k])"])
    assert str(verdict.right) == "sum(n, a1[n,k]*dE/dz2[n,j])"


def test_lines_after_a_wrong_one_are_not_blamed(worked):
    verdicts = worked.verdicts([
        "net_h1 = 0.3775", "out_h1 = 0.493269992", "out_h2 = 0.596884378", "net_o1 = 1.065905967", "out_o1 = 0.743817565",
        "E_o1 = 0.269244109", "dE/dout_o1 = 0.733817565", "dnet_o1/dw5 = 0.493269992", "dout_o1/dnet_o1 = 0.190552995"])
    assert [verdict.status for verdict in verdicts] == ["proved", "refuted", "proved", *["follows"] * 6]
    assert [verdict.built_on for verdict in verdicts[3:]] == [(1,), (3,), (4,), (4,), (1,), (4,)]


def test_a_line_may_make_a_mistake_of_its_own_after_a_wrong_one(worked):
    assert statuses(worked, "dE/dnet_o1 = 0.128498562", "dE/dw5 = 0.076234341", "dE/dw6 = 0.96") == [
        "refuted", "follows", "refuted"]


def test_numbers_follow_from_a_wrong_formula(worked):
    assert statuses(worked, "E_o1 = (target_o1 - out_o1)**2", "E_o1 = 0.549622166", "E = 0.573182192",
                    "dE_o1/dout_o1 = 1.48273014", "dE/dnet_o2 = -0.038098236") == [
        "refuted", "follows", "follows", "follows", "proved"]


def test_a_formula_follows_from_a_wrong_formula(classifier):
    verdicts = classifier.verdicts([
        "e[n,j] = Y_star[n,j]*log(Y[n,j]) + (1 - Y_star[n,j])*log(1 - Y[n,j])",
        "de[n,j]/dY[n,j] = Y_star[n,j]/Y[n,j] + (1 - Y_star[n,j])/(Y[n,j] - 1)",
        "de[n,j]/dh2[n,j] = Y_star[n,j] - Y[n,j]",
        "de[n,j]/dh2[n,j] = Y[n,j] - Y_star[n,j]"])
    assert [verdict.status for verdict in verdicts] == ["refuted", "follows", "follows", "proved"]
    assert [verdict.built_on for verdict in verdicts] == [(), (0,), (1,), ()]


@pytest.mark.parametrize("name", ["digits", "convolutional_digits", "sorting_transformer", "custom_formulas"])
def test_every_equation_of_a_derivation_is_proved(name):
    assert {verdict.status for verdict in example(name).judge.of(equations(name))} == {"proved"}


@pytest.mark.parametrize("line, status", [
    ("dJ/dz2[n,j] = (a2[n,j] - t[n,j])/m", "proved"),
    ("a2[n,j] = exp(z2[n,j])/sum(k, exp(z2[n,k]))", "proved"),
    ("da2[n,j]/dz2[n,k] = a2[n,j]*(delta(j,k) - a2[n,k])", "proved"),
    ("dJ/dz1[n,j] = where(z1[n,j] > 0, dJ/da1[n,j], 0)", "proved"),
    ("da2[n,j]/dz2[n,k] = where(j == k, a2[n,j]*(1 - a2[n,j]), -a2[n,j]*a2[n,k])", "proved"),
    ("a2[n,j] = where(j != k, a2[n,j], z2[n,k])", "refuted"),
    ("dJ/da1[n,k] = sum(j, dJ/dz2[n,j]*W2[k,j])", "proved"),
    ("dJ/dz1[n,j] = dJ/da1[n,j]", "refuted"),
])
def test_formulas_for_any_size_need_no_numbers(digits, line, status):
    assert statuses(digits, line) == [status]


@pytest.mark.parametrize("last, status", [(3, "proved"), (2, "refuted")])
def test_a_position_that_is_named_is_one_of_the_network_s_size(tmp_path, last, status):
    """The last of three steps is the third, which is not the last of any number of steps."""
    path = tmp_path / "network.yaml"
    path.write_text("inputs: {x: [3, 2]}\nlayers: [{rnn: 2, name: r}, dense: 1]\nloss: half_squared_error\n")
    network = derive.load(path)
    line = f"dJ/dh_r[n,t,j] = delta(t,{last})*dJ/dy_r[n,j] + sum(k, dJ/dz_r[n,t+1,k]*U_r[j,k])"
    [verdict] = Judge(network, network.derivation()).of(read(line, network))
    assert verdict.status == status


def test_what_has_no_number_is_undecided(digits):
    [verdict] = digits.verdicts(["z1[1,1] = 0.5"])
    assert verdict.status == "undecided" and "W1" in verdict.reason


def test_small_networks_need_no_module():
    assert statuses(example("worked_example"), "dE/dw1 = 0.000438568", "out_o1 after 10000 = 0.015913620",
                    "E after 1 = 0.291027924") == ["proved", "proved", "refuted"]


def test_the_module_decides_for_large_networks(benches):
    assert statuses(benches("digits"), "z1[1,1] = -0.504448406", "J after 20 = 0.9", "dJ/dW2[1,1] = 0.000238047") == [
        "proved", "refuted", "proved"]
