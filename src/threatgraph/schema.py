"""Explains the classes and properties of the ontology: what they mean, which records have them, and with what values.

Meaning comes from the ontology, cardinality from the SHACL shapes, and examples from the data of the graph.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from pyoxigraph import Literal, NamedNode

from threatgraph import resources
from threatgraph.description import Description
from threatgraph.errors import UnknownName
from threatgraph.rdf.terms import Term
from threatgraph.store import MemoryStore, Store
from threatgraph.table import Table, to_text, to_value
from threatgraph.vocab import KINDS, PREFIXES, RDF_TYPE, SKOS, TG, shorten, tg

_TERMS = """
SELECT DISTINCT ?term ?type ?label ?comment {
  VALUES ?type { owl:Class owl:ObjectProperty owl:DatatypeProperty owl:AnnotationProperty }
  ?term a ?type FILTER(STRSTARTS(STR(?term), STR(tg:)))
  OPTIONAL { ?term rdfs:label ?label }
  OPTIONAL { ?term rdfs:comment ?explanation }
  OPTIONAL { ?term skos:definition ?definition }
  BIND(COALESCE(?explanation, ?definition) AS ?comment)
}
ORDER BY ?term
"""
#: Constraints of all property shapes with a simple path, by the class that their shape targets.
_SHAPES = """
SELECT ?class ?path ?min ?max ?datatype ?range ?kind ?severity {
  ?shape sh:targetClass ?class ; (sh:node|sh:and/rdf:rest*/rdf:first)*/sh:property ?constraint .
  ?constraint sh:path ?path FILTER(ISIRI(?path))
  OPTIONAL { ?constraint sh:minCount ?min }
  OPTIONAL { ?constraint sh:maxCount ?max }
  OPTIONAL { ?constraint sh:datatype|(sh:or/rdf:rest*/rdf:first/sh:datatype) ?datatype }
  OPTIONAL { ?constraint sh:class|(sh:or/rdf:rest*/rdf:first/sh:class) ?range }
  OPTIONAL { ?constraint sh:nodeKind ?kind }
  OPTIONAL { ?constraint sh:severity ?severity }
}
"""
_VALUES = """
SELECT ?value ?label ?comment {
  ?value a ?class . OPTIONAL { ?value skos:prefLabel ?label } OPTIONAL { ?value tg:rank|tg:position ?rank }
  OPTIONAL { ?value skos:definition ?comment }
}
ORDER BY ?rank STR(?label) LIMIT 31
"""
_COUNTS = "SELECT ?class (COUNT(?record) AS ?n) { ?record a ?class } GROUP BY ?class"
_EXAMPLE_OF_CLASS = "SELECT ?record { ?record a ?class } ORDER BY STR(?record) LIMIT 1"
_EXAMPLE_OF_PROPERTY = """
SELECT ?record ?value { ?record ?property ?value }
ORDER BY CONTAINS(STR(?record), "#") STR(?record) STR(?value) LIMIT 1
"""
_OF_TERM = "SELECT ?p ?o { ?term ?p ?o }"
_NARROWER = "SELECT ?term { ?term rdfs:subClassOf|rdfs:subPropertyOf ?wide FILTER(ISIRI(?term)) } ORDER BY ?term"
#: What properties of other vocabularies mean here; the ontology does not define them.
_FOREIGN = {
    "skos:prefLabel": "The name of the record.",
    "skos:altLabel": "Another name of the record.",
    "skos:definition": "What the concept is.",
    "skos:notation": "The code of the record, such as PAT-SYS-005.",
    "skos:scopeNote": "What the concept includes and excludes.",
    "skos:editorialNote": "A note on how the record was made.",
    "skos:inScheme": "The concept scheme or framework of the record.",
    "skos:broader": "A more general concept.",
    "skos:related": "A related concept.",
    "dcterms:abstract": "A short summary.",
    "dcterms:description": "What happened, or what the record is about.",
    "dcterms:identifier": "An identifier that another project assigned.",
    "dcterms:source": "A page or document that supports the record.",
    "schema:subjectOf": "A page of another project about the incident.",
}
#: A class with more instances than this is not a list of values.
_MOST_VALUES = 30
_RDFS = PREFIXES["rdfs"]
_OWL = PREFIXES["owl"]


class OntologyTerm(NamedTuple):
    """A class or property of the ontology."""

    iri: str
    type: str
    """``class``, ``object property``, ``datatype property`` or ``annotation property``."""
    label: str
    comment: str


class PropertyTerm(NamedTuple):
    """A property that records have, of the ontology or of another vocabulary."""

    iri: str
    label: str
    comment: str
    classes: dict[str, str]
    """The classes whose records have it, by the shapes; each with the datatypes or classes of its values."""


def describe_schema(store: Store) -> Description:
    """Describe the ontology: its classes, with the number of records in a graph, and the prefixes."""
    counts = {str(row["class"]): row["n"] for row in store.select(_COUNTS).to_dicts()}
    kinds = {tg(kind.class_name): kind.name for kind in KINDS.values()}
    classes = [
        (shorten(iri), kinds.get(iri, ""), str(counts.get(iri, 0)), _first_sentence(comment))
        for iri, (kind, _, comment) in _terms().items()
        if kind == "class"
    ]
    prefixes = [(f"{prefix}:", namespace) for prefix, namespace in PREFIXES.items()]
    return Description(
        "The ontology of threatgraph",
        TG,
        "Use these classes and prefixes in SPARQL queries. Each class and each property has a description of its own.",
        {},
        {
            "Classes": _table(("class", "kind", "records", "description"), classes),
            "Prefixes": _table(("prefix", "namespace"), prefixes),
        },
    )


def describe_term(store: Store, name: str) -> Description:
    """Describe a class or property.

    Args:
        store: the graph, for examples.
        name: a prefixed name (``tg:severity``), a local name, a label or an IRI.

    Raises:
        UnknownName: if neither the ontology nor a shape has the term; the message suggests similar names.
    """
    iri = find_term(name)
    return _class(store, iri) if _terms().get(iri, ("",))[0] == "class" else _property(store, iri)


def list_terms() -> list[OntologyTerm]:
    """Return the classes and properties of the ontology, classes first."""
    return [OntologyTerm(iri, *described) for iri, described in _terms().items()]


def list_properties() -> list[PropertyTerm]:
    """Return the properties of the ontology, and those of other vocabularies that its shapes use."""
    classes: dict[str, dict[str, str]] = {}
    for of, path, values, _ in _constraints():
        classes.setdefault(path, {})[of] = values
    own = {term.iri: term.label for term in list_terms() if term.type != "class"}
    return [
        PropertyTerm(iri, own.get(iri, ""), _comment(iri), classes.get(iri, {})) for iri in sorted({*own, *classes})
    ]


def find_term(name: str) -> str:
    """Return the IRI of a class or property; upper and lower case matter only where a class and a property differ.

    Raises:
        UnknownName: if neither the ontology nor a shape has the term; the message suggests similar names.
    """
    text = name.strip().strip("<>")
    prefix, colon, local = text.partition(":")
    iri = PREFIXES[prefix] + local if colon and prefix in PREFIXES else text
    known = [*_terms(), *sorted(_paths() - _terms().keys())]
    named = {call: term for term in reversed(known) for call in _names(term)}
    for found in (iri if iri in known else None, named.get(text)):
        if found:
            return found
    by_lower = {call.lower(): term for call, term in named.items()}
    if found := by_lower.get(text.lower()) or by_lower.get(re.sub(r"[\s_-]", "", text).lower()):
        return found
    shown = [shorten(term) for term in known]
    local_names = {term.partition(":")[2]: term for term in shown}
    suggestions = UnknownName("term", local or text, local_names).suggestions
    hint = "`graph.schema()` lists the classes."
    raise UnknownName("term", name, (), hint, suggestions=[local_names[near] for near in suggestions])


def _names(iri: str) -> list[str]:
    """What a term can be called: its IRI, prefixed name, local name and label."""
    short = shorten(iri)
    label = _terms()[iri][1] if iri in _terms() else ""
    return list(filter(None, (iri, short, short.partition(":")[2], label, f"tg:{short.partition(':')[2]}")))


def _class(store: Store, iri: str) -> Description:
    _, label, comment = _terms()[iri]
    facts = _facts(iri, {"subclass of": f"{_RDFS}subClassOf"})
    if narrower := [shorten(term) for term in _iris(_ontology(), _NARROWER, "wide", iri)]:
        facts["subclasses"] = ", ".join(narrower)
    kind = next((kind.name for kind in KINDS.values() if tg(kind.class_name) == iri), "")
    if kind:
        facts["kind"] = kind
    tables: dict[str, Table] = {}
    shapes = [row for row in _constraints() if row[0] == iri]
    if shapes:
        rows = [
            (shorten(path), values, cardinality, _first_sentence(_comment(path)))
            for _, path, values, cardinality in shapes
        ]
        tables["Properties"] = _table(("property", "values", "count", "description"), rows)
    values = _values(store, iri)
    if 0 < len(values) <= _MOST_VALUES:
        tables["Values"] = _table(("value", "label", "description"), values)
    if example := _iris(store, _EXAMPLE_OF_CLASS, "class", iri):
        facts["example"] = shorten(example[0])
    return Description(shorten(iri), iri, comment, {"type": "class", "label": label, **facts}, tables)


def _property(store: Store, iri: str) -> Description:
    kind, label, _ = _terms().get(iri, ("property", "", ""))
    facts = _facts(
        iri,
        {
            "domain": f"{_RDFS}domain",
            "range": f"{_RDFS}range",
            "subproperty of": f"{_RDFS}subPropertyOf",
            "inverse of": f"{_OWL}inverseOf",
        },
    )
    if narrower := [shorten(term) for term in _iris(_ontology(), _NARROWER, "wide", iri)]:
        facts["subproperties"] = ", ".join(narrower)
    tables: dict[str, Table] = {}
    uses = [(shorten(of), values, count) for of, path, values, count in _constraints() if path == iri]
    if uses:
        tables["Used by"] = _table(("class", "values", "count"), uses)
    ranges = _iris(_ontology(), f"SELECT ?o {{ ?term <{_RDFS}range> ?o }}", "term", iri)
    values = _values(store, ranges[0]) if len(ranges) == 1 and ranges[0].startswith(TG) else []
    if 0 < len(values) <= _MOST_VALUES:
        tables["Values"] = _table(("value", "label", "description"), values)
    for record, value in store.select(_EXAMPLE_OF_PROPERTY, {"property": NamedNode(iri)}).rows:
        facts["example"] = f"{_spelled(record)} {shorten(iri)} {_spelled(value)} ."
    return Description(shorten(iri), iri, _comment(iri), {"type": kind, "label": label, **facts}, tables)


def _comment(iri: str) -> str:
    return _terms()[iri][2] if iri in _terms() else _FOREIGN.get(shorten(iri), "")


def _facts(iri: str, wanted: dict[str, str]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for prop, value in _ontology().select(_OF_TERM, {"term": NamedNode(iri)}).rows:
        for name, predicate in wanted.items():
            if isinstance(prop, NamedNode) and prop.value == predicate and isinstance(value, NamedNode):
                found.setdefault(name, []).append(to_text(value))
    return {name: ", ".join(sorted(found[name])) for name in wanted if name in found}


def _values(store: Store, iri: str) -> list[tuple[str, ...]]:
    """The instances of a class of concepts, with labels; nothing for a class of records with sources."""
    if not iri.startswith(TG) or iri in map(tg, ("ThreatPattern", "Incident", "Provision", "Framework")):
        return []
    rows = store.select(_VALUES, {"class": NamedNode(iri)}).rows
    return [tuple(to_text(term) for term in row) for row in rows if isinstance(row[0], NamedNode) and row[1]]


def _ontology() -> MemoryStore:
    """The bundled ontology and its shapes, whatever the graph has."""
    return _ontology_in(resources.ontology_dir())


@cache
def _ontology_in(folder: Path) -> MemoryStore:
    return MemoryStore.open([folder / "threatgraph.ttl", folder / "shapes"], bundled=False)


def _terms() -> dict[str, tuple[str, str, str]]:
    """The terms of the ontology: what each is, its label and its comment; classes first."""
    return _terms_of(_ontology())


@cache
def _terms_of(ontology: MemoryStore) -> dict[str, tuple[str, str, str]]:
    found: dict[str, tuple[str, str, str]] = {}
    what = {"Class": "class", "ObjectProperty": "object property", "DatatypeProperty": "datatype property"}
    for term, kind, label, comment in ontology.select(_TERMS).rows:
        name = what.get(to_text(kind).partition(":")[2], "annotation property")
        found.setdefault(str(to_value(term)), (name, to_text(label), to_text(comment)))
    return dict(sorted(found.items(), key=lambda item: item[1][0] != "class"))


def _paths() -> set[str]:
    return {path for _, path, _, _ in _constraints()}


def _constraints() -> list[tuple[str, str, str, str]]:
    """For each class and property: the values that the property can have, and how many."""
    return _constraints_of(_ontology())


@cache
def _constraints_of(ontology: MemoryStore) -> list[tuple[str, str, str, str]]:
    merged: dict[tuple[str, str], tuple[set[str], set[int], set[int]]] = {}
    for of, path, least, most, datatype, range_, node_kind, severity in ontology.select(_SHAPES).rows:
        if path is None or of is None or str(to_value(path)) == RDF_TYPE:
            continue
        values, mins, maxs = merged.setdefault((str(to_value(of)), str(to_value(path))), (set(), set(), set()))
        values |= {to_text(term) for term in (datatype, range_) if term is not None}
        if node_kind is not None and datatype is None and range_ is None:
            values.add({"sh:IRI": "IRI", "sh:Literal": "literal"}.get(to_text(node_kind), "node"))
        required = severity is None or to_text(severity) == "sh:Violation"
        mins |= {int(str(to_value(least)))} if least is not None and required else set()
        maxs |= {int(str(to_value(most)))} if most is not None else set()
    rows = []
    for (of_iri, path_iri), (values, mins, maxs) in merged.items():
        named = sorted(values - ({"IRI", "node", "literal"} if len(values) > 1 else set()))
        low, high = max(mins, default=0), str(min(maxs)) if maxs else "*"
        rows.append((of_iri, path_iri, ", ".join(named), high if str(low) == high else f"{low}..{high}"))
    return sorted(rows, key=lambda row: (row[0], row[3].startswith("0"), not row[1].startswith((TG, SKOS)), row[1]))


def _iris(store: Store, sparql: str, variable: str, iri: str) -> list[str]:
    rows = store.select(sparql, {variable: NamedNode(iri)}).rows
    return [row[0].value for row in rows if isinstance(row[0], NamedNode)]


def _spelled(term: Term | None) -> str:
    """A term as in Turtle: a prefixed name if it is valid, an IRI in angle brackets, or a literal."""
    short = to_text(term)
    return short if isinstance(term, NamedNode) and re.fullmatch(r"[\w-]+:[\w.-]+", short) else str(term)


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=[.;:])\s", text, maxsplit=1)[0].rstrip(";:")


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    cells: list[tuple[Term | None, ...]] = [tuple(Literal(text) for text in row) for row in rows]
    return Table(columns, cells)
