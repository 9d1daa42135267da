"""The docstring of the module: the network, what is given, and every equation with its number."""

from __future__ import annotations

import textwrap
from dataclasses import replace

from codegen.index_text import equation_text, index_text
from codegen.targets.numpy.layout import WIDTH, columns, filled, numbered_line, plain
from codegen.targets.numpy.lowered import Lowered
from codegen.targets.numpy.second_order import SecondOrder
from derive.language.equations import Role

_WORDS = {Role.INPUT: "input", Role.TARGET: "target", Role.PARAMETER: "parameter", Role.CONSTANT: "constant"}


def docstring(lowered: Lowered, second: SecondOrder | None = None) -> str:
    """The whole docstring, quotation marks included."""
    network, derivation = lowered.network, lowered.derivation
    lines = filled(plain(network.title or network.name).strip('"').rstrip(".") + ".", first='"""')
    if network.source:
        lines += ["", *filled("Source: " + plain(network.source))]
    if network.notes:
        for paragraph in network.notes.strip().split("\n\n"):
            lines += ["", *filled(plain(paragraph))]
    lines += ["", *_conventions(lowered)]
    given = [_symbol(lowered, n) for n in (*lowered.data, *lowered.stored, *lowered.random, *network.constants)]
    lines += ["", "Given:", "", *columns(given)]
    lines += ["", "Forward:", ""]
    for equation in derivation.forward.equations:
        lines += numbered_line(equation)
    lines += _modes(lowered)
    loss = network.loss
    lines += ["", f"Derivatives of {loss} in reverse order, where d{loss}_dW stands for ∂{loss}/∂W:", ""]
    for adjoint in derivation.adjoints:
        lines += numbered_line(adjoint.equation)
    if second is not None:
        held = f"R_d{loss}_d{second.split}"
        lines += ["", *filled("Second derivatives: R_q is the derivative of q along a direction, v_W for W, and dG_dW are "
                              f"the derivatives of the sum of {held}·{second.split} with {held} fixed:"), ""]
        for equation in second.equations:
            lines += numbered_line(equation)
    if network.training.update_order == "layer_by_layer":
        lines += ["", *filled("Training updates each layer as soon as its gradients are known, in backward order: "
                               "the derivatives further down already use the new parameters.")]
    lines += ["", *filled("Made from the derivation of these equations; the numbers in the comments are theirs."),
              '"""']
    return "\n".join(line.rstrip() for line in lines)


def _conventions(lowered: Lowered) -> list[str]:
    """How entries are written, and the sizes that the equations name."""
    lines = filled("Entries are written with their indices, which count from 0; n runs over the m samples.")
    sizes = lowered.network.sizes
    used = set().union(*(e.body.free_symbols for e in lowered.derivation.system.equations)) & set(sizes)
    if not used:
        return lines
    words = ", ".join(f"{s} = {sizes[s]}" for s in sizes if s in used) + "."
    if len(lines[-1]) + len(words) < WIDTH - 1:
        return [*lines[:-1], f"{lines[-1]} {words}"]
    return lines + filled(words)


def _modes(lowered: Lowered) -> list[str]:
    """What holds outside of training instead, and how the running statistics go on in training."""
    network, lines = lowered.network, []
    if network.inference:
        instead = [replace(e, body=network.inference[e.name]) for e in lowered.derivation.forward.equations
                   if e.name in network.inference]
        lines += ["", "These hold in training. `forward` and `Model.predict` compute instead:", ""]
        lines += [line for equation in instead for line in numbered_line(equation)]
    if network.running:
        lines += ["", "After each update in training:", ""]
        lines += [line for equation in network.running for line in textwrap.wrap(
            equation_text(equation).replace("=", "←", 1), WIDTH, initial_indent=" " * 10, subsequent_indent=" " * 14)]
    return lines


def _symbol(lowered: Lowered, name: str) -> tuple[str, str]:
    """An entry of a quantity, and its shape and meaning."""
    quantity = lowered.quantities[name]
    shape = lowered.shape(name) if quantity.indices else "scalar"
    what = plain(quantity.meaning) or _WORDS.get(quantity.role, "")
    if name in lowered.network.frozen:
        what += ", never updated"
    if name in lowered.network.random:
        rate = lowered.network.random[name]
        what += f", 0 or 1/(1 − {rate})"
    return index_text(quantity.entry), f"{shape:<12} {what}".rstrip()
