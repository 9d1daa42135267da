"""The JSON Schema that ships with the package is the one that the models make, and says what they say."""

from __future__ import annotations

import json

import pytest

from derive.file.models import NetworkFile
from derive.file.schema import SHIPPED, schema, schema_text


def test_the_shipped_schema_is_current(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update"):
        SHIPPED.write_text(schema_text(), encoding="utf-8")
    assert SHIPPED.read_text(encoding="utf-8") == schema_text(), "run pytest --update to write it anew"


def test_every_key_is_described() -> None:
    made = schema()
    for where, part in {"the file": made, **made["$defs"]}.items():
        for options in (part, *part.get("anyOf", ())):
            for key, value in options.get("properties", {}).items():
                described = made["$defs"][value["$ref"].rpartition("/")[2]] if "$ref" in value else value
                assert value.get("description") or described.get("description"), f"{key} of {where}"


def test_the_schema_knows_the_same_keys_as_the_file() -> None:
    made = schema()
    assert list(made["properties"]) == NetworkFile.keys()
    assert made["additionalProperties"] is False
    assert made["required"] == ["inputs", "layers", "loss"]
    assert "from" in made["$defs"]["Layer"]["properties"]


def test_a_short_form_is_in_the_schema_too() -> None:
    dense = schema()["$defs"]["Layer"]["properties"]["dense"]["anyOf"]
    assert [part["type"] for part in dense] == ["integer", "object"]


def test_no_key_may_be_null() -> None:
    assert '"null"' not in json.dumps(schema())
