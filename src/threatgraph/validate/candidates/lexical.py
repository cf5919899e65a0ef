"""Tells which checks depend on how files write literals, where queries see other forms of the same values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pyoxigraph import Literal, NamedNode

from threatgraph.rdf.lexical import as_stored
from threatgraph.validate.shapes.constraints import ShapeConstraint
from threatgraph.validate.shapes.graph import DESCRIPTIVE, RDF, SH, ShapeGraph, Term
from threatgraph.vocab import PREFIXES

#: Properties of a shape whose values say nothing of the literals of the data.
_APART = {SH + name for name in DESCRIPTIVE - {"path", "property"}} | {f"{RDF}type"}
#: Properties whose literals are compared as terms, not by value: those of ``sh:in`` are in a list.
_TO_TERMS = {f"{SH}hasValue", f"{RDF}first"}
_ON_SHAPES = frozenset("node property not and or xone qualifiedValueShape".split())


def depends_on_forms(graph: ShapeGraph, check: ShapeConstraint, rewritten: Mapping[str, object]) -> bool:
    """Whether a query that is made from a check may miss a node, since some property that it looks at is rewritten.

    Args:
        graph: the shapes graph.
        check: one without a constraint in SPARQL.
        rewritten: the properties with literals that queries see in another form.
    """
    if not rewritten:
        return False
    props = {term.value for _, term in _looked_at(graph, check.shape) if isinstance(term, NamedNode)}
    if check.target.kind == "targetObjectsOf" and isinstance(check.target.term, NamedNode):
        props.add(check.target.term.value)
    return not props.isdisjoint(rewritten)


def compared_properties(check: ShapeConstraint) -> list[str] | None:
    """The properties of the focus node whose values a check is about; ``None`` where it looks further than that."""
    if check.target.kind == "targetObjectsOf" or check.path is None or check.path[1]:
        return None
    if _ON_SHAPES & check.parameters.keys():
        return None
    pairs = (check.parameters.get(name, ()) for name in ("equals", "disjoint", "lessThan", "lessThanOrEquals"))
    return [check.path[0], *(term.value for terms in pairs for term in terms if isinstance(term, NamedNode))]


def may_match(query: str, rewritten: Mapping[str, object]) -> bool:
    """Whether a query names one of some properties, may match any property, or cannot be read."""
    from rdflib import URIRef, Variable
    from rdflib.paths import NegatedPath, Path
    from rdflib.plugins.sparql import prepareQuery
    from rdflib.plugins.sparql.parserutils import CompValue

    names: set[str] = set()

    def look(node: object) -> bool:
        """Take in the IRIs of a part of the algebra; whether it has a variable or a negation for a property."""
        if isinstance(node, URIRef):
            names.add(str(node))
        if isinstance(node, CompValue):
            among = node["triples"] if node.name == "BGP" else ()
            # What is a subject in the same solution is no literal, so a statement with one does not match.
            subjects = {triple[0] for triple in among}
            open_ended = (triple for triple in among if isinstance(triple[1], Variable) and triple[2] not in subjects)
            return any(True for _ in open_ended) or any(map(look, node.values()))
        if isinstance(node, Path):
            return isinstance(node, NegatedPath) or any(map(look, vars(node).values()))
        return isinstance(node, (list, tuple)) and any(map(look, node))

    try:
        algebra = prepareQuery(query, initNs=PREFIXES).algebra
    except Exception:  # noqa: BLE001 # rdflib raises what its parser raises, and more
        return True
    return look(algebra) or not names.isdisjoint(rewritten)


def shape_literals_differ(graph: ShapeGraph, check: ShapeConstraint) -> bool:
    """Whether a shape wants a term to be the same as a literal that queries would see in another form."""
    literals = (term for name, term in _looked_at(graph, check.shape) if name in _TO_TERMS)
    return any(isinstance(term, Literal) and as_stored(term) != term for term in literals)


def _looked_at(graph: ShapeGraph, shape: Term) -> Iterator[tuple[str, Term]]:
    """The terms that a shape and those that it refers to compare with the data, each with the property that has it."""
    waiting, seen = [shape], {shape}
    while waiting:
        for predicate, values in graph.get(waiting.pop(), {}).items():
            if predicate in _APART or predicate.startswith(f"{SH}target"):
                continue
            for value in values:
                yield predicate, value
                if value in graph and value not in seen:
                    seen.add(value)
                    waiting.append(value)
