"""A product of matrices as a call: where the matrices begin, and how far apart their rows and columns lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sympy import Integer

from codegen.positions import extent, strides
from codegen.targets.c.layout import INDENT, WIDTH
from codegen.targets.c.loops import MatrixMultiply
from codegen.targets.c.printer import CPrinter
from derive.language.equations import Quantity
from derive.language.expressions import Access, Index


def multiplication(node: MatrixMultiply, quantities: Mapping[str, Quantity], printer: CPrinter) -> list[str]:
    """The call of `product` (see templates/_product.jinja), in loops over the matrices of a stack."""
    product = node.product
    left, right, result = product.left, product.right, product.result(node.target)
    step = [strides(side.access, quantities[side.access.name]) for side in (left, right, result)]
    rows, inner, columns = left.rows, left.columns, right.columns

    def stride(place: int, group: tuple[Index, ...]) -> str:
        return printer.position(step[place][group[-1]]) if group else "1"

    def begin(access: Access) -> str:
        zero = {i: Integer(0) for i in (*rows, *inner, *columns)}
        at = [position.xreplace(zero) for position in access.indices]
        return f"&{printer.text(Access(access.name, *at))}"

    sizes = [printer.position(extent(group)) for group in (rows, inner, columns)]
    operands = [(begin(left.access), stride(0, rows), stride(0, inner)),
                (begin(right.access), stride(1, inner), stride(1, columns)),
                (begin(result.access), stride(2, rows), stride(2, columns))]
    if extent(columns) == 1:
        operands[1] = (*operands[1][:2], "1")
        operands[2] = (*operands[2][:2], "1")
    if operands[2][2] != "1":  # the result lies column after column: the product of the transposes
        (a, ar, ai), (b, bi, bc), (c, cr, cc) = operands
        sizes.reverse()
        operands = [(b, bc, bi), (a, ai, ar), (c, cc, cr)]
    parts = [", ".join(sizes), *(", ".join(operand[:3 - (place == 2)]) for place, operand in enumerate(operands)),
             f"{printer.text(node.keep)}, {printer.text(node.scale)}"]
    printer.helpers.add("product")
    lines = _call("product", parts)
    for index in reversed(left.batch):
        variable = printer.index(index)
        lines = [f"for (long {variable} = 0; {variable} < {printer.position(index.size)}; {variable}++) {{",
                 *(INDENT + line for line in lines), "}"]
    return lines


def _call(name: str, parts: Sequence[str]) -> list[str]:
    line = f"{name}({', '.join(parts)});"
    if len(line) <= WIDTH - 12:
        return [line]
    return [f"{name}({parts[0]},", *(f"        {part}," for part in parts[1:-1]), f"        {parts[-1]});"]
