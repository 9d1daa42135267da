"""A loss that is typed may name what the file names, and be nothing but the prediction."""

from __future__ import annotations

import pytest

from derive.build import build
from derive.file.errors import FileError
from derive.file.reading import validated
from derive.file.source import source_of_text
from derive.language.substitution import SAMPLES
from derive.network import Network


def network(loss: str, target: str = "observed", layer: str = "{dense: 2}") -> Network:
    source = source_of_text(f"inputs: 3\ntarget: {target}\nlayers: [{layer}]\nloss: {loss}\n")
    return build(validated(source), source)


def cost(loss: str, **more: str) -> str:
    return str(network(loss, **more).system.definitions["e"].body)


def test_the_target_has_its_own_name_in_a_loss():
    assert cost('"(y - observed)**2"') == cost('"(y - t)**2"') == "(-observed[n,j] + z1[n,j])**2"


def test_a_target_called_y_is_t_in_a_loss():
    assert cost('"(y - t)**2"', target="y") == "(-y[n,j] + z1[n,j])**2"


def test_the_prediction_alone_is_a_loss_and_a_letter_an_activation():
    made = network("y", layer="{dense: 1, activation: z}")
    assert str(made.system.definitions["e"].body) == "a1[n,j]" and str(made.system.definitions["a1"].body) == "z1[n,j]"
    assert made.derivation().gradient("a1") == 1 / SAMPLES


@pytest.mark.parametrize("equation, named", [("z[n,j] = x[n,j]*scale", "{scale: []}"), ("z[n,j] = x[n,j] + 2*q", "{q: []}")])
def test_a_parameter_that_is_one_number_is_to_be_declared(equation, named):
    with pytest.raises(FileError) as caught:
        network("y", layer=f'{{equations: "{equation}"}}')
    assert f"declared, as parameters: {named}" in str(caught.value.help)
