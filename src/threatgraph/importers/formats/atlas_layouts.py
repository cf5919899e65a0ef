"""Converts all formats of ``ATLAS.yaml`` to format 5.

Format 6 (from release 2026.05) has objects in mappings by id, links in ``relationships`` by source and type, and names
in kebab case (README of https://github.com/mitre-atlas/atlas-data, "ATLAS Data Format"). Formats before 4 have the
objects of the matrix at the top level.
"""

from __future__ import annotations

from collections.abc import Iterator

from threatgraph.importers.documents import Entry, entries_of, text_of

_KINDS = ("tactics", "techniques", "mitigations")
_GRANULARITY = {"Year": "YEAR", "Month": "MONTH", "Day": "DATE"}


def in_format_5(document: Entry) -> Entry | None:
    """Convert a release to format 5, with a ``version``, ``matrices`` and ``case-studies``.

    Returns:
        The converted release; ``None`` if the document is not a release of ATLAS.
    """
    if entries_of(document, "matrices"):
        return document
    links, collection = document.get("relationships"), document.get("collection")
    if isinstance(links, dict) and isinstance(collection, dict):
        return _of_format_6(document, links, text_of(collection, "version"))
    if entries_of(document, "tactics") and entries_of(document, "techniques"):
        return {**document, "matrices": [{kind: document.get(kind) for kind in _KINDS}]}
    return None


def _of_format_6(document: Entry, links: Entry, version: str) -> Entry:
    return {
        "version": version,
        "matrices": [
            {
                "tactics": [_dated(entry) for entry in _objects(document, "tactics")],
                "techniques": [_technique(entry, links) for entry in _objects(document, "techniques")],
                "mitigations": [_mitigation(entry, links) for entry in _objects(document, "mitigations")],
            }
        ],
        "case-studies": [_study(entry, links) for entry in _objects(document, "case-studies")],
    }


def _objects(document: Entry, kind: str) -> Iterator[Entry]:
    """The objects of a mapping; the key is the id of an object without one."""
    found = document.get(kind)
    for key, entry in found.items() if isinstance(found, dict) else ():
        if isinstance(entry, dict):
            yield {"id": key, **entry}


def _linked(entry: Entry, kind: str, links: Entry) -> list[Entry]:
    """The relationships of one type whose source is an object."""
    of_object = links.get(text_of(entry, "id"))
    return entries_of(of_object, kind) if isinstance(of_object, dict) else []


def _dated(entry: Entry) -> Entry:
    return {
        **entry,
        "ATT&CK-reference": entry.get("attack-reference"),
        "created_date": entry.get("created-date"),
        "modified_date": entry.get("modified-date"),
    }


def _technique(entry: Entry, links: Entry) -> Entry:
    above = [text_of(link, "target") for link in _linked(entry, "specializes", links)]
    tactics = [text_of(link, "target") for link in _linked(entry, "achieves", links)]
    return {
        **_dated(entry),
        "maturity": text_of(entry, "maturity").lower(),
        "subtechnique-of": next(iter(above), ""),
        "tactics": tactics,
    }


def _mitigation(entry: Entry, links: Entry) -> Entry:
    used = [{"id": text_of(link, "target")} for link in _linked(entry, "mitigates", links)]
    return {**_dated(entry), "techniques": used}


def _study(entry: Entry, links: Entry) -> Entry:
    # Steps are ordered by number, not by their position in the file.
    steps = sorted(_linked(entry, "employs", links), key=lambda link: text_of(link, "step-id"))
    return {
        **entry,
        "summary": entry.get("description"),
        "incident-date": entry.get("date"),
        "incident-date-granularity": _GRANULARITY.get(text_of(entry, "date-granularity"), ""),
        "case-study-type": text_of(entry, "type").lower(),
        "procedure": [
            {"technique": text_of(link, "target"), "description": text_of(link, "description")} for link in steps
        ],
    }
