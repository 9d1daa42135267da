"""The loss: what one prediction costs, the mean over samples or entries, and the regularisation."""

from __future__ import annotations

from sympy import Add, Expr, Integer, Symbol

from derive.build.parts import SAMPLE, Output, Parts, times
from derive.catalogue.losses import LOSSES, REGULARISERS, Loss
from derive.file.formulas import Scope, parse_formula
from derive.language.equations import Fact, Quantity, Role
from derive.language.expressions import Access, Index, Sum, free_indices
from derive.language.substitution import SAMPLES, Renaming

PROBABILITIES = ("sigmoid", "softmax")  # activations between 0 and 1


def build_loss(parts: Parts, prediction: Output) -> Loss:
    """Define the target, the cost e, and J; return the entry of the catalogue (or one for the user's formula)."""
    choice, place = parts.file.loss, None
    if choice.formula is not None:
        loss, place = Loss(choice.formula, "samples"), parts.source.at("loss")
    else:
        loss = parts.entry(choice, LOSSES, "loss", "loss")
        _check_prediction(parts, choice.name, loss, prediction)
    constants = {name: Access(name) for name in parts.file.constants}
    for option, value in parts.options(choice, loss.options, "loss", "loss").items():
        constants[option] = parts.constant(option, value, f"{option} of the loss", "loss")
    j = Index("j", prediction.size)
    target = _target(parts, prediction, loss, j)
    scope = Scope({"y": (SAMPLE, j), "t": target.indices}, constants, {"n": SAMPLE, "j": j})
    body = parse_formula(loss.text, scope, place)
    body = Renaming({Symbol("y"): Symbol(prediction.name), Symbol("t"): Symbol(target.name)})(body)
    parts.check_positions(body, "loss")
    own = tuple(index for index in (SAMPLE, j) if index in free_indices(body))
    if SAMPLE not in own:
        raise parts.error("this loss is the same for all samples", "loss",
                          help="write it in the prediction y and the target t, such as (y - t)**2")
    cost = Quantity("e", own, meaning=f"cost of {'an entry' if j in own else 'a sample'}")
    parts.define(cost, body, "loss")
    count = SAMPLES * prediction.size if loss.over == "entries" and j in own else SAMPLES
    mean = Sum(cost.entry, *own) / count
    penalties = _penalties(parts)
    if not penalties:
        parts.define(Quantity("J", meaning="loss"), mean, "loss")
    else:
        parts.define(Quantity("L", meaning="loss on the data"), mean, "loss")
        parts.define(Quantity("R", meaning="regularisation"), Add(*penalties), "regularisation")
        parts.define(Quantity("J", meaning="loss"), Access("L") + Access("R"), "loss")
    return loss


def _check_prediction(parts: Parts, name: str, loss: Loss, prediction: Output) -> None:
    """The logarithm of a prediction exists where it is a probability; a formula of the user's may be one."""
    wanted = PROBABILITIES if loss.kind == "probability" else ("softmax",)
    if loss.prediction == "probabilities" and prediction.activation not in (*PROBABILITIES, ""):
        raise parts.error(f"{name} needs probabilities, and {prediction.origin}, the last layer, gives any number", "loss",
                          help=f"end with activation: {wanted[0]}"
                          + (f", or use loss: {name}_with_logits" if f"{name}_with_logits" in LOSSES else ""))
    if prediction.activation == "softmax" and prediction.units == 1:
        raise parts.error("a softmax over one unit is always 1: nothing could be learnt", "loss",
                          help="use activation: sigmoid and loss: binary_cross_entropy, or one unit for each class")


def _target(parts: Parts, prediction: Output, loss: Loss, j: Index) -> Quantity:
    [(name, shape)] = parts.file.target.items()
    if loss.target == "labels":
        quantity = Quantity(name, (SAMPLE,), Role.TARGET, "number of the right class, from 0", integer=True)
    else:
        if shape is not None and shape != (prediction.units,):
            raise parts.error(f"the target '{name}' has {times(shape)} entries for each sample, and {prediction.origin}, "
                              f"the last layer, has {prediction.units} units", "target", name,
                              help=f"write {name}: {prediction.units}, or change the last layer")
        facts: tuple[Fact, ...] = ()
        if loss.target == "one_hot":
            facts = (Fact(Sum(Access(name, SAMPLE, j), j), Integer(1), "the targets of a sample sum to 1"),)
        quantity = Quantity(name, (SAMPLE, j), Role.TARGET, "target", facts)
    return parts.declare(quantity, "target")


def _penalties(parts: Parts) -> list[Expr]:
    """λ·Σ of what the catalogue says of one entry, over all entries of each parameter."""
    penalties = []
    for kind, text in REGULARISERS.items():
        term = getattr(parts.file.regularisation, kind, None)
        if term is None:
            continue
        path = ("regularisation", kind)
        scale = parts.constant(f"lambda{kind[1:]}", float(term.strength), f"strength of the {kind.upper()} regularisation",
                               *path)
        cost = parse_formula(text, Scope({"W": ()}))
        of = [parts.parameter(name, *path, "of", place) for place, name in enumerate(term.of or ())]
        tied = {parts.ours(name) for name in parts.file.tied}  # the parameter that they are tied to is counted itself
        for quantity in of or [parts.quantities[name] for name in parts.weights if name not in tied]:
            penalties.append(scale * Sum(cost.xreplace({Access("W"): quantity.entry}), *quantity.indices))
    return penalties
