"""Fetches the footprint of shapes: all statements that they read from their focus nodes.

The footprint consists of the values along the paths of a shape, the footprints of its inner shapes from there, the
classes of values and their superclasses, the values of properties that are compared, all statements of the nodes of a
closed shape, and the matches of SPARQL constraints. A shape has the same results on its footprint as on the full graph.

This shape reads four of the statements about ``ex:book`` and its author, but neither the pages nor the age
(``tests/test_validate_examples.py`` defines ``footprint``):

>>> footprint(
...     "sh:property [ sh:path ex:author ; sh:class ex:Person ; sh:node [ sh:property [ sh:path ex:name ] ] ]",
...     "ex:book ex:author ex:ann ; ex:pages 300 . ex:ann a ex:Writer ; ex:name 'Ann' ; ex:age 40 . "
...     "ex:Writer rdfs:subClassOf ex:Person .",
... )
ex:book ex:author ex:ann
ex:ann a ex:Writer
ex:Writer rdfs:subClassOf ex:Person
ex:ann ex:name "Ann"
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pyoxigraph import NamedNode

from threatgraph.validate.evaluation.subgraph import Subgraph, UnboundedShape
from threatgraph.validate.shapes.graph import DESCRIPTIVE, ShapeGraph, Term, first, inner_shapes, is_true, siblings
from threatgraph.validate.shapes.paths import read_path
from threatgraph.vocab import SH

#: Parameters that read only the values of the path.
_ON_VALUES = frozenset(
    "minCount maxCount uniqueLang hasValue datatype nodeKind in languageIn pattern flags minLength maxLength "
    "minInclusive maxInclusive minExclusive maxExclusive ignoredProperties qualifiedMinCount qualifiedMaxCount".split()
)
_PAIRS = ("equals", "disjoint", "lessThan", "lessThanOrEquals")
#: Parameters whose values are shapes or lists of shapes.
_WITH_SHAPES = frozenset("property node not and or xone qualifiedValueShape".split())
_NOTHING_MORE = _ON_VALUES | _WITH_SHAPES | (DESCRIPTIVE - {"sparql"})


class Footprint:
    """Fetches what the shapes of a graph read.

    Args:
        graph: the shapes graph.
        subgraph: receives the statements.
    """

    def __init__(self, graph: ShapeGraph, subgraph: Subgraph) -> None:
        self._graph, self._subgraph = graph, subgraph
        self._fetched: dict[Term, set[Term]] = {}

    def fetch(self, shape: Term, nodes: Iterable[Term]) -> None:
        """Fetch what a shape reads from some nodes.

        Args:
            shape: the shape.
            nodes: the focus nodes.

        Raises:
            UnboundedShape: if that is unknown before the evaluation.
        """
        fetched = self._fetched.setdefault(shape, set())
        new = [node for node in dict.fromkeys(nodes) if node not in fetched]
        if not new or is_true(self._graph, shape, "deactivated"):
            return
        values, term = new, first(self._graph, shape, "path")
        if term is not None:
            path = read_path(self._graph, term)
            if path is None:
                raise UnboundedShape(f"the path of {shape} is ill-formed or too long")
            values = self._subgraph.follow(path, new)
        for predicate, arguments in self._graph.get(shape, {}).items():
            name = predicate.removeprefix(SH)
            if predicate.startswith(SH) and not name.startswith("target"):
                self._fetch_for_parameter(shape, (name, arguments), new, values)
        for inner in inner_shapes(self._graph, shape):
            self.fetch(inner, values)
        fetched.update(new)

    def _fetch_for_parameter(
        self, shape: Term, parameter: tuple[str, Sequence[Term]], nodes: list[Term], values: list[Term]
    ) -> None:
        """Fetch what one parameter of a shape reads from its focus nodes and their values."""
        name, arguments = parameter
        if name == "class":
            self._subgraph.fetch_classes(values)
        elif name == "closed":
            self._subgraph.fetch_outbound(values)
        elif name in _PAIRS:
            for prop in arguments:
                if isinstance(prop, NamedNode):
                    self._subgraph.step(prop, nodes)
        elif name == "qualifiedValueShapesDisjoint":
            for sibling in sorted(siblings(self._graph, shape), key=str):
                self.fetch(sibling, values)
        elif name == "sparql":
            self._fetch_matches(shape, arguments, nodes)
        elif name not in _NOTHING_MORE:
            raise UnboundedShape(f"sh:{name} may read any statement")

    def _fetch_matches(self, shape: Term, constraints: Sequence[Term], nodes: Sequence[Term]) -> None:
        from threatgraph.validate.evaluation.constraint_matches import fetch_matches

        for constraint in constraints:
            if not is_true(self._graph, constraint, "deactivated"):
                fetch_matches(self._subgraph, self._graph, shape, constraint, nodes)
