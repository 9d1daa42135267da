"""A recurrence as `lax.scan`: each step knows its own entries of the arrays, and those of the steps just before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sympy import Expr, Integer

from codegen.positions import covers
from codegen.program import Counter, Guard, Loop, Program, Statement, Step, flat, mapped
from codegen.targets.jax.printer import JaxPrinter
from codegen.targets.jax.statements import indented, lines_of
from codegen.targets.numpy.layout import WIDTH
from codegen.targets.numpy.plain import Line
from derive.language.equations import Quantity
from derive.language.expressions import Access, names


@dataclass
class Recurrence:
    """A loop whose steps write their own entries of arrays, and read those of earlier steps.

    Attributes:
        axis: of each array, where the counter stands in it.
        written: the arrays that the loop fills, with how many steps back they are read.
        local: the name of an array's entries at a step, by the array and the distance of the step.
    """

    loop: Loop
    program: Program
    axis: dict[str, int] = field(default_factory=dict)
    written: dict[str, int] = field(default_factory=dict)
    local: dict[tuple[str, int], str] = field(default_factory=dict)

    @staticmethod
    def of(loop: Loop, program: Program) -> Recurrence:
        """The loop as a recurrence, in which an array is read at an earlier step than it is filled at."""
        first: dict[str, Statement] = {}
        for statement in flat(loop.body):
            first.setdefault(statement.name, statement)
        made = Recurrence(loop, program, written={name: 0 for name, s in first.items() if s.partial})
        for statement in flat(loop.body):
            for access in (statement.target, *statement.accesses):
                shift = made._distance(access)
                if access.name not in made.written:
                    continue
                assert shift is not None, f"{access} is no entry of one step"
                made.written[access.name] = max(made.written[access.name], -shift * loop.step)
        return made

    def _distance(self, access: Access) -> int | None:
        """How far from the loop's own step the access reads; None where it is no entry of one step."""
        counter = self.loop.counter
        axes = [axis for axis, place in enumerate(access.indices) if counter in place.atoms(Counter)
                and not place.has(Access)]
        if len(axes) != 1 or self.axis.setdefault(access.name, axes[0]) != axes[0]:
            return None
        shift = access.indices[axes[0]] - counter
        return int(shift) if isinstance(shift, Integer) else None

    def entry(self, access: Access) -> Access | None:
        """The access as one to the entries of a step."""
        shift = self._distance(access)
        if shift is None:
            return None
        axis = self.axis[access.name]
        return Access(self.name(access.name, shift), *access.indices[:axis], *access.indices[axis + 1:])

    def name(self, array: str, shift: int) -> str:
        """The name of an array's entries at a step; no quantity has one with a space in it."""
        word = self.loop.counter.name if shift == 0 else "before" if shift < 0 else "after"
        return self.local.setdefault((array, shift), f"{array} {word}{f' {abs(shift)}' if abs(shift) > 1 else ''}")

    def quantities(self) -> Mapping[str, Quantity]:
        found = dict(self.program.quantities)
        for (array, _), name in self.local.items():
            whole, axis = found[array], self.axis[array]
            found[name] = replace(whole, name=name, indices=(*whole.indices[:axis], *whole.indices[axis + 1:]))
        return found

    def steps(self) -> tuple[Step, ...]:
        """The body in terms of the entries of a step."""
        def moved(statement: Statement) -> Statement:
            entries = {a: entry for a in statement.accesses if (entry := self.entry(a)) is not None}
            target = self.entry(statement.target) if statement.name in self.written else statement.target
            assert target is not None
            return replace(statement, target=target, body=statement.body.xreplace(entries))

        return mapped(self.loop.body, moved)

    def begun(self, steps: Sequence[Step]) -> list[str]:
        """The written arrays whose entries are read, or written in part, before the step has made them."""
        own = {self.local[name, 0]: name for name in self.written}
        quantities = self.quantities()
        made: set[str] = set()
        found: dict[str, None] = {}
        for statement, certain in _with_certainty(steps):
            certain = certain and not statement.adds and covers(statement.target, quantities[statement.name])
            read = names(statement.body) | (frozenset() if certain else {statement.name})
            found |= dict.fromkeys(name for local, name in own.items() if local in read and local not in made)
            if certain:
                made.add(statement.name)
        return list(found)


def _with_certainty(steps: Sequence[Step], certain: bool = True) -> Iterator[tuple[Statement, bool]]:
    """The statements, and whether each is carried out whatever the counters are."""
    for step in steps:
        if isinstance(step, Statement):
            yield step, certain
        else:
            yield from _with_certainty(step.body, certain and not isinstance(step, Guard))


def scan_lines(loop: Loop, program: Program, printer: JaxPrinter) -> list[Line]:
    """A function of the entries of the steps before and of this step, and its repetition over the axis of the counter."""
    recurrence, counter = Recurrence.of(loop, program), loop.counter
    steps = recurrence.steps()
    inside = replace(program, statements=steps, quantities=recurrence.quantities())
    printer.quantities = inside.quantities
    identifier, function = printer.identifier, f"at_{counter.name}"

    back = {array: [-distance * loop.step for distance in range(1, most + 1)]
            for array, most in recurrence.written.items() if most}

    def entries(array: str, shift: int = 0) -> str:
        return identifier(recurrence.name(array, shift))

    begun = recurrence.begun(steps)
    given = [(array, 0) for array in begun if program.first[array] not in flat(loop.body)]
    given += [key for key in recurrence.local if key[0] not in recurrence.written]
    later = program.statements[program.statements.index(loop) + 1:]
    read = set(program.outputs).union(*(s.reads for s in flat(later)))
    kept = [array for array in recurrence.written if array in read]

    printer.traced |= {counter}
    body = [(printer.line(code), comment) for step in steps for code, comment in lines_of(step, inside, printer)]
    printer.traced -= {counter}
    zeros = [f"{entries(array)} = {_zeros(recurrence, array, printer)}" for array in begun if (array, 0) not in given]
    inside_function = [
        *_listed("", [entries(array, shift) for array, shifts in back.items() for shift in shifts], " = before", 2),
        *_listed("", [counter.name, *(entries(*key) for key in given)], " = given", 2),
        *((line, "") for line in zeros), *body,
        *_listed("after = ", [entries(array, shift) for array, most in back.items() for shift in (0, *most)[:-1]], "", 2),
        *_listed("found = ", [entries(array) for array in kept], "", 2),
        ("return after, found", "")]
    return [
        (f"def {function}(before, given):", ""), *indented(inside_function),
        *_listed("before = ", [_zeros(recurrence, array, printer) for array, shifts in back.items() for _ in shifts], ""),
        *_listed("given = ", [f"jnp.arange({printer.size(counter.size)})",
                              *(_along(recurrence, *key, printer) for key in given)], ""),
        (f"_, found = lax.scan({function}, before, given{', reverse=True' if loop.step < 0 else ''})", ""),
        *_listed("", [identifier(array) for array in kept], f" = {_in_place([recurrence.axis[a] for a in kept])}")]


def _zeros(recurrence: Recurrence, array: str, printer: JaxPrinter) -> str:
    shape: list[Expr] = list(recurrence.program.quantities[array].shape)
    del shape[recurrence.axis[array]]
    return printer.line(f"np.zeros({printer.shape(shape)}, {printer.dtype})")


def _along(recurrence: Recurrence, array: str, shift: int, printer: JaxPrinter) -> str:
    """The array with the axis of the counter in front, and every entry as far along it as the loop reads it."""
    axis, code = recurrence.axis[array], printer.identifier(array)
    code = f"jnp.roll({code}, {-shift}, axis={axis})" if shift else code
    return {0: code, 1: f"{code}.swapaxes(0, 1)"}.get(axis, f"jnp.moveaxis({code}, {axis}, 0)")


def _in_place(axes: Sequence[int]) -> str:
    """What was found, with the axis of the counter where the arrays have it."""
    if set(axes) == {0}:
        return "found"
    if set(axes) == {1}:
        return "(array.swapaxes(0, 1) for array in found)"
    return f"(jnp.moveaxis(array, 0, axis) for array, axis in zip(found, {tuple(axes)}))"


def _listed(before: str, parts: Sequence[str], after: str, depth: int = 1) -> list[Line]:
    """An assignment of a tuple, on one line or with the parts in brackets over several."""
    inner = ", ".join(parts)
    line = f"{before}{inner if len(parts) > 1 else f'({inner},)' if parts else '()'}{after}"
    room = WIDTH - 4 * depth
    if len(line) <= room:
        return [(line, "")]
    rows: list[str] = []
    for part in parts:
        if rows and len(rows[-1]) + len(part) + 6 <= room:
            rows[-1] += f" {part},"
        else:
            rows.append(f"{part},")
    return [(f"{before}(", ""), *indented([(row, "") for row in rows]), (f"){after}", "")]
