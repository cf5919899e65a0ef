"""Excerpts of a shapes graph: the shapes that some nodes are judged by, with those nodes as their only targets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pyoxigraph import BlankNode, NamedNode

from threatgraph.validate.shapes import (
    RDF,
    SH,
    Check,
    Node,
    ShapeGraph,
    Term,
    is_true,
    members,
    nodes,
    parents,
    targets,
)
from threatgraph.vocab import RDF_TYPE

_REST = f"{RDF}rest"
#: Properties whose values are copied along: shapes, lists of shapes, other parts with names or without, and parts of
#: paths and lists, which are blank nodes where there is something to say of them.
_TO_SHAPES = frozenset(SH + name for name in "property node not qualifiedValueShape".split())
_TO_LISTS_OF_SHAPES = frozenset(SH + name for name in ("and", "or", "xone"))
_TO_PARTS = frozenset(SH + n for n in "sparql prefixes declare in languageIn ignoredProperties".split()) | {_REST}
_TO_BLANK = {f"{RDF}first"} | {
    SH + name for name in "path inversePath alternativePath zeroOrMorePath oneOrMorePath zeroOrOnePath".split()
}
_PARENT = "urn:threatgraph:validation#parent-"


class Excerpt:
    """Shapes without targets of their own, and the nodes to judge by them.

    Args:
        graph: the shapes graph that it is taken from.
    """

    def __init__(self, graph: ShapeGraph) -> None:
        self._graph = graph
        self._whole: set[Term] = set()
        self.shapes: dict[Term, dict[str, list[Term]]] = {}
        """A shapes graph: subject to predicate IRI to objects."""
        self.targets: dict[Node, dict[Term, None]] = {}
        """For each shape, the nodes to judge by it, in order."""

    def add(self, check: Check, focus: Iterable[Term]) -> None:
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

    def add_whole(self, shape: Node) -> None:
        """Have a shape judge what itself it names as its targets."""
        self._copy_whole(shape)
        for target in targets(self._graph, shape):
            self.shapes[shape].setdefault(SH + target.kind, []).append(target.term)

    def statements(self) -> Iterator[tuple[Term, NamedNode, Term]]:
        """The excerpt as triples."""
        for subject, told in self.shapes.items():
            for name, values in told.items():
                yield from ((subject, NamedNode(name), value) for value in values)
        for shape, focus in self.targets.items():
            yield from ((shape, NamedNode(f"{SH}targetNode"), node) for node in focus)

    def _copy_whole(self, subject: Term) -> None:
        if subject not in self._whole and subject in self._graph:
            self._whole.add(subject)
            self._copy(subject, self._graph[subject])

    def _copy(self, subject: Term, told: Mapping[str, Sequence[Term]]) -> None:
        """Copy statements about a shape, and whatever they refer to in turn, all without targets.

        Types that are no term of SHACL go, too: a shape that is a class would have its instances for targets.
        """
        kept = self.shapes.setdefault(subject, {})
        for name, values in told.items():
            if name.startswith(f"{SH}target"):
                continue
            wanted = [value for value in values if name != RDF_TYPE or str(value).startswith(f"<{SH}")]
            kept[name] = list(dict.fromkeys([*kept.get(name, ()), *wanted]))
            for value in wanted:
                if name in _TO_SHAPES | _TO_PARTS or (name in _TO_BLANK and isinstance(value, BlankNode)):
                    self._copy_whole(value)
                elif name in _TO_LISTS_OF_SHAPES:
                    self._copy_list(value)
        if is_true(self._graph, subject, "qualifiedValueShapesDisjoint"):
            self._copy_siblings(subject)

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
