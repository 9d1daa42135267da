"""Numbers in emitted code: one constant where several meet, to the last digit, and of the type of the arrays beside it."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from sympy import Integer, Rational, exp, log, pi, sqrt

from codegen.targets.numpy.printer import NumpyPrinter
from derive.language.equations import Quantity
from derive.language.expressions import Access, Index

j = Index("j", 3)
z = Access("z", j)


def code(expression):
    return NumpyPrinter({"z": Quantity("z", (j,))}, str, lambda name: False, "z.dtype").text(expression, (j,))


@pytest.mark.parametrize("expression, expected", [
    (sqrt(2) * z / sqrt(pi), "0.7978845608028654 * z"), (-sqrt(2) * z / 2, "-0.7071067811865476 * z"),
    (8943 * z / 200000, "0.044715 * z"), (z / 2, "z / 2"), (-z / 10, "-z / 10"), (2 * z / 3, "2 * z / 3"),
    (z + Rational(1, 3), "1 / 3 + z"), (z + log(2) + 1, "1.6931471805599454 + z"), (3 * z, "3 * z")])
def test_numbers_that_meet_are_one(expression, expected):
    assert code(expression) == expected


@pytest.mark.parametrize("number", [exp(Rational(-3, 7)), sqrt(pi) / 7, log(50) * pi, Rational(2**60 + 1, 3**40),
                                    sympy.Float(0.1), Integer(10) ** 30, Rational(1, 10**30)])
def test_a_number_keeps_all_its_digits(number):
    assert float(eval(code(number))) == float(number.evalf(60))


def test_a_number_leaves_the_type_of_an_array_as_it_is():
    for expression in (sqrt(2) * z, z + pi, 2**j * z, z / (1 + j), j * pi, Integer(10)**30 * z):
        value = eval(code(expression), {"np": np, "z": np.ones(3, np.float32)})
        assert value.dtype == np.float32, expression
