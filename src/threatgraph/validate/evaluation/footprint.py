"""Follows shapes from the nodes that they judge to all that they look at.

That is: the values along their paths, what the shapes that they refer to look at from there, the classes of values and
those above them, the values of properties that are compared, all statements of a node where a shape is closed, and what
the text of a SPARQL constraint can match. So a shape judges over these statements as it would over the whole graph.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pyoxigraph import NamedNode

from threatgraph.validate.evaluation.subgraph import Subgraph, UnboundedShape
from threatgraph.validate.shapes.graph import DESCRIPTIVE, SH, ShapeGraph, Term, first, inner_shapes, is_true, siblings
from threatgraph.validate.shapes.paths import read_path

#: Demands for which the values of a path are enough.
_ON_VALUES = frozenset(
    "minCount maxCount uniqueLang hasValue datatype nodeKind in languageIn pattern flags minLength maxLength "
    "minInclusive maxInclusive minExclusive maxExclusive ignoredProperties qualifiedMinCount qualifiedMaxCount".split()
)
_PAIRS = ("equals", "disjoint", "lessThan", "lessThanOrEquals")
#: Demands whose values are shapes, or lists of them.
_ON_SHAPES = frozenset("property node not and or xone qualifiedValueShape".split())
_NOTHING_MORE = _ON_VALUES | _ON_SHAPES | (DESCRIPTIVE - {"sparql"})


class Footprint:
    """Fetches what the shapes of one graph look at.

    Args:
        graph: the shapes graph.
        subgraph: where the statements go.
    """

    def __init__(self, graph: ShapeGraph, subgraph: Subgraph) -> None:
        self._graph, self._subgraph = graph, subgraph
        self._looked: dict[Term, set[Term]] = {}

    def look(self, shape: Term, nodes: Iterable[Term]) -> None:
        """Fetch what a shape looks at from some nodes.

        Args:
            shape: the shape.
            nodes: the nodes that it judges.

        Raises:
            UnboundedShape: where that cannot be told.
        """
        seen = self._looked.setdefault(shape, set())
        new = [node for node in dict.fromkeys(nodes) if node not in seen]
        if not new or is_true(self._graph, shape, "deactivated"):
            return
        values, term = new, first(self._graph, shape, "path")
        if term is not None:
            path = read_path(self._graph, term)
            if path is None:
                raise UnboundedShape(f"the path of {shape} is none that is followed here")
            values = self._subgraph.follow(path, new)
        for predicate, demanded in self._graph.get(shape, {}).items():
            name = predicate.removeprefix(SH)
            if predicate.startswith(SH) and not name.startswith("target"):
                self._demand(shape, name, demanded, (new, values))
        for inner in inner_shapes(self._graph, shape):
            self.look(inner, values)
        seen.update(new)

    def _demand(self, shape: Term, name: str, demanded: Sequence[Term], of: tuple[list[Term], list[Term]]) -> None:
        nodes, values = of
        if name == "class":
            self._subgraph.classes(values)
        elif name == "closed":
            self._subgraph.describe(values)
        elif name in _PAIRS:
            for prop in demanded:
                if isinstance(prop, NamedNode):
                    self._subgraph.step(prop, nodes)
        elif name == "qualifiedValueShapesDisjoint":
            for sibling in sorted(siblings(self._graph, shape), key=str):
                self.look(sibling, values)
        elif name == "sparql":
            self._match(shape, demanded, nodes)
        elif name not in _NOTHING_MORE:
            raise UnboundedShape(f"sh:{name} may look anywhere")

    def _match(self, shape: Term, constraints: Sequence[Term], nodes: Sequence[Term]) -> None:
        from threatgraph.validate.evaluation.constraint_matches import look_at_matches

        for constraint in constraints:
            if not is_true(self._graph, constraint, "deactivated"):
                look_at_matches(self._subgraph, self._graph, shape, constraint, nodes)
