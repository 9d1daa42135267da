"""How much work an expectation asks for, so that none of them trains for days."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil, prod

from derive.file.errors import FileError, Place
from derive.language.expressions import Index
from derive.network import Network, NetworkDerivation

MOST_OPERATIONS = 10**13  # some ten minutes
CALL = 30_000  # what the computation of one equation takes at least, in operations


def check_work(asked: Iterable[tuple[int, Place]], network: Network, derivation: NetworkDerivation) -> None:
    """FileError at the first place that asks for more updates than can be waited for."""
    most = most_updates(network, derivation, MOST_OPERATIONS)
    for updates, place in asked:
        if updates > most:
            raise FileError(f"{updates:,} updates of this network take too long", place,
                            f"at most {most:,} of them are computed; ask for fewer")


def most_updates(network: Network, derivation: NetworkDerivation, operations: int) -> int:
    """How many updates can be made with so many operations."""
    samples = network.samples or 1
    return operations // _operations(network, derivation, min(network.training.batch_size or samples, samples))


def updates_of_training(network: Network) -> int:
    """How many updates the training of the file has."""
    samples = network.samples or 1
    return network.training.epochs * ceil(samples / (network.training.batch_size or samples))


def _operations(network: Network, derivation: NetworkDerivation, samples: int) -> int:
    """How many operations one update has: one for every value of the indices of each equation, the bound ones too."""
    indices = (equation.target.atoms(Index) | equation.body.atoms(Index) for equation in derivation.system.equations)
    return sum(CALL + prod(network.size(index.size) or samples for index in each) for each in indices)
