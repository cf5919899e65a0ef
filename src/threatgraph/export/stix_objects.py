"""STIX objects of a record and its parts."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, UUID, uuid5

from pyoxigraph import Literal, NamedNode, Triple

from threatgraph.vocab import BASE, PREFIXES, RDF_TYPE, TG

_BEGAN = "2026-11-24"
NAMESPACE: UUID = uuid5(NAMESPACE_URL, BASE)
_SKOS, _DCTERMS, _SSSOM, _SCHEMA = (PREFIXES[name] for name in ("skos", "dcterms", "sssom", "schema"))
TYPES = {
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
Statements = dict[str, dict[str, list[NamedNode | Literal]]]


@dataclass(frozen=True, slots=True)
class StixObject:
    """A STIX object."""

    content: Object
    iri: str
    """The node that it describes; empty for a relationship."""
    about: AbstractSet[str]
    """The nodes that it describes or refers to."""


class StixRecord:
    """The statements of a record and its parts, by subject and property, and their STIX objects."""

    def __init__(
        self, statements: Statements, context: Statements, types: Mapping[str, str], derived: Iterable[Triple]
    ) -> None:
        self._own = statements
        self._statements = ChainMap(statements, context)
        self._types = types
        self._derived = frozenset(derived)

    def objects(self) -> Iterator[StixObject]:
        """The objects of the record and its parts, and their relationships."""
        typed = [iri for iri in self._own if iri in self._types]
        for iri in typed:
            yield self._object(iri)
            yield from self._relationships(iri)

    def _texts(self, iri: str, prop: str) -> list[NamedNode | Literal]:
        """The non-empty texts of a property, English first."""
        found = [text for text in self._statements.get(iri, {}).get(prop, ()) if text.value]
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

    def _object(self, iri: str) -> StixObject:
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
        return StixObject(content, iri, self._nodes(iri))

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
            for provision in self._statements.setdefault(part.value, {}).get(f"{_SSSOM}object_id", ()):
                yield self._provision(provision.value, self._text(part.value, f"{TG}rationale"))

    def _provision(self, iri: str, why: str) -> Object:
        schemes = self._statements.get(iri, {}).get(f"{_SKOS}inScheme", ())
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

    def _nodes(self, iri: str) -> set[str]:
        """The record, its parts, and what they link to."""
        found = {iri}
        for values in self._statements[iri].values():
            links = {value.value for value in values if isinstance(value, NamedNode)}
            found |= links
            for part in links:
                if part.startswith(f"{iri}#") and part in self._statements:
                    found |= self._nodes(part)
        return found

    def _relationships(self, iri: str) -> Iterator[StixObject]:
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
                yield StixObject(content | {"description": words}, "", set(ends))


def statements_of(triples: Iterable[Triple]) -> Statements:
    """Values by subject and property, in the order of the triples."""
    found: Statements = {}
    for triple in triples:
        if isinstance(triple.subject, NamedNode) and isinstance(triple.object, (NamedNode, Literal)):
            statements = found.setdefault(triple.subject.value, {})
            statements.setdefault(triple.predicate.value, []).append(triple.object)
    return found


def _language(text: NamedNode | Literal) -> str:
    """The language of a text; English by default, as in STIX."""
    return getattr(text, "language", None) or "en"


@lru_cache(maxsize=1024)
def _name_of(prop: str) -> str:
    """The local name of a property in snake case."""
    name = _CAPITAL.sub(r"_\1", re.split(r"[#/]", prop)[-1]).lower()
    return "class" if prop == RDF_TYPE else name


def _id(kind: str, *names: str) -> str:
    return f"{kind}--{uuid5(NAMESPACE, ' '.join([kind, *names]))}"


_PROJECT = _id("identity", f"{BASE}project")
_EXTENSION = _id("extension-definition", TG)


def _start(kind: str, name: str, changed: str) -> Object:
    dates: Object = {"created": f"{_BEGAN}T00:00:00.000Z", "modified": f"{changed}T00:00:00.000Z"}
    return {"type": kind, "spec_version": "2.1", "id": _id(kind, name), "created_by_ref": _PROJECT} | dates


def project_objects() -> Iterable[Object]:
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
