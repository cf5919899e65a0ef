"""Helps people write records: the canonical form of a file, and new records to start from."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from pathlib import Path

from pyoxigraph import Literal, NamedNode, Triple

from threatgraph.errors import InvalidFile, ThreatGraphError
from threatgraph.rdf.files import read_quads
from threatgraph.rdf.turtle import BlankNodeRefused, write_turtle
from threatgraph.saving import save
from threatgraph.slugs import slug_of
from threatgraph.vocab import BASE, KINDS, PREFIXES, RDF_TYPE, XSD, tg

# The terminals of the Turtle grammar (section 6.5) that can hold a "#" which begins no comment, then everything else.
_TOKEN = re.compile(
    r"""
      (?P<comment>\#[^\n\r]*)
    | <[^<>"{}|^`\x00-\x20]*>
    | \"{3}(?:\"{0,2}(?:[^"\\]|\\.))*\"{3} | '{3}(?:'{0,2}(?:[^'\\]|\\.))*'{3}
    | "(?:[^"\\\n\r]|\\.)*" | '(?:[^'\\\n\r]|\\.)*'
    | (?:[^\s\#<"'\\]|\\.)+
    | \S
    """,
    re.VERBOSE | re.DOTALL,
)
_DATES = {4: "gYear", 7: "gYearMonth", 10: "date"}


def format_text(path: Path) -> str:
    """The canonical form of a Turtle file; comments at its head are kept.

    Raises:
        InvalidFile: where the file is not Turtle, does not parse, has a blank node, or has a comment further down, for
            which the canonical form has no place.
    """
    if path.suffix != ".ttl":
        raise InvalidFile(str(path), "only Turtle files (.ttl) have a canonical form.")
    try:
        body = write_turtle(quad.triple for quad in read_quads(path))
    except BlankNodeRefused as error:
        raise InvalidFile(str(path), str(error)) from error
    comments = _head_comments(path)
    return "\n".join([*comments, *(["", body] if body else [""])]) if comments else body


def _head_comments(path: Path) -> list[str]:
    """The comments before the first statement of a file that parses; one further down is refused."""
    text = path.read_text(encoding="utf-8-sig")
    comments: list[str] = []
    in_head = True
    for token in _TOKEN.finditer(text):
        if not token["comment"]:
            in_head = False
        elif in_head:
            comments.append(token["comment"].rstrip())
        else:
            reason = "this comment would be lost: move it to the head of the file, or into skos:editorialNote."
            raise InvalidFile(str(path), reason, text.count("\n", 0, token.start()) + 1)
    return comments


def format_file(path: Path, *, check: bool = False) -> bool:
    """Bring a Turtle file into the canonical form.

    Args:
        path: the file.
        check: only say whether it would change.

    Returns:
        Whether the file was, or would be, changed.

    Raises:
        InvalidFile: as :func:`format_text`.
        ThreatGraphError: where the file cannot be written.
    """
    content = format_text(path).encode()
    if content == path.read_bytes():  # bytes, since other line ends or a byte order mark are a difference too
        return False
    if not check:
        save(content, path)
    return True


def new_pattern(
    folder: Path, *, label: str, domain: str, definition: str, source: str, code: str | None = None
) -> Path:
    """Write the record of a new threat pattern, with what every pattern must have.

    Args:
        folder: where to write; the file is named after the label.
        label: its English name.
        domain: the IRI of its domain.
        definition: what it is, in English.
        source: the address that it comes from.
        code: its code, where it has one.

    Raises:
        ThreatGraphError: where a text is empty, there is such a file already, or it cannot be written.
    """
    fields: list[tuple[str, NamedNode | Literal]] = [
        (f"{PREFIXES['skos']}definition", _english(definition, "definition")),
        (f"{PREFIXES['skos']}inScheme", NamedNode(f"{BASE}pattern")),
        (tg("domain"), NamedNode(domain)),
    ]
    return _write(folder, "pattern", label, source, code, fields)


def new_incident(
    folder: Path,
    *,
    label: str,
    description: str,
    source: str,
    code: str | None = None,
    occurred: str | None = None,
    patterns: Sequence[str] = (),
) -> Path:
    """Write the record of a new incident, with what every incident must have.

    Args:
        folder: where to write; the file is named after the label.
        label: its English name.
        description: what happened, in English.
        source: the address that it comes from.
        code: its code, where it has one.
        occurred: the year, month or day, such as ``2024-08``.
        patterns: the IRIs of its threat patterns; the first is the primary one.

    Raises:
        ThreatGraphError: where the date is none, a text is empty, the file exists, or it cannot be written.
    """
    told = _english(description, "description")
    fields: list[tuple[str, NamedNode | Literal]] = [(f"{PREFIXES['dcterms']}description", told)]
    if occurred:
        fields.append((tg("occurred"), _date(occurred)))
    record = f"{BASE}incident/{slug_of(label)}"
    links: list[Triple] = []
    for position, pattern in enumerate(dict.fromkeys(patterns)):
        part = NamedNode(f"{record}#pattern-{pattern.replace('#', '/').rpartition('/')[2]}")
        role = "secondary" if position else "primary"
        fields.append((tg("patternLink"), part))
        links += _part(part, "PatternLink", pattern=pattern, patternRole=f"{BASE}pattern-role/{role}")
    return _write(folder, "incident", label, source, code, fields, links)


def _part(part: NamedNode, cls: str, **links: str) -> list[Triple]:
    links["curationStatus"] = f"{BASE}curation-status/project-assessment"
    kind = Triple(part, NamedNode(RDF_TYPE), NamedNode(tg(cls)))
    return [kind, *(Triple(part, NamedNode(tg(name)), NamedNode(iri)) for name, iri in links.items())]


def _write(
    folder: Path,
    kind: str,
    label: str,
    source: str,
    code: str | None,
    fields: Sequence[tuple[str, NamedNode | Literal]],
    parts: Sequence[Triple] = (),
) -> Path:
    slug = slug_of(label)
    path = folder / f"{slug}.ttl"
    if path.exists():
        raise ThreatGraphError(f"{path} is there already: choose another label, or edit that file.")
    record = NamedNode(KINDS[kind].namespace + slug)
    statements: list[tuple[str, NamedNode | Literal]] = [
        (RDF_TYPE, NamedNode(tg(KINDS[kind].class_name))),
        (f"{PREFIXES['skos']}prefLabel", _english(label, "label")),
        (f"{PREFIXES['dcterms']}source", _address(source)),
        (tg("curationStatus"), NamedNode(f"{BASE}curation-status/project-assessment")),
        *fields,
    ]
    if code:
        statements.append((f"{PREFIXES['skos']}notation", Literal(code)))
    triples = [Triple(record, NamedNode(name), value) for name, value in statements]
    save(write_turtle([*triples, *parts]).encode(), path)
    return path


def _english(text: str, field: str) -> Literal:
    if not text.strip():
        raise ThreatGraphError(f"the {field} is empty: say it in a few words.")
    return Literal(text, language="en")


def _date(text: str) -> Literal:
    """A year, a month or a day of the calendar."""
    try:
        if re.fullmatch(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?", text):
            datetime.date.fromisoformat((text + "-01-01")[:10])  # a missing month or day is the first one
            return Literal(text, datatype=NamedNode(XSD + _DATES[len(text)]))
    except ValueError:
        pass
    raise ThreatGraphError(f"{text!r} is no date: write 2024, 2024-08 or 2024-08-01.")


def _address(source: str) -> NamedNode:
    try:
        if ":" in source:
            return NamedNode(source)
    except ValueError:
        pass
    raise ThreatGraphError(f"{source!r} is no address: write one such as https://example.org/report.")
