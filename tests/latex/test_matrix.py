"""The vectorised form stands beside the index form wherever there is one."""

from __future__ import annotations

from functools import cache

import pytest
from latex_networks import network

import derive
from derive.language.equations import Equation
from derive.language.expressions import Access, Index, Sum, accesses
from derive.language.substitution import SAMPLES
from derive.latex.matrix import MatrixPrinter
from derive.latex.page import Page
from derive.latex.printer import plain
from derive.latex.slices import held_indices


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


STEPS = """
inputs: {x: [3, 2]}
layers:
  - equations: |
      z[n,t,j] = sum(k, x[n,t,k]*W[k,j]) + sum(l, h[n,t-1,l]*U[l,j]) + b[j]
      h[n,t,j] = tanh(z[n,t,j])
      y[n,j] = h[n,size(t)-1,j]
    sizes: {j: 2}
loss: half_squared_error
"""
HEADS = """
inputs: {x: [3, 4]}
layers: [attention: {heads: 2}]
loss: half_squared_error
"""
WINDOWS = """
inputs: {x: [6, 2]}
layers: [conv1d: {filters: 3, kernel: 3, stride: 2}]
loss: half_squared_error
"""


@pytest.fixture(scope="module")
def page_forms(tmp_path_factory):
    """The matrix forms of a file, as a page prints them."""

    @cache
    def forms(text):
        path = tmp_path_factory.mktemp("slices") / "network.yaml"
        path.write_text(text)
        network = derive.load(path)
        derivation = network.derivation()
        printer = Page(network, derivation, "auto").matrix
        printed = {e.name: printer.equation(e) for e in derivation.system.equations}
        return {name: both and " = ".join(map(plain, both)) for name, both in printed.items()}

    return forms


@pytest.mark.parametrize(("text", "name", "latex"), [
    (STEPS, "z1", r"Z^{(1)}_{t} = X_{t} \, W^{(1)} + [t > 1] \, H^{(1)}_{t - 1} \, U^{(1)} + \mathbf{1} b^{(1)\top}"),
    (STEPS, "y1", r"Y^{(1)} = H^{(1)}_{d_{0,t}}"),
    (STEPS, "dJ_dh1", r"\frac{\partial J}{\partial H^{(1)}_{t}} = \delta_{t,d_{0,t}} \frac{\partial J}{\partial Y^{(1)}}"
                      r" + [t < d_{0,t}] \, \frac{\partial J}{\partial Z^{(1)}_{t + 1}} \, U^{(1)\top}"),
    (STEPS, "dJ_dW1", r"\frac{\partial J}{\partial W^{(1)}} = \sum_{t=1}^{d_{0,t}} X^{\top}_{t} \, "
                      r"\frac{\partial J}{\partial Z^{(1)}_{t}}"),
    (STEPS, "dJ_dU1", r"\frac{\partial J}{\partial U^{(1)}} = \sum_{t=1}^{d_{0,t}} [t > 1] \, H^{(1)\top}_{t - 1} \, "
                      r"\frac{\partial J}{\partial Z^{(1)}_{t}}"),
    (HEADS, "S1", r"S^{(1)}_{nh} = \frac{\sqrt{2}}{2} Q^{(1)}_{nh} \, K^{(1)\top}_{nh}"),
    (HEADS, "A1", r"A^{(1)}_{nh} = P^{(1)}_{nh} \, V^{(1)}_{nh}"),
    (HEADS, "dJ_dV1", r"\frac{\partial J}{\partial V^{(1)}_{nh}} = P^{(1)\top}_{nh} \, "
                      r"\frac{\partial J}{\partial A^{(1)}_{nh}}"),
    (WINDOWS, "z1", r"Z^{(1)}_{i} = \sum_{u=1}^{3} X_{u + 2 \, i - 2} \, W^{(1)}_{u} + \mathbf{1} b^{(1)\top}"),
    (WINDOWS, "dJ_dW1", r"\frac{\partial J}{\partial W^{(1)}_{u}} = \sum_{i=1}^{2} X^{\top}_{u + 2 \, i - 2} \, "
                        r"\frac{\partial J}{\partial Z^{(1)}_{i}}"),
])
def test_an_array_with_more_axes_is_written_by_its_slices(page_forms, text, name, latex):
    assert page_forms(text)[name] == latex


def own(equations, more="", inputs="[3, 4]"):
    lines = "".join(f"      {line}\n" for line in equations.split("; "))
    return f"inputs: {{x: {inputs}}}\nlayers:\n  - equations: |\n{lines}{more}loss: half_squared_error\n"


@pytest.mark.parametrize(("text", "name", "latex"), [
    # the transpose of a product is not that of its first letter
    (own("y[n,t,j] = x[n,t,j]*sum(k, A[t,j,k])", "    sizes: {k: 5}\n"), "y1",
     r"Y^{(1)}_{t} = X_{t} \odot \mathbf{1} \bigl(A^{(1)}_{t} \, \mathbf{1}\bigr)^{\top}"),
    (own("y[n,i,t,j] = x[n,i,t,j]*sum(k, x[n,i,t,k]*W[i,k,j]) + c[i,j]**2", inputs="[3, 2, 4]"), "y1",
     r"Y^{(1)}_{ni} = X_{ni} \odot X_{ni} \, W^{(1)}_{i} + "
     r"\mathbf{1} \bigl(\bigl(c^{(1)}_{i}\bigr)^{\odot 2}\bigr)^{\top}"),
    # a factor of a sum that has an axis is no scalar
    (own("z[n,j] = sum(k, x[n,0,k]*W[k,j]); y[n,p] = sum(j, (z[n,p] + sum(t, x[n,t,p]))*z[n,j]*C[j,p])",
         "    sizes: {p: 4, j: 4}\n"), "y1",
     r"y^{(1)}_{n} = \bigl(z^{(1)}_{n} + X^{\top}_{n} \, \mathbf{1}\bigr) \odot C^{(1)\top} \, z^{(1)}_{n}"),
    # what is subtracted has two branches
    (own("z[n,j] = sum(k, x[n,k]*W[k,j]); y[n,j] = x[n,j] - where(z[n,j] > x[n,j], z[n,j]**2, x[n,j])", inputs="4"), "y1",
     r"Y^{(1)} = X - \bigl(\bigl(Z^{(1)}\bigr)^{\odot 2} \odot [X < Z^{(1)}] + X \odot [X \ge Z^{(1)}]\bigr)"),
    # the slice X_1 of x would be taken for the quantity x_1
    (own("z[n,j] = sum(k, x[n,0,k]*W[k,j])", "    sizes: {j: 2}\nnames: {x_1: z1}\n"), "x_1", None),
])
def test_a_form_says_what_its_equation_says(page_forms, text, name, latex):
    assert page_forms(text)[name] == latex


def test_two_sums_over_slices_stand_in_brackets_behind_a_factor():
    n, t, j, i = Index("n", SAMPLES), Index("t", 3), Index("j", 4), Index("i", 3)
    s, x, h = Access("s"), Access("x", n, t + i, j), Access("h", n, t, j)
    form = MatrixPrinter({}).equation(Equation(Access("y", n, j), s * (Sum(h * Access("p", t), t) + Sum(x, t, i))))
    assert form is not None and plain(form[1]).startswith(r"s \, \biggl(")


def test_what_is_left_open_is_no_more_than_a_matrix():
    n, i, j, k = (Index(name, size) for name, size in (("n", SAMPLES), ("i", 3), ("j", 3), ("k", 5)))
    body = Sum(Access("x", n, i, j, k) * Access("x", n, j, i, k), k)
    found = held_indices(Equation(Access("y", n, i, j), body))
    assert found and all(max(len({*a.indices} - held) for a in accesses(body)) == 2 for held in found)


def test_what_stands_in_a_computed_position_is_held():
    n, i, u, k = (Index(name, size) for name, size in (("n", SAMPLES), ("i", 3), ("u", 2), ("k", 5)))
    assert held_indices(Equation(Access("y", n, i, k), Sum(Access("x", n, i + u, k), u))) == [{i, u}]


def test_a_label_is_no_position_of_a_slice():
    n, t, j = Index("n", SAMPLES), Index("t", 3), Index("j", 4)
    assert held_indices(Equation(Access("y", n, t, j), Access("W", Access("x", n, t), j))) == []
