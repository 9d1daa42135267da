"""The scalar view is an instantiation: at small sizes it is exactly what SymPy derives from the expanded loss."""

from __future__ import annotations

import random

import mpmath
import pytest
import sympy
from latex_networks import network
from sympy import Integer

from derive.instantiate import instantiate, local_at, number
from derive.language.expressions import Access, Delta, Index, Sum, dimension
from derive.language.substitution import SAMPLES


def test_sums_are_written_out():
    made, derivation = network([2, 2, 1])
    instance = instantiate(derivation.system, made.sizes)
    body = instance.definitions[Access("z1", 0, 1)].body
    assert body == Access("x", 0, 0) * Access("W1", 0, 1) + Access("x", 0, 1) * Access("W1", 1, 1) + Access("b1", 1)


def test_entries_take_the_documents_names():
    made, derivation = network([2, 2, 1])
    instance = instantiate(derivation.system, made.sizes, aliases={("W2", (0, 0)): "w5"})
    assert instance.symbol("W2", 0, 0).name == "w5"
    assert instance.symbol("W2", 1, 0).name == "W2_1_0"


@pytest.mark.parametrize("activation, loss", [("sigmoid", "half"), ("tanh", "bce"), ("relu", "half"), ("sigmoid", "ce"),
                                              ("tanh", "labels")])
def test_every_entry_of_every_gradient_is_that_of_the_expanded_loss(activation, loss):
    made, derivation = network([2, 2, 2], activation, loss, samples=2)
    labels = {"t": [1, 0]} if loss == "labels" else None
    instance = instantiate(derivation.system, made.sizes, 2, labels=labels)
    objective = instance.expanded("J")
    letters = sorted(objective.free_symbols, key=str)
    rng = random.Random(1)
    at = {symbol: mpmath.mpf(rng.randint(1, 99)) / 100 for symbol in letters}
    if loss == "ce":  # the fact that the derivation uses
        at |= {instance.symbol("t", n, 1): 1 - at[instance.symbol("t", n, 0)] for n in range(2)}
    with mpmath.workdps(40):
        for name in made.parameters:
            for entry in instance.entries(name):
                place = tuple(map(int, entry.indices))
                direct = objective.diff(instance.symbol(name, *place))
                derived = instance.expanded(f"dJ_d{name}", *place)
                one, two = (sympy.lambdify(letters, e, "mpmath")(*at.values()) for e in (direct, derived))
                assert abs(one - two) < mpmath.mpf(10) ** -30


def test_local_derivatives_have_their_deltas_evaluated():
    made, derivation = network([2, 2, 2])
    local = derivation.adjoint("z1").paths[0].local
    sizes = {**made.sizes, SAMPLES: 1}
    assert local_at(local, (0, 0), (0, 1), sizes) == 0
    assert local_at(local, (0, 1), (0, 1), sizes) == Access("a1", 0, 1) * (1 - Access("a1", 0, 1))
    assert local_at(local, (0, 1), (0, 1), sizes, raw=True).has(sympy.exp)


def test_labels_pick_their_entry():
    made, derivation = network([2, 2, 2], loss="labels")
    instance = instantiate(derivation.system, made.sizes, labels={"t": [1]})
    assert instance.definitions[Access("e", 0)].body == -sympy.log(Access("a2", 0, 1))
    assert instance.definitions[Access("dJ_da2", 0, 0)].body == 0


def test_a_missing_size_is_an_error():
    _, derivation = network([2, 2, 2])
    sizes = {dimension("d0"): 2}
    with pytest.raises(ValueError, match="whose value is not given"):
        instantiate(derivation.system, sizes)


def test_numbers_are_those_of_sympy():
    x, j = Access("x", 0), Index("j", 3)
    expression = sympy.tanh(x) ** 2 / 3 - sympy.log(1 + sympy.exp(-x)) + sympy.Piecewise((x, x > 1), (0, True))
    assert number(expression, {("x", (0,)): 0.3}) == pytest.approx(
        float(expression.xreplace({x: sympy.Float("0.3", 30)}).evalf()), rel=1e-15)
    assert Sum(Delta(j, Integer(1)), j).has(Delta)
