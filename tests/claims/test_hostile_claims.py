"""Claims at which a careless judge fails: sums of numbers, momentum, kinks above kinks, rounded constants."""

from __future__ import annotations

from pathlib import Path

import pytest
from claim_pages import example

import codegen
import derive
from derive.checks.process import Runner
from derive.claims.judging.judge import Judge
from derive.claims.reading import Written, read_claims
from derive.file.errors import FileError, Place

PAGE = """
inputs: {x: 2}
layers: [{dense: 2, activation: %s}, {dense: 2, activation: %s}]
loss: mean_squared_error
optimiser: {momentum: {learning_rate: 0.1}}
data: {x: [[0.1, 0.4], [0.3, -0.2]], t: [[0.3, 0.1], [0.5, 0.2]]}
"""


@pytest.fixture
def judged(tmp_path):
    page = tmp_path / "network.yaml"
    return lambda activations, *lines: _judged(page, activations, lines)


def _judged(page: Path, activations: tuple[str, str], lines: tuple[str, ...]) -> list[str]:
    page.write_text(PAGE % activations, encoding="utf-8")
    network = derive.load(page)
    derivation = network.derivation()
    claims = read_claims([Written(line, Place.of_text(line, "claims.yaml")) for line in lines], network)
    with Runner() as runner:
        runner.load_files(network, codegen.generate_files(network, derivation))
        return [verdict.status for verdict in Judge(network, derivation, runner).of(claims)]


@pytest.fixture(scope="module")
def worked():
    with Runner() as runner:
        yield example("worked_example", runner)


@pytest.mark.parametrize(("line", "status"), [
    ("sum(j, a1[1,j]) = 1.190154370", "proved"), ("sum(j, a1[1,j]) = 1.290154370", "refuted"),
    ("maximum(j, a1[1,j]) = 0.596884378", "proved"), ("m = 1", "proved"), ("m = 2", "refuted"), ("w5 = 0.4*m", "proved"),
    ("out_h1 = 1/(1 + 2.718^(-net_h1))", "proved"), ("out_h1 = 1/(1 + 2.728^(-net_h1))", "refuted"),
    ("max(net_h1, 0) = net_h1", "refuted"),
])
def test_a_claim_of_numbers_is_decided(worked, line, status):
    assert [verdict.status for verdict in worked.verdicts([line])] == [status]


def test_a_parameter_is_no_position(worked):
    with pytest.raises(FileError, match="whole number"):
        worked.verdicts(["W1[w1,1] = 1"])


@pytest.mark.parametrize("activations", [("relu", "relu"), ("softsign", "relu"), ("elu", "leaky_relu"), ("tanh", "tanh")])
def test_a_chain_is_proved_through_kinks_and_a_wrong_one_refuted(judged, activations):
    assert judged(activations, "dJ/dz1[n,j] = dJ/da1[n,j]*da1[n,j]/dz1[n,j]", "dJ/dz2 = 2*dJ/da2",
                  ) == ["proved", "refuted"]


def test_the_states_of_the_optimiser_are_0_before_the_first_update(judged):
    assert judged(("tanh", "tanh"), "W2[1,1] after 1 = W2[1,1] - 0.1*dJ/dW2[1,1]", "W2[1,1] after 1 = 0.3",
                  "W2[1,1] after 1 = W2[1,1] - 0.2*dJ/dW2[1,1]", "dJ/db2[j] = sum(n, dJ/dz2[n,j])/3",
                  ) == ["proved", "refuted", "refuted", "refuted"]


def test_the_constants_of_an_activation_are_known(judged):
    assert judged(("sigmoid", "elu"), "da2[n,j]/dz2[n,j] = where(z2[n,j] > 0, 1, exp(z2[n,j]))") == ["proved"]
