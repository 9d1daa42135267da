"""Indices, sums, deltas: renaming and contracting never change a value."""

from __future__ import annotations

import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Integer, Rational, exp

from derive.calculus.contraction import contract
from derive.calculus.partial import partial
from derive.language.equations import Cycle, Equation, Quantity, System
from derive.language.expressions import Access, Delta, Index, Maximum, Reduction, Sum, Within, free_indices
from derive.language.substitution import readable_bound_names, same_up_to_bound_names, substitute, up_to_names
from derive.rewrites.algebra import spread, tidy
from derive.rewrites.stability import stable

from .evaluation import Values

I, J, K = (Index(name, 3) for name in "ijk")  # noqa: E741
SHAPES = {"A": (3, 3), "B": (3,), "V": (9,)}
ARRAYS = {
    "A": {(i, k): mpmath.mpf(2 * i - 3 * k + 1) / 7 for i in range(3) for k in range(3)},
    "B": {(i,): mpmath.mpf(i * i - 2) / 3 for i in range(3)},
    "V": {(i,): mpmath.mpf((5 * i) % 9 - 4) / 5 for i in range(9)},
}
AFFINE = st.sampled_from([I + J, J + K, 2 * I, 2 * K + J, 2 - J, I + 4, K, J, Integer(3), 2 * I + 2 * J])
PLAIN = st.sampled_from([I, J, K])


def expressions():
    leaves = st.one_of(
        st.builds(lambda i, k: Access("A", i, k), PLAIN, PLAIN), st.builds(lambda i: Access("B", i), PLAIN),
        st.builds(lambda p: Access("V", p), AFFINE), st.builds(Delta, AFFINE, AFFINE),
        st.builds(lambda p: Within(p - 1, Integer(2)), AFFINE),
        st.sampled_from([Integer(2), Rational(-1, 3), I, K + 1]))
    return st.recursive(leaves, lambda inner: st.one_of(
        st.builds(lambda a, b: a + b, inner, inner), st.builds(lambda a, b: a * b, inner, inner),
        st.builds(lambda a: exp(a / 8), inner), st.builds(lambda a: a**2, inner),
        st.builds(Sum, inner, PLAIN), st.builds(Sum, inner, PLAIN), st.builds(lambda a: Sum(a, I, J), inner),
        st.builds(Maximum, inner, PLAIN)), max_leaves=6)


def value(expression, place=None):
    with mpmath.workdps(40):
        return Values(System({}, ()), {}, ARRAYS).of(expression, place or {I: 0, J: 1, K: 2})


def same(one, other):
    return abs(one - other) < 1e-12 * (1 + abs(one))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(expressions(), st.dictionaries(PLAIN, AFFINE, min_size=1))
def test_a_substitution_has_the_value_of_the_new_indices(expression, replacement):
    place = {I: 0, J: 1, K: 1}
    numbers = {index: Integer(position) for index, position in place.items()}
    reached = {index: int(new.xreplace(numbers)) for index, new in replacement.items()}
    if all(reached[index] < 3 for index in reached):
        assert same(value(substitute(expression, replacement), place), value(expression, {**place, **reached}))


@pytest.mark.parametrize("rewrite", [contract, same_up_to_bound_names, readable_bound_names, tidy, spread, stable,
                                     up_to_names(tidy)], ids=lambda f: f.__name__)
def test_a_rewrite_changes_no_value(rewrite):
    @settings(max_examples=120, deadline=None, derandomize=True)
    @given(expressions())
    def holds(expression):
        assert same(value(expression), value(rewrite(expression)))

    holds()


@settings(max_examples=100, deadline=None, derandomize=True)
@given(expressions(), st.sampled_from(["A", "B", "V"]), st.integers(0, 8), st.integers(0, 2))
def test_the_partial_derivative_is_the_limit_of_difference_quotients(expression, name, first, second):
    if expression.has(Maximum):
        return
    place = (first, second)[:len(SHAPES[name])]
    if any(position >= size for position, size in zip(place, SHAPES[name], strict=True)):
        return
    indices = [Index(letter, size) for letter, size in zip("pq", SHAPES[name], strict=False)]
    at = {I: 0, J: 1, K: 2, **dict(zip(indices, place, strict=True))}
    derived = partial(expression, name, indices)
    with mpmath.workdps(60):
        h = mpmath.mpf("1e-15")
        slopes = []
        for sign in (1, -1):
            moved = {**ARRAYS, name: {**ARRAYS[name], place: ARRAYS[name][place] + sign * h}}
            slopes.append(Values(System({}, ()), {}, moved).of(expression, at))
        slope = (slopes[0] - slopes[1]) / (2 * h)
        values = Values(System({}, ()), {}, ARRAYS)
        for form in (derived, contract(derived), tidy(contract(derived))):
            assert abs(values.of(form, at) - slope) < mpmath.mpf(10) ** -20 * (1 + abs(slope))


# -- single statements ----------------------------------------------------------------------------------------

n, k, j, p, q = Index("n", 4), Index("k", 3), Index("j", 2), Index("p", 3), Index("q", 2)


def test_a_matrix_product_by_its_weights_is_the_input_times_a_delta():
    z = Sum(Access("x", n, k) * Access("W", k, j), k)
    assert contract(partial(z, "W", [p, q])) == Access("x", n, p) * Delta(j, q)


def test_a_sum_over_a_whole_range_takes_the_other_index_of_its_delta():
    assert contract(Sum(Access("B", k) * Delta(k, p), k)) == Access("B", p)


def test_a_delta_between_different_ranges_keeps_a_bracket():
    wide = Index("w", 5)
    assert contract(Sum(Access("B", k) * Delta(k, wide), k)) == Access("B", wide) * Within(wide, Integer(3))


def test_a_sum_of_a_delta_alone_is_one_where_its_index_is_in_range():
    assert contract(Sum(Delta(k, p), k)) == 1
    assert contract(Sum(Delta(k, p) * Delta(k, p), k)) == 1


def test_the_trace_of_a_product_has_two_deltas():
    trace = Sum(Access("A", k, p) * Access("A", p, k), k, p)
    r, s = Index("r", 3), Index("s", 3)
    assert contract(partial(trace, "A", [r, s])) == 2 * Access("A", s, r)


def test_a_bound_index_is_renamed_before_it_captures_one_that_arrives():
    outer = Sum(Access("A", j, k) * Access("B", k), j)
    moved = substitute(outer, {k: Index("j", 2)})
    assert free_indices(moved) == {Index("j", 2)}
    assert len(moved.indices) == 1 and moved.indices[0].name != "j"


def test_an_inner_sum_hides_the_index_of_the_outer_one():
    inner = Sum(Access("B", I), I)
    assert same(value(Sum(inner, I)), 3 * value(inner))
    assert contract(Sum(inner, I)) == 3 * inner
    assert same(value(Sum(Access("B", I) * inner, I)), value(inner) ** 2)
    assert same(value(contract(Sum(Sum(Access("A", I, K), I), I, K))), 3 * value(Sum(Access("A", I, K), I, K)))


def test_the_entry_asked_for_may_have_the_names_of_bound_indices():
    trace = Sum(Access("A", I, K) * Access("A", K, I), I, K)
    assert contract(partial(trace, "A", [I, K])) == 2 * Access("A", K, I)


def test_indices_of_one_name_and_different_ranges_are_different():
    assert Index("k", 2) != Index("k", 3)
    assert Delta(Index("k", 2), Index("k", 3)) != 1


def test_a_bracket_that_always_or_never_holds_is_a_number():
    assert Within(k, Integer(3)) == 1 and Within(k + 1, Integer(4)) == 1
    assert Within(k + 3, Integer(3)) == 0 and Within(-k - 1, Integer(3)) == 0
    assert isinstance(Within(k + 1, Integer(3)), Within)


def test_a_sum_of_nothing_is_nothing():
    assert Sum(Integer(0), k) == 0
    assert isinstance(Sum(Access("B", k), k), Reduction)


# -- systems --------------------------------------------------------------------------------------------------

def scalars(**definitions):
    """A system of scalar equations; what has no definition is given."""
    known = {name for body in definitions.values() for name in body} | set(definitions)
    equations = tuple(Equation(Access(name), sum((Access(other) for other in body), Integer(1)))
                      for name, body in definitions.items())
    return System({name: Quantity(name) for name in known}, equations)


def test_equations_come_after_all_that_they_read():
    order = [e.name for e in scalars(d="bc", c="b", b="a").in_order()]
    assert order == ["b", "c", "d"]


def test_the_given_order_is_kept_where_it_is_one():
    assert [e.name for e in scalars(a="x", c="x", b="ac").in_order()] == ["a", "c", "b"]


@pytest.mark.parametrize("definitions, around", [
    ({"a": "a"}, {"a"}), ({"a": "b", "b": "a"}, {"a", "b"}),
    ({"z": "a", "a": "b", "b": "c", "c": "a"}, {"a", "b", "c"})])
def test_a_cycle_is_refused_and_named(definitions, around):
    with pytest.raises(Cycle) as caught:
        scalars(**definitions).in_order()
    assert set(caught.value.names) == around
    names = caught.value.names
    for name, needed in zip(names, [*names[1:], names[0]], strict=True):
        assert name in definitions[needed] or needed in definitions[name]


def test_a_chain_of_thousands_of_equations_has_an_order():
    names = [f"q{i}" for i in range(5000)]
    equations = tuple(Equation(Access(b), Access(a) + 1) for a, b in zip(names, names[1:], strict=False))
    system = System({name: Quantity(name) for name in names}, equations[::-1])
    assert [e.name for e in system.in_order()] == names[1:]


def test_a_quantity_has_one_definition():
    with pytest.raises(ValueError, match="defined twice"):
        System({"a": Quantity("a")}, (Equation(Access("a"), Integer(1)), Equation(Access("a"), Integer(2))))


def test_an_equation_reads_quantities_of_its_system_only():
    with pytest.raises(ValueError, match="no quantity"):
        System({"a": Quantity("a")}, (Equation(Access("a"), Access("b")),))
