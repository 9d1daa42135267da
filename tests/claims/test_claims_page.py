"""docs/claims.md shows what the command prints."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_page_on_claims_shows_a_real_working_and_what_is_said_about_it(derive_command, update):
    page, working = DOCS / "claims.md", DOCS / "hand_calculation.yaml"
    done = derive_command("check", working)
    assert done.returncode == 4 and done.stderr == ""
    text = page.read_text(encoding="utf-8")
    shown = {"yaml": working.read_text(encoding="utf-8"), "": done.stdout}
    made = re.sub(r"^```(yaml|)\n.*?^```$", lambda block: f"```{block[1]}\n{shown[block[1]]}```", text, flags=re.S | re.M)
    if update:
        page.write_text(made, encoding="utf-8")
    assert page.read_text(encoding="utf-8") == made, "run pytest --update tests/claims/test_claims_page.py"
