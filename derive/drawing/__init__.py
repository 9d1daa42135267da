"""The picture of a network: what is drawn and where, and nothing of how it is printed.

    drawing = layout(network)                       # nodes, edges and frames with positions
    path = gradient_path(network, derivation, "w1")  # the factors through which the loss depends on w1
    lit = highlight(drawing, path)                  # the keys of the nodes and edges along it

`drawing.style` is "neurons" for a small dense network (a circle for each unit, a line for each weight) and "blocks" for
every other (a box for each layer, an arrow for what it hands on).  Nodes and edges refer to the entries of quantities
that they stand for as (name, indices from 0), as values are keyed everywhere; see `derive.drawing.picture`.

`path.factors` are the local derivatives ∂of/∂by in the order of the chain rule, from the loss back; `path.chains()` goes
along each path by itself; `highlight` tells which parts of the picture they are.
"""

from derive.drawing.gradient import Factor, GradientPath, Highlight, gradient_path, highlight
from derive.drawing.layout import layout
from derive.drawing.picture import Drawing, Edge, Frame, Label, Node, Place

__all__ = ["Drawing", "Edge", "Factor", "Frame", "GradientPath", "Highlight", "Label", "Node", "Place", "gradient_path",
           "highlight", "layout"]
