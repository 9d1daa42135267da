"""The equations of a layer: how far each index runs, which names are parameters, and then the equations themselves.

    y[n,j] = sum(k, x[n,k]*W[k,j])*g[j] + b[j]

One letter is one index throughout a layer.  k runs over the features of x because it stands there; W and g are defined
nowhere, so they are parameters, with the shapes that their letters give them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from sympy import Expr, Integer, Symbol

from derive.build.axes import samples_first
from derive.build.extents import Extents
from derive.build.parts import Output, Parts
from derive.build.written import Line, Text, Written, in_order, indices_in_words
from derive.file.formulas import Scope, positions_of
from derive.file.functions import FUNCTIONS
from derive.language.equations import Cycle, Equation, Quantity, Role, System
from derive.language.expressions import Access, Index
from derive.language.substitution import SAMPLE_INDEX, Renaming, fresh


def define(parts: Parts, written: Written, label: str, spoken: str, origin: str, *path: str | int) -> Output:
    """Declare the parameters of a layer and define its quantities; returns what it hands on.

    Args:
        label: what is put after the text's names to make the network's: z becomes z1.
        spoken, origin: the layer in tables ("layer 1") and in messages ("layer 1 (dense: 16)").
        path: where the layer stands in the file.

    Raises:
        FileError: the equations do not fit together, at the character that is wrong.
    """
    return _Layer(parts, written, label, spoken, origin, path).define()


class _Layer:
    """One layer's equations on their way into the network."""

    def __init__(self, parts: Parts, written: Written, label: str, spoken: str, origin: str, path: tuple[str | int, ...]
                 ) -> None:
        self.parts, self.written = parts, written
        self.label, self.spoken, self.origin, self.path = label, spoken, origin, path
        self.text = Text(parts, written, origin, path)
        self.extents = Extents(self.text, label)

    def define(self) -> Output:
        parameters = self._parameters()
        self._declare_integers()
        final = {name: self._named(name) for name in (*parameters, *(line.name for line in self.text.lines))}
        rename = Renaming({Symbol(mine): Symbol(theirs) for mine, theirs in final.items()}
                          | {Symbol(mine): Symbol(output.name) for mine, output in self.written.reads.items()})
        for name, letters in parameters.items():
            self._declare(name, final[name], self._distinct(letters))
        scope = Scope({**{name: self._own(output) for name, output in self.written.reads.items()},
                       **{name: self._distinct(letters) for name, letters in parameters.items()},
                       **{line.name: tuple(map(self._index, line.letters)) for line in self.text.lines}},
                      self.written.constants, letters={letter: self._index(letter) for letter in self.extents.sizes},
                      outside="zero")
        typed = scope.quantities if self.text.columns else {}
        bodies, own = [], {}
        for line in self.text.lines:
            free = {letter: self._index(letter) for letter in line.letters}
            own[line.name] = samples_first(Access(line.name, *free.values()), typed).indices
            bodies.append(rename(samples_first(self.text.trees.expression(line.right, scope, free), typed)))
            self._keep(line, final[line.name], own[line.name], bodies[-1])
        self._check_cycles(rename)
        for body in bodies:  # when all are there: equations may refer to each other
            self.parts.check_positions(body, *self.path)
        last = [line for line in self.text.lines if line.mode != "state"][-1]
        gives = None if self.written.place is None else ""  # what the user typed may be anything, probabilities too
        return Output(final[last.name], own[last.name], self.origin, gives)

    def _keep(self, line: Line, name: str, indices: tuple[Index, ...], body: Expr) -> None:
        """Put an equation where it belongs by its mode."""
        meaning = self._meaning(line.name, f"{line.name} of {self.spoken}")
        if line.mode == "inference":
            self.parts.inference[name] = body
        elif line.mode == "state":
            self.parts.running.append(Equation(self.parts.declare(
                Quantity(name, indices, Role.STATE, meaning), *self.path).entry, body))
            self._remember_initial(line.name, name)
        else:
            self.parts.define(Quantity(name, indices, meaning=meaning), body, *self.path)

    def _remember_initial(self, mine: str, final: str) -> None:
        if mine in self.written.initial:
            self.parts.initial[final] = self.written.initial[mine]

    def _check_cycles(self, rename: Renaming) -> None:
        """FileError where equations define each other, and not along an index."""
        own = {rename(Access(line.name)).name: line for line in self.text.lines if line.mode not in ("inference", "state")}
        try:
            System(self.parts.quantities, tuple(e for e in self.parts.equations if e.name in own)).blocks()
        except Cycle as cycle:
            line = own[cycle.names[0]]
            self.text.fail(f"this is a cycle: {cycle}", line.right,
                           "an equation may read itself at an earlier position of one index, as in h[n,t-1,j]")

    # -- parameters ---------------------------------------------------------------------------------------------

    def _parameters(self) -> dict[str, list[str]]:
        """The names that nothing defines, with the letter of each axis."""
        found: dict[str, list[str]] = {
            name: [part for part in shape.split(",") if part] for name, shape in self.written.shapes.items()}
        for name, letters in found.items():
            for letter in letters:
                if letter.isdigit():
                    self.extents.sizes.setdefault(f"{name}_{letter}", Integer(letter))
            found[name] = [f"{name}_{letter}" if letter.isdigit() else letter for letter in letters]
        first: dict[str, ast.expr] = {}
        for name, positions, node in self.text.accesses():
            if name in found and name in self.written.shapes or self.text.is_quantity(name):
                continue
            if name in self.extents.sizes:
                self.text.fail(f"{name} is an index and has no indices", node, "give the parameter another name")
            if name in FUNCTIONS:
                self.text.fail(f"{name} is a function", node, f"write {FUNCTIONS[name]}")
            first.setdefault(name, node)
            letters = [p.id if isinstance(p, ast.Name) and not self.text.is_quantity(p.id) else "" for p in positions]
            known = found.setdefault(name, letters)
            if len(known) != len(letters):
                self.text.fail(f"{name} has {indices_in_words(len(known))} elsewhere, and {len(letters)} here", node)
            for one, other, position in zip(known, letters, positions, strict=True):
                self._agree(name, one, other, position)
            found[name] = [one or other for one, other in zip(known, letters, strict=True)]
            if SAMPLE_INDEX in letters and name not in self.written.random:
                self.text.fail(f"the parameter {name} cannot have the index n of the samples", node,
                               "write it without n: a parameter is the same for all samples")
        for line in self.text.lines:  # a bias shared by a whole layer has no index
            for each in ast.walk(line.right):
                if isinstance(each, ast.Name) and self.written.bias == "shared" and self.text.is_bias(each.id) and \
                        each.id not in self.extents.sizes:
                    found.setdefault(each.id, [])
        for name, letters in found.items():
            if "" in letters:
                node = first[name]
                place = positions_of(node)[letters.index("")] if isinstance(node, ast.Subscript) else node
                if isinstance(place, ast.Name):
                    self.text.fail(f"{place.id} is a quantity of this layer and cannot be an index as well", place,
                                   "give one of the two another name")
                self.text.fail(f"nothing says how long axis {letters.index('') + 1} of {name} is", first[name],
                               f"add parameters: {{{name}: [{', '.join(letter or '10' for letter in letters)}]}}")
            for letter in letters:
                if letter not in self.extents.sizes:
                    raise self.parts.error(f"nothing says how far the index {letter} of {name} runs", *self.path,
                                           help=f"add sizes: {{{letter}: 16}}")
        used = {node.id for line in self.text.lines for node in ast.walk(line.right) if isinstance(node, ast.Name)}
        order = [node.id for line in self.text.lines for node in in_order(line.right)]
        for name in found:
            if name not in used:
                raise self.parts.error(f"the parameter '{name}' stands in no equation", *self.path, "parameters", name,
                                       key=True, help="remove it")
        return {name: found[name] for name in dict.fromkeys(order) if name in found}

    def _agree(self, name: str, one: str, other: str, position: ast.expr) -> None:
        """Two letters that stand in the same axis of a parameter run equally far."""
        sizes = self.extents.sizes
        if one in sizes and other in sizes and sizes[one] != sizes[other]:
            far, here = (self.parts.number(sizes[letter]) for letter in (one, other))
            why = self.extents.said[other]
            if far != here:
                self.text.fail(
                    f"index {other} runs over {here} values ({why}), but this axis of {name} has {far}, "
                    f"as {one} stands there too", position, "use a parameter of its own for each shape")
            self.parts.unify(sizes[one], sizes[other])
            self.extents.resolve()

    def _declare(self, name: str, final: str, indices: tuple[Index, ...]) -> None:
        if name in self.written.random:
            rate = self.written.constants[self.written.random[name]]
            self.parts.declare(Quantity(final, indices, Role.RANDOM, self._meaning(name, name)), *self.path)
            self.parts.random[final] = str(rate)
            return
        bias = self.text.is_bias(name)
        meaning = f"bias shared by {self.spoken}" if bias and not indices else self._meaning(
            name, f"{'biases' if bias else name} of {self.spoken}" if bias else f"parameter {name} of {self.spoken}")
        quantity = Quantity(final, indices, Role.PARAMETER, meaning)
        self.parts.declare(quantity, *self.path)
        if bias:
            self.parts.biases.append(final)
        elif len(indices) > 1:
            self.parts.weights.append(final)
        self._remember_initial(name, final)

    def _declare_integers(self) -> None:
        """What stands in an index of something has to be whole numbers: an input, with as many values as the axis."""
        for name, positions, _ in self.text.accesses():
            for axis, position in enumerate(positions):
                inner = position.value if isinstance(position, ast.Subscript) else position
                if isinstance(inner, ast.Name) and inner.id in self.written.reads:
                    shape = self.written.shapes.get(name, "").split(",")
                    size = self.extents.axes[name][axis] if name in self.extents.axes else self.extents.sizes.get(
                        shape[axis] if axis < len(shape) else "")
                    number = None if size is None else self.parts.number(size)
                    self.parts.counts(self.written.reads[inner.id], number, self.origin, *self.path)

    # -- names --------------------------------------------------------------------------------------------------

    def _index(self, letter: str) -> Index:
        return Index(letter, self.parts.resolved(self.extents.sizes[letter]))

    def _distinct(self, letters: Iterable[str]) -> tuple[Index, ...]:
        """An index for each axis of a parameter: W[j,j] reads the diagonal of a matrix W[j,k]."""
        own: list[Index] = []
        for letter in letters:
            own.append(fresh(self._index(letter), {index.name for index in own}))
        return tuple(own)

    def _own(self, output: Output) -> tuple[Index, ...]:
        return tuple(Index(index.name, self.parts.resolved(index.size)) for index in output.indices)

    def _named(self, name: str) -> str:
        return f"{name}{self.label}"

    def _meaning(self, name: str, usual: str) -> str:
        meaning = self.written.meanings.get(name)
        return usual if meaning is None else f"{meaning} of {self.spoken}"
