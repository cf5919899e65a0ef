"""Validates a graph against SHACL shapes.

1. SPARQL queries compiled from the shapes find the candidate nodes, those that may violate a constraint
   (:mod:`threatgraph.validate.candidates`).
2. pyshacl evaluates the candidates on the subgraph that their shapes read (:mod:`threatgraph.validate.evaluation`),
   so every result is pyshacl's own. A shape with no SPARQL form is evaluated on all of its targets.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from pyoxigraph import NamedNode

from threatgraph import resources
from threatgraph.rdf.files import find_files
from threatgraph.rdf.terms import Node
from threatgraph.store import Store
from threatgraph.validate.candidates.compiler import Compiler
from threatgraph.validate.candidates.finder import Candidates
from threatgraph.validate.counting import (
    count_described,
    count_hints,
    count_records,
    nothing_checked,
    targeted_shapes,
    without_nodes,
)
from threatgraph.validate.locate import Locator
from threatgraph.validate.messages import remedy_of
from threatgraph.validate.report import Unevaluated, ValidationReport, ValidationResult, sort
from threatgraph.validate.shapes.checks import Check, read_checks
from threatgraph.validate.shapes.graph import ShapeGraph, load
from threatgraph.validate.shapes.graph import owners as owners_of
from threatgraph.validate.shapes.parts import Parts
from threatgraph.validate.shapes.reader import read_shapes
from threatgraph.validate.shapes.unevaluated import find_unevaluated, misspelt_terms_named, uses_advanced
from threatgraph.validate.statistics import Census
from threatgraph.validate.unknown import of_unknown_class, without_class
from threatgraph.vocab import FILE_GRAPHS, TG

Progress = Callable[[Sequence[Node]], Iterable[Node]]
#: The rule that a record stands in one file; it is about files, which SHACL cannot see.
ONE_FILE = "https://w3id.org/threatgraph/shapes#one-file-a-record"

__all__ = ["ONE_FILE", "Unevaluated", "ValidationReport", "ValidationResult", "validate"]


def validate(
    store: Store,
    *,
    shapes: Sequence[Path] | None = None,
    only: Collection[Path] | None = None,
    fast: bool = True,
    hints: bool = False,
    advanced: bool = False,
    progress: Progress = iter,
) -> ValidationReport:
    """Check the graph of a store.

    Args:
        store: the graph, with the ontology in it.
        shapes: files of shapes, or folders of them; the bundled ones by default.
        only: report what concerns nodes of these files, or of files in these folders; everything by default.
        fast: let SPARQL choose the nodes that pyshacl judges; otherwise it judges all, which gives the same findings.
        hints: report what could be better (``sh:Info``) as well as what is wrong.
        advanced: evaluate SHACL Advanced Features (targets and rules in SPARQL, expressions, functions), which pyshacl
            does over the whole graph; otherwise they are reported as not evaluated.
        progress: without ``fast``, is given the shapes and gives them back one by one, so that a caller can show a bar.

    Returns:
        The findings, and what was not evaluated; the graph conforms only where there is neither.

    Raises:
        InvalidFile: where a file of shapes is missing or cannot be read.
        InvalidShape: where a shape breaks the rules for shapes.
        QueryRefused: where a query of the shapes would reach beyond the graph.
    """
    files = find_files(shapes or [resources.ontology_dir() / "shapes"])
    graph = load(files)
    parts, census = Parts(graph), Census(store)
    compiler = Compiler(graph, census)
    notes: list[str] = []
    judged_nodes: set[str] | None = None
    with misspelt_terms_named(graph, parts):
        components = read_shapes(graph, parts, advanced=advanced)
        coverage = find_unevaluated(graph, parts, components, files, advanced=advanced)
        checks = read_checks(graph, hints=hints, given=components.given)
        if advanced and uses_advanced(graph):
            from threatgraph.validate.evaluation.evaluator import Judge

            judged, judged_nodes = Judge(store, graph, census, components).advanced(coverage.left_out)
        else:
            notes += _unknown_terms(store, checks) if shapes else ()
            candidates = Candidates(store, graph, compiler, components)
            judged = _judged(store, graph, census, candidates, checks, None if fast else progress)
            notes += candidates.notes
    chosen = None if only is None else {file.resolve() for file in find_files(only)}
    locator = Locator(store, chosen or ())
    owners = owners_of(graph)
    findings = [
        _placed(replace(each, rule=owners.get(each.rule, each.rule), remedy=remedy_of(graph, each.rule)), locator)
        for each in judged
    ]
    findings += _two_files(store, locator)
    if not shapes:
        graphs = [graph for graph, file in store.files.items() if _is_asked_for(graph, file, chosen)]
        unknown = {
            finding.node: finding for finding in (*without_class(store, graphs), *of_unknown_class(store, census))
        }
        findings += [_placed(finding, locator) for finding in unknown.values()]
    if not hints:
        findings = [finding for finding in findings if finding.severity != "info"]
    if chosen is not None:
        findings = [finding for finding in findings if _concerns(finding, chosen, locator)]
    targeted = targeted_shapes(graph, parts, hints=hints, advanced=advanced)
    if judged_nodes is None:
        records = count_records(store, compiler, targeted, chosen)
    else:
        records = count_described(store, judged_nodes, chosen)
    if shapes and judged_nodes is None:
        notes += without_nodes(store, compiler, targeted, notes)
    return ValidationReport(
        sort(findings),
        notes,
        unevaluated=coverage.unevaluated or list(nothing_checked(store, graph, parts, targeted, records, only)),
        records=records,
        shapes=len(targeted),
        hints_left_out=0 if hints else count_hints(graph, targeted),
    )


def _judged(
    store: Store,
    graph: ShapeGraph,
    census: Census,
    candidates: Candidates,
    checks: Sequence[Check],
    progress: Progress | None,
) -> list[ValidationResult]:
    """The findings of pyshacl: on the nodes that SPARQL chooses, or with ``progress`` on all."""
    suspects = candidates.of(checks) if progress is None else {}
    if not suspects and progress is None:
        return []
    from threatgraph.validate.evaluation.evaluator import Judge

    judge = Judge(store, graph, census, candidates.components)
    judged = judge.suspects(suspects) if progress is None else judge.all(progress, candidates.of, checks)
    candidates.notes += judge.notes
    return judged


def _is_asked_for(graph: str, file: Path, chosen: Collection[Path] | None) -> bool:
    """Whether a file is among the chosen ones, or, where none are, one of the user."""
    return not graph.startswith(FILE_GRAPHS) if chosen is None else file.resolve() in chosen


def _placed(finding: ValidationResult, locator: Locator) -> ValidationResult:
    file, line = locator.place(finding.focus, finding.path, finding.value)
    return replace(finding, file=file, line=line)


def _concerns(finding: ValidationResult, chosen: Collection[Path], locator: Locator) -> bool:
    """Whether a finding is about a node of the chosen files; a node of several files is of each of them."""
    if finding.rule == ONE_FILE:
        return finding.file is not None and finding.file.resolve() in chosen
    return any(file.resolve() in chosen for file in locator.files(finding.focus))


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


def _two_files(store: Store, locator: Locator) -> Iterator[ValidationResult]:
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
            message = f"{others} also defines this record."
            remedy = "Keep the record in one file, or rename one of the two."
            if others:
                line = locator.line(file, iri)
                yield ValidationResult(
                    "violation", iri, None, None, ONE_FILE, "OneFile", message, file, line, remedy=remedy
                )
