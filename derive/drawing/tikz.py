"""A drawing as a TikZ picture.  What is not lit up stays readable in grey, so that it prints well without colours."""

from __future__ import annotations

from derive.drawing.gradient import Highlight
from derive.drawing.picture import Drawing, Edge, Frame, Node, Point

PREAMBLE = r"""\usepackage{tikz}
\usetikzlibrary{arrows.meta}
\definecolor{lit}{RGB}{170,20,20}
\definecolor{faint}{gray}{0.62}
\definecolor{inputfill}{RGB}{255,255,255}
\definecolor{unitfill}{RGB}{226,236,247}
\definecolor{blockfill}{RGB}{226,236,247}
\definecolor{biasfill}{gray}{0.93}
\definecolor{targetfill}{RGB}{255,255,255}
\definecolor{lossfill}{RGB}{251,233,210}
\definecolor{joinfill}{RGB}{255,255,255}
\tikzset{
  outline/.style={draw=black!75, line width=0.5pt},
  line/.style={draw=black!70, line width=0.5pt, rounded corners=2.5pt},
  arrow/.style={-{Stealth[length=4.5pt, width=3.6pt]}},
  faded/.style={draw=faint},
  lit/.style={draw=lit, line width=1.4pt},
  caption/.style={font=\footnotesize, inner sep=1pt},
  on line/.style={caption, fill=white, rounded corners=1pt},
}
"""


def tikz(drawing: Drawing, lit: Highlight | None = None, width: float = 17.0, height: float = 23.0) -> str:
    """One tikzpicture, no larger than the given width and height in centimetres.

    Args:
        lit: what is emphasised; everything else is then drawn in grey.

    Needs `PREAMBLE`, amsmath and graphicx in the document.
    """
    printed = _Picture(drawing, lit).lines()
    options = "x=1cm, y=-1cm, baseline=(current bounding box.north)"
    picture = "\n".join([rf"\begin{{tikzpicture}}[{options}]", *printed, r"\end{tikzpicture}"])
    scale = min(1.0, width / drawing.width, height / drawing.height)
    return picture if scale == 1 else f"\\scalebox{{{scale:.3f}}}{{%\n{picture}}}"


class _Picture:
    """Prints the parts of one drawing, frames first and what is lit last."""

    def __init__(self, drawing: Drawing, lit: Highlight | None) -> None:
        self.drawing = drawing
        self.some = lit is not None
        self.lit = frozenset((*lit.nodes, *lit.edges)) if lit is not None else frozenset()
        self.leaving: dict[str, int] = {}
        for edge in drawing.edges:
            self.leaving[edge.source] = self.leaving.get(edge.source, 0) + 1

    def lines(self) -> list[str]:
        edges = sorted(self.drawing.edges, key=lambda edge: edge.key in self.lit)
        return [*map(self._frame, self.drawing.frames), *map(self._edge, edges),
                *(self._edge_label(edge) for edge in edges if edge.label), *map(self._node, self.drawing.nodes)]

    def _style(self, key: str) -> str:
        return ", lit" if key in self.lit else ", faded" if self.some else ""

    def _text(self, key: str) -> str:
        return ", text=black!55" if self.some and key not in self.lit else ""

    def _frame(self, frame: Frame) -> str:
        (x, y), across, down = frame.at, frame.width / 2, frame.height / 2
        out = [rf"\draw[outline, dashed, draw=black!45, rounded corners=4pt] {_at((x - across, y - down))} rectangle "
               rf"{_at((x + across, y + down))};"]
        if frame.label_at is not None:
            out.append(rf"\node[caption, text=black!65] at {_at(frame.label_at)} {{${frame.label.latex}$}};")
        return "\n".join(out)

    def _edge(self, edge: Edge) -> str:
        arrow = "" if self.drawing.node(edge.target).kind == "port" else ", arrow"
        dashed = ", densely dashed" if edge.kind == "tied" else ""
        return rf"\draw[line{arrow}{dashed}{self._style(edge.key)}] {' -- '.join(map(_at, edge.points))};"

    def _edge_label(self, edge: Edge) -> str:
        assert edge.label is not None and edge.label_at is not None
        return rf"\node[on line{self._text(edge.key)}] at {_at(edge.label_at)} {{${edge.label.latex}$}};"

    def _node(self, node: Node) -> str:
        if node.kind == "port":
            if self.leaving.get(node.key, 0) < 2:
                return ""
            colour = "lit" if node.key in self.lit else "faint" if self.some else "black!70"
            return rf"\fill[{colour}] {_at(node.at)} circle[radius=1.3pt];"
        (x, y), across, down = node.at, node.width / 2, node.height / 2
        fill = "white" if self.some and node.key not in self.lit else f"{node.kind}fill"
        style = f"[outline, fill={fill}{self._style(node.key)}{', densely dashed' if node.kind == 'target' else ''}"
        if node.round:
            out = [rf"\draw{style}] {_at(node.at)} circle[radius={across:.3f}cm];"]
        else:
            corners = {"block": "2pt"}.get(node.kind, "6pt")
            out = [rf"\draw{style}, rounded corners={corners}] {_at((x - across, y - down))} rectangle "
                   rf"{_at((x + across, y + down))};"]
        many = len(node.labels)
        if node.kind == "unit" and many == 2:
            out.append(rf"\draw[outline{self._style(node.key)}, line width=0.4pt] {_at((x, y - down))} -- "
                       rf"{_at((x, y + down))};")
            places = [(x - across / 2, y), (x + across / 2, y)]
        else:
            places = [(x, y + (at - (many - 1) / 2) * 0.42) for at in range(many)]
        out += [rf"\node[caption{self._text(node.key)}] at {_at(at)} {{${label.latex}$}};"
                for label, at in zip(node.labels, places, strict=True)]
        return "\n".join(out)


def _at(point: Point) -> str:
    return f"({point[0]:.3f}, {point[1]:.3f})"
