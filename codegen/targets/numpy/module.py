"""The text of the NumPy module: what the template lays out is made here."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from sympy import Symbol

from codegen.index_text import equation_text, index_text
from codegen.lowering import Sizes, lower
from codegen.passes import (
    branches_as_maxima,
    copies_propagated,
    definitions_expanded,
    inlined_single_use,
    is_compound,
    without_common_subexpressions,
    without_dead_code,
    without_repeated_statements,
)
from codegen.program import Program, Statement
from codegen.targets.numpy import error_function
from codegen.targets.numpy.buffered import Buffered, CallPrinter, buffered
from codegen.targets.numpy.initialisers import initial_value
from codegen.targets.numpy.layout import (
    WIDTH,
    aligned,
    call_lines,
    columns,
    comment,
    filled,
    names_line,
    numbered_line,
    plain,
    returned,
    unpacking,
    wrapped,
    wrapped_numbers,
)
from codegen.targets.numpy.plain import plain_lines
from codegen.targets.numpy.printer import NumpyPrinter
from derive.calculus.record import Derivation
from derive.language.equations import Equation, Quantity, Role, System
from derive.language.expressions import Access, Delta, Index, Sum
from derive.language.substitution import SAMPLES
from derive.network import Network
from derive.rewrites.stability import stable_system

RESERVED = frozenset({
    "np", "Array", "ArrayLike", "DTypeLike", "Parameters", "SHAPES", "PARAMETERS", "FROZEN", "LABELS", "OPTIONS", "SUMS",
    "Training", "Model", "initial_parameters", "forward", "loss_and_gradients", "trace", "check_gradients",
    "sigmoid", "softplus", "erf", "m", "self", "parameters", "gradients", "arrays", "update", "memory", "data",
    "position", *dir(builtins)})


@cache
def _environment() -> Environment:
    return Environment(loader=PackageLoader("codegen.targets.numpy"), undefined=StrictUndefined, trim_blocks=True,
                       lstrip_blocks=True, keep_trailing_newline=True, autoescape=False)


def emit(network: Network, derivation: Derivation) -> str:
    """The text of the module."""
    module = _Module(network, derivation)
    return _template("module.py.jinja", module).render(module.context())


def emit_trace(network: Network, derivation: Derivation, system: System) -> str:
    """The text of a module that only traces a system: the derivation's, or one that holds more."""
    module = _Module(network, derivation, system)
    return _template("trace.py.jinja", module).render(module.trace_context([e.name for e in system.equations]))


def _template(name: str, module: _Module) -> Template:
    return _environment().get_template(name, globals={
        "signature": lambda names: ", ".join(f"{module.identifier(n)}: Array" for n in names),
        "signature_typed": lambda names: ",\n    ".join(f"{module.identifier(n)}: Array" for n in names),
        "signature_like": lambda names: ", ".join(f"{module.identifier(n)}: ArrayLike" for n in names),
        "arguments": lambda names: ", ".join(module.identifier(n) for n in names),
        "keywords": lambda names: ", ".join(f"{module.identifier(n)}={module.identifier(n)}" for n in names),
        "names_line": lambda name, names: names_line(name, list(names)),
    })


@dataclass(frozen=True)
class _Option:
    """A keyword of the model's constructor."""

    name: str
    hint: str
    default: str
    meaning: str
    type: str
    shown: str


class _Module:
    def __init__(self, network: Network, derivation: Derivation, system: System | None = None) -> None:
        self.network = network
        self.derivation = derivation
        computed = derivation.system if system is None else system
        system = stable_system(computed)
        self.quantities = system.quantities
        self.gradient_of = {a.of.name: a.quantity.name for a in derivation.adjoints}
        self.concrete = Sizes(network.sizes)
        self._identifiers: dict[str, str] = {}
        self._code: dict[Statement, list[tuple[str, str]]] = {}
        for name in [*network.inputs, *network.targets, *self.quantities]:
            self.identifier(name)
        ordered = _as_derived(system.in_order(), derivation)
        program = lower(ordered, self.quantities, network.sizes)
        self.program = without_repeated_statements(program)
        self.readable = without_common_subexpressions(self.program)
        self.data = (*network.inputs, *network.targets)
        first = next(iter(network.parameters), None)
        self.typed_by = first or network.inputs[0]
        self.dtype = f"{self.identifier(self.typed_by)}.dtype"
        self.printer = self._printer(self.readable.quantities)
        self.textbook = {e.name: e for e in computed.equations}

    def identifier(self, name: str) -> str:
        """The name as a Python identifier that nothing else in the module is called by."""
        if name not in self._identifiers:
            text = "".join(c if c.isidentifier() or c.isdigit() else "_" for c in name) or "_"
            text = f"_{text}" if text[0].isdigit() else text
            while text in RESERVED or keyword.iskeyword(text) or text in self._identifiers.values():
                text += "_"
            self._identifiers[name] = text
        return self._identifiers[name]

    def is_weak(self, name: str) -> bool:
        quantity = self.quantities.get(name)
        return quantity is not None and quantity.role is Role.CONSTANT

    def _printer(self, quantities: Mapping[str, Quantity], names: Callable[[str], str] | None = None) -> NumpyPrinter:
        return NumpyPrinter(quantities, names or self.identifier, self.is_weak, self.dtype)

    # What the template needs.

    def context(self) -> dict[str, Any]:
        network, identifier = self.network, self.identifier
        prediction, loss = network.prediction, network.loss
        gradient_names = [self.gradient_of[n] for n in network.parameters if n in self.gradient_of]
        forward, _ = self._function([prediction], network.inputs)
        gradients, _ = self._function([loss, *gradient_names], self.data)
        shared = self.trace_context([e.name for e in self.derivation.system.equations])
        step = self._step()
        update = self._update()
        train = self._train(update, step.groups)
        options = self._options()
        initial = self._initial()
        context = {**shared, **dict(
            seed=network.seed,
            training_seed=network.seed if network.training.seed is None else network.training.seed,
            seed_option="seed",
            initial=initial,
            random=any("rng" in value for _, value in initial),
            orthogonal=any("_orthogonal" in value for _, value in initial),
            inputs=network.inputs, targets=network.targets,
            prediction=identifier(prediction), loss=identifier(loss), kind=network.kind,
            shape_of={**{n: self._shape_text(n) for n in self.data}, identifier(prediction):
                      self._shape_text(prediction)},
            forward=forward, gradients=gradients,
            gradient_items=[(identifier(n), self._gradient_value(n)) for n in network.parameters],
            workspace=step.workspace, step=step.body,
            layer_by_layer=network.training.update_order == "layer_by_layer",
            layered_note="\n\n    `update(begin, end)` is called for each layer's part of the parameters as soon as "
                         "its\n    gradients are known, so that the layers below see the new values.\n    ",
            update=update.body, update_signature=update.signature, update_docstring=update.docstring,
            update_scratch=update.scratch, states=network.optimiser.states,
            options=options, option_names=[option.name for option in options], train=train,
            one_hot=self._one_hot(),
            random_data=self._random_data(),
        )}
        context["helpers"] = self.printer.helpers | step.helpers
        return context

    def trace_context(self, traced: Sequence[str]) -> dict[str, Any]:
        """What the parts of the template need that a module of `trace` alone has too."""
        network, identifier = self.network, self.identifier
        trace, _ = self._function(traced, self.data)
        return dict(
            docstring=self._docstring(),
            constants=[dict(name=identifier(q.name), value=repr(float(q.value or 0)), meaning=q.meaning)
                       for q in network.constants.values()],
            shapes=[(identifier(n), self._shape_literal(n)) for n in (*self.data, *network.parameters)],
            parameters=[identifier(n) for n in network.parameters],
            frozen=[identifier(n) for n in network.frozen],
            labels=self._labels(), sums=self._sums(), data=self.data,
            trace=trace, trace_items=[(n, identifier(n)) for n in traced],
            erf=dict(centre=error_function.CENTRE, small=wrapped_numbers(error_function.SMALL),
                     large=wrapped_numbers(error_function.LARGE)),
            helpers=self.printer.helpers)

    # Shapes and sizes.

    def _sizes(self, name: str) -> list[str]:
        return [str(self.concrete(size)) for size in self.quantities[name].shape]

    def _shape_text(self, name: str) -> str:
        sizes = self._sizes(name)
        return f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"

    def _shape_literal(self, name: str) -> str:
        sizes = [s if s.isdigit() else f'"{s}"' for s in self._sizes(name)]
        return f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"

    def _sums(self) -> str:
        """Code for a dict of the data whose rows sum to a number by a declared fact, and that number."""
        found = [f'"{self.identifier(name)}": {fact.right}' for name in self.data for fact in self.quantities[name].facts
                 if isinstance(fact.left, Sum) and fact.left.body == self.quantities[name].entry
                 and fact.left.indices == self.quantities[name].indices[-1:]]
        return "{" + ", ".join(found) + "}" if found else ""

    def _labels(self) -> str:
        """Code for a dict of the integer quantities among the data, and the size of the range that each one names."""
        found: dict[str, str] = {}
        integers = [n for n in self.data if self.quantities[n].integer]
        for equation in self.derivation.forward.equations if integers else ():
            for node in equation.body.atoms(Access, Delta):
                if isinstance(node, Delta):
                    for label, place in (node.args, node.args[::-1]):
                        if isinstance(label, Access) and label.name in integers and isinstance(place, Index):
                            found[label.name] = str(self.concrete(place.size))
                    continue
                for position, axis in zip(node.indices, self.quantities[node.name].shape, strict=True):
                    if isinstance(position, Access) and position.name in integers:
                        found[position.name] = str(self.concrete(axis))
        return "{" + ", ".join(f'"{self.identifier(n)}": {found[n]}' for n in integers if n in found) + "}" \
            if found else ""

    # Plain functions.

    def _function(self, outputs: Sequence[str], data: Sequence[str]) -> tuple[str, Program]:
        program = without_dead_code(self.readable.asking_for(*outputs))
        program = inlined_single_use(program)
        lines: list[tuple[str, str]] = []
        for statement in program.statements:
            if statement not in self._code:  # the three functions have most of their lines in common
                self._code[statement] = plain_lines(statement, program, self.printer)
            lines += self._code[statement]
        used = set().union(*(s.reads for s in program.statements))
        counts = any(re.search(r"\bm\b", code) for code, _ in lines)
        if any(self.dtype in code for code, _ in lines):
            used.add(self.typed_by)
        return "\n".join(self._opening(data, used, counts) + aligned(lines)), program

    def _opening(self, data: Sequence[str], used: set[str], counts: bool) -> list[str]:
        names = [self.identifier(n) for n in data]
        keywords = ", ".join(f"{n}={n}" for n in names)
        left = ", ".join(names) if len(names) > 1 else f"({names[0]},)"
        lines = [f"    {left} = _checked(parameters, {keywords})"]
        sized = next((n for n in data if self.quantities[n].shape[:1] == (SAMPLES,)), None)
        if sized and counts:
            lines.append(f"    m = len({self.identifier(sized)})")
        parameters = [n for n in self.network.parameters if n in used]
        row: list[str] = []
        for name in [*parameters, None]:
            if row and (name is None or len(self._unpacked([*row, name])) > WIDTH):
                lines.append(self._unpacked(row))
                row = []
            if name is not None:
                row.append(name)
        return lines

    def _unpacked(self, names: Sequence[str]) -> str:
        left = ", ".join(self.identifier(n) for n in names)
        right = ", ".join(f'parameters["{self.identifier(n)}"]' for n in names)
        return f"    {left} = {right}"

    def _gradient_value(self, parameter: str) -> str:
        if parameter in self.gradient_of:
            return self.identifier(self.gradient_of[parameter])
        return f"np.zeros_like(parameters[\"{self.identifier(parameter)}\"])"

    # Training.

    def _step(self) -> _Step:
        network, identifier = self.network, self.identifier
        trained = [n for n in network.trained if n in self.gradient_of]
        outputs = [network.loss, *(self.gradient_of[n] for n in trained)]
        program = without_dead_code(self.program.asking_for(*outputs))
        program = without_dead_code(copies_propagated(program))
        program = definitions_expanded(branches_as_maxima(program), keep=("sigmoid",))
        program = without_common_subexpressions(program, worth=is_compound)
        given = {n: (True, True) for n in (*network.parameters, *self.data)}
        given |= {self.gradient_of[n]: (False, True) for n in trained}
        for name in network.constants:
            given.setdefault(name, (True, True))
        result = buffered(program, given)
        fresh = {n: identifier(result.rename.get(n, n)) for n in result.quantities}
        printer = self._printer(result.quantities, lambda name: fresh[name])
        calls = CallPrinter(printer, lambda name: fresh[name])
        calls.arrays = frozenset(given)
        printer.ranges = set()
        layered = network.training.update_order == "layer_by_layer"
        lines: list[str] = []
        pending: list[str] = []
        groups: list[tuple[int, int]] = []
        parameter_of = {self.gradient_of[n]: n for n in trained}
        owner = ""
        for call in result.calls:
            if call.statement.owner != owner:
                if owner in parameter_of:
                    pending.append(parameter_of[owner])
                owner = call.statement.owner
                if layered and pending and owner not in parameter_of:
                    lines += self._updates(pending, groups)
                    pending = []
                lines += comment(self._numbered(self.textbook.get(owner), owner))
            code = calls.text(call)
            if code is not None:
                lines += [f"    {line}" for line in code.split("\n")]
        if owner in parameter_of:
            pending.append(parameter_of[owner])
        if layered and pending:
            lines += self._updates(pending, groups)
        missing = [n for n in network.trained if n not in self.gradient_of]
        opening = [*unpacking([identifier(n) for n in network.parameters], "parameters"),
                   *unpacking([identifier(self.gradient_of[n]) if n in self.gradient_of else "_"
                                for n in network.trained], "gradients")]
        names = [identifier(n) for group, _, _ in result.arrays for n in group] + [
            identifier(n) for n, _, _ in result.reshaped]
        ranges = sorted((size for size in printer.ranges if printer.range(size).startswith("range_")), key=str)
        constants = [(printer.range(size), f"np.arange({size})") for size in ranges]
        if calls.positions:
            constants.append(("position", "np.empty(m, np.int64)"))
        names += [name for name, _ in constants]
        opening += unpacking(names, "arrays")
        sized = next((n for n in self.data if self.quantities[n].shape[:1] == (SAMPLES,)), None)
        if sized and any(re.search(r"\bm\b", line) for line in lines if not line.lstrip().startswith("#")):
            opening.append(f"    m = len({identifier(sized)})")
        for name in missing:
            lines.append(f"    gradients[{network.trained.index(name)}].fill(0)")
        return _Step("\n".join(opening + wrapped(lines)), self._workspace(result, names, constants),
                     printer.helpers, groups)

    def _updates(self, pending: list[str], groups: list[tuple[int, int]]) -> list[str]:
        """Updates of the parameters whose gradients are known, as slices of the flat vector."""
        ends: dict[str, tuple[int, int]] = {}
        end = 0
        for name in self.network.trained:
            size = 1
            for each in self.network.shape(name):
                size *= each or 1
            ends[name] = (end, end + size)
            end += size
        spans = sorted(ends[name] for name in pending)
        merged = [spans[0]]
        for span in spans[1:]:
            if span[0] == merged[-1][1]:
                merged[-1] = (merged[-1][0], span[1])
            else:
                merged.append(span)
        groups += merged
        named = ", ".join(self.identifier(n) for n in pending)
        return [f"    # update {named}", *(f"    update({begin}, {end})" for begin, end in merged)]

    def _workspace(self, result: Buffered, names: Sequence[str], constants: Sequence[tuple[str, str]]) -> str:
        lines = []
        for group, shape, mask in result.arrays:
            sizes = ", ".join(str(s) for s in shape)
            right = f"memory.array({sizes}{', dtype=bool' if mask else ''})"
            row: list[str] = []
            for name in map(self.identifier, group):
                if row and len(" = ".join([*row, name, right])) > WIDTH - 4:
                    lines.append("    " + " = ".join([*row, right]))
                    row, right = [], row[0]
                row.append(name)
            lines.append("    " + " = ".join([*row, right]))
        for name, place, shape in result.reshaped:
            sizes = ", ".join(str(s) for s in shape)
            lines.append(f"    {self.identifier(name)} = {self.identifier(place)}.reshape({sizes})")
        lines += [f"    {name} = {code}" for name, code in constants]
        lines += returned(names)
        return "\n".join(wrapped(lines))

    def _numbered(self, equation: Equation | None, owner: str) -> str:
        if equation is None:
            return owner
        return f"({equation.number})  {equation_text(equation)}"

    def _update(self) -> _Update:
        """One optimiser step over the flat vector of parameters."""
        optimiser = self.network.optimiser
        size = Symbol("size", integer=True, positive=True)
        index = Index("i", size)
        arrays = {"theta", "g", *optimiser.states}
        quantities = {n: Quantity(n, (index,)) for n in arrays}
        quantities |= {n: Quantity(n, (), Role.CONSTANT) for n in (*optimiser.constants, "k")}
        equations = []
        for equation in optimiser.assignments:
            forth = {a: Access(a.name, index) for a in (equation.body.atoms(Access) | {equation.target})
                     if a.name in arrays}
            body = equation.body.xreplace(forth)
            if equation.name not in quantities:
                indexed = bool(body.free_symbols & {index})
                if indexed:
                    arrays.add(equation.name)
                quantities[equation.name] = Quantity(equation.name, (index,) if indexed else ())
                forth[equation.target] = Access(equation.name, *((index,) if indexed else ()))
            equations.append(Equation(forth[equation.target], body))
        program = lower(equations, quantities, {})
        given = {"theta": (True, True), "g": (True, False)}
        given |= {state: (True, True) for state in optimiser.states}
        given |= {n: (True, True) for n in (*optimiser.constants, "k")}
        result = buffered(program, given)
        scalar = {n: n if not keyword.iskeyword(n) else f"{n}_" for n in result.quantities}
        fresh = {n: scalar.get(name := result.rename.get(n, n), name) for n in result.quantities}
        printer = NumpyPrinter(result.quantities, lambda n: fresh[n],
                               lambda n: n in optimiser.constants or n == "k", "theta.dtype")
        calls = CallPrinter(printer, lambda n: fresh[n])
        lines: list[str] = []
        last = None
        for call in result.calls:
            if call.statement is not last:
                last = call.statement
                place = next(i for i, s in enumerate(program.statements) if s is last)
                lines += comment(_scalar_text(optimiser.assignments, program, place))
            code = calls.text(call)
            if code is not None:
                lines.append(f"    {code}")
        counts = any(re.search(r"\bk\b", line) for line in lines if not line.lstrip().startswith("#"))
        scratch = [group[0] for group, _, _ in result.arrays]
        parameters = ["theta: Array", "g: Array", *(f"{s}: Array" for s in optimiser.states),
                      *(f"{s}: Array" for s in scratch),
                      *(["k: int"] if counts else []), *(f"{scalar[c]}: float" for c in optimiser.constants)]
        signature = ", ".join(parameters)
        if len(signature) > WIDTH - 24:
            signature = "\n    " + ",\n    ".join(parameters) + ",\n"
        docstring = [f"One update by {optimiser.name.replace('_', ' ')}, in place.", "",
                     "    theta are the parameters, and g is their gradient, which is used up."]
        if optimiser.source:
            docstring += ["", *filled(f"Source: {plain(optimiser.source)}", indent="    ")]
        folded = "\n".join([*docstring, "    "])
        return _Update("\n".join(wrapped(lines)), signature, folded, scratch, tuple(optimiser.constants),
                       counts)

    def _train(self, update: _Update, groups: Sequence[tuple[int, int]]) -> str:
        optimiser = self.network.optimiser
        vectors = ["_theta", "_gradient", *(f"_{s}" for s in (*optimiser.states, *update.scratch))]
        constants = [f"self.{_option_name(c)}" for c in update.constants]
        if update.counts:
            constants.insert(0, "self.updates_")
        head = ["self._values", "self._gradients",
                f"self._workspaces[len({self.identifier(self.data[0])})]", *(self.identifier(n) for n in self.data)]
        if self.network.training.update_order == "layer_by_layer":
            head.append("self._update_part")
            body = [call_lines("return _step", head, 8), "",
                    "    def _update_part(self, begin: int, end: int) -> None:",
                    '        """Update the parameters of one layer, a slice of all of them."""',
                    call_lines("_update", [*(f"self.{v}[begin:end]" for v in vectors), *constants], 8)]
        else:
            body = [call_lines("loss = _step", head, 8),
                    call_lines("_update", [*(f"self.{v}" for v in vectors), *constants], 8),
                    "        return loss"]
        return "\n".join(body)

    def _options(self) -> list[_Option]:
        training, optimiser = self.network.training, self.network.optimiser
        options = []
        for name, value in optimiser.constants.items():
            shown = repr(float(value))
            options.append(_Option(_option_name(name), "float", shown, _meaning(name, optimiser.name), "float", shown))

        def option(name: str, hint: str, default: Any, meaning: str, kind: str) -> None:
            options.append(_Option(name, hint, repr(default), meaning, kind, repr(default)))

        option("epochs", "int", training.epochs, "How often `fit` goes through the data.", "int")
        option("batch_size", "int | None", training.batch_size, "Samples in a batch; None for all of them.",
               "int or None")
        option("shuffle", "bool", training.shuffle, "Whether each pass takes the samples in a new order.", "bool")
        option("tolerance", "float | None", training.stop_when_change_below,
               "`fit` stops when the loss changes by less than this from one pass to the next.", "float or None")
        option("warm_start", "bool", False, "Whether `fit` goes on from the present parameters.", "bool")
        option("seed", "int | None", None,
               "Seed of the initial parameters and of the shuffling; None for the network's own.", "int or None")
        options.append(_Option("dtype", "DTypeLike", '"float64"', '"float64" or "float32".', "data type", '"float64"'))
        return options

    def _initial(self) -> list[tuple[str, str]]:
        return [(self.identifier(n), initial_value(self.network.initial[n], self.network.shape(n)))
                for n in self.network.parameters]

    def _one_hot(self) -> dict[str, Any] | None:
        """The target that may be given as labels: one-hot rows beside a distribution."""
        network = self.network
        if network.kind not in ("distribution", "logits") or len(network.targets) != 1:
            return None
        target = self.quantities[network.targets[0]]
        if target.integer or len(target.indices) != 2:
            return None
        size = network.size(target.shape[1])
        return {"name": self.identifier(target.name), "size": size} if size else None

    def _random_data(self) -> list[tuple[str, str]]:
        found = []
        for name in self.data:
            quantity = self.quantities[name]
            sizes = ["samples" if s == "m" else s for s in self._sizes(name)]
            shape = f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"
            if quantity.integer:
                code = f'rng.integers(0, LABELS["{self.identifier(name)}"], {shape})'
            elif name in self.network.targets and self.network.kind in ("distribution", "logits") and len(sizes) == 2:
                code = f"np.eye({sizes[1]})[rng.integers(0, {sizes[1]}, samples)]"
            elif name in self.network.targets and self.network.kind in ("probability", "logit"):
                code = f"rng.integers(0, 2, {shape}).astype(float)"
            else:
                code = f"rng.standard_normal({shape})"
            found.append((self.identifier(name), code))
        return found

    def _docstring(self) -> str:
        network = self.network
        lines: list[str] = []
        title = network.title or network.name
        lines += filled(plain(title).strip('"').rstrip(".") + ".", first='"""')
        if network.source:
            lines += ["", *filled("Source: " + plain(network.source))]
        if network.notes:
            for paragraph in network.notes.strip().split("\n\n"):
                lines += ["", *filled(plain(paragraph))]
        lines += ["", *filled("Entries are written with their indices, which count from 0; n runs over the m "
                               "samples.")]
        used = set().union(*(e.body.free_symbols for e in self.derivation.system.equations)) & set(network.sizes)
        if used:
            sizes = ", ".join(f"{s} = {network.sizes[s]}" for s in network.sizes if s in used)
            lines[-1] += f" {sizes}." if len(lines[-1]) + len(sizes) < WIDTH - 2 else ""
            lines += [] if lines[-1].endswith(f"{sizes}.") else filled(f"{sizes}.")
        given = [self._symbol(n) for n in (*self.data, *network.parameters, *network.constants)]
        lines += ["", "Given:", "", *columns(given)]
        forward = self.derivation.forward.equations
        lines += ["", "Forward:", ""]
        for equation in forward:
            lines += numbered_line(equation)
        lines += ["", f"Derivatives of {network.loss} in reverse order, where dJ_dW stands for ∂J/∂W:".replace(
            "dJ_", f"d{network.loss}_").replace("∂J", f"∂{network.loss}"), ""]
        for adjoint in self.derivation.adjoints:
            lines += numbered_line(adjoint.equation)
        if network.training.update_order == "layer_by_layer":
            lines += ["", *filled("Training updates each layer as soon as its gradients are known, in backward order: "
                                   "the derivatives further down already use the new parameters.")]
        lines += ["", *filled("Made from the derivation of these equations; the numbers in the comments are theirs."),
                  '"""']
        return "\n".join(line.rstrip() for line in lines)

    def _symbol(self, name: str) -> tuple[str, str]:
        quantity = self.quantities[name]
        shape = self._shape_text(name) if quantity.indices else "scalar"
        words = {Role.INPUT: "input", Role.TARGET: "target", Role.PARAMETER: "parameter", Role.CONSTANT: "constant"}
        what = plain(quantity.meaning) or words.get(quantity.role, "")
        if name in self.network.frozen:
            what += ", never updated"
        return index_text(quantity.entry), f"{shape:<12} {what}".rstrip()


@dataclass(frozen=True)
class _Step:
    body: str
    workspace: str
    helpers: set[str]
    groups: list[tuple[int, int]]


@dataclass(frozen=True)
class _Update:
    body: str
    signature: str
    docstring: str
    scratch: list[str]
    constants: tuple[str, ...]
    counts: bool


def _as_derived(equations: Iterable[Equation], derivation: Derivation) -> list[Equation]:
    """The equations in the order of the derivation: forward, then the adjoints in reverse topological order."""
    by_name = {e.name: e for e in equations}
    order = [e.name for e in derivation.forward.equations] + [a.equation.name for a in derivation.adjoints]
    return [by_name[n] for n in order] if set(order) == set(by_name) else list(by_name.values())


def _option_name(name: str) -> str:
    return f"{name}_" if keyword.iskeyword(name) else name


def _meaning(name: str, optimiser: str) -> str:
    return f"The {name.replace('_', ' ')} of {optimiser.replace('_', ' ')}."


def _scalar_text(assignments: Sequence[Equation], program: Program, place: int) -> str:
    """The assignment of the optimiser that a statement belongs to, as text."""
    owner = program.statements[place].owner
    before = [s.owner for s in program.statements[:place + 1]]
    seen = 0
    for position, name in enumerate(before):
        if name == owner and program.statements[position].name == owner:
            seen += 1
    matching = [e for e in assignments if e.name == owner]
    if not matching:
        return owner
    done = program.statements[place].name == owner
    return equation_text(matching[max(0, seen - done)] if not done else matching[seen - 1])
