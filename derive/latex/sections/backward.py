"""Backward: the derivative of the loss by every quantity, each with its reasons."""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Expr

from derive.calculus.record import Adjoint, Rule
from derive.language.expressions import Access, Delta, Partial
from derive.language.substitution import readable_bound_names
from derive.latex.escape import text
from derive.latex.kinks import kinks
from derive.latex.lines import Line, chain
from derive.latex.page import Page
from derive.latex.paths import PrintedPath, printed_path
from derive.latex.printer import bracketed, ends_open
from derive.latex.words import capital, count, listed, ranges


def backward(page: Page, only: str | None) -> str:
    wanted = _wanted(page, only)
    loss = page.symbol(page.network.loss)
    out = [r"\section{Backward: the chain rule}",
           f"A small change of a quantity changes ${loss}$ through every equation that reads it, so"]
    out.append(r"\[ \frac{\partial " + loss + r"}{\partial u} = \sum_{q \text{ reads } u} \ \sum_{i} "
               r"\frac{\partial " + loss + r"}{\partial q_{i}} \cdot \frac{\partial q_{i}}{\partial u} . \]")
    out.append("The quantities are taken in reverse order, from the loss back to the input, so that every "
               rf"$\partial {loss}/\partial q$ on the right is known when it is needed.")
    opening = len(out) - 1
    derived: dict[str, Adjoint] = {}
    repeated: dict[str, list[Adjoint]] = {}
    for adjoint in page.derivation.adjoints:
        if adjoint.quantity.name in wanted:
            repeated.setdefault(adjoint.like or adjoint.of.name, []).append(adjoint)
    for adjoint in page.derivation.adjoints:
        if adjoint.quantity.name not in wanted:
            continue
        first = adjoint.like or adjoint.of.name
        if first not in derived:
            derived[first] = adjoint
            out.append(_derived(page, adjoint))
            others = repeated[first][1:]
            if len(others) > 5:
                out.append(f"Likewise for ${page.names([a.equation for a in others])}$: equations "
                           f"{ranges([a.equation.number for a in others])}.")
        elif len(repeated[first]) <= 6:
            out.append(_heading(page, adjoint) + f" As in equation ({derived[first].equation.number}), "
                       f"through {_through(page, adjoint)}:\n" + page.numbered(adjoint.equation))
    if any(r"\delta_{" in part for part in out):
        out[opening] += (r" Kronecker's $\delta_{ij}$ is 1 where $i = j$ and 0 elsewhere; a sum over it leaves one "
                         "term.")
    return "\n\n".join(out)


def _wanted(page: Page, only: str | None) -> set[str]:
    """The adjoints to print: all, or those that one parameter's gradient is computed from."""
    if only is None:
        return {a.quantity.name for a in page.derivation.adjoints}
    of_quantity = {a.quantity.name: a for a in page.derivation.adjoints}
    last = page.derivation.adjoint(only)
    needed, waiting = {last.quantity.name}, [last]
    while waiting:
        adjoint = waiting.pop()
        names = set(adjoint.equation.reads)
        names |= {page.adjoint_of[e.name].quantity.name for e in page.readers[adjoint.of.name]
                  if e.name in page.adjoint_of}
        for name in names & of_quantity.keys():
            if name not in needed:
                needed.add(name)
                waiting.append(of_quantity[name])
    return needed


def _heading(page: Page, adjoint: Adjoint) -> str:
    of = page.symbol(adjoint.of.name)
    return rf"\paragraph{{$\partial {page.symbol(page.derivation.objective)} / \partial {of}$.}}"


def _through(page: Page, adjoint: Adjoint) -> str:
    return listed([f"${page.symbol(e.name)}$ ({e.number})" for e in reversed(page.readers[adjoint.of.name])])


def _derived(page: Page, adjoint: Adjoint) -> str:
    if page.form == "matrix":
        return "\n".join([_heading(page, adjoint) + f" Through {_through(page, adjoint)}:",
                          page.numbered(adjoint.equation)])
    paths = [printed_path(page.derivation, adjoint, path) for path in adjoint.paths]
    symbol = f"${page.print.plain(adjoint.of.entry)}$"
    loss = page.symbol(page.derivation.objective)
    out = [_heading(page, adjoint)]
    if len(paths) == 1:
        of = paths[0].of
        if paths[0].path.through.name == page.derivation.objective:
            out.append(f"{capital(symbol)} stands in equation ({paths[0].path.local.equation}), "
                       f"that of ${loss}$ itself.")
        else:
            out.append(f"{capital(symbol)} acts through ${page.print.plain(of)}$, "
                       f"equation ({paths[0].path.local.equation}), which gives")
    else:
        out.append(f"{capital(symbol)} acts along {count(len(paths), 'path')}, through "
                   + listed([f"${page.print.plain(p.of)}$ ({p.path.local.equation})" for p in paths])
                   + "; their contributions add up.")
    left = page.print.marked(adjoint.quantity.entry)
    lines: list[Line] = []
    direct = len(paths) == 1 and paths[0].path.through.name == page.derivation.objective
    if not direct:
        lines.append(Line(_sum_of(page, [p.chain for p in paths]),
                          "chain rule" if len(paths) == 1 else "sum over all paths"))
    out += _locals(page, paths, direct)
    known = [p for p in paths if not p.path.adjoint.has(Access)
             and p.path.through.name != page.derivation.objective]
    combined = _sum_of(page, [p.product for p in paths])
    inserted = "local derivative"
    if known:
        adjoints = [page.derivation.adjoint(p.path.through.name) for p in known]
        inserted += ", and " + listed([f"({a.equation.number})" for a in adjoints])
    if not direct and combined != lines[-1].right:
        lines.append(Line(combined, inserted))
    for step in adjoint.steps:
        if step.rule in (Rule.CHAIN, Rule.PATHS):
            continue
        after = page.print.marked(readable_bound_names(step.after))
        if lines and after == lines[-1].right:
            continue
        counted = step.rule is Rule.CONTRACTION and not step.before.has(Delta)
        lines.append(Line(after, "equal terms" if counted else _reason(step.rule, step.reason)))
    final = page.print.marked(adjoint.equation.body)
    if not lines or lines[-1].right != final:
        lines.append(Line(final))
    if not direct or len(lines) > 1 or not paths:
        whole = page.matrix.equation(adjoint.equation) if page.with_matrix else None
        out.append(page.with_matrices(chain(left, lines, str(adjoint.equation.number)), whole))
    else:
        out.append(page.numbered(adjoint.equation))
    return "\n".join(out)


def _reason(rule: Rule, reason: str) -> str:
    words = {Rule.CONTRACTION: r"the $\delta$ leave one term", Rule.FACTORING: "collected",
             Rule.INSERTION: "inserted", Rule.CANCELLATION: "cancelled", Rule.FACT: "",
             Rule.OUTPUT: "in terms of the output", Rule.LOCAL: "local derivative"}.get(rule, rule.value)
    if rule is Rule.INSERTION:
        return f"with {text(reason)} put in"
    if rule is Rule.FACT:
        return text(reason) if reason else "collected"
    return words + (f": {text(reason)}" if reason else "")


def _sum_of(page: Page, terms: Sequence[Expr]) -> str:
    """Contributions one after the other in the order of the paths."""
    out = ""
    for position, term in enumerate(terms):
        printed = page.print.marked(term)
        printed = bracketed(printed) if ends_open(printed) and position < len(terms) - 1 else printed
        out += (printed if not position else f" \ue000{printed}" if printed.startswith("-")
                else f" \ue000+ {printed}")
    return out


def _locals(page: Page, paths: Sequence[PrintedPath], direct: bool) -> list[str]:
    """Each local derivative, as SymPy gives it and in its shortest form, and the convention at kinks."""
    out = []
    for renamed in paths:
        local = renamed.path.local
        raw, form = renamed.raw, renamed.form
        if direct:
            out += kinks(form, page.print, local.of.name, local.by.name)
            continue
        left = page.print.marked(Partial(renamed.of, renamed.by))
        lines = [Line(page.print.marked(raw))]
        if form != raw:
            reason = (rf"in terms of the output ${page.print.plain(renamed.of)}$"
                      if local.of.name in {a.name for a in form.atoms(Access)} - {a.name for a in raw.atoms(Access)}
                      else "simplified")
            printed = page.print.marked(form)
            if printed != lines[0].right:
                lines.append(Line(printed, reason))
        gives = f"Equation ({local.equation}) gives\n" if len(paths) > 1 else ""
        out.append(gives + chain(left, lines))
        out += kinks(form, page.print, local.of.name, local.by.name)
    return out
