"""The JSON Schema of the JSON format (draft 2020-12)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def json_schema() -> dict[str, Any]:
    """The JSON Schema of the JSON format."""
    schema: dict[str, Any] = json.loads(Path(__file__).with_name("schema.json").read_bytes())
    return schema
