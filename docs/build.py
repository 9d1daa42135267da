"""Makes the documentation from what the tool itself says.

    python docs/build.py [--out FOLDER] [EXAMPLE …]

The pages in docs/ are rewritten, and docs/site is the whole as HTML, with a page for each example.  Needs the extra
`report`, and for the picture of the README pdflatex and pdftoppm; without those the earlier one stays.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
sys.path[:0] = [str(DOCS), str(DOCS.parent)]

import make_catalogue  # noqa: E402
import make_index  # noqa: E402
import make_pictures  # noqa: E402
import make_reference  # noqa: E402
import make_site  # noqa: E402
from check_links import dead_links  # noqa: E402


def texts() -> dict[Path, str]:
    """The text of every page in docs/ that is made."""
    return {make_catalogue.PAGE: make_catalogue.page(), make_index.PAGE: make_index.page(), **make_reference.pages()}


def main() -> None:
    parser = argparse.ArgumentParser("python docs/build.py", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=DOCS / "site", metavar="FOLDER")
    parser.add_argument("examples", nargs="*", metavar="EXAMPLE", choices=[*make_index.EXAMPLES, []],
                        help="those that get a page; all, if none is named")
    said = parser.parse_args()
    for path, text in texts().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    if shutil.which("pdflatex") and shutil.which("pdftoppm"):
        make_pictures.main()
    make_site.site(said.out, said.examples or make_index.EXAMPLES)
    if dead := dead_links(said.out):
        sys.exit("links that lead nowhere:\n" + "\n".join(dead))
    print(f"open {said.out / 'index.html'}")


if __name__ == "__main__":
    main()
