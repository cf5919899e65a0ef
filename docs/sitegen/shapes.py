"""What the SHACL shapes say: cardinality and value type of each property of a class, and every constraint."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from rdflib import RDF, RDFS, SH, Graph, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from sitegen.markdown import cell, code, page, table
from threatgraph.vocab import shorten

INTRODUCTION = """
The shapes in `ontology/shapes/` state what valid records look like. `threatgraph validate` evaluates them and prints
the message of each constraint that a record violates. *Info* constraints are hints, which `--hints` reports.
See [Validate records](../howto/validate.md).
"""
TARGETS = {SH.targetClass: "instances of", SH.targetSubjectsOf: "subjects of", SH.targetObjectsOf: "objects of"}
_TYPES = (SH.datatype, SH["class"], SH.nodeKind)


class Use(NamedTuple):
    """How a class uses a property."""

    path: str
    cardinality: str
    values: str
    hint: bool


class Shapes:
    """The shapes of the ontology, read for documentation."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._shapes_of: dict[str, list[Node]] = defaultdict(list)
        for shape, target in graph.subject_objects(SH.targetClass):
            self._shapes_of[str(target)].append(shape)

    def uses(self, class_iri: str) -> list[Use]:
        """The properties that the shapes of a class constrain, required ones first."""
        found: dict[tuple[str, bool], Use] = {}
        for shape in self._shapes_of[class_iri]:
            for member in self.graph.objects(shape, SH.property):
                path = self.graph.value(member, SH.path)
                if not isinstance(path, URIRef):
                    continue
                hint = self.graph.value(member, SH.severity) == SH.Info
                use = Use(str(path), self.cardinality(member), self.values(member), hint)
                old = found.get((use.path, hint))
                if old is None or (old.values == "" and use.values):
                    found[use.path, hint] = use
        return sorted(found.values(), key=lambda use: (use.hint, use.cardinality[:1] == "0", use.path))

    def cardinality(self, shape: Node) -> str:
        """``1``, ``0..1``, ``1..n`` and so on."""
        least = self.graph.value(shape, SH.minCount)
        most = self.graph.value(shape, SH.maxCount)
        low, high = str(least or 0), str(most or "n")
        return low if low == high else f"{low}..{high}"

    def values(self, shape: Node) -> str:
        """What the values must be: a datatype, a class, a kind of node, or a choice of these."""
        parts = [code(shorten(str(value))) for term in _TYPES for value in self.graph.objects(shape, term)]
        choice = self.graph.value(shape, SH["or"])
        if choice is not None:
            parts.append(" or ".join(filter(None, (self.values(m) for m in Collection(self.graph, choice)))))
        members = self.graph.value(shape, SH["in"])
        if members is not None:
            parts.append("one of " + ", ".join(code(shorten(str(m))) for m in Collection(self.graph, members)))
        return ", ".join(part for part in parts if part)

    def page(self) -> str:
        """The page of all shapes."""
        shapes = sorted(self._node_shapes(), key=lambda shape: self._label(shape).casefold())
        return page("Shapes", INTRODUCTION, *(self._section(shape) for shape in shapes))

    def _node_shapes(self) -> Iterator[Node]:
        for shape in self.graph.subjects(RDF.type, SH.NodeShape):
            if any((shape, target, None) in self.graph for target in TARGETS):
                yield shape

    def _label(self, shape: Node) -> str:
        return str(self.graph.value(shape, RDFS.label) or shorten(str(shape)))

    def _section(self, shape: Node) -> str:
        targets = ", ".join(
            f"{words} {code(shorten(str(target)))}"
            for term, words in TARGETS.items()
            for target in sorted(self.graph.objects(shape, term), key=str)
        )
        members = sorted(self.graph.objects(shape, SH.property), key=lambda m: str(self.graph.value(m, SH.path)))
        rows = [self._row(member) for member in members]
        if self.graph.value(shape, SH.message) is not None:
            rows.insert(0, self._row(shape))
        rows += [self._row(rule) for rule in self.graph.objects(shape, SH.sparql)]
        name = shorten(str(shape))
        return "\n\n".join(
            [
                f"## {self._label(shape)}",
                f"{code(name)} targets {targets}. {self.graph.value(shape, RDFS.comment) or ''}".strip(),
                table(("property", "severity", "message"), rows),
            ]
        )

    def _row(self, shape: Node) -> tuple[str, str, str]:
        path = self.graph.value(shape, SH.path)
        severity = str(self.graph.value(shape, SH.severity) or SH.Violation).rpartition("#")[2]
        message = cell(str(self.graph.value(shape, SH.message) or ""))
        return code(shorten(str(path))) if path is not None else "", severity, message
