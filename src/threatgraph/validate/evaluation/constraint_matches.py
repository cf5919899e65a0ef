"""Fetches the statements that a SPARQL constraint can match from some nodes.

The solutions of a query depend only on the statements that match its triple patterns. These are fetched by one query
per group of patterns that must match together: the mandatory patterns of a group, and the patterns of an ``OPTIONAL``,
``UNION`` or ``EXISTS`` together with those before them. Filters are omitted, which can only add statements. A query
with other parts (``GRAPH``, subqueries, ``LIMIT``, negated property sets) is evaluated on the full graph instead.

For the focus node ``ex:a``, these queries are sent to the store:

>>> match_queries("SELECT $this { $this ex:size ?s . FILTER(?s > 5) FILTER NOT EXISTS { ?s ex:unit ?u } }")
SELECT DISTINCT ?s ?u WHERE { VALUES ?this { ex:a } ?this ex:size ?s . ?s ex:unit ?u . } LIMIT 200001
SELECT DISTINCT ?s ?this WHERE { VALUES ?this { ex:a } ?this ex:size ?s . } LIMIT 200001

The first one fetches the statements for the ``NOT EXISTS``, the second one those for the outer group.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pyoxigraph import Literal, NamedNode
from rdflib import BNode, URIRef, Variable, paths
from rdflib import Literal as RdflibLiteral
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.parserutils import CompValue

from threatgraph.sparql.values import values_clause
from threatgraph.validate.evaluation.subgraph import Subgraph, UnboundedShape, named_batches
from threatgraph.validate.shapes.graph import ShapeGraph, Term, first, term_of
from threatgraph.validate.shapes.paths import Path, read_path
from threatgraph.validate.shapes.prefixes import prologue

_PATH = re.compile(r"[$?]PATH\b")
_PREBOUND = re.compile(r"[$?](shapesGraph|currentShape)\b")
#: The maximum number of rows of a query; beyond it, evaluating on the full graph is cheaper.
_MAX_ROWS = 200_000
#: Operators of the algebra that match the same statements as their operand.
_TRANSPARENT = frozenset("SelectQuery Project Distinct Reduced OrderBy Group AggregateJoin".split())
_REPEATED = {"*": "zeroOrMorePath", "+": "oneOrMorePath", "?": "zeroOrOnePath"}

#: A part of a triple pattern: a variable with its question mark, a term, or a path instead of a property.
Part = str | Term | Path
Pattern = tuple[Part, Part, Part]


def fetch_matches(subgraph: Subgraph, graph: ShapeGraph, shape: Term, constraint: Term, nodes: Sequence[Term]) -> None:
    """Fetch the statements that a SPARQL constraint can match.

    Args:
        subgraph: receives the statements.
        graph: the shapes graph.
        shape: the shape that has the constraint.
        constraint: the constraint.
        nodes: its focus nodes.

    Raises:
        UnboundedShape: if these statements cannot be determined from the query.
    """
    select = first(graph, constraint, "select")
    if not isinstance(select, Literal):
        return  # pyshacl reports it
    text = select.value
    if _PREBOUND.search(text):
        raise UnboundedShape("a constraint reads the shapes graph or its own shape")
    path = read_path(graph, first(graph, shape, "path"))
    if _PATH.search(text):
        if path is None:
            raise UnboundedShape("the path of a constraint is ill-formed or too long")
        text = _PATH.sub(path.to_sparql().replace("\\", r"\\"), text)
    reader = _Reader()
    try:
        algebra = prepareQuery(prologue(graph, constraint) + text).algebra
    except Exception as error:  # rdflib raises errors of many types
        raise UnboundedShape(f"rdflib cannot parse a constraint: {error}") from error
    mandatory = reader.read(algebra)
    for wanted, context in [*reader.groups, (mandatory, mandatory)]:
        _fetch(subgraph, wanted, context, nodes)


class _Reader:
    """Reads the algebra of a query in rdflib (SPARQL 1.1, section 18.2)."""

    def __init__(self) -> None:
        self.groups: list[tuple[list[Pattern], list[Pattern]]] = []
        """The patterns of each optional group, and all patterns that must match together with them."""

    def read(self, node: CompValue) -> list[Pattern]:
        """The patterns that must match in every solution; other patterns are added to the groups."""
        name = node.name
        if name == "BGP":
            return [tuple(_part(part, at) for at, part in enumerate(triple)) for triple in node.triples]  # type: ignore[misc]
        if name == "Join":
            return self.read(node.p1) + self.read(node.p2)
        if name == "LeftJoin":
            return self._left_join(node)
        if name == "Union":
            return self._union(node)
        if name in ("Filter", "Extend"):
            return self._filter(node)
        if name in _TRANSPARENT and not any(True for key in node if key != "p" for _ in _exists(node[key])):
            return self.read(node.p)
        raise UnboundedShape(f"a constraint contains {name} in a place where its patterns cannot be separated")

    def _union(self, node: CompValue) -> list[Pattern]:
        for branch in (node.p1, node.p2):
            inner = self.read(branch)
            self.groups.append((inner, inner))
        return []

    def _filter(self, node: CompValue) -> list[Pattern]:
        before = self.read(node.p)
        tests = list(_exists(node.expr))
        if tests and _aggregates(node.p):
            raise UnboundedShape("a constraint contains EXISTS after GROUP BY")
        self._read_exists(tests, before)
        return before

    def _left_join(self, node: CompValue) -> list[Pattern]:
        before, inner = self.read(node.p1), self.read(node.p2)
        self.groups.append((inner, before + inner))
        self._read_exists(_exists(node.expr), before + inner)
        return before

    def _read_exists(self, tests: Iterable[CompValue], before: list[Pattern]) -> None:
        for test in tests:
            inner = self.read(test.graph)
            self.groups.append((inner, before + inner))


def _exists(expression: Any) -> Iterator[CompValue]:
    """The ``EXISTS`` and ``NOT EXISTS`` of an expression, without those nested in their patterns."""
    if isinstance(expression, CompValue):
        if expression.name in ("Builtin_EXISTS", "Builtin_NOTEXISTS"):
            yield expression
            return
        expression = list(expression.values())
    if isinstance(expression, (list, tuple)):
        for part in expression:
            yield from _exists(part)


def _aggregates(node: CompValue) -> bool:
    while node.name in ("Filter", "Extend"):
        node = node.p
    return bool(node.name == "AggregateJoin")


def _part(part: Any, at: int) -> Part:
    if isinstance(part, Variable):
        return f"?{part}"
    if isinstance(part, BNode):
        return f"?blank{part}"
    if isinstance(part, RdflibLiteral):
        datatype = NamedNode(str(part.datatype)) if part.datatype and not part.language else None
        return Literal(str(part), datatype=datatype, language=part.language)
    return _path(part) if at == 1 and isinstance(part, paths.Path) else NamedNode(str(part))


def _path(path: Any) -> Path:
    if isinstance(path, URIRef):
        return Path("property", prop=NamedNode(str(path)))
    if isinstance(path, paths.InvPath):
        return _path(path.arg).inverse()
    if isinstance(path, paths.SequencePath):
        return Path("sequence", tuple(map(_path, path.args)))
    if isinstance(path, paths.AlternativePath):
        return Path("alternativePath", tuple(map(_path, path.args)))
    if isinstance(path, paths.MulPath):
        return Path(_REPEATED[str(path.mod)], (_path(path.path),))
    raise UnboundedShape("a constraint contains a negated property set")


def _fetch(subgraph: Subgraph, wanted: Sequence[Pattern], context: Sequence[Pattern], nodes: Sequence[Term]) -> None:
    """Fetch the statements that match some patterns in the solutions of all patterns of their context."""
    plain = [pattern for pattern in wanted if not isinstance(pattern[1], Path)]
    for batch in named_batches(nodes) if "?this" in _variables(context) else [()]:
        head = values_clause("this", batch) if batch else ""
        if plain:
            subgraph.add(_matches(subgraph, plain, context, head))
        for start, path, end in wanted:
            if isinstance(path, Path):
                others = [other for other in context if other != (start, path, end)]
                _fetch_path(subgraph, (start, path, end), others, batch)


def _matches(
    subgraph: Subgraph, wanted: Sequence[Pattern], context: Sequence[Pattern], head: str
) -> Iterator[tuple[object, ...]]:
    names = sorted(_variables(wanted))
    columns = " ".join(names) or "(1 AS ?found)"
    for row in _select(subgraph, f"SELECT DISTINCT {columns} WHERE {{ {head} {_text(context)} }}"):
        bound = dict(zip(names, row, strict=False))
        for pattern in wanted:
            yield tuple(bound[part] if isinstance(part, str) else part for part in pattern)


def _select(subgraph: Subgraph, query: str) -> Sequence[tuple[object, ...]]:
    rows = subgraph.select(f"{query} LIMIT {_MAX_ROWS + 1}").rows
    if len(rows) > _MAX_ROWS:
        raise UnboundedShape(f"a constraint reads more than {_MAX_ROWS:,} statements")
    return rows


def _fetch_path(
    subgraph: Subgraph, pattern: tuple[Part, Path, Part], context: Sequence[Pattern], nodes: Sequence[Term]
) -> None:
    """Fetch the statements along a path, starting from an end with known nodes."""
    start, forward, end = pattern
    for known, path in ((start, forward), (end, forward.inverse())):
        if not isinstance(known, (str, Path)):
            subgraph.follow(path, [known])
        elif known == "?this":
            subgraph.follow(path, nodes)
        elif known in _variables(context):
            head = values_clause("this", nodes) if "?this" in _variables(context) else ""
            rows = _select(subgraph, f"SELECT DISTINCT {known} WHERE {{ {head} {_text(context)} }}")
            subgraph.follow(path, [term_of(row[0]) for row in rows])
        else:
            continue
        return
    raise UnboundedShape("a constraint contains a path between two unbound variables")


def _variables(patterns: Iterable[Pattern]) -> set[str]:
    return {part for pattern in patterns for part in pattern if isinstance(part, str)}


def _text(patterns: Iterable[Pattern]) -> str:
    return " ".join(
        f"{' '.join(part.to_sparql() if isinstance(part, Path) else str(part) for part in pattern)} ."
        for pattern in patterns
    )
