"""Counts the nodes and shapes that a validation looks at, and says where it looks at none."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from pyoxigraph import BlankNode, Literal, NamedNode

from threatgraph.rdf.terms import Node
from threatgraph.store import Store
from threatgraph.validate.candidates.compiler import Compiler
from threatgraph.validate.report import Unevaluated
from threatgraph.validate.shapes.graph import ShapeGraph, Target, first, is_hint, is_true, nodes, targets
from threatgraph.validate.shapes.parts import Parts

Targeted = Mapping[Node, Sequence[Target]]


def targeted_shapes(graph: ShapeGraph, parts: Parts, *, hints: bool, advanced: bool) -> dict[Node, list[Target]]:
    """The active shapes that name nodes to check, with their targets.

    Args:
        graph: the shapes graph.
        parts: its parts.
        hints: whether shapes of the severity ``sh:Info`` count.
        advanced: whether shapes count that name nodes by SHACL Advanced Features only.
    """
    found: dict[Node, list[Target]] = {}
    for shape in sorted((node for node in parts.shapes if node in graph), key=str):
        if is_true(graph, shape, "deactivated") or (is_hint(graph, shape) and not hints) or isinstance(shape, Literal):
            continue
        told = [target for target in targets(graph, shape) if not isinstance(target.term, BlankNode)]
        if told or (advanced and first(graph, shape, "target") is not None):
            found[shape] = told
    return found


def count_hints(graph: ShapeGraph, targeted: Targeted) -> int:
    """How many property shapes of some shapes say what could be better, not what is wrong."""
    inner = {member for shape in targeted for member in nodes(graph, shape, "property")}
    return sum(is_hint(graph, shape) and not is_true(graph, shape, "deactivated") for shape in inner)


def count_records(store: Store, compiler: Compiler, targeted: Targeted, files: Collection[Path] | None) -> int:
    """How many nodes some shapes name, each once.

    Args:
        store: the graph.
        compiler: writes the targets in SPARQL.
        targeted: the shapes.
        files: count nodes alone of which one of these files, resolved, says something; all nodes by default.
    """
    scopes = dict.fromkeys(compiler.scope(target) for told in targeted.values() for target in told)
    if not scopes:
        return 0
    among = " UNION ".join(f"{{ {scope} }}" for scope in scopes)
    wheres = [among] if files is None else [among, _described(store, files)]
    # Each set is made once and then joined; in one group, the engine walks one of them for each node of the other.
    joined = " ".join(f"{{ SELECT DISTINCT ?this WHERE {{ {where} }} }}" for where in wheres)
    count = store.select(f"SELECT (COUNT(*) AS ?count) WHERE {{ {joined} }}").rows[0][0]
    return int(count.value) if isinstance(count, Literal) else 0


def count_described(store: Store, nodes: Collection[str], files: Collection[Path] | None) -> int:
    """How many of some nodes, by their IRIs, are those of which one of these files says something; all by default."""
    if files is None:
        return len(nodes)
    rows = store.select(f"SELECT DISTINCT ?this WHERE {{ {_described(store, files)} }}").rows
    return len({row[0].value for row in rows if isinstance(row[0], NamedNode)} & set(nodes))


def _described(store: Store, files: Collection[Path]) -> str:
    graphs = [f"<{graph}>" for graph, file in store.files.items() if file.resolve() in files]
    return f"VALUES ?file {{ {' '.join(graphs)} }} GRAPH ?file {{ ?this ?property ?value }}"


def without_nodes(store: Store, compiler: Compiler, targeted: Targeted, notes: Sequence[str]) -> Iterator[str]:
    """Notes on the shapes whose targets name no node of the data, where no other note says so."""
    named = {note.partition(" ")[0] for note in notes}
    for shape, told in targeted.items():
        known = any(target.kind == "targetNode" or str(target.term) in named for target in told)
        if not known and not any(store.ask(f"ASK {{ {compiler.scope(target)} }}") for target in told):
            yield f"the targets of {shape} select no node of the data."


def nothing_checked(
    store: Store, graph: ShapeGraph, parts: Parts, targeted: Targeted, records: int, only: Collection[Path] | None
) -> Iterator[Unevaluated]:
    """What to say where no node was checked against a shape; shapes that are deactivated are meant to check none."""
    shapes = [node for node in parts.shapes if isinstance(node, Node) and node in graph]
    if not shapes:
        yield Unevaluated("", "shapes", "the files of shapes hold no shape.")
    elif not targeted:
        aimed = [shape for shape in shapes if targets(graph, shape)]
        if any(not is_true(graph, shape, "deactivated") for shape in aimed):
            yield Unevaluated("", "shapes", "all that have targets are hints (sh:Info): evaluate them with --hints.")
        elif not aimed:
            reason = "no shape demands anything of a node: give one a target, such as sh:targetClass."
            yield Unevaluated("", "shapes", reason)
    elif not store.ask("ASK { ?subject ?property ?value }"):
        yield Unevaluated("", "data", "the data is empty, so nothing was checked.")
    elif not records:
        place = "the data holds" if only is None else "these files hold"
        yield Unevaluated("", "data", f"{place} no record that a shape is about, so nothing was checked.")
