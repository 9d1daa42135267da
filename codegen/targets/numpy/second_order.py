"""Second derivatives: the Hessian and the Gauss–Newton matrix, each times a direction, as functions that people read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from codegen.targets.numpy.functions import Functions
from codegen.targets.numpy.layout import call_lines
from codegen.targets.numpy.lowered import Lowered
from derive.calculus.tangent import Directional, gauss_newton_vector, hessian_vector, linear_output
from derive.language.equations import Equation


@dataclass(frozen=True)
class Product:
    """A matrix times a direction: the body of its function, and its result for each parameter as code."""

    body: str
    items: list[tuple[str, str]]
    helpers: set[str]


class SecondOrder:
    """The products of one network; `split` is the quantity at which Gauss and Newton part it from its loss."""

    def __init__(self, lowered: Lowered) -> None:
        self.lowered = lowered
        network, derivation = lowered.network, lowered.derivation
        self.split = linear_output(derivation, network.prediction)
        self._hessian = hessian_vector(derivation)
        self._gauss_newton = gauss_newton_vector(derivation.forward, network.loss, self.split, derivation.wrt,
                                                 self._hessian.system.equations)

    @property
    def matrices(self) -> list[tuple[str, str, Directional]]:
        """Each with the name of its matrix in the module, and in words."""
        return [("hessian", "the Hessian", self._hessian), ("gauss_newton", "the Gauss–Newton matrix", self._gauss_newton)]

    @cached_property
    def products(self) -> list[tuple[str, str, Product]]:
        """The same, printed."""
        return [(name, title, self._product(made)) for name, title, made in self.matrices]

    @property
    def helpers(self) -> set[str]:
        return set().union(*(product.helpers for _, _, product in self.products))

    def _product(self, made: Directional) -> Product:
        lowered = Lowered(self.lowered.network, self.lowered.derivation, made.system)
        functions = Functions(lowered, lowered.readable, {n: v.name for n, v in made.directions.items()})
        body = functions.body(list(made.products.values()), lowered.data)
        items = []
        for name in lowered.network.parameters:
            key = lowered.identifier(name)
            product = made.products.get(name)  # none where the gradients are constant along it
            items.append((key, lowered.identifier(product) if product else f'np.zeros_like(parameters["{key}"])'))
        return Product(body, items, functions.helpers)

    @property
    def equations(self) -> list[Equation]:
        """Those that only the products need, in the order of their numbers."""
        known = self.lowered.derivation.system.definitions.keys()
        found: dict[tuple[int, str], Equation] = {}
        for made in (self._hessian, self._gauss_newton):
            waiting, definitions = list(made.products.values()), made.system.definitions
            while waiting:
                equation = definitions.get(waiting.pop())
                if equation and equation.name not in known and (equation.number, equation.name) not in found:
                    found[equation.number, equation.name] = equation
                    waiting += equation.reads
        return [found[key] for key in sorted(found)]


def solve(lowered: Lowered) -> str:
    """The end of `_train` for an optimiser that solves equations with all parameters at once."""
    data = lowered.identifiers(lowered.data)
    samples = lowered.count(data[0])
    lines = [f"        masks = self._masks[{samples}]", "        _draw(masks, self._rng)"] if lowered.random else []
    masks = ["*masks.values()"] if lowered.random else []
    step = ["self._values", "self._gradients", f"self._workspaces[{samples}]", *data, *masks]
    move = ["loss", *data, *(["masks"] if masks else [])]
    lines += [call_lines("loss = _step", step, 8), call_lines("self._move", move, 8), "        return loss"]
    return "\n".join(lines)
