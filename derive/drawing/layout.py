"""The picture of a network: neurons where it is small and dense, blocks where it is not."""

from __future__ import annotations

from derive.drawing.blocks import blocks
from derive.drawing.neurons import neurons
from derive.drawing.picture import Drawing
from derive.drawing.units import units
from derive.network import Network


def layout(network: Network) -> Drawing:
    """The drawing of a network."""
    found = units(network)
    return blocks(network) if found is None else neurons(network, found)
