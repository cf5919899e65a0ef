"""Excerpts of a shapes graph: the shapes that some nodes are judged by, with those nodes as their only targets.

An subset says the same as the shapes graph, in the words that pyshacl needs: it follows neither the class tree of the
shapes graph nor what the holders of prefixes import, and fails on parameters that have no effect.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

from pyoxigraph import BlankNode, Literal, NamedNode

from threatgraph.rdf.terms import Node
from threatgraph.validate.evaluation.messages import OF_QUERY, marked
from threatgraph.validate.shapes.constraints import ShapeConstraint
from threatgraph.validate.shapes.declared_components import Components
from threatgraph.validate.shapes.graph import (
    RDF,
    SH,
    ShapeGraph,
    Term,
    first,
    is_true,
    members,
    nodes,
    parents,
    targets,
)
from threatgraph.validate.shapes.prefixes import declared_prefixes
from threatgraph.validate.shapes.terms import CORE_PARAMETERS, PATHS, SHAPE_PROPERTIES, SPARQL
from threatgraph.vocab import RDF_TYPE, XSD

_REST = f"{RDF}rest"
#: Properties whose values are copied along: shapes, lists of shapes, other parts with names or without, and parts of
#: paths and lists, which are blank nodes where there is something to say of them.
_TO_SHAPES = frozenset(SH + name for name in "property node not qualifiedValueShape".split())
_TO_LISTS_OF_SHAPES = frozenset(SH + name for name in ("and", "or", "xone"))
_TO_PARTS = frozenset(
    SH + n for n in "sparql in languageIn ignoredProperties parameter validator nodeValidator propertyValidator".split()
) | {_REST}
_TO_BLANK = {f"{RDF}first"} | {
    SH + name for name in "path inversePath alternativePath zeroOrMorePath oneOrMorePath zeroOrOnePath".split()
}
#: The validators of a component, by the kind of query that each must be.
_VALIDATORS = {f"{SH}validator": "ask", f"{SH}nodeValidator": "select", f"{SH}propertyValidator": "select"}
_PARENT = "urn:threatgraph:validation#parent-"
_PREFIXES = "urn:threatgraph:validation#prefixes-"
#: What pyshacl evaluates; all else of SHACL is reported as not evaluated.
_EVALUATED = CORE_PARAMETERS | SHAPE_PROPERTIES | PATHS | SPARQL
_SHAPES_GRAPH = re.compile(r"[?$]shapesGraph\b")
#: The variable that stands for the shapes graph in an subset: pyshacl refuses the one of SHACL.
SHAPES_GRAPH = "threatgraphShapesGraph"


class ShapesSubset:
    """Shapes without targets of their own, and the nodes to judge by them.

    Args:
        graph: the shapes graph that it is taken from.
        components: the constraint components that it declares.
    """

    def __init__(self, graph: ShapeGraph, components: Components) -> None:
        self._graph, self._components = graph, components
        self.reads_shapes_graph = False
        """Whether a query asks for the shapes graph itself."""
        self._whole: set[Term] = set()
        self._waiting: list[Term] = []
        self._is_copying = False
        self.shapes: dict[Term, dict[str, list[Term]]] = {}
        """A shapes graph: subject to predicate IRI to objects."""
        self.targets: dict[Node, dict[Term, None]] = {}
        """For each shape, the nodes to judge by it, in order."""

    def add(self, check: ShapeConstraint, focus: Iterable[Term]) -> None:
        """Have some nodes judged by the shape of a check.

        A property shape is judged by itself, so the node shape that it hangs on goes without it. A closed shape keeps
        its property shapes, since they say which properties it knows; so does a property shape, whose own are about
        its values.
        """
        told = self._graph[check.shape]
        left_out = {f"{SH}sparql"}
        if not {f"{SH}closed", f"{SH}path"} & told.keys():
            left_out.add(f"{SH}property")
        own = {name: values for name, values in told.items() if name not in left_out}
        self._copy(check.shape, own | {f"{SH}sparql": [check.constraint] if check.constraint is not None else []})
        self.targets.setdefault(check.shape, {}).update(dict.fromkeys(focus))
        self._add_components(check.shape)

    def add_whole(self, shape: Node) -> None:
        """Have a shape judge what itself it names as its targets."""
        self._copy_whole(shape)
        for target in targets(self._graph, shape):
            if self._counts(shape, SH + target.kind, target.term):
                self.shapes[shape].setdefault(SH + target.kind, []).append(target.term)
        self._add_components(shape)

    def add_all(self, left_out: Container[Term]) -> None:
        """Have all shapes judge what they name as their targets, with what pyshacl knows of SHACL-AF.

        Args:
            left_out: targets, rules and expressions that are not evaluated.
        """
        for subject, told in self._graph.items():
            kept = self.shapes.setdefault(subject, {})
            for name, values in told.items():
                wanted = [value for value in values if value not in left_out and self._counts(subject, name, value)]
                kept[name] = list(self._translated(subject, name, wanted))
            for target in targets(self._graph, subject) if isinstance(subject, Node) else ():
                if target.kind == "targetClass":
                    kept[f"{SH}targetClass"] = list(dict.fromkeys([*kept.get(f"{SH}targetClass", ()), target.term]))
        for component in self._components.all:
            self.shapes[component.node].setdefault(RDF_TYPE, []).append(NamedNode(f"{SH}ConstraintComponent"))

    def statements(self) -> Iterator[tuple[Term, NamedNode, Term]]:
        """The subset as triples."""
        for subject, told in self.shapes.items():
            for name, values in told.items():
                yield from ((subject, NamedNode(name), value) for value in values)
        for shape, focus in self.targets.items():
            yield from ((shape, NamedNode(f"{SH}targetNode"), node) for node in focus)

    def whole_graph(self) -> Iterator[tuple[Term, NamedNode, Term]]:
        """The shapes graph as it is, where a query asks for it; nothing where none does."""
        for subject, told in self._graph.items() if self.reads_shapes_graph else ():
            for name, values in told.items():
                yield from ((subject, NamedNode(name), value) for value in values)

    def _copy_whole(self, subject: Term) -> None:
        """Copy all about a node, now, or after the one that is being copied: lists may be longer than the stack."""
        if subject in self._whole or subject not in self._graph:
            return
        self._whole.add(subject)
        self._waiting.append(subject)
        if self._is_copying:
            return
        self._is_copying = True
        while self._waiting:
            node = self._waiting.pop()
            self._copy(node, self._graph[node])
        self._is_copying = False

    def _copy(self, subject: Term, told: Mapping[str, Sequence[Term]]) -> None:
        """Copy statements about a shape, and whatever they refer to in turn, all without targets.

        Types that are no term of SHACL go, too: a shape that is a class would have its instances for targets.
        """
        kept = self.shapes.setdefault(subject, {})
        for name, values in told.items():
            if name.startswith(SH) and name.removeprefix(SH) not in _EVALUATED:
                continue
            wanted = [value for value in values if name != RDF_TYPE or str(value).startswith(f"<{SH}")]
            wanted = [value for value in wanted if self._counts(subject, name, value)]
            kept[name] = list(dict.fromkeys([*kept.get(name, ()), *self._translated(subject, name, wanted)]))
            for value in wanted:
                if name in _TO_SHAPES | _TO_PARTS or (
                    (name in _TO_BLANK or name in self._components.paths) and isinstance(value, BlankNode)
                ):
                    self._copy_whole(value)
                elif name in _TO_LISTS_OF_SHAPES:
                    self._copy_list(value)
        if f"{SH}select" in told and f"{SH}message" not in told:
            kept[f"{SH}message"] = [Literal(OF_QUERY)]  # pyshacl writes no message where there is none
        if is_true(self._graph, subject, "qualifiedValueShapesDisjoint"):
            self._copy_siblings(subject)

    def _counts(self, subject: Term, name: str, value: Term) -> bool:
        """Whether a value has an effect; pyshacl fails on some that have none, or are reported as not evaluated."""
        if name == f"{SH}ignoredProperties":
            return first(self._graph, subject, "closed") is not None
        if name == f"{SH}property":
            return value in self._graph
        return name != f"{SH}targetNode" or not isinstance(value, BlankNode)

    def _translated(self, subject: Term, name: str, values: Sequence[Term]) -> Sequence[Term]:
        """The values of a property in the words of an subset."""
        if name == f"{SH}prefixes":
            return [self._prefixes(subject)]
        if name == f"{SH}message":
            return [marked(value) if isinstance(value, Literal) else value for value in values]
        if name in (f"{SH}select", f"{SH}ask"):
            found = [value.value if isinstance(value, Literal) else "" for value in values]
            if any(map(_SHAPES_GRAPH.search, found)):
                self.reads_shapes_graph = True
                return [Literal(_SHAPES_GRAPH.sub(f"?{SHAPES_GRAPH}", text)) for text in found]
        return values

    def _prefixes(self, constraint: Term) -> Term:
        """A node that declares the prefixes of a query."""
        holder = NamedNode(f"{_PREFIXES}{len(self.shapes)}")
        declarations: list[Term] = []
        for number, (prefix, space) in enumerate(sorted(declared_prefixes(self._graph, constraint).items())):
            declarations.append(NamedNode(f"{holder.value}-{number}"))
            self.shapes[declarations[-1]] = {
                f"{SH}prefix": [Literal(prefix)],
                f"{SH}namespace": [Literal(space, datatype=NamedNode(f"{XSD}anyURI"))],
            }
        self.shapes[holder] = {f"{SH}declare": declarations}
        return holder

    def _add_components(self, shape: Term) -> None:
        """Declare the components that decide on a shape, each with one validator for each kind of shape."""
        for component in self._components.all if self._components.among(shape) else ():
            told = self._graph[component.node]
            named = {name: told[name] for name in told if name not in _VALIDATORS}
            for name, query in _VALIDATORS.items():
                known = nodes(self._graph, component.node, name.removeprefix(SH))
                found = [node for node in known if first(self._graph, node, query) is not None]
                named[name] = [min(found, key=str)] if found else []
            if not any(named[name] for name in _VALIDATORS):
                continue  # none in SPARQL: it is reported as not evaluated
            self._copy(component.node, named)
            self.shapes[component.node].setdefault(RDF_TYPE, []).append(NamedNode(f"{SH}ConstraintComponent"))

    def _copy_list(self, head: Term) -> None:
        self._copy_whole(head)
        for member in members(self._graph, head):
            self._copy_whole(member)

    def _copy_siblings(self, shape: Term) -> None:
        """Copy the shapes that stand beside a qualified one, on parents of other names, which thus demand nothing."""
        for number, parent in enumerate(parents(self._graph, shape)):
            beside = nodes(self._graph, parent, "property")
            name = NamedNode(f"{_PARENT}{len(self.shapes)}-{number}")
            self.shapes[name] = {f"{SH}property": list(beside)}
            for member in beside:
                self._copy_whole(member)
