"""Reads the findings out of a validation report that pyshacl wrote."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pyoxigraph as ox

from threatgraph.validate.report import Finding
from threatgraph.validate.shapes import SH
from threatgraph.vocab import RDF_TYPE

if TYPE_CHECKING:
    import rdflib

Statements = dict[ox.BlankNode | ox.NamedNode, list[ox.Triple]]


def read_results(report: rdflib.Graph) -> list[Finding]:
    """The results of a ``sh:ValidationReport`` (SHACL, section 3.6.2), without their place in a file."""
    text = report.serialize(format="nt", encoding="utf-8")
    about: Statements = defaultdict(list)
    for quad in ox.parse(text, format=ox.RdfFormat.N_TRIPLES):
        if isinstance(quad.subject, (ox.BlankNode, ox.NamedNode)):
            about[quad.subject].append(quad.triple)
    result = (ox.NamedNode(RDF_TYPE), ox.NamedNode(SH + "ValidationResult"))
    results = [statements for statements in about.values() if result in ((t.predicate, t.object) for t in statements)]
    return [_finding(statements, about) for statements in results]


def _finding(statements: list[ox.Triple], about: Statements) -> Finding:
    values = {t.predicate.value.removeprefix(SH): t.object for t in statements}
    own = [_named(t) for t in statements if t.predicate.value != f"{SH}detail"]
    own += [_named(t) for t in _behind(statements, about)]
    rule = values.get("sourceConstraint")
    if not isinstance(rule, ox.NamedNode):
        rule = values["sourceShape"]
    path = values.get("resultPath")
    return Finding(
        severity=_text(values["resultSeverity"]).removeprefix(SH).lower(),
        node=_text(values["focusNode"]),
        path=path.value if isinstance(path, ox.NamedNode) else None,
        value=_text(values["value"]) if "value" in values else None,
        rule=_text(rule),
        component=_text(values["sourceConstraintComponent"]).removeprefix(SH).removesuffix("ConstraintComponent"),
        message=" ".join(_text(t.object) for t in statements if t.predicate.value == f"{SH}resultMessage"),
        terms=tuple(own),
    )


def _behind(statements: list[ox.Triple], about: Statements) -> Iterator[ox.Triple]:
    """The triples about the path of a result, where that is a blank node."""
    for triple in statements:
        if triple.predicate.value == f"{SH}resultPath" and isinstance(triple.object, ox.BlankNode):
            yield from about.get(triple.object, [])


def _named(triple: ox.Triple) -> ox.Triple:
    """The triple with names in place of its blank nodes, since a report is written without any."""
    subject = _skolem(triple.subject) if isinstance(triple.subject, ox.BlankNode) else triple.subject
    value = _skolem(triple.object) if isinstance(triple.object, ox.BlankNode) else triple.object
    return ox.Triple(subject, triple.predicate, value)


def _skolem(node: ox.BlankNode) -> ox.NamedNode:
    return ox.NamedNode(f"urn:threatgraph:validation#{node.value}")


def _text(term: object) -> str:
    return str(getattr(term, "value", term))
