"""The reference of the ontology: classes, properties, concept schemes, shapes and prefixes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from rdflib import OWL, RDF, RDFS, SKOS, Graph, URIRef

from sitegen.markdown import cell, code, page, table
from sitegen.shapes import Shapes
from threatgraph import ThreatGraph
from threatgraph.resources import ontology_dir
from threatgraph.vocab import PREFIXES, TG, shorten

CLASSES = """
The classes of the ontology `https://w3id.org/threatgraph/ontology#` (prefix `tg:`). *Count* is the number of values
that the [shapes](shapes.md) require: `1..n` means at least one. A hint is a recommendation that
`threatgraph validate --hints` reports.
"""
PROPERTIES = """
The properties of the ontology. *Used by* lists the classes whose shapes describe the property, with the number of
values. Properties of SKOS, Dublin Core, PROV-O and SSSOM keep the meaning that their own vocabularies define.
"""
SCHEMES = """
Each controlled vocabulary is a SKOS concept scheme. Ranked scales carry `tg:rank`, so queries can sort and compare by
it. The [frameworks](classes.md) are concept schemes, too; `threatgraph list framework` lists them.
"""
PREFIX_TEXT = """
Queries may use these prefixes without declaring them. `threatgraph format` writes the ones that a file needs.
"""
_CHARACTERISTICS = {OWL.FunctionalProperty: "functional", OWL.TransitiveProperty: "transitive"}


def pages() -> Iterator[tuple[str, str]]:
    """The pages of the ontology by file name."""
    graph = Graph()
    graph.parse(ontology_dir() / "threatgraph.ttl")
    shapes_graph = Graph()
    for path in sorted((ontology_dir() / "shapes").rglob("*.ttl")):
        shapes_graph.parse(path)
    ontology = _Ontology(graph, Shapes(shapes_graph))
    yield "classes.md", ontology.classes_page()
    yield "properties.md", ontology.properties_page()
    yield "schemes.md", _schemes()
    yield "shapes.md", ontology.shapes.page()
    yield "prefixes.md", page("Prefixes", PREFIX_TEXT, _prefixes())


class _Ontology:
    """The classes and properties of the ontology, with what the shapes say about them."""

    def __init__(self, graph: Graph, shapes: Shapes) -> None:
        self.graph = graph
        self.shapes = shapes
        self.classes = self._terms(OWL.Class)
        self.properties = sorted(
            {*self._terms(OWL.ObjectProperty), *self._terms(OWL.DatatypeProperty), *self._terms(OWL.AnnotationProperty)}
        )
        self.users: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for name in self.classes:
            for use in shapes.uses(TG + name):
                if not use.hint:
                    self.users[use.path].append((name, use.cardinality))

    def _terms(self, kind: URIRef) -> list[str]:
        found = (str(s) for s in self.graph.subjects(RDF.type, kind) if isinstance(s, URIRef))
        return sorted(iri.removeprefix(TG) for iri in found if iri.startswith(TG))

    def classes_page(self) -> str:
        """Classes with their definitions and properties."""
        return page("Classes", CLASSES, self._tree(), *(self._class(name) for name in self.classes))

    def properties_page(self) -> str:
        """Properties with domain, range and the classes that use them."""
        return page("Properties", PROPERTIES, *(self._property(name) for name in self.properties))

    def _tree(self) -> str:
        """A list of the classes below their superclasses."""
        below: dict[str, list[str]] = defaultdict(list)
        for name in self.classes:
            parents = sorted(p for p in self.graph.objects(URIRef(TG + name), RDFS.subClassOf) if isinstance(p, URIRef))
            below[shorten(str(parents[0])) if parents else ""].append(name)
        lines: list[str] = []

        def add(parent: str, depth: int) -> None:
            for name in below.get(parent, ()):
                lines.append(f"{'  ' * depth}- [{name}](#class-{name})")
                add(f"tg:{name}", depth + 1)

        for root in sorted(parent for parent in below if not parent.startswith("tg:")):
            lines.append(f"- {code(root)}" if root else "- without a superclass")
            add(root, 1)
        return "\n".join(lines)

    def _definition(self, term: URIRef) -> str:
        text = self.graph.value(term, SKOS.definition) or self.graph.value(term, RDFS.comment)
        return str(text or "")

    def _term_link(self, iri: str) -> str:
        name = iri.removeprefix(TG)
        if name in self.classes:
            return f"[tg:{name}](#class-{name})"
        if name in self.properties:
            return f"[tg:{name}](#property-{name})"
        return code(shorten(iri))

    def _links(self, term: URIRef, relation: URIRef) -> str:
        return ", ".join(sorted(self._term_link(str(o)) for o in self.graph.objects(term, relation)))

    def _class(self, name: str) -> str:
        term = URIRef(TG + name)
        uses = self.shapes.uses(str(term))
        rows = [
            (self._term_link(use.path), f"{use.cardinality} (hint)" if use.hint else use.cardinality, use.values)
            for use in uses
        ]
        return "\n\n".join(
            [
                f"(class-{name})=\n## tg:{name}",
                self._definition(term),
                f"Superclass: {self._links(term, RDFS.subClassOf)}."
                if (term, RDFS.subClassOf, None) in self.graph
                else "",
                table(("property", "count", "values"), rows),
            ]
        )

    def _property(self, name: str) -> str:
        term = URIRef(TG + name)
        users = ", ".join(f"[{user}](#class-{user}) {count}" for user, count in self.users[str(term)])
        notes = [words for kind, words in _CHARACTERISTICS.items() if (term, RDF.type, kind) in self.graph]
        facts = [
            ("domain", self._links(term, RDFS.domain)),
            ("range", self._links(term, RDFS.range)),
            ("sub-property of", self._links(term, RDFS.subPropertyOf)),
            ("characteristics", ", ".join(notes)),
            ("used by", users),
        ]
        return "\n\n".join(
            [
                f"(property-{name})=\n## tg:{name}",
                self._definition(term),
                "\n".join(f"- **{fact}**: {value}" for fact, value in facts if value),
            ]
        )


_SCHEME_QUERY = """
SELECT ?scheme ?title ?about ?concept ?label ?definition ?rank {
  ?scheme a skos:ConceptScheme ; skos:prefLabel ?title .
  FILTER NOT EXISTS { ?scheme a tg:Framework }
  OPTIONAL { ?scheme skos:definition ?about }
  ?concept skos:inScheme ?scheme ; skos:prefLabel ?label .
  OPTIONAL { ?concept skos:definition ?definition }
  OPTIONAL { ?concept tg:rank ?rank }
}
"""


def _schemes() -> str:
    """The concept schemes with their concepts; records with pages of their own, such as patterns, are counted only."""
    table_of = defaultdict(list)
    about: dict[tuple[str, str], str] = {}
    for row in ThreatGraph.open().query(_SCHEME_QUERY).to_dicts():  # type: ignore[union-attr]
        key = (str(row["title"]), str(row["scheme"]))
        about[key] = str(row["about"] or "")
        table_of[key].append(row)
    sections = []
    for key in sorted(table_of):
        rows = sorted(table_of[key], key=lambda row: (int(row["rank"] or 0), str(row["label"]).casefold()))
        ranked = any(row["rank"] is not None for row in rows)
        header = ("concept", "label", *(("rank",) if ranked else ()), "definition")
        body = [
            (
                code(shorten(str(row["concept"]))),
                cell(str(row["label"])),
                *((str(row["rank"]),) if ranked else ()),
                cell(_first_sentence(str(row["definition"] or ""))),
            )
            for row in rows
        ]
        sections.append("\n\n".join([f"## {key[0]}", f"`{key[1]}`. {about[key]}", table(header, body)]))
    return page("Concept schemes", SCHEMES, *sections)


def _first_sentence(text: str) -> str:
    head, stop, _ = text.partition(". ")
    return head + stop.strip()


def _prefixes() -> str:
    return table(("prefix", "namespace"), ((code(f"{p}:"), code(iri)) for p, iri in sorted(PREFIXES.items())))
