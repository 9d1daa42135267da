"""Bodies of C functions: the statements that lead to some outputs, as loops over arrays in flat memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from sympy import Symbol

from codegen.index_text import equation_text
from codegen.passes import (
    branches_as_maxima,
    copies_propagated,
    definitions_expanded,
    signs_of_maxima,
    without_common_subexpressions,
    without_dead_code,
)
from codegen.positions import extent
from codegen.program import Program
from codegen.targets.c.fusion import fused
from codegen.targets.c.layout import INDENT, comment
from codegen.targets.c.loops import (
    Assign,
    Barrier,
    Fill,
    For,
    If,
    MatrixMultiply,
    Node,
    conditions,
    leaves,
    nodes,
    touched,
    written,
)
from codegen.targets.c.multiplication import multiplication
from codegen.targets.c.names import Names
from codegen.targets.c.places import count, offsets, plus
from codegen.targets.c.printer import SIGN, CPrinter
from codegen.targets.c.variables import local_variables, narrowed
from derive.language.equations import Equation
from derive.language.expressions import accesses
from derive.language.substitution import SAMPLES

SHORT = 8  # steps of a loop that is not worth vectors


@dataclass(frozen=True)
class Buffer:
    """Numbers one after the other in memory, those of some quantities.

    Attributes:
        pointer: the C expression of its beginning; of the number itself where it is a scalar.
        parts: the names of the quantities; in the place of one, how many numbers are left out there.
        access: "const" where nothing is written into it, "in" where values are changed, "out" where it holds none before.
    """

    pointer: str
    parts: tuple[str | int, ...]
    access: str = "const"
    type: str = "real"
    scalar: bool = False

    @property
    def names(self) -> list[str]:
        return [part for part in self.parts if isinstance(part, str)]

    def entry(self, offset: str) -> str:
        if self.scalar:
            return self.pointer
        return f"{self.pointer if self.pointer.isidentifier() else f'({self.pointer})'}[{offset}]"


@dataclass
class Function:
    """A body.

    Attributes:
        memory: how many numbers of memory it needs, as (for each sample, always).
        helpers: the functions that it calls.
        reads: the names of the quantities that it mentions.
    """

    lines: list[str]
    memory: tuple[int, int]
    helpers: set[str]
    reads: set[str]


class Writer:
    """Writes functions over one program.

    Args:
        program: whose statements lead to the outputs.
        names: the identifiers of the whole file.
        textbook: the equations as the derivation states them, for comments.
        constants: names of quantities that are constants of the file.
        unit: the size that is not known before the program runs.
    """

    def __init__(self, program: Program, names: Names, textbook: Mapping[str, Equation], constants: Iterable[str],
                 unit: Symbol = SAMPLES) -> None:
        program = definitions_expanded(branches_as_maxima(program), keep=("sigmoid", "softplus"))
        self.program = signs_of_maxima(without_common_subexpressions(program))
        self.names = names
        self.textbook = textbook
        self.constants = frozenset(constants)
        self.unit = unit

    def function(self, outputs: Sequence[str], buffers: Sequence[Buffer],
                 between: Callable[[list[Node]], list[Node]] = lambda body: body) -> Function:
        """The body of a function that computes the outputs from what lies in the buffers, and into them.

        Args:
            between: changes the loops before they are joined, to put something between them.
        """
        program = without_dead_code(self.program.asking_for(*outputs))
        program = without_dead_code(copies_propagated(program))
        return _Body(self, program, outputs, buffers, between).written()


class _Body:
    def __init__(self, writer: Writer, program: Program, outputs: Sequence[str], buffers: Sequence[Buffer],
                 between: Callable[[list[Node]], list[Node]]) -> None:
        self.names, self.textbook, self.unit = writer.names, writer.textbook, writer.unit
        self.buffers = buffers
        self.given = {name for buffer in buffers for name in buffer.names} | writer.constants
        kept = self.given.union(outputs).__contains__
        joined = fused(between(list(nodes(program.statements, program))))
        self.nodes, self.quantities = narrowed(joined, program.quantities, kept)
        self.local = local_variables(self.nodes, kept)
        self.scalars = {name for name in self._mentioned if not self.quantities[name].indices}
        self.printer = CPrinter(self.quantities, self.names, self.names.index, self.scalars.union(self.local).__contains__)
        self.said: set[str] = set()
        self.owner = ""

    @cached_property
    def _mentioned(self) -> dict[str, None]:
        """The names of all quantities, in the order in which they are met."""
        found = dict.fromkeys(a.name for leaf in leaves(self.nodes) for a in touched(leaf))
        for leaf in leaves(self.nodes):
            if isinstance(leaf, Fill):
                found[leaf.target] = None
            elif isinstance(leaf, MatrixMultiply):
                found |= dict.fromkeys((leaf.target.name, leaf.product.left.access.name, leaf.product.right.access.name))
                found |= dict.fromkeys(sorted(leaf.reads))
        for condition in conditions(self.nodes):
            found |= dict.fromkeys(a.name for a in accesses(condition))
        return found

    def written(self) -> Function:
        own = [name for name in self._mentioned if name not in {*self.given, *self.local, *self.scalars}]
        places, memory = offsets(self.nodes, {name: self.quantities[name].shape for name in own}, {
            name: self._size(name) for name in own})
        body = list(self._block(self.nodes, 1))
        lines = [line for buffer in self.buffers for line in self._declared(buffer)]
        lines += [f"{INDENT}{self._pointer(name, ('memory', offset))};" for name, offset in places.items()]
        lines += [f"{INDENT}real {self.names(name)};" for name in self._mentioned
                  if name in self.scalars and name not in self.given]
        ends = [line for buffer in self.buffers for line in self._stored(buffer)]
        return Function([*lines, *body, *ends], memory, self.printer.helpers, {*self._mentioned})

    # Memory.

    def _size(self, name: str) -> tuple[int, int]:
        return count(extent(self.quantities[name].indices), self.unit)

    def _offset(self, offset: tuple[int, int]) -> str:
        by_unit, always = offset
        if not by_unit:
            return str(always)
        return f"{by_unit} * {self.unit.name}" + (f" + {always}" if always else "")

    def _pointer(self, name: str, where: tuple[str, tuple[int, int]], constant: bool = False, kind: str = "real") -> str:
        """The declaration of an array in a buffer: real (*const z1)[32] = (real (*)[32])(memory + 0)."""
        pointer, offset = where
        sizes = [self.printer.position(size) for size in self.quantities[name].shape]
        kind = f"const {kind}" if constant else kind
        place = f"{pointer} + {self._offset(offset)}" if offset != (0, 0) else pointer
        if len(sizes) <= 1:
            return f"{kind} *const {self.names(name)} = {place}"
        inner = "".join(f"[{size}]" for size in sizes[1:])
        return f"{kind} (*const {self.names(name)}){inner} = ({kind} (*){inner})({place})"

    def _places(self, buffer: Buffer) -> Iterator[tuple[str, tuple[int, int]]]:
        end = (0, 0)
        for part in buffer.parts:
            if isinstance(part, str):
                yield part, end
            end = plus(end, self._size(part) if isinstance(part, str) else (0, part))

    def _declared(self, buffer: Buffer) -> Iterator[str]:
        mentioned = self._mentioned
        used = [(name, offset) for name, offset in self._places(buffer) if name in mentioned]
        for name, offset in used:
            if name not in self.scalars:
                yield f"{INDENT}{self._pointer(name, (buffer.pointer, offset), buffer.access == 'const', buffer.type)};"
            elif buffer.access == "const":
                yield f"{INDENT}const {buffer.type} {self.names(name)} = {buffer.entry(self._offset(offset))};"
            else:
                begin = f" = {buffer.entry(self._offset(offset))}" if buffer.access == "in" else ""
                yield f"{INDENT}{buffer.type} {self.names(name)}{begin};"
        if not used and buffer.pointer.isidentifier():
            yield f"{INDENT}(void){buffer.pointer};"

    def _stored(self, buffer: Buffer) -> Iterator[str]:
        """Scalars are variables; what a buffer is to hold of them is put there at the end."""
        mentioned = self._mentioned
        for name, offset in self._places(buffer):
            if name in mentioned and name in self.scalars and name in self._filled():
                yield f"{INDENT}{buffer.entry(self._offset(offset))} = {self.names(name)};"

    def _filled(self) -> set[str]:
        return {name for leaf in leaves(self.nodes) if (name := written(leaf)) is not None}

    # Code.

    def _block(self, body: Iterable[Node], depth: int, loop: For | None = None) -> Iterator[str]:
        indent = INDENT * depth
        own = [self.names(name) for name, at in self.local.items() if at is loop]
        if own:
            yield f"{indent}real {', '.join(own)};"
        for node in body:
            yield from self._heading(node, depth)
            if isinstance(node, For):
                variable, size = self.names.index(node.index), self.printer.position(node.size)
                values = f"{variable} = 0; {variable} < {size}; {variable}++" if node.step > 0 else (
                    f"{variable} = {size} - 1; {variable} >= 0; {variable}--")
                yield f"{indent}for (long {values}) {{"
                around, self.printer.short = self.printer.short, node.size.is_Integer and node.size < SHORT
                yield from self._block(node.body, depth + 1, node)
                self.printer.short = around
                yield f"{indent}}}"
            elif isinstance(node, If):
                yield f"{indent}if ({self.printer.text(node.condition)}) {{"
                yield from self._block(node.body, depth + 1)
                yield f"{indent}}}"
            elif isinstance(node, Assign):
                yield indent + self._assignment(node)
            elif isinstance(node, Fill):
                yield f"{indent}memset({self.names(node.target)}, 0, {self._bytes(node.target)});"
            elif isinstance(node, Barrier):
                yield from (indent + line for line in node.code.split("\n"))
            else:
                yield from (indent + line for line in multiplication(node, self.quantities, self.printer))

    def _heading(self, node: Node, depth: int) -> Iterator[str]:
        """The equations that the node computes, where they are not said above it already."""
        if isinstance(node, (For, If)) and any(isinstance(inner, (For, If)) and depth < 3 for inner in node.body) and len({
                leaf.owner for leaf in leaves([node])}) > 1:
            return
        for owner in dict.fromkeys(leaf.owner for leaf in leaves([node])):
            if owner != self.owner and owner in self.textbook:
                equation = self.textbook[owner]
                number = f"({equation.number})" if equation.number else ""
                text = number if number and owner in self.said else f"{number}  {equation_text(equation)}".lstrip()
                self.said.add(owner)
                yield from comment(text, INDENT * depth)
            self.owner = owner

    def _assignment(self, node: Assign) -> str:
        target = self.printer.text(node.target)
        if node.operator == "max":
            self.printer.helpers.add("larger")
            return f"{target} = larger({target}, {self.printer.text(node.value)});"
        if node.operator == "+=" and node.value.could_extract_minus_sign():
            return f"{target} -= {self.printer.text(-node.value)};"
        return f"{target} {node.operator} {self.printer.text(node.value)};"

    def _bytes(self, name: str) -> str:
        sizes = [self.printer.position(size, SIGN) for size in self.quantities[name].shape]
        return " * ".join(["sizeof(real)", *(size if size.isdigit() else f"(size_t){size}" for size in sizes)])
