"""Checks a graph against SHACL shapes, fast.

SPARQL queries made from the shapes find the nodes that may break a rule (:mod:`threatgraph.validate.compile`), and
pyshacl judges those (:mod:`threatgraph.validate.referee`), so each finding is pyshacl's own. What has no SPARQL form is
judged by pyshacl on all nodes that it is about, and a note says so.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from pyoxigraph import BlankNode, NamedNode

from threatgraph import resources
from threatgraph.store import EmbeddedStore
from threatgraph.store.files import find_files
from threatgraph.validate import shapes as shape_files
from threatgraph.validate.compile import Compiler
from threatgraph.validate.locate import Locator, line_of
from threatgraph.validate.report import Finding, Report, sort
from threatgraph.validate.results import read_results
from threatgraph.validate.shapes import Check, Node, ShapeGraph, Term
from threatgraph.vocab import TG

Progress = Callable[[Sequence[Term]], Iterable[Term]]
#: The rule that a record stands in one file; it is about files, which SHACL cannot see.
ONE_FILE = "https://w3id.org/threatgraph/shapes#one-file-a-record"

__all__ = ["ONE_FILE", "Finding", "Report", "validate"]


def validate(
    store: EmbeddedStore,
    *,
    shapes: Sequence[Path] | None = None,
    only: Collection[Path] | None = None,
    fast: bool = True,
    hints: bool = False,
    progress: Progress = iter,
) -> Report:
    """Check the graph of a store.

    Args:
        store: the graph, with the ontology in it.
        shapes: files of shapes, or folders of them; the shipped ones by default.
        only: report what concerns nodes of these files, or of files in these folders; everything by default.
        fast: let SPARQL choose the nodes that pyshacl judges; otherwise it judges all, which gives the same findings.
        hints: report what could be better (``sh:Info``) as well as what is wrong.
        progress: without ``fast``, is given the shapes and gives them back one by one, so that a caller can show a bar.

    Raises:
        InvalidFile: where a file of shapes is missing or cannot be read.
    """
    graph = shape_files.load(find_files(shapes or [resources.ontology_dir() / "shapes"]))
    checks = shape_files.read_checks(graph, hints=hints)
    notes = _unknown_targets(store, checks)
    judged = _suspects_judged(store, graph, checks, notes) if fast else _all_judged(store, graph, progress)
    locator = Locator(store)
    findings = [*(_located(finding, locator) for finding in judged), *_two_files(store, locator)]
    if not hints:
        findings = [finding for finding in findings if finding.severity != "info"]
    if only is not None:
        chosen = {file.resolve() for file in find_files(only)}
        findings = [finding for finding in findings if finding.file and finding.file.resolve() in chosen]
    return Report(sort(findings), notes)


def _suspects_judged(
    store: EmbeddedStore, graph: ShapeGraph, checks: Iterable[Check], notes: list[str]
) -> list[Finding]:
    compiler = Compiler(graph, store)
    suspects: dict[Check, list[Node]] = {}
    for check in checks:
        query = compiler.query(check)
        if query is None:
            query = f"SELECT DISTINCT ?this WHERE {{ {compiler.scope(check.target)} }}"
            notes.append(f"{check.constraint or check.shape} has no SPARQL form: pyshacl judges all that it is about.")
        nodes = [row[0] for row in store.select(query).rows if isinstance(row[0], (BlankNode, NamedNode))]
        if nodes:
            suspects[check] = nodes
    if not suspects:
        return []
    from threatgraph.validate.referee import judge

    return read_results(judge(store.to_rdflib(), graph, suspects))


def _all_judged(store: EmbeddedStore, graph: ShapeGraph, progress: Progress) -> list[Finding]:
    from threatgraph.validate.referee import judge_all

    return read_results(judge_all(store.to_rdflib(), graph, progress))


def _located(finding: Finding, locator: Locator) -> Finding:
    file, line = locator.place(finding.node, finding.path)
    return replace(finding, file=file, line=line)


def _unknown_targets(store: EmbeddedStore, checks: Iterable[Check]) -> list[str]:
    """Notes on shapes whose target class nothing declares or uses: a misspelt one would never find fault."""
    notes = []
    for term in sorted({str(check.target.term) for check in checks if check.target.kind == "targetClass"}):
        if not store.ask(
            f"ASK {{ {{ [] a {term} }} UNION {{ {term} a ?kind }} UNION {{ {term} rdfs:subClassOf [] }} }}"
        ):
            notes.append(f"{term} is the target of a shape, but nothing declares or has that class: is it misspelt?")
    return notes


def _two_files(store: EmbeddedStore, locator: Locator) -> list[Finding]:
    """Findings on records that two files define."""
    query = f"""SELECT ?node (COUNT(DISTINCT ?graph) AS ?files)
        WHERE {{ GRAPH ?graph {{ ?node a ?class }} FILTER(STRSTARTS(STR(?class), "{TG}")) }}
        GROUP BY ?node HAVING(COUNT(DISTINCT ?graph) > 1)"""
    findings = []
    for node in map(str, store.select(query).column("node")):
        files = locator.files(node)
        for file in files:
            others = " and ".join(str(other) for other in files if other != file)
            message = f"{others} defines this record too: keep it in one file, or rename one of the two."
            place = file, line_of(file, node)
            findings.append(Finding("violation", node, None, None, ONE_FILE, "OneFile", message, *place))
    return findings
