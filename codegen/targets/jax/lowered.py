"""The equations of a network for JAX: those of the NumPy target, with other names reserved and another printer."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from codegen.targets.jax.maxima import with_named_operands
from codegen.targets.jax.printer import JaxPrinter
from codegen.targets.numpy.lowered import RESERVED, Lowered
from derive.calculus.record import Derivation
from derive.language.equations import Quantity, System
from derive.network import Network


class JaxLowered(Lowered):
    """A network and its derivation, lowered for JAX."""

    reserved = RESERVED | {
        "jax", "jnp", "lax", "stored", "Mesh", "NamedSharding", "PartitionSpec", "States", "State", "MOST_PASSES",
        "before", "state", "states", "options", "updates", "step", "after", "given",
        "found", "array", "axis"}

    def __init__(self, network: Network, derivation: Derivation, system: System | None = None) -> None:
        super().__init__(network, derivation, system)
        self.readable = with_named_operands(self.readable)

    def printer(self, quantities: Mapping[str, Quantity], names: Callable[[str], str] | None = None) -> JaxPrinter:
        return JaxPrinter(quantities, names or self._of_type, self._is_weak, self.dtype)

    def _of_type(self, name: str) -> str:
        """The name; an array of constants lies on no device before a function needs it there."""
        name_ = self.identifier(name)
        return f"jnp.asarray({name_}, {self.dtype})" if name in self.constant_arrays else name_
