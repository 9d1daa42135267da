"""How far each index of a layer's equations runs: from the axes where it stands, from `sizes`, or from a window's reach."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from sympy import Expr, Integer

from derive.build.parts import SAMPLE
from derive.build.whole_numbers import Indivisible, letters_of, reach, whole_number
from derive.build.written import Axes, Text, indices_in_words, is_shift
from derive.file.errors import quoted, suggestion
from derive.language.substitution import SAMPLE_INDEX


class Extents:
    """The sizes of indices and axes.

    Attributes:
        sizes: of every index, by its letter.
        said: what each size is known from, for messages.
        axes: the sizes of the axes of every quantity.
    """

    def __init__(self, text: Text, label: str) -> None:
        self.text, self.label = text, label
        self.parts, self.written, self.path = text.parts, text.written, text.path
        self.sizes: dict[str, Expr] = {SAMPLE_INDEX: SAMPLE.size}
        self.said: dict[str, str] = {SAMPLE_INDEX: "the samples"}
        self.axes: dict[str, tuple[Expr, ...]] = {}
        self._numbers_for_compound_positions()
        for name, output in self.written.reads.items():
            self.axes[name] = tuple(self.parts.resolved(index.size) for index in output.indices)
        self._infer()

    def _numbers_for_compound_positions(self) -> None:
        """Make sizes numbers where positions such as 2*i+u are counted in them: only numbers show what is inside."""
        self.counted: set[str] = set()  # the letters of such positions
        for name, positions, _ in self.text.accesses(left=False):
            for axis, position in enumerate(positions):
                letters = letters_of(position)
                if isinstance(position, ast.Name) or is_shift(position) or not letters:
                    continue
                self.counted |= letters
                self._count(name, axis)
        for line in self.text.lines:
            for node in ast.walk(line.right):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and (
                        node.func.id == "flat" or node.func.id in ("delta", "within") and not all(
                            isinstance(argument, ast.Name) for argument in node.args)):
                    self.counted |= letters_of(node)
        # The axes that these letters run over, in what is read and in what is defined, are numbers as well.
        for name, positions, _ in self.text.accesses():
            for axis, position in enumerate(positions):
                if isinstance(position, ast.Name) and position.id in self.counted:
                    self._count(name, axis)

    def _count(self, name: str, axis: int) -> None:
        """Make the size of an axis of what is read a number; whether there is such an axis is asked later."""
        if name not in self.written.reads or axis >= len(self.written.reads[name].indices):
            return
        resolved = self.parts.resolved(self.written.reads[name].indices[axis].size)
        for symbol in resolved.free_symbols - {SAMPLE.size}:
            self.parts.unify(Integer(self.parts.sizes[symbol]), symbol)

    def _infer(self) -> None:
        """The size of every index, from the axes where it stands, from `sizes`, or from how far a window reaches."""
        given = dict(self.written.sizes)
        used = {name for line in self.text.lines for name in (*letters_of(line.right), *line.letters)} | {
            letter for shape in self.written.shapes.values() for letter in shape.split(",")}
        while True:
            before = len(self.sizes), len(self.axes)
            for name, positions, node in self.text.accesses():
                self._learn(name, positions, node)
            for line in self.text.lines:
                if line.name not in self.axes and all(letter in self.sizes for letter in line.letters):
                    self.axes[line.name] = tuple(self.sizes[letter] for letter in line.letters)
            if (len(self.sizes), len(self.axes)) != before:
                continue
            wanted = next((letter for letter in given if letter in used and letter not in self.sizes), None)
            if wanted is not None:
                self._given(wanted, given[wanted])
            elif not self._windows():
                break
        self._check_given(given)
        for _, positions, _ in self.text.accesses():
            for position in positions:
                if isinstance(position, ast.Name) and not (position.id in self.sizes or self.text.is_quantity(position.id)):
                    self.text.fail(f"nothing says how far {quoted(position.id)} runs", position,
                                   f"add sizes: {{{position.id}: 16}}, or let it stand alone in an axis of what is read")

    def _check_given(self, given: Mapping[str, int | str]) -> None:
        """What the file says of a size must be what the axes say."""
        for letter, size in given.items():
            if isinstance(size, int) and self.written.place is not None:
                if letter not in self.sizes:
                    raise self.parts.error(f"no equation has the index '{letter}'", *self.path, "sizes", letter, key=True,
                                           help=suggestion(letter, self.sizes, "the indices are"))
                if (known := self.parts.number(self.sizes[letter])) != size:
                    raise self.parts.error(f"{letter} runs over {known or 'the samples'} ({self.said[letter]}), not over "
                                           f"{size}", *self.path, "sizes", letter, help="remove it, or correct it")

    def _given(self, letter: str, size: int | str) -> None:
        try:
            number = size if isinstance(size, int) else self._computed(size)
        except Indivisible as error:
            raise self.parts.error(f"{self.text.origin} cannot divide: {error}", *self.path,
                                   help="choose numbers that can be divided into equal parts") from None
        except ValueError:
            raise self.parts.error(f"the size of {letter} cannot be computed", *self.path, "sizes", letter,
                                   help="write a whole number, or a formula such as (size(x, 1) - 3)//2 + 1") from None
        if number < 1:
            raise self.parts.error(f"{self.text.origin} would have {number} positions along {letter}", *self.path,
                                   help="choose a smaller window or stride, or more padding")
        plain = [name for name, positions, _ in self.text.accesses() for p in positions
                 if isinstance(p, ast.Name) and p.id == letter]
        if letter in self.counted or self.text.lines[-1].name not in plain:
            self.sizes[letter] = Integer(number)
        else:
            last = [each for each in self.text.lines[-1].letters if each != SAMPLE_INDEX][-1]
            self.sizes[letter] = self.parts.size(self.label if letter == last else f"{self.label}_{letter}", number)
        self.said[letter] = f"{letter}: {number}"

    def _computed(self, text: str) -> int:
        """A size from a formula in whole numbers, such as (size(x, 1) - kernel)//stride + 1."""
        reads = {name: self.parts.shape_of(output.indices) for name, output in self.written.reads.items()}
        known = {**self.written.numbers, **{
            name: int(size) for name, size in self.sizes.items() if size.is_Integer}}
        return whole_number(text, known, reads)

    def _learn(self, name: str, positions: Axes, node: ast.expr) -> None:
        own = self.axes.get(name)
        if own is None:
            return
        if len(own) != len(positions):
            self.text.fits(name, len(positions) - 1, exactly=True)
            what = self.written.reads[name].origin if name in self.written.reads else "it"
            shape = ",".join(index.name for index in self.written.reads[name].indices) if name in self.written.reads else ""
            self.text.fail(f"{name} has {indices_in_words(len(own))}, and {len(positions) or 'none'} "
                           f"stand{'s' * (len(positions) == 1)} here", node,
                           f"{name} is {what}: write {name}[{shape}]" if shape else None)
        for axis, (position, size) in enumerate(zip(positions, own, strict=True)):
            if not isinstance(position, ast.Name) or self.text.is_quantity(position.id):
                continue
            letter = position.id
            if letter not in self.sizes:
                self.sizes[letter], self.said[letter] = size, f"axis {axis + 1} of {name}"
            elif (known := self.parts.resolved(self.sizes[letter])) != size:
                if SAMPLE.size in (known, size) and name in self.written.reads:
                    self.text.misplaced_samples(name, position)
                one, other = (self.parts.number(each) for each in (known, size))
                if one != other or one is None:
                    self.text.fail(f"index {letter} runs over {one or 'the samples'} values ({self.said[letter]}), but "
                                   f"this axis of {name} has {other or 'the samples'}", position,
                                   "use an index of its own for each size")
                self.parts.unify(known, size)
                self.resolve()

    def resolve(self) -> None:
        self.sizes = {letter: self.parts.resolved(size) for letter, size in self.sizes.items()}
        self.axes = {name: tuple(map(self.parts.resolved, axes)) for name, axes in self.axes.items()}

    def _windows(self) -> bool:
        """How far i runs in x[n, 2*i+u]: as long as the window lies inside x."""
        for name, positions, _ in self.text.accesses():
            for axis, position in enumerate(positions):
                unknown = [letter for letter in sorted(letters_of(position)) if letter not in self.sizes
                           and not self.text.is_quantity(letter)]
                if isinstance(position, ast.Name) or len(unknown) != 1 or name not in self.axes:
                    continue
                letter, size = unknown[0], self.parts.number(self.axes[name][axis])
                ends = reach(position, letter, {k: self.parts.number(v) for k, v in self.sizes.items()})
                if ends is None or size is None:
                    continue
                slope, _, highest = ends
                if slope > 0 and (size - 1 - highest) // slope >= 0:
                    self.sizes[letter] = Integer((size - 1 - highest) // slope + 1)
                    self.said[letter] = f"as far as {name} reaches"
                    return True
        return False
