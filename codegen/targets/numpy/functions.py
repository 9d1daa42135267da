"""Bodies of the functions that people read: forward, loss_and_gradients, trace and their like."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from codegen.passes import inlined_single_use, without_dead_code
from codegen.program import Program, Step, flat
from codegen.targets.numpy.layout import WIDTH, aligned
from codegen.targets.numpy.lowered import Lowered
from codegen.targets.numpy.plain import Line, plain_lines


class Functions:
    """Prints functions that compute parts of one program; each line that they have in common is printed once.

    Attributes:
        helpers: names of the functions met that the module must define itself.
    """

    def __init__(self, lowered: Lowered, program: Program, directions: Mapping[str, str] | None = None) -> None:
        self.lowered = lowered
        self.program = program
        self.directions = directions or {}  # how a parameter moves, by the parameter's name
        self._printer = lowered.printer(program.quantities)
        self._code: dict[Step, list[Line]] = {}

    @property
    def helpers(self) -> set[str]:
        return self._printer.helpers

    def body(self, outputs: Sequence[str], data: Sequence[str]) -> str:
        """Lines that compute the outputs from the parameters and the data."""
        program = inlined_single_use(without_dead_code(self.program.asking_for(*outputs)))
        lines = self._lines(program)
        used = set().union(*(s.reads for s in flat(program.statements)))
        if any(self.lowered.dtype in code for code, _ in lines):
            used.add(self.lowered.typed_by)
        counts = any(re.search(r"\bm\b", code) for code, _ in lines)
        return "\n".join(self._opening(data, used, counts) + aligned(lines))

    def _lines(self, program: Program) -> list[Line]:
        return [line for step in program.statements for line in self._step_lines(step, program)]

    def _step_lines(self, step: Step, program: Program) -> list[Line]:
        if step not in self._code:
            self._code[step] = [(code, comment.removeprefix("(0)  ")) for code, comment in self._printed(step, program)]
        return self._code[step]

    def _printed(self, step: Step, program: Program) -> list[Line]:
        return plain_lines(step, program, self._printer)

    def _opening(self, data: Sequence[str], used: set[str], counts: bool) -> list[str]:
        """The checked data, the number of samples, and the parameters that are used, as many a line as fit."""
        lowered = self.lowered
        names = lowered.identifiers(data)
        left = ", ".join(names) if len(names) > 1 else f"({names[0]},)"
        lines = [f"    {left} = _checked(parameters, {', '.join(f'{n}={n}' for n in names)})"]
        if not used.isdisjoint(lowered.random):
            masks = lowered.identifiers(lowered.random)
            left = ", ".join(masks) if len(masks) > 1 else f"({masks[0]},)"
            lines.append(f"    {left} = _checked_masks(parameters, masks, {lowered.count(names[0])})")
        if lowered.sampled and counts:
            lines.append(f"    m = {lowered.count(lowered.identifier(lowered.sampled))}")
        lines += self._unpacked({name: name for name in lowered.stored if name in used}, "parameters")
        if self.directions:
            lines.append("    direction = _checked_direction(parameters, direction)")
            lines += self._unpacked({v: name for name, v in self.directions.items() if v in used}, "direction")
        return lines

    def _unpacked(self, keys: Mapping[str, str], source: str) -> Iterator[str]:
        """Entries of a dict by the names that they get, as many a line as fit."""
        identifier = self.lowered.identifier
        pairs = [(identifier(name), f'{source}["{identifier(key)}"]') for name, key in keys.items()]

        def line(count: int) -> str:
            return "    " + " = ".join(map(", ".join, zip(*pairs[:count], strict=True)))

        while pairs:
            count = 1
            while count < len(pairs) and len(line(count + 1)) <= WIDTH:
                count += 1
            yield line(count)
            del pairs[:count]
