"""Parameters of requests: read from a query string or a form, and checked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from threatgraph.errors import InvalidQuery, UnknownName

Values = dict[str, str | int | tuple[str, ...]]
"""The value of each parameter that is given: a tuple for one that can be repeated."""
#: The maximum length of a name or code, in characters.
NAME = 500
#: The maximum number of parameters in a request.
_MOST = 100
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_INTEGER = re.compile(r"[+-]?[0-9]{1,9}")


class Parameter(NamedTuple):
    """A parameter of a request."""

    name: str
    description: str
    longest: int = NAME
    """The maximum length of a value, in characters."""
    many: bool = False
    """Whether it can be repeated."""
    required: bool = False
    range: tuple[int, int] | None = None
    """The least and the greatest value of an integer; ``None`` for a text."""
    default: str | int | None = None
    pattern: str | None = None
    """A regular expression for the schema; the function that uses the value checks it."""
    choices: Sequence[str] = ()
    example: str | None = None


def read(content: bytes, parameters: Iterable[Parameter]) -> Values:
    """Read parameters from a query string or the content of a form; an empty value counts as absent.

    Args:
        content: ``name=value`` pairs, percent-encoded UTF-8.
        parameters: the parameters that are allowed.

    Raises:
        InvalidQuery: for an unknown parameter, a repeated parameter with a single value, a value that is missing, too
            long or out of range, and text that is not percent-encoded UTF-8.
    """
    known = {parameter.name: parameter for parameter in parameters}
    found: dict[str, list[str]] = {}
    for name, value in _pairs(content):
        if name not in known:
            hint = f"The parameters are {', '.join(known)}." if known else "There are no parameters here."
            raise InvalidQuery(str(UnknownName("parameter", name, known, hint)))
        if value.strip():
            found.setdefault(name, []).append(value)
    for name, parameter in known.items():
        if parameter.required and name not in found:
            raise InvalidQuery(f"the parameter {name} is required: {parameter.description}.")
    return {name: _checked(known[name], values) for name, values in found.items()}


def _checked(parameter: Parameter, values: Sequence[str]) -> str | int | tuple[str, ...]:
    if len(values) > 1 and not parameter.many:
        raise InvalidQuery(f"the parameter {parameter.name} is given {len(values)} times; give it once.")
    for value in values:
        if len(value) > parameter.longest:
            raise InvalidQuery(
                f"the parameter {parameter.name} has {len(value):,} characters; the maximum is {parameter.longest:,}."
            )
        if "\0" in value:
            raise InvalidQuery(f"the parameter {parameter.name} contains a NUL character.")
    if parameter.range is not None:
        return _integer(parameter.name, values[0].strip(), *parameter.range)
    return tuple(values) if parameter.many else values[0]


def _integer(name: str, text: str, least: int, most: int) -> int:
    value = int(text) if _INTEGER.fullmatch(text) else None
    if value is None or not least <= value <= most:
        raise InvalidQuery(f"the parameter {name} must be an integer from {least} to {most:,}, not {text[:40]!r}.")
    return value


def _pairs(content: bytes) -> list[tuple[str, str]]:
    if _BROKEN_ESCAPE.search(content):
        raise InvalidQuery(
            "the parameters contain a % that is not followed by two hexadecimal digits; write it as %25."
        )
    fields = [field for field in content.split(b"&") if field]
    if len(fields) > _MOST:
        raise InvalidQuery(f"the request has {len(fields):,} parameters; the maximum is {_MOST}.")
    pairs = []
    for field in fields:
        name, _, value = field.partition(b"=")
        pairs.append((_decoded(name), _decoded(value)))
    return pairs


def _decoded(text: bytes) -> str:
    try:
        return unquote_to_bytes(text.replace(b"+", b" ")).decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidQuery("the parameters are not UTF-8; percent-encode the bytes of UTF-8.") from error
