"""The numbers that the generated module computes, as those of a working's nodes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from derive.checks.asked import Take
from derive.checks.process import Runner
from derive.claims.working.names import entry, meant
from derive.language.expressions import Access
from derive.network import Network, NetworkDerivation

Progress = Callable[[str], None]


class Module:
    """A module that runs, and what it was asked for.

    Args:
        runner: has loaded the module; None where there is none to ask.
    """

    def __init__(self, network: Network, derivation: NetworkDerivation, runner: Runner | None, progress: Progress) -> None:
        self.network, self.runner, self.progress = network, runner, progress
        self.adjoints: Mapping[tuple[str, str], str] = {
            (derivation.objective, adjoint.of.name): adjoint.quantity.name for adjoint in derivation.adjoints}
        self.traced = {name for name, q in derivation.system.quantities.items() if not q.integer}

    def read(self, nodes: Iterable[Access], full_batch: bool = False) -> None:
        """Read numbers together that will be asked for."""
        if self.runner is not None:
            takes = [take for node in nodes if (take := self._take(node, full_batch)) is not None]
            self.runner.read([take for take in dict.fromkeys(takes) if take not in self.runner.numbers])
            self.runner.wait(progress=self.progress)

    def number(self, node: Access, full_batch: bool = False) -> float | None:
        """The number of a node; None where the module has none."""
        take = self._take(node, full_batch)
        if take is None or self.runner is None:
            return None
        self.read([node], full_batch)
        return self.runner.numbers[take]

    def _take(self, node: Access, full_batch: bool) -> Take | None:
        name = meant(node.name)
        traced = self.adjoints.get((name.of, name.by)) if name.by else name.of
        if name.ahead or name.direct or traced not in self.traced:
            return None
        return Take("entry", traced, entry(node)[1], name.updates or None, full_batch)
