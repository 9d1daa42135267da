"""The Hessian and the Gauss–Newton matrix, each times a direction, in C."""

from __future__ import annotations

from codegen.targets.c.functions import Function
from codegen.targets.c.program import Functions
from codegen.targets.numpy.lowered import Lowered
from codegen.targets.numpy.second_order import SecondOrder
from derive.calculus.tangent import Directional


def products(functions: Functions, second: SecondOrder) -> dict[str, Function]:
    """The function of each matrix, by its name; a direction and a product lie as gradients do."""
    return {name: _product(functions, made) for name, _, made in second.matrices}


def _product(functions: Functions, made: Directional) -> Function:
    lowered = Lowered(functions.network, functions.lowered.derivation, made.system)
    writer = functions.writer(lowered.program, {e.name: e for e in made.system.equations})
    found = {name: made.products.get(name) for name in functions.by_parameter}  # none where the gradients are constant
    directions = {name: made.directions[name].name for name in functions.by_parameter}
    body = writer.function([name for name in found.values() if name], [
        *functions.stored(), *functions.data(), functions.vector("direction", directions, "const"),
        functions.vector("result", found)])
    body.lines += functions.zeros("result", found)
    return body
