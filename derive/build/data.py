"""The arrays of a file, read and checked against the shapes and kinds that the network needs."""

from __future__ import annotations

from typing import Any, Literal

from derive.build.parts import Output, Parts
from derive.catalogue.losses import Loss
from derive.file.errors import suggestion
from derive.language.equations import Quantity, Role


def arrays(parts: Parts, section: Literal["data", "test"], loss: Loss, prediction: Output) -> dict[str, Any]:
    """The arrays of `data` or `test` by our names of the quantities, shape (samples, …).

    Raises:
        FileError: an array is missing, does not fit, or is not what the loss needs: one-hot rows, probabilities,
            or labels.
    """
    described = getattr(parts.file, section)
    if not described:
        return {}
    from derive.file.data import Needed, check_between, labels, read_data  # NumPy loads only for a file with data

    wanted = {q.name: q for q in parts.quantities.values() if q.role in (Role.INPUT, Role.TARGET)}
    for said in described:
        if parts.ours(said) not in wanted:
            raise parts.error(f"'{said}' is no input and no target", section, said, key=True,
                              help=suggestion(said, wanted, "there are"))
    given = {parts.ours(said) for said in described}
    for name in wanted:
        if name not in given:
            raise parts.error(f"{section} has nothing for {wanted[name].meaning} '{name}'", section, key=True,
                              help=f"add {name}: with one row for each sample")
    needed = {said: Needed(_row(parts, wanted[parts.ours(said)]), _origin(parts, wanted[parts.ours(said)], prediction))
              for said in described}
    found: dict[str, Any] = {}
    for said, table in read_data(described, section, parts.source, needed).items():
        quantity = wanted[parts.ours(said)]
        found[quantity.name] = table.values
        if quantity.role is Role.TARGET:
            if loss.target == "labels":
                found[quantity.name] = labels(table, prediction.units)
            elif loss.target in ("probabilities", "one_hot"):
                check_between(table, 0.0, 1.0, "probability")
            if loss.target == "one_hot":
                _sums_to_one(parts, table, section, said)
    return found


def _row(parts: Parts, quantity: Quantity) -> tuple[int, ...]:
    return tuple(size for size in parts.shape(quantity)[1:] if size is not None)


def _origin(parts: Parts, quantity: Quantity, prediction: Output) -> str:
    if quantity.role is Role.TARGET:
        return f"the last layer, {prediction.origin}"
    return f"inputs: {{{quantity.name}: …}} in line {parts.source.at('inputs', quantity.name).line}"


def _sums_to_one(parts: Parts, table: Any, section: str, said: str) -> None:
    """The derivation uses that the targets of a sample sum to 1; here it is made sure that they do."""
    sums = table.values.sum(axis=1)
    off = abs(sums - 1) > 1e-6
    if off.any():
        row = int(off.argmax())
        raise parts.error(f"the targets of row {row + 1} sum to {sums[row]:g}, and cross-entropy needs 1", section, said,
                          help="give one-hot rows such as [0, 1, 0], or labels with one_hot: 3")
