"""The reference pages say what the code says."""

from __future__ import annotations

import runpy
from pathlib import Path

CATALOGUE = Path(__file__).resolve().parent.parent / "docs" / "catalogue.md"


def test_the_reference_of_the_catalogue_is_current(update):
    made = runpy.run_path(str(CATALOGUE.with_name("make_catalogue.py")))["page"]()
    if update:
        CATALOGUE.write_text(made, encoding="utf-8")
    assert CATALOGUE.read_text(encoding="utf-8") == made, "run pytest --update tests/test_docs.py"
