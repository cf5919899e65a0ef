"""The AI Atlas Nexus of IBM: the taxonomies, risks, groups, controls, actions and incidents of its knowledge graph.

The project (https://github.com/IBM/ai-atlas-nexus) keeps them as YAML below ``data/knowledge_graph``, after its own
ontology. A taxonomy becomes a framework and what it holds becomes provisions, but for those that are bundled here;
what belongs to no taxonomy goes to the document that it is taken from. The project has its mappings as SSSOM, too, and
they come in by that format.
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
_LICENCE = "https://www.apache.org/licenses/LICENSE-2.0"
_NOTE = (
    "Taxonomies of several publishers, as the knowledge graph of the project gives them. The license is that of the "
    "project; the taxonomies have rights of their own."
)
#: The sections of a file that become provisions, and what one of them is called.
_SECTIONS = {"groups": "group", "entries": "entry", "rules": "rule", "actions": "action", "controls": "control"}
#: By which keys an entry names what stands above it, and what stands below.
_ABOVE, _BELOW = ("isPartOf", "broader", "hasPrinciple"), ("hasPart", "narrower", "hasRule")
_ADDRESSED = ("hasRelatedRisk", "detectsRiskConcept")
_MATCHES = ("exact", "close", "related", "broad", "narrow")


@dataclass(slots=True)
class _Nexus:
    """What has been read so far."""

    result: ImportResult
    entries: ProvisionResolver
    vocabularies: dict[str, tuple[Entry, str]] = field(default_factory=dict)
    """Id of each taxonomy and document to what is told of it, and to its file."""
    found: list[tuple[Entry, RecordBuilder]] = field(default_factory=list)
    """The new provisions, with what is told of them."""
    provisions: dict[str, str] = field(default_factory=dict)
    """Id to IRI of all provisions, the bundled ones too."""
    bundled: int = 0


def read(path: Path, store: Store) -> ImportResult:
    """Read the knowledge graph.

    Args:
        path: the folder of the project or of its knowledge graph, or one file of it.
        store: the graph that the provisions link to.

    Returns:
        The provisions with their frameworks, and the incidents.

    Raises:
        InvalidFile: where there is no such file, or one cannot be read.
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
        result.notes.append(f"{path}: {nexus.bundled} entries are provisions that the graph has already.")
    result.add(Publisher(SITE, "AI Atlas Nexus", _NOTE, _LICENCE).builder(str(path)))
    return result


def _all(documents: list[tuple[str, Entry]], result: ImportResult, *sections: str) -> Iterator[tuple[Entry, str]]:
    """All entries of some sections, each with its file; what is no entry is a problem."""
    for file, document in documents:
        for section in sections:
            if stray := strays_of(document, section):
                result.report(file, line_of(document), stray)
            for entry in entries_of(document, section):
                yield entry, file


def _files(path: Path) -> list[Path]:
    """The files of the knowledge graph."""
    if not path.is_dir():
        return [path]
    inside = path / "src" / "ai_atlas_nexus" / "data" / "knowledge_graph"
    found = sorted((inside if inside.is_dir() else path).glob("*.yaml"))
    if not found:
        raise InvalidFile(str(path), "holds no YAML file: name the folder data/knowledge_graph of the project.")
    return found


def _add_provision(entry: Entry, file: str, level: str, nexus: _Nexus) -> None:
    """Make a provision of an entry, unless the graph has it."""
    name, line = text_of(entry, "id"), line_of(entry)
    vocabulary = text_of(entry, "isDefinedByTaxonomy") or next(texts_of(entry, "hasDocumentation"), "")
    if not name or not vocabulary:
        missing = "no id" if not name else f"no taxonomy and no document that {name!r} belongs to"
        nexus.result.report(file, line, f"there is {missing}.")
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
    """The date of a key; one that is none is a problem."""
    told = text_of(entry, key)
    found = day(told[:10])
    if told and found is None:
        reason = f"{text_of(entry, 'id')!r} goes without its {key}, which is not a date such as 2024-08-01: {told!r}."
        nexus.result.report(file, line_of(entry), reason)
    return found


def _framework(vocabulary: str, file: str, line: int, nexus: _Nexus) -> str | None:
    """The framework of a taxonomy, or of the document that stands in for one."""
    told, where = nexus.vocabularies.get(vocabulary, ({}, file))
    about = text_of(told, "description") or f"A vocabulary of the AI Atlas Nexus: {vocabulary}."
    iri = nexus.entries.framework(
        vocabulary,
        where,
        line_of(told) or line,
        skos_prefLabel=english(text_of(told, "name") or vocabulary),
        dcterms_description=english(about),
        dcterms_source=address(text_of(told, "url")) or NamedNode(SITE),
        dcterms_created=day(text_of(told, "dateCreated")[:10]),
        dcterms_modified=day(text_of(told, "dateModified")[:10]),
        prov_wasAttributedTo=NamedNode(SITE),
    )
    if iri is None:
        nexus.result.report(file, line, f"the taxonomy {vocabulary!r} has no letter or digit to make a name of.")
    return iri


def _targets(entry: Entry, builder: RecordBuilder, keys: tuple[str, ...], nexus: _Nexus) -> Iterator[str]:
    """The provisions that an entry names; a name that nothing has is a problem."""
    for name in texts_of(entry, *keys):
        if name in nexus.provisions:
            yield nexus.provisions[name]
        else:
            nexus.result.report(
                builder.path, line_of(entry), f"{text_of(entry, 'id')!r} names {name!r}, which is not there."
            )


def _link(entry: Entry, builder: RecordBuilder, nexus: _Nexus) -> None:
    """Link a provision to those above, below and beside it."""
    for target in _targets(entry, builder, _ABOVE, nexus):
        _put_below(builder, target, nexus)
    for target in _targets(entry, builder, _BELOW, nexus):
        if below := nexus.result.records.get(target):
            _put_below(below, builder.iri, nexus)
    for target in _targets(entry, builder, _ADDRESSED, nexus):
        builder.add("tg:addresses", NamedNode(target))
    for match in _MATCHES:
        for target in _targets(entry, builder, (f"{match}_mappings",), nexus):
            if target != builder.iri:
                builder.add(f"skos:{match}Match", NamedNode(target))


def _put_below(builder: RecordBuilder, above: str, nexus: _Nexus) -> None:
    """Place a provision in the tree; one that has a place there already, or is of another framework, is narrower."""
    broader = NamedNode(f"{PREFIXES['skos']}broader")
    placed = [triple.object for triple in builder.triples if triple.predicate == broader]
    if NamedNode(above) in placed or above == builder.iri:
        return
    same = nexus.entries.framework_of(above) == nexus.entries.framework_of(builder.iri)
    builder.add("skos:broader" if same and not placed else "skos:broadMatch", NamedNode(above))


def _add_incident(entry: Entry, file: str, nexus: _Nexus) -> None:
    """Make an incident of an example that the project gives for a risk."""
    name, line = slug_of_any(text_of(entry, "id")), line_of(entry)
    if name is None:
        nexus.result.report(file, line, "there is no id to make a name of.")
        return
    builder = RecordBuilder(record("incident", f"nexus-{name}").value, "Incident", file, line)
    builder.add("skos:prefLabel", english(text_of(entry, "name")))
    builder.add("dcterms:description", english(text_of(entry, "description")))
    builder.add("dcterms:identifier", Literal(text_of(entry, "id")))
    builder.add("dcterms:source", address(text_of(entry, "source_uri")) or NamedNode(SITE))
    builder.add("skos:scopeNote", english(f"Told by {told}" if (told := text_of(entry, "author")) else ""))
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
        builder.add("tg:rationale", english("Given by the AI Atlas Nexus as an example of this risk"), part=part)
    nexus.result.add(builder)
