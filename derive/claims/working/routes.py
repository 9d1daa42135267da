"""A working: the equations of a network at entries, made when they are asked for.

What a node (an access at numbers, see `derive.claims.working.names`) is computed from can be said in several ways; each is a
route, the first of them the one that numbers are computed by:

    a2[0,1]                 its forward equation
    ∂a2/∂z2[0,1;0,1]        the local derivative, in terms of the output and as SymPy gives it
    ∂J/∂W1[0,0]             Σ_q ∂J/∂q · ∂q/∂W1[0,0] over what reads W1[0,0]; Σ_r ∂J/∂r · ∂r/∂W1[0,0] over what J reads;
                            and the simplified equation of the derivation
    W1[0,0] after 1         the optimiser's assignments, with ∂J/∂W1[0,0]
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, Literal

from sympy import Add, Expr, Integer, Mul, Symbol

from derive.calculus.record import Adjoint
from derive.claims.claim import After
from derive.claims.working.equations import Equations, TooLarge
from derive.claims.working.names import Name, derivative, meant, nodes_of
from derive.claims.working.updates import update
from derive.language.expressions import Access, Partial, Reduction
from derive.language.substitution import substitute
from derive.network import Network, NetworkDerivation

UNROLLED = 2  # updates that are followed entry by entry; after more of them, parameters are given by training

Order = Literal["simultaneous", "layer_by_layer"]


class Working:
    """The equations of a network at concrete sizes.

    Args:
        sizes: the value of each size symbol, m included.
        labels: the values of whole numbers that stand inside indices, by name.
        order, frozen: how parameters are updated, where it is not as the file says.
        data: inputs and targets whose numbers are put in.
        start: after how many updates it begins: parameters and the optimiser's states are then given.
    """

    def __init__(self, network: Network, derivation: NetworkDerivation, sizes: Mapping[Symbol, int],
                 labels: Mapping[str, Any] | None = None, order: Order | None = None,
                 frozen: Iterable[str] | None = None, data: Mapping[str, Any] | None = None, start: int = 0) -> None:
        self.network, self.derivation, self.start = network, derivation, start
        self.equations = Equations(network, derivation.forward, sizes, labels or {}, data or {})
        self.order = order or network.training.update_order
        self.frozen = frozenset(network.frozen if frozen is None else frozen)
        self.trained = tuple(name for name in network.parameters if name not in self.frozen)
        self._routes: dict[Access, tuple[Expr, ...]] = {}
        self._above: dict[Access, frozenset[Access]] = {}

    # -- claims ---------------------------------------------------------------------------------------------------

    def read(self, expression: Any, each: int = 1) -> Any:
        """An expression of a claim with accesses for derivatives and moments; `each` are the updates of one unit."""
        if isinstance(expression, After):
            what = self.read(expression.what)
            return what.xreplace({node: self.at(node, expression.updates * each) for node in nodes_of(what)})
        if isinstance(expression, Partial):
            of, by = expression.args
            return derivative(of, by)
        if isinstance(expression, Access) or not expression.args:
            return expression
        return expression.func(*(self.read(part, each) for part in expression.args))

    # -- moments ----------------------------------------------------------------------------------------------------

    def at(self, node: Access, updates: int, ahead: frozenset[str] = frozenset()) -> Access:
        """A node once so many updates have been made, where derivatives read those parameters that are ahead one later."""
        name = meant(node.name).now
        if name.of in self.trained and not name.by:
            moved = replace(name, updates=updates + (name.of in ahead))
        elif "." in name.of:  # a state of the optimiser
            moved = replace(name, updates=updates)
        elif name.by:
            moved = replace(name, updates=updates * bool(self._parameters[name.of]),
                            ahead=ahead & self._parameters_between(name.of, name.by))
        else:
            moved = replace(name, updates=updates * bool(self._parameters[name.of]))
        return moved.at(*node.indices)

    def changes(self, node: Access) -> bool:
        """Whether a node is another number after an update."""
        return bool(self._parameters[meant(node.name).of])

    @cached_property
    def _parameters(self) -> Mapping[str, frozenset[str]]:
        """The trained parameters that each quantity depends on."""
        return {name: needs & frozenset(self.trained) for name, needs in self.equations.needs.items()}

    def _parameters_between(self, of: str, by: str) -> frozenset[str]:
        """The trained parameters that are read on the way from one quantity to another, beside the first of them."""
        return frozenset(name for q in self.equations.needs[of] if by in self.equations.needs[q] and q != by
                         for name in self.equations.system.definitions[q].reads if name in self.trained and name != by)

    def ahead_of(self, name: str) -> frozenset[str]:
        """The parameters that are updated before the gradient of another is computed."""
        order = [adjoint.of.name for adjoint in self.derivation.adjoints]
        if self.order != "layer_by_layer" or name not in order:
            return frozenset()
        return frozenset(order[: order.index(name)]) & set(self.trained)

    # -- routes -----------------------------------------------------------------------------------------------------

    def routes(self, node: Access) -> tuple[Expr, ...]:
        """What a node is computed from, in the ways that there are; none for what is given.

        Raises:
            TooLarge: a sum has too many terms.
        """
        if node not in self._routes:
            name = meant(node.name)
            if name != name.now:
                found = self._later(node, name)
            elif name.by:
                found = self._derivative(*self.equations.ends(node), direct=name.direct)
            elif name.of in self.equations.system.definitions:
                found = (self._forward(node),)
            elif "." in name.of:  # a state of the optimiser, before the first update
                found = (Integer(0),)
            else:
                found = ()
            self._routes[node] = found
        return self._routes[node]

    def _forward(self, node: Access) -> Expr:
        equation = self.equations.system.definitions[node.name]
        return self.equations.places(equation.body, dict(zip(equation.target.indices, node.indices, strict=True)))

    def _later(self, node: Access, name: Name) -> tuple[Expr, ...]:
        """The routes of what comes after updates."""
        plain = name.now.at(*node.indices)
        if name.by or name.of in self.equations.system.definitions:
            return tuple(body.xreplace({read: self.at(read, name.updates, name.ahead) for read in nodes_of(body)})
                         for body in self.routes(plain))
        if not self.start < name.updates <= self.start + UNROLLED or self.batches > 1:
            return ()
        return (update(self, node, name),)

    @property
    def batches(self) -> int:
        """How many updates go once through the data."""
        samples = self.equations.samples
        return math.ceil(samples / (self.network.training.batch_size or samples))

    def _derivative(self, of: Access, by: Access, direct: bool) -> tuple[Expr, ...]:
        if of == by:
            return (Integer(1),)
        readers = self.equations.readers(by)
        if direct:
            return self._forms(of, by)
        if of in readers and not self._indirect(of, by):
            return self._forms(of, by) + self._simplified(of, by)
        up = [(q, self._local(q, by)) for q in readers if q == of or self.equations.depends(of, q)]
        if not up:
            return (Integer(0),)
        routes = [Add(*(Mul(Integer(1) if q == of else derivative(of, q), local) for q, local in up))]
        try:
            down = [(r, self._local(of, r)) for r in self.reads(of) if r == by or self.equations.depends(r, by)]
            routes.append(Add(*(Mul(local, Integer(1) if r == by else derivative(r, by)) for r, local in down)))
        except TooLarge:
            pass
        routes += [self._inlined(route) for route in routes]
        return tuple(dict.fromkeys((*routes, *self._simplified(of, by))))

    def _local(self, of: Access, by: Access) -> Access:
        return derivative(of, by, direct=self._indirect(of, by))

    def _indirect(self, of: Access, by: Access) -> bool:
        """Whether there is a way from one to the other besides the equation that reads it."""
        return any(q != of and self.equations.depends(of, q) for q in self.equations.readers(by))

    def _forms(self, of: Access, by: Access) -> tuple[Expr, ...]:
        """The local derivative of an equation, in the forms of the record."""
        local = self.equations.local(of.name, by.name)
        place = {**dict(zip(local.of.indices, of.indices, strict=True)),
                 **dict(zip(local.by.indices, by.indices, strict=True))}
        return tuple(dict.fromkeys(self.equations.places(form, place) for form in (local.form, local.raw)))

    def _inlined(self, route: Expr) -> Expr:
        """A route with the local derivatives put in that are a weight, an output or a number: ∂z2/∂a1 = W2."""
        simple = {}
        for node in nodes_of(route):
            name = meant(node.name)
            of, by = self.equations.ends(node) if name.by else (node, node)
            if name.by and of in self.equations.readers(by) and (name.direct or not self._indirect(of, by)):
                [form, *_] = self._forms(of, by)
                if len(nodes_of(form)) <= 1 and not form.atoms(Reduction):
                    simple[node] = form
        return route.xreplace(simple)

    def adjoint(self, of: Access, by: Access) -> Expr | None:
        """The derivation's own equation of ∂of/∂by, at any indices; None where it has none."""
        found = self._adjoints.get(by.name)
        if of.name != self.derivation.objective or found is None:
            return None
        body = substitute(found.equation.body, dict(zip(found.of.indices, by.indices, strict=True)))
        made = {adjoint.quantity.name: name for name, adjoint in self._adjoints.items()}
        return body.xreplace({read: derivative(of, Access(made[read.name], *read.indices))
                              for read in nodes_of(body) if read.name in made})

    @cached_property
    def _adjoints(self) -> Mapping[str, Adjoint]:
        """The adjoints of the derivation, by what they are derivatives by."""
        return {adjoint.of.name: adjoint for adjoint in self.derivation.adjoints}

    def derived(self, node: Access) -> Expr | None:
        """The derivation's own equation of a node, before any update; None where it has none."""
        name = meant(node.name)
        return next(iter(self._simplified(*self.equations.ends(node))), None) if name.by and name == name.now else None

    def _simplified(self, of: Access, by: Access) -> tuple[Expr, ...]:
        """The derivation's own equation with its sums written out."""
        body = self.adjoint(of, by)
        try:
            return () if body is None else (self.equations.places(body, {}),)
        except TooLarge:
            return ()

    # -- what reads what --------------------------------------------------------------------------------------------

    def reads(self, node: Access) -> tuple[Access, ...]:
        """The nodes that a node is computed from."""
        return nodes_of(self.routes(node)[0]) if self.routes(node) else ()

    def above(self, node: Access) -> frozenset[Access]:
        """All that a node can be computed from, by any route."""
        if node not in self._above:
            try:
                read = {read for route in self.routes(node) for read in nodes_of(route)}
            except TooLarge:
                read = set()
            self._above[node] = frozenset(read).union(*map(self.above, read))
        return self._above[node]
