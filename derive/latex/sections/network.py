"""The network: what goes in, what comes out, and what is trained."""

from __future__ import annotations

from collections.abc import Sequence

from derive.language.expressions import Index
from derive.language.substitution import SAMPLES
from derive.latex.page import Page
from derive.latex.words import count, listed


def network(page: Page) -> str:
    of = page.network
    inputs = " and ".join(_with_shape(page, name) for name in of.inputs)
    out = [r"\section{The network}",
           f"From the input {inputs} the network computes the prediction {_with_shape(page, of.prediction)}. "]
    out.append(f"It has {count(len(of.parameters), 'parameter array')} with {count(of.parameter_count, 'number')} in all; ")
    frozen = [f"${page.symbol(name)}$" for name in of.frozen]
    if frozen:
        out.append(f"{listed(frozen)} {'is' if len(frozen) == 1 else 'are'} kept fixed, all others are trained. ")
    else:
        out.append("all of them are trained. ")
    loss = page.symbol(of.loss)
    out.append(f"Training lowers the loss ${loss}$. Indices count from 1; $n$ numbers the samples, of which there "
               f"are $m$, and one {'column' if of.columns else 'row'} of a "
               "matrix is one sample.")
    return "\n".join(out)


def _with_shape(page: Page, name: str) -> str:
    quantity = page.forward_system.quantities[name]
    own = [i for i in quantity.indices if i.size != SAMPLES]
    size = _size_words(page, own)
    return f"${page.print.plain(quantity.entry)}$" + (f" ({size})" if size else "")


def _size_words(page: Page, indices: Sequence[Index]) -> str:
    parts = []
    for index in indices:
        value = page.network.size(index.size)
        symbol = page.print.plain(index.size)
        letter = page.print.place(index)
        if value is not None and value <= 3:
            parts.append(f"${letter} = {', '.join(map(str, range(1, value + 1)))}$")
        else:
            parts.append(f"${letter} = 1, \\dots, {symbol if value is None else value}$")
    return ", ".join(parts)
