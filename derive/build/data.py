"""The arrays of a file, read and checked against the shapes and kinds that the network needs."""

from __future__ import annotations

import math
from typing import Any, Literal

from derive.build.parts import Output, Parts
from derive.catalogue.losses import Loss
from derive.data import Arrays
from derive.file.data import Needed, Table, read_data
from derive.file.errors import suggestion
from derive.file.fields import Array
from derive.language.equations import Quantity, Role

RANGES = {"probabilities": (0.0, 1.0, "probability"), "one_hot": (0.0, 1.0, "probability"),
          "counts": (0.0, math.inf, "count")}


def arrays(parts: Parts, section: Literal["data", "test"], loss: Loss, prediction: Output) -> Arrays:
    """The arrays of `data` or `test` by our names of the quantities, shape (samples, …).

    Raises:
        FileError: an array is missing, does not fit, or is not what the loss needs: one-hot rows, probabilities,
            or labels.
    """
    described = getattr(parts.file, section)
    if not described:
        return Arrays({})
    wanted = {q.name: q for q in parts.quantities.values() if q.role in (Role.INPUT, Role.TARGET)}
    for said in described:
        if parts.ours(said) not in wanted:
            raise parts.error(f"'{said}' is no input and no target", section, said, key=True,
                              help=suggestion(said, wanted, "there are"))
    given = {parts.ours(said) for said in described}
    for name in wanted:
        if name not in given:
            raise parts.error(f"{section} has nothing for {wanted[name].meaning} '{name}'", section, key=True,
                              help=f"add {name}: with one {'column' if parts.columns else 'row'} for each sample")
    needed = {said: Needed(_row(parts, wanted[parts.ours(said)]), _origin(parts, wanted[parts.ours(said)], prediction))
              for said in described}
    found: dict[str, Any] = {}
    for said, table in read_data(described, section, parts.source, needed, parts.columns).items():
        quantity = wanted[parts.ours(said)]
        found[quantity.name] = _samples_in_place(_checked(parts, quantity, table, section, said, loss, prediction),
                                                 quantity.sample_axis or 0)
    return Arrays(found)


def _checked(parts: Parts, quantity: Quantity, table: Table, section: str, said: str, loss: Loss, prediction: Output) -> Any:
    """The numbers of a table, which are what the network and its loss need; labels as whole numbers."""
    is_label = quantity.integer and quantity.role is Role.INPUT
    is_target = quantity.name in parts.file.target
    is_weight = quantity.role is Role.TARGET and not is_target
    if not is_label and not is_weight and not (is_target and loss.target != "values"):
        return table.given  # any numbers will do

    from derive.file.values import check_between, labels

    found: Any = table.given
    if is_label:
        found = labels(table, parts.positions[quantity.name])
    if is_weight:
        check_between(table, 0.0, math.inf, "weight")
    if is_target:
        if loss.target == "labels":
            found = labels(table, parts.number(prediction.size) or 1)
        elif loss.target in RANGES:
            check_between(table, *RANGES[loss.target])
        if loss.target == "one_hot":
            _sums_to_one(parts, table, section, said)
        if loss.target == "signs":
            _are_signs(parts, table, section, said)
    return found


def _samples_in_place(numbers: Any, axis: int) -> Any:
    """Numbers whose first axis is the samples, with the samples where the network has them."""
    if isinstance(numbers, Array) and not axis:
        return numbers
    import numpy as np

    array = numbers if not isinstance(numbers, Array) else np.array(numbers.entries, np.float64).reshape(numbers.shape)
    return np.ascontiguousarray(np.moveaxis(array, 0, axis))


def _are_signs(parts: Parts, table: Any, section: str, said: str) -> None:
    off = abs(table.values) != 1
    if off.any():
        position = tuple(int(axis[0]) for axis in off.nonzero())
        raise parts.error(f"{table.values[position]:g} in {table.sample} {position[0] + 1} of {said} is neither 1 nor -1, "
                          "as this loss needs it", section, said, help="write 1 for one class and -1 for the other")


def _row(parts: Parts, quantity: Quantity) -> tuple[int, ...]:
    return tuple(size for size in parts.shape(quantity) if size is not None)


def _origin(parts: Parts, quantity: Quantity, prediction: Output) -> str:
    if quantity.role is Role.TARGET and quantity.name not in parts.file.target:
        return f"sample_weight: {quantity.name}"
    if quantity.role is Role.TARGET:
        return f"the last layer, {prediction.origin}"
    return f"inputs: {{{quantity.name}: …}} in line {parts.source.at('inputs', quantity.name).line}"


def _sums_to_one(parts: Parts, table: Any, section: str, said: str) -> None:
    """The derivation uses that the targets of a sample sum to 1; here it is made sure that they do."""
    sums = table.values.sum(axis=-1)
    off = abs(sums - 1) > 1e-6
    if off.any():
        position = tuple(int(axis[0]) for axis in off.nonzero())
        raise parts.error(f"the targets of {table.sample} {position[0] + 1} sum to {sums[position]:g}, and cross-entropy "
                          f"needs 1", section, said,
                          help=f"give one-hot {table.sample}s such as [0, 1, 0], or labels with one_hot: 3")
