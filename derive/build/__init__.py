"""From the checked page of YAML to the network.

The file says which layers there are and what each reads; the catalogue says what they compute.  Here the two meet:
layers, then the loss, then parameters and data, and last the document's own names.  Until then every quantity has
the name that is made for it here (z1, W1, J …).
"""

from __future__ import annotations

from typing import Any

from derive.build.data import arrays
from derive.build.layers import build_layers
from derive.build.loss import build_loss
from derive.build.names import Names
from derive.build.parameters import frozen, initial, optimiser, tie
from derive.build.parts import Parts
from derive.language.equations import Role
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
    parameters = parts.parameters
    names = Names(parts)
    said = file.training
    return Network(
        name=file.name, title=file.title, source=file.source, notes=file.notes,
        system=names.system(), sizes=parts.final_sizes(),
        inputs=names.all(file.inputs), targets=names.all(
            q.name for q in parts.quantities.values() if q.role is Role.TARGET),
        prediction=names.of(prediction.name), kind=loss.kind, loss=names.of("J"),
        parameters=names.all(parameters), frozen=names.all(frozen(parts)),
        initial={names.of(name): start for name, start in initial(parts).items()}, seed=file.seed or 0,
        optimiser=optimiser(parts),
        training=Training(said.epochs, said.batch_size, said.shuffle, said.seed, said.update_order,
                          None if said.stop_when_change_below is None else float(said.stop_when_change_below)),
        aliases=names.aliases(),
        data={names.of(name): array for name, array in arrays(parts, "data", loss, prediction).items()},
        test={names.of(name): array for name, array in arrays(parts, "test", loss, prediction).items()})
