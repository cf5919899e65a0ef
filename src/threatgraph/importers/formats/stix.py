"""Imports STIX 2.1 bundles: attack patterns and courses of action as provisions, and incidents.

Each bundle (https://docs.oasis-open.org/cti/stix/v2.1/) becomes a framework named after its collection or its file.
Relationships between imported objects become links: ``mitigates``, ``subtechnique-of``, ``related-to``, and
relationships of incidents.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pyoxigraph import Literal, NamedNode

from threatgraph.importers.builder import (
    ImportResult,
    Publisher,
    RecordBuilder,
    address,
    day,
    english,
    record,
    text_literal,
)
from threatgraph.importers.documents import Entry, entries_of, text_of, texts_of
from threatgraph.importers.formats.stix_objects import (
    is_current,
    language_tag,
    moment,
    plain,
    read_objects,
    text_in_language,
)
from threatgraph.slugs import cut_to_length, slug_of_any
from threatgraph.store import Store
from threatgraph.vocab import BASE, PREFIXES

_SPECIFICATION = "https://docs.oasis-open.org/cti/stix/v2.1/"
_LEVELS = {"attack-pattern": "attack-pattern", "course-of-action": "course-of-action", "x-mitre-tactic": "tactic"}
#: Further supported object types.
_READ = {"identity", "incident", "language-content", "marking-definition", "relationship", "x-mitre-collection"}
_RELATIONS = {"mitigates": "tg:addresses", "subtechnique-of": "skos:broader", "related-to": "skos:relatedMatch"}
#: The kill chain of each ATT&CK domain; the kill chain of another domain has the name of the domain.
_CHAINS = {
    "enterprise-attack": "mitre-attack",
    "mobile-attack": "mitre-mobile-attack",
    "ics-attack": "mitre-ics-attack",
}


@dataclass(slots=True)
class _Bundle:
    """The bundle being imported."""

    path: str
    framework: str
    result: ImportResult
    creators: frozenset[str] = frozenset()
    """Ids of the identities that created objects."""
    agents: dict[str, NamedNode] = field(default_factory=dict)
    """The publisher for each identity id."""
    records: dict[str, RecordBuilder] = field(default_factory=dict)
    """The record for each object id."""
    shared: frozenset[str] = frozenset()
    """Codes shared by several objects, which cannot be used in an IRI."""
    tactics: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    """The IRIs of tactics by kill chain (empty if unknown) and short name."""


def read(path: Path, store: Store) -> ImportResult:
    """Import a bundle.

    Args:
        path: the file, in JSON.
        store: the graph; not used.

    Returns:
        The framework with its provisions, and the incidents.

    Raises:
        InvalidFile: if the file cannot be read, or is not a bundle.
    """
    del store
    result = ImportResult("Provision", frozenset({"Framework"}))
    document, objects = read_objects(path, result)
    name = _name(objects, path)
    creators = frozenset(text_of(item, "created_by_ref") for item in objects.values())
    current = [item for item in objects.values() if is_current(item)]
    framework = cut_to_length(f"stix-{slug_of_any(name)}")
    bundle = _Bundle(str(path), framework, result, creators, shared=_shared_codes(current))
    if len(current) < len(objects):
        result.notes.append(f"{path}: {len(objects) - len(current)} objects are revoked or deprecated, and left out.")
    _add_records(current, bundle)
    _add_tactics(current, bundle)
    _translate(current, objects, bundle)
    _relate([item for item in current if item.get("type") == "relationship"], bundle)
    others = Counter(text_of(item, "type") for item in current if item.get("type") not in _READ | _LEVELS.keys())
    if others:
        result.notes.append(f"{path}: objects of unsupported types are left out: {_counted(others)}.")
    result.add(_framework(name, document, current, bundle))
    if all(builder.class_name != "Provision" for builder in result.records.values()):
        result.wanted = "Incident"
    return result


def _shared_codes(items: Iterable[Entry]) -> frozenset[str]:
    """The codes that several provisions have."""
    codes = (_code(item) for item in items if item.get("type") in _LEVELS)
    counted = Counter(_ending(code) or code for code in codes)
    return frozenset(code for code, count in counted.items() if code and count > 1)


def _add_records(items: list[Entry], bundle: _Bundle) -> None:
    """Create publishers, then provisions, then incidents, since later records refer to earlier ones."""
    for kind, add in (
        ("identity", _add_agent),
        *((level, _add_provision) for level in _LEVELS),
        ("incident", _add_incident),
    ):
        for item in items:
            if item.get("type") == kind:
                add(item, bundle)


def _counted(kinds: Counter[str]) -> str:
    return ", ".join(f"{count} {kind if kind.isprintable() else repr(kind)}" for kind, count in sorted(kinds.items()))


def _name(objects: dict[str, Entry], path: Path) -> str:
    """The name of the framework: that of the collection with its version, or else of the file."""
    collections = [item for item in objects.values() if item.get("type") == "x-mitre-collection"]
    if len(collections) == 1:
        name = f"{text_of(collections[0], 'name')} {text_of(collections[0], 'x_mitre_version')}".strip()
        if slug_of_any(name):
            return name
    stem = path.name.removesuffix(".gz").removesuffix(".json")
    return stem if slug_of_any(stem) else "bundle"


def _uuid(item: Entry) -> NamedNode:
    return NamedNode(f"urn:uuid:{text_of(item, 'id').rpartition('--')[2].lower()}")


def _add_agent(item: Entry, bundle: _Bundle) -> None:
    """Create a publisher for an organization that created objects."""
    name = text_of(item, "name")
    if text_of(item, "id") not in bundle.creators:
        return  # a victim or another party that is only mentioned
    if not name or text_of(item, "identity_class") == "individual":  # names of individuals are not imported
        return
    iri = _uuid(item)
    bundle.agents[text_of(item, "id")] = iri
    note = text_of(item, "description") or "Creator of objects in an imported STIX bundle."
    bundle.result.add(Publisher(iri.value, name, note).builder(bundle.path))


def _start(builder: RecordBuilder, item: Entry, bundle: _Bundle) -> None:
    """Add the properties common to provisions and incidents, and add the record to the result."""
    references = entries_of(item, "external_references")
    builder.add("skos:prefLabel", text_in_language(item, "name"))
    for source in [link for reference in references if (link := address(text_of(reference, "url")))] or [_uuid(item)]:
        builder.add("dcterms:source", source)
    for slot in ("created", "modified"):
        builder.add(f"dcterms:{slot}", day(text_of(item, slot)[:10]))
    builder.add("prov:wasAttributedTo", bundle.agents.get(text_of(item, "created_by_ref")))
    builder.add("tg:curationStatus", record("curation-status", "as-in-source"))
    if bundle.result.add(builder):
        bundle.records[text_of(item, "id")] = builder


def _code(item: Entry) -> str:
    """The external identifier of an object; empty if it has none.

    In ATT&CK and ATLAS, the first reference identifies the object; others may identify objects that it is mapped to.
    """
    return next((text_of(reference, "external_id") for reference in entries_of(item, "external_references")), "")


def _ending(code: str) -> str:
    """Convert a code into the last segment of an IRI; empty if that is impossible."""
    return cut_to_length(re.sub(r"[^a-z0-9.]+", "-", code.lower()).strip("-.")) if code.isascii() else ""


def _add_provision(item: Entry, bundle: _Bundle) -> None:
    code = _code(item)
    ending = _ending(code)
    if not ending or ending in bundle.shared:  # use the unique STIX id
        ending = text_of(item, "id").replace("--", "-").lower()
    builder = RecordBuilder(f"{BASE}provision/{bundle.framework}/{ending}", "Provision", bundle.path)
    _start(builder, item, bundle)
    builder.add("skos:definition", text_in_language(item, "description"))
    builder.add("skos:inScheme", record("framework", bundle.framework))
    if (_ending(code) or code) in bundle.shared:
        builder.add("skos:scopeNote", english(f"External identifier, shared with other objects of the bundle: {code}"))
    elif code:
        builder.add("skos:notation", Literal(code))
    builder.add("tg:provisionLevel", Literal(_LEVELS[text_of(item, "type")]))
    if short := text_of(item, "x_mitre_shortname"):
        for chain in _chains(item):
            bundle.tactics.setdefault((chain, short), []).append(builder.iri)


def _chains(tactic: Entry) -> set[str]:
    """The kill chains of a tactic, from its domains or else its references; ``""`` if it has neither."""
    domains = set(texts_of(tactic, "x_mitre_domains"))
    if domains & _CHAINS.keys():
        return {_CHAINS[domain] for domain in domains & _CHAINS.keys()}
    named = {text_of(reference, "source_name") for reference in entries_of(tactic, "external_references")}
    return {f"mitre-{domain}" for domain in domains} | named or {""}


def _add_incident(item: Entry, bundle: _Bundle) -> None:
    """Create an incident; STIX defines only its name and description."""
    ending = text_of(item, "id").rpartition("--")[2].lower()
    builder = RecordBuilder(record("incident", f"stix-{ending}").value, "Incident", bundle.path)
    _start(builder, item, bundle)
    builder.add("dcterms:description", text_in_language(item, "description", "name"))
    builder.add("dcterms:identifier", Literal(text_of(item, "id")))


def _add_tactics(items: Iterable[Entry], bundle: _Bundle) -> None:
    """Link attack patterns to the tactics of their kill chain phases; other phases are counted in a note."""
    other = Counter[str]()
    for item in items:
        builder = bundle.records.get(text_of(item, "id"))
        if builder is None:
            continue
        for phase in entries_of(item, "kill_chain_phases"):
            chain, name = text_of(phase, "kill_chain_name"), text_of(phase, "phase_name")
            tactics = bundle.tactics.get((chain, name)) or bundle.tactics.get(("", name), [])
            if not tactics:
                other[chain or "without a kill chain"] += 1
            for tactic in tactics:
                builder.add("tg:tactic", NamedNode(tactic))
    if other:
        reason = f"kill chain phases without a tactic in the bundle are left out: {_counted(other)}."
        bundle.result.notes.append(f"{bundle.path}: {reason}")


def _translate(items: Iterable[Entry], objects: dict[str, Entry], bundle: _Bundle) -> None:
    """Add translated names and descriptions from language-content objects (section 7.1)."""
    for item in items:
        if item.get("type") != "language-content":
            continue
        name, contents = text_of(item, "object_ref"), item.get("contents")
        builder, version = bundle.records.get(name), text_of(item, "object_modified")
        if builder is None or not isinstance(contents, dict):
            continue
        if version and moment(version) != moment(text_of(objects[name], "modified")):
            bundle.result.report(
                bundle.path, 0, f"{text_of(item, 'id')} translates another version of {name}; left out."
            )
            continue
        described = "skos:definition" if builder.class_name == "Provision" else "dcterms:description"
        for language, texts in sorted(contents.items()):
            for slot, prop in (("name", "skos:prefLabel"), ("description", described)):
                text = text_of(texts, slot) if isinstance(texts, dict) else ""
                if text and not builder.has_language(prop, language_tag(language)):
                    builder.add(prop, text_literal(plain(text), language_tag(language)))


def _relate(relationships: list[Entry], bundle: _Bundle) -> None:
    """Convert relationships to links; unsupported relationships are left out and counted in a note."""
    other = Counter[str]()
    mapped: dict[tuple[str, str], list[Entry]] = {}
    for item in relationships:
        source, target = (bundle.records.get(text_of(item, key)) for key in ("source_ref", "target_ref"))
        kind = text_of(item, "relationship_type")
        if source is not None and source is target:
            bundle.result.report(bundle.path, 0, f"{text_of(item, 'id')} links an object to itself; left out.")
        elif source and target and (source.class_name, target.class_name) == ("Incident", "Provision"):
            mapped.setdefault((source.iri, target.iri), []).append(item)
        elif source is None or target is None or not _link(source, kind, target):
            other[kind or "without a type"] += 1
    for (incident, provision), items in mapped.items():
        _map(bundle.result.records[incident], provision, items)
    if other:
        bundle.result.notes.append(f"{bundle.path}: unsupported relationships are left out: {_counted(other)}.")


def _link(source: RecordBuilder, kind: str, target: RecordBuilder) -> bool:
    """Add a link for a relationship; returns whether the relationship is supported."""
    classes = (source.class_name, target.class_name)
    if classes == ("Incident", "Incident"):
        source.add("tg:relatedIncident", NamedNode(target.iri))
    elif classes == ("Provision", "Provision") and kind in _RELATIONS:
        source.add(_RELATIONS[kind], NamedNode(target.iri))
    else:
        return False
    return True


def _map(builder: RecordBuilder, provision: str, relationships: list[Entry]) -> None:
    """Map an incident to a provision, with the descriptions of its relationships as rationale."""
    base = f"mapping-{slug_of_any(provision.rpartition('/')[2])}"
    names = (base if number == 1 else f"{base}-{number}" for number in range(1, len(builder.triples) + 2))
    part = builder.add_part("tg:mapping", next(name for name in names if not builder.has(name)), "FrameworkMapping")
    builder.add("sssom:object_id", NamedNode(provision), part=part)
    builder.add("sssom:predicate_id", NamedNode(f"{PREFIXES['skos']}relatedMatch"), part=part)
    builder.add("sssom:mapping_justification", NamedNode(f"{PREFIXES['semapv']}UnspecifiedMatching"), part=part)
    builder.add("tg:curationStatus", record("curation-status", "as-in-source"), part=part)
    for why in _reasons(relationships):
        builder.add("tg:rationale", why, part=part)


def _reasons(relationships: list[Entry]) -> Iterator[Literal]:
    """The descriptions of relationships, one text for each language; their types if there is no description."""
    found: dict[str, list[str]] = {}
    for item in relationships:
        why = text_in_language(item, "description")
        why = why or english(f"Relationship of the bundle: {text_of(item, 'relationship_type')}")
        if why and why.language and why.value not in found.setdefault(why.language, []):
            found[why.language].append(why.value)
    for language, texts in found.items():
        yield Literal(" ".join(texts), language=language)


def _framework(name: str, document: Entry, objects: list[Entry], bundle: _Bundle) -> RecordBuilder:
    """Build the framework of the bundle, with its markings as editorial notes."""
    builder = RecordBuilder(record("framework", bundle.framework).value, "Framework", bundle.path)
    builder.add("skos:prefLabel", english(f"{name} (STIX)"))
    builder.add("dcterms:description", english(f"Attack patterns and courses of action of a STIX bundle: {name}."))
    uuid = text_of(document, "id").rpartition("--")[2].lower()
    known = re.fullmatch(r"[0-9a-f-]{36}", uuid)
    builder.add("dcterms:source", NamedNode(f"urn:uuid:{uuid}" if known else _SPECIFICATION))
    for item in objects:
        terms = item.get("definition")
        if item.get("type") == "marking-definition" and isinstance(terms, dict):
            marking = text_of(terms, "statement") or f"TLP:{text_of(terms, 'tlp') or 'unknown'}".upper()
            builder.add("skos:editorialNote", english(f"Marking of objects in the bundle: {marking}"))
    return builder
