"""The chain rule forwards: how every quantity of a system changes when those it starts from move.

For a direction v of the parameters, the derivative of q along v is, by the equation of q,

    Rq[i] = Σ_u Σ_p ∂q[i]/∂u[p] · Ru[p]              Rθ = v

Applied to a system that holds adjoints, R(∂J/∂θ) is the Hessian times v (Pearlmutter 1994), found without the Hessian.
A direction with indices of its own, such as Rθ[p; q] = δ_pq, gives derivatives by every entry at once: the Jacobian of
each quantity, and of the adjoints the Hessian itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sympy import Add, Expr, Mul, Symbol

from derive.calculus.chain_rule import differentiate, local_derivative, tidied
from derive.calculus.contraction import contract
from derive.calculus.record import Derivation, Local
from derive.language.equations import Equation, Quantity, Role, System
from derive.language.expressions import Access, Delta, Index, Sum, names
from derive.language.substitution import LETTERS, Renaming, readable_bound_names, same_up_to_bound_names, substitute


@dataclass(frozen=True)
class Tangent:
    """The derivative of one quantity along the direction: the local derivatives it is made of, and the equation."""

    of: Quantity
    quantity: Quantity
    locals: tuple[Local, ...]
    equation: Equation


@dataclass(frozen=True)
class Directional:
    """A system and its derivative along a direction, in one order; `system` holds both.

    Attributes:
        base: the system that was differentiated.
        directions: the quantities that say how the parameters move, by the parameter's name.
        tangents: one for each quantity that moves, in topological order.
        products: of a matrix times the direction, the name of the part that belongs to each parameter.
    """

    base: System
    directions: Mapping[str, Quantity]
    tangents: tuple[Tangent, ...]
    system: System
    products: Mapping[str, str] = field(default_factory=dict)

    def along(self, name: str) -> Access:
        """The derivative of a quantity along the direction, at its own indices; KeyError where it does not move."""
        for tangent in self.tangents:
            if tangent.of.name == name:
                return tangent.quantity.entry
        raise KeyError(f"{name} does not depend on what moves")


def tangent_name(name: str) -> str:
    return f"R_{name}"


def direction_name(name: str) -> str:
    return f"v_{name}"


def _free(name: str, base: System) -> str:
    """The name, or one like it that no quantity has: a document may call something else v_W1."""
    while name in base.quantities:
        name += "_"
    return name


def directional(base: System, moving: Iterable[str], wanted: Iterable[str]) -> Directional:
    """The derivative of the wanted quantities when the moving ones change along a direction of their own shape."""
    directions = {name: Quantity(_free(direction_name(name), base), base.quantities[name].indices, Role.INPUT,
                                 f"direction of {name}") for name in moving}
    tangents = _tangents(base, {name: quantity.entry for name, quantity in directions.items()}, (), wanted)
    system = base.extended([*directions.values(), *(t.quantity for t in tangents)], [t.equation for t in tangents])
    return Directional(base, directions, tangents, system)


def by_entries(base: System, moving: str, wanted: Iterable[str]) -> Directional:
    """The derivative of the wanted quantities by each entry of one quantity: tangents with its indices added."""
    taken = {index.name for quantity in base.quantities.values() for index in quantity.indices} | {
        index.name for equation in base.equations for index in equation.body.atoms(Index)}
    own = base.quantities[moving].indices
    letters = (letter for letter in (*LETTERS[::-1], *(f"{a}{b}" for a in LETTERS for b in LETTERS)) if letter not in taken)
    extra = tuple(Index(next(letters), index.size) for index in own)
    seed = Mul(*(Delta(index, other) for index, other in zip(own, extra, strict=True)))
    tangents = _tangents(base, {moving: seed}, extra, wanted)
    system = base.extended([t.quantity for t in tangents], [t.equation for t in tangents])
    return Directional(base, {}, tangents, system)


def _tangents(base: System, seeds: Mapping[str, Expr], extra: tuple[Index, ...], wanted: Iterable[str]
              ) -> tuple[Tangent, ...]:
    ordered = base.in_order()
    moves = set(seeds)
    size = -1
    while size != len(moves):  # more than once around only where a recurrence reads what comes later
        size = len(moves)
        for equation in ordered:
            if not moves.isdisjoint(equation.reads):
                moves.add(equation.name)
    needed = set(wanted)
    size = -1
    while size != len(needed):
        size = len(needed)
        for equation in reversed(ordered):
            if equation.name in needed:
                needed |= equation.reads & moves
    number = max((equation.number for equation in ordered), default=0)
    made = {name: Quantity(_free(tangent_name(name), base), (*base.quantities[name].indices, *extra), Role.INTERMEDIATE,
                           f"derivative of {name} along the direction", of=name) for name in moves - set(seeds)}
    position = {name: place for place, name in enumerate(base.quantities)}
    tangents = []
    for equation in ordered:
        if equation.name not in made or equation.name not in needed:
            continue
        number += 1
        locals_, terms = [], []
        for name in sorted(equation.reads & moves, key=position.__getitem__):
            local = local_derivative(equation, base.quantities[name])
            own = base.quantities[name].indices
            moved = seeds[name] if name in seeds else made[name].entry
            moved = substitute(moved, dict(zip(own, local.by.indices, strict=True)))
            locals_.append(local)
            terms.append(contract(Sum(Mul(local.form, moved), *local.by.indices)))
        body = readable_bound_names(tidied(readable_bound_names(same_up_to_bound_names(Add(*terms)))))
        quantity = made[equation.name]
        tangents.append(Tangent(base.quantities[equation.name], quantity, tuple(locals_), Equation(
            Access(quantity.name, *equation.target.indices, *extra), body, number)))
    return tuple(tangents)


# -- second derivatives -------------------------------------------------------------------------------------------


def hessian_vector(derivation: Derivation) -> Directional:
    """The Hessian of the objective by the parameters asked for, times a direction: R(∂J/∂θ) for each of them."""
    found = [derivation.adjoint(name).quantity.name for name in derivation.wrt if any(
        adjoint.of.name == name for adjoint in derivation.adjoints)]
    made = directional(derivation.system, derivation.wrt, found)
    tangent = {t.of.name: t.quantity.name for t in made.tangents}
    by = {adjoint.quantity.name: adjoint.of.name for adjoint in derivation.adjoints}
    return replace(made, products={by[name]: tangent[name] for name in found if name in tangent})


def hessian(derivation: Derivation, name: str, by: str) -> Directional:
    """∂²J/∂name∂by, entry by entry: the tangent of ∂J/∂name has the indices of both."""
    return by_entries(derivation.system, by, [derivation.adjoint(name).quantity.name])


def gauss_newton_vector(forward: System, objective: str, prediction: str, parameters: Iterable[str],
                        known: Iterable[Equation] = ()) -> Directional:
    """The Gauss–Newton matrix times a direction: Yᵀ·H·Y·v, with Y = ∂prediction/∂θ and H = ∂²J/∂prediction².

    The prediction is taken to be linear in the parameters, so that of the loss's curvature only the part through it is
    left (Schraudolph 2002).  What the loss reads of the parameters besides, as a penalty does, counts with its whole
    curvature.

    Args:
        prediction: where the network is split: see `linear_output`.
        known: equations derived before; what is found again here keeps their numbers.
    """
    parameters = tuple(parameters)
    moved = directional(forward, parameters, [prediction])
    # The loss as a function of the prediction (and of what else it reads): how its gradient changes when they move.
    loss = _with_names_apart(differentiate(_without(forward, prediction), objective, [prediction, *parameters]), prediction)
    adjoints = {adjoint.of.name: adjoint.quantity for adjoint in loss.adjoints}
    seeds = {name: moved.along(name) if name == prediction else moved.directions[name].entry
             for name in (prediction, *parameters) if name in adjoints}
    curved = _tangents(loss.system, seeds, (), [adjoints[name].name for name in seeds])
    by = {adjoints[name].name: name for name in seeds}
    back = _pulled_back(forward, prediction, parameters, {by[t.of.name]: t.quantity for t in curved if t.of.name in by})
    equations = {e.name: e for e in (*loss.system.equations, *(t.equation for t in moved.tangents),
                                     *(t.equation for t in curved), *(a.equation for a in back.adjoints))}
    quantities = {**forward.quantities, **loss.system.quantities, **moved.system.quantities, **back.system.quantities,
                  **{t.quantity.name: t.quantity for t in curved}}
    whole = System(quantities, (*(e for e in forward.equations if e.name not in equations), *equations.values()))
    results = [adjoint for adjoint in back.adjoints if adjoint.of.name in parameters]
    needed = _upto(whole, *(adjoint.quantity.name for adjoint in results)).equations
    system = System(quantities, tuple(_numbered(needed, forward.equations, known)))
    tangents = tuple(Tangent(a.of, a.quantity, tuple(path.local for path in a.paths), a.equation) for a in results)
    return Directional(forward, moved.directions, tangents, system, {t.of.name: t.quantity.name for t in tangents})


def _with_names_apart(loss: Derivation, prediction: str) -> Derivation:
    """∂J/∂W with the prediction held fixed is not all of ∂J/∂W: it gets a name of its own."""
    taken = loss.system
    apart = {a.quantity.name: _free(f"{a.quantity.name}_direct", taken) for a in loss.adjoints if a.of.name != prediction}
    rename = Renaming({Symbol(old): Symbol(new) for old, new in apart.items()})

    def renamed(equation: Equation) -> Equation:
        return Equation(rename(equation.target), rename(equation.body), equation.number)

    adjoints = tuple(replace(a, quantity=replace(a.quantity, name=apart.get(a.quantity.name, a.quantity.name)),
                             equation=renamed(a.equation)) for a in loss.adjoints)
    system = loss.forward.extended([a.quantity for a in adjoints], [a.equation for a in adjoints])
    return replace(loss, adjoints=adjoints, system=system)


def _pulled_back(forward: System, prediction: str, parameters: Sequence[str], pulled: Mapping[str, Quantity]) -> Derivation:
    """What stands at the prediction, carried back to the parameters by the transposed Jacobian.

    It is the gradient of Σ (H Y v)·prediction, with H Y v held fixed.
    """
    through = Quantity(_free("G", forward), (), meaning="scalar product with the prediction")
    product = Equation(through.entry, Add(*(Sum(each.entry * forward.quantities[name].entry, *each.indices)
                                            for name, each in pulled.items())))
    given = [replace(each, role=Role.INPUT) for each in pulled.values()]
    return differentiate(_upto(forward, prediction).extended([*given, through], [product]), through.name, parameters)


def linear_output(derivation: Derivation, prediction: str) -> str:
    """The quantity at which the Gauss–Newton matrix splits the network from its loss.

    It is the prediction, or what the prediction is a function of where the loss matches that function: ∂J/∂z is then
    affine in the prediction, as a − t is for softmax or sigmoid with cross-entropy, and ∂²J/∂z² is that function's own
    derivative (Schraudolph 2002).
    """
    definitions, quantities = derivation.forward.definitions, derivation.forward.quantities
    adjoints = {adjoint.of.name: adjoint.equation for adjoint in derivation.adjoints}
    read = [name for name in definitions[prediction].reads if quantities[name].role is not Role.CONSTANT]
    if len(read) != 1 or read[0] not in definitions or read[0] not in adjoints:
        return prediction
    slope = adjoints[read[0]]
    computed = slope.reads & derivation.system.definitions.keys()
    affine = computed == {prediction} and prediction not in names(local_derivative(slope, quantities[prediction]).form)
    return read[0] if affine else prediction


def _numbered(equations: Sequence[Equation], *known: Iterable[Equation]) -> Iterable[Equation]:
    """Equations with numbers after all that are known; one that is known has its number."""
    numbers = {(e.target, e.body): e.number for group in known for e in group}
    last = max(numbers.values(), default=0)
    for equation in equations:
        number = numbers.get((equation.target, equation.body))
        if number is None:
            last += 1
        yield replace(equation, number=last if number is None else number)


def _without(system: System, name: str) -> System:
    """The system with one quantity given instead of computed."""
    return System(system.quantities, tuple(e for e in system.equations if e.name != name))


def _upto(system: System, *wanted: str) -> System:
    """The equations that quantities are computed by."""
    needed, waiting = set(wanted), list(wanted)
    while waiting:
        equation = system.definitions.get(waiting.pop())
        new = equation.reads - needed if equation else ()
        needed |= set(new)
        waiting += new
    return System(system.quantities, tuple(e for e in system.in_order() if e.name in needed))
