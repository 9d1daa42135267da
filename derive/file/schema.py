"""The JSON Schema of network files, for editors: they complete keys, show help and underline mistakes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from derive.file.models import NetworkFile

SHIPPED = Path(__file__).with_name("schema.json")


class _WithoutNull(GenerateJsonSchema):
    """A key that may be left out is not one that may be null."""

    def nullable_schema(self, schema: Any) -> dict[str, Any]:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: Any) -> dict[str, Any]:
        simple = isinstance(schema.get("default"), (str, int)) and schema["default"] != ""
        return super().default_schema(schema) if simple else self.generate_inner(schema["schema"])


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12), made from the models that check the file."""
    made = NetworkFile.model_json_schema(schema_generator=_WithoutNull)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}


def schema_text() -> str:
    """The schema as it ships with the package."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"
