"""Finds the statements that a SPARQL constraint can match from some nodes.

The answer to a query depends on the statements that match its triple patterns, and on no others. Of these it fetches
the ones that stand in a solution of the patterns which hold together: those that must hold in a group, and those of an
``OPTIONAL``, a ``UNION`` or an ``EXISTS`` with what must hold before them. Filters are left out, which can only make it
more. Where that is not the whole truth (``GRAPH``, subqueries, ``LIMIT``, negated property sets), nothing is fetched.
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

from threatgraph.validate.evaluation.subgraph import Subgraph, UnboundedShape, batches, term_of, turned, values_clause
from threatgraph.validate.shapes.graph import ShapeGraph, Term, first
from threatgraph.validate.shapes.paths import Path, read_path
from threatgraph.validate.shapes.prefixes import prefixes

_PATH = re.compile(r"[$?]PATH\b")
_PREBOUND = re.compile(r"[$?](shapesGraph|currentShape)\b")
_MOST = 200_000
"""Rows of an answer at most: beyond it, a whole graph costs less."""
#: Operators of the algebra that pass on the solutions of what is below them.
_PASSING = frozenset("SelectQuery Project Distinct Reduced OrderBy Group AggregateJoin".split())
_REPEATED = {"*": "zeroOrMorePath", "+": "oneOrMorePath", "?": "zeroOrOnePath"}

#: The parts of a triple pattern: variables with their question mark, terms, and a path in place of a property.
Part = str | Term | Path
Pattern = tuple[Part, Part, Part]


def look_at_matches(subgraph: Subgraph, graph: ShapeGraph, shape: Term, constraint: Term, nodes: Sequence[Term]) -> None:
    """Fetch what a SPARQL constraint can match.

    Args:
        subgraph: where the statements go.
        graph: the shapes graph.
        shape: the shape that has the constraint.
        constraint: the constraint.
        nodes: the nodes that it is asked for.

    Raises:
        UnboundedShape: where that cannot be told.
    """
    select = first(graph, constraint, "select")
    if not isinstance(select, Literal):
        return  # the referee says what is wrong with it
    text = select.value
    if _PREBOUND.search(text):
        raise UnboundedShape("a constraint asks for the shapes graph, or for its own shape")
    path = read_path(graph, first(graph, shape, "path"))
    if _PATH.search(text):
        if path is None:
            raise UnboundedShape("a constraint goes along a path that is none that is followed here")
        text = _PATH.sub(path.to_sparql().replace("\\", r"\\"), text)
    reader = _Reader()
    try:
        algebra = prepareQuery(prefixes(graph, constraint) + text).algebra
    except Exception as error:  # rdflib raises what its parser raises, and more
        raise UnboundedShape(f"rdflib does not read a constraint: {error}") from error
    together = reader.read(algebra)
    for wanted, context in [*reader.groups, (together, together)]:
        _fetch(subgraph, wanted, context, nodes)


class _Reader:
    """Reads the algebra of a query as rdflib has it (SPARQL 1.1, section 18.2)."""

    def __init__(self) -> None:
        self.groups: list[tuple[list[Pattern], list[Pattern]]] = []
        """Patterns whose matches are wanted, each with all that must hold together with them."""

    def read(self, node: CompValue) -> list[Pattern]:
        """The patterns that must hold in every solution; what may hold besides goes to the groups."""
        name = node.name
        if name == "BGP":
            return [tuple(_part(part, at) for at, part in enumerate(triple)) for triple in node.triples]  # type: ignore[misc]
        if name == "Join":
            return self.read(node.p1) + self.read(node.p2)
        if name == "LeftJoin":
            return self._left_join(node)
        if name == "Union":
            for branch in (node.p1, node.p2):
                inner = self.read(branch)
                self.groups.append((inner, inner))
            return []
        if name in ("Filter", "Extend"):
            before = self.read(node.p)
            tests = list(_exists(node.expr))
            if tests and _aggregates(node.p):
                raise UnboundedShape("a constraint has EXISTS behind GROUP BY")
            self._tests(tests, before)
            return before
        if name in _PASSING and not any(True for key in node if key != "p" for _ in _exists(node[key])):
            return self.read(node.p)
        raise UnboundedShape(f"a constraint has {name} where the patterns cannot be told apart")

    def _left_join(self, node: CompValue) -> list[Pattern]:
        before, inner = self.read(node.p1), self.read(node.p2)
        self.groups.append((inner, before + inner))
        self._tests(_exists(node.expr), before + inner)
        return before

    def _tests(self, tests: Iterable[CompValue], before: list[Pattern]) -> None:
        for test in tests:
            inner = self.read(test.graph)
            self.groups.append((inner, before + inner))


def _exists(expression: Any) -> Iterator[CompValue]:
    """The ``EXISTS`` and ``NOT EXISTS`` of an expression; those in their patterns are not among them."""
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
        return turned(_path(path.arg))
    if isinstance(path, paths.SequencePath):
        return Path("sequence", tuple(map(_path, path.args)))
    if isinstance(path, paths.AlternativePath):
        return Path("alternativePath", tuple(map(_path, path.args)))
    if isinstance(path, paths.MulPath):
        return Path(_REPEATED[str(path.mod)], (_path(path.path),))
    raise UnboundedShape("a constraint has a negated property set")


def _fetch(subgraph: Subgraph, wanted: Sequence[Pattern], context: Sequence[Pattern], nodes: Sequence[Term]) -> None:
    """Fetch the statements that match some patterns in the solutions of others."""
    plain = [pattern for pattern in wanted if not isinstance(pattern[1], Path)]
    for batch in batches(nodes) if "?this" in _variables(context) else [()]:
        head = values_clause("this", batch) if batch else ""
        if plain:
            subgraph.keep(_matches(subgraph, plain, context, head))
        for start, way, end in wanted:
            if isinstance(way, Path):
                others = [other for other in context if other != (start, way, end)]
                _along(subgraph, (start, way, end), others, batch)


def _matches(
    subgraph: Subgraph, wanted: Sequence[Pattern], context: Sequence[Pattern], head: str
) -> Iterator[tuple[object, ...]]:
    names = sorted(_variables(wanted))
    columns = " ".join(names) or "(1 AS ?found)"
    for row in _ask(subgraph, f"SELECT DISTINCT {columns} WHERE {{ {head} {_text(context)} }}"):
        bound = dict(zip(names, row, strict=False))
        for pattern in wanted:
            yield tuple(bound[part] if isinstance(part, str) else part for part in pattern)


def _ask(subgraph: Subgraph, query: str) -> Sequence[tuple[object, ...]]:
    rows = subgraph.rows(f"{query} LIMIT {_MOST + 1}").rows
    if len(rows) > _MOST:
        raise UnboundedShape("a constraint looks at very many statements")
    return rows


def _along(subgraph: Subgraph, pattern: tuple[Part, Path, Part], context: Sequence[Pattern], nodes: Sequence[Term]) -> None:
    """Fetch the statements along a path, from the end that is known."""
    start, way, end = pattern
    for known, path in ((start, way), (end, turned(way))):
        if not isinstance(known, (str, Path)):
            subgraph.follow(path, [known])
        elif known == "?this":
            subgraph.follow(path, nodes)
        elif known in _variables(context):
            head = values_clause("this", nodes) if "?this" in _variables(context) else ""
            rows = _ask(subgraph, f"SELECT DISTINCT {known} WHERE {{ {head} {_text(context)} }}")
            subgraph.follow(path, [term_of(row[0]) for row in rows])
        else:
            continue
        return
    raise UnboundedShape("a constraint has a path with two open ends")


def _variables(patterns: Iterable[Pattern]) -> set[str]:
    return {part for pattern in patterns for part in pattern if isinstance(part, str)}


def _text(patterns: Iterable[Pattern]) -> str:
    return " ".join(
        f"{' '.join(part.to_sparql() if isinstance(part, Path) else str(part) for part in pattern)} ."
        for pattern in patterns
    )
