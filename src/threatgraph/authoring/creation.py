"""Creates new records: what every record must state, followed by a template of what else is expected."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from pyoxigraph import Literal, NamedNode, Triple

from threatgraph.authoring.canonical import compose
from threatgraph.authoring.template import template
from threatgraph.errors import ThreatGraphError
from threatgraph.saving import save
from threatgraph.slugs import slug_of
from threatgraph.store import Store
from threatgraph.vocab import BASE, KINDS, PREFIXES, RDF_TYPE, SKOS, XSD, shorten, tg

_DATES = {4: "gYear", 7: "gYearMonth", 10: "date"}
_PLACEHOLDER = re.compile(r"…|\.{3}|\b(?:TODO|TBD|TBC|FIXME|XXX+|tbd|todo|fixme)\b|[Ll]orem ipsum")
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]", re.IGNORECASE)
_SAME_NAME = """
SELECT DISTINCT ?record
WHERE {
  ?record a ?class ; skos:prefLabel|skos:altLabel ?name
  FILTER(LCASE(STR(?name)) = LCASE(?label))
}
ORDER BY STR(?record)
"""
_SAME_CODE = "SELECT ?record WHERE { ?record skos:notation ?code } ORDER BY STR(?record)"
_PATTERNS = """
SELECT ?pattern ?code
WHERE {
  ?pattern a tg:ThreatPattern ; tg:domain ?domain
  OPTIONAL { ?pattern skos:notation ?code }
}
ORDER BY STR(?pattern)
"""
_DOMAIN_CODE = "SELECT ?code WHERE { ?domain skos:notation ?code } ORDER BY STR(?code)"


class NewRecord(NamedTuple):
    """A record that was written."""

    path: Path
    """The file."""
    iri: str
    code: str | None
    """Its code, if it has one."""
    code_note: str
    """Where the code comes from, or why there is none."""


Statement = tuple[str, NamedNode | Literal]


def new_pattern(
    store: Store, folder: Path, *, label: str, domain: str, definition: str, source: str, code: str | None = None
) -> NewRecord:
    """Write the record of a new threat pattern, with a template of what else is expected.

    Without ``code``, the pattern gets the next free code of its domain, such as ``PAT-AGT-007``.

    Args:
        store: the graph, with the domain and the patterns that exist.
        folder: the folder to write to; the file is named after the label.
        label: the English name.
        domain: the IRI of the domain.
        definition: the definition, in English.
        source: the URL of the source.
        code: the code.

    Raises:
        ThreatGraphError: if a text is empty or a placeholder, the source is not a URL, the label, the code or the file
            already exists, or the file cannot be written.
    """
    fields: list[Statement] = [
        (f"{SKOS}definition", _english(definition, "definition")),
        (f"{SKOS}inScheme", NamedNode(f"{BASE}pattern")),
        (tg("domain"), NamedNode(domain)),
    ]
    note = "as given"
    if not code:
        code, note = _next_code(store, domain)
    return _write(store, folder, "pattern", label, source, (code, note), fields)


def new_incident(
    store: Store,
    folder: Path,
    *,
    label: str,
    description: str,
    source: str,
    code: str | None = None,
    occurred: str | None = None,
    patterns: Sequence[str] = (),
) -> NewRecord:
    """Write the record of a new incident, with a template of what else is expected.

    Args:
        store: the graph, with the patterns and the incidents that exist.
        folder: the folder to write to; the file is named after the label.
        label: the English title.
        description: what happened, in English.
        source: the URL of the source.
        code: the code, such as ``INC-26-0001``.
        occurred: the year, month or day, such as ``2024-08``.
        patterns: the IRIs of its threat patterns; the first is the primary one.

    Raises:
        ThreatGraphError: as :func:`new_pattern`, and if ``occurred`` is not a date.
    """
    fields: list[Statement] = [(f"{PREFIXES['dcterms']}description", _english(description, "description"))]
    if occurred:
        fields.append((tg("occurred"), _date(occurred)))
    record = f"{BASE}incident/{slug_of(_english(label, 'label').value)}"
    links: list[Triple] = []
    for position, pattern in enumerate(dict.fromkeys(patterns)):
        part = NamedNode(f"{record}#pattern-{pattern.replace('#', '/').rpartition('/')[2]}")
        role = "secondary" if position else "primary"
        fields.append((tg("patternLink"), part))
        links += _part(part, "PatternLink", pattern=pattern, patternRole=f"{BASE}pattern-role/{role}")
    note = "as given" if code else "none: codes of incidents are assigned by the source; --code sets one"
    return _write(store, folder, "incident", label, source, (code, note), fields, links)


def _part(part: NamedNode, cls: str, **links: str) -> list[Triple]:
    links["curationStatus"] = f"{BASE}curation-status/project-assessment"
    kind = Triple(part, NamedNode(RDF_TYPE), NamedNode(tg(cls)))
    return [kind, *(Triple(part, NamedNode(tg(name)), NamedNode(iri)) for name, iri in links.items())]


def _write(
    store: Store,
    folder: Path,
    kind: str,
    label: str,
    source: str,
    code: tuple[str | None, str],
    fields: Sequence[Statement],
    parts: Sequence[Triple] = (),
) -> NewRecord:
    name, slug = _english(label, "label"), slug_of(label)
    iri, path = KINDS[kind].namespace + slug, folder / f"{slug}.ttl"
    _refuse_existing(store, kind, iri, path, name, code[0])
    statements: list[Statement] = [
        (RDF_TYPE, NamedNode(tg(KINDS[kind].class_name))),
        (f"{SKOS}prefLabel", name),
        (f"{PREFIXES['dcterms']}source", _url(source)),
        (tg("curationStatus"), NamedNode(f"{BASE}curation-status/project-assessment")),
        *fields,
    ]
    if code[0]:
        statements.append((f"{SKOS}notation", Literal(code[0])))
    triples = [*(Triple(NamedNode(iri), NamedNode(path), value) for path, value in statements), *parts]
    save(compose(triples, blocks=template(store, iri, triples)).encode(), path)
    return NewRecord(path, iri, *code)


def _refuse_existing(store: Store, kind: str, iri: str, path: Path, label: Literal, code: str | None) -> None:
    """Refuse a record whose file, IRI, name or code already exists.

    Raises:
        ThreatGraphError: names the record or the file, and what to do.
    """
    if path.exists():
        raise ThreatGraphError(f"{path} already exists: choose another label, or edit that file.")
    cls = NamedNode(tg(KINDS[kind].class_name))
    same = store.select(_SAME_NAME, {"class": cls, "label": Literal(label.value)}).column("record")
    same = same or store.select("SELECT ?record WHERE { ?record a ?class } LIMIT 1", {"record": NamedNode(iri)}).column(
        "record"
    )
    if same:
        reason = f"edit {shorten(str(same[0]))}, or choose another label"
        raise ThreatGraphError(f"the {kind} {label.value!r} already exists: {reason}.")
    if code and (taken := store.select(_SAME_CODE, {"code": Literal(code)}).column("record")):
        raise ThreatGraphError(f"the code {code} already exists: {shorten(str(taken[0]))} has it; choose another one.")


def _next_code(store: Store, domain: str) -> tuple[str | None, str]:
    """The next free code of a pattern of a domain, and a sentence about it.

    The source numbers the patterns of a domain. A pattern whose number is not known still has one, so as many numbers
    as there are patterns count as used.
    """
    codes = store.select(_DOMAIN_CODE, {"domain": NamedNode(domain)}).column("code")
    area = next((str(code).removeprefix("DOM-") for code in codes if re.fullmatch(r"DOM-[A-Z]{3}", str(code))), None)
    if area is None:
        return None, f"none: {shorten(domain)} has no code of the form DOM-XXX"
    patterns = store.select(_PATTERNS, {"domain": NamedNode(domain)}).to_dicts()
    known = (re.fullmatch(rf"PAT-{area}-([0-9]{{3}})", str(row["code"])) for row in patterns)
    number = max([len({row["pattern"] for row in patterns}), *(int(found[1]) for found in known if found)]) + 1
    return f"PAT-{area}-{number:03}", f"the next free number of DOM-{area}; --code sets another one"


def _english(text: str, field: str) -> Literal:
    if not any(map(str.isalnum, text)):
        shown = f"{text!r} has no words" if text.strip() else "is empty"
        raise ThreatGraphError(f"the {field} {shown}: write it in a few words.")
    if found := _PLACEHOLDER.search(text):
        raise ThreatGraphError(f"the {field} contains the placeholder {found[0]!r}: write the complete text.")
    return Literal(text, language="en")


def _date(text: str) -> Literal:
    """A year, a month or a day of the calendar."""
    try:
        if re.fullmatch(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?", text):
            datetime.date.fromisoformat((text + "-01-01")[:10])  # a missing month or day is the first one
            return Literal(text, datatype=NamedNode(XSD + _DATES[len(text)]))
    except ValueError:
        pass
    raise ThreatGraphError(f"{text!r} is not a valid date: write 2024, 2024-08 or 2024-08-01.")


def _url(source: str) -> NamedNode:
    """The URL of a web page."""
    try:
        parts = urlsplit(source)
        host = (parts.hostname or "").encode("idna").decode()
        if parts.scheme in ("http", "https") and _HOST.fullmatch(host) and not _PLACEHOLDER.search(source):
            return NamedNode(source)
    except ValueError:  # a port, host or character that no URL can have
        pass
    raise ThreatGraphError(f"{source!r} is not a valid URL: write the source's, such as https://example.org/report.")
