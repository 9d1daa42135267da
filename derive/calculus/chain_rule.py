"""The chain rule in reverse: from a list of equations to a list of equations, one adjoint at a time.

For a quantity u that is read by the equations of q1, q2, …

    ∂J/∂u[p] = Σ_q Σ_i ∂J/∂q[i] · ∂q[i]/∂u[p]

The adjoints come in reverse topological order; a quantity read twice accumulates two paths.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sympy import Add, Expr, Integer, Mul, Symbol

from derive.calculus.contraction import contract
from derive.calculus.partial import partial
from derive.calculus.record import Adjoint, Derivation, Local, Path, Rule, Step
from derive.language.equations import Equation, Fact, Quantity, Role, System
from derive.language.expressions import Access, Index, Partial, Sum, names
from derive.language.substitution import (
    SAMPLE_INDEX,
    Renaming,
    fresh,
    outline,
    readable_bound_names,
    substitute,
    up_to_names,
)
from derive.rewrites.algebra import tidy
from derive.rewrites.cancellation import cancel_through
from derive.rewrites.output_form import in_terms_of_output


def differentiate(forward: System, objective: str, wrt: Iterable[str] | None = None,
                  simplify: bool = True) -> Derivation:
    """Derive ∂objective/∂q for every quantity q between the objective and those asked for.

    Args:
        forward: the equations; they are numbered here, in topological order.
        objective: a scalar quantity of the system.
        wrt: the quantities asked for; by default every parameter.
        simplify: collect factors and cancel; without, the equations are right but longer, and found sooner.

    Raises:
        Cycle: the equations define quantities in terms of each other.
        ValueError: the objective is no scalar.
    """
    ordered = forward.in_order()
    first = max((e.number for e in ordered), default=0) + 1  # equations derived before keep their numbers
    numbered = []
    for equation in ordered:
        numbered.append(equation if equation.number else replace(equation, number=first))
        first += not equation.number
    forward = System(forward.quantities, tuple(numbered))
    if forward.quantities[objective].indices:
        raise ValueError(f"{objective} has indices; only a scalar can be differentiated by everything else")
    asked = tuple(wrt) if wrt is not None else tuple(
        q.name for q in forward.quantities.values() if q.role is Role.PARAMETER)
    sweep = _Sweep(forward, objective, _between(forward, objective, asked), simplify)
    for name in sweep.order():
        sweep.derive(name)
    adjoints = tuple(sweep.adjoints.values())
    system = forward.extended([a.quantity for a in adjoints], [a.equation for a in adjoints])
    return Derivation(forward, objective, asked, adjoints, system)


def adjoint_name(objective: str, name: str) -> str:
    return f"d{objective}_d{name}"


def _between(forward: System, objective: str, asked: Sequence[str]) -> set[str]:
    """The quantities that depend on one that is asked for, and that the objective depends on."""
    depends = set(asked)
    for equation in forward.equations:
        if not depends.isdisjoint(equation.reads):
            depends.add(equation.name)
    matters = {objective}
    for equation in reversed(forward.equations):
        if equation.name in matters:
            matters |= equation.reads
    return depends & matters


class _Sweep:
    """The state of one reverse pass."""

    def __init__(self, forward: System, objective: str, between: set[str], simplify: bool) -> None:
        self.simplify = simplify
        self.forward = forward
        self.objective = objective
        self.between = between
        self.adjoints: dict[str, Adjoint] = {}
        self.made: dict[str, Quantity] = {}  # the adjoints, those to come among them: a recurrence reads these
        self.number = max((e.number for e in forward.equations), default=0)
        self.facts = tuple(fact for q in forward.quantities.values() for fact in q.facts)
        self.solved: dict[Hashable, tuple[tuple[Symbol, ...], str, _Worked]] = {}
        self.readers: dict[str, list[Equation]] = {}
        for equation in reversed(forward.equations):
            if equation.name in between:
                for name in sorted(equation.reads):
                    self.readers.setdefault(name, []).append(equation)

    def order(self) -> list[str]:
        """Reverse topological order; a parameter comes right after the first quantity computed from it."""
        order: dict[str, None] = {}
        position = {name: i for i, name in enumerate(self.forward.quantities)}
        for equation in reversed(self.forward.equations):
            if equation.name not in self.between:
                continue
            if equation.name != self.objective:
                order.setdefault(equation.name)
            leaves = [n for n in equation.reads & self.between if n not in self.forward.definitions]
            for leaf in sorted(leaves, key=position.__getitem__):
                # Only when no equation further up still reads it are all its paths known.
                if all(reader.name in order or reader.name == self.objective for reader in self.readers[leaf]):
                    order.setdefault(leaf)
        return list(order)

    def derive(self, name: str) -> None:
        """Derive ∂J/∂name, or rename what was derived for a quantity of an equal layer."""
        quantity = self.forward.quantities[name]
        self.number += 1
        number = self.number
        made = self._adjoint(quantity)
        problem = self._problem(quantity)
        shape, met = outline(*problem.expressions)
        shape = shape, len(problem.readers), len(problem.known), len(problem.facts)
        like = None
        if shape not in self.solved:
            self.solved[shape] = met, name, _work_out(problem, self.simplify)
        else:
            like = self.solved[shape][1]
        first, _, worked = self.solved[shape]
        renaming = Renaming(dict(zip(first, met, strict=True)))

        def work() -> tuple[tuple[Path, ...], tuple[Step, ...]]:
            return worked.record(renaming, problem, number, made.entry)

        equation = Equation(made.entry, renaming(worked.body), number)
        self.adjoints[name] = Adjoint(quantity, made, equation, like, work)

    def _adjoint(self, by: Quantity) -> Quantity:
        """The quantity ∂J/∂by, whether its equation is there already or not."""
        if by.name not in self.made:
            free = adjoint_name(self.objective, by.name)
            while free in self.forward.quantities:  # a document may call something else dJ_dW1
                free += "_"
            self.made[by.name] = Quantity(free, by.indices, Role.ADJOINT, of=self.objective, by=by.name,
                                          meaning=f"∂{self.objective}/∂{by.name}")
        return self.made[by.name]

    def _problem(self, quantity: Quantity) -> _Problem:
        readers, known = [], []
        for equation in self.readers.get(quantity.name, []):
            of = self.forward.quantities[equation.name]
            if equation.name == self.objective:
                readers.append(_Reader(of, equation, Integer(1), Integer(1)))
                continue
            entry = self._adjoint(of).entry
            adjoint = self.adjoints.get(equation.name)
            if adjoint is None:  # the quantity reads it further on in a recurrence
                readers.append(_Reader(of, equation, entry, entry))
            elif self._varies(adjoint.equation.body):
                known.append(adjoint.equation)
                readers.append(_Reader(of, equation, entry, entry))
            else:  # ∂J/∂e = 1/m is used as it is
                readers.append(_Reader(of, equation, adjoint.equation.body, entry))
        read = frozenset().union(*(names(reader.equation.body) for reader in readers),
                                 *(equation.reads for equation in known))
        facts = tuple(fact for fact in self.facts if not read.isdisjoint(names(fact.left)))
        return _Problem(quantity, tuple(readers), tuple(known), facts)

    def _varies(self, value: Expr) -> bool:
        """Whether a value depends on a quantity that is no constant."""
        quantities = self.forward.quantities
        return any(n not in quantities or quantities[n].role is not Role.CONSTANT for n in names(value))


@dataclass(frozen=True)
class _Reader:
    """An equation that reads the quantity, with the value of its adjoint and the adjoint's name."""

    of: Quantity
    equation: Equation
    adjoint: Expr
    entry: Expr


@dataclass(frozen=True)
class _Problem:
    """All that ∂J/∂quantity depends on."""

    quantity: Quantity
    readers: tuple[_Reader, ...]
    known: tuple[Equation, ...]
    facts: tuple[Fact, ...]

    @property
    def expressions(self) -> list[Expr]:
        parts: list[Expr] = [self.quantity.entry]
        for reader in self.readers:
            parts += [reader.equation.target, reader.equation.body, reader.adjoint, reader.entry]
        for equation in self.known:
            parts += [equation.target, equation.body]
        for fact in self.facts:
            parts += [fact.left, fact.right]
        return parts


@dataclass(frozen=True)
class _WorkedPath:
    by: Access
    raw: Expr
    form: Expr
    product: Expr
    contribution: Expr


@dataclass(frozen=True)
class _Worked:
    """The solution of one problem, in the names of that problem; equal problems rename it."""

    paths: tuple[_WorkedPath, ...]
    steps: tuple[tuple[Rule, Expr, Expr, tuple[Any, ...]], ...]
    body: Expr

    def record(self, rename: Callable[[Expr], Expr], problem: _Problem, number: int, left: Access
               ) -> tuple[tuple[Path, ...], tuple[Step, ...]]:
        paths = []
        for reader, path in zip(problem.readers, self.paths, strict=True):
            local = Local(reader.equation.target, rename(path.by), reader.equation.number, rename(path.raw),
                          rename(path.form))
            paths.append(Path(reader.of, reader.adjoint, local, rename(path.product), rename(path.contribution)))
        steps = []
        for count, (rule, before, after, because) in enumerate(self.steps, 1):
            reasons = [f"({problem.known[b].number})" if rule is Rule.INSERTION else problem.facts[b].reason
                       for b in because]
            steps.append(Step(f"{number}.{count}", rule, left, rename(before), rename(after), "; ".join(reasons)))
        return tuple(paths), tuple(steps)


def _work_out(problem: _Problem, simplify: bool) -> _Worked:
    """Chain rule, local derivatives, contraction, simplification for one quantity."""
    steps: list[tuple[Rule, Expr, Expr, tuple[Any, ...]]] = []

    def add(rule: Rule, before: Expr, after: Expr, *because: Any) -> None:
        if before != after:
            steps.append((rule, before, after, because))

    paths = tuple(_path(reader, problem.quantity) for reader in problem.readers)
    symbols = Add(*(_symbolic(reader, path) for reader, path in zip(problem.readers, paths, strict=True)))
    chain = Add(*(path.product for path in paths))
    add(Rule.PATHS if len(paths) > 1 else Rule.CHAIN, symbols, chain)
    total = readable_bound_names(Add(*(path.contribution for path in paths)))
    add(Rule.CONTRACTION, chain, total)
    if not simplify:
        return _Worked(paths, tuple(steps), total)
    body = readable_bound_names(tidied(total))
    add(Rule.FACTORING, total, body)
    for position, known in enumerate(problem.known):
        if known.name in names(body):
            found = cancel_through(body, known, problem.facts)
            if found is not None:
                inserted, cancelled, after, used = found
                add(Rule.INSERTION, body, inserted, position)
                add(Rule.CANCELLATION, inserted, cancelled if used else after)
                if used:
                    add(Rule.FACT, cancelled, after, *(problem.facts.index(fact) for fact in used))
                body = after
    return _Worked(paths, tuple(steps), body)


def _path(reader: _Reader, by: Quantity) -> _WorkedPath:
    local = local_derivative(reader.equation, by)
    product = Sum(Mul(reader.adjoint, local.form), *reader.of.indices)
    contribution = substitute(contract(product), dict(zip(local.by.indices, by.indices, strict=True)))
    return _WorkedPath(local.by, local.raw, local.form, product, contribution)


def local_derivative(equation: Equation, by: Quantity) -> Local:
    """∂target/∂by[p, …] of one equation, at indices p, … that the equation does not have."""
    taken = {i.name for i in equation.body.atoms(Index) | set(equation.target.atoms(Index))}
    place = []
    for index in by.indices:
        new = fresh(Index(f"{SAMPLE_INDEX}'" if index.name == SAMPLE_INDEX else "p", index.size), taken)
        taken.add(new.name)
        place.append(new)
    raw = contract(_partial(equation.body, by.at(*place)))
    form = _in_terms_of_output(raw, equation.target, equation.body)
    return Local(equation.target, by.at(*place), equation.number, raw, form)


def _symbolic(reader: _Reader, path: _WorkedPath) -> Expr:
    """The product of a path before anything is worked out: Σ_i ∂J/∂q[i] · ∂q[i]/∂u[p]."""
    return Sum(Mul(reader.entry, Partial(reader.equation.target, path.by)), *reader.of.indices)


# Equal activations differ in names only: SymPy differentiates and simplifies each once.
@up_to_names
def _partial(body: Expr, by: Access) -> Expr:
    return partial(body, by.name, by.indices)


@up_to_names
def _in_terms_of_output(raw: Expr, target: Access, body: Expr) -> Expr:
    return in_terms_of_output(raw, target, body)


tidied = up_to_names(tidy)
