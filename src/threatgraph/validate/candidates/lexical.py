"""Finds the constraints that depend on lexical forms which the store normalizes, so that queries cannot see them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from pyoxigraph import Literal, NamedNode

from threatgraph.rdf.lexical import as_stored
from threatgraph.validate.shapes.constraints import ShapeConstraint
from threatgraph.validate.shapes.graph import DESCRIPTIVE, RDF, ShapeGraph, Term
from threatgraph.vocab import PREFIXES, SH

#: Properties of a shape whose values are not compared with literals of the data.
_NOT_COMPARED = {SH + name for name in DESCRIPTIVE - {"path", "property"}} | {f"{RDF}type"}
#: Properties whose literals are compared as terms, not by value; those of ``sh:in`` are in a list.
_COMPARED_AS_TERMS = {f"{SH}hasValue", f"{RDF}first"}
_WITH_SHAPES = frozenset("node property not and or xone qualifiedValueShape".split())


def depends_on_forms(graph: ShapeGraph, constraint: ShapeConstraint, rewritten: Mapping[str, object]) -> bool:
    """Whether a query for a constraint may miss a node because it reads a property with normalized literals.

    Args:
        graph: the shapes graph.
        constraint: a constraint that is not a SPARQL constraint.
        rewritten: the properties with normalized literals.
    """
    if not rewritten:
        return False
    props = {term.value for _, term in _compared_terms(graph, constraint.shape) if isinstance(term, NamedNode)}
    if constraint.target.kind == "targetObjectsOf" and isinstance(constraint.target.term, NamedNode):
        props.add(constraint.target.term.value)
    return not props.isdisjoint(rewritten)


def compared_properties(constraint: ShapeConstraint) -> list[str] | None:
    """The properties of the focus node that a constraint reads; ``None`` if it also reads other nodes."""
    if constraint.target.kind == "targetObjectsOf" or constraint.path is None or constraint.path[1]:
        return None
    if _WITH_SHAPES & constraint.parameters.keys():
        return None
    compared = (constraint.parameters.get(name, ()) for name in ("equals", "disjoint", "lessThan", "lessThanOrEquals"))
    return [constraint.path[0], *(term.value for terms in compared for term in terms if isinstance(term, NamedNode))]


def may_match(query: str, rewritten: Mapping[str, object]) -> bool:
    """Whether a query names one of the properties, matches any property, or has a syntax error."""
    names = _names_in(query)
    return names is None or not names.isdisjoint(rewritten)


@lru_cache(maxsize=1024)  # parsing takes milliseconds, and each validation has the same queries
def _names_in(query: str) -> frozenset[str] | None:
    """The IRIs in a query; ``None`` if it matches any property or has a syntax error."""
    from rdflib import URIRef, Variable
    from rdflib.paths import NegatedPath, Path
    from rdflib.plugins.sparql import prepareQuery
    from rdflib.plugins.sparql.parserutils import CompValue

    names: set[str] = set()

    def visit(node: object) -> bool:
        """Collect the IRIs of a part of the algebra; whether its property is a variable or a negated set."""
        if isinstance(node, URIRef):
            names.add(str(node))
        if isinstance(node, CompValue):
            triples = node["triples"] if node.name == "BGP" else ()
            # A variable that is also a subject cannot be bound to a literal.
            subjects = {triple[0] for triple in triples}
            open_ended = (triple for triple in triples if isinstance(triple[1], Variable) and triple[2] not in subjects)
            return any(True for _ in open_ended) or any(map(visit, node.values()))
        if isinstance(node, Path):
            return isinstance(node, NegatedPath) or any(map(visit, vars(node).values()))
        return isinstance(node, (list, tuple)) and any(map(visit, node))

    try:
        algebra = prepareQuery(query, initNs=PREFIXES).algebra
    except Exception:  # noqa: BLE001 # rdflib raises errors of many types
        return None
    return None if visit(algebra) else frozenset(names)


def has_normalized_literals(graph: ShapeGraph, constraint: ShapeConstraint) -> bool:
    """Whether a shape compares terms with a literal that the store would normalize."""
    literals = (term for name, term in _compared_terms(graph, constraint.shape) if name in _COMPARED_AS_TERMS)
    return any(isinstance(term, Literal) and as_stored(term) != term for term in literals)


def _compared_terms(graph: ShapeGraph, shape: Term) -> Iterator[tuple[str, Term]]:
    """The terms that a shape and its inner shapes compare with the data, each with its property in the shape."""
    pending, seen = [shape], {shape}
    while pending:
        for predicate, values in graph.get(pending.pop(), {}).items():
            if predicate in _NOT_COMPARED or predicate.startswith(f"{SH}target"):
                continue
            for value in values:
                yield predicate, value
                if value in graph and value not in seen:
                    seen.add(value)
                    pending.append(value)
