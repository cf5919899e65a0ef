"""Counts the records and shapes of a validation, and reports if nothing was checked."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from pyoxigraph import BlankNode, Literal, NamedNode

from threatgraph.rdf.terms import Node
from threatgraph.store import Store
from threatgraph.validate.candidates.compiler import Compiler
from threatgraph.validate.report import Unevaluated
from threatgraph.validate.shapes.graph import ShapeGraph, Target, first, is_hint, is_true, nodes, targets
from threatgraph.validate.shapes.index import ShapesIndex

TargetedShapes = Mapping[Node, Sequence[Target]]


def targeted_shapes(graph: ShapeGraph, index: ShapesIndex, *, hints: bool, advanced: bool) -> dict[Node, list[Target]]:
    """The active shapes with targets, and these targets.

    Args:
        graph: the shapes graph.
        index: its index.
        hints: include shapes with severity ``sh:Info``.
        advanced: include shapes whose only targets are SPARQL-based targets (SHACL Advanced Features).
    """
    found: dict[Node, list[Target]] = {}
    for shape in sorted((node for node in index.shapes if node in graph), key=str):
        if is_true(graph, shape, "deactivated") or (is_hint(graph, shape) and not hints) or isinstance(shape, Literal):
            continue
        known = [target for target in targets(graph, shape) if not isinstance(target.term, BlankNode)]
        if known or (advanced and first(graph, shape, "target") is not None):
            found[shape] = known
    return found


def count_hints(graph: ShapeGraph, targeted: TargetedShapes) -> int:
    """The number of active property shapes with severity ``sh:Info`` in some shapes."""
    inner = {member for shape in targeted for member in nodes(graph, shape, "property")}
    return sum(is_hint(graph, shape) and not is_true(graph, shape, "deactivated") for shape in inner)


def count_records(store: Store, compiler: Compiler, targeted: TargetedShapes, files: Collection[Path] | None) -> int:
    """The number of distinct nodes in the targets of some shapes.

    Args:
        store: the graph.
        compiler: compiles targets to SPARQL.
        targeted: the shapes and their targets.
        files: count only nodes with statements in these files, given as resolved paths; all nodes by default.
    """
    scopes = dict.fromkeys(compiler.scope(target) for known in targeted.values() for target in known)
    if not scopes:
        return 0
    union = " UNION ".join(f"{{ {scope} }}" for scope in scopes)
    wheres = [union] if files is None else [union, _stated_in(store, files)]
    # Subqueries make the engine evaluate each set once. In a single group, it evaluates one set per node of the other.
    subqueries = " ".join(f"{{ SELECT DISTINCT ?this WHERE {{ {where} }} }}" for where in wheres)
    count = store.select(f"SELECT (COUNT(*) AS ?count) WHERE {{ {subqueries} }}").rows[0][0]
    return int(count.value) if isinstance(count, Literal) else 0


def count_nodes_in(store: Store, nodes: Collection[str], files: Collection[Path] | None) -> int:
    """The number of nodes, given by their IRIs, with statements in some files; all nodes if no files are given."""
    if files is None:
        return len(nodes)
    rows = store.select(f"SELECT DISTINCT ?this WHERE {{ {_stated_in(store, files)} }}").rows
    return len({row[0].value for row in rows if isinstance(row[0], NamedNode)} & set(nodes))


def _stated_in(store: Store, files: Collection[Path]) -> str:
    """The pattern of the nodes with statements in some files."""
    graphs = [f"<{graph}>" for graph, file in store.files.items() if file.resolve() in files]
    return f"VALUES ?file {{ {' '.join(graphs)} }} GRAPH ?file {{ ?this ?property ?value }}"


def shapes_without_nodes(
    store: Store, compiler: Compiler, targeted: TargetedShapes, notes: Sequence[str]
) -> Iterator[str]:
    """Notes on the shapes whose targets select no node, unless another note already names the target."""
    named = {note.partition(" ")[0] for note in notes}
    for shape, known in targeted.items():
        is_noted = any(target.kind == "targetNode" or str(target.term) in named for target in known)
        if not is_noted and not any(store.ask(f"ASK {{ {compiler.scope(target)} }}") for target in known):
            yield f"the targets of {shape} select no nodes in the data."


def nothing_checked(
    store: Store,
    graph: ShapeGraph,
    index: ShapesIndex,
    targeted: TargetedShapes,
    records: int,
    only: Collection[Path] | None,
) -> Iterator[Unevaluated]:
    """Report why no node was checked against any shape.

    Shapes that are all deactivated are not reported: nothing was to be checked.

    Args:
        store: the graph.
        graph: the shapes graph.
        index: its index.
        targeted: the active shapes with targets.
        records: the number of nodes that were checked.
        only: the files that the validation was restricted to.
    """
    if not targeted:
        yield from _no_targets(graph, index)
    elif not store.ask("ASK { ?subject ?property ?value }"):
        yield Unevaluated("", "data", "the data is empty, so nothing was checked.")
    elif not records:
        data = "the data contains" if only is None else "these files contain"
        yield Unevaluated("", "data", f"{data} no records that a shape targets, so nothing was checked.")


def _no_targets(graph: ShapeGraph, index: ShapesIndex) -> Iterator[Unevaluated]:
    shapes = [node for node in index.shapes if isinstance(node, Node) and node in graph]
    with_targets = [shape for shape in shapes if targets(graph, shape)]
    if not shapes:
        yield Unevaluated("", "shapes", "the shapes files contain no shapes.")
    elif not with_targets:
        yield Unevaluated("", "shapes", "no shape has a target: add one, such as sh:targetClass.")
    elif any(not is_true(graph, shape, "deactivated") for shape in with_targets):
        yield Unevaluated("", "shapes", "all shapes with targets are hints (sh:Info): evaluate them with `hints=True`.")
