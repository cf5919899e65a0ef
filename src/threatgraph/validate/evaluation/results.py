"""Reads the results out of a validation report that pyshacl wrote."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import pyoxigraph as ox

from threatgraph.validate.evaluation.messages import OF_QUERY, chosen, unmarked
from threatgraph.validate.report import ValidationResult
from threatgraph.validate.shapes.graph import SH

if TYPE_CHECKING:
    import rdflib

Statements = dict[ox.BlankNode | ox.NamedNode, list[ox.Triple]]
_NONE = "This breaks a constraint that has no message (sh:message)."
Names = dict[ox.BlankNode, ox.NamedNode]


def read_results(report: rdflib.Graph, blanks: Mapping[str, str]) -> list[ValidationResult]:
    """The results of a ``sh:ValidationReport`` (SHACL, section 3.6.2), without their place in a file.

    Args:
        report: the report.
        blanks: for the label of each blank node of the data, the name that the store has for it.
    """
    text = report.serialize(format="nt", encoding="utf-8")
    about: Statements = defaultdict(list)
    for quad in ox.parse(text, format=ox.RdfFormat.N_TRIPLES):
        if isinstance(quad.subject, (ox.BlankNode, ox.NamedNode)) and quad.subject.value not in blanks:
            value = quad.object
            known: ox.NamedNode | ox.Literal | None = None
            if isinstance(value, ox.BlankNode) and value.value in blanks:
                known = ox.NamedNode(blanks[value.value])
            elif _is_message(quad.triple) and isinstance(value, ox.Literal):
                known = unmarked(value)
            if _is_message(quad.triple) and getattr(value, "value", "") == OF_QUERY:
                continue
            about[quad.subject].append(quad.triple if known is None else _with(quad, known))
    # Those of the report itself: the details of a result have results of their own.
    results = [t.object for statements in about.values() for t in statements if t.predicate.value == f"{SH}result"]
    return [_result(about[node], about) for node in results if isinstance(node, (ox.BlankNode, ox.NamedNode))]


def _with(quad: ox.Quad, value: ox.NamedNode | ox.Literal) -> ox.Triple:
    return ox.Triple(quad.subject, quad.predicate, value)


def _is_message(triple: ox.Triple) -> bool:
    return triple.predicate.value == f"{SH}resultMessage"


def _result(statements: list[ox.Triple], about: Statements) -> ValidationResult:
    values = {t.predicate.value.removeprefix(SH): t.object for t in statements}
    names: Names = {}
    kept = [t for t in statements if t.predicate.value != f"{SH}detail"]
    kept += [
        t for of in statements if of.predicate.value == f"{SH}resultPath" for t in _behind(of.object, about, names)
    ]
    rule = values.get("sourceConstraint")
    if not isinstance(rule, ox.NamedNode):
        rule = values["sourceShape"]
    path = values.get("resultPath")
    return ValidationResult(
        severity=_severity(_text(values["resultSeverity"])),
        node=_text(values["focusNode"]),
        path=path.value if isinstance(path, ox.NamedNode) else None,
        value=_text(values["value"]) if "value" in values else None,
        rule=_text(rule),
        component=_text(values["sourceConstraintComponent"]).removeprefix(SH).removesuffix("ConstraintComponent"),
        message=chosen(t.object for t in statements if _is_message(t) and isinstance(t.object, ox.Literal)) or _NONE,
        terms=tuple(_named(t, names) for t in kept),
    )


def _behind(path: object, about: Statements, names: Names) -> Iterator[ox.Triple]:
    """The triples about the path of a result, where that is a blank node, and about what it is made of.

    The parts get names by their order: pyshacl labels them anew each time.
    """
    if isinstance(path, ox.BlankNode) and path not in names:
        names[path] = ox.NamedNode(f"{next(iter(names.values())).value}-{len(names)}") if names else _skolem(path)
        for triple in sorted(about.get(path, []), key=lambda t: t.predicate.value):
            yield triple
            yield from _behind(triple.object, about, names)


def _named(triple: ox.Triple, names: Names) -> ox.Triple:
    """The triple with names in place of its blank nodes, since a report is written without any."""
    subject, value = triple.subject, triple.object
    if isinstance(subject, ox.BlankNode):
        subject = names.get(subject) or _skolem(subject)
    if isinstance(value, ox.BlankNode):
        value = names.get(value) or _skolem(value)
    return ox.Triple(subject, triple.predicate, value)


def _skolem(node: ox.BlankNode) -> ox.NamedNode:
    return ox.NamedNode(f"urn:threatgraph:validation#{node.value}")


def _severity(iri: str) -> str:
    """The name of a severity of SHACL's own; the IRI of another."""
    return iri.removeprefix(SH).lower() if iri.startswith(SH) else iri


def _text(term: object) -> str:
    return str(getattr(term, "value", term))
