"""Checks a graph against SHACL shapes, fast.

SPARQL queries made from the shapes find the nodes that may break a rule (:mod:`threatgraph.validate.compile`), and
pyshacl judges those (:mod:`threatgraph.validate.referee`), so each finding is pyshacl's own. What has no SPARQL form is
judged by pyshacl on all nodes that it is about, and a note says so.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pyoxigraph import BlankNode, Literal, NamedNode

from threatgraph import resources
from threatgraph.errors import InvalidQuery
from threatgraph.store import Store
from threatgraph.store.files import find_files
from threatgraph.validate import shapes as shape_files
from threatgraph.validate.compile import Compiler
from threatgraph.validate.locate import Locator
from threatgraph.validate.report import Finding, Report, sort
from threatgraph.validate.results import read_results
from threatgraph.validate.shapes import Check, ShapeGraph, Term
from threatgraph.vocab import TG

if TYPE_CHECKING:
    import rdflib

Progress = Callable[[Sequence[Term]], Iterable[Term]]
#: The rule that a record stands in one file; it is about files, which SHACL cannot see.
ONE_FILE = "https://w3id.org/threatgraph/shapes#one-file-a-record"

__all__ = ["ONE_FILE", "Finding", "Report", "validate"]


def validate(
    store: Store,
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
        InvalidShape: where a shape breaks the rules for shapes.
    """
    graph = shape_files.load(find_files(shapes or [resources.ontology_dir() / "shapes"]))
    checks = shape_files.read_checks(graph, hints=hints)
    notes = [*_unheeded(graph, checks), *_unknown_terms(store, checks)]
    judged = _suspects_judged(store, graph, checks, notes) if fast else _all_judged(store, graph, progress)
    chosen = None if only is None else {file.resolve() for file in find_files(only)}
    locator = Locator(store, chosen or ())
    owners = shape_files.owners(graph)
    findings = [_placed(replace(finding, rule=owners.get(finding.rule, finding.rule)), locator) for finding in judged]
    findings += _two_files(store, locator)
    if not hints:
        findings = [finding for finding in findings if finding.severity != "info"]
    if chosen is not None:
        findings = [finding for finding in findings if _concerns(finding, chosen, locator)]
    return Report(sort(findings), notes)


def _suspects_judged(store: Store, graph: ShapeGraph, checks: Iterable[Check], notes: list[str]) -> list[Finding]:
    compiler = Compiler(graph, store)
    suspects: dict[Check, list[Term]] = {}
    for check in checks:
        rows = _rows(store, compiler.query(check))
        if rows is None:
            notes.append(f"{check.constraint or check.shape} has no SPARQL form: pyshacl judges all that it is about.")
            rows = _rows(store, f"SELECT DISTINCT ?this WHERE {{ {compiler.scope(check.target)} }}")
        nodes = [row[0] for row in rows or () if isinstance(row[0], (BlankNode, NamedNode, Literal))]
        if nodes:
            suspects[check] = nodes
    if not suspects:
        return []
    from threatgraph.validate.referee import NotJudged, judge, quiet

    with quiet():
        data = store.to_rdflib()
        try:
            return read_results(judge(data, graph, suspects))
        except NotJudged:
            return [found for check, nodes in suspects.items() for found in _judged_apart(data, graph, check, nodes)]


def _rows(store: Store, query: str | None) -> Sequence[tuple[object, ...]] | None:
    """The rows of a query; ``None`` without one, or for one that Oxigraph does not read: then pyshacl says why."""
    try:
        return None if query is None else store.select(query).rows
    except InvalidQuery:
        return None


def _judged_apart(data: rdflib.Graph, graph: ShapeGraph, check: Check, nodes: Sequence[Term]) -> Iterator[Finding]:
    """The findings of one check, by halves of its nodes: where pyshacl fails on one node, the others are judged."""
    from threatgraph.validate.referee import NotJudged, judge

    try:
        yield from read_results(judge(data, graph, {check: nodes}))
    except NotJudged as error:
        if len(nodes) == 1 and isinstance(nodes[0], NamedNode):
            rule = check.constraint or check.shape
            path, remedy = check.path[0] if check.path else None, shape_files.first(graph, rule, "message")
            message = f"{remedy.value} ({error})" if remedy else str(error)
            yield Finding("violation", nodes[0].value, path, None, rule.value, "NotJudged", message)
        elif len(nodes) == 1:
            raise
        else:
            yield from _judged_apart(data, graph, check, nodes[: len(nodes) // 2])
            yield from _judged_apart(data, graph, check, nodes[len(nodes) // 2 :])


def _all_judged(store: Store, graph: ShapeGraph, progress: Progress) -> list[Finding]:
    from threatgraph.validate.referee import judge_all, quiet

    with quiet():
        return read_results(judge_all(store.to_rdflib(), graph, progress))


def _placed(finding: Finding, locator: Locator) -> Finding:
    file, line = locator.place(finding.focus, finding.path, finding.value)
    return replace(finding, file=file, line=line)


def _concerns(finding: Finding, chosen: Collection[Path], locator: Locator) -> bool:
    """Whether a finding is about a node of the chosen files; a node of several files is of each of them."""
    if finding.rule == ONE_FILE:
        return finding.file is not None and finding.file.resolve() in chosen
    return any(file.resolve() in chosen for file in locator.files(finding.focus))


def _unheeded(graph: ShapeGraph, checks: Sequence[Check]) -> Iterator[str]:
    """Notes on what the shapes ask for in vain."""
    if not checks:
        yield "the shapes demand nothing of any node: do the files hold shapes, with targets?"
    for component in shape_files.components(graph):
        yield f"the constraint component {component} is not judged: write it as a sh:sparql constraint of the shape."


def _unknown_terms(store: Store, checks: Iterable[Check]) -> Iterator[str]:
    """Notes on target classes and paths that nothing declares or uses: a misspelt one would never find fault."""
    classes: dict[str, set[str]] = {}
    for check in checks:
        if check.target.kind == "targetClass":
            paths = classes.setdefault(str(check.target.term), set())
            paths.update([f"<{check.path[0]}>"] if check.path else [])
    unknown = {term for term in classes if not _is_known(store, term, "[] a {0} . ", "{0} rdfs:subClassOf []")}
    for term in sorted(unknown):
        yield f"{term} is the target of a shape, but nothing declares or has that class: is it misspelt?"
    for path in sorted(set[str]().union(*(classes[term] for term in classes.keys() - unknown))):
        if not _is_known(store, path, "[] {0} []"):
            yield f"{path} is the path of a shape, but nothing declares or has that property: is it misspelt?"


def _is_known(store: Store, term: str, *uses: str) -> bool:
    patterns = " UNION ".join(f"{{ {use.format(term)} }}" for use in ("{0} a []", *uses))
    return store.ask(f"ASK {{ {patterns} }}")


def _two_files(store: Store, locator: Locator) -> Iterator[Finding]:
    """Findings on records that two files define."""
    query = f"""SELECT DISTINCT ?node ?graph WHERE {{
        {{ SELECT ?node WHERE {{ GRAPH ?any {{ ?node a ?kind }} FILTER(STRSTARTS(STR(?kind), "{TG}")) }}
           GROUP BY ?node HAVING(COUNT(DISTINCT ?any) > 1) }}
        GRAPH ?graph {{ ?node a ?class }} FILTER(STRSTARTS(STR(?class), "{TG}")) }}"""
    defined: dict[str, list[Path]] = {}
    for node, graph in store.select(query).rows:
        if isinstance(node, NamedNode) and isinstance(graph, NamedNode) and graph.value in store.files:
            defined.setdefault(node.value, []).append(store.files[graph.value])
    for iri, files in defined.items():
        for file in files:
            others = " and ".join(str(other) for other in sorted(files) if other != file)
            message = f"{others} defines this record too: keep it in one file, or rename one of the two."
            if others:
                yield Finding("violation", iri, None, None, ONE_FILE, "OneFile", message, file, locator.line(file, iri))
