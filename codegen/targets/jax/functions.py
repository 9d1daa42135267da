"""Bodies of the functions that are compiled: they take arrays that were checked before."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from codegen.program import Loop, Program, Statement, Step, flat
from codegen.targets.jax.maxima import compared_with_maxima
from codegen.targets.jax.printer import JaxPrinter
from codegen.targets.jax.recurrence import scan_lines
from codegen.targets.jax.statements import functional_lines, is_unrolled
from codegen.targets.numpy.functions import Functions
from codegen.targets.numpy.plain import Line


class CompiledFunctions(Functions):
    """Prints functions that compute parts of one program."""

    _printer: JaxPrinter

    def _step_lines(self, step: Step, program: Program) -> list[Line]:
        if isinstance(step, Loop) and not is_unrolled(step):
            return scan_lines(step, program, self._printer)  # which hands on what this program reads
        return super()._step_lines(step, program)

    def _printed(self, step: Step, program: Program) -> list[Line]:
        lines = functional_lines(step, program, self._printer)
        if isinstance(step, Statement) and not step.partial and step.name in self._compared:
            self.helpers.add("stored")
            [(code, comment)] = lines
            name, value = code.split(" = ", 1)
            lines = [(f"{name} = stored({value})", comment)]
        return lines

    @cached_property
    def _compared(self) -> frozenset[str]:
        return compared_with_maxima(self.program)

    def _opening(self, data: Sequence[str], used: set[str], counts: bool) -> list[str]:
        """The masks, the number of samples, and the parameters that are used, as many a line as fit."""
        lowered = self.lowered
        lines = []
        if not used.isdisjoint(lowered.random):
            masks = lowered.identifiers(lowered.random)
            lines.append(f"    {', '.join(masks)} = masks" if len(masks) > 1 else f"    ({masks[0]},) = masks")
        if lowered.sampled and counts:
            lines.append(f"    m = {lowered.count(lowered.identifier(lowered.sampled))}")
        return lines + [*self._unpacked({name: name for name in lowered.stored if name in used}, "parameters"),
                        *self._unpacked({v: name for name, v in self.directions.items() if v in used}, "direction")]


class LayerByLayer(CompiledFunctions):
    """Prints a training step that updates parameters as soon as their gradients are known."""

    def _lines(self, program: Program) -> list[Line]:
        lowered = self.lowered
        parameter_of = {lowered.gradient_of[n]: n for n in lowered.network.trained if n in lowered.gradient_of}
        lines: list[Line] = []
        waiting: dict[str, str] = {}  # gradients that are known, by their parameter
        for step in program.statements:
            owners = {statement.owner for statement in flat([step])}
            if waiting and not owners <= parameter_of.keys():
                lines += self._update(waiting)
                waiting = {}
            lines += self._step_lines(step, program)
            waiting |= {parameter_of[owner]: owner for owner in owners if owner in parameter_of}
        return lines + self._update(waiting)

    def _update(self, gradient_of: dict[str, str]) -> list[Line]:
        names = self.lowered.identifiers(gradient_of)
        gradients = self.lowered.identifiers(gradient_of.values())
        keywords = ", ".join(f"{name}={gradient}" for name, gradient in zip(names, gradients, strict=True))
        left = ", ".join(names) if len(names) > 1 else f"({names[0]},)"
        return [(f"{left} = update({keywords})", "")] if names else []
