"""A program as calls of NumPy functions that write into given arrays: one call a line, nothing allocated.

    z1[n,j] = Σ_k x[n,k]·W1[k,j] + b1[j]     becomes     np.matmul(x, W1, out=z1)
                                                         np.add(z1, b1, out=z1)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sympy import Expr, Mul

from codegen.memory import Use, assign
from codegen.program import Program
from codegen.targets.numpy.calls import Call, CallBlock, Heading, Scratch, flat_calls
from codegen.targets.numpy.translator import STEMS, Translator
from derive.language.equations import Quantity
from derive.language.expressions import names


@dataclass(frozen=True)
class Buffered:
    """Calls, the arrays that they need, and which of those share memory.

    Attributes:
        calls: in the order in which they are written, each under the headings of its blocks.
        arrays: every array that has to be made, as (names that share its memory and shape, axes, type or "").
        zeroed: names of those that must hold zeros at first.
        reshaped: (name, name of the array whose memory it shares, axes) where the shapes differ.
    """

    calls: tuple[Call | Heading, ...]
    quantities: Mapping[str, Quantity]
    arrays: tuple[tuple[tuple[str, ...], tuple[Expr, ...], str], ...]
    reshaped: tuple[tuple[str, str, tuple[Expr, ...]], ...]
    rename: Mapping[str, str]
    zeroed: frozenset[str]


def buffered(program: Program, given: Mapping[str, tuple[bool, bool]]) -> Buffered:
    """Translate a program and give its arrays memory.

    Args:
        program: to translate.
        given: names of the arrays that exist, and whether each holds a value before, and must hold one after.
    """
    translator = Translator(program, given)
    written = translator.translate()
    calls = list(flat_calls(written))
    quantities, types = translator.quantities, translator.types
    uses = [use for call in calls for use in _uses(call, quantities)]
    needed = {use.writes for use in uses}
    keys: dict[str, object] = {}
    for name in [*needed, *given]:
        quantity = quantities[name]
        if quantity.indices or name in given:
            keys[name] = (Mul(*quantity.shape), types.get(name), name if name in translator.padded else "")
    # What is given keeps its shape: a temporary of another shape takes a place of its own.
    prefer = {name: name if owner in given and quantities[name].shape != quantities[owner].shape else owner
              for name, owner in translator.owner.items() if name in keys and name != owner}
    home = assign(uses, keys, given, prefer)
    rename: dict[str, str] = {}
    for name, owner in translator.owner.items():
        same_place = name in home and owner in home and home[name] == home[owner]
        if same_place and quantities[name].shape == quantities[owner].shape:
            rename[name] = owner
        elif name in home and home[name] in given and quantities[name].shape == quantities[home[name]].shape:
            rename[name] = home[name]
        elif name not in keys and name in needed and owner in quantities and not (
                quantities[owner].indices or owner in given):  # what is given is written, and not a name for something else
            rename[name] = owner if _scalar_is_free(name, owner, calls) else name
    scratch: dict[tuple[str, tuple[Expr, ...]], str] = {}
    taken = set(quantities)
    for name in dict.fromkeys(use.writes for use in uses):
        if name in home and name in translator.made and name not in rename:
            # Temporaries that share a place and a shape go by one name.
            shared = home[name], quantities[name].shape
            if shared not in scratch:
                scratch[shared] = _unused(STEMS[types.get(name, "")], taken)
                taken.add(scratch[shared])
            rename[name] = scratch[shared]
    groups: dict[tuple[str, tuple[Expr, ...]], list[str]] = {}
    order = [n for n in dict.fromkeys(name for use in uses for name in (use.writes, *sorted(use.reads)))
             if n in home and n not in given]
    for name in order:
        shown = rename.get(name, name)
        group = groups.setdefault((home[name], quantities[name].shape), [])
        if shown not in group and shown not in given:
            group.append(shown)
    arrays, reshaped = [], []
    made = {name: name for name in given}  # the name by which the memory of each place is at hand
    for (place, shape), group in groups.items():
        if not group:
            continue
        if place in made:
            reshaped += [(name, made[place], shape) for name in group]
        else:
            made[place] = group[0]
            arrays.append((tuple(group), shape, types.get(place, "")))
    once = [each for call in written for each in (call.once() if isinstance(call, CallBlock) else (call,))]
    return Buffered(tuple(once), quantities, tuple(arrays), tuple(reshaped), rename, frozenset(translator.padded))


def _uses(call: Call, quantities: Mapping[str, Quantity]) -> list[Use]:
    """What the call does to memory; scratch arrays come into being just before it."""
    scratch = [Use(a.name, frozenset()) for a in call.arguments if isinstance(a, Scratch)]
    return [*scratch, call.use(quantities)]


def _unused(stem: str, taken: set[str]) -> str:
    number = 1
    while (name := stem if number == 1 else f"{stem}{number}") in taken:
        number += 1
    return name


def _scalar_is_free(name: str, owner: str, calls: Sequence[Call]) -> bool:
    """Whether a scalar temporary can go by its owner's name: it is last read where the owner gets its value."""
    written = [i for i, call in enumerate(calls) if call.target.name == owner]
    read = [i for i, call in enumerate(calls) if any(name in names(a) for a in call.arguments)]
    temporaries = [call.target.name for call in calls if call.statement.owner == owner and call.target.name != owner]
    return bool(written and read) and max(read) == min(written) and temporaries == [name]
