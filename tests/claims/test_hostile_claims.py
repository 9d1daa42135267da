"""Claims at which a careless judge fails: sums of numbers, momentum, kinks above kinks, rounded constants."""

from __future__ import annotations

from pathlib import Path

import pytest
from lines import read

import derive
from derive.claims.judging.judge import Judge
from derive.claims.reading import Written, read_claims
from derive.file.errors import FileError, Place

PAGE = """
inputs: {x: 2}
layers: [{dense: 2, activation: %s}, {dense: 2, activation: %s}]
loss: mean_squared_error
optimiser: {momentum: {learning_rate: 0.1}}
parameters: {W1: [[0.31, -0.42], [0.24, 0.65]], b1: [0.07, -0.18], W2: [[0.41, -0.22], [-0.34, 0.55]], b2: [0.1, 0.2]}
data: {x: [[0.1, 0.4], [0.3, -0.2]], t: [[0.3, 0.1], [0.5, 0.2]]}
"""


@pytest.fixture
def judged(tmp_path):
    page = tmp_path / "network.yaml"
    return lambda activations, *lines: _judged(page, activations, lines)


def _judged(page: Path, activations: tuple[str, str], lines: tuple[str, ...]) -> list[str]:
    page.write_text(PAGE % activations, encoding="utf-8")
    network = derive.load(page)
    claims = read_claims([Written(line, Place.of_text(line, "claims.yaml")) for line in lines], network)
    return [verdict.status for verdict in Judge(network, network.derivation()).of(claims)]


@pytest.mark.parametrize(("line", "status"), [
    ("sum(j, a1[1,j]) = 1.190154370", "proved"), ("sum(j, a1[1,j]) = 1.290154370", "refuted"),
    ("maximum(j, a1[1,j]) = 0.596884378", "proved"), ("m = 1", "proved"), ("m = 2", "refuted"), ("w5 = 0.4*m", "proved"),
    ("out_h1 = 1/(1 + 2.718^(-net_h1))", "proved"), ("out_h1 = 1/(1 + 2.728^(-net_h1))", "refuted"),
    ("max(net_h1, 0) = net_h1", "refuted"),
    ("dE/dw5 = 0.7414*0.1868*out_h1", "proved"), ("dE/dw5 = 0.74*0.187*out_h1", "proved"),
    ("dE/dw5 = 0.7434*0.1868*out_h1", "refuted"), ("dE/dw5 = 0.7414*0.1868*0.5933", "proved"),
    ("0.5*dE/dw5 = 0.0411", "proved"), ("0.5*dE/dw5 = 0.0413", "refuted"),
    ("net_h1 = 0.15*0.05 + 0.2*0.1 + 0.36", "refuted"), ("net_h1 = w1*i1 + 0.02 + 0.35", "proved"),
    ("E_o1 = 0.5*(target_o1 - out_o1)**2", "proved"), ("E_o1 = 0.6*(target_o1 - out_o1)**2", "refuted"),
    ("net_h1 = net_h1 + 1e-9", "refuted"), ("net_h1 = net_h1*(1 + 1e-10)", "refuted"),
    ("out_o1 = 0.7514", "proved"), ("out_o1 = 0.7513", "proved"), ("out_o1 = 0.7512", "refuted"),
    ("out_o1 = 0.7515", "refuted"), ("w5 = 0.41", "refuted"),  # 0.75136507; one unit from 0.40
    ("w5 after 3 = w5 - 0.5*dE/dw5", "proved"), ("w5 after 3 = w5 + 0.5*dE/dw5", "refuted"),
    ("w5 after 300 = w5 after 299 - eta*(dE/dw5 after 299)", "proved"), ("E after 5 = E_o1 + E_o2", "proved"),
    ("E after 5 = E_o1", "refuted"), ("w5 after 9 = w5 after 1", "refuted"),
])
def test_a_claim_of_numbers_is_decided(worked, line, status):
    assert [verdict.status for verdict in worked.verdicts([line])] == [status]


@pytest.mark.parametrize(("line", "status"), [
    ("z2[n,j] = a1[n,1]*W2[1,j] + a1[n,2]*W2[2,j] + b2[j]", "refuted"),  # there are three hidden units
    ("z2[n,j] = a1[n,1]*W2[1,j] + a1[n,2]*W2[2,j] + a1[n,3]*W2[3,j] + b2[j]", "proved"),
    ("dJ/dz2[n,j] = (z2[n,j] - t[n,j])/6", "proved"), ("dJ/dz2[n,j] = (z2[n,j] - t[n,j])/3", "refuted"),
    ("dJ/dz2[n,j] = 2*(z2[n,j] - t[n,j])/12", "proved"), ("dJ/dz2[n,j] = 0.1667*(z2[n,j] - t[n,j])", "proved"),
    ("dJ/dz2[n,j] = 0.1657*(z2[n,j] - t[n,j])", "refuted"), ("dJ/de[n,j] = 1.001/m", "refuted"),
    ("dJ/db2[j] = dJ/dz2[1,j] + dJ/dz2[2,j] + dJ/dz2[3,j] + dJ/dz2[4,j] + dJ/dz2[5,j] + dJ/dz2[6,j]", "proved"),
    ("dJ/db2[j] = dJ/dz2[1,j] + dJ/dz2[2,j]", "refuted"), ("W2[k,j] = W2[k,j]*size(k)/3", "proved"),
])
def test_numbers_of_units_and_samples_are_those_of_the_network(six_samples, line, status):
    claims = read_claims([Written(line, Place.of_text(line, "claims.yaml"))], six_samples.workings.network)
    assert [verdict.status for verdict in six_samples.of(claims)] == [status]


@pytest.fixture(scope="module")
def six_samples(tmp_path_factory):
    path = tmp_path_factory.mktemp("six") / "network.yaml"
    path.write_text("inputs: {x: 2}\nlayers: [{dense: 3, activation: tanh}, dense: 2]\nloss: mean_squared_error\ndata:\n"
                    f"  x: {[[n / 10, 0.3 - n / 7] for n in range(6)]}\n  t: {[[0.1, n / 9] for n in range(6)]}\n",
                    encoding="utf-8")
    network = derive.load(path)
    return Judge(network, network.derivation())


@pytest.mark.parametrize(("line", "status"), [
    ("e[1,1] = -log(Y[1,1])", "proved"), ("e[1,1] = -log(1 - Y[1,1])", "refuted"), ("e[n,j] = -log(Y[n,j])", "refuted")])
def test_the_data_of_a_sample_may_be_put_in(classifier, line, status):
    assert [verdict.status for verdict in classifier.verdicts([line])] == [status]


@pytest.mark.parametrize("line", ["w5 after 1000000 = 0.3", "E after 999999999 = 0.3", "dE/dw5 after 1000000 epochs = E"])
def test_more_updates_than_can_be_waited_for_are_an_error_that_says_the_limit(worked, line):
    with pytest.raises(FileError, match="take too long") as caught:
        worked.verdicts([line])
    assert "at most" in caught.value.help


def test_a_condition_never_stands_inside_another(judged):
    """SymPy raises KeyError at such."""
    assert judged(('"z/(1 + abs(z))"', "relu"), "where(max(a1[1,1], 0) > 1, 1, 2)*W1[1,1] = 3*W1[1,1]",
                  "dJ/dz1[n,j] = dJ/da1[n,j]*where(a1[n,j] > 0, 1, 2)",
                  "a2[n,j] = where(abs(a1[n,j]) < 0.5, 1, 3)*z2[n,j]") == ["refuted"] * 3
    with pytest.raises(FileError, match="cases of its own"):
        read("where(q > 0.1, 1, 2)*E = E", names={"q": "max(a1[1,1], 0)"})


def test_a_parameter_is_no_position(worked):
    with pytest.raises(FileError, match="whole number"):
        worked.verdicts(["W1[w1,1] = 1"])


@pytest.mark.parametrize("activations", [("relu", "relu"), ("softsign", "relu"), ("elu", "leaky_relu")])
def test_a_chain_is_proved_through_kinks_and_a_wrong_one_refuted(judged, activations):
    assert judged(activations, "dJ/dz1[n,j] = dJ/da1[n,j]*da1[n,j]/dz1[n,j]", "dJ/dz2 = 2*dJ/da2",
                  ) == ["proved", "refuted"]


def test_a_layer_that_is_switched_off_at_the_first_random_numbers_hides_nothing(judged):
    assert judged(("relu", "relu"), "sum(j, da2[1,j]/dz2[1,j]) = 0*z2[1,1]", "da2[1,1]/dz2[1,1]*a1[1,1]*a1[1,2] = 0*z2[1,1]",
                  ) == ["refuted", "refuted"]


def test_the_states_of_the_optimiser_are_0_before_the_first_update(judged):
    assert judged(("tanh", "tanh"), "W2[1,1] after 1 = W2[1,1] - 0.1*dJ/dW2[1,1]", "W2[1,1] after 1 = 0.3",
                  "W2[1,1] after 1 = W2[1,1] - 0.2*dJ/dW2[1,1]", "dJ/db2[j] = sum(n, dJ/dz2[n,j])/3",
                  ) == ["proved", "refuted", "refuted", "refuted"]


def test_the_constants_of_an_activation_are_known(judged):
    assert judged(("sigmoid", "elu"), "da2[n,j]/dz2[n,j] = where(z2[n,j] > 0, 1, exp(z2[n,j]))") == ["proved"]
