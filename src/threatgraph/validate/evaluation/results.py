"""Reads the results from a validation report of pyshacl."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import pyoxigraph as ox

from threatgraph.validate.evaluation.messages import FROM_QUERY, display_text, untagged
from threatgraph.validate.report import ValidationResult
from threatgraph.vocab import SH

if TYPE_CHECKING:
    import rdflib

Statements = dict[ox.BlankNode | ox.NamedNode, list[ox.Triple]]
_NO_MESSAGE = "This violates a constraint without a message (sh:message)."
Names = dict[ox.BlankNode, ox.NamedNode]


def read_results(report: rdflib.Graph, skolem: Mapping[str, str]) -> list[ValidationResult]:
    """The results of a ``sh:ValidationReport`` (SHACL, section 3.6.2), without their locations in files.

    Args:
        report: the report.
        skolem: for the label of each blank node of the data, its skolem IRI.
    """
    text = report.serialize(format="nt", encoding="utf-8")
    about: Statements = defaultdict(list)
    for quad in ox.parse(text, format=ox.RdfFormat.N_TRIPLES):
        subject = quad.subject
        if isinstance(subject, ox.BlankNode | ox.NamedNode) and subject.value not in skolem:
            value = quad.object
            if not _is_message(quad.triple):
                about[subject].append(_skolemized(quad.triple, skolem))
            elif isinstance(value, ox.Literal) and value.value != FROM_QUERY:
                about[subject].append(ox.Triple(subject, quad.predicate, untagged(value)))
    # Only the results of the report itself: the details of a result have results of their own.
    results = [t.object for statements in about.values() for t in statements if t.predicate.value == f"{SH}result"]
    return [_result(about[node], about) for node in results if isinstance(node, (ox.BlankNode, ox.NamedNode))]


def _skolemized(triple: ox.Triple, skolem: Mapping[str, str]) -> ox.Triple:
    value = triple.object
    if isinstance(value, ox.BlankNode) and value.value in skolem:
        return ox.Triple(triple.subject, triple.predicate, ox.NamedNode(skolem[value.value]))
    return triple


def _is_message(triple: ox.Triple) -> bool:
    return triple.predicate.value == f"{SH}resultMessage"


def _result(statements: list[ox.Triple], about: Statements) -> ValidationResult:
    values = {t.predicate.value.removeprefix(SH): t.object for t in statements}
    names: Names = {}
    kept = [t for t in statements if t.predicate.value != f"{SH}detail"]
    kept += [
        t
        for of in statements
        if of.predicate.value == f"{SH}resultPath"
        for t in _path_triples(of.object, about, names)
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
        message=display_text(t.object for t in statements if _is_message(t) and isinstance(t.object, ox.Literal))
        or _NO_MESSAGE,
        terms=tuple(_named(t, names) for t in kept),
    )


def _path_triples(path: object, about: Statements, names: Names) -> Iterator[ox.Triple]:
    """The triples that describe the path of a result, if it is a blank node.

    Its parts get IRIs by their order, since pyshacl assigns new labels in each run.
    """
    if isinstance(path, ox.BlankNode) and path not in names:
        names[path] = ox.NamedNode(f"{next(iter(names.values())).value}-{len(names)}") if names else _skolem(path)
        for triple in sorted(about.get(path, []), key=lambda t: t.predicate.value):
            yield triple
            yield from _path_triples(triple.object, about, names)


def _named(triple: ox.Triple, names: Names) -> ox.Triple:
    """The triple with IRIs instead of blank nodes, since reports contain no blank nodes."""
    subject, value = triple.subject, triple.object
    if isinstance(subject, ox.BlankNode):
        subject = names.get(subject) or _skolem(subject)
    if isinstance(value, ox.BlankNode):
        value = names.get(value) or _skolem(value)
    return ox.Triple(subject, triple.predicate, value)


def _skolem(node: ox.BlankNode) -> ox.NamedNode:
    return ox.NamedNode(f"urn:threatgraph:validation#{node.value}")


def _severity(iri: str) -> str:
    """The name of a severity that SHACL defines; the IRI of a custom one."""
    return iri.removeprefix(SH).lower() if iri.startswith(SH) else iri


def _text(term: object) -> str:
    return str(getattr(term, "value", term))
