"""Validation of imported records: those that violate a shape are left out and reported."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Sequence
from pathlib import Path

from pyoxigraph import NamedNode, Triple

from threatgraph.errors import ThreatGraphError
from threatgraph.importers.builder import ImportResult
from threatgraph.rdf.turtle import write_turtle
from threatgraph.store import MemoryStore
from threatgraph.validate import ONE_FILE, validate
from threatgraph.validate.report import ValidationResult
from threatgraph.vocab import shorten


def reject_invalid(result: ImportResult, data: Sequence[Path] = ()) -> None:
    """Remove from an import what violates a shape, validated together with the bundled graph and the files of the user.

    A part that breaks a shape goes alone, and a link to a record that is gone goes too; whether the rest can stand
    without it, the next round tells. Each round takes out something, so the rounds end.

    Args:
        result: the records; those that break a shape are taken out, and a problem is reported for each.
        data: files and folders of the user that the records may link to.
    """
    while findings := _findings(result, data):
        before = _size(result)
        names = set(result.records)
        for finding in findings:
            _take_out(result, finding)
        there = {finding.node for finding in findings if finding.rule == ONE_FILE}  # in a file of the user
        _cut_links(result, names - result.records.keys() - there)
        if _size(result) == before:
            raise ThreatGraphError(f"{findings[0].node} breaks a shape and cannot be taken out: {findings[0].message}")
    _drop_unused(result)


def _size(result: ImportResult) -> int:
    return sum(len(builder.triples) for builder in result.records.values())


def _findings(result: ImportResult, data: Sequence[Path]) -> list[ValidationResult]:
    if not result.records:
        return []
    with tempfile.TemporaryDirectory(prefix="threatgraph-") as folder:
        file = Path(folder) / "records.ttl"
        file.write_text(
            write_turtle(t for builder in result.records.values() for t in builder.triples), encoding="utf-8"
        )
        report = validate(MemoryStore.open([*data, file]), only=[file])
    return [finding for finding in report.results if finding.node.partition("#")[0] in result.records]


def _take_out(result: ImportResult, finding: ValidationResult) -> None:
    """Take the node that a finding is about out of the result; several findings on one node are told one by one."""
    iri, is_part, _ = finding.node.partition("#")
    builder = result.records.get(iri)
    if builder is None:
        return
    about = f"{shorten(finding.node)} {shorten(finding.path) if finding.path else ''}".strip()
    result.report(builder.path, builder.line, f"{about}: {finding.message} {finding.remedy or ''}".rstrip())
    node = NamedNode(finding.node)
    if is_part:
        builder.triples = [t for t in builder.triples if node not in (t.subject, t.object)]
    else:
        del result.records[iri]


def _cut_links(result: ImportResult, gone: Collection[str]) -> None:
    """Take out the links to records that are gone."""
    for builder in result.records.values() if gone else ():
        for lost in sorted({_target(triple) for triple in builder.triples} & set(gone)):
            builder.triples = [triple for triple in builder.triples if _target(triple) != lost]
            reason = f"{shorten(builder.iri)} goes without its link to {shorten(lost)}, which is left out."
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
