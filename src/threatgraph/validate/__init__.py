"""Validates a graph against SHACL shapes.

pyshacl produces every result. It takes minutes for a large graph, so SPARQL first reduces what it has to evaluate::

    shapes files                                    data: a store
         │ (1) read                                      │ (3) count: statistics
         ▼                                               ▼
    shapes graph ──(2) one constraint ──(4) compile ──► SPARQL ──► candidate focus nodes
         │             per shape and target                              │
         │ (5) shapes subset: the shapes of the candidates               │ (5) subgraph: their footprint
         ▼                                                               ▼
    pyshacl, corrected where it differs from SHACL ──(6) results──► (7) report: file, line, rule, remedy

1. **Read the shapes** (:mod:`.shapes`). Ill-formed shapes are refused. Terms that nothing evaluates are reported, so
   that a misspelled parameter does not pass as conformance.
2. **Split them into constraints**: one shape with one target each (:mod:`.shapes.constraints`).
3. **Count** the instances and statements of the store (:mod:`.statistics`).
4. **Find candidates** (:mod:`.candidates`). Each constraint becomes SPARQL queries for the nodes that may violate it. A
   query may return too many nodes but never too few. A constraint without a SPARQL form has its whole target as
   candidates.
5. **Fetch the subgraph** that the shapes read from the candidates, their footprint (:mod:`.evaluation.footprint`), and
   copy the shapes of the candidates into a subset (:mod:`.evaluation.shapes_subset`).
6. **Evaluate** the subset on the subgraph with pyshacl (:mod:`.evaluation.evaluator`).
7. **Report**: add the file and line of each result (:mod:`.locate`), report classes that the ontology does not define
   (:mod:`.unknown`), and count what was checked (:mod:`.counting`).

If no constraint has candidates, the graph conforms, and pyshacl is not even imported. With ``fast=False``, steps 4 and
5 are skipped and pyshacl evaluates all targets on the full graph; the results are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pyoxigraph import NamedNode

from threatgraph import resources
from threatgraph.rdf.files import find_files
from threatgraph.rdf.terms import Node
from threatgraph.store import Store
from threatgraph.validate.candidates.compiler import Compiler
from threatgraph.validate.candidates.finder import CandidateFinder
from threatgraph.validate.candidates.selection import Selection
from threatgraph.validate.counting import (
    count_hints,
    count_nodes_in,
    count_records,
    nothing_checked,
    shapes_without_nodes,
    targeted_shapes,
)
from threatgraph.validate.locate import Locator
from threatgraph.validate.report import Unevaluated, ValidationReport, ValidationResult, sort
from threatgraph.validate.shapes.constraints import ShapeConstraint, read_constraints
from threatgraph.validate.shapes.graph import ShapeGraph, load, remedy_of
from threatgraph.validate.shapes.graph import owners as owners_of
from threatgraph.validate.shapes.index import ShapesIndex
from threatgraph.validate.shapes.reader import read_shapes
from threatgraph.validate.shapes.unevaluated import find_unevaluated, misspelled_terms_in_errors, uses_advanced
from threatgraph.validate.statistics import Statistics
from threatgraph.validate.unknown import missing_classes, unknown_classes
from threatgraph.vocab import FILE_GRAPHS, TG

Progress = Callable[[Sequence[Node]], Iterable[Node]]
#: The rule that a single file defines a record. SHACL cannot express it, since it concerns files.
ONE_FILE = "https://w3id.org/threatgraph/shapes#one-file-a-record"

__all__ = ["ONE_FILE", "Unevaluated", "ValidationReport", "ValidationResult", "validate"]


def validate(
    store: Store,
    *,
    shapes: Sequence[Path] | None = None,
    only: Collection[Path] | None = None,
    nodes: Collection[NamedNode] | None = None,
    fast: bool = True,
    hints: bool = False,
    advanced: bool = False,
    progress: Progress = iter,
) -> ValidationReport:
    """Validate the graph of a store.

    Args:
        store: the graph, including the ontology.
        shapes: shapes files, or folders of them; the bundled shapes by default.
        only: report only results on nodes of these files, or of files in these folders; all results by default.
        nodes: evaluate only these nodes, which one file alone describes; all nodes by default. It requires ``fast``,
            and takes a fraction of the time if they are few.
        fast: evaluate only candidate nodes, which SPARQL queries find. ``False`` makes pyshacl evaluate all nodes, with
            the same results.
        hints: include constraints with severity ``sh:Info``, which recommend improvements.
        advanced: evaluate SHACL Advanced Features (SPARQL-based targets and rules, expressions, functions) on the full
            graph. By default, they are reported as not evaluated.
        progress: wraps the iteration over the shapes if ``fast`` is false, for example in a progress bar.

    Returns:
        The results, and what was not evaluated. The graph conforms only if both are empty.

    Raises:
        InvalidFile: if a shapes file does not exist or cannot be parsed.
        InvalidShape: if a shape is ill-formed.
        QueryRefused: if a query in the shapes accesses anything other than the data graph.
    """
    files = find_files(shapes or [resources.ontology_dir() / "shapes"])
    selected = None if only is None else {file.resolve() for file in find_files(only)}
    graph = load(files)
    run = _Run(store, graph, ShapesIndex(graph), Statistics(store), nodes)
    with misspelled_terms_in_errors(graph, run.index):
        components = read_shapes(graph, run.index, advanced=advanced)
        coverage = find_unevaluated(graph, run.index, components, files, advanced=advanced)
        constraints = read_constraints(graph, hints=hints, declared=components.parameters_of)
        focus_nodes: set[str] | None = None
        if advanced and uses_advanced(graph):
            from threatgraph.validate.evaluation.evaluator import Evaluator

            evaluator = Evaluator(store, graph, run.statistics, components)
            results, focus_nodes = evaluator.evaluate_advanced(coverage.excluded)
            notes: list[str] = []
        else:
            finder = CandidateFinder(store, graph, run.compiler, components)
            results = run.evaluate(finder, constraints, None if fast else progress)
            notes = [*(_unknown_terms(store, constraints) if shapes else ()), *finder.notes]
    located = run.locate(results, selected, bundled=not shapes)
    targeted = targeted_shapes(graph, run.index, hints=hints, advanced=advanced)
    if focus_nodes is None:
        records = count_records(store, run.compiler, targeted, selected)
        notes += shapes_without_nodes(store, run.compiler, targeted, notes) if shapes else ()
    else:
        records = count_nodes_in(store, focus_nodes, selected)
    nothing = nothing_checked(store, graph, run.index, targeted, records, only)
    return ValidationReport(
        sort(result for result in located if hints or result.severity != "info"),
        notes,
        unevaluated=coverage.unevaluated or list(nothing),
        records=records,
        shapes=len(targeted),
        hints_left_out=0 if hints else count_hints(graph, targeted),
    )


@dataclass
class _Run:
    """One validation: the data, the shapes, and what is known of both."""

    store: Store
    graph: ShapeGraph
    index: ShapesIndex
    statistics: Statistics
    nodes: Collection[NamedNode] | None = None

    def __post_init__(self) -> None:
        selection = None if self.nodes is None else Selection(self.store, self.nodes)
        self.compiler = Compiler(self.graph, self.statistics, selection)

    def evaluate(
        self, finder: CandidateFinder, constraints: Sequence[ShapeConstraint], progress: Progress | None
    ) -> list[ValidationResult]:
        """The results of pyshacl on the candidates, or on all nodes if ``progress`` is given."""
        candidates = finder.find(constraints) if progress is None else {}
        if not candidates and progress is None:
            return []
        from threatgraph.validate.evaluation.evaluator import Evaluator

        evaluator = Evaluator(self.store, self.graph, self.statistics, finder.components)
        if progress is None:
            results = evaluator.evaluate(candidates)
        else:
            results = evaluator.evaluate_all(progress, finder.find, constraints)
        finder.notes += evaluator.notes
        return results

    def locate(
        self, results: Sequence[ValidationResult], selected: Collection[Path] | None, *, bundled: bool
    ) -> list[ValidationResult]:
        """The results with their files and lines, and those on files and classes, restricted to the selected files."""
        locator = Locator(self.store, selected or ())
        owners = owners_of(self.graph)
        locator.prefetch(result.focus for result in results)
        found = [
            _located(
                replace(each, rule=owners.get(each.rule, each.rule), remedy=remedy_of(self.graph, each.rule)), locator
            )
            for each in results
        ]
        if self.nodes is None:
            found += _defined_twice(self.store, locator)
        if bundled:
            graphs = [name for name, file in self.store.files.items() if _is_selected(name, file, selected)]
            missing = missing_classes(self.store, graphs, self.nodes)
            unknown = (*missing, *unknown_classes(self.store, self.statistics))
            by_node = {result.node: result for result in unknown}
            locator.prefetch(result.focus for result in by_node.values())
            found += [_located(result, locator) for result in by_node.values()]
        return found if selected is None else [result for result in found if _concerns(result, selected, locator)]


def _is_selected(graph: str, file: Path, selected: Collection[Path] | None) -> bool:
    """Whether a file is selected; without a selection, whether it is a file of the user rather than a bundled one."""
    return not graph.startswith(FILE_GRAPHS) if selected is None else file.resolve() in selected


def _located(result: ValidationResult, locator: Locator) -> ValidationResult:
    file, line = locator.locate(result.focus, result.path, result.value)
    return replace(result, file=file, line=line)


def _concerns(result: ValidationResult, selected: Collection[Path], locator: Locator) -> bool:
    """Whether a result is on a node of the selected files; a node in several files belongs to each of them."""
    if result.rule == ONE_FILE:
        return result.file is not None and result.file.resolve() in selected
    return any(file.resolve() in selected for file in locator.files(result.focus))


def _unknown_terms(store: Store, constraints: Iterable[ShapeConstraint]) -> Iterator[str]:
    """Notes on target classes and paths that the data neither declares nor uses, which may be misspelled."""
    classes: dict[str, set[str]] = {}
    for constraint in constraints:
        if constraint.target.kind == "targetClass":
            paths = classes.setdefault(str(constraint.target.term), set())
            paths.update([f"<{constraint.path[0]}>"] if constraint.path else [])
    unknown = {term for term in classes if not _is_known(store, term, "[] a {0} . ", "{0} rdfs:subClassOf []")}
    for term in sorted(unknown):
        yield f"{term} is a target class, but the data neither declares nor uses it: check the spelling."
    for path in sorted(set[str]().union(*(classes[term] for term in classes.keys() - unknown))):
        if not _is_known(store, path, "[] {0} []"):
            yield f"{path} is the path of a shape, but the data neither declares nor uses it: check the spelling."


def _is_known(store: Store, term: str, *uses: str) -> bool:
    patterns = " UNION ".join(f"{{ {use.format(term)} }}" for use in ("{0} a []", *uses))
    return store.ask(f"ASK {{ {patterns} }}")


def _defined_twice(store: Store, locator: Locator) -> Iterator[ValidationResult]:
    """Results on records that several files define, one for each file."""
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
