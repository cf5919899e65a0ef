"""The assessment as JSON. ``schema.json`` describes it, as JSON Schema (draft 2020-12)."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from typing import Any

from threatgraph.assess.formats.wording import DISCLAIMER
from threatgraph.assess.model import AssessmentData, ProvisionFinding
from threatgraph.assess.register import CHANGE, FIELDS, Cell, Register

_PLACES = 6


def to_json(data: AssessmentData, register: Register) -> str:
    """Write the assessment as a JSON object.

    Args:
        data: the assessment.
        register: its register.
    """
    return json.dumps(to_dict(data, register), ensure_ascii=False, indent=2)


def to_dict(data: AssessmentData, register: Register) -> dict[str, Any]:
    """Convert the assessment to plain values.

    Args:
        data: the assessment.
        register: its register.
    """
    plain = asdict(data)
    for threat in plain["threats"]:
        threat["score"] = round(threat["score"], _PLACES)
    found: dict[str, Any] = {
        "title": plain["title"],
        "description": plain["description"],
        "disclaimer": DISCLAIMER,
        "facts": plain["facts"],
        "roles": plain["roles"],
        "tier": plain["tier"],
        "provisions": [_provision(provision) for provision in data.provisions],
        "threats": plain["threats"],
        "incidents": plain["incidents"],
        "questions": plain["questions"],
        "register": [_row(row) for row in register.dicts()],
        "notes": plain["notes"],
    }
    lists: dict[str, Any] = json.loads(json.dumps(found))  # tuples become lists, as in the file
    return lists


def _provision(provision: ProvisionFinding) -> dict[str, Any]:
    found = asdict(provision)
    # The names of the properties of the graph, which have one text each.
    found["condition"] = " ".join(found.pop("conditions"))
    found["exception"] = " ".join(found.pop("exceptions"))
    return found


def _row(row: dict[str, Cell]) -> dict[str, Any]:
    """A row of the register: the fields of threatgraph, and the columns of the user by their names."""
    fields = {field: _text(row.get(name)) for name, field in FIELDS.items()}
    own = {name: _value(value) for name, value in row.items() if name not in FIELDS and name != CHANGE}
    return {**fields, "change": _text(row.get(CHANGE)), "own": own}


def _value(cell: Cell) -> str | int | float | bool | None:
    return cell.isoformat() if isinstance(cell, date) else cell


def _text(cell: Cell) -> str:
    return "" if cell is None else str(cell)
