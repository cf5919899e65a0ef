"""Checks a graph against SHACL shapes, fast.

SPARQL queries made from the shapes find the nodes that may break a rule (:mod:`threatgraph.validate.compile`), and
pyshacl judges those (:mod:`threatgraph.validate.referee`), so each finding is pyshacl's own. What has no SPARQL form is
judged by pyshacl on all nodes that it is about, and a note says so.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from pyoxigraph import NamedNode

from threatgraph import resources
from threatgraph.store import Store
from threatgraph.store.files import find_files
from threatgraph.validate import shapes as shape_files
from threatgraph.validate.candidates import find_suspects
from threatgraph.validate.census import Census
from threatgraph.validate.compile import Compiler
from threatgraph.validate.locate import Locator
from threatgraph.validate.report import Finding, Report, sort
from threatgraph.validate.shapes import Check, Node, ShapeGraph
from threatgraph.vocab import TG

Progress = Callable[[Sequence[Node]], Iterable[Node]]
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
    census = Census(store)
    compiler = Compiler(graph, census)
    suspects = find_suspects(store, compiler, checks, notes) if fast else {}
    judged: list[Finding] = []
    if suspects or not fast:
        from threatgraph.validate.judging import Judge

        judge = Judge(store, graph, census)
        if fast:
            judged = judge.suspects(suspects)
        else:
            judged = judge.all(progress, lambda few: find_suspects(store, compiler, few, []), checks)
        notes += judge.notes
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
