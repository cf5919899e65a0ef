"""The gate that drafts pass on their way into the graph: what breaks a shape stays out, and is reported."""

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


def pass_gate(harvest: ImportResult, data: Sequence[Path] = ()) -> None:
    """Take out of a harvest what breaks a shape, together with the bundled graph and the files of the user.

    A part that breaks a shape goes alone, and a link to a record that is gone goes too; whether the rest can stand
    without it, the next round tells. Each round takes out something, so the rounds end.

    Args:
        harvest: the drafts; those that break a shape are taken out, and a fault is reported for each.
        data: files and folders of the user that the drafts may link to.
    """
    while findings := _findings(harvest, data):
        before = _size(harvest)
        names = set(harvest.drafts)
        for finding in findings:
            _take_out(harvest, finding)
        there = {finding.node for finding in findings if finding.rule == ONE_FILE}  # in a file of the user
        _cut_links(harvest, names - harvest.drafts.keys() - there)
        if _size(harvest) == before:
            raise ThreatGraphError(f"{findings[0].node} breaks a shape and cannot be taken out: {findings[0].message}")
    _drop_unused(harvest)


def _size(harvest: ImportResult) -> int:
    return sum(len(draft.triples) for draft in harvest.drafts.values())


def _findings(harvest: ImportResult, data: Sequence[Path]) -> list[ValidationResult]:
    if not harvest.drafts:
        return []
    with tempfile.TemporaryDirectory(prefix="threatgraph-") as folder:
        file = Path(folder) / "drafts.ttl"
        file.write_text(write_turtle(t for draft in harvest.drafts.values() for t in draft.triples), encoding="utf-8")
        report = validate(MemoryStore.open([*data, file]), only=[file])
    return [finding for finding in report.results if finding.node.partition("#")[0] in harvest.drafts]


def _take_out(harvest: ImportResult, finding: ValidationResult) -> None:
    """Take the node that a finding is about out of the harvest; several findings on one node are told one by one."""
    iri, is_part, _ = finding.node.partition("#")
    draft = harvest.drafts.get(iri)
    if draft is None:
        return
    about = f"{shorten(finding.node)} {shorten(finding.path) if finding.path else ''}".strip()
    harvest.blame(draft.path, draft.line, f"{about}: {finding.message} {finding.remedy or ''}".rstrip())
    node = NamedNode(finding.node)
    if is_part:
        draft.triples = [t for t in draft.triples if node not in (t.subject, t.object)]
    else:
        del harvest.drafts[iri]


def _cut_links(harvest: ImportResult, gone: Collection[str]) -> None:
    """Take out the links to records that are gone."""
    for draft in harvest.drafts.values() if gone else ():
        for lost in sorted({_target(triple) for triple in draft.triples} & set(gone)):
            draft.triples = [triple for triple in draft.triples if _target(triple) != lost]
            reason = f"{shorten(draft.iri)} goes without its link to {shorten(lost)}, which is left out."
            harvest.blame(draft.path, draft.line, reason)


def _drop_unused(harvest: ImportResult) -> None:
    """Take out the drafts that have lost what they are for, or that are there for the sake of others which are gone."""
    while True:
        drafts = harvest.drafts
        used = {_target(triple) for draft in drafts.values() if not draft.is_hollow() for triple in draft.triples}
        gone = [
            iri
            for iri, draft in drafts.items()
            if draft.is_hollow() or (draft.class_name in harvest.helping and iri not in used)
        ]
        if not gone:
            return
        for iri in gone:
            del drafts[iri]


def _target(triple: Triple) -> str:
    return triple.object.value if isinstance(triple.object, NamedNode) else ""
