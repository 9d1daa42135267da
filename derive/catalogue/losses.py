"""Losses: what one prediction y costs against its target t, and how the costs are gathered into J.

A formula that mentions y and t alone is a cost e for each entry.  One that sums over the last axis is a cost for each
sample, or for each position of a sequence: `...` stands for the axes between the samples and the last one.

Every loss has the options

    reduction       mean: J = Σ e / (the number of samples, or of entries); sum: J = Σ e
    sample_weight   the name of a further quantity of the data, a weight w for each sample

and those of classes besides

    class_weights   a weight for each class; that of a sample is the weight of its class (of a mixture, the mixed weight)
    smoothing       for cross-entropies: the part s of the target that is spread evenly, (1 − s)·t + s/K

With weights the mean is the weighted mean Σ w·e / Σ w, as PyTorch's is for labels; for one-hot rows and for binary
cross-entropy PyTorch divides by the number of samples instead.  The weight of a sample is that of its own class, also
where its target is smoothed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from derive.catalogue.layers import Read
from derive.network import Prediction

Gathering = Literal["samples", "entries"]
Target = Literal["values", "probabilities", "one_hot", "labels", "signs", "counts"]


@dataclass(frozen=True)
class Loss:
    """A loss of the catalogue.

    Attributes:
        text: the cost of an entry or of a sample, in y and t; without t the loss needs no target.  Lines before the last
            define what it reads besides.
        over: J is the mean over samples (entries of a sample added up), or the mean over all entries.
        kind: what the prediction is.
        target: what the data has to be: any numbers, probabilities, rows that sum to 1, integer labels, ±1, or numbers
            that are not negative.
        prediction: what the prediction has to be for the formula to exist: "probabilities" lie inside (0, 1), "rates" are
            greater than 0.
        options: numbers with their usual values, and names of further layers of the prediction's shape.
        smoothed: the cost with smoothed targets in place of t; without it the loss cannot smooth.
        source: where it comes from.
    """

    text: str
    over: Gathering
    kind: Prediction = "values"
    target: Target = "values"
    prediction: Literal["values", "probabilities", "rates"] = "values"
    options: Mapping[str, float | Read] = field(default_factory=dict)
    smoothed: str = ""
    source: str = ""


BINARY = "-(t*log(y) + (1 - t)*log(1 - y))"
BINARY_LOGITS = "log(1 + exp(y)) - t*y"
CLASSES = "-sum(j, t[n,...,j]*log(y[n,...,j]))"
CLASS_LOGITS = "log(sum(j, exp(y[n,...,j]))) - sum(j, t[n,...,j]*y[n,...,j])"
FOCAL = {"gamma": 2.0, "alpha": 0.25}

LOSSES = {
    "half_squared_error": Loss("(y - t)**2 / 2", "samples"),
    "mean_squared_error": Loss("(y - t)**2", "entries"),
    "mean_absolute_error": Loss("abs(y - t)", "entries"),
    "huber": Loss("where(-delta < y - t and y - t < delta, (y - t)**2 / 2, delta*(abs(y - t) - delta/2))", "entries",
                  options={"delta": 1.0}, source="Huber 1964"),
    "log_cosh": Loss("log(cosh(y - t))", "entries"),
    "gaussian_nll": Loss("(log_variance + (y - t)**2*exp(-log_variance))/2", "entries", options={
        "log_variance": Read("the layer that predicts the logarithm of the variance")}, source="Nix, Weigend 1994"),
    "poisson": Loss("y - t*log(y)", "entries", target="counts", prediction="rates"),
    "poisson_with_log_rates": Loss("exp(y) - t*y", "entries", target="counts"),
    "cosine_similarity": Loss(
        "1 - sum(j, t[n,...,j]*y[n,...,j])/sqrt((sum(j, t[n,...,j]**2) + epsilon)*(sum(j, y[n,...,j]**2) + epsilon))",
        "samples", options={"epsilon": 1e-12}),
    "triplet": Loss(
        """u[n] = sum(j, (y[n,0,j] - y[n,1,j])**2) - sum(j, (y[n,0,j] - y[n,2,j])**2)
        max(u + margin, 0)""",
        "samples", options={"margin": 1.0}, source="Schroff, Kalenichenko, Philbin 2015"),
    "hinge": Loss("max(1 - t*y, 0)", "entries", "margin", "signs", source="Cortes, Vapnik 1995"),
    "squared_hinge": Loss("max(1 - t*y, 0)**2", "entries", "margin", "signs"),
    "binary_cross_entropy": Loss(BINARY, "entries", "probability", "probabilities", "probabilities", smoothed=BINARY),
    "binary_cross_entropy_with_logits": Loss(BINARY_LOGITS, "entries", "logit", "probabilities", smoothed=BINARY_LOGITS),
    "focal": Loss("-alpha*t*(1 - y)**gamma*log(y) - (1 - alpha)*(1 - t)*y**gamma*log(1 - y)", "entries", "probability",
                  "probabilities", "probabilities", FOCAL, source="Lin et al. 2017"),
    "focal_with_logits": Loss(
        "-alpha*t*sigmoid(-y)**gamma*log(sigmoid(y)) - (1 - alpha)*(1 - t)*sigmoid(y)**gamma*log(sigmoid(-y))",
        "entries", "logit", "probabilities", options=FOCAL, source="Lin et al. 2017"),
    "cross_entropy": Loss(CLASSES, "samples", "distribution", "one_hot", "probabilities", smoothed=CLASSES),
    "cross_entropy_with_logits": Loss(CLASS_LOGITS, "samples", "logits", "one_hot", smoothed=CLASS_LOGITS),
    "cross_entropy_with_labels": Loss("-log(y[n,...,t[n,...]])", "samples", "distribution", "labels", "probabilities",
                                      smoothed=CLASSES),
    "cross_entropy_with_labels_with_logits": Loss("log(sum(j, exp(y[n,...,j]))) - y[n,...,t[n,...]]", "samples", "logits",
                                                  "labels", smoothed=CLASS_LOGITS),
    "kullback_leibler": Loss("sum(j, t[n,...,j]*log(t[n,...,j]/y[n,...,j]))", "samples", "distribution", "one_hot",
                             "probabilities", source="Kullback, Leibler 1951"),
}

CLASS_WEIGHTS: Mapping[str, str] = {
    "probabilities": "c[0]*(1 - t) + c[1]*t",
    "one_hot": "sum(j, c[j]*t[n,...,j])",
    "labels": "c[t[n,...]]",
}
"""The weight of a sample or entry from the weights c of the classes, by what the target is."""

SMOOTHED: Mapping[str, str] = {
    "probabilities": "(1 - smoothing)*t + smoothing/2",
    "one_hot": "(1 - smoothing)*t[n,...,j] + smoothing/size(j)",
    "labels": "(1 - smoothing)*delta(j, t[n,...]) + smoothing/size(j)",
}
"""A smoothed target, by what the target is (Szegedy et al. 2016)."""

REGULARISERS = {"l2": "W**2 / 2", "l1": "abs(W)"}
"""What one entry W of a parameter adds to the loss, times the strength of the regularisation."""
