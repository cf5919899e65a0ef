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
from threatgraph.importers.builder import Draft, ImportResult, Publisher, address, day, english, record
from threatgraph.importers.documents import Entry, entries_of, line_of, strays_of, text_of, texts_of
from threatgraph.importers.provisions import Entries
from threatgraph.importers.yaml_reader import read_yaml
from threatgraph.slugs import slug_of_any
from threatgraph.store import Store
from threatgraph.vocab import PREFIXES

SITE = "https://github.com/IBM/ai-atlas-nexus"
_LICENCE = "https://www.apache.org/licenses/LICENSE-2.0"
_NOTE = (
    "Taxonomies of several publishers, as the knowledge graph of the project gives them. The licence is that of the "
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

    harvest: ImportResult
    entries: Entries
    vocabularies: dict[str, tuple[Entry, str]] = field(default_factory=dict)
    """Id of each taxonomy and document to what is told of it, and to its file."""
    found: list[tuple[Entry, Draft]] = field(default_factory=list)
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
    harvest = ImportResult("Provision", frozenset({"Framework"}))
    nexus = _Nexus(harvest, Entries(store, harvest))
    documents = [(str(file), read_yaml(file)) for file in _files(path)]
    for entry, file in _all(documents, harvest, "documents", "taxonomies"):
        nexus.vocabularies[text_of(entry, "id")] = (entry, file)
    for section, level in _SECTIONS.items():
        for entry, file in _all(documents, harvest, section):
            _add_provision(entry, file, level, nexus)
    for entry, draft in nexus.found:
        _link(entry, draft, nexus)
    for entry, file in _all(documents, harvest, "riskincidents"):
        _add_incident(entry, file, nexus)
    if nexus.bundled:
        harvest.notes.append(f"{path}: {nexus.bundled} entries are provisions that the graph has already.")
    harvest.add(Publisher(SITE, "AI Atlas Nexus", _NOTE, _LICENCE).draft(str(path)))
    return harvest


def _all(documents: list[tuple[str, Entry]], harvest: ImportResult, *sections: str) -> Iterator[tuple[Entry, str]]:
    """All entries of some sections, each with its file; what is no entry is a fault."""
    for file, document in documents:
        for section in sections:
            if stray := strays_of(document, section):
                harvest.blame(file, line_of(document), stray)
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
        nexus.harvest.blame(file, line, f"there is {missing}.")
        return
    known = nexus.entries.known("", f"{vocabulary}:{name}")
    if known is not None and known not in nexus.harvest.drafts:
        nexus.provisions[name] = known
        nexus.bundled += 1
        return
    framework = _framework(vocabulary, file, line, nexus)
    draft = framework and nexus.entries.add("", framework, name, text_of(entry, "name"), file, line)
    if not draft:
        return
    nexus.provisions[name] = draft.iri
    nexus.found.append((entry, draft))
    draft.put("skos:definition", english(text_of(entry, "description")))
    draft.put("skos:scopeNote", english(text_of(entry, "concern")))
    draft.put("dcterms:source", address(text_of(entry, "url")) or NamedNode(SITE))
    draft.put("dcterms:created", _day_of(entry, "dateCreated", file, nexus))
    draft.put("dcterms:modified", _day_of(entry, "dateModified", file, nexus))
    draft.put("prov:wasAttributedTo", NamedNode(SITE))
    kind = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", text_of(entry, "type")).lower()
    draft.put("tg:provisionLevel", Literal(kind or level))


def _day_of(entry: Entry, key: str, file: str, nexus: _Nexus) -> Literal | None:
    """The date of a key; one that is none is a fault."""
    told = text_of(entry, key)
    found = day(told[:10])
    if told and found is None:
        reason = f"{text_of(entry, 'id')!r} goes without its {key}, which is not a date such as 2024-08-01: {told!r}."
        nexus.harvest.blame(file, line_of(entry), reason)
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
        nexus.harvest.blame(file, line, f"the taxonomy {vocabulary!r} has no letter or digit to make a name of.")
    return iri


def _targets(entry: Entry, draft: Draft, keys: tuple[str, ...], nexus: _Nexus) -> Iterator[str]:
    """The provisions that an entry names; a name that nothing has is a fault."""
    for name in texts_of(entry, *keys):
        if name in nexus.provisions:
            yield nexus.provisions[name]
        else:
            nexus.harvest.blame(
                draft.path, line_of(entry), f"{text_of(entry, 'id')!r} names {name!r}, which is not there."
            )


def _link(entry: Entry, draft: Draft, nexus: _Nexus) -> None:
    """Link a provision to those above, below and beside it."""
    for target in _targets(entry, draft, _ABOVE, nexus):
        _put_below(draft, target, nexus)
    for target in _targets(entry, draft, _BELOW, nexus):
        if below := nexus.harvest.drafts.get(target):
            _put_below(below, draft.iri, nexus)
    for target in _targets(entry, draft, _ADDRESSED, nexus):
        draft.put("tg:addresses", NamedNode(target))
    for match in _MATCHES:
        for target in _targets(entry, draft, (f"{match}_mappings",), nexus):
            if target != draft.iri:
                draft.put(f"skos:{match}Match", NamedNode(target))


def _put_below(draft: Draft, above: str, nexus: _Nexus) -> None:
    """Place a provision in the tree; one that has a place there already, or is of another framework, is narrower."""
    broader = NamedNode(f"{PREFIXES['skos']}broader")
    placed = [triple.object for triple in draft.triples if triple.predicate == broader]
    if NamedNode(above) in placed or above == draft.iri:
        return
    same = nexus.entries.framework_of(above) == nexus.entries.framework_of(draft.iri)
    draft.put("skos:broader" if same and not placed else "skos:broadMatch", NamedNode(above))


def _add_incident(entry: Entry, file: str, nexus: _Nexus) -> None:
    """Make an incident of an example that the project gives for a risk."""
    name, line = slug_of_any(text_of(entry, "id")), line_of(entry)
    if name is None:
        nexus.harvest.blame(file, line, "there is no id to make a name of.")
        return
    draft = Draft(record("incident", f"nexus-{name}").value, "Incident", file, line)
    draft.put("skos:prefLabel", english(text_of(entry, "name")))
    draft.put("dcterms:description", english(text_of(entry, "description")))
    draft.put("dcterms:identifier", Literal(text_of(entry, "id")))
    draft.put("dcterms:source", address(text_of(entry, "source_uri")) or NamedNode(SITE))
    draft.put("skos:scopeNote", english(f"Told by {told}" if (told := text_of(entry, "author")) else ""))
    draft.put("prov:wasAttributedTo", NamedNode(SITE))
    draft.put("tg:curationStatus", record("curation-status", "as-in-source"))
    for target in dict.fromkeys(_targets(entry, draft, ("refersToRisk",), nexus)):
        part = draft.add_part(
            "tg:mapping", f"mapping-{slug_of_any('-'.join(target.split('/')[-2:]))}", "FrameworkMapping"
        )
        draft.put("sssom:object_id", NamedNode(target), part=part)
        draft.put("sssom:predicate_id", NamedNode(f"{PREFIXES['skos']}broadMatch"), part=part)
        draft.put("sssom:mapping_justification", NamedNode(f"{PREFIXES['semapv']}UnspecifiedMatching"), part=part)
        draft.put("prov:wasAttributedTo", NamedNode(SITE), part=part)
        draft.put("tg:curationStatus", record("curation-status", "as-in-source"), part=part)
        draft.put("tg:rationale", english("Given by the AI Atlas Nexus as an example of this risk"), part=part)
    nexus.harvest.add(draft)
