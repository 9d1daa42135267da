"""The vectorised form stands beside the index form wherever there is one."""

from __future__ import annotations

import pytest
from latex_networks import network

from derive.language.equations import Equation, Quantity
from derive.language.expressions import Access, Index
from derive.language.substitution import SAMPLES
from derive.latex.matrix import MatrixPrinter
from derive.latex.printer import plain


def forms(*options, **more):
    _, derivation = network(*options, **more)
    printer = MatrixPrinter(derivation.system.quantities)
    out = {}
    for equation in derivation.system.equations:
        both = printer.equation(equation)
        out[equation.name] = None if both is None else " = ".join(map(plain, both))
    return out


@pytest.mark.parametrize(("name", "latex"), [
    ("z1", r"Z^{(1)} = X \, W^{(1)} + \mathbf{1} b^{(1)\top}"),
    ("e", r"E = \tfrac{1}{2} \bigl(A^{(2)} - T\bigr)^{\odot 2}"),
    ("J", r"J = \frac{1}{m} \, \mathbf{1}^{\top} E \, \mathbf{1}"),
    ("dJ_dW2", r"\frac{\partial J}{\partial W^{(2)}} = A^{(1)\top} \, \frac{\partial J}{\partial Z^{(2)}}"),
    ("dJ_da1", r"\frac{\partial J}{\partial A^{(1)}} = \frac{\partial J}{\partial Z^{(2)}} \, W^{(2)\top}"),
    ("dJ_db1", r"\frac{\partial J}{\partial b^{(1)}} = "
               r"\Bigl(\frac{\partial J}{\partial Z^{(1)}}\Bigr)^{\top} \, \mathbf{1}"),
    ("dJ_dz1", r"\frac{\partial J}{\partial Z^{(1)}} = \frac{\partial J}{\partial A^{(1)}} \odot A^{(1)} \odot "
               r"\bigl(1 - A^{(1)}\bigr)"),
])
def test_dense_layers(name, latex):
    assert forms([2, 2, 2])[name] == latex


def test_softmax_divides_each_row_by_its_sum():
    assert forms([2, 2, 2], loss="ce")["a2"] == (
        r"A^{(2)} = \exp\bigl(Z^{(2)}\bigr) \oslash "
        r"\bigl(\exp\bigl(Z^{(2)}\bigr) \, \mathbf{1} \, \mathbf{1}^{\top}\bigr)")


def test_relu_is_a_product_with_an_indicator():
    assert forms([2, 2, 2], "relu")["a1"] == r"A^{(1)} = Z^{(1)} \odot [Z^{(1)} > 0]"


def test_a_label_as_a_position_has_no_matrix_form():
    made = forms([2, 2, 2], loss="labels")
    assert made["e"] is None and made["dJ_da2"] is None
    assert made["dJ_dW2"] is not None


def test_three_axes_have_no_matrix_form():
    n, i, j = Index("n", SAMPLES), Index("i", 3), Index("j", 4)
    quantities = {q.name: q for q in (Quantity("y", (n, i, j)), Quantity("x", (n, i, j)))}
    assert MatrixPrinter(quantities).equation(Equation(Access("y", n, i, j), 2 * Access("x", n, i, j))) is None
