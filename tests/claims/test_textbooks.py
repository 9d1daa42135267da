"""Workings in the notation of textbooks and courses: right lines are proved, wrong ones refuted, and their mistake named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from lines import read

import derive
from derive.claims.judging.judge import Judge

HIDDEN = """
parameters:
  W1: [[0.31, -0.42, 0.53], [0.24, 0.65, -0.16]]
  b1: [0.07, -0.18, 0.29]
  W2: [[0.41, -0.22], [-0.34, 0.55], [0.17, 0.38]]
  b2: [0.11, -0.12]
"""


@dataclass(frozen=True)
class Book:
    """A network, the working's own names, its right lines, and lines with a mistake of a kind ("" where none is named)."""

    network: str
    right: tuple[str, ...]
    wrong: Mapping[str, str]
    names: Mapping[str, str] = field(default_factory=dict)


BOOKS = {
    "four equations, a column a sample": Book(  # M. Nielsen, Neural Networks and Deep Learning, chapter 2
        """
samples: columns
inputs: {x: 2}
target: y
layers: [{dense: 3, activation: sigmoid}, {dense: 2, activation: sigmoid}]
loss: half_squared_error
names: {C: J, w1: W1, w2: W2}
parameters:
  W1: [[0.31, -0.42], [0.24, 0.65], [-0.16, 0.5]]
  b1: [0.07, -0.18, 0.3]
  W2: [[0.41, -0.22, 0.13], [-0.34, 0.55, 0.26]]
  b2: [0.1, 0.2]
data: {x: [[0.6], [0.9]], y: [[1], [0]]}
""", (r"a^{2} = \sigma(w^2 a^{1}+b^2)", r"z^{1} \equiv w^1 x+b^1",
      r"C = \frac{1}{2} \|y-a^2\|^2 = \frac{1}{2} \sum_j (y_j-a^2_j)^2",
      r"\delta^{2}_j = \frac{\partial C}{\partial a^{2}_j} \sigma'(z^{2}_j)", r"\delta^2 = (a^2-y) \odot \sigma'(z^2)",
      r"\delta^1 = ((w^{2})^T \delta^{2}) \odot \sigma'(z^1)", r"\frac{\partial C}{\partial b^1_j} = \delta^1_j",
      r"\frac{\partial C}{\partial w^2_{jk}} = a^{1}_k \delta^2_j", r"w^2 \rightarrow w^2 - \eta \delta^2 (a^{1})^T"),
        {r"\delta^2_j = a^2_j - y_j": "factor", r"\delta^1_j = \sum_k w^{2}_{jk} \delta^{2}_k \sigma'(z^1_j)": ""},
        {"delta2": "dC/dz2", "delta1": "dC/dz1"}),
    "step by step": Book(  # I. Goodfellow, Y. Bengio, A. Courville, Deep Learning, 10.2
        """
samples: columns
inputs: {x: [3, 2]}
target: y
layers:
  - equations: |
      a[t,j,n] = sum(k, U[j,k]*x[t,k,n]) + sum(l, W[j,l]*h[t-1,l,n]) + b[j]
      h[t,j,n] = tanh(a[t,j,n])
      o[t,j,n] = sum(k, V[j,k]*h[t,k,n]) + c[j]
    sizes: {l: 2, j: 2}
loss: half_squared_error
names: {L: J, a: a1, h: h1, o: o1, W: W1, U: U1, V: V1, b: b1, c: c1}
data: {x: [[[0.9], [0.5]], [[-0.4], [0.2]], [[0.1], [0.7]]], y: [[[0.5], [0.2]], [[0.1], [-0.3]], [[0.8], [0.4]]]}
""", (r"a_{t} = b + W h_{t-1} + U x_{t}", r"h_{t} = \tanh(a_{t})", r"o_{t} = c + V h_{t}",
      r"\nabla_{h_t} L = W^\top \nabla_{a_{t+1}} L + V^\top \nabla_{o_t} L",
      r"\nabla_{h_3} L = V^\top \nabla_{o_3} L",
      r"\nabla_{V} L = \sum_t \nabla_{o_t} L \, h_{t}^\top", r"\nabla_{c} L = \sum_t \nabla_{o_t} L",
      r"\nabla_{W} L = \sum_t \nabla_{a_t} L \, h_{t-1}^\top", r"\nabla_{U} L = \sum_t \nabla_{a_t} L \, x_{t}^\top",
      r"\nabla_{A_t} L = \nabla_{H_t} L \odot (1 - H_t \odot H_t)"),
        {r"\nabla_{W} L = \sum_t \nabla_{a_t} L \, h_{t}^\top": "", r"\nabla_{h_t} L = V^\top \nabla_{o_t} L": "path"}),
    "letters tell quantities apart": Book(  # C. Bishop, Pattern Recognition and Machine Learning, 5.3
        f"inputs: {{x: 2}}\nlayers: [{{dense: 3, activation: tanh}}, dense: 2]\nloss: half_squared_error\n"
        f"names: {{E: J, z: a1, y: z2}}{HIDDEN}data: {{x: [[0.9, -0.7]], t: [[0.3, 1.1]]}}",
        (r"a_j = \sum_i w^{(1)}_{ij} x_i + b^{(1)}_j", r"z_j = h(a_j)", r"E = \frac{1}{2} \sum_{k} (y_k - t_k)^2",
         r"\delta_k = y_k - t_k", r"\delta_j = (1 - z_j^2) \sum_{k} w_{jk}^{(2)} \delta_k",
         r"\frac{\partial E}{\partial w_{ij}^{(1)}} = \delta_j x_i"),
        {r"\delta_k = t_k - y_k": "sign", r"\delta_j = (1 - z_j) \sum_{k} w_{jk}^{(2)} \delta_k": "power"},
        {"delta_k": "dE/dy[k]", "delta_j": "dE/dz1[j]", "a_j": "z1[j]"}),
    "capital letters and a mean": Book(  # A. Ng, Neural Networks and Deep Learning, weeks 3 and 4
        """
samples: columns
inputs: {X: 2}
target: Y
layers: [{dense: 4, activation: tanh}, {dense: 1, activation: sigmoid}]
loss: binary_cross_entropy
optimiser: {gradient_descent: {learning_rate: 1.2}}
parameters:
  W1: [[0.31, -0.42], [0.24, 0.65], [-0.16, 0.5], [0.2, 0.1]]
  b1: [0.07, -0.18, 0.3, 0.05]
  W2: [[0.41, -0.22, 0.13, -0.5]]
  b2: [0.1]
data: {X: [[0.6, -0.3, 0.2], [0.9, 0.4, -0.8]], Y: [[1, 0, 1]]}
""", (r"Z^{[1]} = W^{[1]} X + b^{[1]}", r"z^{[1](i)} = W^{[1]} x^{(i)} + b^{[1]}", "A1 = tanh(Z1)", "dZ2 = A2 - Y",
      r"dW^{[2]} = \frac1m dZ^{[2]} A^{[1]T}", "db2 = 1/m * dZ2.sum(axis=1, keepdims=True)",
      r"dZ^{[1]} = W^{[2]T} dZ^{[2]} * g^{[1]'}(Z^{[1]})", "dW1 = 1/m dZ1 @ X.T", r"W^{[1]} := W^{[1]} - \alpha \, dW^{[1]}",
      r"J = - \frac{1}{m} \sum\limits_{i = 1}^{m} \left( y^{(i)}\log\left(a^{[2](i)}\right) + "
      r"(1-y^{(i)})\log\left(1- a^{[2](i)}\right) \right)"),
        {"dW2 = dZ2 @ A1.T": "factor", "dZ1 = (W2.T @ dZ2) * (1 - A1)": "power", "dJ/dz2 = A2 - Y": "factor"},
        {**{f"d{name}": f"m*dJ/d{name.lower()}" for name in ("Z1", "Z2")},
         **{f"d{name}": f"dJ/d{name}" for name in ("W1", "W2", "b1", "b2")},
         "A1": "a1", "A2": "a2", "Z1": "z1", "Z2": "z2"}),
    "code with a penalty": Book(  # Stanford CS231n, minimal neural network case study
        f"inputs: {{X: 2}}\ntarget: Y\nlayers: [{{dense: 3, activation: relu}}, {{dense: 2, activation: softmax}}]\n"
        f"loss: cross_entropy\nregularisation: {{l2: 0.001}}\nnames: {{hidden: a1, scores: z2, probs: a2}}{HIDDEN}"
        "data: {X: [[0.9, -0.7], [0.2, 0.4]], Y: [[0, 1], [1, 0]]}",
        ("hidden = max(0, X @ W1 + b1)", "scores = hidden @ W2 + b2", "probs = softmax(scores)", "dscores = (probs - Y)/N",
         "dJ/dW2 = hidden.T @ dscores + 0.001*W2", "dJ/db2 = dscores.sum(axis=0)", "dhidden = dscores @ W2.T",
         "dJ/dz1 = dhidden * (z1 > 0)", "dJ/dz1 = where(hidden > 0, dhidden, 0)", "dJ/dW1 = X.T @ dJ/dz1 + λ W1"),
        {"dscores = probs - Y": "factor", "dJ/dW2 = hidden.T @ dscores": "path", "dJ/dz1 = dhidden": "factor"},
        {"dscores": "dJ/dscores", "dhidden": "dJ/dhidden", "N": "m"}),
    "a vector of parameters": Book(  # A. Géron, Hands-On Machine Learning, chapter 4
        """
inputs: {X: 2}
target: y
layers: [{dense: 1, bias: false}]
loss: mean_squared_error
names: {theta: W1, MSE: J, yhat: z1}
parameters: {W1: [[1.5], [-0.4]]}
data: {X: [[1.0, 0.3], [1.0, 1.4], [1.0, 2.2]], y: [[4.2], [7.1], [9.3]]}
""", (r"\text{MSE} = \dfrac{1}{m} \sum\limits_{i=1}^{m}{(\mathbf{\theta}^T \mathbf{x}^{(i)} - y^{(i)})^2}",
      r"\dfrac{\partial}{\partial \theta_j} \text{MSE}(\mathbf{\theta}) = "
      r"\dfrac{2}{m}\sum\limits_{i=1}^{m}(\mathbf{\theta}^T \mathbf{x}^{(i)} - y^{(i)})\, x_j^{(i)}",
      r"\nabla_{\boldsymbol{\theta}}\, \text{MSE}(\boldsymbol{\theta}) = \dfrac{2}{m} \mathbf{X}^T "
      r"(\mathbf{X} \boldsymbol{\theta} - \mathbf{y})", "MSE(theta) = 1/m ||X @ theta - y||²"),
        {r"\nabla_{\theta} MSE = \dfrac{1}{m} X^T (X \theta - y)": "factor",
         "dMSE/dtheta = 2/m * X.T @ (y - X @ theta)": "sign",
         "dMSE/dtheta = 2 * X.T @ (X @ theta - y)": "factor"}),
    "one softmax": Book(  # d2l.ai, Dive into Deep Learning, 4.1
        "inputs: {x: 2}\ntarget: y\nlayers: [{dense: 3, activation: softmax}]\nloss: cross_entropy\n"
        "names: {L: J, o: z1, p: a1}\ndata: {x: [[1.0, 2.0]], y: [[0, 1, 0]]}\n"
        "parameters: {W1: [[0.2, 0.8, -0.5], [0.5, -0.91, 0.26]], b1: [2.0, 3.0, 0.5]}",
        (r"\frac{\partial L}{\partial o_j} = \frac{\exp(o_j)}{\sum_{k=1}^3 \exp(o_k)} - y_j = p_j - y_j",
         r"\frac{\partial L}{\partial o_j} = \underbrace{p_j - y_j}_{\text{error}}",
         r"\frac{\partial L}{\partial o_i} = -y_i (1 - p_i) + \sum_{k \neq i} y_k p_i",
         r"\frac{\partial p_i}{\partial o_j} = \begin{cases} p_i(1 - p_j) & \text{if } i = j \\ "
         r"-p_j p_i & \text{if } i \neq j \end{cases}"),
        {r"\frac{\partial L}{\partial o_j} = y_j - p_j": "sign", r"\frac{\partial p_i}{\partial o_j} = p_i(1 - p_j)": "",
         r"\frac{\partial L}{\partial o_j} = \frac{\partial L}{\partial p_j} p_j (1 - p_j)": "diagonal"}),
}


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory):
    """The verdicts on lines in the notation of a book; the judge of its network is made once."""
    folder, made = tmp_path_factory.mktemp("books"), {}

    def verdicts(name: str, *lines: str):
        book = BOOKS[name]
        if name not in made:
            path = Path(folder, f"network{len(made)}.yaml")
            path.write_text(book.network, encoding="utf-8")
            network = derive.load(path)
            made[name] = network, Judge(network, network.derivation())
        network, judge = made[name]
        return [judge.of(claims) for claims in (read(line, network, names=book.names) for line in lines)]

    return verdicts


@pytest.mark.parametrize("name", BOOKS)
def test_a_right_line_is_proved(judged, name):
    for line, verdicts in zip(BOOKS[name].right, judged(name, *BOOKS[name].right), strict=True):
        assert {verdict.status for verdict in verdicts} == {"proved"}, line


@pytest.mark.parametrize("name", BOOKS)
def test_a_wrong_line_is_refuted_and_the_mistake_named(judged, name):
    for (line, kind), [verdict] in zip(BOOKS[name].wrong.items(), judged(name, *BOOKS[name].wrong), strict=True):
        assert verdict.status == "refuted", line
        assert not kind or kind in {diagnosis.kind for diagnosis in verdict.diagnoses}, (line, verdict.diagnoses)
