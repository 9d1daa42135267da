"""Parameters: how they start, which are frozen or tied, and how they are updated."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

from sympy import Expr, Mul, Pow, Rational

from derive.build.parts import Parts, times
from derive.catalogue.initialisers import DRAWS, INITIALISERS
from derive.file.formulas import Scope, parse_formula
from derive.language.equations import Equation, Role
from derive.language.expressions import Access
from derive.network import Initialiser


@dataclass(frozen=True)
class _Usual:
    """The choice where the file makes none."""

    name: str
    options: dict[str, Any] = field(default_factory=dict)


MOST_PARAMETERS = 100_000_000  # 0.8 GB of doubles, and as much again for the gradients


def check_number(parts: Parts) -> None:
    """FileError where there are more parameters than can be computed with."""
    entries = {name: prod(size or 1 for size in parts.shape(parts.quantities[name])) for name in parts.parameters}
    if (total := sum(entries.values())) > MOST_PARAMETERS:
        most = max(entries, key=entries.__getitem__)
        raise parts.error(f"this network has {total:,} parameters, and at most {MOST_PARAMETERS:,} are computed with; the "
                          f"{parts.meaning(most)}, {most}, are {entries[most]:,} of them", "layers", key=True,
                          help="make layers narrower, or tie parameters")


def tie(parts: Parts) -> None:
    """A tied parameter becomes an equation: W3[k,j] = W1[j,k]."""
    for said, (other, transposed) in parts.file.tied.items():
        mine = parts.parameter(said, "tied", said, key=True)
        theirs = parts.parameter(other, "tied", said)
        if mine is theirs:
            raise parts.error(f"{said} is tied to itself", "tied", said, help="tie it to another parameter")
        indices = mine.indices[::-1] if transposed else mine.indices
        shape = parts.shape(mine)[::-1] if transposed else parts.shape(mine)
        if shape != parts.shape(theirs):
            turned = f"the transpose of {other}" if transposed else other
            have = parts.shape(theirs)[::-1] if transposed else parts.shape(theirs)
            raise parts.error(f"{said} has the shape {times(parts.shape(mine))}, and {turned} has {times(have)}",
                              "tied", said, help="only parameters of one shape can be tied")
        for one, of_other in zip(indices, theirs.indices, strict=True):
            parts.unify(of_other.size, one.size)
        parts.quantities[mine.name] = replace(mine, role=Role.INTERMEDIATE, meaning=f"{mine.meaning}, tied to {theirs.name}")
        parts.equations.append(Equation(mine.entry, Access(theirs.name, *indices)))


def frozen(parts: Parts) -> list[str]:
    """The parameters that training leaves alone."""
    return [parts.parameter(said, "frozen", place).name for place, said in enumerate(parts.file.frozen)]


def initial(parts: Parts) -> dict[str, Initialiser]:
    """How every parameter starts: weights by Glorot's rule, biases at 0 and factors at 1 where the file says nothing."""
    weights = _initialiser(parts, parts.file.initialiser or _Usual("glorot_uniform"), "initialiser")
    start = {name: weights if name in parts.weights else initialiser("zeros" if name in parts.biases else "constant", **(
        {} if name in parts.biases else {"value": 1.0})) for name in parts.parameters}
    start |= {equation.name: initialiser("zeros") for equation in parts.running}
    for name, said in parts.initial.items():  # what its layer wants, unless the file says otherwise
        start[name] = initialiser(said) if isinstance(said, str) else initialiser("constant", value=said)
    for said, value in parts.file.parameters.items():
        quantity = parts.parameter(said, "parameters", said, key=True)
        if not hasattr(value, "nested"):
            start[quantity.name] = _initialiser(parts, value, "parameters", said)
            continue
        if value.shape != parts.shape(quantity):
            raise parts.error(
                f"{said} ({quantity.meaning}) has the shape {times(parts.shape(quantity))}, and the numbers here have "
                f"{times(value.shape)}", "parameters", said,
                help="write one row for each unit {}, with one number for each unit {}".format(
                    *("of the layer", "that is read") if parts.columns else ("that is read", "of the layer"))
                if len(parts.shape(quantity)) == 2 else "write as many numbers as the parameter has")
        start[quantity.name] = Initialiser("given", values=value.nested())
    return start


def _initialiser(parts: Parts, choice: Any, *path: str) -> Initialiser:
    entry = parts.entry(choice, INITIALISERS, "initialiser", *path)
    return initialiser(choice.name, **parts.options(choice, entry.options, "initialiser", *path))


def initialiser(name: str, **options: float) -> Initialiser:
    """An initialiser of the catalogue, with its options put into its formula."""
    entry = INITIALISERS[name]
    known = {option: Rational(str(value)) for option, value in {**entry.options, **options}.items()}
    formula = parse_formula(entry.text, Scope(dict.fromkeys(["fan_in", "fan_out", *DRAWS], ()), known))
    return Initialiser(name, _one_root(formula), source=entry.source)


def _one_root(product: Expr) -> Expr:
    """The square root of a quotient as the papers write it; SymPy takes it apart into a quotient of roots."""
    roots = [f for f in Mul.make_args(product) if isinstance(f, Pow) and abs(f.exp) == Rational(1, 2)]
    if len(roots) < 2:
        return product
    root = Pow(Mul(*(f ** 2 for f in roots)), Rational(1, 2), evaluate=False)
    return Mul(root, *(f for f in Mul.make_args(product) if f not in roots), evaluate=False)
