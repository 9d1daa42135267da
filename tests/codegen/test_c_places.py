"""The memory of a C function: arrays that share a place, and those of which a row or an entry is enough."""

from __future__ import annotations

import sympy
from sympy import Integer

from codegen.lowering import lower
from codegen.targets.c.fusion import fused
from codegen.targets.c.loops import nodes
from codegen.targets.c.places import in_place, offsets
from codegen.targets.c.variables import local_variables, narrowed
from derive.language.equations import Equation, Quantity
from derive.language.expressions import Access, Index, Maximum, Sum, dimension
from derive.language.substitution import SAMPLES

n, j, k = Index("n", SAMPLES), Index("j", dimension("d")), Index("k", dimension("d"))
NAMES = ("x", "z", "a", "e", "y")
QUANTITIES = {name: Quantity(name, (n, j)) for name in NAMES} | {"s": Quantity("s", (n,)), "W": Quantity("W", (j, k))}
x, z, a, e, y = (QUANTITIES[name].entry for name in NAMES)


def loops(*equations: Equation):
    """The loops of the equations, and the shapes of the arrays that have to have places."""
    program = lower(equations, QUANTITIES, {dimension("d"): 9})
    shapes = {name: q.shape for name, q in program.quantities.items() if name not in ("x", "W")}
    return list(fused(list(nodes(program.statements, program)))), shapes


def test_entry_by_entry_a_result_takes_the_place_of_its_argument():
    body, shapes = loops(Equation(z, Sum(Access("x", n, k) * Access("W", k, j), k)), Equation(a, sympy.exp(z)))
    assert in_place(body, shapes) == {"a": "z"}


def test_not_while_the_argument_is_read_again():
    body, shapes = loops(Equation(z, Sum(Access("x", n, k) * Access("W", k, j), k)), Equation(a, sympy.exp(z)),
                         Equation(e, Sum(Access("a", n, k) * Access("W", k, j), k)), Equation(y, e + z))
    assert "a" not in in_place(body, shapes)


def test_not_where_a_product_reads_the_argument():
    body, shapes = loops(Equation(z, sympy.exp(x)), Equation(a, Sum(Access("z", n, k) * Access("W", k, j), k)))
    assert in_place(body, shapes) == {}


def test_a_row_takes_the_place_of_a_row_that_has_been_read():
    highest = Maximum(Access("z", n, k), k)
    body, shapes = loops(Equation(z, Sum(Access("x", n, k) * Access("W", k, j), k)), Equation(a, z - highest))
    assert in_place(body, shapes) == {"a": "z"}


def test_not_where_a_later_step_reads_what_lies_further_on():
    turned = Quantity("t", (j, k))
    QUANTITIES["t"], QUANTITIES["u"] = turned, Quantity("u", (j, k))
    body, shapes = loops(Equation(turned.entry, sympy.exp(Access("W", j, k))),
                         Equation(Access("u", j, k), Access("t", k, j) + 1))
    assert in_place(body, shapes) == {}


def test_places_are_shared_and_counted_by_samples():
    body, shapes = loops(Equation(z, Sum(Access("x", n, k) * Access("W", k, j), k)), Equation(a, sympy.exp(z)),
                         Equation(y, Sum(Access("a", n, k) * Access("W", k, j), k)))
    places, end = offsets(body, {name: shapes[name] for name in ("z", "a", "y")}, dict.fromkeys(("z", "a", "y"), (9, 0)))
    assert places["z"] == places["a"] != places["y"]
    assert end == (18, 0)
    assert Integer(9) == shapes["z"][1]


def test_a_row_is_enough_where_each_step_meets_its_own():
    body, _ = loops(Equation(z, sympy.exp(x)), Equation(QUANTITIES["s"].entry, Sum(Access("z", n, k), k)),
                    Equation(a, z / QUANTITIES["s"].entry))
    made, shorter = narrowed(body, QUANTITIES, lambda name: name in ("x", "a"))
    assert shorter["z"].shape == QUANTITIES["z"].shape[1:] and shorter["a"] == QUANTITIES["a"]
    assert local_variables(made, lambda name: name in ("x", "a")).keys() == {"s"}


def test_a_row_is_not_enough_where_another_loop_reads_the_array():
    body, _ = loops(Equation(z, sympy.exp(x)), Equation(a, Sum(Access("z", n, k) * Access("W", k, j), k)))
    _, shorter = narrowed(body, QUANTITIES, lambda name: name in ("x", "a"))
    assert shorter["z"] == QUANTITIES["z"]
