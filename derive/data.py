"""The data of a network: arrays by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from derive.file.fields import Array


class Arrays(Mapping[str, Any]):
    """NumPy arrays by quantity name; one that the network file itself holds is made when it is first asked for."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = dict(given)  # a NumPy array each, or numbers as written

    @staticmethod
    def of(data: Mapping[str, Any]) -> Arrays:
        """The arrays of a network, which may be any mapping."""
        return data if isinstance(data, Arrays) else Arrays(data)

    def __getitem__(self, name: str) -> Any:
        if isinstance(written := self._given[name], Array):
            import numpy as np

            self._given[name] = np.array(written.entries, np.float64).reshape(written.shape)
        return self._given[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._given)

    def __len__(self) -> int:
        return len(self._given)

    def shape(self, name: str) -> tuple[int, ...]:
        shape: tuple[int, ...] = self._given[name].shape
        return shape

    def written(self) -> dict[str, Any] | None:
        """Nested lists of floats, where no array is there yet."""
        if not all(isinstance(each, Array) for each in self._given.values()):
            return None
        return {name: each.nested() for name, each in self._given.items()}

    def renamed(self, name_of: Callable[[str], str]) -> Arrays:
        return Arrays({name_of(name): each for name, each in self._given.items()})
