"""The documentation says what the tool says, and its links lead somewhere."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
sys.path.insert(0, str(DOCS))

import build  # noqa: E402
import make_index  # noqa: E402
import make_site  # noqa: E402
from check_links import dead_links  # noqa: E402

CHEAP = "two_layer_network"


@pytest.fixture(scope="module")
def site(tmp_path_factory: Any) -> Path:
    folder = tmp_path_factory.mktemp("site")
    make_site.site(folder, [CHEAP])
    return folder


@pytest.mark.parametrize("path, text", [pytest.param(path, text, id=path.stem) for path, text in build.texts().items()])
def test_the_pages_that_are_made_are_current(path, text, update):
    if update:
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text, "run pytest --update tests/test_docs.py"


def test_no_link_leads_nowhere(site):
    assert dead_links(site) == []
    assert len(list(site.glob("*.html"))) == len(make_site.PAGES) + 2


def test_dead_links_are_found(tmp_path):
    (tmp_path / "a.html").write_text('<a id="x" href="b.html#y"></a><a href="#x"></a><a href="#z"></a><img src="no.png">')
    (tmp_path / "b.html").write_text('<p id="y"><a href="a.html#y">a</a> <a href="https://example.org/no">elsewhere</a>')
    assert dead_links(tmp_path) == ["a.html: #z", "a.html: no.png", "b.html: a.html#y"]


def test_the_page_of_an_example_has_its_derivation_its_code_and_its_figure(site):
    page = (site / f"{CHEAP}.html").read_text(encoding="utf-8")
    latex = (site / f"{CHEAP}.tex").read_text(encoding="ascii")
    module = (ROOT / "generated" / f"{CHEAP}.py").read_text(encoding="utf-8")
    assert set(re.findall(r"\\tag\{(\d+)\}", latex)) <= set(re.findall(r'id="eq-(\d+)"', page))
    assert (site / "generated" / f"{CHEAP}.py").read_text(encoding="utf-8") == module
    assert f"The whole module, {len(module.splitlines())} lines" in page
    assert "Accuracy" in (site / f"{CHEAP}.svg").read_text(encoding="utf-8")
    assert f'href="{CHEAP}.html"' in (site / "index.html").read_text(encoding="utf-8")


def test_every_example_is_in_the_index():
    assert set(re.findall(r"examples/(\w+)\.yaml", make_index.page())) == set(make_index.EXAMPLES)
    assert set(re.findall(r"\((\w+)\.svg\)", make_index.page(make_index.EXAMPLES))) == set(make_index.EXAMPLES)


def test_pages_can_be_read_by_everybody(site):
    for path in site.glob("*.html"):
        page = path.read_text(encoding="utf-8")
        assert '<html lang="en">' in page and page.count("<h1") == 1 and "<title></title>" not in page, path
        levels = [int(level) for level in re.findall(r"<h([1-6])[ >]", re.sub("(?s)<template.*?</template>", "", page))]
        assert all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False)), path
        assert all('alt="' in image for image in re.findall("<img[^>]*>", page)), path
