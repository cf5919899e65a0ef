"""Imports the knowledge graph of the IBM AI Atlas Nexus: taxonomies, risks, controls, actions and incidents.

The project (https://github.com/IBM/ai-atlas-nexus) publishes them as YAML in ``data/knowledge_graph``. A taxonomy
becomes a framework, and its entries become provisions unless they are bundled. Entries without a taxonomy belong to
their source document. The mappings of the project are available as SSSOM; import them with that format.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pyoxigraph import Literal, NamedNode

from threatgraph.errors import InvalidFile
from threatgraph.importers.builder import ImportResult, Publisher, RecordBuilder, address, day, english, record
from threatgraph.importers.documents import Entry, entries_of, line_of, strays_of, text_of, texts_of
from threatgraph.importers.provisions import ProvisionResolver
from threatgraph.importers.yaml_reader import read_yaml
from threatgraph.slugs import slug_of_any
from threatgraph.store import Store
from threatgraph.vocab import PREFIXES

SITE = "https://github.com/IBM/ai-atlas-nexus"
_LICENSE = "https://www.apache.org/licenses/LICENSE-2.0"
_NOTE = (
    "Taxonomies of several publishers, from the knowledge graph of the project. The license is that of the project; "
    "the taxonomies are subject to separate rights."
)
#: The sections of a file that become provisions, and the level of their entries.
_SECTIONS = {"groups": "group", "entries": "entry", "rules": "rule", "actions": "action", "controls": "control"}
#: The keys for links to broader and to narrower entries.
_ABOVE, _BELOW = ("isPartOf", "broader", "hasPrinciple"), ("hasPart", "narrower", "hasRule")
_ADDRESSED = ("hasRelatedRisk", "detectsRiskConcept")
_MATCHES = ("exact", "close", "related", "broad", "narrow")


@dataclass(slots=True)
class _Nexus:
    """The knowledge graph being imported."""

    result: ImportResult
    entries: ProvisionResolver
    vocabularies: dict[str, tuple[Entry, str]] = field(default_factory=dict)
    """Each taxonomy and document by id, with its file."""
    found: list[tuple[Entry, RecordBuilder]] = field(default_factory=list)
    """The new provisions with their entries."""
    provisions: dict[str, str] = field(default_factory=dict)
    """The IRIs of all provisions by id, including bundled ones."""
    bundled: int = 0


def read(path: Path, store: Store) -> ImportResult:
    """Import the knowledge graph.

    Args:
        path: the folder of the project or of its knowledge graph, or one of its files.
        store: the graph that the provisions link to.

    Returns:
        The provisions with their frameworks, and the incidents.

    Raises:
        InvalidFile: if no YAML file is found, or a file cannot be read.
    """
    result = ImportResult("Provision", frozenset({"Framework"}))
    nexus = _Nexus(result, ProvisionResolver(store, result))
    documents = [(str(file), read_yaml(file)) for file in _files(path)]
    for entry, file in _all(documents, result, "documents", "taxonomies"):
        nexus.vocabularies[text_of(entry, "id")] = (entry, file)
    for section, level in _SECTIONS.items():
        for entry, file in _all(documents, result, section):
            _add_provision(entry, file, level, nexus)
    for entry, builder in nexus.found:
        _link(entry, builder, nexus)
    for entry, file in _all(documents, result, "riskincidents"):
        _add_incident(entry, file, nexus)
    if nexus.bundled:
        result.notes.append(f"{path}: {nexus.bundled} entries are already in the graph.")
    result.add(Publisher(SITE, "AI Atlas Nexus", _NOTE, _LICENSE).builder(str(path)))
    return result


def _all(documents: list[tuple[str, Entry]], result: ImportResult, *sections: str) -> Iterator[tuple[Entry, str]]:
    """Iterate over the entries of some sections, each with its file; invalid entries are reported."""
    for file, document in documents:
        for section in sections:
            if stray := strays_of(document, section):
                result.report(file, line_of(document), stray)
            for entry in entries_of(document, section):
                yield entry, file


def _files(path: Path) -> list[Path]:
    """List the files of the knowledge graph."""
    if not path.is_dir():
        return [path]
    inside = path / "src" / "ai_atlas_nexus" / "data" / "knowledge_graph"
    found = sorted((inside if inside.is_dir() else path).glob("*.yaml"))
    if not found:
        raise InvalidFile(str(path), "has no YAML file: give the folder data/knowledge_graph of the project.")
    return found


def _add_provision(entry: Entry, file: str, level: str, nexus: _Nexus) -> None:
    """Create a provision for an entry, unless it is in the graph."""
    name, line = text_of(entry, "id"), line_of(entry)
    vocabulary = text_of(entry, "isDefinedByTaxonomy") or next(texts_of(entry, "hasDocumentation"), "")
    if not name or not vocabulary:
        reason = f"{name!r} has neither a taxonomy nor a document." if name else "the entry has no id."
        nexus.result.report(file, line, reason)
        return
    known = nexus.entries.known("", f"{vocabulary}:{name}")
    if known is not None and known not in nexus.result.records:
        nexus.provisions[name] = known
        nexus.bundled += 1
        return
    framework = _framework(vocabulary, file, line, nexus)
    builder = framework and nexus.entries.add("", framework, name, text_of(entry, "name"), file, line)
    if not builder:
        return
    nexus.provisions[name] = builder.iri
    nexus.found.append((entry, builder))
    builder.add("skos:definition", english(text_of(entry, "description")))
    builder.add("skos:scopeNote", english(text_of(entry, "concern")))
    builder.add("dcterms:source", address(text_of(entry, "url")) or NamedNode(SITE))
    builder.add("dcterms:created", _day_of(entry, "dateCreated", file, nexus))
    builder.add("dcterms:modified", _day_of(entry, "dateModified", file, nexus))
    builder.add("prov:wasAttributedTo", NamedNode(SITE))
    kind = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", text_of(entry, "type")).lower()
    builder.add("tg:provisionLevel", Literal(kind or level))


def _day_of(entry: Entry, key: str, file: str, nexus: _Nexus) -> Literal | None:
    """The date under a key; an invalid date is reported."""
    text = text_of(entry, key)
    found = day(text[:10])
    if text and found is None:
        reason = f"the {key} of {text_of(entry, 'id')!r} is not a date such as 2024-08-01: {text!r}; left out."
        nexus.result.report(file, line_of(entry), reason)
    return found


def _framework(vocabulary: str, file: str, line: int, nexus: _Nexus) -> str | None:
    """Find or create the framework of a taxonomy or source document."""
    described, source = nexus.vocabularies.get(vocabulary, ({}, file))
    about = text_of(described, "description") or f"A vocabulary of the AI Atlas Nexus: {vocabulary}."
    iri = nexus.entries.framework(
        vocabulary,
        source,
        line_of(described) or line,
        skos_prefLabel=english(text_of(described, "name") or vocabulary),
        dcterms_description=english(about),
        dcterms_source=address(text_of(described, "url")) or NamedNode(SITE),
        dcterms_created=day(text_of(described, "dateCreated")[:10]),
        dcterms_modified=day(text_of(described, "dateModified")[:10]),
        prov_wasAttributedTo=NamedNode(SITE),
    )
    if iri is None:
        nexus.result.report(file, line, f"the taxonomy name {vocabulary!r} must contain a letter or digit.")
    return iri


def _targets(entry: Entry, builder: RecordBuilder, keys: tuple[str, ...], nexus: _Nexus) -> Iterator[str]:
    """The provisions that an entry refers to; unknown ids are reported."""
    for name in texts_of(entry, *keys):
        if name in nexus.provisions:
            yield nexus.provisions[name]
        else:
            nexus.result.report(
                builder.path, line_of(entry), f"{text_of(entry, 'id')!r} refers to {name!r}, which does not exist."
            )


def _link(entry: Entry, builder: RecordBuilder, nexus: _Nexus) -> None:
    """Link a provision to broader, narrower, addressed and matching provisions."""
    for target in _targets(entry, builder, _ABOVE, nexus):
        _add_broader(builder, target, nexus)
    for target in _targets(entry, builder, _BELOW, nexus):
        if below := nexus.result.records.get(target):
            _add_broader(below, builder.iri, nexus)
    for target in _targets(entry, builder, _ADDRESSED, nexus):
        builder.add("tg:addresses", NamedNode(target))
    for match in _MATCHES:
        for target in _targets(entry, builder, (f"{match}_mappings",), nexus):
            if target != builder.iri:
                builder.add(f"skos:{match}Match", NamedNode(target))


def _add_broader(builder: RecordBuilder, above: str, nexus: _Nexus) -> None:
    """Add a broader provision: skos:broader for the first in the same framework, otherwise skos:broadMatch."""
    broader = NamedNode(f"{PREFIXES['skos']}broader")
    placed = [triple.object for triple in builder.triples if triple.predicate == broader]
    if NamedNode(above) in placed or above == builder.iri:
        return
    same = nexus.entries.framework_of(above) == nexus.entries.framework_of(builder.iri)
    builder.add("skos:broader" if same and not placed else "skos:broadMatch", NamedNode(above))


def _add_incident(entry: Entry, file: str, nexus: _Nexus) -> None:
    """Create an incident for an example of a risk."""
    name, line = slug_of_any(text_of(entry, "id")), line_of(entry)
    if name is None:
        nexus.result.report(file, line, "the id must contain a letter or digit.")
        return
    builder = RecordBuilder(record("incident", f"nexus-{name}").value, "Incident", file, line)
    builder.add("skos:prefLabel", english(text_of(entry, "name")))
    builder.add("dcterms:description", english(text_of(entry, "description")))
    builder.add("dcterms:identifier", Literal(text_of(entry, "id")))
    builder.add("dcterms:source", address(text_of(entry, "source_uri")) or NamedNode(SITE))
    builder.add("skos:scopeNote", english(f"Reported by {author}" if (author := text_of(entry, "author")) else ""))
    builder.add("prov:wasAttributedTo", NamedNode(SITE))
    builder.add("tg:curationStatus", record("curation-status", "as-in-source"))
    for target in dict.fromkeys(_targets(entry, builder, ("refersToRisk",), nexus)):
        part = builder.add_part(
            "tg:mapping", f"mapping-{slug_of_any('-'.join(target.split('/')[-2:]))}", "FrameworkMapping"
        )
        builder.add("sssom:object_id", NamedNode(target), part=part)
        builder.add("sssom:predicate_id", NamedNode(f"{PREFIXES['skos']}broadMatch"), part=part)
        builder.add("sssom:mapping_justification", NamedNode(f"{PREFIXES['semapv']}UnspecifiedMatching"), part=part)
        builder.add("prov:wasAttributedTo", NamedNode(SITE), part=part)
        builder.add("tg:curationStatus", record("curation-status", "as-in-source"), part=part)
        builder.add("tg:rationale", english("Listed in the AI Atlas Nexus as an example of this risk"), part=part)
    nexus.result.add(builder)
