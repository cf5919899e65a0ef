"""Reads the latest version of each object of a STIX 2.1 bundle or TAXII 2.1 envelope, and the language of texts.

Sections are those of https://docs.oasis-open.org/cti/stix/v2.1/os/stix-v2.1-os.html.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

from pyoxigraph import Literal

from threatgraph.errors import InvalidFile
from threatgraph.importers.builder import ImportResult, text_literal
from threatgraph.importers.documents import Entry, entries_of, text_of, texts_of
from threatgraph.importers.json_reader import read_json

_ID = re.compile(r"([a-z0-9-]+)--[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# RFC 3339, section 5.6; STIX requires Z (section 2.16).
_TIMESTAMP = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(\.[0-9]+)?(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))"
)
# A well-formed language tag (RFC 5646, section 2.1), except irregular ones.
_LANGUAGE = re.compile(r"(?:[A-Za-z]{2,8}|[xX](?=-))(?:-[A-Za-z0-9]{1,8})*")
_UNDETERMINED = "und"
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_CODE = re.compile(r"</?code>")

Moment = tuple[datetime, Fraction]
_NEVER: Moment = (datetime.min.replace(tzinfo=UTC), Fraction(0))


def read_objects(path: Path, result: ImportResult) -> tuple[Entry, dict[str, Entry]]:
    """Read a bundle and the latest version of each object, by id (section 3.6).

    Relationships are identified by id, source and target, since in the published bundle of MITRE ATLAS several
    relationships have the same id.

    Args:
        path: the file, in JSON.
        result: receives a problem for each invalid object, and for different objects with the same id and version.

    Raises:
        InvalidFile: if the file cannot be read, or is neither a bundle nor an envelope.
    """
    document = read_json(path)
    objects = document.get("objects")
    if document.get("type", "bundle") != "bundle" or not isinstance(objects, list):
        raise InvalidFile(str(path), 'is not a STIX bundle: it has no "type": "bundle" with a list of "objects".')
    if document.get("more") is True:  # an envelope of TAXII 2.1, section 3.7
        result.notes.append(f"{path}: the server has further objects: fetch the next page too.")
    found: dict[str, Entry] = {}
    for number, item in enumerate(objects, 1):
        if not isinstance(item, dict) or (problem := _problem(item)):
            problem = problem if isinstance(item, dict) else "is not a JSON object"
            result.report(str(path), 0, f"object {number} {problem}.")
            continue
        for remark in _remarks(item):
            result.report(str(path), 0, f"object {number}, {text_of(item, 'id')}: {remark}.")
        key = " ".join([text_of(item, "id"), text_of(item, "source_ref"), text_of(item, "target_ref")]).strip()
        first = found.setdefault(key, item)
        if _changed(first) < _changed(item):
            found[key] = item
        elif _changed(first) == _changed(item) and first != item:
            name = text_of(item, "id")
            result.report(
                str(path), 0, f"object {number} has the same id as another object, {name}: give each object its own id."
            )
    return document, found


def _problem(item: Entry) -> str:
    """Why an object is invalid; empty if it is valid."""
    name, kind = text_of(item, "id"), text_of(item, "type")
    known = _ID.fullmatch(name)
    if not known:
        return f"has an invalid id, {name!r}: use an id such as incident--UUID"
    if known[1] != kind:
        return f"has the type {kind!r}, but its id {name!r} has another type"
    return ""


def _remarks(item: Entry) -> list[str]:
    """Problems of optional properties of an object."""
    remarks = [
        f"{slot} is not a timestamp such as 2024-01-01T00:00:00.000Z: {text!r}"
        for slot in ("created", "modified")
        if (text := text_of(item, slot)) and moment(text) is None
    ]
    tags = [text_of(item, "lang"), *(text_of(marking, "lang") for marking in entries_of(item, "granular_markings"))]
    return remarks + [f"{tag!r} is not a language tag" for tag in tags if tag and not _LANGUAGE.fullmatch(tag)]


def moment(text: str) -> Moment | None:
    """Convert a timestamp into a comparable time: the second in UTC, and the fraction of a second."""
    parts = _TIMESTAMP.fullmatch(text)
    if parts is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in parts.groups()[:6])
    leap = second == 60  # RFC 3339, section 5.7
    offset = timedelta(hours=int(parts[9] or 0), minutes=int(parts[10] or 0)) * (-1 if parts[8] == "-" else 1)
    try:
        whole = datetime(year, month, day, hour, minute, second - leap, tzinfo=UTC) + timedelta(seconds=leap) - offset
    except (ValueError, OverflowError):
        return None
    return whole, Fraction(f"0{parts[7] or ''}")


def _changed(item: Entry) -> Moment:
    return moment(text_of(item, "modified", "created")) or _NEVER


def is_current(item: Entry) -> bool:
    """Whether an object is neither revoked nor deprecated."""
    return item.get("revoked") is not True and item.get("x_mitre_deprecated") is not True


def text_in_language(item: Entry, *slots: str) -> Literal | None:
    """The first text among some properties of an object, with its language (sections 3.2 and 7.2.3).

    Markdown links are replaced by their text.
    """
    for slot in slots:
        if text := text_of(item, slot):
            return text_literal(plain(text), _language(item, slot))
    return None


def plain(text: str) -> str:
    """Convert Markdown to plain text; links are replaced by their text."""
    return _CODE.sub("", _LINK.sub(r"\1", text))


def _language(item: Entry, slot: str) -> str:
    """The language of a property: from its marking, or else from the object; English by default."""
    markings = entries_of(item, "granular_markings")
    marked = (text_of(marking, "lang") for marking in markings if slot in texts_of(marking, "selectors"))
    return language_tag(next(filter(None, marked), "") or text_of(item, "lang") or "en")


def language_tag(text: str) -> str:
    """Return a language tag, or ``und`` if it is not well-formed."""
    return text if _LANGUAGE.fullmatch(text) else _UNDETERMINED
