"""What the module knows of its data: shapes, labels, sums of rows, and random data of the same kind for a check."""

from __future__ import annotations

from typing import Any

from codegen.targets.numpy.lowered import Lowered, shape_text
from derive.language.equations import Quantity
from derive.language.expressions import Access, Delta, Index, Sum


def shape_literal(lowered: Lowered, name: str) -> str:
    """The shape of an array as a literal, with "m" for the number of samples."""
    return shape_text([size if size.isdigit() else f'"{size}"' for size in lowered.sizes(name)])


def constant(quantity: Quantity) -> str:
    """Code for the value of a constant, a number or an array."""
    return f"np.array({list(quantity.value)})" if isinstance(quantity.value, tuple) else repr(float(quantity.value or 0))


def sums(lowered: Lowered) -> str:
    """Code for a dict of the data whose rows sum to a number by a declared fact, and that number."""
    quantities = lowered.quantities
    found = [f'"{lowered.identifier(name)}": {fact.right}' for name in lowered.data for fact in quantities[name].facts
             if isinstance(fact.left, Sum) and fact.left.body == quantities[name].entry
             and fact.left.indices == (quantities[name].indices[lowered.features],)]
    return "{" + ", ".join(found) + "}" if found else ""


def labels(lowered: Lowered) -> str:
    """Code for a dict of the integer quantities among the data, and the size of the range that each one names."""
    found: dict[str, str] = {}
    integers = [n for n in lowered.data if lowered.quantities[n].integer]
    for equation in lowered.derivation.forward.equations if integers else ():
        for node in equation.body.atoms(Access, Delta):
            if isinstance(node, Delta):
                for label, place in (node.args, node.args[::-1]):
                    if isinstance(label, Access) and label.name in integers and isinstance(place, Index):
                        found[label.name] = lowered.size(place.size)
                continue
            for position, axis in zip(node.indices, lowered.quantities[node.name].shape, strict=True):
                if isinstance(position, Access) and position.name in integers:
                    found[position.name] = lowered.size(axis)
    ranges = [f'"{lowered.identifier(n)}": {found[n]}' for n in integers if n in found]
    return "{" + ", ".join(ranges) + "}" if ranges else ""


def one_hot(lowered: Lowered) -> dict[str, Any] | None:
    """The target that may be given as labels: one-hot rows beside a distribution."""
    network = lowered.network
    if network.kind not in ("distribution", "logits") or network.target is None:
        return None
    target = lowered.quantities[network.target]
    if target.integer:
        return None
    size = network.size(target.shape[lowered.features])
    return {"name": lowered.identifier(target.name), "size": size, "axes": len(target.indices)} if size else None


def random_data(lowered: Lowered) -> list[tuple[str, str]]:
    """Code for random values of each input and target, of the kind that the network takes."""
    found = []
    kind = lowered.network.kind
    for name in lowered.data:
        target = name == lowered.network.target
        sizes = lowered.sizes(name, "samples")
        shape = shape_text(sizes)
        if lowered.quantities[name].integer:
            code = f'rng.integers(0, LABELS["{lowered.identifier(name)}"], {shape})'
        elif target and kind in ("distribution", "logits"):
            classes = sizes.pop(lowered.features)
            places = "samples" if len(sizes) == 1 else shape_text(sizes)
            code = f"np.eye({classes})[rng.integers(0, {classes}, {places})]{'.swapaxes(-1, -2)' * lowered.columns}"
        elif target and kind in ("probability", "logit"):
            code = f"rng.integers(0, 2, {shape}).astype(float)"
        elif target and kind == "margin":
            code = f"rng.choice([-1.0, 1.0], {shape})"
        elif name == lowered.network.sample_weight:
            code = f"rng.uniform(0.5, 1.5, {shape})"
        else:
            code = f"rng.standard_normal({shape})"
        found.append((lowered.identifier(name), code))
    return found
