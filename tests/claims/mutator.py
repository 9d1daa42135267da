"""Pages of somebody's working, right ones and such with one mistake in one line, which the lines after it carry on.

A page is the derivation of a dense network done by hand: every line adds up products of numbers that stand above it, or
applies a function to one.  A mistake changes what one line adds up.  Nothing of the project is used here but the
network's own numbers.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import product

FUNCTIONS: Mapping[str, Callable[..., float]] = {
    "sigmoid": lambda z: 1 / (1 + math.exp(-z)),
    "sigmoid'": lambda a: a * (1 - a),
    "tanh": math.tanh,
    "tanh'": lambda a: 1 - a * a,
    "half squared": lambda a, t: (a - t) ** 2 / 2,
    "half squared'": lambda a, t: a - t,
    "squared": lambda a, t: (a - t) ** 2,
    "squared'": lambda a, t: 2 * (a - t),
    "binary": lambda a, t: -(t * math.log(a) + (1 - t) * math.log(1 - a)),
    "binary'": lambda a, t: (a - t) / (a * (1 - a)),
    "softmax": lambda z, *every: math.exp(z) / sum(map(math.exp, every)),
    "softmax'": lambda a, b, same: a * (same - b),
    "log": lambda a, t: -t * math.log(a),
    "log'": lambda a, t: -t / a,
}
WRITTEN: Mapping[str, str] = {
    "sigmoid": "1/(1 + exp(-{0}))", "sigmoid'": "{0}*(1 - {0})", "tanh": "tanh({0})", "tanh'": "(1 - {0}**2)",
    "half squared": "({0} - {1})**2/2", "half squared'": "({0} - {1})", "squared": "({0} - {1})**2",
    "squared'": "2*({0} - {1})", "binary'": "({0} - {1})/({0}*(1 - {0}))", "log'": "(-{1}/{0})",
    "softmax'": "{0}*({2} - {1})",
}
KINDS = ("sign", "factor", "transposed", "path", "stale weight", "rounding", "swapped index")


@dataclass(frozen=True)
class Term:
    """A product of a plain number and of numbers of the page."""

    factors: tuple[str, ...]
    number: float = 1.0


@dataclass(frozen=True)
class Line:
    """name = the sum of the terms, or a function of what its only term names."""

    name: str
    terms: tuple[Term, ...]
    function: str = ""
    kind: str = "sum"  # "weighted": z; "paths": a sum over paths; "update"

    def value(self, known: Mapping[str, float]) -> float:
        if self.function:
            [term] = self.terms
            return term.number * FUNCTIONS[self.function](*(_number(name, known) for name in term.factors))
        return sum(term.number * math.prod(known[name] for name in term.factors) for term in self.terms)


    def formula(self) -> str:
        """The line as a formula."""
        if self.function == "softmax":
            [term] = self.terms
            own, *every = (f"exp({name})" for name in term.factors)
            return f"{self.name} = {_times(term.number, '')}{own}/({' + '.join(every)})"
        if self.function:
            [term] = self.terms
            return f"{self.name} = {_times(term.number, '')}{WRITTEN[self.function].format(*term.factors)}"
        terms = (_times(term.number, "*".join(map(_bracketed, term.factors)) or "1") for term in self.terms)
        return f"{self.name} = {' + '.join(terms)}"


def _times(number: float, product: str) -> str:
    return product if number == 1 else f"({number!r})*{product}"


def _bracketed(name: str) -> str:
    return f"({name})" if " " in name else name


def _number(name: str, known: Mapping[str, float]) -> float:
    return known[name] if name in known else float(name)


@dataclass(frozen=True)
class Dense:
    """A dense network, in the names of its file.

    Attributes:
        layers: for each layer the names of its weights, biases ("" without), pre-activations and outputs.
        given: the numbers of inputs, targets and parameters, by name and positions from 1: W1[1,2].
        widths: the units of the input and of each layer.
        loss: the function of a prediction and its target, and what the sum over these is divided by.
    """

    loss_name: str
    layers: tuple[tuple[str, str, str, str], ...]
    activations: tuple[str, ...]
    inputs: str
    target: str
    given: Mapping[str, float]
    widths: tuple[int, ...]
    loss: str
    over: float
    rate: float
    samples: int
    shared_bias: bool


def lines(net: Dense) -> list[Line]:
    """The derivation of a network: forward, backward, and the updated parameters."""
    return [*_forward(net), *_backward(net), *_updates(net)]


def _forward(net: Dense) -> list[Line]:
    found, before = [], net.inputs
    samples = range(1, net.samples + 1)
    for (w, b, z, a), function, (fan_in, width) in zip(net.layers, net.activations, _shapes(net), strict=True):
        units = range(1, width + 1)
        for n, j in product(samples, units):
            terms = [Term((f"{before}[{n},{k}]", f"{w}[{k},{j}]")) for k in range(1, fan_in + 1)]
            found.append(Line(f"{z}[{n},{j}]", (*terms, *([Term((_bias(net, b, j),))] if b else [])), kind="weighted"))
        for n, j in product(samples, units):
            own, every = (f"{z}[{n},{j}]",), tuple(f"{z}[{n},{k}]" for k in units)
            found.append(Line(f"{a}[{n},{j}]", (Term((*own, *every) if function == "softmax" else own),), function))
        before = a
    costs = [Line(f"cost{n}{j}", (Term((f"{before}[{n},{j}]", f"{net.target}[{n},{j}]"), 1 / net.over),), net.loss)
             for n, j in product(samples, range(1, net.widths[-1] + 1))]
    return [*found, *costs, Line(net.loss_name, tuple(Term((c.name,)) for c in costs))]


def _backward(net: Dense) -> list[Line]:
    d = f"d{net.loss_name}/d"
    found = []
    samples = range(1, net.samples + 1)
    _, _, _, last = net.layers[-1]
    for n, j in product(samples, range(1, net.widths[-1] + 1)):
        term = Term((f"{last}[{n},{j}]", f"{net.target}[{n},{j}]"), 1 / net.over)
        found.append(Line(f"{d}{last}[{n},{j}]", (term,), net.loss + "'"))
    for layer in reversed(range(len(net.layers))):
        w, _, z, a = net.layers[layer]
        fan_in, width = net.widths[layer], net.widths[layer + 1]
        function, units = net.activations[layer] + "'", range(1, width + 1)
        softmax = function == "softmax'"
        for n, j in product(samples, units):
            through = units if softmax else [j]
            for k in through:
                own = f"{a}[{n},{j}]"
                factors = (f"{a}[{n},{k}]", own, str(float(j == k))) if softmax else (own,)
                found.append(Line(f"d{a}[{n},{k}]/d{z}[{n},{j}]", (Term(factors),), function))
            terms = tuple(Term((f"{d}{a}[{n},{k}]", f"d{a}[{n},{k}]/d{z}[{n},{j}]")) for k in through)
            found.append(Line(f"{d}{z}[{n},{j}]", terms, kind="paths" if softmax else "sum"))
        before = net.layers[layer - 1][3] if layer else net.inputs
        for k, j in product(range(1, fan_in + 1), units):
            terms = tuple(Term((f"{d}{z}[{n},{j}]", f"{before}[{n},{k}]")) for n in samples)
            found.append(Line(f"{d}{w}[{k},{j}]", terms, kind="paths" if net.samples > 1 else "sum"))
        for n, k in product(samples, range(1, fan_in + 1)) if layer else ():
            terms = tuple(Term((f"{d}{z}[{n},{j}]", f"{w}[{k},{j}]")) for j in units)
            found.append(Line(f"{d}{before}[{n},{k}]", terms, kind="paths"))
    return found


def _updates(net: Dense) -> list[Line]:
    d = f"d{net.loss_name}/d"
    found = []
    for (w, _, _, _), (fan_in, width) in zip(net.layers, _shapes(net), strict=True):
        for k in range(1, fan_in + 1):
            for j in range(1, width + 1):
                name = f"{w}[{k},{j}]"
                found.append(Line(f"{name} after 1", (Term((name,)), Term((d + name,), -net.rate)), kind="update"))
    return found


def _shapes(net: Dense) -> list[tuple[int, int]]:
    return list(zip(net.widths, net.widths[1:], strict=False))


def _bias(net: Dense, b: str, j: int) -> str:
    return b if net.shared_bias else f"{b}[{j}]"


# -- pages ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Page:
    """The lines as they are printed, and the mistake: its kind and line; a right page has none."""

    claims: tuple[str, ...]
    kind: str = ""
    wrong: int = -1
    what: str = ""
    worked: tuple[Line, ...] = field(default=(), repr=False)


def right_page(net: Dense, digits: int = 9) -> Page:
    """The whole derivation without a mistake."""
    known = dict(net.given)
    claims = []
    for line in lines(net):
        known[line.name] = line.value(known)
        if "cost" not in line.name:
            claims.append(f"{line.name} = {_printed(known[line.name], digits)}")
    return Page(tuple(claims))


def mutated_page(net: Dense, kind: str, generator: random.Random) -> Page:
    """The derivation with a mistake of a kind in one of its lines, whose number the lines after it carry on."""
    every = lines(net)
    truth = dict(net.given)
    for line in every:
        truth[line.name] = line.value(truth)
    candidates = [place for place, line in enumerate(every) if "cost" not in line.name]
    while True:
        place = generator.choice(candidates)
        made = _mistake(every[place], kind, net, truth, generator)
        if made is None:
            continue
        digits = generator.choice((6, 7, 8, 9))
        wrong, seen, what = made
        if not math.isfinite(wrong.value(seen)) or abs(wrong.value(seen) - truth[wrong.name]) < 30 * 10**-digits:
            continue
        if abs(wrong.value(seen)) < 1000 * 10**-digits:
            continue
        try:
            return _carried_on(net, every, place, wrong, seen, Page((), kind, place, what), digits, generator)
        except ValueError:  # with this mistake a line further down has no value
            continue


def _carried_on(net: Dense, every: list[Line], place: int, wrong: Line, seen: Mapping[str, float], page: Page, digits: int,
                generator: random.Random) -> Page:
    as_printed = generator.random() < 0.5
    says_so = page.kind != "rounding" and "cost" not in wrong.formula() and wrong.formula() != every[place].formula()
    as_formula = says_so and generator.random() < 0.3
    known, claims, position = dict(net.given), list[str](), -1
    for number, line in enumerate(every):
        value = wrong.value({**known, **seen}) if number == place else line.value(known)
        known[line.name] = value
        if "cost" in line.name:
            continue
        printed = _printed(value, digits)
        if number == place:
            position = len(claims)
            if as_formula:
                claims.append(wrong.formula())
            elif as_printed:
                known[line.name] = float(printed)
        elif generator.random() < 0.1 and "cost" not in line.formula():
            claims.append(line.formula())
        claims.append(f"{line.name} = {printed}")
    return replace(page, claims=tuple(claims), wrong=position)


def _printed(value: float, digits: int) -> str:
    return f"{value:.{digits}f}"


# -- mistakes ------------------------------------------------------------------------------------------------------------


def _mistake(line: Line, kind: str, net: Dense, truth: Mapping[str, float], generator: random.Random
             ) -> tuple[Line, Mapping[str, float], str] | None:
    """The line with a mistake, the numbers that are read in it, and what was done; None where the line has none such."""
    number = generator.randrange(len(line.terms))
    term = line.terms[number]
    if kind == "sign":
        if line.function or generator.random() < 0.4:
            return _with(line, [replace(t, number=-t.number) for t in line.terms]), truth, "all"
        return _one(line, number, replace(term, number=-term.number)), truth, f"term {number}"
    if kind == "factor":
        return _factor(line, number, generator, truth)
    if kind == "rounding":
        return _rounded(line, number, generator, truth)
    if line.function or line.kind == "sum":
        return None
    if kind == "path":
        if len(line.terms) < 2 or line.kind != "paths":
            return None
        return _with(line, [t for t in line.terms if t is not term]), truth, f"without {term.factors}"
    weights = [f for t in line.terms for f in t.factors if f.partition("[")[0] in {w for w, *_ in net.layers}]
    if not weights or line.kind == "update":
        return None
    if kind == "transposed":
        turned = {f: _turned(f) for f in weights}
        if any(t not in truth for t in turned.values()) or all(f == t for f, t in turned.items()):
            return None
        return _renamed(line, turned), truth, str(turned)
    if kind == "stale weight":
        if line.kind != "paths":
            return None
        return _renamed(line, {f: f"{f} after 1" for f in weights}), truth, f"updated {weights}"
    if kind == "swapped index":
        old = generator.choice(weights)
        others = [f for f in truth if f.partition("[")[0] == old.partition("[")[0] and f != old and " " not in f]
        new = generator.choice(others)
        return _renamed(line, {old: new}), truth, f"{new} for {old}"
    raise ValueError(kind)


def _factor(line: Line, number: int, generator: random.Random, truth: Mapping[str, float]
            ) -> tuple[Line, Mapping[str, float], str] | None:
    term = line.terms[number]
    if line.function:
        factor = generator.choice((2.0, 0.5))
        return _one(line, number, replace(term, number=factor * term.number)), truth, f"times {factor}"
    if len(term.factors) < 2:
        if term.number in (1.0, -1.0):
            return None
        return _one(line, number, replace(term, number=math.copysign(1.0, term.number))), truth, "without the number"
    left_out = generator.randrange(len(term.factors))
    kept = tuple(f for place, f in enumerate(term.factors) if place != left_out)
    return _one(line, number, replace(term, factors=kept)), truth, f"without {term.factors[left_out]}"


def _rounded(line: Line, number: int, generator: random.Random, truth: Mapping[str, float]
             ) -> tuple[Line, Mapping[str, float], str] | None:
    """A number from above is put in with few digits."""
    computed = [f for f in line.terms[number].factors if f in truth and "." in f"{truth[f]:.12g}"
                and len(f"{truth[f]:.12g}") > 8]
    if not computed:
        return None
    name = generator.choice(computed)
    digits = generator.choice((2, 3, 4))
    value = round(truth[name], digits)
    if not value:
        return None
    return line, {**truth, name: value}, f"{name} to {digits} digits"


def _with(line: Line, terms: list[Term]) -> Line:
    return replace(line, terms=tuple(terms))


def _one(line: Line, number: int, term: Term) -> Line:
    return _with(line, [term if place == number else other for place, other in enumerate(line.terms)])


def _renamed(line: Line, names: Mapping[str, str]) -> Line:
    return _with(line, [replace(t, factors=tuple(names.get(f, f) for f in t.factors)) for t in line.terms])


def _turned(name: str) -> str:
    quantity, _, positions = name.partition("[")
    first, second = positions.rstrip("]").split(",")
    return f"{quantity}[{second},{first}]"
