"""Arrays that are compared with their maximum, as the gradient of a maximum does to find where it is taken.

XLA computes an array anew for each of its readers where that saves memory, and may round it otherwise there (x·w + b in
one operation or in two): no entry would then equal the maximum, and the gradient would be lost.  So these arrays get
a name, and are stored.
"""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Expr
from sympy.core.relational import Relational

from codegen.passes import structure, without_common_subexpressions
from codegen.program import Program, flat
from derive.language.expressions import Access, Maximum


def with_named_operands(program: Program) -> Program:
    """Name each expression that is compared with a maximum and is no array yet, there and under the maximum."""
    wanted = {structure(side)[0] for side in _compared(program) if not isinstance(side, Access)}
    return without_common_subexpressions(program, lambda node: structure(node)[0] in wanted) if wanted else program


def compared_with_maxima(program: Program) -> frozenset[str]:
    """The arrays that are."""
    computed = {statement.name for statement in flat(program.statements)}
    return frozenset(side.name for side in _compared(program) if isinstance(side, Access)) & computed


def _compared(program: Program) -> Iterator[Expr]:
    """What stands on the other side of a maximum."""
    maxima = {statement.name for statement in flat(program.statements) if statement.body.has(Maximum)}

    def is_maximum(side: Expr) -> bool:
        return isinstance(side, Maximum) or isinstance(side, Access) and side.name in maxima

    for statement in flat(program.statements):
        for relation in statement.body.atoms(Relational):
            for side, other in (relation.args, relation.args[::-1]):
                if is_maximum(other) and not is_maximum(side) and side.has(Access):
                    yield side
