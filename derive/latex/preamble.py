"""The head of the document: classes, spacing, and where pages may end."""

from __future__ import annotations

from derive.latex.escape import text
from derive.latex.width import width_of_words
from derive.network import Network

_LARGEST = 24.0  # em, in letters of the usual size: longer titles are set smaller, on one line if it is long enough
PREAMBLE = r"""\documentclass[11pt,a4paper]{article}
\usepackage[T1]{fontenc}
\usepackage{amsmath}
\usepackage{array}
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
\setlength{\LTleft}{0pt}
\allowdisplaybreaks
% Words in a narrow column are not pulled apart.
\newcolumntype{P}[1]{>{\raggedright\arraybackslash}p{#1}}
% Rows of a table have room for indices above and below.
\newcommand{\roomy}{\renewcommand{\arraystretch}{1.5}}
\let\plaintabular\tabular \renewcommand{\tabular}{\roomy\plaintabular}
\let\plainlongtable\longtable \renewcommand{\longtable}{\roomy\plainlongtable}
\emergencystretch=8em
\clubpenalty=10000 \widowpenalty=10000 \displaywidowpenalty=10000 \predisplaypenalty=10000
% A heading stays with its first formula: a new page where less than this is left.
\newcommand{\need}[1]{\par\begingroup\dimen0=\pagegoal\advance\dimen0-\pagetotal
  \ifdim\dimen0<#1\relax\ifdim\dimen0>0pt\newpage\fi\fi\endgroup}
% A formula, and its reason at the right end of the line.
\newcommand{\reasoned}[3]{\hbox to #1{$\displaystyle {}#2$\hfil #3}}
% What follows a formula in the same paragraph stays on its page; it breaks only where it says so.
\newenvironment{kept}{\interdisplaylinepenalty=10000 \postdisplaypenalty=10000 }{\ignorespacesafterend}
\let\paragraphhead\paragraph
\renewcommand{\paragraph}[1]{\need{7\baselineskip}\paragraphhead{#1}}
\let\subsectionhead\subsection
\renewcommand{\subsection}{\need{12\baselineskip}\subsectionhead}
\let\sectionhead\section
\renewcommand{\section}[1]{\need{9\baselineskip}\sectionhead{#1}}
"""


def title(network: Network) -> str:
    """The preamble, the title, the source and the notes."""
    words = text(network.title or network.name)
    size = r"\LARGE" if width_of_words(words) <= _LARGEST else r"\Large"
    lines = [PREAMBLE + r"\begin{document}", r"\begin{center}", rf"{{{size}\bfseries {words}\par}}"]
    if network.source:
        lines.append(rf"\medskip {{\small {text(network.source)}\par}}")
    lines.append(r"\end{center}")
    if network.notes:
        lines.append(text(network.notes))
    return "\n".join(lines)
