"""Training and inference: the equations that hold in one of them only, and how running statistics go on."""

from __future__ import annotations

from derive.latex.lines import Line, chain
from derive.latex.page import Page
from derive.latex.words import listed


def modes(page: Page) -> str:
    """Nothing where training and inference compute the same."""
    of, out = page.network, []
    instead = [e for e in page.forward_system.equations if e.name in of.inference]
    if instead:
        out += [r"\paragraph{Outside of training.}", "These equations hold in training. A prediction is computed with"]
        out += [chain(page.print.marked(e.target), [Line(page.print.marked(of.inference[e.name]))], f"{e.number}'")
                for e in instead]
    if of.random:
        masks = [rf"${page.print.plain(page.forward_system.quantities[name].entry)}$ is 0 with the probability "
                 rf"${page.symbol(rate)}$ and else $1/(1 - {page.symbol(rate)})$" for name, rate in of.random.items()]
        out.append(f"Each batch of training draws anew: {listed(masks)}, so that the mean is 1.")
    if of.running:
        out.append("The running statistics are no parameters: they have no gradients. After each update in training")
        out += [chain(page.print.marked(e.target), [Line(page.print.marked(e.body), relation=r"\leftarrow")])
                for e in of.running]
    return "\n".join(out)
