"""Subsets of a shapes graph: the shapes of the candidates, with the candidates as their only targets.

A subset is equivalent to the shapes graph for its nodes, in the form that pyshacl supports. pyshacl follows neither the
class hierarchy of the shapes graph nor the imports of ``sh:prefixes``, and fails on parameters that have no effect.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

from pyoxigraph import BlankNode, Literal, NamedNode

from threatgraph.rdf.terms import Node
from threatgraph.validate.evaluation.messages import FROM_QUERY, tagged
from threatgraph.validate.shapes.constraints import ShapeConstraint
from threatgraph.validate.shapes.declared_components import Components
from threatgraph.validate.shapes.graph import (
    RDF,
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
from threatgraph.vocab import RDF_TYPE, SH, XSD

_REST = f"{RDF}rest"
#: Properties whose values are copied as well: shapes, lists of shapes, other parts of shapes, and parts of paths and
#: lists, which are copied if they are blank nodes.
_TO_SHAPES = frozenset(SH + name for name in "property node not qualifiedValueShape".split())
_TO_LISTS_OF_SHAPES = frozenset(SH + name for name in ("and", "or", "xone"))
_TO_PARTS = frozenset(
    SH + n for n in "sparql in languageIn ignoredProperties parameter validator nodeValidator propertyValidator".split()
) | {_REST}
_TO_BLANK = {f"{RDF}first"} | {
    SH + name for name in "path inversePath alternativePath zeroOrMorePath oneOrMorePath zeroOrOnePath".split()
}
#: The query property that each kind of validator must have.
_VALIDATORS = {f"{SH}validator": "ask", f"{SH}nodeValidator": "select", f"{SH}propertyValidator": "select"}
_PARENT = "urn:threatgraph:validation#parent-"
_PREFIXES = "urn:threatgraph:validation#prefixes-"
#: The SHACL terms that pyshacl evaluates; the others are reported as not evaluated.
_EVALUATED = CORE_PARAMETERS | SHAPE_PROPERTIES | PATHS | SPARQL
_SHAPES_GRAPH = re.compile(r"[?$]shapesGraph\b")
#: The variable for the shapes graph in a subset, since pyshacl refuses ``$shapesGraph``.
SHAPES_GRAPH = "threatgraphShapesGraph"


class ShapesSubset:
    """Some shapes without their own targets, and the nodes to evaluate them on.

    Args:
        graph: the full shapes graph.
        components: the constraint components that it declares.
    """

    def __init__(self, graph: ShapeGraph, components: Components) -> None:
        self._graph, self._components = graph, components
        self.reads_shapes_graph = False
        """Whether a query reads the shapes graph."""
        self._copied: set[Term] = set()
        self._pending: list[Term] = []
        self._is_copying = False
        self.shapes: dict[Term, dict[str, list[Term]]] = {}
        """A shapes graph: subject to predicate IRI to objects."""
        self.targets: dict[Node, dict[Term, None]] = {}
        """For each shape, its focus nodes, in order."""

    def add(self, constraint: ShapeConstraint, focus: Iterable[Term]) -> None:
        """Add the shape of a constraint, with some nodes as its targets.

        Its property shapes are omitted, since they are constraints themselves. A closed shape keeps them, since they
        list the allowed properties. A property shape keeps them as well, since they apply to its values.
        """
        own = self._graph[constraint.shape]
        omitted = {f"{SH}sparql"}
        if not {f"{SH}closed", f"{SH}path"} & own.keys():
            omitted.add(f"{SH}property")
        kept = {name: values for name, values in own.items() if name not in omitted}
        sparql = [] if constraint.sparql is None else [constraint.sparql]
        self._copy(constraint.shape, kept | {f"{SH}sparql": sparql})
        self.targets.setdefault(constraint.shape, {}).update(dict.fromkeys(focus))
        self._add_components(constraint.shape)

    def add_with_targets(self, shape: Node) -> None:
        """Add a shape with its own targets."""
        self._copy_all(shape)
        for target in targets(self._graph, shape):
            if self._has_effect(shape, SH + target.kind, target.term):
                self.shapes[shape].setdefault(SH + target.kind, []).append(target.term)
        self._add_components(shape)

    def add_everything(self, excluded: Container[Term]) -> None:
        """Add all shapes with their own targets, including SHACL Advanced Features.

        Args:
            excluded: targets, rules and expressions to omit.
        """
        for subject, own in self._graph.items():
            kept = self.shapes.setdefault(subject, {})
            for name, values in own.items():
                wanted = [value for value in values if value not in excluded and self._has_effect(subject, name, value)]
                kept[name] = list(self._translated(subject, name, wanted))
            for target in targets(self._graph, subject) if isinstance(subject, Node) else ():
                if target.kind == "targetClass":
                    kept[f"{SH}targetClass"] = list(dict.fromkeys([*kept.get(f"{SH}targetClass", ()), target.term]))
        for component in self._components.all:
            self.shapes[component.node].setdefault(RDF_TYPE, []).append(NamedNode(f"{SH}ConstraintComponent"))

    def statements(self) -> Iterator[tuple[Term, NamedNode, Term]]:
        """The subset as triples."""
        for subject, own in self.shapes.items():
            for name, values in own.items():
                yield from ((subject, NamedNode(name), value) for value in values)
        for shape, focus in self.targets.items():
            yield from ((shape, NamedNode(f"{SH}targetNode"), node) for node in focus)

    def full_graph(self) -> Iterator[tuple[Term, NamedNode, Term]]:
        """The unchanged shapes graph if a query reads it, else nothing."""
        for subject, own in self._graph.items() if self.reads_shapes_graph else ():
            for name, values in own.items():
                yield from ((subject, NamedNode(name), value) for value in values)

    def _copy_all(self, subject: Term) -> None:
        """Copy all statements about a node; nested calls only queue it, since lists may exceed the recursion limit."""
        if subject in self._copied or subject not in self._graph:
            return
        self._copied.add(subject)
        self._pending.append(subject)
        if self._is_copying:
            return
        self._is_copying = True
        while self._pending:
            node = self._pending.pop()
            self._copy(node, self._graph[node])
        self._is_copying = False

    def _copy(self, subject: Term, own: Mapping[str, Sequence[Term]]) -> None:
        """Copy statements about a shape, and the nodes that they refer to in turn, all without targets.

        Types outside SHACL are omitted: a shape that is also a class would have its instances as targets.
        """
        kept = self.shapes.setdefault(subject, {})
        for name, values in own.items():
            if name.startswith(SH) and name.removeprefix(SH) not in _EVALUATED:
                continue
            wanted = [value for value in values if name != RDF_TYPE or str(value).startswith(f"<{SH}")]
            wanted = [value for value in wanted if self._has_effect(subject, name, value)]
            kept[name] = list(dict.fromkeys([*kept.get(name, ()), *self._translated(subject, name, wanted)]))
            for value in wanted:
                self._copy_value(name, value)
        if f"{SH}select" in own and f"{SH}message" not in own:
            kept[f"{SH}message"] = [Literal(FROM_QUERY)]  # pyshacl adds no message otherwise
        if is_true(self._graph, subject, "qualifiedValueShapesDisjoint"):
            self._copy_siblings(subject)

    def _copy_value(self, name: str, value: Term) -> None:
        if name in _TO_SHAPES | _TO_PARTS or (
            (name in _TO_BLANK or name in self._components.paths) and isinstance(value, BlankNode)
        ):
            self._copy_all(value)
        elif name in _TO_LISTS_OF_SHAPES:
            self._copy_list(value)

    def _has_effect(self, subject: Term, name: str, value: Term) -> bool:
        """Whether a value has an effect. pyshacl fails on some values that have none or that it does not support."""
        if name == f"{SH}ignoredProperties":
            return first(self._graph, subject, "closed") is not None
        if name == f"{SH}property":
            return value in self._graph
        return name != f"{SH}targetNode" or not isinstance(value, BlankNode)

    def _translated(self, subject: Term, name: str, values: Sequence[Term]) -> Sequence[Term]:
        """The values of a property in the form that pyshacl supports."""
        if name == f"{SH}prefixes":
            return [self._prefixes(subject)]
        if name == f"{SH}message":
            return [tagged(value) if isinstance(value, Literal) else value for value in values]
        if name in (f"{SH}select", f"{SH}ask"):
            found = [value.value if isinstance(value, Literal) else "" for value in values]
            if any(map(_SHAPES_GRAPH.search, found)):
                self.reads_shapes_graph = True
                return [Literal(_SHAPES_GRAPH.sub(f"?{SHAPES_GRAPH}", text)) for text in found]
        return values

    def _prefixes(self, constraint: Term) -> Term:
        """Add a node that declares the prefixes of a query."""
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
        """Declare the components relevant to a shape, each with at most one validator per kind of shape."""
        for component in self._components.all if self._components.relevant_to(shape) else ():
            own = self._graph[component.node]
            named = {name: own[name] for name in own if name not in _VALIDATORS}
            for name, query in _VALIDATORS.items():
                known = nodes(self._graph, component.node, name.removeprefix(SH))
                found = [node for node in known if first(self._graph, node, query) is not None]
                named[name] = [min(found, key=str)] if found else []
            if not any(named[name] for name in _VALIDATORS):
                continue  # no SPARQL validator: reported as not evaluated
            self._copy(component.node, named)
            self.shapes[component.node].setdefault(RDF_TYPE, []).append(NamedNode(f"{SH}ConstraintComponent"))

    def _copy_list(self, head: Term) -> None:
        self._copy_all(head)
        for member in members(self._graph, head):
            self._copy_all(member)

    def _copy_siblings(self, shape: Term) -> None:
        """Copy the sibling shapes of a qualified one, on renamed parents, which have no other constraints."""
        for number, parent in enumerate(parents(self._graph, shape)):
            members_ = nodes(self._graph, parent, "property")
            name = NamedNode(f"{_PARENT}{len(self.shapes)}-{number}")
            self.shapes[name] = {f"{SH}property": list(members_)}
            for member in members_:
                self._copy_all(member)
