"""Any network that a page can describe has the right gradient."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from derive.catalogue.activations import ACTIVATIONS

from .checks import at_a_kink, difference_errors, is_second_order, taylor_slope
from .networks import Case

TYPED = ["z / (1 + abs(z))", "sin(z) + z", "z*tanh(log(1 + exp(z)))", "z[n,j] - mean(k, z[n,k])",
         "1/(1 + exp(-2*z))*2 - 1", "max(z, 0)**2", "exp(-z**2)", "z[n,j]*sum(k, z[n,k]**2)", "sqrt(1 + z**2) - 1",
         "atan(z)"]
LOSSES = {
    "half_squared_error": None, "mean_squared_error": None, "mean_absolute_error": None, "huber": None,
    "binary_cross_entropy": ["sigmoid"], "binary_cross_entropy_with_logits": None,
    "cross_entropy": ["softmax", "sigmoid"],
    "cross_entropy_with_logits": None, "cross_entropy_with_labels": ["softmax", "sigmoid"],
    '"log(cosh(y - t))"': None, '"sum(j, (y[n,j] - t[n,j])**2)**2"': None,
}


@st.composite
def pages(draw):
    """A page with up to five layers, each reading any that stand before it."""
    inputs = {"x": draw(st.integers(1, 3)), **({"u": draw(st.integers(1, 2))} if draw(st.booleans()) else {})}
    sizes = dict(inputs)
    lines, previous = [], next(iter(inputs))
    for number in range(1, draw(st.integers(1, 4)) + 1):
        name = f"layer{number}"
        kind = draw(st.sampled_from(["dense", "dense", "dense", "add", "concatenate", "activation"]))
        activation = draw(st.sampled_from([*ACTIVATIONS, *TYPED, None]))
        tail = f', activation: "{activation}"' if activation else ""
        if kind == "add":
            partner = draw(st.sampled_from([n for n, size in sizes.items() if size == sizes[previous]]))
            lines.append(f"{{name: {name}, add: [{previous}, {partner}]{tail}}}")
            sizes[name] = sizes[previous]
        elif kind == "concatenate":
            partner = draw(st.sampled_from(list(sizes)))
            lines.append(f"{{name: {name}, concatenate: [{partner}, {previous}]{tail}}}")
            sizes[name] = sizes[previous] + sizes[partner]
        elif kind == "activation":
            lines.append(f'{{name: {name}, activation: "{activation or "tanh"}"}}')
            sizes[name] = sizes[previous]
        else:
            sizes[name] = draw(st.integers(1, 3))
            bias = draw(st.sampled_from(["true", "false", "shared"]))
            source = draw(st.sampled_from([previous, *sizes]))
            source = previous if source == name else source
            lines.append(f"{{name: {name}, dense: {sizes[name]}, bias: {bias}, from: {source}{tail}}}")
        previous = name
    loss, outputs = draw(st.sampled_from(list(LOSSES.items())))
    last = draw(st.sampled_from(outputs)) if outputs else draw(st.sampled_from(["identity", "tanh"]))
    units = draw(st.integers(2 if loss.startswith("cross_entropy") else 1, 3))
    lines.append(f"{{dense: {units}, activation: {last}}}")
    layers = "".join(f"  - {line}\n" for line in lines)
    penalty = "regularisation: {l2: 0.3, l1: 0.2}\n" if draw(st.booleans()) else ""
    return f"inputs: {inputs}\nlayers:\n{layers}loss: {loss}\n{penalty}".replace("'", "")


@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck),
          phases=(Phase.explicit, Phase.generate))  # shrinking a network takes longer than reading it
@given(pages(), st.integers(0, 3))
def test_a_random_network_has_the_gradient_of_its_loss(page, seed):
    it = Case(page, samples=2, seed=seed)
    assert difference_errors(it) == {}
    if not at_a_kink(it):
        assert is_second_order(taylor_slope(it))
