"""Calls of NumPy functions as code, one a line."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sympy import Expr

from codegen.contraction import matrix_product
from codegen.targets.numpy.calls import Call, Heading
from codegen.targets.numpy.plain import heading
from codegen.targets.numpy.printer import COMPARISON, NumpyPrinter
from codegen.temporaries import ordered_axes
from derive.language.expressions import Access, Index, Reduction, Sum


class CallPrinter:
    """Writes calls as code."""

    def __init__(self, printer: NumpyPrinter, identifier: Callable[[str], str]) -> None:
        self.printer = printer
        self.identifier = identifier

    def text(self, call: Call | Heading) -> str | None:
        """One line of code (or a few), or None where nothing is to be done."""
        code = heading(call.block, self.printer) if isinstance(call, Heading) else self._text(call)
        return None if code is None else "\n".join("    " * call.depth + line for line in code.split("\n"))

    def _text(self, call: Call) -> str | None:
        show, axes = self.printer.position if call.counts else self.printer.text, call.axes
        arguments = call.arguments
        if call.operation == "squares":
            operand = show(arguments[0], arguments[0].indices)
            return f"{self.identifier(call.target.name)} = np.vdot({operand}, {operand})"
        if call.operation == "scalar":
            return f"{self.identifier(call.target.name)} = {show(arguments[0])}"
        if not call.target.indices and call.operation in ("reduce", "contract") and (
                call.target.name not in self.printer.quantities or not self._is_array(call.target.name)):
            return f"{self.identifier(call.target.name)} = {self._scalar(call)}"
        out = self.printer.view(call.target, axes) if call.target.indices else self.identifier(call.target.name)
        if call.operation == "ufunc":
            code = ", ".join(show(a, axes) for a in arguments)
            return f"np.{call.function}({code}, out={out})"
        if call.operation == "contract":
            return self._contract(call, out)
        if call.operation == "reduce":
            reduction = arguments[0]
            assert isinstance(reduction, Reduction)
            own = self.printer.own_axes(reduction.body)
            code = show(reduction.body, own)
            places = tuple(sorted(own.index(i) for i in reduction.indices))
            axis = "None" if len(places) == len(own) else str(places[0] if len(places) == 1 else places)
            have = [i for i in own if i not in reduction.indices]
            if have != list(axes):
                out = self.printer.align(out, list(axes), have)
            return f"np.{call.function}.reduce({code}, axis={axis}, out={out})"
        if call.operation == "gather":
            return self._gather(arguments[0], axes, out)
        if call.operation == "take":
            return f'np.take({self.identifier(arguments[0].name)}, {show(arguments[1], axes)}, out={out}, mode="clip")'
        if call.operation == "scatter":
            at, values = (f"{show(a, a.indices)}.reshape(-1)" for a in arguments)
            whole = self.identifier(call.target.name)
            return f"{whole}.fill(0)\nnp.add.at({whole}.reshape(-1), {at}, {values})"
        if call.operation == "copy":
            code = show(arguments[0], axes)
            return None if code == out else f"np.copyto({out}, {code})"
        if call.operation == "masked":
            return f"np.copyto({out}, {show(arguments[0], axes)}, where={show(arguments[1], axes)})"
        if call.operation == "helper":
            self.printer.helpers.add(f"{call.function}_into")
            first, *scratch = (show(a, axes) for a in arguments)
            return f"_{call.function}_into({first}, {out}, {', '.join(scratch)})"
        raise ValueError(call.operation)

    def _gather(self, access: Expr, axes: Sequence[Index], out: str) -> str:
        """np.take along one axis, which needs no new array."""
        assert isinstance(access, Access)
        quantity = self.printer.quantities[access.name]
        name = self.identifier(access.name)
        labels = [(p, i) for p, i in enumerate(access.indices) if isinstance(i, Access)]
        if len(labels) == 1 and all(isinstance(i, Index) and i.size == size for i, size in zip(
                access.indices, quantity.shape, strict=True) if not isinstance(i, Access)):
            place, label = labels[0]
            assert isinstance(label, Access)
            at = self.printer.view(label, label.indices)
            spread = (*access.indices[:place], *label.indices, *access.indices[place + 1:])
            if spread == tuple(axes):
                return f'np.take({name}, {at}, axis={place}, out={out}, mode="clip")'
        return f"{out}[...] = {self.printer.text(access, axes)}"

    def _is_array(self, name: str) -> bool:
        return name in self.arrays

    arrays: frozenset[str] = frozenset()

    def _scalar(self, call: Call) -> str:
        if call.operation == "contract":
            return self.printer.text(call.arguments[0])
        reduction = call.arguments[0]
        assert isinstance(reduction, Reduction)
        code = self.printer.text(reduction.body, self.printer.own_axes(reduction.body))
        return f"np.{call.function}.reduce({code}, axis=None)"

    def _contract(self, call: Call, out: str) -> str:
        body, axes = call.arguments[0], call.axes
        assert isinstance(body, Sum)
        made = matrix_product(body, ordered_axes(body, axes), self.printer.quantities)
        assert made is not None
        left, right, result = made.left, made.right, made.result(call.target)
        codes = [self.printer.matrix(side.access, side.batch, side.rows, side.columns, COMPARISON) for side in (left, right)]
        if not result.axes:
            return f"{out}[...] = np.vdot({', '.join(codes)})"
        out = self.printer.matrix(call.target, result.batch, result.rows, result.columns)
        return f"np.matmul({', '.join(codes)}, out={out})"
