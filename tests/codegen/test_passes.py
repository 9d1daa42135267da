"""What each pass is for.  That none changes a value is checked with every equation in test_lowering.py."""

from __future__ import annotations

import sympy

from codegen.lowering import lower
from codegen.memory import Use, assign
from codegen.passes import (
    branches_as_maxima,
    copies_propagated,
    definitions_expanded,
    guards_merged,
    inlined_single_use,
    is_compound,
    short_rows_turned,
    signs_of_maxima,
    structure,
    sums_as_products,
    without_common_subexpressions,
    without_dead_code,
    without_repeated_statements,
    zeros_as_arrays,
)
from codegen.program import Counter, Guard, Kind, Loop, Program, Statement, flat
from derive.language.equations import Equation, Quantity, System
from derive.language.expressions import Access, Index, Maximum, Sum, Within, dimension
from derive.language.substitution import SAMPLES
from derive.rewrites.named_functions import softplus

n, k, j = Index("n", SAMPLES), Index("k", dimension("d1")), Index("j", dimension("d2"))
SIZES = {dimension("d1"): 4, dimension("d2"): 3}
AXES = {"x": (n, k), "W": (k, j), "V": (j, k), "z": (n, j), "a": (n, j), "e": (n, j), "b": (j,), "r": (n,), "J": ()}
QUANTITIES = {name: Quantity(name, axes) for name, axes in AXES.items()}
z, a = QUANTITIES["z"].entry, QUANTITIES["a"].entry
J, E, A = Access("J"), Access("e", n, j), Access("r", n)
PRODUCT = Equation(z, Sum(Access("x", n, k) * Access("W", k, j), k), 1)


def program(*equations: Equation, outputs: tuple[str, ...] = ("J",)):
    return lower(equations, QUANTITIES, SIZES).asking_for(*outputs)


def names(made) -> list[str]:
    return [step.name for step in made.statements if isinstance(step, Statement)]


def test_dead_code_is_what_no_output_depends_on():
    made = program(PRODUCT, Equation(a, sympy.exp(z), 2), Equation(J, Sum(z, n, j), 3))
    assert names(without_dead_code(made)) == ["z", "J"]


def test_a_statement_is_repeated_only_up_to_the_names_of_its_axes():
    i = Index("k", dimension("d2"))
    first = Equation(a, z - Maximum(Access("z", n, i), i), 2)
    second = Equation(Access("e", n, j), z + Maximum(Access("z", n, i), i), 3)
    made = without_repeated_statements(program(PRODUCT, first, second, outputs=("a", "e")))
    assert sum(s.kind is Kind.REDUCTION for s in made.statements) == 1


def test_a_function_that_occurs_twice_is_computed_once_and_named_for_what_it_is():
    made = without_common_subexpressions(program(
        PRODUCT, Equation(a, sympy.exp(z) + 1, 2), Equation(E, sympy.exp(z) * z, 3), outputs=("e", "a")))
    assert names(made) == ["z", "exp_z", "a", "e"]


def test_a_whole_equation_serves_as_the_common_subexpression():
    made = without_common_subexpressions(program(
        PRODUCT, Equation(a, sympy.exp(z), 2), Equation(Access("e", n, j), sympy.exp(z) * z, 3), outputs=("e", "a")))
    assert names(made) == ["z", "a", "e"]


def test_what_is_read_once_goes_into_the_line_that_reads_it():
    made = program(Equation(J, Sum(z, n, j) / SAMPLES, 2))
    assert names(made) == ["sum_z", "J"]
    assert names(inlined_single_use(made)) == ["J"]
    assert names(inlined_single_use(made, longest=0)) == ["sum_z", "J"]


def test_a_copy_is_read_at_its_source_transposed_or_not():
    tied = Equation(Access("W", k, j), Access("V", j, k), 1)
    made = without_dead_code(copies_propagated(program(tied, Equation(z, PRODUCT.body, 2), outputs=("z",))))
    assert names(made) == ["z"]
    assert made.statements[0].reads == {"x", "V"}


def test_definitions_share_their_parts():
    made = definitions_expanded(program(
        Equation(a, softplus(z), 1), Equation(Access("e", n, j), softplus(-z), 2), outputs=("a", "e")))
    assert "exp_z" in names(without_common_subexpressions(made)) or any(
        "log1p" in name for name in names(without_common_subexpressions(made)))


def test_a_slope_of_at_most_one_needs_no_branch():
    def branch(slope):
        return sympy.Piecewise((z, z > 0), (slope * z, True))

    gentle = branches_as_maxima(program(Equation(a, branch(sympy.Rational(1, 100)), 1), outputs=("a",)))
    steep = branches_as_maxima(program(Equation(a, branch(2), 1), outputs=("a",)))
    assert gentle.statements[0].body.has(sympy.Max) and not steep.statements[0].body.has(sympy.Max)


def test_a_maximum_tells_the_sign_of_its_argument():
    slope = sympy.Piecewise((1, z > 0), (sympy.Rational(1, 10), True))
    made = signs_of_maxima(program(Equation(a, sympy.Max(z, z / 10), 2), Equation(E, slope, 3), outputs=("a", "e")))
    assert [access.name for access in made.statements[-1].accesses] == ["a"]


def test_a_maximum_with_another_number_does_not():
    equations = Equation(a, sympy.Max(z, 1), 2), Equation(E, sympy.Piecewise((1, z > 0), (0, True)), 3)
    made = program(*equations, outputs=("a", "e"))
    assert signs_of_maxima(made) == made


def test_a_sum_over_the_samples_is_a_product_with_ones_and_so_is_one_of_products():
    made = sums_as_products(program(PRODUCT, Equation(Access("b", j), Sum(z, n), 2), Equation(A, Sum(z * a, j), 3),
                                    outputs=("b", "r")))
    *_, over_samples, terms, over_units = made.statements
    assert over_samples.kind is over_units.kind is Kind.CONTRACTION and str(terms.body) == "a[n,j]*z[n,j]"
    assert {q.value for name, q in made.quantities.items() if name.startswith("ones")} == {1}


def test_only_short_rows_are_turned_for_their_maximum():
    largest = Maximum(Access("z", n, j), j)
    made = short_rows_turned(program(PRODUCT, Equation(A, largest, 2), outputs=("r",)))
    assert names(made) == ["z", "turned_z", "r"] and made.quantities["turned_z"].shape == (3, SAMPLES)
    wide = lower((PRODUCT, Equation(A, largest, 2)), QUANTITIES, {**SIZES, dimension("d2"): 33}).asking_for("r")
    assert short_rows_turned(wide) == wide


def test_what_is_compared_with_0_is_compared_with_an_array():
    slope = Equation(E, sympy.Piecewise((1, z > 0), (0, True)), 3)
    made = zeros_as_arrays(program(PRODUCT, Equation(a, sympy.Max(z, 0), 2), slope, outputs=("a", "e")))
    assert all("float zero" in s.reads for s in made.statements[1:]) and made.quantities["float zero"].value == 0


def test_structure_is_equal_up_to_the_names_of_axes():
    p, q = Index("p", SAMPLES), Index("q", dimension("d2"))
    assert structure(z * a)[0] == structure(Access("z", p, q) * Access("a", p, q))[0]
    assert structure(z * a)[0] != structure(Access("z", p, q) * Access("a", p, j))[0]
    assert structure(z)[0] != structure(Access("z", n, Index("j", dimension("d1"))))[0]


def test_the_beginning_of_an_array_is_not_its_value():
    t = Index("t", 5)
    own = {"x": (n, t), "h": (n, t), "g": (n, t)}
    quantities = {name: Quantity(name, axes) for name, axes in own.items()}
    begun = Access("x", n, t) * sympy.exp(Access("x", n, t))
    equations = (Equation(Access("h", n, t), begun + Access("x", n, t - 1) * Within(t - 1, 5), 1),
                 Equation(Access("g", n, t), sympy.sin(begun), 2))
    made = without_common_subexpressions(lower(equations, quantities, {}).asking_for("h", "g"), worth=is_compound)
    assert "h" not in made.statements[-1].reads


def guard(condition, *statements):
    return Guard(condition, tuple(Statement(Access(to), body, Kind.ELEMENTWISE) for to, body in statements))


def test_guards_of_one_condition_are_one_where_nothing_between_forbids_it():
    t = Counter("t", 5)
    a, b, c, d = map(Access, "abcd")
    first, second = guard(t > 0, ("a", d)), guard(t > 0, ("b", d))
    between = Statement(c, d, Kind.ELEMENTWISE)
    apart = [Statement(c, a, Kind.ELEMENTWISE), guard(t > 0, ("b", c))]
    for steps, merged in (((first, second), [2]), ((first, between, second), [2, 1]), ((first, *apart), [1, 1, 1]),
                          ((first, guard(t > 1, ("b", d))), [1, 1])):
        made = guards_merged(Program((Loop(t, 1, tuple(steps)),), {}, ()))
        assert [len(list(flat((step,)))) for step in made.statements[0].body] == merged


# Memory.


def test_a_result_takes_the_place_of_an_argument_that_is_not_read_again():
    uses = [Use("z", frozenset()), Use("a", frozenset({"z"}), frozenset({"z"})), Use("J", frozenset({"a"}))]
    places = assign(uses, {"z": 1, "a": 1}, {}, {})
    assert places["a"] == "z"


def test_a_result_does_not_take_the_place_of_an_argument_that_is_read_again():
    uses = [Use("z", frozenset()), Use("a", frozenset({"z"}), frozenset({"z"})), Use("J", frozenset({"a", "z"}))]
    assert assign(uses, {"z": 1, "a": 1}, {}, {})["a"] == "a"


def test_a_product_never_writes_over_its_operands():
    uses = [Use("z", frozenset()), Use("y", frozenset({"z"})), Use("J", frozenset({"y"}))]
    assert assign(uses, {"z": 1, "y": 1}, {}, {})["y"] == "y"


def test_given_arrays_are_kept_where_their_values_are_wanted_after():
    uses = [Use("s", frozenset({"g"}), frozenset({"g"})), Use("theta", frozenset({"theta", "s"}), frozenset({"s"}))]
    keys = {"g": 1, "s": 1, "theta": 1}
    assert assign(uses, keys, {"theta": (True, True), "g": (True, False)}, {"s": "theta"})["s"] == "g"
    assert assign(uses, keys, {"theta": (True, True), "g": (True, True)}, {"s": "theta"})["s"] == "s"


# Loops.


def recurrence(*more: Equation, outputs: tuple[str, ...] = ("J",)):
    """h[t] = tanh(x[t] + h[t−1]), and what reads it."""
    t = Index("t", 5)
    own = {"x": (n, t), "h": (n, t), "g": (n, t), "J": ()}
    quantities = {name: Quantity(name, axes) for name, axes in own.items()}
    before = Access("h", n, t - 1) * Within(t - 1, 5)
    system = System(quantities, (Equation(Access("h", n, t), sympy.tanh(Access("x", n, t) + before), 1), *more))
    return lower(system.blocks(), quantities, {}).asking_for(*outputs)


def test_a_loop_lives_as_long_as_something_reads_what_it_computes():
    total = Equation(J, Sum(Access("h", n, Index("t", 5)), n, Index("t", 5)), 2)
    assert any(isinstance(step, Loop) for step in without_dead_code(recurrence(total)).statements)
    assert without_dead_code(recurrence(total, outputs=("x",))).statements == ()


def test_what_a_loop_computes_anew_each_time_is_not_shared_outside_of_it():
    t = Index("t", 5)
    made = without_common_subexpressions(recurrence(
        Equation(Access("g", n, t), sympy.exp(sympy.tanh(Access("h", n, t))), 2),
        Equation(J, Sum(sympy.tanh(Access("h", n, t)), n, t), 3)))
    inside = {s.name for step in made.statements if isinstance(step, Loop) for s in flat(step.body)} & made.temporaries
    assert inside.isdisjoint(name for step in made.statements if not isinstance(step, Loop) for name in step.reads)


def test_what_a_loop_reads_is_computed_before_it():
    made = recurrence(Equation(J, Sum(Access("h", n, Index("t", 5)), n, Index("t", 5)), 2))
    kinds = [type(step) for step in inlined_single_use(made).statements]
    assert Loop in kinds and names(inlined_single_use(made))[-1] == "J"
