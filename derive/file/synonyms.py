"""What things are called elsewhere: a wrong name that is one of these gets the right one as its suggestion.

Only suggestions: a file has one way to say a thing.
"""

from __future__ import annotations

from collections.abc import Mapping

# Written without capitals, hyphens and underscores; the first name that is a choice where the word stands counts.
SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "mse": ("mean_squared_error",), "mseloss": ("mean_squared_error",), "squarederror": ("mean_squared_error",),
    "mae": ("mean_absolute_error",), "l1loss": ("mean_absolute_error",), "absoluteerror": ("mean_absolute_error",),
    "huberloss": ("huber",), "smoothl1": ("huber",), "smoothl1loss": ("huber",),
    "bce": ("binary_cross_entropy",), "bceloss": ("binary_cross_entropy",), "logloss": ("binary_cross_entropy",),
    "bcewithlogits": ("binary_cross_entropy_with_logits",), "bcewithlogitsloss": ("binary_cross_entropy_with_logits",),
    "ce": ("cross_entropy",), "xent": ("cross_entropy",), "nll": ("cross_entropy",),
    "crossentropyloss": ("cross_entropy_with_logits", "cross_entropy"),
    "categoricalcrossentropy": ("cross_entropy",), "softmaxcrossentropy": ("cross_entropy_with_logits",),
    "sparsecategoricalcrossentropy": ("cross_entropy_with_labels",),
    "gd": ("gradient_descent",), "sgd": ("gradient_descent",), "batchgradientdescent": ("gradient_descent",),
    "stochasticgradientdescent": ("gradient_descent",), "nag": ("nesterov",), "heavyball": ("momentum",),
    "linear": ("identity", "dense"), "none": ("identity",), "logistic": ("sigmoid",), "swish": ("silu",),
    "hardswish": ("hard_swish",), "hardtanh": ("hard_tanh",), "hardsigmoid": ("hard_sigmoid",),
    "kld": ("kullback_leibler",), "kldivloss": ("kullback_leibler",), "kl": ("kullback_leibler",),
    "poissonnllloss": ("poisson_with_log_rates",), "gaussiannllloss": ("gaussian_nll",), "marginloss": ("hinge",),
    "cosineembeddingloss": ("cosine_similarity",), "tripletmarginloss": ("triplet",), "logcosh": ("log_cosh",),
    "labelsmoothing": ("smoothing",), "weight": ("class_weights", "sample_weight"), "sampleweights": ("sample_weight",),
    "gradientclipping": ("clip_norm",), "maxnorm": ("clip_norm",), "clipnorm": ("clip_norm",), "clipvalue": ("clip_value",),
    "lrelu": ("leaky_relu",), "gelunew": ("gelu_tanh",),
    "fc": ("dense",), "fullyconnected": ("dense",), "affine": ("dense",), "sum": ("add",), "residual": ("add",),
    "xavier": ("glorot_uniform",), "glorot": ("glorot_uniform",), "xavieruniform": ("glorot_uniform",),
    "xaviernormal": ("glorot_normal",), "kaiming": ("he_normal",), "he": ("he_normal",),
    "kaimingnormal": ("he_normal",), "kaiminguniform": ("he_uniform",),
    "lr": ("learning_rate",), "eta": ("learning_rate",), "stepsize": ("learning_rate",), "eps": ("epsilon",),
    "std": ("standard_deviation",), "stddev": ("standard_deviation",), "sigma": ("standard_deviation",),
    "b1": ("beta1",), "b2": ("beta2",), "decay": ("weight_decay",), "slope": ("alpha",),
}


def plain(word: str) -> str:
    """A word without what people write differently: LeakyReLU and leaky-relu are leaky_relu."""
    return "".join(character for character in word.lower() if character.isalnum())
