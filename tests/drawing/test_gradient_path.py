"""A gradient's path is read from the record: its factors multiply and add up to the gradient."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pictures import BLOCKS, NEURONS, derivation, drawing, network

from derive.drawing import gradient_path, highlight
from derive.drawing.gradient import Walk
from derive.instantiate import instantiate, number


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("networks")


def named(drawn, keys):
    return [drawn.node(key).name for key in keys]


def test_a_hidden_weight_acts_along_both_outputs():
    path = gradient_path(network("worked_example"), derivation("worked_example"), "w1")
    chains = [[factor.of for factor in chain] for chain in path.chains()]
    assert chains == [[("E", ()), ("e", (0, k)), ("a2", (0, k)), ("z2", (0, k)), ("a1", (0, 0)), ("z1", (0, 0))]
                      for k in (0, 1)]
    assert all(chain[-1].by == ("W1", (0, 0)) for chain in path.chains())


@pytest.mark.parametrize(("wrt", "nodes", "labels"), [
    ("w1", ["E", "E_o1", "o1", "E_o2", "o2", "h1", "i1"], ["w5", "w7", "w1"]),
    ("w6", ["E", "E_o1", "o1", "h2"], ["w6"]),
    (("b1", ()), ["E", "E_o1", "o1", "E_o2", "o2", "h1", "h2", "b1"], ["w5", "w7", "w6", "w8"]),
    ("W2", ["E", "E_o1", "E_o2", "o1", "o2", "h1", "h2"], ["w5", "w6", "w7", "w8"]),
])
def test_what_is_highlighted_is_the_path(wrt, nodes, labels):
    drawn = drawing("worked_example")
    lit = highlight(drawn, gradient_path(network("worked_example"), derivation("worked_example"), wrt))
    assert named(drawn, lit.nodes) == nodes
    edges = {edge.key: edge for edge in drawn.edges}
    assert [edges[key].label.plain for key in lit.edges if edges[key].label] == labels
    assert all({edges[key].source, edges[key].target} <= set(lit.nodes) for key in lit.edges)


@pytest.mark.parametrize("name", NEURONS)
def test_the_products_along_the_paths_add_up_to_the_gradient(name, folder):
    """Of one sample, with numbers drawn at random, for every entry of every parameter that the loss depends on."""
    made, derived = network(name, folder), derivation(name, folder)
    rng = np.random.default_rng(5)
    values = {(q.name, ()): q.value for q in made.constants.values()}
    instance = instantiate(derived.system, made.sizes, 1)
    for quantity in (*made.inputs, *made.targets, *made.parameters):
        for entry in instance.entries(quantity):
            values[quantity, tuple(map(int, entry.indices))] = float(rng.uniform(0.1, 0.9))
        if made.system.quantities[quantity].facts:  # a distribution, which a one-hot target is: its entries add up to 1
            entries = [key for key in values if key[0] == quantity]
            values |= dict.fromkeys(entries, 1 / len(entries))
    for equation in instance.equations:
        values[equation.name, tuple(map(int, equation.target.indices))] = number(equation.body, values)
    for parameter in made.parameters:
        for entry in instance.entries(parameter):
            place = parameter, tuple(map(int, entry.indices))
            chains = list(gradient_path(made, derived, place).chains())
            total = math.fsum(math.prod(number(factor.form, values) for factor in chain) for chain in chains)
            wanted = values[derived.adjoint(parameter).quantity.name, place[1]]
            assert total == pytest.approx(wanted, rel=1e-9, abs=1e-12), place


@pytest.mark.parametrize("name", BLOCKS)
def test_the_path_of_a_whole_parameter_leads_from_its_layer_to_the_loss(name, folder):
    drawn, made = drawing(name, folder), network(name, folder)
    for parameter in made.parameters[:: max(1, len(made.parameters) // 4)]:
        lit = highlight(drawn, gradient_path(made, derivation(name, folder), parameter))
        own = next(node.key for node in drawn.nodes if (parameter, None) in node.places)
        assert drawn.node(lit.nodes[0]).kind == "loss" and own in lit.nodes
        edges = [edge for edge in drawn.edges if edge.key in lit.edges]
        reached = {own}
        while more := {edge.target for edge in edges if edge.source in reached} - reached:
            reached |= more
        assert lit.nodes[0] in reached
        inputs = {node.key for node in drawn.nodes if node.kind in ("input", "target")}
        assert inputs.isdisjoint(lit.nodes)


@pytest.mark.parametrize("name", ["adding_lstm", "branches"])
def test_the_factors_of_whole_quantities_are_the_paths_of_the_record(name, folder):
    derived = derivation(name, folder)
    walk = Walk(network(name, folder), derived)
    for adjoint in derived.adjoints:
        own = adjoint.of.name
        assert [factor.of[0] for factor in walk.direct((own, None))] == [
            path.through.name for path in adjoint.paths if path.through.name != own]


def test_the_line_past_a_block_is_part_of_the_path():
    drawn = drawing("sorting_transformer")
    lit = highlight(drawn, gradient_path(network("sorting_transformer"), derivation("sorting_transformer"), "p2"))
    ports = [node.key for node in drawn.nodes if node.kind == "port"]
    assert set(ports) <= set(lit.nodes)
    assert {edge.key for edge in drawn.edges if edge.source in ports} <= set(lit.edges)


def test_a_name_that_stands_for_nothing_is_an_error():
    with pytest.raises(ValueError, match="did you mean"):
        gradient_path(network("worked_example"), derivation("worked_example"), "w55")
