"""Comparisons with 0 as comparisons with an array."""

from __future__ import annotations

from dataclasses import replace

import sympy
from sympy.core.basic import Basic
from sympy.core.relational import Relational

from codegen.passes.named import optional
from codegen.program import Program, Statement, mapped
from derive.language.equations import Quantity, Role
from derive.language.expressions import accesses

#: The number 0 of the floating-point type, as an array without axes.  No name in a file has a blank.
ZERO = Quantity("float zero", (), Role.CONSTANT, value=0)


@optional
def zeros_as_arrays(program: Program) -> Program:
    """max(z, 0) and z > 0 compare with an array that holds 0: Python's 0 would be made one in every call."""

    def compared(statement: Statement) -> Statement:
        found: dict[Basic, Basic] = {}
        for node in statement.body.atoms(Relational, sympy.Max, sympy.Min):
            read = list(accesses(node))
            if 0 in node.args and read and all(a.indices and a.name in program.first for a in read):
                arguments = [ZERO.entry if argument == 0 else argument for argument in node.args]
                found[node] = node.func(*arguments, evaluate=False)
        return replace(statement, body=statement.body.xreplace(found)) if found else statement

    return replace(program, statements=mapped(program.statements, compared),
                   quantities={**program.quantities, ZERO.name: ZERO})
