"""Validation of imported records: those that violate a shape are left out and reported."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from pyoxigraph import NamedNode, Triple

from threatgraph.errors import ThreatGraphError
from threatgraph.importers.builder import ImportResult
from threatgraph.store import MemoryStore
from threatgraph.validate import ONE_FILE, validate
from threatgraph.validate.report import ValidationResult
from threatgraph.vocab import TG, shorten

#: The named graph of the records during validation. Its file does not exist, so no results have a line in it.
_GRAPH, _FILE = "urn:threatgraph:import", Path("imported-records")
#: Up to this number of nodes, it is faster to evaluate them alone than with the whole graph.
_FEW = 500


def reject_invalid(result: ImportResult, store: MemoryStore) -> None:
    """Remove records that violate a shape, and report a problem for each.

    If only a part of a record violates a shape, only that part is removed. Links to removed records are removed too.
    Since a removal may cause further violations, validation is repeated until there are none.

    Args:
        result: the records; invalid ones are removed.
        store: the graph that the records are validated with; it is not changed.

    Raises:
        ThreatGraphError: if a violation remains that no removal resolves.
    """
    while violations := _violations(result, store):
        before = _size(result)
        names = set(result.records)
        for violation in violations:
            _remove(result, violation)
        existing = {violation.node for violation in violations if violation.rule == ONE_FILE}  # in a file of the user
        _remove_links(result, names - result.records.keys() - existing)
        if _size(result) == before:
            raise ThreatGraphError(
                f"{violations[0].node} violates a shape and cannot be removed: {violations[0].message}"
            )
    _drop_unused(result)


def _size(result: ImportResult) -> int:
    return sum(len(builder.triples) for builder in result.records.values())


def _violations(result: ImportResult, store: MemoryStore) -> list[ValidationResult]:
    """Validate the records together with the graph, and return the results on them; duplicate records come first."""
    if not result.records:
        return []
    triples = [triple for builder in result.records.values() for triple in builder.triples]
    report = validate(store.extended(triples, _GRAPH, _FILE), nodes=_few_nodes(result, store))
    found = [each for each in report.results if each.node.partition("#")[0] in result.records]
    duplicates = [each for each in found if each.rule == ONE_FILE and each.file == _FILE]
    return duplicates + [each for each in found if each.rule != ONE_FILE]


def _few_nodes(result: ImportResult, store: MemoryStore) -> set[NamedNode] | None:
    """The records and their parts; ``None`` if they are many, or if a file already describes one of them."""
    terms = {term for builder in result.records.values() for t in builder.triples for term in (t.subject, t.object)}
    nodes = {NamedNode(iri) for iri in result.records}
    nodes |= {term for term in terms if isinstance(term, NamedNode) and term.value.partition("#")[0] in result.records}
    if len(nodes) > _FEW:
        return None
    known = (
        f"ASK {{ VALUES ?node {{ {' '.join(map(str, nodes))} }} ?node a ?kind FILTER(STRSTARTS(STR(?kind), '{TG}')) }}"
    )
    return None if store.ask(known) else nodes


def _remove(result: ImportResult, violation: ValidationResult) -> None:
    """Remove the node of a violation, and report it; further violations on a removed record are ignored."""
    iri, is_part, _ = violation.node.partition("#")
    builder = result.records.get(iri)
    if builder is None:
        return
    about = f"{shorten(violation.node)} {shorten(violation.path) if violation.path else ''}".strip()
    result.report(builder.path, builder.line, f"{about}: {violation.message} {violation.remedy or ''}".rstrip())
    node = NamedNode(violation.node)
    if is_part:
        builder.triples = [t for t in builder.triples if node not in (t.subject, t.object)]
    else:
        del result.records[iri]


def _remove_links(result: ImportResult, removed: Collection[str]) -> None:
    """Remove the links to removed records."""
    for builder in result.records.values() if removed else ():
        for target in sorted({_target(triple) for triple in builder.triples} & set(removed)):
            builder.triples = [triple for triple in builder.triples if _target(triple) != target]
            reason = f"{shorten(builder.iri)}: the link to {shorten(target)} is left out, since that record is invalid."
            result.report(builder.path, builder.line, reason)


def _drop_unused(result: ImportResult) -> None:
    """Remove incomplete records, and auxiliary records that no other record links to."""
    while True:
        records = result.records
        used = {
            _target(triple) for builder in records.values() if not builder.is_incomplete() for triple in builder.triples
        }
        gone = [
            iri
            for iri, builder in records.items()
            if builder.is_incomplete() or (builder.class_name in result.auxiliary and iri not in used)
        ]
        if not gone:
            return
        for iri in gone:
            del records[iri]


def _target(triple: Triple) -> str:
    return triple.object.value if isinstance(triple.object, NamedNode) else ""
