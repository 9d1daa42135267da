"""Initialisers: the formulas of the catalogue, the fans that they are given, and the code that draws the numbers."""

from __future__ import annotations

from dataclasses import replace
from math import prod, sqrt
from typing import Any

import numpy as np
import pytest
from networks import network
from sympy import Integer

import codegen
from derive.build.parameters import initialiser
from derive.catalogue.initialisers import INITIALISERS
from derive.fans import fans
from derive.language.equations import Equation, Quantity, Role, System
from derive.language.expressions import Access, Index, Sum, dimension
from derive.language.substitution import SAMPLES


def start(name: str, **options: float) -> np.ndarray[Any, Any]:
    """W1 of a network with 300 inputs and 100 units."""
    made, derivation = network(widths=(300, 100, 2))
    made = replace(made, initial={**made.initial, "W1": initialiser(name, **options)})
    module: dict[str, Any] = {"__name__": "net"}
    exec(codegen.generate(made, derivation), module)
    array: np.ndarray[Any, Any] = module["initial_parameters"](seed=3)["W1"]
    return array


@pytest.mark.parametrize(("name", "options", "mean", "deviation", "largest"), [
    ("uniform", {"low": 1, "high": 4}, 2.5, 3 / sqrt(12), 4),
    ("normal", {"mean": 2, "standard_deviation": 0.5}, 2, 0.5, None),
    ("glorot_uniform", {}, 0, sqrt(2 / 400), sqrt(6 / 400)), ("glorot_normal", {}, 0, sqrt(2 / 400), None),
    ("he_uniform", {}, 0, sqrt(2 / 300), sqrt(6 / 300)), ("he_normal", {}, 0, sqrt(2 / 300), None),
    ("lecun_normal", {}, 0, sqrt(1 / 300), None),
])
def test_numbers_are_distributed_as_the_paper_says(name, options, mean, deviation, largest):
    found = start(name, **options)
    assert found.shape == (300, 100)
    assert abs(found.mean() - mean) < 5 * deviation / sqrt(found.size)
    assert found.std() == pytest.approx(deviation, rel=0.02)
    if largest is not None:
        assert 0.99 * largest < found.max() <= largest


def test_what_is_not_drawn_is_the_same_everywhere():
    assert not start("zeros").any() and (start("constant", value=0.1) == 0.1).all()


def test_orthogonal_columns_have_length_one_and_right_angles():
    q = start("orthogonal")
    np.testing.assert_allclose(q.T @ q, np.eye(100), atol=1e-13)


def test_every_entry_of_the_catalogue_is_tried_here():
    assert set(INITIALISERS) == {"zeros", "constant", "uniform", "normal", "glorot_uniform", "glorot_normal", "he_uniform",
                                 "he_normal", "lecun_normal", "orthogonal"}


def with_equation(equation: Equation, *quantities: Quantity):
    """A network of which only the equation that reads W is looked at."""
    made, _ = network()
    return replace(made, system=System({q.name: q for q in quantities}, (equation,)), sizes=SIZES)


SIZES = {dimension("h"): 8, dimension("c"): 3, dimension("u"): 5, dimension("o"): 16, dimension("t"): 7}
n, c, o = (Index(name, SAMPLES if name == "n" else dimension(name)) for name in "nco")


def test_the_fans_of_a_dense_layer_are_its_units():
    made, _ = network(widths=(3, 4, 2))
    assert fans(made, "W1") == (3, 4) and fans(made, "W2") == (4, 2)
    assert fans(made, "b1") == (1, 4)


def test_the_fans_do_not_come_from_a_penalty_or_a_tie():
    assert fans(network(widths=(3, 4, 3), l2=True)[0], "W1") == (3, 4)
    assert fans(network(widths=(3, 4, 3), tied=True)[0], "W1") == (3, 4)


def test_each_position_of_a_kernel_counts_for_what_comes_in_and_what_goes_out():
    u, v = Index("u", dimension("u")), Index("v", dimension("u"))
    p, q = (Index(name, dimension("h") - dimension("u") + 1) for name in "pq")
    rows, columns = Index("p", dimension("h")), Index("q", dimension("h"))
    x, W = Quantity("x", (n, rows, columns, c), role=Role.INPUT), Quantity("W", (c, u, v, o), role=Role.PARAMETER)
    z = Quantity("z", (n, p, q, o))
    body = Sum(Access("x", n, p + u, q + v, c) * W.entry, c, u, v)
    assert fans(with_equation(Equation(z.entry, body), x, W, z), "W") == (prod((3, 5, 5)), prod((5, 5, 16)))


def test_the_rows_of_an_embedding_are_chosen_and_not_summed():
    word = Quantity("word", (n,), role=Role.INPUT, integer=True)
    table, z = Quantity("W", (Index("k", dimension("h")), o), role=Role.PARAMETER), Quantity("z", (n, o))
    assert fans(with_equation(Equation(z.entry, Access("W", word.entry, o)), word, table, z), "W") == (1, 16)


def test_a_root_is_written_as_one_root():
    from derive.latex.printer import formula
    assert formula(initialiser("he_normal").formula).count(r"\sqrt") == 1
    assert initialiser("zeros").formula == Integer(0)
