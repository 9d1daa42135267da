"""The equations of a network as array statements, and the Python name of every quantity.

All parts of the module are printed from this one object, so that a quantity is called the same in each of them.
"""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from sympy import Expr

from codegen.lowering import lower
from codegen.passes import guards_merged, without_common_subexpressions, without_repeated_statements
from codegen.program import Program
from codegen.sizes import Sizes
from codegen.targets.numpy.printer import NumpyPrinter
from derive.calculus.record import Derivation
from derive.language.equations import Equation, Quantity, Recurrence, Role, System
from derive.network import Network
from derive.rewrites.stable_system import stable_system

RESERVED = frozenset({
    "np", "sliding_window_view", "Array", "ArrayLike", "Callable", "DTypeLike", "Parameters", "SHAPES", "PARAMETERS",
    "FROZEN", "RUNNING", "MASKS", "LABELS", "OPTIONS", "SUMS", "Training", "Model", "initial_parameters", "draw_masks",
    "forward", "loss_and_gradients",
    "running_statistics", "hessian_vector_product", "gauss_newton_vector_product", "hessian", "gauss_newton", "trace",
    "check_gradients", "sigmoid", "softplus", "erf", "erfc", "m", "self", "parameters", "gradients", "arrays", "update",
    "memory", "data", "masks", "direction", "position", *dir(builtins)})


class Lowered:
    """A network and its derivation, lowered for NumPy.

    Attributes:
        system: the equations as the record states them; the statements compute their stable forms.
        program: the statements; `readable` has common subexpressions named besides.
        gradient_of: the name of ∂J/∂q by that of q.
        data: names of inputs and targets.
        running: names of running statistics; `stored` are they and the parameters.
        random: names of the masks that training draws.
        columns: whether the samples are the last axis of the data.
    """

    reserved = RESERVED

    def __init__(self, network: Network, derivation: Derivation, system: System | None = None) -> None:
        self.network = network
        self.derivation = derivation
        self.system = derivation.system if system is None else system
        stable = stable_system(self.system)
        self.quantities = stable.quantities
        self.gradient_of = {a.of.name: a.quantity.name for a in derivation.adjoints}
        self.data = (*network.inputs, *network.targets)
        self.running = tuple(equation.name for equation in network.running)
        self.stored = (*network.parameters, *self.running)
        self.random = tuple(network.random)
        self.columns = network.columns
        self._sizes = Sizes(network.sizes)
        self._identifiers: dict[str, str] = {}
        self._taken = set(self.reserved)
        for name in [*self.data, *self.quantities]:
            self.identifier(name)
        self.program = self._lower([
            *System(self.quantities, tuple(_as_derived(stable.in_order(), derivation))).blocks(), *network.running])
        self.readable = without_common_subexpressions(self.program)
        #: The array that the floating-point type is taken from.
        self.typed_by = next(iter(network.parameters), network.inputs[0])
        self.dtype = f"{self.identifier(self.typed_by)}.dtype"

    def _lower(self, equations: Iterable[Equation | Recurrence]) -> Program:
        return without_repeated_statements(guards_merged(lower(equations, self.quantities, self.network.sizes)))

    @cached_property
    def predicting(self) -> Program:
        """The statements that lead to the prediction outside of training."""
        system = self.network.predicting
        numbers = {e.name: e.number for e in self.derivation.forward.equations}
        stable = stable_system(System(system.quantities, tuple(
            replace(e, number=numbers[e.name]) for e in system.equations)))
        return without_common_subexpressions(self._lower(stable.blocks()))

    def identifier(self, name: str) -> str:
        """The name as a Python identifier that nothing else in the module is called by."""
        if name not in self._identifiers:
            text = "".join(c if c.isidentifier() or c.isdigit() else "_" for c in name) or "_"
            text = f"_{text}" if text[0].isdigit() else text
            while text in self._taken or keyword.iskeyword(text):
                text += "_"
            self._identifiers[name] = text
            self._taken.add(text)
        return self._identifiers[name]

    def identifiers(self, names: Iterable[str]) -> list[str]:
        return [self.identifier(name) for name in names]

    def printer(self, quantities: Mapping[str, Quantity], names: Callable[[str], str] | None = None) -> NumpyPrinter:
        return NumpyPrinter(quantities, names or self._of_type, self._is_weak, self.dtype)

    def _of_type(self, name: str) -> str:
        """The name; an array of constants is made to have the floating-point type of the parameters."""
        return f"{self.identifier(name)}.astype({self.dtype})" if name in self.constant_arrays else self.identifier(name)

    @cached_property
    def constant_arrays(self) -> list[str]:
        return [name for name, quantity in self.network.constants.items() if quantity.indices]

    def _is_weak(self, name: str) -> bool:
        quantity = self.quantities.get(name)
        return quantity is not None and quantity.role is Role.CONSTANT

    def size(self, expression: Expr) -> str:
        """A size as code: its number, or m for the samples."""
        return str(self._sizes(expression))

    def sizes(self, name: str, samples: str = "m") -> list[str]:
        """The size of each axis of a quantity as code, with `samples` for their number."""
        return [samples if (size := self.size(axis)) == "m" else size for axis in self.quantities[name].shape]

    def shape(self, name: str, samples: str = "m") -> str:
        """The shape of a quantity as code."""
        return shape_text(self.sizes(name, samples))

    @cached_property
    def sampled(self) -> str | None:
        """Data with an axis of samples, which tells how many there are."""
        return next((n for n in self.data if self.quantities[n].sample_axis is not None), None)

    @property
    def features(self) -> int:
        """The axis of features or classes, counted from the last."""
        return -2 if self.columns else -1

    def count(self, array: str) -> str:
        """Code for the number of samples of an array."""
        return f"{array}.shape[-1]" if self.columns else f"len({array})"


def shape_text(sizes: Sequence[str]) -> str:
    return f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"


def _as_derived(equations: Iterable[Equation], derivation: Derivation) -> list[Equation]:
    """The equations in the order of the derivation: forward, then the adjoints in reverse topological order."""
    by_name = {e.name: e for e in equations}
    order = [e.name for e in derivation.forward.equations] + [a.equation.name for a in derivation.adjoints]
    return [by_name[n] for n in order] if set(order) == set(by_name) else list(by_name.values())
