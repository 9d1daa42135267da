"""The rows of the table: what of the catalogue is compared, in which shapes.

A row is a piece of YAML and the shapes of the input x, samples first.  The page around it puts a dense layer before a
layer, so that what comes back through it is compared even where it has no parameters of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from derive.catalogue.activations import ACTIVATIONS
from derive.catalogue.layers import LAYERS, Word
from derive.catalogue.losses import LOSSES, REGULARISERS
from derive.file.layers import JOINS

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Row:
    """What is compared: a piece of YAML, the pages that hold it, with the numbers of samples, and the shapes of x."""

    what: str
    pages: tuple[tuple[str, int], ...]
    shapes: tuple[Shape, ...]

    @property
    def shape(self) -> str:
        return ", ".join("×".join(map(str, shape)) for shape in self.shapes)


def page(shape: Shape, *layers: str, loss: str = "mean_squared_error", more: str = "") -> tuple[str, int]:
    """A page whose input x has a shape, and the number of samples; further inputs are there where they are mentioned."""
    inputs = [f"x: {list(shape[1:])}"]
    text = "".join(f"- {layer}\n" for layer in layers)
    if "mask: s" in text:
        inputs.append(f"s: [{shape[1]}]")
    if "memory: u" in text:
        inputs.append(f"u: [{shape[1] + 2}, {shape[2] + 1}]")
    return f"inputs: {{{', '.join(inputs)}}}\nlayers:\n{text}loss: {loss}\n{more}", shape[0]


# -- layers -------------------------------------------------------------------------------------------------------

ROWS_OF_X = ((5, 4), (1, 1))
SEQUENCE, SHORT = (4, 7, 3), (1, 3, 1)
IMAGE, THIN = (3, 6, 5, 2), (1, 5, 4, 1)
ANY_RANK = ((5, 4), (2, 3, 2), (1, 1))
TANH, ONE = "dense: 3, activation: tanh", "dense: 1, activation: tanh"
SAME_SIZE = "conv1d: {filters: 3, kernel: 3, padding: same}"

#: What is said of each layer, and the shapes of what it reads.
LAYER_ROWS: Mapping[str, tuple[Shape, ...]] = {
    "dense: 4": ((5, 3), (1, 1), (2, 3, 4), (2, 2, 3, 2)),
    "dense: 1": ((5, 3), (1, 1)),
    "{dense: 4, bias: false}": ((5, 3), (1, 1)),
    "{dense: 4, bias: shared}": ((5, 3), (1, 1)),
    "{dense: 3, repeat: 3}": ((5, 3), (1, 3)),
    "conv1d: {filters: 2, kernel: 3}": (SEQUENCE, SHORT),
    "conv1d: {filters: 1, kernel: 1}": (SEQUENCE, SHORT),
    "{conv1d: {filters: 2, kernel: 3}, bias: false}": (SEQUENCE, SHORT),
    "conv1d: {filters: 2, kernel: 3, stride: 2}": (SEQUENCE, SHORT, (2, 8, 2)),
    "conv1d: {filters: 2, kernel: 3, padding: same}": (SEQUENCE, SHORT),
    "conv1d: {filters: 2, kernel: 2, padding: 3}": (SEQUENCE, SHORT),
    "conv1d: {filters: 2, kernel: 3, dilation: 2, padding: 2}": (SEQUENCE, SHORT),
    "conv1d: {filters: 3, kernel: 3, stride: 2, padding: 3, dilation: 2}": (SEQUENCE, SHORT, (2, 8, 2)),
    "conv1d: {filters: 4, kernel: 3, groups: 2}": ((3, 6, 4), (1, 3, 2)),
    "conv1d: {filters: 3, kernel: 2, groups: 3, stride: 2, padding: 1}": ((3, 6, 3), (1, 2, 3)),
    "conv2d: {filters: 3, kernel: 3}": (IMAGE, THIN),
    "conv2d: {filters: 1, kernel: 1}": (IMAGE, (1, 1, 1, 1)),
    "conv2d: {filters: 2, kernel: [3, 2], stride: [1, 2]}": (IMAGE, THIN),
    "conv2d: {filters: 2, kernel: [3, 5], padding: same}": (IMAGE, THIN),
    "conv2d: {filters: 2, kernel: [2, 3], padding: [3, 1]}": (IMAGE, THIN),
    "conv2d: {filters: 2, kernel: [3, 2], dilation: [1, 3], padding: 2}": (IMAGE, THIN),
    "conv2d: {filters: 2, kernel: 3, stride: [3, 2], padding: [2, 1], dilation: [2, 1]}": (IMAGE, THIN),
    "conv2d: {filters: 4, kernel: 3, groups: 2, padding: valid}": (IMAGE, (1, 3, 4, 4)),
    "conv2d: {filters: 6, kernel: [2, 3], groups: 3, stride: 2, padding: 1, dilation: [2, 1]}": ((2, 6, 5, 3), (1, 3, 3, 3)),
    "conv_transpose1d: {filters: 2, kernel: 3}": (SEQUENCE, (1, 1, 1)),
    "conv_transpose1d: {filters: 2, kernel: 3, stride: 2, padding: 1, output_padding: 1}": (SEQUENCE, SHORT),
    "conv_transpose1d: {filters: 1, kernel: 2, stride: 3, dilation: 2, padding: 1}": (SEQUENCE, SHORT),
    "conv_transpose2d: {filters: 2, kernel: [3, 2]}": (IMAGE, (1, 1, 1, 1)),
    "conv_transpose2d: {filters: 2, kernel: [2, 3], stride: [2, 1], padding: [0, 1]}": (IMAGE, THIN),
    "conv_transpose2d: {filters: 3, kernel: 3, stride: [2, 3], padding: 1, dilation: [1, 2], output_padding: [1, 2]}":
        (IMAGE, THIN),
    "max_pool1d: 2": (SEQUENCE, (1, 2, 1)),
    "max_pool1d: {window: 3, stride: 2}": (SEQUENCE, SHORT),
    "max_pool1d: {window: 3, stride: 1, padding: 1}": (SEQUENCE, SHORT),
    "max_pool1d: {window: 3, stride: 1, padding: same}": (SEQUENCE, SHORT),
    "max_pool2d: 2": (IMAGE, THIN),
    "max_pool2d: {window: [3, 2], stride: [2, 1]}": (IMAGE, THIN),
    "max_pool2d: {window: [3, 2], stride: [1, 2], padding: 1}": (IMAGE, THIN),
    "average_pool1d: 2": (SEQUENCE, (1, 2, 1)),
    "average_pool1d: {window: 3, stride: 2}": (SEQUENCE, SHORT),
    "average_pool1d: {window: 3, stride: 2, padding: 1}": (SEQUENCE, SHORT),
    "average_pool2d: 2": (IMAGE, THIN),
    "average_pool2d: {window: [3, 2], stride: [2, 1]}": (IMAGE, THIN),
    "average_pool2d: {window: 3, stride: 1, padding: same}": (IMAGE, THIN),
    "global_average_pool: {}": (SEQUENCE, IMAGE, (1, 1, 1)),
    "global_max_pool: {}": (SEQUENCE, IMAGE, (1, 1, 1)),
    "flatten: {}": (SEQUENCE, IMAGE, (1, 1, 1)),
    "embedding: {vocabulary: 5, units: 3}": ((4, 6), (1, 1)),
    "embedding: {vocabulary: 3, units: 1}": ((4, 6), (2, 1)),
    # What is normalised out of two numbers, or of one feature, is the same whatever they were: with a small epsilon nothing
    # goes back but a number that is almost 0, and of that float32 has few digits.  Narrow shapes have a large epsilon.
    "batch_norm: {}": ((6, 3), SEQUENCE, IMAGE, (1, 5, 3)),
    "batch_norm: {epsilon: 0.5, momentum: 0.5}": ((6, 3), SHORT, (5, 1)),
    "layer_norm: {}": ((4, 5), SEQUENCE, (2, 3, 3, 4), (1, 3)),
    "layer_norm: {epsilon: 0.5}": ((4, 5), IMAGE, (1, 2), (1, 1)),
    "rms_norm: {}": ((4, 5), SEQUENCE, (1, 3)),
    "rms_norm: {epsilon: 0.5}": ((4, 5), IMAGE, (1, 1)),
    "dropout: {rate: 0.3}": ((6, 5), SEQUENCE, (3, 4, 4, 2)),
    "rnn: 4": (SEQUENCE, (1, 3, 1)),
    "rnn: {units: 1, states: all}": (SEQUENCE, (1, 1, 1)),
    "rnn: {units: 3, states: all, backward: true}": (SEQUENCE, SHORT),
    "rnn: {units: 3, backward: true}": (SEQUENCE, SHORT),
    "rnn: {units: 3, mask: s}": (SEQUENCE, SHORT),
    "rnn: {units: 3, mask: s, states: all, backward: true}": (SEQUENCE, SHORT),
    "gru: 4": (SEQUENCE, (1, 3, 1)),
    "gru: {units: 1, states: all}": (SEQUENCE, (1, 1, 1)),
    "gru: {units: 3, backward: true}": (SEQUENCE, SHORT),
    "gru: {units: 3, mask: s}": (SEQUENCE, SHORT),
    "gru: {units: 3, mask: s, states: all, backward: true}": (SEQUENCE, SHORT),
    "lstm: 4": (SEQUENCE, (1, 3, 1)),
    "lstm: {units: 1, states: all}": (SEQUENCE, (1, 1, 1)),
    "lstm: {units: 3, backward: true}": (SEQUENCE, SHORT),
    "lstm: {units: 3, mask: s}": (SEQUENCE, SHORT),
    "lstm: {units: 3, mask: s, states: all, backward: true}": (SEQUENCE, SHORT),
    "attention: {}": ((3, 5, 4), (1, 2, 1)),
    "attention: {heads: 2, units: 6}": ((3, 5, 4), (1, 2, 3)),
    "attention: {heads: 2, causal: true}": ((3, 5, 4), (1, 3, 2)),
    "attention: {heads: 2, mask: s}": ((3, 5, 4), (1, 3, 2)),
    "attention: {causal: true, mask: s}": ((3, 5, 4), (1, 3, 1)),
    "attention: {heads: 2, units: 4, memory: u}": ((3, 5, 4), (1, 2, 1)),
    "positional_encoding: {}": ((3, 5, 4), (2, 4, 5), (1, 3, 1)),
    "position_embedding: {}": ((3, 5, 4), (1, 3, 1)),
    **{f"glu: {{units: 3, gate: {gate}}}": ANY_RANK
       for gate in ("sigmoid", "relu", "gelu", "silu", "identity")},
    "maxout: 3": ANY_RANK,
    "maxout: {units: 1, pieces: 4}": ((5, 4), (1, 1)),
    "prelu: {}": ((5, 4), SEQUENCE, IMAGE, (3, 1)),
}

#: Layers that read several layers, tied weights, penalties and whole networks: what, the layers, what else the page says
#: and the shapes.
SEVERAL: tuple[tuple[str, tuple[str, ...], str, tuple[Shape, ...]], ...] = (
    ("add: [a, previous]", (f"{{{TANH}, name: a}}", "{dense: 3, activation: sigmoid}", "add: [a, previous]", "dense: 2"),
     "", ANY_RANK),
    ("add: [a, a, b]", ("{dense: 1, name: a}", f"{{{ONE}, name: b}}", "add: [a, a, b]"), "", ROWS_OF_X),
    ("multiply: [a, previous]",
     ("{dense: 3, name: a}", "{dense: 3, activation: sigmoid, from: x}", "multiply: [a, previous]"), "", ANY_RANK),
    ("multiply: [a, a, b]", ("{dense: 2, name: a}", "{dense: 2, name: b}", "multiply: [a, a, b]"), "", ROWS_OF_X),
    ("concatenate: [a, x, b]",
     (f"{{{TANH}, name: a}}", "{dense: 1, from: x, name: b}", "concatenate: [a, x, b]", "dense: 2"), "", ANY_RANK),
    ("concatenate: [a, a]", (f"{{{SAME_SIZE}, name: a}}", "concatenate: [a, a]", "flatten: {}", "dense: 1"),
     "", (SEQUENCE, SHORT)),
    ("tied: {W2: transpose(W1)}", (f"{{{TANH}}}", "dense: 4"), "tied: {W2: transpose(W1)}\n", ((5, 4), (1, 4))),
    ("tied: {W3: W2, b3: b2}", (f"{{{TANH}}}", f"{{{TANH}}}", "dense: 3"), "tied: {W3: W2, b3: b2}\n", ROWS_OF_X),
    ("tied: {W2: W1}, of two convolutions", (f"{{{SAME_SIZE}, activation: tanh}}", SAME_SIZE), "tied: {W2: W1}\n",
     (SEQUENCE,)),
    ("regularisation: {l1: 0.02, l2: 0.1}", (f"{{{TANH}}}", "dense: 2"), "regularisation: {l1: 0.02, l2: 0.1}\n", ROWS_OF_X),
    ("regularisation: {l2: {strength: 0.2, of: [b1]}}", (f"{{{TANH}}}", "dense: 2"),
     "regularisation: {l2: {strength: 0.2, of: [b1]}}\n", ROWS_OF_X),
    ("a convolutional network", ("{conv2d: {filters: 3, kernel: 3, padding: same}, activation: gelu}", "max_pool2d: 2",
                                 "batch_norm: {}", "flatten: {}", "dropout: 0.2", "dense: 3"),
     "", ((4, 6, 6, 2), (2, 4, 4, 1))),
    ("a transformer's block", ("{dense: 4, name: e}", "positional_encoding: {}", "{layer_norm: {}, name: p}",
                               "{attention: {heads: 2, causal: true}, name: h}", "{add: [p, h], name: r}", "layer_norm: {}",
                               "{dense: 8, activation: gelu}", "dense: 4", "add: [r, previous]"),
     "", ((2, 5, 3), (1, 2, 1))),
    ("two recurrences, both ways", ("{lstm: {units: 2, states: all}, name: a}",
                                    "{gru: {units: 2, states: all, backward: true}, from: x, name: b}",
                                    "concatenate: [a, b]", "rnn: 2", "dense: 1"),
     "", (SEQUENCE, SHORT)),
)

# -- activations --------------------------------------------------------------------------------------------------

ACTIVATION_SHAPES = ((6, 5), (3, 4, 2))
NARROWEST = {"softmax": (1, 2), "log_softmax": (1, 2)}  # over one unit they are always 1 and 0
ACTIVATION_OPTIONS = ("{leaky_relu: {alpha: 0.3}}", "{elu: {alpha: 1.7}}", "{selu: {scale: 1.2, alpha: 0.8}}")

# -- losses -------------------------------------------------------------------------------------------------------

#: The activation before each loss, where it is not the identity.
ENDS = {"binary_cross_entropy": "sigmoid", "focal": "sigmoid", "poisson": "softplus", "cross_entropy": "softmax",
        "cross_entropy_with_labels": "softmax", "kullback_leibler": "softmax"}
#: Losses for which one unit is enough.
OF_ENTRIES = ("values", "probabilities", "signs", "counts")
LOSS_OPTIONS = (
    "{huber: {delta: 0.3}}", "{cosine_similarity: {epsilon: 0.1}}", "{triplet: {margin: 0.2}}",
    "{focal: {gamma: 1.5, alpha: 0.6}}", "{focal_with_logits: {gamma: 3, alpha: 0.1}}",
    "{mean_squared_error: {reduction: sum}}", "{half_squared_error: {sample_weight: w}}",
    "{log_cosh: {sample_weight: w, reduction: sum}}", "{hinge: {sample_weight: w}}",
    "{gaussian_nll: {log_variance: v, sample_weight: w}}", "{poisson_with_log_rates: {sample_weight: w}}",
    "{binary_cross_entropy: {smoothing: 0.1, class_weights: [0.5, 2]}}",
    "{binary_cross_entropy_with_logits: {smoothing: 0.2, class_weights: [3, 1], sample_weight: w}}",
    "{focal_with_logits: {class_weights: [3, 1]}}",
    "{cross_entropy: {smoothing: 0.1}}", "{cross_entropy: {class_weights: [1, 2, 0.5], sample_weight: w}}",
    "{cross_entropy_with_logits: {smoothing: 0.1, class_weights: [1, 2, 0.5]}}",
    "{cross_entropy_with_logits: {reduction: sum}}",
    "{cross_entropy_with_labels: {smoothing: 0.1, class_weights: [1, 2, 0.5]}}",
    "{cross_entropy_with_labels: {sample_weight: w}}",
    "{cross_entropy_with_labels_with_logits: {smoothing: 0.1}}",
    "{cross_entropy_with_labels_with_logits: {class_weights: [1, 2, 0.5], sample_weight: w}}",
    "{kullback_leibler: {sample_weight: w}}",
)


def _entry(text: str) -> str:
    """The first name of a piece of YAML."""
    [name] = re.findall(r"^\{?(\w+)", text)
    return name


def _layer_rows() -> Iterator[Row]:
    for text, shapes in LAYER_ROWS.items():
        pages = []
        for shape in shapes:
            before = () if "embedding" in text else (f"dense: {shape[-1]}",)
            pages.append(page(shape, *before, text))
        yield Row(text, tuple(pages), shapes)
    for text, layers, more, shapes in SEVERAL:
        yield Row(text, tuple(page(shape, *layers, more=more) for shape in shapes), shapes)


def _activation_rows() -> Iterator[Row]:
    for activation in (*ACTIVATIONS, *ACTIVATION_OPTIONS):
        shapes = (*ACTIVATION_SHAPES, NARROWEST.get(activation, (1, 1)))
        yield Row(f"activation: {activation}", tuple(page(
            shape, f"{{dense: {shape[-1]}, activation: {activation}}}", f"{{dense: {shape[-1]}, activation: {activation}}}",
            loss="half_squared_error") for shape in shapes), shapes)


def _loss_rows() -> Iterator[Row]:
    usual = ["{gaussian_nll: {log_variance: v}}" if loss == "gaussian_nll" else loss for loss in LOSSES]
    for text in (*usual, *LOSS_OPTIONS):
        loss = _entry(text)
        shapes: tuple[Shape, ...] = ((5, 3, 4), (1, 3, 1)) if loss == "triplet" else ((5, 4), (3, 2, 4), (1, 1))
        classes = LOSSES[loss].target not in OF_ENTRIES
        pages = []
        for shape in shapes:
            units = 3 if classes else max(shape[-1] - 1, 1 + (loss == "cosine_similarity"))
            variance = [f"{{dense: {units}, from: h, name: v}}"] * (loss == "gaussian_nll")
            last = f"{{dense: {units}, from: h, activation: {ENDS.get(loss, 'identity')}}}"
            pages.append(page(shape, "{dense: 3, activation: tanh, name: h}", *variance, last, loss=text))
        yield Row(f"loss: {text}", tuple(pages), shapes)


ROWS: tuple[Row, ...] = (*_layer_rows(), *_activation_rows(), *_loss_rows())


def without_a_row() -> list[str]:
    """Entries of the catalogue, their options, and the words of these, that no row names."""
    found = []
    for before, entries, after in (("", LAYERS, ":"), ("", JOINS, ":"), (r"activation: \{?", ACTIVATIONS, ""),
                                   (r"^loss: \{?", LOSSES, ""), ("", REGULARISERS, ":")):
        for name in entries:
            rows = [row.what for row in ROWS if re.search(rf"{before}\b{name}\b{after}", row.what)]
            entry = entries[name] if isinstance(entries, dict) else None
            options = {option: entry.options[option] for option in getattr(entry, "options", ())}
            said = " ".join(rows)
            found += [name] * (not rows)
            found += [f"{name}: {option}" for option in options
                      if option != getattr(entry, "short", None) and not re.search(rf"\b{option}\b", said)]
            found += [f"{name}: {option}: {word}" for option, kind in options.items() if isinstance(kind, Word)
                      for word in kind.words[1:] if not re.search(rf"\b{word}\b", said)]
    return found
