"""Makes docs/site, the documentation as HTML: the pages of docs/, and a page for each example as `--html` prints it.

What a page links to and is no page is copied beside it.  The folder needs nothing else: put it on any server, or open it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from html import escape
from pathlib import Path

from markdown_it import MarkdownIt

import make_index

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
PAGES = ("README.md", "codegen/README.md", "docs/catalogue.md", "docs/claims.md", "docs/json.md",
         "docs/reference/command_line.md", "docs/reference/file.md", "docs/reference/python.md")
LAYOUT = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="stylesheet" href="style.css">
</head>
<body>
<a class="skip" href="#text">To the text</a>
<header><nav aria-label="Documentation"><ol><li><a href="index.html">derive</a></li><li><a href="file.html">The file</a></li>
<li><a href="catalogue.html">The catalogue</a></li><li><a href="command_line.html">The command line</a></li>
<li><a href="python.html">Python</a></li></ol></nav></header>
<main id="text">
{text}</main>
</body>
</html>
"""
STYLE = """
body { display: block; max-width: 66rem; }
header { padding: 0; }
h1 { margin-top: 1.4rem; }
img { max-width: 100%; height: auto; background: #fff; border-radius: 6px; }
pre { background: var(--raised); border: 1px solid var(--rule); border-radius: 6px; padding: 0.8rem 1rem; overflow-x: auto; }
code { font: 0.85em/1.5 var(--mono); }
:is(p, li) code { overflow-wrap: anywhere; }
td:first-child code { white-space: nowrap; }
li { max-width: 44rem; margin: 0.25rem 0; }
"""


def site(folder: Path, examples: Iterable[str] = make_index.EXAMPLES) -> None:
    """Write the site, with the pages of these examples."""
    examples = tuple(examples)
    folder.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda name: example(name, folder), examples))
    style = (ROOT / "derive" / "html" / "templates" / "style.css").read_text(encoding="utf-8")
    (folder / "style.css").write_text(style + STYLE, encoding="utf-8")
    for path in PAGES:
        page(ROOT / path, (ROOT / path).read_text(encoding="utf-8"), folder)
    page(make_index.PAGE, make_index.page(examples), folder)


def example(name: str, folder: Path) -> None:
    """What the command prints for an example: the page, the LaTeX, and the figure of training."""
    latex = subprocess.run(
        [sys.executable, "-m", "derive", f"examples/{name}.yaml", "--out", folder / "generated",
         "--html", folder / f"{name}.html", "--plot", folder / f"{name}.svg", "-q"],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True, stdout=subprocess.PIPE).stdout
    (folder / f"{name}.tex").write_bytes(latex)


def page(path: Path, text: str, folder: Path) -> None:
    """One page of Markdown as HTML."""
    reader = MarkdownIt("commonmark").enable("table")
    tokens = reader.parse(text)
    title = path.stem
    for token, inside in zip(tokens, tokens[1:], strict=False):
        if token.type == "heading_open":
            token.attrSet("id", slug(inside.content))
            title = inside.content if token.tag == "h1" else title
        elif token.type == "th_open":
            token.attrSet("scope", "col")
    html = reader.renderer.render(tokens, reader.options, {})
    html = html.replace("<pre>", '<pre tabindex="0">').replace("<table>", '<div class="scroll" tabindex="0"><table>')
    html = html.replace("</table>", "</table></div>")
    html = re.sub(r'(href|src)="([^"]*)"', lambda link: f'{link[1]}="{target(link[2], path, folder)}"', html)
    (folder / place(path)).write_text(LAYOUT.format(title=escape(title), text=html), encoding="utf-8")


def target(link: str, path: Path, folder: Path) -> str:
    """Where a link of a page leads from its place in the site."""
    to, hash_, anchor = link.partition("#")
    if not to or ":" in to or (folder / to).exists():
        return link
    found = (path.parent / to).resolve()
    if str(found.relative_to(ROOT)) in PAGES or found == make_index.PAGE:
        return place(found) + hash_ + anchor
    copied = Path("files", found.relative_to(ROOT))
    (folder / copied).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(found, folder / copied)
    return copied.as_posix()


def place(path: Path) -> str:
    """The name of a page in the site."""
    return f"{path.parent.name}.html" if path.parent.name == "codegen" else f"{path.stem.lower()}.html"


def slug(heading: str) -> str:
    """The anchor of a heading, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
