"""A shapes graph: its triples, and what they say of its shapes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from threatgraph.errors import InvalidFile, InvalidShape
from threatgraph.rdf.files import read_quads
from threatgraph.rdf.terms import Node
from threatgraph.validate.shapes.terms import CORE_PARAMETERS, TARGETS
from threatgraph.vocab import PREFIXES, RDF_TYPE, XSD

SH = PREFIXES["sh"]
RDF = PREFIXES["rdf"]
SUBCLASS = f"{PREFIXES['rdfs']}subClassOf"
Term = NamedNode | BlankNode | Literal
#: Properties of a shape that make no demand on a node.
DESCRIPTIVE = frozenset(
    "path property sparql message severity name description order group defaultValue deactivated".split()
)
_CLASSES = frozenset({NamedNode(f"{PREFIXES['rdfs']}Class"), NamedNode(f"{PREFIXES['owl']}Class")})
#: Switches, which nothing but the literal ``true`` turns on (SHACL, section 4.4.5); its other form does not.
_SWITCHES = frozenset(SH + n for n in "uniqueLang closed deactivated qualifiedValueShapesDisjoint".split())
_TRUE = Literal(True)
_ONE = Literal("1", datatype=NamedNode(f"{XSD}boolean"))
#: Shapes inside each other at most: more would exhaust the stack of Python.
DEEPEST = 150
#: Subject to predicate IRI to objects; blank nodes of different files are kept apart.
ShapeGraph = Mapping[Term, Mapping[str, Sequence[Term]]]


@dataclass(frozen=True)
class Target:
    """The nodes that a shape is about: ``kind`` is one of :data:`TARGETS`."""

    kind: str
    term: Term


def load(files: Iterable[Path]) -> ShapeGraph:
    """Read shape files into one graph: subject to predicate IRI to objects.

    Raises:
        InvalidFile: where a file cannot be read, or is no RDF.
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
            if quad.predicate.value in _SWITCHES and value == _ONE:
                value = Literal(False)
            graph[apart(subject)][quad.predicate.value].append(apart(value))
    return graph


def is_hint(graph: ShapeGraph, shape: Term) -> bool:
    """Whether a shape says what could be better, not what is wrong."""
    return first(graph, shape, "severity") == NamedNode(f"{SH}Info")


def first(graph: ShapeGraph, subject: Term, name: str) -> Term | None:
    """The first value of a SHACL property, or ``None``."""
    return next(iter(graph.get(subject, {}).get(SH + name, ())), None)


def is_true(graph: ShapeGraph, subject: Term, name: str) -> bool:
    """Whether a SHACL property is the boolean true."""
    return first(graph, subject, name) == _TRUE


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
    """The parameters of core constraint components that a shape has."""
    found = {}
    for predicate, values in graph.get(shape, {}).items():
        name = predicate.removeprefix(SH)
        if predicate.startswith(SH) and name in CORE_PARAMETERS and name not in DESCRIPTIVE:
            found[name] = values
    return found


def is_instance(graph: ShapeGraph, node: Term, classes: Collection[Term]) -> bool:
    """Whether a node is a SHACL instance of one of some classes, by the class tree of the shapes graph itself."""
    waiting = list(graph.get(node, {}).get(RDF_TYPE, ()))
    seen: set[Term] = set()
    while waiting:
        kind = waiting.pop()
        if kind in classes:
            return True
        if kind not in seen:
            seen.add(kind)
            waiting += graph.get(kind, {}).get(SUBCLASS, ())
    return False


def targets(graph: ShapeGraph, shape: Node) -> list[Target]:
    """What a shape says that it is about (SHACL, section 2.1.3)."""
    found = [Target(kind, term) for kind in TARGETS for term in graph[shape].get(SH + kind, ())]
    if isinstance(shape, NamedNode) and is_instance(graph, shape, _CLASSES):
        found.append(Target("targetClass", shape))  # an implicit class target (SHACL, section 2.1.3.3)
    return found


def siblings(graph: ShapeGraph, shape: Term) -> set[Term]:
    """The qualified value shapes beside a property shape, its own among them (SHACL, section 4.7.3)."""
    return {
        value
        for parent in parents(graph, shape)
        for member in nodes(graph, parent, "property")
        for value in graph.get(member, {}).get(f"{SH}qualifiedValueShape", ())
    }


def parents(graph: ShapeGraph, shape: Term) -> list[Node]:
    """The shapes that a property shape hangs on."""
    found = [s for s, told in graph.items() if shape in told.get(f"{SH}property", ()) and not isinstance(s, Literal)]
    return sorted(found, key=str)


def inner_shapes(graph: ShapeGraph, shape: Term) -> Iterator[Term]:
    """The shapes that a shape refers to, for whose sake it looks at other nodes or at the same one again."""
    for name in ("property", "node", "not", "qualifiedValueShape"):
        yield from graph.get(shape, {}).get(SH + name, ())
    for name in ("and", "or", "xone"):
        for head in graph.get(shape, {}).get(SH + name, ()):
            yield from members(graph, head)


def refuse_circles(graph: ShapeGraph) -> None:
    """Refuse shapes that refer to each other in a circle, which SHACL leaves undefined (section 3.4.3), or too deep.

    Raises:
        InvalidShape: names the shapes of the circle, or one with too many levels in it.
    """
    around: dict[Term, set[Term]] = {}
    waiting: list[Term] = [s for s in graph if isinstance(s, (NamedNode, BlankNode)) and targets(graph, s)]
    while waiting:
        shape = waiting.pop()
        if shape not in around:
            around[shape] = set() if is_true(graph, shape, "deactivated") else set(inner_shapes(graph, shape))
            waiting += around[shape]
    depth: dict[Term, int] = {}
    try:
        for shape in TopologicalSorter(around).static_order():  # the inner ones come first
            depth[shape] = 1 + max((depth[inner] for inner in around[shape]), default=0)
    except CycleError as error:
        circle = sorted({str(shape) for shape in error.args[1]})
        raise InvalidShape(
            f"these shapes refer to each other in a circle: {', '.join(circle)}. SHACL does not say what that means: "
            "take one of the references out, or demand a class (sh:class) in place of a shape."
        ) from None
    levels = max(depth.values(), default=0)
    if levels > DEEPEST:
        outer = min(name_of(graph, shape) for shape in depth if depth[shape] == levels)
        reason = f"has shapes in it {levels:,} levels deep, and pyshacl follows {DEEPEST}"
        raise InvalidShape(f"{outer} {reason}: give the inner ones targets of their own.")


def owners(graph: ShapeGraph) -> dict[str, str]:
    """For the label of each blank node of a shapes graph, the IRI of the shape that it is a part of."""
    found: dict[str, str] = {}
    for owner in sorted((node for node in graph if isinstance(node, NamedNode)), key=str):
        waiting: list[Term] = [owner]
        while waiting:
            for values in graph[waiting.pop()].values():
                for value in values:
                    if isinstance(value, BlankNode) and value.value not in found and value in graph:
                        found[value.value] = owner.value
                        waiting.append(value)
    return found


def name_of(graph: ShapeGraph, node: Term, owned: Mapping[str, str] | None = None) -> str:
    """What to call a node of a shapes graph in a message: its IRI, or the named shape that it is a part of.

    Args:
        graph: the shapes graph.
        node: the node.
        owned: what :func:`owners` gives, where many nodes are named.
    """
    if not isinstance(node, BlankNode):
        return str(node)
    owner = (owners(graph) if owned is None else owned).get(node.value)
    path = first(graph, node, "path")
    about = f"the property shape for {path}" if isinstance(path, NamedNode) else "a blank node"
    return f"{about} of <{owner}>" if owner else f"{about} without a named shape"
