"""Imports a release of MITRE ATLAS, in any of its formats up to 6.

The tactics, techniques and mitigations in the file (https://github.com/mitre-atlas/atlas-data, ``dist/v6`` and
``dist/legacy``) become provisions of a framework for that version, unless they are in the graph. Case studies become
incidents.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import Literal, NamedNode

from threatgraph.errors import InvalidFile
from threatgraph.importers.builder import ImportResult, Publisher, RecordBuilder, address, day, english, record
from threatgraph.importers.documents import Entry, entries_of, line_of, strays_of, text_of, texts_of
from threatgraph.importers.formats.atlas_layouts import in_format_5
from threatgraph.importers.yaml_reader import read_yaml
from threatgraph.store import Store
from threatgraph.vocab import BASE, PREFIXES

SITE = "https://atlas.mitre.org/"
_LICENSE = "https://www.apache.org/licenses/LICENSE-2.0"
_NOTE = "Tactics, techniques, mitigations and case studies from a release of ATLAS."
_DESCRIPTION = (
    "A knowledge base of adversary tactics and techniques against AI-enabled systems, with mitigations, from a release "
    "of ATLAS."
)
_KNOWN = "SELECT ?record { ?record a ?class VALUES ?class { tg:Provision tg:Framework } }"
_SAME = "SELECT ?record ?name { ?record a tg:Incident ; dcterms:identifier ?name }"
_ID = re.compile(r"AML\.[A-Z]{1,2}[0-9]{4}(?:\.[0-9]{3})?")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
#: Citations such as [[paper-one]], and HTML tags.
_MARKS = re.compile(r"\s*\[\[[a-z0-9-]+\]\]|</?[a-z][^<>]*>", re.IGNORECASE)
#: The level of the entries in each section; the section is also part of their URL.
_SECTIONS = {"tactics": "tactic", "techniques": "technique", "mitigations": "mitigation"}
#: The maximum length of a version, which is part of a folder name.
_LONGEST_VERSION = 60
#: The precision of the date of a case study, and the number of significant characters.
_PRECISION = {"YEAR": 4, "MONTH": 7, "DATE": 10}


@dataclass(frozen=True, slots=True)
class _Release:
    """The release being imported."""

    path: str
    framework: str
    result: ImportResult
    known: frozenset[str]
    """The provisions and frameworks in the graph."""
    same: Mapping[str, str]
    """The incident in the graph for each case study id."""
    ids: set[str]
    """The ids of all provisions in the release."""

    def iri(self, name: str) -> str:
        return f"{BASE}provision/{self.framework}/{name.lower()}"


def read(path: Path, store: Store) -> ImportResult:
    """Import a release.

    Args:
        path: its ``ATLAS.yaml``.
        store: the graph, which may contain the provisions of that version.

    Returns:
        The case studies, and the provisions that are not in the graph, with their framework.

    Raises:
        InvalidFile: if the file cannot be read, or is not a release of ATLAS.
    """
    document, version = _document(path)
    result = ImportResult("Incident", frozenset({"Framework"}))
    known = frozenset(str(row["record"]) for row in store.select(_KNOWN).to_dicts())
    same = {str(row["name"]): str(row["record"]) for row in store.select(_SAME).to_dicts()}
    release = _Release(str(path), f"mitre-atlas-{version}", result, known, same, set())
    bundled = _add_provisions(entries_of(document, "matrices"), release)
    if bundled:
        result.notes.append(f"{path}: {bundled} entries are already in the graph.")
    if stray := strays_of(document, "case-studies"):
        result.report(str(path), line_of(document), stray)
    for entry in _with_ids(entries_of(document, "case-studies"), release):
        _add_study(entry, release)
    _add_framework(version, release)
    result.wanted = "Incident" if bundled else "Provision"
    result.add(Publisher(SITE, "MITRE ATLAS", _NOTE, _LICENSE).builder(str(path)))
    return result


def _document(path: Path) -> tuple[Entry, str]:
    """A release in format 5, and its version."""
    document = in_format_5(read_yaml(path))
    if document is None:
        reason = "is not a release of ATLAS: it has neither matrices nor relationships. Use a file from dist/v6."
        raise InvalidFile(str(path), reason)
    version = text_of(document, "version").lower()
    if not re.fullmatch(r"[0-9a-z]+(\.[0-9a-z]+)*", version) or len(version) > _LONGEST_VERSION:
        raise InvalidFile(str(path), f"has an invalid version, {version!r}: it must be a version such as 5.6.0.")
    return document, version


def _add_provisions(matrices: list[Entry], release: _Release) -> int:
    """Create provisions for the entries of the matrices; returns how many are already in the graph."""
    found: list[tuple[Entry, str]] = []
    for matrix in matrices:
        for section in _SECTIONS:
            if stray := strays_of(matrix, section):
                release.result.report(release.path, line_of(matrix), stray)
            found += [(entry, section) for entry in _with_ids(entries_of(matrix, section), release)]
    release.ids.update(text_of(entry, "id") for entry, _ in found)
    return sum(not _add_provision(entry, section, release) for entry, section in found)


def _with_ids(entries: list[Entry], release: _Release) -> Iterator[Entry]:
    """The entries with an ATLAS id; others are reported."""
    for entry in entries:
        if _ID.fullmatch(text_of(entry, "id")):
            yield entry
        else:
            reason = f"{text_of(entry, 'id')!r} is not an ATLAS id such as AML.T0051.000."
            release.result.report(release.path, line_of(entry), reason)


def _prose(text: str) -> Literal | None:
    """Convert Markdown to plain text, without links, citations and HTML tags."""
    return english(_LINK.sub(r"\1", _MARKS.sub("", text)))


def _add_provision(entry: Entry, section: str, release: _Release) -> bool:
    """Create a provision for an entry; returns whether it is new."""
    name = text_of(entry, "id")
    if release.iri(name) in release.known:
        return False
    builder = RecordBuilder(release.iri(name), "Provision", release.path, line_of(entry))
    above = text_of(entry, "subtechnique-of", "specializes")
    builder.add("skos:prefLabel", english(text_of(entry, "name")))
    builder.add("skos:definition", _prose(text_of(entry, "description")))
    builder.add("skos:inScheme", record("framework", release.framework))
    builder.add("skos:notation", Literal(name))
    builder.add(
        "skos:scopeNote",
        english(f"Maturity in ATLAS: {rated}." if (rated := text_of(entry, "maturity")) else ""),
    )
    builder.add("skos:relatedMatch", _reference(entry))
    builder.add("dcterms:source", NamedNode(f"{SITE}{section}/{name}"))
    builder.add("dcterms:created", _day_of(entry, "created_date", 10, release))
    builder.add("dcterms:modified", _day_of(entry, "modified_date", 10, release))
    builder.add("prov:wasAttributedTo", NamedNode(SITE))
    builder.add("tg:curationStatus", record("curation-status", "as-in-source"))
    builder.add("tg:provisionLevel", Literal("subtechnique" if above else _SECTIONS[section]))
    # A technique is either a mapping with an id or just an id.
    addressed = [*(text_of(used, "id") for used in entries_of(entry, "techniques")), *texts_of(entry, "techniques")]
    for prop, names in (
        ("skos:broader", [above] if above else []),
        ("tg:tactic", list(texts_of(entry, "tactics"))),
        ("tg:addresses", addressed),
    ):
        for target in _existing(names, entry, release):
            builder.add(prop, NamedNode(release.iri(target)))
    release.result.add(builder)
    return True


def _reference(entry: Entry) -> NamedNode | None:
    """The MITRE ATT&CK page that an entry refers to."""
    reference = entry.get("ATT&CK-reference")
    return address(text_of(reference, "url")) if isinstance(reference, dict) else None


def _day_of(entry: Entry, key: str, precision: int, release: _Release) -> Literal | None:
    """The date under a key, truncated to a precision; an invalid date is reported."""
    text = text_of(entry, key)
    found = day(text[:precision])
    if text and found is None:
        reason = f"the {key} of {text_of(entry, 'id')} is not a date such as 2024-08-01: {text!r}; left out."
        release.result.report(release.path, line_of(entry), reason)
    return found


def _existing(names: list[str], entry: Entry, release: _Release) -> Iterator[str]:
    """Filter ids by whether they are in the release; others are reported."""
    for name in dict.fromkeys(names):
        if name in release.ids:
            yield name
        else:
            reason = f"{text_of(entry, 'id')} refers to {name!r}, which is not in the release."
            release.result.report(release.path, line_of(entry), reason)


def _add_study(entry: Entry, release: _Release) -> None:
    """Create an incident for a case study."""
    name = text_of(entry, "id")
    page = f"{SITE}studies/{name}"
    builder = RecordBuilder(record("incident", f"atlas-{name.lower()}").value, "Incident", release.path, line_of(entry))
    builder.add("skos:prefLabel", english(text_of(entry, "name")))
    builder.add("dcterms:description", _prose(text_of(entry, "summary")))
    builder.add("dcterms:identifier", Literal(name))
    builder.add("schema:subjectOf", NamedNode(page))
    builder.add("tg:sameIncident", NamedNode(release.same[name]) if name in release.same else None)
    for source in [page, *(text_of(reference, "url") for reference in entries_of(entry, "references"))]:
        builder.add("dcterms:source", address(source))
    builder.add("prov:wasAttributedTo", NamedNode(SITE))
    builder.add("tg:curationStatus", record("curation-status", "as-in-source"))
    precision = _PRECISION.get(text_of(entry, "incident-date-granularity"), 10)
    builder.add("tg:occurred", _day_of(entry, "incident-date", precision, release))
    builder.add("tg:systemName", english(text_of(entry, "target")))
    for role in ("actor", "reporter"):
        builder.add("skos:scopeNote", english(f"{role.capitalize()}: {name}" if (name := text_of(entry, role)) else ""))
    if text_of(entry, "case-study-type") == "exercise":  # a demonstration by researchers
        builder.add("tg:failureStage", record("failure-stage", "signal"))
    _add_steps(entry, builder, release)
    release.result.add(builder)


def _add_steps(entry: Entry, builder: RecordBuilder, release: _Release) -> None:
    """Map an incident to the techniques of its steps, with the step descriptions as rationale."""
    steps: dict[str, list[str]] = {}
    for step in entries_of(entry, "procedure"):
        steps.setdefault(text_of(step, "technique"), []).append(text_of(step, "description"))
    for technique in _existing(list(steps), entry, release):
        part = builder.add_part("tg:mapping", f"mapping-{technique.lower().replace('.', '-')}", "FrameworkMapping")
        builder.add("sssom:object_id", NamedNode(release.iri(technique)), part=part)
        builder.add("sssom:predicate_id", NamedNode(f"{PREFIXES['skos']}relatedMatch"), part=part)
        builder.add("sssom:mapping_justification", NamedNode(f"{PREFIXES['semapv']}ManualMappingCuration"), part=part)
        builder.add("prov:wasAttributedTo", NamedNode(SITE), part=part)
        builder.add("tg:curationStatus", record("curation-status", "as-in-source"), part=part)
        why = _prose(" ".join(steps[technique])) or english("Step of the case study")
        builder.add("tg:rationale", why, part=part)


def _add_framework(version: str, release: _Release) -> None:
    builder = RecordBuilder(record("framework", release.framework).value, "Framework", release.path)
    if builder.iri in release.known:
        return
    builder.add("skos:prefLabel", english(f"MITRE ATLAS {version}"))
    builder.add("dcterms:description", english(_DESCRIPTION))
    builder.add("dcterms:identifier", Literal(version))
    builder.add("dcterms:license", NamedNode(_LICENSE))
    builder.add("dcterms:source", NamedNode(SITE))
    builder.add("prov:wasAttributedTo", NamedNode(SITE))
    release.result.add(builder)
