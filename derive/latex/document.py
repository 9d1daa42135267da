"""The document: one complete LaTeX page of a network and its derivation, section by section.

Every formula comes from an object of the record; the sentences around them say why.  Layers with equal equations are
derived once, so that the length follows the number of different layers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import sympy
from sympy import Basic, Expr, Mul, Piecewise, Symbol
from sympy.core.relational import Relational

from derive.calculus.record import Adjoint, Derivation, Path, Rule
from derive.file.errors import suggestion
from derive.language.equations import Equation, Role
from derive.language.expressions import Access, Delta, Index, Partial, Sum, free_indices
from derive.language.substitution import SAMPLES, readable_bound_names, substitute
from derive.latex.escape import scalar_name, text
from derive.latex.lines import PAGE, Line, chain, width
from derive.latex.matrix import MatrixPrinter
from derive.latex.printer import Printer, plain, real
from derive.network import Network

FORMS = ("auto", "scalar", "index", "matrix", "all")
SMALL = 60  # scalar parameters that are still written out one by one

_PREAMBLE = r"""\documentclass[11pt,a4paper]{article}
\usepackage[T1]{fontenc}
\usepackage{amsmath}
\usepackage{booktabs}
\usepackage{longtable}
\usepackage[a4paper,margin=20mm]{geometry}
\usepackage{graphicx}
\setlength{\parindent}{0pt}
\setlength{\parskip}{4pt plus 2pt}
\setlength{\LTpre}{4pt}
\raggedbottom
\renewcommand{\arraystretch}{1.3}
\AtBeginDocument{\setlength{\abovedisplayskip}{5pt plus 2pt}\setlength{\belowdisplayskip}{5pt plus 2pt}%
\setlength{\abovedisplayshortskip}{3pt plus 2pt}\setlength{\belowdisplayshortskip}{3pt plus 2pt}}
\setlength{\LTpost}{4pt}
\allowdisplaybreaks
\emergencystretch=3em
\clubpenalty=10000 \widowpenalty=10000 \displaywidowpenalty=10000 \predisplaypenalty=10000
% A heading stays with its first formula: a new page where less than this is left.
\newcommand{\need}[1]{\par\begingroup\dimen0=\pagegoal\advance\dimen0-\pagetotal
  \ifdim\dimen0<#1\relax\ifdim\dimen0>0pt\newpage\fi\fi\endgroup}
\let\paragraphhead\paragraph
\renewcommand{\paragraph}[1]{\need{7\baselineskip}\paragraphhead{#1}}
\let\sectionhead\section
\renewcommand{\section}[1]{\need{9\baselineskip}\sectionhead{#1}}
"""

_LETTERS = "ijlpqrsuv"  # for the indices of the quantity that is differentiated; k is left to sums


def document(network: Network, derivation: Derivation, form: str = "auto", wrt: str | None = None,
             values: Mapping[tuple[str, tuple[int, ...]], float] | None = None, digits: int = 9,
             small: int = SMALL) -> str:
    """One complete LaTeX document: the network, its derivation, its update rule.

    Args:
        network: what is derived; everything of it that is text is escaped.
        derivation: the record, of the network's own equations.
        form: which views to print.  "auto" prints index and matrix form, and every weight by itself where the
            network has at most `small` scalar parameters.
        wrt: only this parameter: a quantity ("W1"), an entry counted from 1 ("W1[1,2]") or the document's own name
            for one ("w5").
        values: numbers to put in, by (quantity, indices from 0): forward quantities, parameters, data and adjoints.
        digits: decimals of numbers.

    Returns:
        ASCII text that pdflatex compiles as it is.

    Raises:
        ValueError: `wrt` names nothing that was derived, or `form` is unknown.
    """
    if form not in FORMS:
        raise ValueError(f"form must be one of {', '.join(FORMS)}, not {form!r}{nearest(form, FORMS)}")
    from derive.latex.scalar import ScalarView, find_entries

    chosen = find_entries(network, derivation, wrt) if wrt is not None else None
    page = _Page(network, derivation, form, chosen[0] if chosen else None)
    parts = [page.head(), page.network_section(), page.symbols(), page.forward(), page.loss()]
    if form != "scalar":
        parts.append(page.backward())
    count = page.parameter_count
    wanted = form in ("scalar", "all") or form == "auto" and count is not None and count <= small
    if wanted or chosen is not None and chosen[1] is not None:
        view = ScalarView(network, derivation, values, digits, page.symbol)
        parts += [view.forward(), view.section(chosen)]
    parts += [page.update(), r"\end{document}", ""]
    return _kept_together("\n\n".join(part for part in parts if part))


def _kept_together(latex: str) -> str:
    """A display belongs to the paragraph in front of it, so that no page ends between them."""
    return re.sub(r"([^}\n])\n\n(?=\\\[|\\begin\{align\*\}|\{\\(?:small|footnotesize) )", r"\1\n", latex)


def nearest(name: str, names: Iterable[str]) -> str:
    """A hint at the nearest valid name, or at all of them."""
    return f"; {suggestion(name, names, 'there are')}"


@dataclass
class _Page:
    """The sections of one document."""

    network: Network
    derivation: Derivation
    form: str
    only: str | None
    _shapes: dict[tuple, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        quantities = self.derivation.system.quantities
        whole = {key: alias for key, alias in self.network.aliases.items() if not key[1]}
        self.print = Printer(quantities, whole)
        self.matrix = MatrixPrinter(quantities, whole)
        self.with_matrix = self.form in ("auto", "matrix", "all")
        self.forward_system = self.derivation.forward
        self.of_adjoint = {a.quantity.name: a for a in self.derivation.adjoints}
        self.wanted = self._wanted()

    # Head

    def head(self) -> str:
        network = self.network
        title = text(network.title or network.name)
        lines = [_PREAMBLE + r"\begin{document}", r"\begin{center}", rf"{{\LARGE\bfseries {title}\par}}"]
        if network.source:
            lines.append(rf"\medskip {{\small after {text(network.source)}\par}}")
        lines.append(r"\end{center}")
        if network.notes:
            lines.append(text(network.notes))
        return "\n".join(lines)

    @cached_property
    def parameter_count(self) -> int | None:
        total = 0
        for name in self.network.parameters:
            count = 1
            for size in self.network.shape(name):
                if size is None:
                    return None
                count *= size
            total += count
        return total

    # The network

    def network_section(self) -> str:
        network = self.network
        inputs = " and ".join(self._with_shape(name) for name in network.inputs)
        count = self.parameter_count
        out = [r"\section{The network}",
               f"From the input {inputs} the network computes the prediction {self._with_shape(network.prediction)}. "]
        sentence = f"It has {_count(len(network.parameters), 'parameter array')}"
        if count is not None:
            sentence += f" with {_count(count, 'number')} in all"
        out.append(sentence + "; ")
        frozen = [f"${self.symbol(name)}$" for name in network.frozen]
        if frozen:
            out.append(f"{_listed(frozen)} {'is' if len(frozen) == 1 else 'are'} kept fixed, all others are trained. ")
        else:
            out.append("all of them are trained. ")
        loss = self.symbol(network.loss)
        out.append(f"Training lowers the loss ${loss}$. Indices count from 1; $n$ numbers the samples, of which there "
                   f"are $m$, and one row of a matrix is one sample.")
        return "\n".join(out)

    def _with_shape(self, name: str) -> str:
        quantity = self.forward_system.quantities[name]
        own = [i for i in quantity.indices if i.size != SAMPLES]
        size = self._size_words(own)
        return f"${self.print.plain(quantity.entry)}$" + (f" ({size})" if size else "")

    def _size_words(self, indices: Sequence[Index]) -> str:
        parts = []
        for index in indices:
            value = self.network.size(index.size)
            symbol = self.print.plain(index.size)
            letter = self.print.place(index)
            if value is not None and value <= 3:
                parts.append(f"${letter} = {', '.join(map(str, range(1, value + 1)))}$")
            else:
                parts.append(f"${letter} = 1, \\dots, {symbol if value is None else value}$")
        return ", ".join(parts)

    def symbol(self, name: str) -> str:
        quantity = self.derivation.system.quantities[name]
        if len(quantity.indices) <= 2 and self.with_matrix:
            try:
                return plain(self.matrix.name(name, len(quantity.indices)))
            except Exception:  # a second derivative has no matrix name
                return self.print.plain(quantity.entry)
        return self.print.plain(quantity.entry)

    def symbols(self) -> str:
        rows, sizes = [], set()
        groups: dict[tuple, list[str]] = {}
        for name, quantity in self.forward_system.quantities.items():
            for index in quantity.indices:
                sizes |= index.size.free_symbols
            groups.setdefault(self._kind(name), []).append(name)
        many = len(self.forward_system.quantities) > 40
        for names in groups.values():
            shown = names if not many or len(names) <= 4 else [names[0]]
            for name in shown:
                rows.append(self._symbol_row(name, len(names) if shown is not names else 1))
        body = " \\\\\n".join(rows)
        matrix = self.with_matrix
        head = ("entry & " + ("as a whole & " if matrix else "") + r"shape & meaning")
        columns = "ll" + ("l" if matrix else "") + r"p{" + ("92" if matrix else "112") + "mm}"
        size_words = self._sizes(sizes)
        if len(rows) <= 24:
            return (f"\\subsection*{{Symbols}}\n\\begin{{tabular}}{{{columns}}}\n\\toprule\n{head} \\\\\n\\midrule\n"
                    f"{body} \\\\\n\\bottomrule\n\\end{{tabular}}\n\n\\medskip\n" + size_words)
        return (f"\\subsection*{{Symbols}}\n\\begin{{longtable}}{{{columns}}}\n\\toprule\n{head} \\\\\n\\midrule\n"
                f"\\endhead\n\\bottomrule\n\\endfoot\n{body} \\\\\n\\end{{longtable}}\n" + size_words)

    def _kind(self, name: str) -> tuple:
        quantity = self.forward_system.quantities[name]
        stem = name.rstrip("0123456789")
        return (stem, quantity.role, len(quantity.indices)) if stem != name else (name,)

    def _symbol_row(self, name: str, alike: int) -> str:
        quantity = self.forward_system.quantities[name]
        entry = self.print.plain(quantity.entry)
        shape = r" \times ".join(self.print.plain(s) for s in quantity.shape)
        meaning = [quantity.meaning and text(quantity.meaning) or self._role_words(name)]
        if name == self.network.prediction and quantity.meaning:
            meaning.append("the prediction")
        if quantity.value is not None:
            meaning.append(f"$= {real(quantity.value)}$")
        if name in self.network.frozen:
            meaning.append("kept fixed")
        readers = [e for e in self.forward_system.equations if name in e.reads]
        if quantity.role is Role.PARAMETER and len(readers) > 1:
            meaning.append("shared by equations " + _listed([f"({e.number})" for e in readers[:6]]))
        meaning += [f"{text(fact.reason)}: ${self.print.plain(fact.left)} = {self.print.plain(fact.right)}$"
                    for fact in quantity.facts]
        if alike > 1:
            meaning.append(f"{alike} of this kind, numbered by layer")
        whole = f"${self.symbol(name)}$ & " if self.with_matrix and len(quantity.indices) in (1, 2) else (
            " & " if self.with_matrix else "")
        return f"${entry}$ & {whole}{f'${shape}$' if shape else 'number'} & {'; '.join(m for m in meaning if m)}"

    def _role_words(self, name: str) -> str:
        quantity = self.forward_system.quantities[name]
        if name == self.network.prediction:
            return "prediction"
        if name == self.network.loss:
            return "loss"
        if quantity.role is Role.PARAMETER:
            return {2: "weights", 1: "bias"}.get(len(quantity.indices), "parameter")
        if quantity.role is Role.INTERMEDIATE:
            definition = self.forward_system.definitions.get(name)
            return f"defined by equation ({definition.number})" if definition is not None else "intermediate value"
        if quantity.role is Role.TARGET and quantity.integer:
            return "label: the number of the right class, counted from 1 in the formulas and from 0 in the data"
        return quantity.role.value

    def _sizes(self, sizes: set) -> str:
        known = [(s, self.network.size(s)) for s in sorted(sizes, key=lambda s: _natural(s.name))]
        words = [f"${self.print.plain(s)} = {v}$" for s, v in known if v is not None]
        if len(words) > 12:
            words = [*words[:4], r"\dots", *words[-2:]]
        samples = self._samples()
        words.append(r"$m$ samples" + (f", here $m = {samples}$" if samples else ""))
        return "Sizes: " + ", ".join(words) + "."

    def _samples(self) -> int | None:
        for name in self.network.inputs:
            data = self.network.data.get(name)
            if data is not None:
                return min(len(data), self.network.training.batch_size or len(data))
        return None

    # Forward equations

    @cached_property
    def _loss_equations(self) -> list[Equation]:
        """Equations that the prediction does not need."""
        definitions = self.forward_system.definitions
        needed, waiting = {self.network.prediction}, [self.network.prediction]
        while waiting:
            equation = definitions.get(waiting.pop())
            for name in equation.reads if equation else ():
                if name not in needed:
                    needed.add(name)
                    waiting.append(name)
        return [e for e in self.forward_system.equations if e.name not in needed]

    def forward(self) -> str:
        loss = {e.name for e in self._loss_equations}
        equations = [e for e in self.forward_system.equations if e.name not in loss]
        return r"\section{Forward equations}" + "\n" + self._equations(equations)

    def loss(self) -> str:
        out = [r"\section{The loss}", self._equations(self._loss_equations)]
        words = self._convention_words()
        if words:
            out.append(words)
        return "\n".join(out)

    def _equations(self, equations: Sequence[Equation]) -> str:
        """Equations in order; those equal to an earlier one up to names are listed where there are many."""
        groups: dict[tuple, list[Equation]] = {}
        for equation in equations:
            groups.setdefault(self._signature(equation.target, equation.body), []).append(equation)
        out: list[str] = []
        waiting: list[Equation] = []
        for equation in equations:
            group = groups[self._signature(equation.target, equation.body)]
            if len(group) <= 6:
                waiting.append(equation)
            elif equation is group[0]:
                out.append(self._numbered(*waiting, equation))
                waiting = []
                out.append(f"In the same way, with their own names, ${self._names(group[1:])}$: equations "
                           f"{_ranges([e.number for e in group[1:]])}.")
        if waiting:
            out.append(self._numbered(*waiting))
        return "\n".join(out)

    def _names(self, equations: Sequence[Equation]) -> str:
        first, last = equations[0], equations[-1]
        return f"{self.print.plain(first.target)}, \\dots, {self.print.plain(last.target)}"

    def _numbered(self, *equations: Equation) -> str:
        """Equations with their numbers: the index form, and the matrix form beside it or below."""
        out: list[str] = []
        beside: list[str] = []

        def flush() -> None:
            if beside:
                out.append("\\begin{align*}\n" + " \\\\\n".join(beside) + "\n\\end{align*}")
                beside.clear()

        for equation in equations:
            left, right = self.print.marked(equation.target), self.print.marked(equation.body)
            whole = self.matrix.equation(equation) if self.with_matrix else None
            tag = rf"\tag{{{equation.number}}}"
            if whole is not None and self.form == "matrix":
                left, right, whole = *whole, None
            if whole is None and width(left) + width(right) + 1.4 <= (PAGE - 3) * (0.5 if self.with_matrix else 1):
                beside.append(f"{plain(left)} &= {plain(right)} {tag}")
            elif whole is not None and (max(width(left) + width(right), width(whole[0]) + width(whole[1])) + 2
                                        <= (PAGE - 5) / 2):
                beside.append(f"{plain(left)} &= {plain(right)} & {plain(whole[0])} &= {plain(whole[1])} {tag}")
            else:
                flush()
                out.append(chain(left, [Line(right)], str(equation.number)))
                out += [self._as_matrices(whole)] if whole is not None else []
        flush()
        return "\n".join(out)

    @staticmethod
    def _as_matrices(whole: tuple[str, str]) -> str:
        if width(whole[0]) + width(whole[1]) < PAGE - 12:
            return rf"As matrices: \quad $\displaystyle {plain(whole[0])} = {plain(whole[1])}$"
        return "As matrices:\n" + chain(whole[0], [Line(whole[1])])

    def _convention_words(self) -> str:
        out = []
        shapes: dict[tuple, Equation] = {}
        for equation in self.forward_system.equations if self.with_matrix else ():
            shapes.setdefault(self._signature(equation.target, equation.body), equation)
        for equation in shapes.values():
            self.matrix.equation(equation)
        if self.matrix.uses_ones:
            out.append(r"$\mathbf{1}$ is a column of ones of the length that fits")
        if self.with_matrix:
            out.append(r"$\odot$ and $\oslash$ multiply and divide entry by entry, a scalar is added to every entry, "
                       r"and functions apply to every entry")
        if self.matrix.uses_bracket:
            out.append("$[\\,\\cdot\\,]$ holds 1 where its condition is true and 0 elsewhere")
        if not out:
            return ""
        sentence = "; ".join(out)
        return "In the matrix form " + sentence + "."

    # Backward

    def _wanted(self) -> set[str]:
        """The adjoints to print: all, or those that one parameter's gradient is computed from."""
        if self.only is None:
            return set(self.of_adjoint)
        last = self.derivation.adjoint(self.only)
        needed, waiting = {last.quantity.name}, [last]
        while waiting:
            adjoint = waiting.pop()
            names = set(adjoint.equation.reads)
            names |= {self._adjoint_of[e.name].quantity.name for e in self._readers[adjoint.of.name]
                      if e.name in self._adjoint_of}
            for name in names & self.of_adjoint.keys():
                if name not in needed:
                    needed.add(name)
                    waiting.append(self.of_adjoint[name])
        return needed

    def backward(self) -> str:
        loss = self.symbol(self.network.loss)
        out = [r"\section{Backward: the chain rule}",
               f"A small change of a quantity changes ${loss}$ through every equation that reads it, so"]
        out.append(r"\[ \frac{\partial " + loss + r"}{\partial u} = \sum_{q \text{ reads } u} \ \sum_{i} "
                   r"\frac{\partial " + loss + r"}{\partial q_{i}} \cdot \frac{\partial q_{i}}{\partial u} . \]")
        out.append("The quantities are taken in reverse order, from the loss back to the input, so that every "
                   rf"$\partial {loss}/\partial q$ on the right is known when it is needed.")
        opening = len(out) - 1
        derived: dict[str, Adjoint] = {}
        repeated: dict[str, list[Adjoint]] = {}
        for adjoint in self.derivation.adjoints:
            if adjoint.quantity.name in self.wanted:
                repeated.setdefault(adjoint.like or adjoint.of.name, []).append(adjoint)
        for adjoint in self.derivation.adjoints:
            if adjoint.quantity.name not in self.wanted:
                continue
            first = adjoint.like or adjoint.of.name
            if first not in derived:
                derived[first] = adjoint
                out.append(self._derived(adjoint))
                others = repeated[first][1:]
                if len(others) > 5:
                    out.append(f"The same steps, with their own names, give "
                               f"${self._names([a.equation for a in others])}$: equations "
                               f"{_ranges([a.equation.number for a in others])}.")
            elif len(repeated[first]) <= 6:
                out.append(self._heading(adjoint) + f" As in equation ({derived[first].equation.number}), "
                           f"through {self._through(adjoint)}:\n" + self._numbered(adjoint.equation))
        if any(r"\delta_{" in part for part in out):
            out[opening] += (r" Kronecker's $\delta_{ij}$ is 1 where $i = j$ and 0 elsewhere; a sum over it leaves one "
                             "term.")
        return "\n\n".join(out)

    def _heading(self, adjoint: Adjoint) -> str:
        of = self.symbol(adjoint.of.name)
        return rf"\paragraph{{$\partial {self.symbol(self.derivation.objective)} / \partial {of}$.}}"

    def _through(self, adjoint: Adjoint) -> str:
        return _listed([f"${self.symbol(e.name)}$ ({e.number})" for e in reversed(self._readers[adjoint.of.name])])

    def _derived(self, adjoint: Adjoint) -> str:
        if self.form == "matrix":
            return "\n".join([self._heading(adjoint) + f" Through {self._through(adjoint)}:",
                              self._numbered(adjoint.equation)])
        paths = [self._renamed(adjoint, path) for path in adjoint.paths]
        symbol = f"${self.print.plain(adjoint.of.entry)}$"
        loss = self.symbol(self.derivation.objective)
        out = [self._heading(adjoint)]
        if len(paths) == 1:
            of = paths[0].of
            if paths[0].path.through.name == self.derivation.objective:
                out.append(f"{_capital(symbol)} stands in equation ({paths[0].path.local.equation}), "
                           f"that of ${loss}$ itself.")
            else:
                out.append(f"{_capital(symbol)} acts through ${self.print.plain(of)}$, "
                           f"equation ({paths[0].path.local.equation}), which gives")
        else:
            out.append(f"{_capital(symbol)} acts along {_count(len(paths), 'path')}, through "
                       + _listed([f"${self.print.plain(p.of)}$ ({p.path.local.equation})" for p in paths])
                       + "; their contributions add up.")
        left = self.print.marked(adjoint.quantity.entry)
        lines: list[Line] = []
        direct = len(paths) == 1 and paths[0].path.through.name == self.derivation.objective
        if not direct:
            lines.append(Line(self._sum_of([p.chain for p in paths]),
                              "chain rule" if len(paths) == 1 else "sum over all paths"))
        out += self._locals(paths, direct)
        known = [p for p in paths if not p.path.adjoint.has(Access)
                 and p.path.through.name != self.derivation.objective]
        combined = self._sum_of([p.product for p in paths])
        inserted = "local derivative"
        if known:
            adjoints = [self.derivation.adjoint(p.path.through.name) for p in known]
            inserted += ", and " + _listed([f"({a.equation.number})" for a in adjoints])
        if not direct and combined != lines[-1].right:
            lines.append(Line(combined, inserted))
        for step in adjoint.steps:
            if step.rule in (Rule.CHAIN, Rule.PATHS):
                continue
            after = self.print.marked(readable_bound_names(step.after))
            if lines and after == lines[-1].right:
                continue
            lines.append(Line(after, self._reason(step.rule, step.reason)))
        final = self.print.marked(adjoint.equation.body)
        if not lines or lines[-1].right != final:
            lines.append(Line(final))
        if not direct or len(lines) > 1 or not paths:
            out.append(chain(left, lines, str(adjoint.equation.number)))
            whole = self.matrix.equation(adjoint.equation) if self.with_matrix else None
            if whole is not None:
                out.append(self._as_matrices(whole))
        else:
            out.append(self._numbered(adjoint.equation))
        return "\n".join(out)

    @staticmethod
    def _reason(rule: Rule, reason: str) -> str:
        words = {Rule.CONTRACTION: r"the $\delta$ leave one term", Rule.FACTORING: "collected",
                 Rule.INSERTION: "inserted", Rule.CANCELLATION: "cancelled", Rule.FACT: "",
                 Rule.OUTPUT: "in terms of the output", Rule.LOCAL: "local derivative"}.get(rule, rule.value)
        if rule is Rule.INSERTION:
            return f"with {text(reason)} put in"
        if rule is Rule.FACT:
            return text(reason) if reason else "collected"
        return words + (f": {text(reason)}" if reason else "")

    def _sum_of(self, terms: Sequence[Expr]) -> str:
        """Contributions one after the other in the order of the paths."""
        out = ""
        for position, term in enumerate(terms):
            printed = self.print.marked(term)
            out += (printed if not position else f" \ue000{printed}" if printed.startswith("-")
                    else f" \ue000+ {printed}")
        return out

    def _locals(self, paths: Sequence[_Renamed], direct: bool) -> list[str]:
        """Each local derivative, as SymPy gives it and in its shortest form, and the convention at kinks."""
        out = []
        for renamed in paths:
            local = renamed.path.local
            raw, form = renamed.raw, renamed.form
            if direct:
                out += self._kinks(form, local.of)
                continue
            left = self.print.marked(Partial(renamed.of, renamed.by))
            lines = [Line(self.print.marked(raw))]
            if form != raw:
                reason = (rf"in terms of the output ${self.print.plain(renamed.of)}$"
                          if local.of.name in {a.name for a in form.atoms(Access)} - {a.name for a in raw.atoms(Access)}
                          else "simplified")
                printed = self.print.marked(form)
                if printed != lines[0].right:
                    lines.append(Line(printed, reason))
            gives = f"Equation ({local.equation}) gives\n" if len(paths) > 1 else ""
            out.append(gives + chain(left, lines))
            out += self._kinks(form, local.of)
        return out

    def _kinks(self, form: Expr, of: Access) -> list[str]:
        out = []
        for piecewise in sorted(form.atoms(Piecewise), key=sympy.default_sort_key):
            words = kink_words(piecewise, self.print)
            if words:
                out.append(words)
        for node in sorted(form.atoms(sympy.sign), key=sympy.default_sort_key):
            out.append(f"At the kink ${self.print.plain(node.args[0])} = 0$ the derivative does not exist; "
                       f"by convention $\\operatorname{{sign}}(0) = 0$.")
        return out

    def _renamed(self, adjoint: Adjoint, path: Path) -> _Renamed:
        """A path written at the quantity's own indices; those of what it acts through get letters of their own."""
        own = adjoint.of.indices
        taken = {i.name for i in own}
        place: dict[Index, Expr] = {}
        for index in path.local.of.indices:
            if isinstance(index, Index):
                place[index] = _another(index, taken)
                taken.add(place[index].name)
        place |= dict(zip(path.local.by.indices, own, strict=True))
        of = Access(path.local.of.name, *(place.get(i, i) for i in path.local.of.indices))
        by = adjoint.of.entry
        form, raw = (readable_bound_names(substitute(e, place), taken) for e in (path.local.form, path.local.raw))
        local = Partial(of, by)
        objective = self.derivation.objective
        bound = [i for i in of.indices if isinstance(i, Index)]
        if path.through.name == objective:
            return _Renamed(path, of, by, raw, form, local, form)
        upstream = self.derivation.adjoint(path.through.name).quantity
        symbolic = Sum(Mul(Access(upstream.name, *of.indices), local), *bound)
        value = substitute(path.adjoint, place)
        product = Sum(Mul(value, form, evaluate=True), *bound) if bound else Mul(value, form)
        return _Renamed(path, of, by, raw, form, symbolic, product)

    # Equality up to names

    @cached_property
    def _adjoint_of(self) -> Mapping[str, Adjoint]:
        return {a.of.name: a for a in self.derivation.adjoints}

    @cached_property
    def _readers(self) -> Mapping[str, list[Equation]]:
        """The equations that read a quantity and lead to the loss."""
        out: dict[str, list[Equation]] = {}
        for equation in self.forward_system.equations:
            if equation.name in self._adjoint_of or equation.name == self.derivation.objective:
                for name in equation.reads:
                    out.setdefault(name, []).append(equation)
        return out

    def _signature(self, target: Access, body: Expr) -> tuple:
        key = ("equation", target.name)
        if key not in self._shapes:
            self._shapes[key] = signature([target, body], self._role)
        return ("equation", self._shapes[key])

    def _role(self, name: str) -> str:
        quantity = self.derivation.system.quantities[name]
        return f"{quantity.role.name}{'!' if name == self.derivation.objective else ''}"

    # Update

    def update(self) -> str:
        optimiser = self.network.optimiser
        out = [r"\section{The update}"]
        trained = [f"${self.symbol(n)}$" for n in self.network.trained if self.only in (None, n)]
        source = f" ({text(optimiser.source)})" if optimiser.source else ""
        listed = _listed(trained) if len(trained) <= 12 else f"all {len(trained)} trained parameter arrays"
        loss = self.symbol(self.network.loss)
        out.append(f"Each entry $\\theta$ of {listed} is updated from its gradient "
                   rf"$g = \partial {loss} / \partial \theta$ by {text(optimiser.name.replace('_', ' '))}{source}:")
        printer = UpdatePrinter(self.network)
        for equation in optimiser.assignments:
            out.append(chain(printer.marked(equation.target),
                             [Line(printer.marked(equation.body), relation=r"\leftarrow")]))
        words = [f"${printer.plain(Access(name))} = {real(value)}$" for name, value in optimiser.constants.items()]
        if words:
            said = [f" ({text(name.replace('_', ' '))})" if printer.is_renamed(name) else ""
                    for name in optimiser.constants]
            out.append("with " + ", ".join(map("".join, zip(words, said, strict=True))) + ".")
        if optimiser.states:
            states = [f"${printer.plain(Access(name))}$" for name in optimiser.states]
            out.append(f"{_listed(states)} {'is a state' if len(states) == 1 else 'are states'} of the entry, 0 at the "
                       "start; $k$ counts the updates from 1. Each line reads what the lines before it have set.")
        if self.network.frozen:
            out.append(_listed([f"${self.symbol(n)}$" for n in self.network.frozen]) + " stay as they are.")
        if self.network.training.update_order == "layer_by_layer":
            out.append("The update goes \\emph{layer by layer}, from the output back: as soon as the gradients of a "
                       "layer's parameters are known they are updated, and the adjoints below are computed from the "
                       "parameters so updated. This is not gradient descent on the loss, whose gradients are all taken "
                       "at the same parameters, but it is what the numbers of this example are computed by.")
        else:
            out.append("All gradients are computed first, at the same parameters; then all parameters are updated.")
        return "\n".join(out)


@dataclass(frozen=True)
class _Renamed:
    """A path in the letters of the page."""

    path: Path
    of: Access
    by: Access
    raw: Expr
    form: Expr
    chain: Expr
    product: Expr


class UpdatePrinter(Printer):
    """The optimiser's scalars, with the letters that everybody uses for them."""

    _USUAL = {"learning_rate": r"\eta", "momentum": r"\mu", "weight_decay": r"\lambda", "epsilon": r"\varepsilon",
              "strength": r"\lambda"}

    def __init__(self, network: Network, entry: str = "") -> None:
        super().__init__()
        self.constants = set(network.optimiser.constants)

    def is_renamed(self, name: str) -> bool:
        """Whether a letter stands for a constant that has a longer name."""
        return name in self._USUAL and name != "epsilon"

    def _print_Access(self, access: Access, size: str = "") -> str:
        return self._USUAL.get(access.name) or scalar_name(access.name)

    def _print_Symbol(self, symbol: Symbol, style: str = "plain") -> str:
        return self._USUAL.get(symbol.name) or scalar_name(symbol.name)

    def _is_scalar(self, factor: Expr) -> bool:
        return not isinstance(factor, Access) and super()._is_scalar(factor)

    def _kind_rank(self, factor: Expr, with_delta: bool) -> int:
        base = factor.base if isinstance(factor, sympy.Pow) else factor
        if isinstance(base, Access):
            return 1 if base.name in self.constants else 6 if base.name == "g" else 3
        return super()._kind_rank(factor, with_delta) if base.is_number or not base.has(Access) else 2

    def _term_rank(self, term: Expr) -> tuple:
        sign, unsigned = self._signed(term)
        return (sign == "-", not term.is_Number, 0, False, self._text_key(unsigned) not in ("theta",), str(unsigned))


def kink_words(piecewise: Piecewise, printer: Printer) -> str:
    """Which branch a derivative takes at the boundary between two of them."""
    out = []
    branches = piecewise.args
    for _, condition in branches:
        if not isinstance(condition, Relational) or condition.rel_op in ("==", "!="):
            continue
        at = None
        for other, when in branches:
            if when == sympy.true or isinstance(when, Relational) and when.args == condition.args and (
                    when.rel_op in (">=", "<=")):
                at = other
                break
        if at is None:
            continue
        boundary = f"{printer.plain(condition.lhs)} = {printer.plain(condition.rhs)}"
        if isinstance(condition.lhs, Access) and not at.has(condition.lhs.func) or at.is_number:
            there = printer.plain(at)
        else:
            there = printer.plain(at.xreplace({condition.lhs: condition.rhs}))
        out.append(f"At the kink ${boundary}$ the value of the last branch is taken by convention: "
                   f"the derivative there is ${there}$." if at is branches[-1][0] else
                   f"At the kink ${boundary}$ the derivative is taken to be ${there}$, by convention.")
    return " ".join(dict.fromkeys(out))


def signature(parts: Sequence[Basic], role: object) -> str:
    """A text that is equal for expressions that are equal up to the names of quantities, indices and sizes."""
    numbers: dict[str, str] = {}
    out: list[str] = []

    def number(name: str, letter: str) -> bool:
        key = letter + name
        known = key in numbers
        if not known:
            numbers[key] = f"{letter}{len(numbers)}"
        out.append(numbers[key])
        return not known

    def walk(node: Basic) -> None:
        if isinstance(node, Access):
            if number(node.name, "q"):
                out.append(role(node.name))  # type: ignore[operator]
            out.append("[")
            for index in node.indices:
                walk(index)
            out.append("]")
        elif isinstance(node, Index):
            size = node.size
            if number(f"{node.name} {size.name if isinstance(size, Symbol) else size}", "i"):
                walk(size)
        elif isinstance(node, Symbol):
            number(node.name, "m" if node.name == SAMPLES.name else "d")
        elif not node.args:
            out.append(str(node))
        else:
            out.append(type(node).__name__)
            out.append("(")
            for argument in _steady(node):
                walk(argument)
                out.append(",")
            out.append(")")

    for part in parts:
        walk(part)
        out.append(";")
    return "".join(out)


def _steady(node: Basic) -> Sequence[Basic]:
    """The arguments in an order that does not hang on names."""
    if isinstance(node, (sympy.Add, Mul)):
        return sorted(node.args, key=_skeleton)
    if isinstance(node, Delta):
        return sorted(node.args, key=lambda a: (len(free_indices(a)), str(type(a))))
    return node.args


@lru_cache(maxsize=1 << 15)
def _skeleton(node: Basic) -> str:
    if isinstance(node, Access):
        return f"a{len(node.indices)}"
    if not node.args:
        return type(node).__name__ if isinstance(node, Symbol) else str(node)
    inner = sorted(map(_skeleton, node.args)) if isinstance(node, (sympy.Add, Mul)) else map(_skeleton, node.args)
    return f"{type(node).__name__}({','.join(inner)})"


def _another(index: Index, taken: set[str]) -> Index:
    """A letter for the index of what a quantity acts through, next to the quantity's own."""
    if index.name not in taken:
        return index
    if index.size == SAMPLES:
        name = index.name + "'"
        return Index(name, index.size)
    letter = next((c for c in _LETTERS if c not in taken), None)
    return Index(letter if letter is not None else index.name + "1", index.size)


def _listed(words: Sequence[str]) -> str:
    if len(words) <= 1:
        return "".join(words)
    return ", ".join(words[:-1]) + " and " + words[-1]


def _ranges(numbers: Sequence[int]) -> str:
    """(1), (2), (3), (7) as (1)--(3), (7); evenly spaced numbers as a first, second, … and last one."""
    ordered = sorted(numbers)
    steps = {b - a for a, b in zip(ordered, ordered[1:], strict=False)}
    if len(steps) == 1 and len(ordered) > 3 and steps != {1}:
        return f"({ordered[0]}), ({ordered[1]}), \\dots, ({ordered[-1]})"
    out, start = [], 0
    for position in range(1, len(ordered) + 1):
        if position == len(ordered) or ordered[position] != ordered[position - 1] + 1:
            first, last = ordered[start], ordered[position - 1]
            out.append(f"({first})" if first == last else f"({first})--({last})")
            start = position
    return ", ".join(out)


def _count(number: int, word: str) -> str:
    small = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    digits = f"{number:,}".replace(",", r"\,")
    return f"{small[number] if number < len(small) else digits} {word}{'' if number == 1 else 's'}"


def _capital(words: str) -> str:
    return "The quantity " + words if words.startswith("$") else words[:1].upper() + words[1:]


def _natural(name: str) -> tuple:
    stem = name.rstrip("0123456789")
    return (stem, int(name[len(stem):] or 0))
