"""Checks the arguments of a tool. Agents correct themselves if a message says what is wrong and what is right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from threatgraph.errors import InvalidQuery, UnknownName
from threatgraph.mcp.tools import Schema, Tool

_TYPES: Mapping[str, type] = {"string": str, "integer": int, "array": list, "object": dict}


def checked(tool: Tool, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a call; ``null`` counts as not given.

    Numbers may be text, as some models write them, and a list of one may be given as that text.

    Args:
        tool: the tool.
        given: the arguments of the client.

    Raises:
        UnknownName: for an argument that the tool does not have, or a value that is not among those allowed.
        InvalidQuery: for a missing argument, or a value of the wrong type.
    """
    for name in given:
        if name not in tool.properties:
            raise UnknownName(
                f"argument of {tool.name}", name, tool.properties, f"It takes {', '.join(tool.properties)}."
            )
    values = {name: value for name, value in given.items() if value is not None}
    for name in tool.required:
        if name not in values:
            raise InvalidQuery(f"{tool.name} requires the argument {name}.")
    return {name: _value(name, tool.properties[name], value) for name, value in values.items()}


def _value(name: str, schema: Schema, value: Any) -> Any:
    kind = schema["type"]
    if kind == "integer":
        value = _whole(value)
    elif kind == "array" and isinstance(value, str):
        value = [value]
    has_type = isinstance(value, _TYPES[kind]) and not isinstance(value, bool)
    if not has_type:
        raise InvalidQuery(f"the argument {name} must be of type {kind}, not {value!r:.80}.")
    if kind == "array" and not all(isinstance(item, str) for item in value):
        raise InvalidQuery(f"the argument {name} must be a list of texts.")
    if kind == "integer" and not 1 <= value <= schema["maximum"]:
        raise InvalidQuery(f"the argument {name} must be from 1 to {schema['maximum']}, not {value}.")
    if "enum" in schema and value not in schema["enum"]:
        raise UnknownName(name, value, schema["enum"], f"It is one of {', '.join(schema['enum'])}.")
    return value


def _whole(value: Any) -> Any:
    """A number that is written as text or with a decimal point, as an integer; any other value as it is."""
    is_text = isinstance(value, str) and value.strip().lstrip("-").isdecimal()
    return int(value) if is_text or (isinstance(value, float) and value.is_integer()) else value
