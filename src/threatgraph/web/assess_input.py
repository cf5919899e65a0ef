"""The input of the page of assessments: the fields of its form, and an uploaded profile."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import yaml

from threatgraph.assess.profile import FACTS, parse_values
from threatgraph.assess.questions import catalog
from threatgraph.errors import InvalidFile, InvalidQuery, UnknownName

TEXT, TITLE, PROFILE, TOP, FORMAT = "text", "title", "profile", "top", "format"
ROLE, PATTERN, FRAMEWORK = "role", "pattern", "framework"
MANY = (ROLE, PATTERN, FRAMEWORK, *(key for key in FACTS if key != ROLE))
"""The fields that can be repeated."""
DEFAULT_TOP, MOST = 10, 50
"""Threats: by default, and at most."""
LONGEST_PROFILE = 50_000
"""Characters of a profile."""
_DEEPEST = 20
"""Brackets within brackets of a profile; the time to read them grows with the square of their number."""
_TURTLE = (".ttl", ".turtle")

Upload = tuple[str, bytes]
"""The name and the content of a file."""
Input = Mapping[str, tuple[str, ...]]
"""The values of the fields that are filled in."""


class Parsed(NamedTuple):
    """The arguments of :meth:`ThreatGraph.assess`."""

    text: str | None
    profile: Mapping[str, Any] | None
    patterns: tuple[str, ...]
    role: tuple[str, ...] | None
    frameworks: tuple[str, ...]
    top: int


def question_ids() -> tuple[str, ...]:
    """Return the fields that answer questions; the role has a field of its own."""
    return tuple(question["id"] for question in catalog() if question["id"] != ROLE)


def collect(given: Sequence[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """Return the fields that are filled in, unchecked, with line ends as Python has them.

    Args:
        given: the fields with their values.
    """
    found: dict[str, tuple[str, ...]] = {}
    for name, value in given:
        text = value.replace("\r\n", "\n").strip()
        if name == PATTERN:
            found[name] = (*found.get(name, ()), *(line.strip() for line in text.split("\n") if line.strip()))
        elif text:
            found[name] = (*found.get(name, ()), text)
    return {name: tuple(dict.fromkeys(values)) if name in MANY else values for name, values in found.items() if values}


def read_upload(upload: Upload) -> str:
    """Return the content of an uploaded profile as YAML, for the field that has the profile.

    Args:
        upload: the file.

    Raises:
        InvalidFile: if it is not text, or not valid Turtle.
    """
    name, content = upload
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise InvalidFile(name, "is not UTF-8 text.") from error
    if name.lower().endswith(_TURTLE):
        return str(yaml.safe_dump(dict(parse_values(text, name)), allow_unicode=True, sort_keys=False))
    return text


def parse(values: Input) -> Parsed:
    """Return the arguments of an assessment.

    Args:
        values: the fields that are filled in.

    Raises:
        UnknownName: for a field that the form does not have.
        InvalidQuery: for a field that is given several times, a text with a NUL character, or a number out of range.
        InvalidFile: for a profile that cannot be read.
    """
    _check(values)
    profile = _profile(values)
    return Parsed(
        _one(values, TEXT),
        profile or None,
        values.get(PATTERN, ()),
        values.get(ROLE),
        values.get(FRAMEWORK, ()),
        _number(_one(values, TOP)),
    )


def _check(values: Input) -> None:
    known = (TEXT, TITLE, *MANY, TOP, PROFILE, *question_ids())
    for name, found in values.items():
        if name not in known:
            raise UnknownName("field", name, known, f"The fields are {', '.join(known)}.")
        if len(found) > 1 and name not in MANY:
            raise InvalidQuery(f"the field {name} is given {len(found)} times: give it once.")
        if any("\0" in text for text in found):
            raise InvalidQuery(f"the field {name} contains a NUL character.")


def _profile(values: Input) -> dict[str, Any]:
    """The profile of the field with its text, with the choices and answers of the other fields."""
    profile: dict[str, Any] = {}
    if text := _one(values, PROFILE):
        profile |= _parsed(text)
    keys = {str(key).strip().lower().replace("_", "-"): key for key in profile}
    for name in (TITLE, *question_ids()):
        if value := _one(values, name):
            profile[keys.get(name, name)] = value
    for name in FACTS:
        if name != ROLE and name in values:
            earlier = profile.get(keys.get(name, name)) or []
            profile[keys.get(name, name)] = [*(earlier if isinstance(earlier, list) else [earlier]), *values[name]]
    return profile


def _parsed(text: str) -> Mapping[str, Any]:
    if len(text) > LONGEST_PROFILE:
        raise InvalidQuery(f"the profile has {len(text):,} characters; the maximum is {LONGEST_PROFILE:,}.")
    if _depth(text) > _DEEPEST:
        raise InvalidQuery(f"the profile nests too deeply: at most {_DEEPEST} brackets can be open at once.")
    try:
        # A few aliases can mean a text of any size.
        has_aliases = any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text))
    except (yaml.YAMLError, ValueError):
        has_aliases = False  # reported with its place below
    if has_aliases:
        raise InvalidQuery("the profile has an alias (`*`): write its value.")
    return parse_values(text, "the profile")


def _depth(text: str) -> int:
    steps = ((letter in "[{") - (letter in "]}") for letter in text)
    return max(itertools.accumulate(steps), default=0)


def _one(values: Input, name: str) -> str | None:
    return values[name][0] if name in values else None


def _number(text: str | None) -> int:
    if text is None:
        return DEFAULT_TOP
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and 1 <= int(text) <= MOST):
        raise InvalidQuery(f"the number of threats must be from 1 to {MOST}, not {text[:40]!r}.")
    return int(text)
