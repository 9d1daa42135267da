"""Make the picture of the README: python docs/make_pictures.py (needs pdflatex and pdftoppm).

It shows ∂E/∂W² of the worked example, and ∂E/∂w5 with the numbers put in, as the document prints them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "worked_example.yaml"
SHOWN = (r"\paragraph{$\partial E / \partial W^{(2)}$.}", r"\section{Every weight by itself}", r"\paragraph{$w_{5}$.}")


def excerpt(latex: str) -> str:
    """The document with these paragraphs only, without page numbers."""
    preamble = latex[:latex.index(r"\begin{document}")]
    paragraphs = latex.split("\n\n")
    shown = [next(p for p in paragraphs if p.startswith(head)) for head in SHOWN]
    begin = r"\pagestyle{empty}\setcounter{section}{5}\begin{document}"
    return "\n\n".join([preamble + begin, *shown, r"\end{document}", ""])


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "SOURCE_DATE_EPOCH": "0"}

        def run(*command: str) -> str:
            return subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.PIPE,
                                  encoding="utf-8", errors="replace").stdout

        latex = run(sys.executable, "-m", "derive", str(EXAMPLE), "--out", folder, "-q")
        Path(folder, "page.tex").write_text(excerpt(latex), encoding="ascii")
        run("pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex")
        # The text block begins at the margin; below the last formula the page is empty.
        run("pdftoppm", "-r", "110", "-x", "70", "-y", "75", "-W", "780", "-H", "700", "-png", "-singlefile", "page.pdf",
            str(ROOT / "docs" / "derivation"))


if __name__ == "__main__":
    main()
