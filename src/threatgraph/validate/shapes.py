"""Reads shape files into checks: what each shape demands, and of which nodes.

A check is one shape's own demands (its components, or one SPARQL constraint) together with the nodes that they are made
of. Property shapes that hang on a node shape become checks with the node shape's targets, so that each can be asked and
judged by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from threatgraph.errors import InvalidFile
from threatgraph.store.files import read_quads
from threatgraph.store.guard import refuse_unsafe
from threatgraph.vocab import PREFIXES, RDF_TYPE

SH = PREFIXES["sh"]
RDF = PREFIXES["rdf"]
Node = NamedNode | BlankNode
Term = NamedNode | BlankNode | Literal
#: Properties of a shape that make no demand on a node.
DESCRIPTIVE = frozenset(
    "path property sparql message severity name description order group defaultValue deactivated".split()
)
TARGETS = ("targetClass", "targetSubjectsOf", "targetObjectsOf", "targetNode")
#: Subject to predicate IRI to objects; blank nodes of different files are kept apart.
ShapeGraph = Mapping[Term, Mapping[str, Sequence[Term]]]


@dataclass(frozen=True)
class Target:
    """The nodes that a shape is about: ``kind`` is one of :data:`TARGETS`."""

    kind: str
    term: Term


@dataclass(frozen=True, eq=False)
class Check:
    """One shape's demands on one set of nodes."""

    shape: Node
    target: Target
    path: tuple[str, bool] | None
    """The property, and whether it is followed backwards; ``None`` for demands on the node itself."""
    parameters: Mapping[str, Sequence[Term]]
    """Local name of each SHACL parameter to its values."""
    constraint: Node | None = None
    """The SPARQL constraint, where this check is one."""
    readable: bool = True
    """Whether the path is one that this module reads; a check with another path is left to the referee."""


def load(files: Iterable[Path]) -> ShapeGraph:
    """Read shape files into one graph: subject to predicate IRI to objects.

    Raises:
        InvalidFile: where a file cannot be read, or is no RDF.
        QueryRefused: where a SPARQL constraint would reach another server.
    """
    graph: dict[Term, dict[str, list[Term]]] = defaultdict(lambda: defaultdict(list))
    for number, file in enumerate(files):
        labels: dict[BlankNode, BlankNode] = {}

        def apart(term: Term, number: int = number, labels: dict[BlankNode, BlankNode] = labels) -> Term:
            """A blank node by its place in its file, so that a report names it in the same way each time."""
            if isinstance(term, BlankNode):
                return labels.setdefault(term, BlankNode(f"shape{number}x{len(labels)}"))
            return term

        for quad in read_quads(file):
            subject, value = quad.subject, quad.object
            if isinstance(subject, Triple) or isinstance(value, Triple):
                raise InvalidFile(str(file), "quoted triples have no place in a shapes graph.")
            if quad.predicate.value in (f"{SH}select", f"{SH}ask") and isinstance(value, Literal):
                refuse_unsafe(value.value)  # a constraint has no business on other servers
            graph[apart(subject)][quad.predicate.value].append(apart(value))
    return graph


def read_checks(graph: ShapeGraph, *, hints: bool) -> list[Check]:
    """The checks of a shapes graph, in the order of its subjects.

    Args:
        graph: what :func:`load` gives.
        hints: take shapes of the severity ``sh:Info`` as well.
    """
    checks: list[Check] = []
    for shape in sorted((s for s in graph if isinstance(s, (NamedNode, BlankNode))), key=str):
        for target in targets(graph, shape):
            for member in (shape, *nodes(graph, shape, "property")):
                severity = str(first(graph, member, "severity") or "")
                if not hints and severity == f"<{SH}Info>":
                    continue
                checks.extend(_checks(graph, member, target))
    return checks


def first(graph: ShapeGraph, subject: Term, name: str) -> Term | None:
    """The first value of a SHACL property, or ``None``."""
    return next(iter(graph.get(subject, {}).get(SH + name, ())), None)


def nodes(graph: ShapeGraph, subject: Term, name: str) -> list[Node]:
    """The values of a SHACL property that are nodes."""
    return [v for v in graph.get(subject, {}).get(SH + name, ()) if isinstance(v, (NamedNode, BlankNode))]


def members(graph: ShapeGraph, head: Term) -> Iterator[Term]:
    """The members of an RDF list."""
    seen: set[Term] = set()
    while head in graph and head not in seen:
        seen.add(head)
        yield from graph[head].get(f"{RDF}first", ())
        head = next(iter(graph[head].get(f"{RDF}rest", ())), NamedNode(f"{RDF}nil"))


def parameters(graph: ShapeGraph, shape: Term) -> dict[str, Sequence[Term]]:
    """The SHACL parameters of a shape that make a demand."""
    found = {}
    for predicate, values in graph.get(shape, {}).items():
        name = predicate.removeprefix(SH)
        if predicate.startswith(SH) and name not in DESCRIPTIVE and not name.startswith("target"):
            found[name] = values
    return found


def targets(graph: ShapeGraph, shape: Node) -> list[Target]:
    """What a shape says that it is about (SHACL, section 2.1.3)."""
    found = [Target(kind, term) for kind in TARGETS for term in graph[shape].get(SH + kind, ())]
    types = {str(kind) for kind in graph[shape].get(RDF_TYPE, ())}
    if types & {f"<{PREFIXES['rdfs']}Class>", f"<{PREFIXES['owl']}Class>"}:
        found.append(Target("targetClass", shape))  # an implicit class target (SHACL, section 2.1.3.3)
    return found


def _checks(graph: ShapeGraph, shape: Node, target: Target) -> Iterator[Check]:
    path, readable = _path(graph, first(graph, shape, "path"))
    found = parameters(graph, shape)
    if found:
        yield Check(shape, target, path, found, readable=readable)
    for constraint in nodes(graph, shape, "sparql"):
        yield Check(shape, target, path, {}, constraint, readable)


def _path(graph: ShapeGraph, term: Term | None) -> tuple[tuple[str, bool] | None, bool]:
    if term is None:
        return None, True
    if isinstance(term, NamedNode):
        return (term.value, False), True
    inverse = first(graph, term, "inversePath")
    if isinstance(inverse, NamedNode):
        return (inverse.value, True), True
    return None, False
