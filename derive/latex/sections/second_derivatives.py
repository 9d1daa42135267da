"""Second derivatives: the Hessian along a direction, and the curvature of the loss at the output."""

from __future__ import annotations

from dataclasses import replace

from sympy import Expr

from derive.calculus.chain_rule import tidied
from derive.calculus.contraction import contract
from derive.calculus.tangent import hessian, hessian_vector, linear_output
from derive.language.expressions import Access, Delta, Index
from derive.language.substitution import readable_bound_names, substitute
from derive.latex.lines import Line, chain
from derive.latex.page import Page
from derive.rewrites.cancellation import insert


def second_derivatives(page: Page) -> str:
    """Nothing where the network does not ask for them."""
    if not page.network.second_order:
        return ""
    loss = page.symbol(page.network.loss)
    made = hessian_vector(page.derivation)
    own = Page(page.network, replace(page.derivation, system=made.system), "index")
    out = [r"\section{Second derivatives}",
           r"Let every parameter $\theta$ move along a direction $v_\theta$, and let $\mathrm{R}q$ be the derivative of a "
           r"quantity $q$ along it. By the equation of $q$",
           r"\[ \mathrm{R} q_i = \sum_{u \text{ in } q} \ \sum_{p} \frac{\partial q_i}{\partial u_p} \cdot \mathrm{R} u_p , "
           r"\qquad \mathrm{R}\theta = v_\theta . \]",
           rf"The gradients are quantities with equations too: $\mathrm{{R}} (\partial {loss} / \partial \theta)$ is the "
           "Hessian times $v$, found without the Hessian (Pearlmutter 1994).",
           own.equations([t.equation for t in made.tangents])]
    return "\n".join([*out, *_at_the_output(page)])


def _at_the_output(page: Page) -> list[str]:
    """∂²J/∂z² at the quantity where the network is split from its loss."""
    split = linear_output(page.derivation, page.network.prediction)
    loss = page.symbol(page.network.loss)
    second = hessian(page.network.derivation([split]), split, split)
    if not second.tangents:
        return []
    last = second.tangents[-1].equation
    body = last.body
    for tangent in reversed(second.tangents[:-1]):
        body = insert(body, tangent.equation)
    body = readable_bound_names(tidied(contract(body)))
    own = page.forward_system.quantities[split].indices
    primed = dict(zip(last.target.indices[len(own):], (Index(f"{i.name}'", i.size) for i in own), strict=True))
    body = substitute(body, primed)
    z = page.print.plain(Access(split, *own))
    other = page.print.plain(Access(split, *primed.values()))
    said = [rf"\paragraph{{At the output.}} The loss is bent by ${page.symbol(split)}$ as",
            chain(rf"\frac{{\partial^2 {loss}}}{{\partial {z}\, \partial {other}}}", [Line(page.print.marked(body))])]
    if (matrix := _as_matrix(page, body, own, tuple(primed.values()))) is not None:
        said.append(f"For each sample this is ${matrix}$.")
    said.append(rf"The Gauss--Newton matrix is $Y^{{\mathsf T}} H Y$ with this $H$ and $Y = \partial {page.symbol(split)} / "
                r"\partial \theta$: the Hessian, if the network were linear in its parameters (Schraudolph 2002).")
    return said


def _as_matrix(page: Page, body: Expr, own: tuple[Index, ...], other: tuple[Index, ...]) -> str | None:
    """diag(p) − p pᵀ, where that is what was found: δ·p[n,j]·(δ_jk − p[n,k])/m."""
    p = page.network.prediction
    if len(own) != 2 or len(page.forward_system.quantities[p].indices) != 2:
        return None
    (n, j), (n_other, k) = own, other
    block = Access(p, n, j) * (Delta(j, k) - Access(p, n, k))
    scale = (body / Delta(n, n_other) / block).cancel() if body.has(Delta(n, n_other)) else body
    if scale.has(Access, Delta):
        return None
    letter = page.print.plain(Access(p, n))
    return rf"{page.print.plain(scale)}\,\bigl(\operatorname{{diag}}({letter}) - {letter}\, {{{letter}}}^{{\mathsf T}}\bigr)"
