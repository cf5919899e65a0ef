"""A shapes graph: its triples, and look-ups on its shapes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import cast

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from threatgraph.errors import InvalidFile, InvalidShape
from threatgraph.rdf.files import read_quads
from threatgraph.rdf.terms import Node
from threatgraph.validate.shapes.terms import CORE_PARAMETERS, TARGETS
from threatgraph.vocab import PREFIXES, RDF_TYPE, REMEDY, SH, XSD

RDF = PREFIXES["rdf"]
#: The property of a shape that says how to correct a node, and the same property of a result.
SUBCLASS = f"{PREFIXES['rdfs']}subClassOf"
Term = NamedNode | BlankNode | Literal
#: Properties of a shape that add no constraint on a node.
DESCRIPTIVE = frozenset(
    "path property sparql message severity name description order group defaultValue deactivated".split()
)
_CLASSES = frozenset({NamedNode(f"{PREFIXES['rdfs']}Class"), NamedNode(f"{PREFIXES['owl']}Class")})
#: Boolean parameters. Only the literal ``true`` turns them on (SHACL, section 4.4.5); the lexical form ``1`` does not.
_BOOLEANS = frozenset(SH + n for n in "uniqueLang closed deactivated qualifiedValueShapesDisjoint".split())
_TRUE = Literal(True)
_ONE = Literal("1", datatype=NamedNode(f"{XSD}boolean"))
#: The maximum nesting depth of shapes; deeper nesting would exceed Python's recursion limit.
MAX_DEPTH = 150
#: Subject to predicate IRI to objects. Blank nodes of different files are distinct.
ShapeGraph = Mapping[Term, Mapping[str, Sequence[Term]]]


@dataclass(frozen=True)
class Target:
    """A target declaration: ``kind`` is one of :data:`TARGETS`, ``term`` its value."""

    kind: str
    term: Term


def load(files: Iterable[Path]) -> ShapeGraph:
    """Read shapes files into one graph: subject to predicate IRI to objects.

    Raises:
        InvalidFile: if a file cannot be read or parsed.
    """
    graph: dict[Term, dict[str, list[Term]]] = defaultdict(lambda: defaultdict(list))
    for number, file in enumerate(files):
        labels: dict[BlankNode, BlankNode] = {}

        def relabel(term: Term, number: int = number, labels: dict[BlankNode, BlankNode] = labels) -> Term:
            """Label a blank node by its position in its file, so that reports are deterministic."""
            if isinstance(term, BlankNode):
                return labels.setdefault(term, BlankNode(f"shape{number}x{len(labels)}"))
            return term

        for quad in read_quads(file):
            subject, value = quad.subject, quad.object
            if isinstance(subject, Triple) or isinstance(value, Triple):
                raise InvalidFile(str(file), "a shapes graph must not contain triple terms: remove them.")
            if quad.predicate.value in _BOOLEANS and value == _ONE:
                value = Literal(False)
            graph[relabel(subject)][quad.predicate.value].append(relabel(value))
    return graph


def term_of(value: object) -> Term:
    """A term of a query solution, which must be bound; for type checkers, a triple term counts as a :data:`Term`."""
    return cast(Term, value)


def is_hint(graph: ShapeGraph, shape: Term) -> bool:
    """Whether a shape has severity ``sh:Info``: it recommends an improvement."""
    return first(graph, shape, "severity") == NamedNode(f"{SH}Info")


def first(graph: ShapeGraph, subject: Term, name: str) -> Term | None:
    """The first value of a SHACL property, or ``None``."""
    return next(iter(graph.get(subject, {}).get(SH + name, ())), None)


def remedy_of(graph: ShapeGraph, shape: str) -> str | None:
    """The text of a shape or constraint that says how to correct a node, if it has one."""
    if ":" not in shape:  # the label of a blank node
        return None
    remedies = graph.get(NamedNode(shape), {}).get(REMEDY, ())
    return next((remedy.value for remedy in remedies if isinstance(remedy, Literal)), None)


def is_true(graph: ShapeGraph, subject: Term, name: str) -> bool:
    """Whether a SHACL property is the boolean true."""
    return first(graph, subject, name) == _TRUE


def nodes(graph: ShapeGraph, subject: Term, name: str) -> list[Node]:
    """The values of a SHACL property that are IRIs or blank nodes."""
    return [v for v in graph.get(subject, {}).get(SH + name, ()) if isinstance(v, (NamedNode, BlankNode))]


def members(graph: ShapeGraph, head: Term) -> Iterator[Term]:
    """The members of an RDF list."""
    seen: set[Term] = set()
    while head in graph and head not in seen:
        seen.add(head)
        yield from graph[head].get(f"{RDF}first", ())
        head = next(iter(graph[head].get(f"{RDF}rest", ())), NamedNode(f"{RDF}nil"))


def parameters(graph: ShapeGraph, shape: Term) -> dict[str, Sequence[Term]]:
    """The parameters of core constraint components that a shape has."""
    found = {}
    for predicate, values in graph.get(shape, {}).items():
        name = predicate.removeprefix(SH)
        if predicate.startswith(SH) and name in CORE_PARAMETERS and name not in DESCRIPTIVE:
            found[name] = values
    return found


def is_instance(graph: ShapeGraph, node: Term, classes: Collection[Term]) -> bool:
    """Whether a node is a SHACL instance of one of the classes, by the class hierarchy of the shapes graph itself."""
    pending = list(graph.get(node, {}).get(RDF_TYPE, ()))
    seen: set[Term] = set()
    while pending:
        kind = pending.pop()
        if kind in classes:
            return True
        if kind not in seen:
            seen.add(kind)
            pending += graph.get(kind, {}).get(SUBCLASS, ())
    return False


def targets(graph: ShapeGraph, shape: Node) -> list[Target]:
    """The targets of a shape (SHACL, section 2.1.3), including implicit class targets."""
    found = [Target(kind, term) for kind in TARGETS for term in graph[shape].get(SH + kind, ())]
    if isinstance(shape, NamedNode) and is_instance(graph, shape, _CLASSES):
        found.append(Target("targetClass", shape))  # an implicit class target (SHACL, section 2.1.3.3)
    return found


def siblings(graph: ShapeGraph, shape: Term) -> set[Term]:
    """The qualified value shapes of the parents of a property shape, including its own (SHACL, section 4.7.3)."""
    return {
        value
        for parent in parents(graph, shape)
        for member in nodes(graph, parent, "property")
        for value in graph.get(member, {}).get(f"{SH}qualifiedValueShape", ())
    }


def parents(graph: ShapeGraph, shape: Term) -> list[Node]:
    """The shapes that have a property shape as a value of ``sh:property``."""
    found = [s for s, own in graph.items() if shape in own.get(f"{SH}property", ()) and not isinstance(s, Literal)]
    return sorted(found, key=str)


def inner_shapes(graph: ShapeGraph, shape: Term) -> Iterator[Term]:
    """The shapes that a shape refers to, in ``sh:property``, ``sh:node``, ``sh:not``, ``sh:or`` and the like."""
    for name in ("property", "node", "not", "qualifiedValueShape"):
        yield from graph.get(shape, {}).get(SH + name, ())
    for name in ("and", "or", "xone"):
        for head in graph.get(shape, {}).get(SH + name, ()):
            yield from members(graph, head)


def refuse_recursion(graph: ShapeGraph) -> None:
    """Refuse recursive shapes, which SHACL leaves undefined (section 3.4.3), and shapes that are nested too deep.

    Raises:
        InvalidShape: names the shapes of a cycle, or a shape that exceeds the depth limit.
    """
    references = _references(graph)
    depth: dict[Term, int] = {}
    try:
        for shape in TopologicalSorter(references).static_order():  # inner shapes come first
            depth[shape] = 1 + max((depth[inner] for inner in references[shape]), default=0)
    except CycleError as error:
        cycle = sorted({str(shape) for shape in error.args[1]})
        raise InvalidShape(
            f"recursive shapes: {', '.join(cycle)} refer to each other, which SHACL does not define: "
            "remove one of the references, or require a class (sh:class) instead of a shape."
        ) from None
    levels = max(depth.values(), default=0)
    if levels > MAX_DEPTH:
        outer = min(name_of(graph, shape) for shape in depth if depth[shape] == levels)
        reason = f"has shapes nested {levels:,} levels deep, but pyshacl supports {MAX_DEPTH}"
        raise InvalidShape(f"{outer} {reason}: give the inner shapes their own targets.")


def _references(graph: ShapeGraph) -> dict[Term, set[Term]]:
    """For each shape that a target leads to, the shapes that it refers to; none for a deactivated shape."""
    found: dict[Term, set[Term]] = {}
    pending: list[Term] = [s for s in graph if isinstance(s, (NamedNode, BlankNode)) and targets(graph, s)]
    while pending:
        shape = pending.pop()
        if shape not in found:
            found[shape] = set() if is_true(graph, shape, "deactivated") else set(inner_shapes(graph, shape))
            pending += found[shape]
    return found


def owners(graph: ShapeGraph) -> dict[str, str]:
    """For the label of each blank node of a shapes graph, the IRI of the shape that contains it."""
    found: dict[str, str] = {}
    for owner in sorted((node for node in graph if isinstance(node, NamedNode)), key=str):
        pending: list[Term] = [owner]
        while pending:
            for values in graph[pending.pop()].values():
                for value in values:
                    if isinstance(value, BlankNode) and value.value not in found and value in graph:
                        found[value.value] = owner.value
                        pending.append(value)
    return found


def name_of(graph: ShapeGraph, node: Term, owned: Mapping[str, str] | None = None) -> str:
    """The name of a node of a shapes graph in messages: its IRI, or a description with the shape that contains it.

    Args:
        graph: the shapes graph.
        node: the node.
        owned: the result of :func:`owners`, to avoid computing it for each of many nodes.
    """
    if not isinstance(node, BlankNode):
        return str(node)
    owner = (owners(graph) if owned is None else owned).get(node.value)
    path = first(graph, node, "path")
    kind = f"the property shape for {path}" if isinstance(path, NamedNode) else "a blank node"
    return f"{kind} of <{owner}>" if owner else f"{kind} without a named shape"
