"""Losses: what one prediction y costs against its target t, and how the costs are gathered into J.

A formula with the free indices n and j is a cost for each entry, one with n alone a cost for each sample.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from derive.network import Prediction

Gathering = Literal["samples", "entries"]


@dataclass(frozen=True)
class Loss:
    """A loss of the catalogue.

    Attributes:
        text: the cost of an entry or of a sample, in y and t.
        over: J is the mean over samples (entries of a sample added up), or the mean over all entries.
        kind: what the prediction is.
        target: what the data has to be: any numbers, probabilities, one-hot rows, or integer labels.
        prediction: what the prediction has to be for the formula to exist: "probabilities" lie inside (0, 1).
    """

    text: str
    over: Gathering
    kind: Prediction = "values"
    target: Literal["values", "probabilities", "one_hot", "labels"] = "values"
    prediction: Literal["values", "probabilities"] = "values"
    options: Mapping[str, float] = field(default_factory=dict)


LOSSES = {
    "half_squared_error": Loss("(y - t)**2 / 2", "samples"),
    "mean_squared_error": Loss("(y - t)**2", "entries"),
    "mean_absolute_error": Loss("abs(y - t)", "entries"),
    "huber": Loss("where(-delta < y - t and y - t < delta, (y - t)**2 / 2, delta*(abs(y - t) - delta/2))", "entries",
                  options={"delta": 1.0}),
    "binary_cross_entropy": Loss("-(t*log(y) + (1 - t)*log(1 - y))", "entries", "probability", "probabilities",
                                 "probabilities"),
    "binary_cross_entropy_with_logits": Loss("log(1 + exp(y)) - t*y", "entries", "logit", "probabilities"),
    "cross_entropy": Loss("-sum(j, t[n,j]*log(y[n,j]))", "samples", "distribution", "one_hot", "probabilities"),
    "cross_entropy_with_logits": Loss("log(sum(j, exp(y[n,j]))) - sum(j, t[n,j]*y[n,j])", "samples", "logits",
                                      "one_hot"),
    "cross_entropy_with_labels": Loss("-log(y[n,t[n]])", "samples", "distribution", "labels", "probabilities"),
}

REGULARISERS = {"l2": "W**2 / 2", "l1": "abs(W)"}
"""What one entry W of a parameter adds to the loss, times the strength of the regularisation."""
