"""From the checked page of YAML to the network.

The file says which layers there are and what each reads; the catalogue says what they compute.  Here the two meet:
layers, then the loss, then parameters and data, and last the document's own names.  Until then every quantity has
the name that is made for it here (z1, W1, J …).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from derive.build.axes import samples_last
from derive.build.data import arrays
from derive.build.layers import build_layers
from derive.build.loss import build_loss
from derive.build.names import Names
from derive.build.optimiser import optimiser
from derive.build.parameters import check_number, frozen, initial, tie
from derive.build.parts import Parts
from derive.language.equations import Equation, Role
from derive.network import Network, Training


def build(file: Any, source: Any) -> Network:
    """The network that a file describes.

    Args:
        file: a `derive.file.models.NetworkFile`.
        source: the `derive.file.source.Source` that it was read from, for the places of errors.

    Raises:
        FileError: what the file says does not fit together, with its place.
    """
    parts = Parts(file, source)
    prediction = build_layers(parts)
    loss = build_loss(parts, prediction)
    tie(parts)
    check_number(parts)
    if parts.columns:
        samples_last(parts)
    parameters = parts.parameters
    names = Names(parts)
    said, updated = file.training, optimiser(parts)
    return Network(
        name=file.name, title=file.title, source=file.source, notes=file.notes,
        system=names.system(), sizes=parts.final_sizes(),
        inputs=names.all(file.inputs), targets=names.all(
            q.name for q in parts.quantities.values() if q.role is Role.TARGET),
        prediction=names.of(prediction.name), kind=loss.kind, loss=names.of("J"),
        sample_weight=next((names.of(q.name) for q in parts.quantities.values()
                            if q.role is Role.TARGET and q.name not in file.target), None),
        parameters=names.all(parameters), frozen=names.all(frozen(parts)),
        initial={names.of(name): start for name, start in initial(parts).items()}, seed=file.seed or 0,
        optimiser=replace(updated, learning_rates={names.of(n): rate for n, rate in updated.learning_rates.items()}),
        second_order=file.second_order or not updated.assignments,
        training=Training(said.epochs, said.batch_size, said.shuffle, said.seed, said.update_order,
                          None if said.stop_when_change_below is None else float(said.stop_when_change_below)),
        aliases=names.aliases(),
        inference={names.of(name): names.body(body) for name, body in parts.inference.items()},
        running=tuple(Equation(names.body(e.target), names.body(e.body)) for e in parts.running),
        random={names.of(name): names.of(rate) for name, rate in parts.random.items()},
        labels={names.of(name): count for name, count in parts.positions.items()},
        layers=tuple(replace(layer, quantities=names.all(layer.quantities), output=names.of(layer.output))
                     for layer in parts.layers),
        data=arrays(parts, "data", loss, prediction).renamed(names.of),
        test=arrays(parts, "test", loss, prediction).renamed(names.of))
