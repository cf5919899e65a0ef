"""STIX 2.1 bundles: attack patterns and courses of action as provisions, incidents as incidents.

Each bundle (https://docs.oasis-open.org/cti/stix/v2.1/) gets a framework of its own, named after its collection or its
file. Of the relationships, those between what is brought become links: ``mitigates``, ``subtechnique-of``,
``related-to``, and those of an incident.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from pyoxigraph import Literal, NamedNode

from threatgraph.errors import InvalidFile
from threatgraph.importers.documents import Entry, entries_of, text_of
from threatgraph.importers.drafts import Draft, Harvest, Publisher, address, day, english, record
from threatgraph.importers.json_reader import read_json
from threatgraph.slugs import slug_of_any
from threatgraph.store import Store
from threatgraph.vocab import BASE, PREFIXES

_SPECIFICATION = "https://docs.oasis-open.org/cti/stix/v2.1/"
_LEVELS = {"attack-pattern": "attack-pattern", "course-of-action": "course-of-action", "x-mitre-tactic": "tactic"}
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_CODE = re.compile(r"</?code>")


@dataclass(slots=True)
class _Bundle:
    """The bundle that is being read."""

    path: str
    framework: str
    harvest: Harvest
    makers: frozenset[str] = frozenset()
    """Ids of the identities that made objects."""
    agents: dict[str, NamedNode] = field(default_factory=dict)
    """Id of each identity to the publisher that it becomes."""
    drafts: dict[str, Draft] = field(default_factory=dict)
    """Id of each object to what it becomes."""
    tactics: dict[str, str] = field(default_factory=dict)
    """Short name of each tactic to its IRI."""


def read(path: Path, store: Store) -> Harvest:
    """Read a bundle.

    Args:
        path: the file, in JSON.
        store: the graph; the records of a bundle do not depend on it.

    Returns:
        The framework with its provisions, and the incidents.

    Raises:
        InvalidFile: where the file cannot be read, or is no bundle.
    """
    del store
    document = read_json(path)
    if document.get("type") != "bundle" or not isinstance(document.get("objects"), list):
        raise InvalidFile(str(path), 'is no STIX bundle: it has no "type": "bundle" with a list of "objects".')
    harvest = Harvest("Provision", frozenset({"Framework"}))
    objects = _newest(document["objects"], path, harvest)
    name = _name(objects, path)
    makers = frozenset(text_of(item, "created_by_ref") for item in objects.values())
    bundle = _Bundle(str(path), f"stix-{slug_of_any(name)}", harvest, makers)
    current = [item for item in objects.values() if not _is_withdrawn(item)]
    if len(current) < len(objects):
        harvest.notes.append(f"{path}: {len(objects) - len(current)} objects are withdrawn and left out.")
    for kind, add in (
        ("identity", _add_agent),
        *((level, _add_provision) for level in _LEVELS),
        ("incident", _add_incident),
    ):
        for item in current:
            if item.get("type") == kind:
                add(item, bundle)
    for draft, item in [(bundle.drafts[i], item) for i, item in objects.items() if i in bundle.drafts]:
        _add_tactics(draft, item, bundle)
    _relate([item for item in current if item.get("type") == "relationship"], bundle)
    harvest.add(_framework(name, document, current, bundle))
    if all(draft.class_name != "Provision" for draft in harvest.drafts.values()):
        harvest.wanted = "Incident"
    return harvest


def _newest(objects: list[object], path: Path, harvest: Harvest) -> dict[str, Entry]:
    """The objects by id; of several versions of one, the last that was modified (section 3.6 of the specification).

    Relationships go by id and ends, since the published bundle of MITRE ATLAS gives several of them the same id.
    """
    found: dict[str, Entry] = {}
    for number, item in enumerate(objects, 1):
        name = text_of(item, "id") if isinstance(item, dict) else ""
        if not isinstance(item, dict) or not re.fullmatch(r"[a-z0-9-]+--[0-9a-fA-F-]{36}", name):
            harvest.blame(str(path), 0, f"object {number} has no id such as incident--UUID: {name!r}.")
            continue
        key = " ".join([name, text_of(item, "source_ref"), text_of(item, "target_ref")]).strip()
        first = found.setdefault(key, item)
        if text_of(first, "modified") < text_of(item, "modified"):
            found[key] = item
        elif text_of(first, "modified") == text_of(item, "modified") and first != item:
            harvest.blame(str(path), 0, f"object {number} has the id of another one, {name}: give each its own id.")
    return found


def _is_withdrawn(item: Entry) -> bool:
    return item.get("revoked") is True or item.get("x_mitre_deprecated") is True


def _name(objects: dict[str, Entry], path: Path) -> str:
    """What the framework of the bundle is called: after its collection and version, or after its file."""
    collections = [item for item in objects.values() if item.get("type") == "x-mitre-collection"]
    if len(collections) == 1:
        name = f"{text_of(collections[0], 'name')} {text_of(collections[0], 'x_mitre_version')}".strip()
        if slug_of_any(name):
            return name
    stem = path.name.removesuffix(".gz").removesuffix(".json")
    return stem if slug_of_any(stem) else "bundle"


def _uuid(item: Entry) -> NamedNode:
    return NamedNode(f"urn:uuid:{text_of(item, 'id').rpartition('--')[2].lower()}")


def _prose(text: str) -> Literal | None:
    """A text in Markdown with its links as plain words."""
    return english(_CODE.sub("", _LINK.sub(r"\1", text)))


def _add_agent(item: Entry, bundle: _Bundle) -> None:
    """Make a publisher of an organisation that made objects."""
    name = text_of(item, "name")
    if text_of(item, "id") not in bundle.makers:
        return  # a victim, or somebody else who is spoken of
    if not name or text_of(item, "identity_class") == "individual":  # a person's name is none of ours to keep
        return
    iri = _uuid(item)
    bundle.agents[text_of(item, "id")] = iri
    note = text_of(item, "description") or "Made objects of an imported STIX bundle."
    bundle.harvest.add(Publisher(iri.value, name, note).draft(bundle.path))


def _start(draft: Draft, item: Entry, bundle: _Bundle) -> None:
    """What provisions and incidents have in common."""
    references = entries_of(item, "external_references")
    draft.put("skos:prefLabel", english(text_of(item, "name")))
    for source in [link for reference in references if (link := address(text_of(reference, "url")))] or [_uuid(item)]:
        draft.put("dcterms:source", source)
    draft.put("dcterms:created", day(text_of(item, "created")[:10]))
    draft.put("dcterms:modified", day(text_of(item, "modified")[:10]))
    draft.put("prov:wasAttributedTo", bundle.agents.get(text_of(item, "created_by_ref")))
    draft.put("tg:curationStatus", record("curation-status", "as-in-source"))
    if bundle.harvest.add(draft):
        bundle.drafts[text_of(item, "id")] = draft


def _code(item: Entry) -> str:
    """The identifier that an object has outside of STIX; empty where it has none.

    The first reference is to the object itself, as ATT&CK and ATLAS have it; others may be to what it is mapped to.
    """
    return next((text_of(reference, "external_id") for reference in entries_of(item, "external_references")), "")


def _add_provision(item: Entry, bundle: _Bundle) -> None:
    code = _code(item)
    ending = re.sub(r"[^a-z0-9.]+", "-", code.lower()).strip("-.") or text_of(item, "id").replace("--", "-").lower()
    draft = Draft(f"{BASE}provision/{bundle.framework}/{ending}", "Provision", bundle.path)
    _start(draft, item, bundle)
    draft.put("skos:definition", _prose(text_of(item, "description")))
    draft.put("skos:inScheme", record("framework", bundle.framework))
    draft.put("skos:notation", Literal(code) if code else None)
    draft.put("tg:provisionLevel", Literal(_LEVELS[text_of(item, "type")]))
    if short := text_of(item, "x_mitre_shortname"):
        bundle.tactics[short] = draft.iri


def _add_incident(item: Entry, bundle: _Bundle) -> None:
    """Make an incident; the standard leaves all but its name and description to extensions."""
    ending = text_of(item, "id").rpartition("--")[2].lower()
    draft = Draft(record("incident", f"stix-{ending}").value, "Incident", bundle.path)
    _start(draft, item, bundle)
    draft.put("dcterms:description", _prose(text_of(item, "description", "name")))
    draft.put("skos:exactMatch", _uuid(item))


def _add_tactics(draft: Draft, item: Entry, bundle: _Bundle) -> None:
    """Link an attack pattern to the tactics that its kill chain phases name."""
    for phase in entries_of(item, "kill_chain_phases"):
        if tactic := bundle.tactics.get(text_of(phase, "phase_name")):
            draft.put("tg:tactic", NamedNode(tactic))


def _relate(relationships: list[Entry], bundle: _Bundle) -> None:
    """Turn relationships into links; others are counted, and those with an end that is not brought are left out."""
    other = Counter[str]()
    for item in relationships:
        source, target = (bundle.drafts.get(text_of(item, key)) for key in ("source_ref", "target_ref"))
        kind = text_of(item, "relationship_type")
        if source is None or target is None or not _link(source, kind, target, item):
            other[kind or "without a type"] += 1
    if other:
        told = ", ".join(f"{count} {kind}" for kind, count in sorted(other.items()))
        bundle.harvest.notes.append(f"{bundle.path}: relationships that have no place here are left out: {told}.")


def _link(source: Draft, kind: str, target: Draft, item: Entry) -> bool:
    """State a relationship; whether the model has a place for it."""
    classes = (source.class_name, target.class_name)
    if classes == ("Incident", "Provision"):
        _map(source, target.iri, kind, item)
    elif classes == ("Incident", "Incident"):
        source.put("tg:relatedIncident", NamedNode(target.iri))
    elif classes == ("Provision", "Provision") and kind in ("mitigates", "subtechnique-of", "related-to"):
        prop = {"mitigates": "tg:addresses", "subtechnique-of": "skos:broader", "related-to": "skos:relatedMatch"}[kind]
        source.put(prop, NamedNode(target.iri))
    else:
        return False
    return True


def _map(draft: Draft, provision: str, kind: str, item: Entry) -> None:
    part = f"mapping-{slug_of_any(provision.rpartition('/')[2])}"
    if draft.has(part):
        return
    draft.add_part("tg:mapping", part, "FrameworkMapping")
    draft.put("sssom:object_id", NamedNode(provision), part=part)
    draft.put("sssom:predicate_id", NamedNode(f"{PREFIXES['skos']}relatedMatch"), part=part)
    draft.put("sssom:mapping_justification", NamedNode(f"{PREFIXES['semapv']}UnspecifiedMatching"), part=part)
    draft.put("tg:curationStatus", record("curation-status", "as-in-source"), part=part)
    why = _prose(text_of(item, "description")) or english(f"Relationship of the bundle: {kind}")
    draft.put("tg:rationale", why, part=part)


def _framework(name: str, document: Entry, objects: list[Entry], bundle: _Bundle) -> Draft:
    """The framework of the bundle, with what its markings say of who may have it and on what terms."""
    draft = Draft(record("framework", bundle.framework).value, "Framework", bundle.path)
    draft.put("skos:prefLabel", english(f"{name} (STIX)"))
    draft.put("dcterms:description", english(f"Attack patterns and courses of action of a STIX bundle: {name}."))
    uuid = text_of(document, "id").rpartition("--")[2].lower()
    known = re.fullmatch(r"[0-9a-f-]{36}", uuid)
    draft.put("dcterms:source", NamedNode(f"urn:uuid:{uuid}" if known else _SPECIFICATION))
    for item in objects:
        terms = item.get("definition")
        if item.get("type") == "marking-definition" and isinstance(terms, dict):
            said = text_of(terms, "statement") or f"TLP:{text_of(terms, 'tlp') or 'unknown'}".upper()
            draft.put("skos:editorialNote", english(f"Marking of objects in the bundle: {said}"))
    return draft
