"""Exports the graph as a STIX 2.1 bundle, for threat intelligence platforms.

Patterns become attack patterns, incidents become incidents, and actors and affected groups become identities.
Mitigations and response steps become courses of action (sections 4 and 5 of
https://docs.oasis-open.org/cti/stix/v2.1/os/stix-v2.1-os.html). Mapped provisions become external references. An
extension contains the complete record in terms of the ontology.

Identifiers are UUIDs (version 5) derived from IRIs, so they are the same in each export. ``created`` and ``modified``
refer to the STIX object, not to the event: ``created`` is a fixed date, and ``modified`` is that date or a later date
on which the record changed.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, UUID, uuid5

from pyoxigraph import Literal, NamedNode, Triple

from threatgraph.store import Store
from threatgraph.vocab import BASE, DERIVED_GRAPH, PREFIXES, RDF_TYPE, TG

_BEGAN = "2026-11-24"
_NAMESPACE: UUID = uuid5(NAMESPACE_URL, BASE)
_SKOS, _DCTERMS, _SSSOM, _SCHEMA = (PREFIXES[name] for name in ("skos", "dcterms", "sssom", "schema"))
_TYPES = {
    f"{TG}ThreatPattern": "attack-pattern",
    f"{TG}Incident": "incident",
    f"{TG}Actor": "identity",
    f"{TG}AffectedGroup": "identity",
    f"{TG}PreventionMeasure": "course-of-action",
    f"{TG}ResponseStep": "course-of-action",
}
#: Links that become relationships: the relationship type, and a description.
_LINKS = {
    "affects": ("targets", "affects"),
    "actor": ("related-to", "involves the actor"),
    "deployer": ("related-to", "was deployed by"),
    "developer": ("related-to", "was developed by"),
    "coOccursWith": ("related-to", "co-occurs with"),
    "distinguishedFrom": ("related-to", "is distinguished from"),
    "escalatesTo": ("related-to", "escalates to"),
    "measure": ("mitigates", "prevents"),
    "primaryPattern": ("related-to", "has the primary pattern"),
    "relatedIncident": ("related-to", "is related to"),
    "responseStep": ("mitigates", "responds to"),
    "secondaryPattern": ("related-to", "has the secondary pattern"),
}
_CAPITAL = re.compile(r"(?<=[a-z])([A-Z])")

Object = dict[str, object]
Values = Mapping[str, list[NamedNode | Literal]]


@dataclass(frozen=True, slots=True)
class _StixObject:
    """A STIX object, and the IRIs of the nodes it describes or refers to."""

    content: Object
    about: frozenset[str]


def write(store: Store, node: str | None) -> bytes:
    """Export a bundle.

    Args:
        store: the graph.
        node: the IRI of a record, to export only objects that refer to it, and the objects linked with it; ``None``
            for all records.
    """
    made = _Bundle(store).objects()
    if node is not None:
        named = {str(item.content["id"]): item for item in made}
        links = [item for item in made if item.content["type"] == "relationship" and node in item.about]
        ends = (named[str(link.content[end])] for link in links for end in ("source_ref", "target_ref"))
        chosen = {str(item.content["id"]): item for item in [*ends, *links, *(i for i in made if node in i.about)]}
        made = list(chosen.values())
    objects = sorted((item.content for item in made), key=lambda item: (str(item["type"]), str(item["id"])))
    objects = [*_own(), *objects]
    bundle = {"type": "bundle", "id": _id("bundle", *(f"{item['id']} {item['modified']}" for item in objects))}
    text = json.dumps(bundle | {"objects": objects}, ensure_ascii=False, indent=1)
    return f"{text}\n".encode()


class _Bundle:
    """The statements of a graph by subject and property, and their STIX objects."""

    def __init__(self, store: Store) -> None:
        self._statements: dict[str, dict[str, list[NamedNode | Literal]]] = defaultdict(lambda: defaultdict(list))
        for triple in store.triples():
            if isinstance(triple.subject, NamedNode) and isinstance(triple.object, (NamedNode, Literal)):
                self._statements[triple.subject.value][triple.predicate.value].append(triple.object)
        for values in self._statements.values():
            for found in values.values():
                found.sort(key=str)
        self._derived = frozenset(store.graph_triples(DERIVED_GRAPH))
        self._types = {iri: kind for iri in self._statements if (kind := self._type_of(iri))}

    def _type_of(self, iri: str) -> str | None:
        kinds = (_TYPES.get(kind.value) for kind in self._statements[iri].get(RDF_TYPE, ()))
        return next(filter(None, kinds), None) if self._text(iri, f"{_SKOS}prefLabel") else None

    def objects(self) -> list[_StixObject]:
        """All objects except those that identify the project."""
        made = [self._object(iri) for iri in self._types]
        return made + [item for iri in self._types for item in self._relationships(iri)]

    def _texts(self, iri: str, prop: str) -> list[NamedNode | Literal]:
        """The non-empty texts of a property, English first."""
        found = [text for text in self._statements[iri].get(prop, ()) if text.value] if iri in self._statements else []
        return sorted(found, key=lambda value: (getattr(value, "language", None) != "en", str(value)))

    def _text(self, iri: str, prop: str) -> str:
        """A text of a property, in English if available; empty if there is none."""
        return next((text.value for text in self._texts(iri, prop)), "")

    def _name_and_description(self, iri: str) -> Object:
        """The name and description, in the same language if possible, and the language (section 3.2)."""
        names = self._texts(iri, f"{_SKOS}prefLabel")
        properties = (f"{_SKOS}definition", f"{_DCTERMS}description", f"{_SKOS}note")
        described = next(filter(None, (self._texts(iri, prop) for prop in properties)), [])
        pairs = [(name, text) for name in names for text in described if _language(name) == _language(text)]
        name, text = pairs[0] if pairs else (names[0], next(iter(described), None))
        content: Object = {"name": name.value}
        if _language(name) != "en":
            content["lang"] = _language(name)
        if text:
            content["description"] = text.value
            if _language(text) != _language(name):  # section 7.2.3; the OASIS validator does not support this marking
                content["granular_markings"] = [{"lang": _language(text), "selectors": ["description"]}]
        return content

    def _object(self, iri: str) -> _StixObject:
        statements, kind = self._statements[iri], self._types[iri]
        content = _start(kind, iri, self._changed(iri)) | self._name_and_description(iri)
        if kind == "identity":
            classes = {value.value for value in statements[RDF_TYPE]}
            # An actor may be an organization or a person.
            content["identity_class"] = "class" if f"{TG}AffectedGroup" in classes else "unknown"
        aliases = [value.value for value in statements.get(f"{_SKOS}altLabel", ())]
        if aliases and kind == "attack-pattern":
            content["aliases"] = aliases
        content["external_references"] = list(self._references(iri))
        content["extensions"] = {_EXTENSION: {"extension_type": "property-extension", "iri": iri} | self._record(iri)}
        return _StixObject(content, frozenset(self._mentions(iri)))

    def _changed(self, iri: str) -> str:
        days = [value.value for value in self._statements[iri].get(f"{_DCTERMS}modified", ())]
        return max([_BEGAN, *(day for day in days if re.fullmatch(r"\d{4}-\d\d-\d\d", day))])

    def _references(self, iri: str) -> Iterator[Object]:
        """References to the record, its sources, and the provisions it is mapped to."""
        statements = self._statements[iri]
        own: Object = {"source_name": "threatgraph", "url": iri}
        code = self._text(iri, f"{_SKOS}notation")
        yield own | ({"external_id": code} if code else {})
        links = [*statements.get(f"{_DCTERMS}source", ()), *statements.get(f"{_SCHEMA}subjectOf", ())]
        named = [*statements.get(f"{TG}aiidNumber", ()), *statements.get(f"{_DCTERMS}identifier", ())]
        for url in sorted({value.value for value in links if value.value.startswith(("http://", "https://"))}):
            known = next((name.value for name in named if url.endswith(f"/{name.value}")), None)
            external_id = {"external_id": known} if known else {}
            yield {"source_name": urlsplit(url).hostname or url, "url": url} | external_id
        for part in statements.get(f"{TG}mapping", ()):
            for provision in self._statements[part.value].get(f"{_SSSOM}object_id", ()):
                yield self._provision(provision.value, self._text(part.value, f"{TG}rationale"))

    def _provision(self, iri: str, why: str) -> Object:
        schemes = self._statements[iri].get(f"{_SKOS}inScheme", ()) if iri in self._statements else ()
        framework = next((self._text(scheme.value, f"{_SKOS}prefLabel") for scheme in schemes), "")
        found: Object = {"source_name": framework or "a framework", "url": iri}
        if code := self._text(iri, f"{_SKOS}notation"):
            found["external_id"] = code
        texts = [self._text(iri, f"{_SKOS}prefLabel"), why]
        return found | ({"description": ": ".join(filter(None, texts))} if any(texts) else {})

    def _record(self, iri: str) -> Object:
        """The stated properties of a record, with nested parts, under property names in the style of STIX."""
        found: dict[str, object] = {}
        for prop, values in sorted(self._statements[iri].items()):
            stated = [v for v in values if Triple(NamedNode(iri), NamedNode(prop), v) not in self._derived]
            if stated:
                found[_name_of(prop)] = [self._value(iri, value) for value in stated]
        return found

    def _value(self, iri: str, value: NamedNode | Literal) -> object:
        is_part = isinstance(value, NamedNode) and value.value.startswith(f"{iri}#") and value.value in self._statements
        return {"iri": value.value} | self._record(value.value) if is_part else value.value

    def _mentions(self, iri: str) -> Iterator[str]:
        yield iri
        for values in self._statements[iri].values():
            for value in values:
                if isinstance(value, NamedNode):
                    yield value.value
                    if value.value.startswith(f"{iri}#") and value.value in self._statements:
                        yield from self._mentions(value.value)

    def _relationships(self, iri: str) -> Iterator[_StixObject]:
        source = self._types[iri]
        for name, (kind, words) in _LINKS.items():
            for value in self._statements[iri].get(TG + name, ()):
                target = self._types.get(value.value)
                if target is None:
                    continue
                # STIX 2.1 defines only related-to for incidents (section 4.8).
                link = "related-to" if source == "incident" else kind
                ends = (value.value, iri) if link == "mitigates" else (iri, value.value)
                refs = [_id(self._types[end], end) for end in ends]
                content = _start("relationship", f"{iri} {name} {value.value}", _BEGAN)
                content |= {"relationship_type": link, "source_ref": refs[0], "target_ref": refs[1]}
                yield _StixObject(content | {"description": words}, frozenset(ends))


def _language(text: NamedNode | Literal) -> str:
    """The language of a text; English by default, as in STIX."""
    return getattr(text, "language", None) or "en"


def _name_of(prop: str) -> str:
    """The local name of a property in snake case."""
    name = _CAPITAL.sub(r"_\1", re.split(r"[#/]", prop)[-1]).lower()
    return "class" if prop == RDF_TYPE else name


def _id(kind: str, *names: str) -> str:
    return f"{kind}--{uuid5(_NAMESPACE, ' '.join([kind, *names]))}"


_PROJECT = _id("identity", f"{BASE}project")
_EXTENSION = _id("extension-definition", TG)


def _start(kind: str, name: str, changed: str) -> Object:
    dates: Object = {"created": f"{_BEGAN}T00:00:00.000Z", "modified": f"{changed}T00:00:00.000Z"}
    return {"type": kind, "spec_version": "2.1", "id": _id(kind, name), "created_by_ref": _PROJECT} | dates


def _own() -> Iterable[Object]:
    """The identity of the project, and the definition of the extension."""
    project = _start("identity", f"{BASE}project", _BEGAN)
    del project["created_by_ref"]
    yield project | {"name": "threatgraph", "identity_class": "organization"}
    yield _start("extension-definition", TG, _BEGAN) | {
        "name": "threatgraph record",
        "description": "The statements of a record, by properties of the threatgraph ontology, with nested parts.",
        "schema": TG.removesuffix("#"),
        "version": "1.0.0",
        "extension_types": ["property-extension"],
    }
