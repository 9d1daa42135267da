"""The mistakes of the documents come out by themselves: each line here is as its document prints it."""

from __future__ import annotations

import pytest


def test_a_worked_example_mixes_two_orders_of_updates(worked):
    verdicts = worked.verdicts([
        "E_o1 = 1/2*(target_o1 - out_o1)**2 = 1/2*(0.01 - 0.75136507)**2 = 0.27481108", "E_o2 = 0.023560026",
        "E = E_o1 + E_o2 = 0.274811083 + 0.023560026 = 0.298371109",
        "w5 after 1 = 0.35891648", "w1 after 1 = 0.149780716",
        "E after 1 = 0.291027924", "E after 10000 = 0.0000351085",
        "out_o1 after 10000 = 0.015912196", "out_o2 after 10000 = 0.984065734"])
    right, wrong = verdicts[:-4], verdicts[-4:]
    assert {verdict.status for verdict in right} == {"proved"}
    assert [verdict.status for verdict in wrong] == ["refuted"] * 4
    assert [[diagnosis.kind for diagnosis in verdict.diagnoses] for verdict in wrong] == [
        ["stale weight"], ["updates"], ["stale weight"], ["stale weight"]]
    assert wrong[0].diagnoses[0].number == pytest.approx(0.29102792390, abs=1e-11)
    assert wrong[0].computed == pytest.approx(0.29102777369, abs=1e-11)
    assert wrong[1].diagnoses[0].words == "one update earlier"


def test_a_cross_entropy_lacks_its_minus_sign_and_its_derivative_follows(classifier):
    verdicts = classifier.verdicts([
        "e[n,j] = Y_star[n,j]*log(Y[n,j]) + (1 - Y_star[n,j])*log(1 - Y[n,j])",
        "de[n,j]/dY[n,j] = Y_star[n,j]*1/Y[n,j] + (1 - Y_star[n,j])*1/(Y[n,j] - 1)",
        "Y[n,j] = 1/(1 + exp(-h2[n,j]))",
        "dY[n,j]/dh2[n,j] = exp(-h2[n,j])/(1 + exp(-h2[n,j]))**2",
        "h2[n,j] = sum(k, theta2[k,j]*a1[n,k])",
        "dh2[n,j]/dtheta2[k,j] = a1[n,k]",
        "dh2[n,j]/da1[n,k] = theta2[k,j]",
        "da1[n,j]/dh1[n,j] = exp(-h1[n,j])/(1 + exp(-h1[n,j]))**2",
        "dh1[n,j]/dtheta1[k,j] = x[n,k]",
        "de[1,1]/dtheta2[2,1] = de[1,1]/dY[1,1]*dY[1,1]/dh2[1,1]*dh2[1,1]/dtheta2[2,1]"])
    assert [verdict.status for verdict in verdicts] == ["refuted", "follows", *["proved"] * 8]
    assert [(d.kind, d.words) for d in verdicts[0].diagnoses] == [("sign", "the sign is flipped")]
    assert verdicts[1].built_on == (0,)


def test_an_update_has_its_derivative_upside_down(worked):
    [verdict] = worked.verdicts(["Δw5 = -η·∂w5/∂E"])
    assert verdict.status == "refuted"
    assert [(d.kind, d.words) for d in verdict.diagnoses] == [("upside down", "the derivative is upside down")]
