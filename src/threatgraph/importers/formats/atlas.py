"""MITRE ATLAS: the file of a release, in any of its formats up to 6.

The tactics, techniques and mitigations in the file (https://github.com/mitre-atlas/atlas-data, ``dist/v6`` and
``dist/legacy``) become provisions of a framework of that version, unless the graph has them. Its case studies become
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
_LICENCE = "https://www.apache.org/licenses/LICENSE-2.0"
_NOTE = "Tactics, techniques, mitigations and case studies as a release of ATLAS gives them."
_DESCRIPTION = (
    "A knowledge base of what adversaries do to systems with artificial intelligence: tactics, techniques and "
    "mitigations, as a release gives them."
)
_KNOWN = "SELECT ?record { ?record a ?class VALUES ?class { tg:Provision tg:Framework } }"
_SAME = "SELECT ?record ?name { ?record a tg:Incident ; dcterms:identifier ?name }"
_ID = re.compile(r"AML\.[A-Z]{1,2}[0-9]{4}(?:\.[0-9]{3})?")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
#: Citations such as [[paper-one]], and tags of HTML.
_MARKS = re.compile(r"\s*\[\[[a-z0-9-]+\]\]|</?[a-z][^<>]*>", re.IGNORECASE)
#: Section of the file to what its entries are called, and to the part of the site that they stand in.
_SECTIONS = {"tactics": "tactic", "techniques": "technique", "mitigations": "mitigation"}
#: The most characters of a version, which is a part of the name of a folder.
_LONGEST_VERSION = 60
#: How exactly a case study is dated, and how many characters of its date that leaves.
_PRECISION = {"YEAR": 4, "MONTH": 7, "DATE": 10}


@dataclass(frozen=True, slots=True)
class _Release:
    """The release that is being read."""

    path: str
    framework: str
    result: ImportResult
    known: frozenset[str]
    """The provisions and frameworks that the graph has."""
    same: Mapping[str, str]
    """Id of a case study to the incident of the graph that is the same."""
    ids: set[str]
    """The ids of all provisions of the release."""

    def iri(self, name: str) -> str:
        return f"{BASE}provision/{self.framework}/{name.lower()}"


def read(path: Path, store: Store) -> ImportResult:
    """Read a release.

    Args:
        path: its ``ATLAS.yaml``.
        store: the graph, which may have the provisions of that version already.

    Returns:
        The provisions that the graph does not have, with their framework, and the case studies.

    Raises:
        InvalidFile: where the file cannot be read, or is no such file.
    """
    document = in_format_5(read_yaml(path))
    if document is None:
        reason = (
            "is no release of ATLAS: it has no matrices, nor a collection with relationships. Name a file of dist/v6."
        )
        raise InvalidFile(str(path), reason)
    matrices = entries_of(document, "matrices")
    version = text_of(document, "version").lower()
    if not re.fullmatch(r"[0-9a-z]+(\.[0-9a-z]+)*", version) or len(version) > _LONGEST_VERSION:
        raise InvalidFile(str(path), f"has no version such as 5.6.0: {version!r}.")
    result = ImportResult("Incident", frozenset({"Framework"}))
    known = frozenset(str(row["record"]) for row in store.select(_KNOWN).to_dicts())
    same = {str(row["name"]): str(row["record"]) for row in store.select(_SAME).to_dicts()}
    release = _Release(str(path), f"mitre-atlas-{version}", result, known, same, set())
    places = [*((matrix, section) for matrix in matrices for section in _SECTIONS), (document, "case-studies")]
    for entry, section in places:
        if stray := strays_of(entry, section):
            result.report(str(path), line_of(entry), stray)
    found = [
        (entry, s) for matrix in matrices for s in _SECTIONS for entry in _with_ids(entries_of(matrix, s), release)
    ]
    release.ids.update(text_of(entry, "id") for entry, _ in found)
    bundled = [entry for entry, section in found if not _add_provision(entry, section, release)]
    if bundled:
        result.notes.append(f"{path}: {len(bundled)} entries are provisions that the graph has already.")
    for entry in _with_ids(entries_of(document, "case-studies"), release):
        _add_study(entry, release)
    _add_framework(version, release)
    result.wanted = "Incident" if bundled else "Provision"
    result.add(Publisher(SITE, "MITRE ATLAS", _NOTE, _LICENCE).builder(str(path)))
    return result


def _with_ids(entries: list[Entry], release: _Release) -> Iterator[Entry]:
    """The entries that have an id of ATLAS; any other is a problem."""
    for entry in entries:
        if _ID.fullmatch(text_of(entry, "id")):
            yield entry
        else:
            reason = f"the id is {text_of(entry, 'id')!r}, and not one such as AML.T0051.000."
            release.result.report(release.path, line_of(entry), reason)


def _prose(text: str) -> Literal | None:
    """A text in Markdown with its links as plain words, without marks of citation and of HTML."""
    return english(_LINK.sub(r"\1", _MARKS.sub("", text)))


def _add_provision(entry: Entry, section: str, release: _Release) -> bool:
    """Make a provision of an entry; whether it is a new one."""
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
        english(f"Maturity, as ATLAS rates it: {rated}." if (rated := text_of(entry, "maturity")) else ""),
    )
    builder.add("skos:relatedMatch", _reference(entry))
    builder.add("dcterms:source", NamedNode(f"{SITE}{section}/{name}"))
    builder.add("dcterms:created", _day_of(entry, "created_date", 10, release))
    builder.add("dcterms:modified", _day_of(entry, "modified_date", 10, release))
    builder.add("prov:wasAttributedTo", NamedNode(SITE))
    builder.add("tg:curationStatus", record("curation-status", "as-in-source"))
    builder.add("tg:provisionLevel", Literal("subtechnique" if above else _SECTIONS[section]))
    # A technique is a mapping with an id, or an id alone.
    addressed = [*(text_of(used, "id") for used in entries_of(entry, "techniques")), *texts_of(entry, "techniques")]
    for prop, names in (
        ("skos:broader", [above] if above else []),
        ("tg:tactic", list(texts_of(entry, "tactics"))),
        ("tg:addresses", addressed),
    ):
        for target in _there(names, entry, release):
            builder.add(prop, NamedNode(release.iri(target)))
    release.result.add(builder)
    return True


def _reference(entry: Entry) -> NamedNode | None:
    """The page of MITRE ATT&CK that an entry refers to."""
    reference = entry.get("ATT&CK-reference")
    return address(text_of(reference, "url")) if isinstance(reference, dict) else None


def _day_of(entry: Entry, key: str, precision: int, release: _Release) -> Literal | None:
    """The date of a key, cut to some of its characters; one that is none is a problem."""
    told = text_of(entry, key)
    found = day(told[:precision])
    if told and found is None:
        reason = f"{text_of(entry, 'id')} goes without its {key}, which is not a date such as 2024-08-01: {told!r}."
        release.result.report(release.path, line_of(entry), reason)
    return found


def _there(names: list[str], entry: Entry, release: _Release) -> Iterator[str]:
    """Those of some ids that the release has; any other is a problem."""
    for name in dict.fromkeys(names):
        if name in release.ids:
            yield name
        else:
            reason = f"{text_of(entry, 'id')} names {name!r}, which is not there."
            release.result.report(release.path, line_of(entry), reason)


def _add_study(entry: Entry, release: _Release) -> None:
    """Make an incident of a case study."""
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
    for who in ("actor", "reporter"):
        builder.add("skos:scopeNote", english(f"{who.capitalize()}: {told}" if (told := text_of(entry, who)) else ""))
    if text_of(entry, "case-study-type") == "exercise":  # somebody showed what can be done
        builder.add("tg:failureStage", record("failure-stage", "signal"))
    _add_steps(entry, builder, release)
    release.result.add(builder)


def _add_steps(entry: Entry, builder: RecordBuilder, release: _Release) -> None:
    """Map an incident to the techniques of its steps; the steps are the reasons."""
    steps: dict[str, list[str]] = {}
    for step in entries_of(entry, "procedure"):
        steps.setdefault(text_of(step, "technique"), []).append(text_of(step, "description"))
    for technique in _there(list(steps), entry, release):
        part = builder.add_part("tg:mapping", f"mapping-{technique.lower().replace('.', '-')}", "FrameworkMapping")
        builder.add("sssom:object_id", NamedNode(release.iri(technique)), part=part)
        builder.add("sssom:predicate_id", NamedNode(f"{PREFIXES['skos']}relatedMatch"), part=part)
        builder.add("sssom:mapping_justification", NamedNode(f"{PREFIXES['semapv']}ManualMappingCuration"), part=part)
        builder.add("prov:wasAttributedTo", NamedNode(SITE), part=part)
        builder.add("tg:curationStatus", record("curation-status", "as-in-source"), part=part)
        why = _prose(" ".join(steps[technique])) or english("A step of the case study")
        builder.add("tg:rationale", why, part=part)


def _add_framework(version: str, release: _Release) -> None:
    builder = RecordBuilder(record("framework", release.framework).value, "Framework", release.path)
    if builder.iri in release.known:
        return
    builder.add("skos:prefLabel", english(f"MITRE ATLAS {version}"))
    builder.add("dcterms:description", english(_DESCRIPTION))
    builder.add("dcterms:identifier", Literal(version))
    builder.add("dcterms:license", NamedNode(_LICENCE))
    builder.add("dcterms:source", NamedNode(SITE))
    builder.add("prov:wasAttributedTo", NamedNode(SITE))
    release.result.add(builder)
