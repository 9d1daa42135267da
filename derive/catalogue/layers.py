"""Layers: what each kind computes from x, as equations in the language that a user's own layer is written in.

One equation a line; the left side of the last one is what the layer hands on. `x` is what the layer reads, and `...`
stands for the axes of x between the samples and those that are named. Every name that is not defined by an equation,
read, or an option is a parameter; those that begin with b and are added, not multiplied, are biases. An entry outside
an array counts as 0, so that h[n,t-1,j] is 0 at the first t.

A line may begin with conditions in brackets: [groups > 1] asks for an option, [training] and [inference] say when the
line holds, [state] is carried out after each update in training.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Whole:
    """A whole number; with several axes one for each (kernel1, kernel2), or one for all.

    The default may be another option's name; `words` are formulas that may be asked for by name.
    """

    least: int = 1
    default: int | str | None = None
    axes: int = 1
    words: Mapping[str, str] = field(default_factory=dict)
    help: str = ""


@dataclass(frozen=True)
class Real:
    """A number, which becomes a constant of the network."""

    default: float
    least: float | None = None
    below: float | None = None
    help: str = ""


@dataclass(frozen=True)
class Word:
    """One of a few words; the first is the usual one."""

    words: tuple[str, ...]
    help: str = ""


@dataclass(frozen=True)
class Flag:
    """true or false; false if nothing is said.  In sizes and positions it counts as 1 or 0."""

    help: str = ""


@dataclass(frozen=True)
class Read:
    """The name of a further layer or input; without it the equations that mention it are left out."""

    help: str = ""


Option = Whole | Real | Word | Flag | Read


@dataclass(frozen=True)
class Layer:
    """A kind of layer.

    Attributes:
        equations: see the head of this file.
        options: by name; a whole number without a default has to be given.
        short: the option that may be written alone, as in `dense: 16`.
        sizes: how far an index runs that stands in no axis of x, as a formula in the options and size(x, axis).
        numbers: further whole numbers that the equations mention, as formulas in the options.
        limits: the most that a whole number may be, as formulas in the others.
        shapes: the indices of parameters whose axes are not plain indices everywhere.
        initial: the initialiser of a parameter or running statistic, or its value, where it is not the usual one.
        meanings: of the quantities, for tables and comments.
        random: quantities drawn for each batch of training: 0 with a probability that is an option, else 1/(1 − rate).
        help: one sentence for the reference.
        source: where it comes from.
    """

    equations: str
    options: Mapping[str, Option] = field(default_factory=dict)
    short: str | None = None
    sizes: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, str] = field(default_factory=dict)
    shapes: Mapping[str, str] = field(default_factory=dict)
    initial: Mapping[str, str | float] = field(default_factory=dict)
    meanings: Mapping[str, str] = field(default_factory=dict)
    random: Mapping[str, str] = field(default_factory=dict)
    help: str = ""
    source: str = ""


UNITS = Whole(help="how many units the layer has")
EPSILON = Real(1e-5, 0, help="added to the variance before its root is taken")
STATES = Word(("last", "all"), help="whether only the last state is handed on, or the state at every step")
BACKWARD = Flag(help="whether the sequence is read from its end")
MASK = Read(help="an input m[n,t] of ones and zeros: a step with 0 is passed over")


def _window(axes: int, size: str, stride: int | str, **more: Option) -> dict[str, Option]:
    """The options of a window that moves over one or two axes."""
    same = {"same": f"{'dilation*' * ('dilation' in more)}({size} - 1)/2", "valid": "0"}
    return {size: Whole(axes=axes, help="how many positions the window covers"),
            "stride": Whole(default=stride, axes=axes, help="how far the window moves from one output to the next"),
            "padding": Whole(0, 0, axes, same, "how many zeros are put before and after; 'same' keeps the size at stride 1"),
            **more}


def _reach(axes: int, size: str, dilated: bool = True) -> dict[str, str]:
    """How far the outputs i (and j) of a window go, and its own positions u (and v)."""
    number = [""] if axes == 1 else ["1", "2"]
    dilation = "dilation{i}*" if dilated else ""
    reach = f"(size(x, {{axis}}) + 2*padding{{i}} - {dilation}({size}{{i}} - 1) - 1)//stride{{i}} + 1"
    return {**{letter: reach.format(axis=axis, i=i) for axis, (letter, i) in enumerate(zip("ij", number, strict=False), 1)},
            **{letter: f"{size}{i}" for letter, i in zip("uv", number, strict=False)}}


def _convolution(axes: int) -> Layer:
    """A convolution over one or two axes, channels last; in groups, each output reads only its group's channels."""
    out, over = ("i", "u") if axes == 1 else ("i,j", "u,v")
    place = ", ".join(f"stride{i}*{o} + dilation{i}*{u} - padding{i}" for o, u, i in zip(
        out.split(","), over.split(","), [""] if axes == 1 else ["1", "2"], strict=True))
    dilation = Whole(default=1, axes=axes, help="the distance between the positions that the kernel reads")
    return Layer(
        f"""[groups < 2] z[n,{out},c] = sum({over},d, x[n, {place}, d]*W[{over},d,c]) + b[c]
        [groups > 1] y[n,{out},g,o] = sum({over},d, x[n, {place}, size(d)*g + d]*W[{over},g,d,o])
        [groups > 1] z[n,{out},c] = sum(g,o, delta(c, flat(g,o))*y[n,{out},g,o]) + b[c]""",
        {"filters": Whole(help="how many channels the output has"), **_window(axes, "kernel", 1, dilation=dilation),
         "groups": Whole(default=1, help="into how many groups the channels are divided")},
        sizes={**_reach(axes, "kernel"), "c": "filters", "g": "groups", "d": "size(x, -1)/groups", "o": "filters/groups"},
        meanings={"W": "kernel", "b": "biases", "z": "pre-activations", "y": "channels by group"},
        help=f"A convolution over {'one axis' if axes == 1 else 'two axes'}, channels last.",
        source="LeCun et al. 1989")


def _transposed(axes: int) -> Layer:
    """The transposed convolution: each input adds its kernel to the outputs around it."""
    out, into, over = ("p", "i", "u") if axes == 1 else ("p,q", "i,j", "u,v")
    number = [""] if axes == 1 else ["1", "2"]
    deltas = "*".join(f"delta({p}, stride{k}*{i} + dilation{k}*{u} - padding{k})" for p, i, u, k in zip(
        out.split(","), into.split(","), over.split(","), number, strict=True))
    reach = "(size(x, {axis}) - 1)*stride{k} - 2*padding{k} + dilation{k}*(kernel{k} - 1) + 1 + output_padding{k}"
    return Layer(
        f"z[n,{out},c] = sum({into},{over},d, {deltas}*x[n,{into},d]*W[{over},d,c]) + b[c]",
        {"filters": Whole(help="how many channels the output has"),
         **_window(axes, "kernel", 1, dilation=Whole(default=1, axes=axes, help="the distance between what is added to")),
         "output_padding": Whole(0, 0, axes, help="how many positions the output has more at its end")},
        sizes={"c": "filters", **{letter: f"kernel{k}" for letter, k in zip("uv", number, strict=False)},
               **{letter: reach.format(axis=axis, k=k)
                  for axis, (letter, k) in enumerate(zip("pq", number, strict=False), 1)}},
        meanings={"W": "kernel", "b": "biases", "z": "pre-activations"},
        help="A transposed convolution: each input adds its kernel to the outputs around it.",
        source="Zeiler et al. 2010")


def _pool(axes: int, largest: bool) -> Layer:
    """The largest entry, or the mean, of a window that moves over one or two axes."""
    number = [""] if axes == 1 else ["1", "2"]
    out, over, padded = ("i", "u", "r") if axes == 1 else ("i,j", "u,v", "r,s")
    letters = list(zip(out.split(","), over.split(","), padded.split(","), number, strict=True))
    moved = ", ".join(f"stride{k}*{i} + {u}" for i, u, _, k in letters)
    inside = " and ".join(f"{r} >= padding{k} and {r} < size(x, {axis}) + padding{k}"
                          for axis, (_, _, r, k) in enumerate(letters, 1))
    back = ", ".join(f"{r} - padding{k}" for _, _, r, k in letters)
    from_x = ", ".join(f"stride{k}*{i} + {u} - padding{k}" for i, u, _, k in letters)
    text = f"""[padding < 1] y[n,{out},c] = maximum({over}, x[n, {moved}, c])
        [padding > 0] p[n,{padded},c] = where({inside}, x[n, {back}, c], -3e38)
        [padding > 0] y[n,{out},c] = maximum({over}, p[n, {moved}, c])""" if largest else (
        f"y[n,{out},c] = mean({over}, x[n, {from_x}, c])")
    wide = {r: f"size(x, {axis}) + 2*padding{k}" for axis, (_, _, r, k) in enumerate(letters, 1)}
    return Layer(text, _window(axes, "window", "window"), "window", {**_reach(axes, "window", dilated=False), **wide},
                 limits={f"padding{k}": f"window{k}//2" for k in number},
                 meanings={"y": "pooled entries", "p": "entries with a border that is never the largest"},
                 help=f"The {'largest entry' if largest else 'mean'} of a moving window; ties share the derivative."
                 if largest else "The mean of a moving window; what is padded counts as 0.")


GATE = "z{g}[n,t,j] = sum(k, x[n,t,k]*W{g}[k,j]) + sum(l, h[n,t-step,l]*U{g}[l,j]) + b{g}[j]"
LAST = """[states = last, not backward] y[n,j] = h[n,size(t)-1,j]
        [states = last, backward] y[n,j] = h[n,0,j]"""
RECURRENT: dict[str, Option] = {"units": UNITS, "states": STATES, "backward": BACKWARD, "mask": MASK}
DIRECTION = {"step": "1 - 2*backward"}


def _of_each(parts: Mapping[str, str], **names: str) -> dict[str, str]:
    """Meanings of what each part of a layer has: Wi and Wf are the weights of its parts i and f."""
    return {f"{name}{letter}": f"{what} the {part}" for letter, part in parts.items() for name, what in names.items()}


def _gates(**gates: str) -> dict[str, str]:
    """Meanings of gates, and of what each of them has."""
    return gates | _of_each(gates, W="weights from the input to", U="weights from the states to", b="biases of",
                            z="pre-activations of")


SCORES = "sum(d, Q[n,i,h,d]*K[n,j,h,d])/sqrt(size(d))"

LAYERS: dict[str, Layer] = {
    "dense": Layer(
        "z[n,...,j] = sum(k, x[n,...,k]*W[k,j]) + b[j]",
        {"units": UNITS}, "units", {"j": "units"},
        meanings={"W": "weights", "b": "biases", "z": "pre-activations"},
        help="Every unit reads every feature: z[n,j] = sum(k, x[n,k]*W[k,j]) + b[j]."),
    "conv1d": _convolution(1),
    "conv2d": _convolution(2),
    "conv_transpose1d": _transposed(1),
    "conv_transpose2d": _transposed(2),
    "max_pool1d": _pool(1, largest=True),
    "max_pool2d": _pool(2, largest=True),
    "average_pool1d": _pool(1, largest=False),
    "average_pool2d": _pool(2, largest=False),
    "global_average_pool": Layer(
        "y[n,c] = mean(..., x[n,...,c])", meanings={"y": "means of the channels"},
        help="The mean over all axes between the samples and the channels."),
    "global_max_pool": Layer(
        "y[n,c] = maximum(..., x[n,...,c])", meanings={"y": "largest entries of the channels"},
        help="The largest entry of each channel; ties share the derivative."),
    "flatten": Layer(
        "y[n,q] = sum(..., delta(q, flat(...))*x[n,...])", sizes={"q": "entries(x)"}, meanings={"y": "entries in one row"},
        help="All entries of a sample in one row, the last axis fastest."),
    "embedding": Layer(
        "e[n,...,j] = E[x[n,...],j]",
        {"vocabulary": Whole(help="how many different labels there are"), "units": UNITS}, None,
        {"v": "vocabulary", "j": "units"}, shapes={"E": "v,j"}, initial={"E": "normal"},
        meanings={"E": "embedding vectors", "e": "embedded labels"},
        help="A row of a table of parameters for each label 0, 1, … of an input of whole numbers."),
    "batch_norm": Layer(
        """[training] mu[j] = mean(n,..., x[n,...,j])
        [training] v[j] = mean(n,..., (x[n,...,j] - mu[j])**2)
        [inference] mu[j] = running_mean[j]
        [inference] v[j] = running_variance[j]
        y[n,...,j] = g[j]*(x[n,...,j] - mu[j])/sqrt(v[j] + epsilon) + b[j]
        [state] running_mean[j] = momentum*running_mean[j] + (1 - momentum)*mu[j]
        [state] running_variance[j] = momentum*running_variance[j] + (1 - momentum)*v[j]""",
        {"epsilon": EPSILON, "momentum": Real(0.9, 0, 1, help="the part of the running statistics that an update keeps")},
        initial={"g": 1.0, "running_variance": 1.0},
        meanings={"g": "scales", "b": "shifts", "mu": "means over the batch", "v": "variances over the batch",
                  "y": "normalised outputs", "running_mean": "running means", "running_variance": "running variances"},
        help="Each feature with mean 0 and variance 1 over the batch, then scaled and shifted.",
        source="Ioffe, Szegedy 2015"),
    "layer_norm": Layer(
        """mu[n,...] = mean(j, x[n,...,j])
        v[n,...] = mean(j, (x[n,...,j] - mu[n,...])**2)
        y[n,...,j] = g[j]*(x[n,...,j] - mu[n,...])/sqrt(v[n,...] + epsilon) + b[j]""",
        {"epsilon": EPSILON}, initial={"g": 1.0},
        meanings={"g": "scales", "b": "shifts", "mu": "means over the features", "v": "variances over the features",
                  "y": "normalised outputs"},
        help="Each sample with mean 0 and variance 1 over its features, then scaled and shifted.",
        source="Ba, Kiros, Hinton 2016"),
    "rms_norm": Layer(
        """v[n,...] = mean(j, x[n,...,j]**2)
        y[n,...,j] = g[j]*x[n,...,j]/sqrt(v[n,...] + epsilon)""",
        {"epsilon": EPSILON}, initial={"g": 1.0},
        meanings={"g": "scales", "v": "mean squares of the features", "y": "normalised outputs"},
        help="Each sample divided by the root of the mean square of its features, then scaled.",
        source="Zhang, Sennrich 2019"),
    "dropout": Layer(
        """[training] y[n,...] = x[n,...]*r[n,...]
        [inference] y[n,...] = x[n,...]""",
        {"rate": Real(0.5, 0, 1, help="the probability that an entry is dropped")}, "rate",
        meanings={"r": "mask", "y": "entries kept"}, random={"r": "rate"},
        help="In training each entry is dropped with probability `rate`, and the others are divided by 1 − rate.",
        source="Srivastava et al. 2014"),
    "rnn": Layer(
        f"""{GATE.format(g='')}
        [not mask] h[n,t,j] = tanh(z[n,t,j])
        [mask] h[n,t,j] = mask[n,t]*tanh(z[n,t,j]) + (1 - mask[n,t])*h[n,t-step,j]
        {LAST}""",
        RECURRENT, "units", {"j": "units"}, DIRECTION,
        meanings={"W": "input weights", "U": "recurrent weights", "b": "biases", "z": "pre-activations", "h": "states",
                  "y": "last state"},
        help="A simple recurrence: h[n,t] = tanh(x[n,t] W + h[n,t-1] U + b).", source="Elman 1990"),
    "gru": Layer(
        f"""{GATE.format(g='r')}
        {GATE.format(g='u')}
        r[n,t,j] = sigmoid(zr[n,t,j])
        u[n,t,j] = sigmoid(zu[n,t,j])
        q[n,t,j] = sum(l, h[n,t-step,l]*Uc[l,j]) + bh[j]
        zc[n,t,j] = sum(k, x[n,t,k]*Wc[k,j]) + bc[j] + r[n,t,j]*q[n,t,j]
        c[n,t,j] = tanh(zc[n,t,j])
        [not mask] h[n,t,j] = (1 - u[n,t,j])*c[n,t,j] + u[n,t,j]*h[n,t-step,j]
        [mask] h[n,t,j] = h[n,t-step,j] + mask[n,t]*(1 - u[n,t,j])*(c[n,t,j] - h[n,t-step,j])
        {LAST}""",
        RECURRENT, "units", {"j": "units"}, DIRECTION,
        meanings={**_gates(r="reset gate", u="update gate", c="candidate states"), "h": "states", "y": "last state",
                  "q": "sums that the reset gate acts on", "bh": "biases that the reset gate acts on"},
        help="A gated recurrent unit.", source="Cho et al. 2014, with the reset gate after the product"),
    "lstm": Layer(
        f"""{GATE.format(g='i')}
        {GATE.format(g='f')}
        {GATE.format(g='o')}
        {GATE.format(g='g')}
        i[n,t,j] = sigmoid(zi[n,t,j])
        f[n,t,j] = sigmoid(zf[n,t,j])
        o[n,t,j] = sigmoid(zo[n,t,j])
        g[n,t,j] = tanh(zg[n,t,j])
        [not mask] c[n,t,j] = f[n,t,j]*c[n,t-step,j] + i[n,t,j]*g[n,t,j]
        [mask] c[n,t,j] = mask[n,t]*(f[n,t,j]*c[n,t-step,j] + i[n,t,j]*g[n,t,j]) + (1 - mask[n,t])*c[n,t-step,j]
        s[n,t,j] = tanh(c[n,t,j])
        [not mask] h[n,t,j] = o[n,t,j]*s[n,t,j]
        [mask] h[n,t,j] = mask[n,t]*o[n,t,j]*s[n,t,j] + (1 - mask[n,t])*h[n,t-step,j]
        {LAST}""",
        RECURRENT, "units", {"j": "units"}, DIRECTION, initial={"bf": 1.0},
        meanings={**_gates(i="input gate", f="forget gate", o="output gate", g="candidate cells"), "c": "cells",
                  "s": "tanh of the cells", "h": "states", "y": "last state"},
        help="Long short-term memory.", source="Hochreiter, Schmidhuber 1997; Gers, Schmidhuber, Cummins 2000"),
    "attention": Layer(
        f"""Q[n,i,h,d] = sum(k, x[n,i,k]*Wq[k,h,d]) + bq[h,d]
        [not memory] K[n,j,h,d] = sum(k, x[n,j,k]*Wk[k,h,d]) + bk[h,d]
        [not memory] V[n,j,h,d] = sum(k, x[n,j,k]*Wv[k,h,d]) + bv[h,d]
        [memory] K[n,j,h,d] = sum(l, memory[n,j,l]*Wk[l,h,d]) + bk[h,d]
        [memory] V[n,j,h,d] = sum(l, memory[n,j,l]*Wv[l,h,d]) + bv[h,d]
        [not causal, not mask] S[n,h,i,j] = {SCORES}
        [causal, not mask] S[n,h,i,j] = where(j <= i, {SCORES}, -1e30)
        [not causal, mask] S[n,h,i,j] = where(mask[n,j] > 0, {SCORES}, -1e30)
        [causal, mask] S[n,h,i,j] = where(j <= i and mask[n,j] > 0, {SCORES}, -1e30)
        P[n,h,i,j] = exp(S[n,h,i,j])/sum(p, exp(S[n,h,i,p]))
        A[n,i,h,d] = sum(j, P[n,h,i,j]*V[n,j,h,d])
        y[n,i,c] = sum(h,d, A[n,i,h,d]*Wo[h,d,c]) + bo[c]""",
        {"heads": Whole(default=1, help="how many heads attend side by side"),
         "units": Whole(default="size(x, -1)", help="the features of all heads together, and of the output"),
         "causal": Flag(help="whether a position attends to itself and those before it only"),
         "mask": Read(help="an input m[n,j] of ones and zeros: a position with 0 is not attended to"),
         "memory": Read(help="the layer that is attended to, where it is not the one that attends")},
        None, {"h": "heads", "d": "units/heads", "c": "units"},
        meanings={**_of_each({"q": "queries", "k": "keys", "v": "values", "o": "outputs"}, W="weights of", b="biases of"),
                  "Q": "queries", "K": "keys", "V": "values", "S": "scores", "P": "attention", "A": "attended values",
                  "y": "outputs"},
        help="Scaled dot-product attention with one or several heads.", source="Vaswani et al. 2017"),
    "positional_encoding": Layer(
        """p[t,i,s] = sin(t/10000**(2*i/size(j)) + s*pi/2)
        y[n,t,j] = x[n,t,j] + sum(i,s, delta(j, 2*i + s)*p[t,i,s])""",
        sizes={"i": "(size(x, 2) + 1)//2", "s": "2"},
        meanings={"p": "sines and cosines of the positions", "y": "entries with their positions"},
        help="Sines and cosines of the position, of many wavelengths, are added.", source="Vaswani et al. 2017"),
    "position_embedding": Layer(
        "y[n,t,j] = x[n,t,j] + p[t,j]", initial={"p": "normal"},
        meanings={"p": "position vectors", "y": "entries with their positions"},
        help="A vector of parameters is added at each position."),
    "glu": Layer(
        """u[n,...,j] = sum(k, x[n,...,k]*W[k,j]) + b[j]
        v[n,...,j] = sum(k, x[n,...,k]*V[k,j]) + bv[j]
        [gate = sigmoid] y[n,...,j] = u[n,...,j]*sigmoid(v[n,...,j])
        [gate = relu] y[n,...,j] = u[n,...,j]*max(v[n,...,j], 0)
        [gate = gelu] y[n,...,j] = u[n,...,j]*v[n,...,j]*(1 + erf(v[n,...,j]/sqrt(2)))/2
        [gate = silu] y[n,...,j] = u[n,...,j]*v[n,...,j]*sigmoid(v[n,...,j])
        [gate = identity] y[n,...,j] = u[n,...,j]*v[n,...,j]""",
        {"units": UNITS, "gate": Word(("sigmoid", "relu", "gelu", "silu", "identity"), help="the function of the gate")},
        "units", {"j": "units"},
        meanings={"W": "weights", "V": "weights of the gate", "b": "biases", "bv": "biases of the gate",
                  "u": "pre-activations", "v": "pre-activations of the gate", "y": "gated outputs"},
        help="A gated linear unit.", source="Dauphin et al. 2017; Shazeer 2020"),
    "maxout": Layer(
        """z[n,...,p,j] = sum(k, x[n,...,k]*W[k,p,j]) + b[p,j]
        y[n,...,j] = maximum(p, z[n,...,p,j])""",
        {"units": UNITS, "pieces": Whole(default=2, help="how many linear pieces each unit has")}, "units",
        {"j": "units", "p": "pieces"},
        meanings={"W": "weights", "b": "biases", "z": "pieces", "y": "largest pieces"},
        help="Each unit is the largest of several linear pieces.", source="Goodfellow et al. 2013"),
    "prelu": Layer(
        "y[n,...,j] = where(x[n,...,j] > 0, x[n,...,j], alpha[j]*x[n,...,j])", initial={"alpha": 0.25},
        meanings={"alpha": "slopes for negative inputs", "y": "outputs"},
        help="A rectifier whose slope for negative inputs is learnt, one for each feature.", source="He et al. 2015"),
}
