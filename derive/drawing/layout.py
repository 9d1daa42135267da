"""The picture of a network: neurons where it is small and dense and its names are short, blocks where it is not."""

from __future__ import annotations

from derive.drawing.blocks import blocks
from derive.drawing.neurons import neurons
from derive.drawing.picture import Drawing
from derive.drawing.units import units
from derive.network import Network

WIDEST = 4.0  # centimetres: the widest circle


def layout(network: Network) -> Drawing:
    """The drawing of a network."""
    found = units(network)
    drawing = neurons(network, found) if found is not None else None
    return drawing if drawing and max(node.width for node in drawing.nodes) <= WIDEST else blocks(network)
