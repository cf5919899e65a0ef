"""Compiles constraints to SPARQL queries for their candidates: the nodes that may violate them.

A query may return too many nodes, since pyshacl evaluates each of them, but it must never miss a violation. The
examples show the queries for a constraint on the target ``sh:targetClass ex:P``; ``tests/test_validate_examples.py``
runs them and defines ``candidate_queries``.

A missing value is a negated pattern, and too many values are a count:

>>> candidate_queries("sh:path ex:name ; sh:minCount 1 ; sh:maxCount 1")
SELECT ?this WHERE { ?this a ex:P . FILTER NOT EXISTS { ?this ex:name ?value . } }
SELECT ?this WHERE { { SELECT ?this WHERE { ?this a ex:P . ?this ex:name ?value . }
    GROUP BY ?this HAVING(COUNT(DISTINCT ?value) > 1) } }

A value that does not certainly conform is a filter with the expression of :mod:`.conformance`. There are few statements
with ``ex:size`` per node of the target, so that it is faster to start from them:

>>> candidate_queries("sh:path ex:size ; sh:maxInclusive 5")
SELECT ?this WHERE { ?this ex:size ?value .
    FILTER(!(COALESCE((DATATYPE(?value) IN (xsd:decimal, xsd:integer) && ?value <= 5), false)))
    FILTER EXISTS { ?this a ex:P . } }

No node has this property, so that no node can violate the constraint and there is no query:

>>> candidate_queries("sh:path ex:unused ; sh:nodeKind sh:Literal")
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pyoxigraph import Literal, NamedNode

from threatgraph.rdf.terms import Node
from threatgraph.sparql.values import batches, values_clause
from threatgraph.validate.candidates.conformance import (
    TRUE,
    Conformance,
    ThreeValued,
    all_of,
    comparable,
    negation,
    same_language,
)
from threatgraph.validate.candidates.constraint_query import constraint_query
from threatgraph.validate.candidates.filters import relax_filters
from threatgraph.validate.candidates.lexical import (
    compared_properties,
    depends_on_forms,
    has_normalized_literals,
    may_match,
)
from threatgraph.validate.candidates.selection import Selection
from threatgraph.validate.shapes.constraints import ShapeConstraint
from threatgraph.validate.shapes.graph import ShapeGraph, Target, Term, first, inner_shapes, is_true, siblings
from threatgraph.validate.shapes.paths import Path, read_path
from threatgraph.validate.statistics import SUBCLASS, Statistics
from threatgraph.vocab import XSD

#: Parameters that constrain the set of values of a path, not each value.
_ON_SETS = frozenset(
    "minCount maxCount uniqueLang hasValue equals disjoint lessThan lessThanOrEquals qualifiedValueShape "
    "qualifiedMinCount qualifiedMaxCount qualifiedValueShapesDisjoint".split()
)
_PAIRS = {"equals": "=", "disjoint": "!=", "lessThan": "<", "lessThanOrEquals": "<="}
_COUNTED = "SELECT ?this (COUNT(DISTINCT ?value) AS ?count)"
#: A query starts from the statements of a property if there are fewer than this number per node of the target. Measured
#: on Oxigraph: a look-up from a node takes about three times as long as reading the next statement.
_STATEMENTS_PER_NODE = 3
_SELECT = "SELECT ?this WHERE {{ {} }}"


class NoSparqlForm(Exception):
    """The constraint cannot be compiled: all nodes of its target are candidates."""


class Compiler:
    """Compiles the constraints of a shapes graph for one store.

    Args:
        graph: the shapes graph.
        statistics: the statistics of the store.
        selection: the nodes that may be candidates; all nodes by default.
    """

    def __init__(self, graph: ShapeGraph, statistics: Statistics, selection: Selection | None = None) -> None:
        self._graph, self._statistics, self._selection = graph, statistics, selection
        self._conformance = Conformance(graph, self._instance_of)

    def queries(self, constraint: ShapeConstraint) -> list[str]:
        """SPARQL queries for the candidates of a constraint, each with the column ``this``.

        Returns:
            The queries; an empty list if no node can violate the constraint.

        Raises:
            NoSparqlForm: if the constraint cannot be compiled.
        """
        if self.is_empty(constraint.target):
            return []
        if constraint.sparql is not None:
            return [self._sparql_constraint(constraint, constraint.sparql)]
        normalized = self._normalized(constraint)
        if constraint.path_term is not None and constraint.steps is None:
            raise NoSparqlForm
        if constraint.target.kind == "targetNode" and self._has_empty_path(constraint.shape):
            raise NoSparqlForm  # SPARQL does not find a node that is a value of itself if no statement mentions it
        return [*map(_SELECT.format, self._patterns(constraint)), *normalized]

    def is_empty(self, target: Target) -> bool:
        """Whether a target is known to have no nodes."""
        return (self._selection is not None or target.kind == "targetClass") and not self._size(target)

    def scope(self, target: Target) -> str:
        """The graph pattern of the nodes of a target (SHACL, section 2.1.3); it ends in a full stop."""
        if self._selection is None:
            return self._scope(target)
        return f"VALUES ?this {{ {' '.join(self._selection.of(target, self._scope(target)))} }} ."

    def _scope(self, target: Target) -> str:
        if target.kind == "targetClass":
            return self._instance_of("?this", target.term)
        if target.kind == "targetNode":
            return f"VALUES ?this {{ {target.term} }} ."
        return f"?this {target.term} [] ." if target.kind == "targetSubjectsOf" else f"[] {target.term} ?this ."

    def _instance_of(self, variable: str, cls: Term) -> str:
        classes = self._statistics.subclasses(str(cls))
        if len(classes) == 1:
            return f"{variable} a {cls} ."
        if any(name.startswith("_:") for name in classes):  # a blank node in a query is a variable
            return f"{variable} a/{SUBCLASS}* {cls} ."
        return f"VALUES {variable}Kind {{ {' '.join(classes)} }} {variable} a {variable}Kind ."

    def _sparql_constraint(self, constraint: ShapeConstraint, sparql: Node) -> str:
        """The query of a SPARQL constraint for all nodes, without filters that engines evaluate differently."""
        text = constraint_query(self._graph, sparql, self.scope(constraint.target))
        text = None if text is None else relax_filters(text)
        if text is None or (self._statistics.rewritten and may_match(text, self._statistics.rewritten)):
            raise NoSparqlForm
        return text

    def _normalized(self, constraint: ShapeConstraint) -> list[str]:
        """Queries for the nodes of the target with literals that the store normalizes."""
        rewritten = self._statistics.rewritten
        if has_normalized_literals(self._graph, constraint):
            raise NoSparqlForm
        if not depends_on_forms(self._graph, constraint, rewritten):
            return []
        props = compared_properties(constraint)
        if props is None:
            raise NoSparqlForm
        nodes = dict.fromkeys(node for prop in props for node in rewritten.get(prop, ()))
        scope = self.scope(constraint.target)
        return [
            _SELECT.format(f"{{ {values_clause('this', batch)} }} {scope}") for batch in batches(sorted(nodes, key=str))
        ]

    def _has_empty_path(self, shape: Term) -> bool:
        """Whether the path of a shape or of one of its inner shapes may have length zero."""
        path = read_path(self._graph, first(self._graph, shape, "path"))
        return (path is not None and path.may_be_empty) or any(
            self._has_empty_path(inner) for inner in inner_shapes(self._graph, shape)
        )

    def _size(self, target: Target) -> int:
        """The maximum number of nodes of a target."""
        if self._selection is not None:
            return len(self._selection.of(target, self._scope(target)))
        if target.kind == "targetClass":
            return self._statistics.instances(*self._statistics.subclasses(str(target.term)))
        return 1 if target.kind == "targetNode" else self._statistics.uses(str(target.term))

    def _patterns(self, constraint: ShapeConstraint) -> Iterator[str]:
        """For each parameter or group of parameters, the pattern of the nodes that may violate it."""
        path = constraint.steps
        if path is not None:
            if is_true(self._graph, constraint.shape, "closed"):
                raise NoSparqlForm  # the values are closed, which is rare
            each = {name: values for name, values in constraint.parameters.items() if name not in _ON_SETS}
            yield from self._each_value(constraint, path, all_of(self._conformance.values(each, "?value")))
            for name, values in constraint.parameters.items():
                yield from self._set_of_values(constraint, path, name, values)
            return
        each = dict(constraint.parameters)
        if "closed" in each:
            yield from self._unknown_property(constraint, each.pop("closed"))
        for name in sorted(_ON_SETS & each.keys() - {"hasValue"}):
            for value in each.pop(name):
                yield from self._pair(constraint, None, name, value)
        yield from self._each_value(constraint, None, all_of(self._conformance.values(each, "?this")))

    def _set_of_values(
        self, constraint: ShapeConstraint, path: Path, name: str, values: Sequence[Term]
    ) -> Iterator[str]:
        if name == "minCount":
            yield from _too_few(self.scope(constraint.target), path, int(values[0].value))
        elif name == "maxCount":
            yield from self._too_many(constraint, path, int(values[0].value))
        elif name == "uniqueLang" and is_true(self._graph, constraint.shape, "uniqueLang"):
            pair = f"{_step(path)} {_step(path, '?other')} {same_language('?value', '?other')}"
            yield from self._too_many(constraint, path, 1, pair)
        elif name == "hasValue":
            yield from _missing(self.scope(constraint.target), path, values)
        elif name == "qualifiedValueShape":
            yield self._qualified(constraint, path)
        elif name.startswith("qualified") and "qualifiedValueShape" not in constraint.parameters:
            raise NoSparqlForm  # pyshacl reports the missing shape
        elif name in _PAIRS:
            for value in values:
                yield from self._pair(constraint, path, name, value)

    def _is_unused(self, path: Path | None) -> bool:
        """Whether a path is a single property without statements."""
        return path is not None and path.step is not None and not self._statistics.uses(str(path.step[0]))

    def _starts_with_values(self, constraint: ShapeConstraint, path: Path | None) -> bool:
        """Whether it is faster to start from the statements of a property than from the nodes of the target."""
        if path is None or path.step is None:
            return False
        return self._statistics.uses(str(path.step[0])) < _STATEMENTS_PER_NODE * self._size(constraint.target)

    def _each_value(self, constraint: ShapeConstraint, path: Path | None, conforms: ThreeValued) -> Iterator[str]:
        """The nodes with a value that does not certainly conform."""
        if conforms.holds is None:
            raise NoSparqlForm
        if conforms.holds == TRUE or self._is_unused(path):
            return
        scope, violation = self.scope(constraint.target), f"FILTER(!{conforms.holds})"
        if path is None:
            yield f"{scope} {violation}"
        elif self._starts_with_values(constraint, path):
            yield f"{_step(path)} {violation} FILTER EXISTS {{ {scope} }}"
        else:
            yield f"{scope} {_step(path)} {violation}"

    def _too_many(self, constraint: ShapeConstraint, path: Path, limit: int, then: str = "") -> Iterator[str]:
        """The nodes with more values of a path than the limit that also match a further pattern."""
        if self._is_unused(path):
            return
        scope, count, exists = self.scope(constraint.target), "COUNT(DISTINCT ?value)", ""
        if self._starts_with_values(constraint, path):
            scope, count, exists = "", "COUNT(?value)", f"FILTER EXISTS {{ {scope} }}"
        having = f"GROUP BY ?this HAVING({count} > {limit})"
        yield f"{{ SELECT ?this WHERE {{ {scope} {_step(path)} }} {having} }} {then} {exists}"

    def _pair(self, constraint: ShapeConstraint, path: Path | None, name: str, value: Term) -> Iterator[str]:
        """The nodes whose values may violate a comparison with those of another property (SHACL, section 4.5)."""
        if not isinstance(value, NamedNode) or (path is None and name not in ("equals", "disjoint")):
            raise NoSparqlForm
        scope, step = self.scope(constraint.target), _step(path) if path else "BIND(?this AS ?value)"
        other, same = f"?this {value} ?other .", f"?this {value} ?value ."
        if name == "equals" and path:
            yield f"{scope} {step} FILTER NOT EXISTS {{ {same} }}"
            yield f"{scope} {same} FILTER NOT EXISTS {{ {step} }}"
        elif name == "equals":
            yield f"{scope} FILTER NOT EXISTS {{ {other} FILTER(sameTerm(?this, ?other)) }}"
            yield f"{scope} {other} FILTER(!sameTerm(?this, ?other))"
        elif name == "disjoint":
            texts = "isLiteral(?value) && isLiteral(?other) && STR(?value) = STR(?other)"
            yield f"{scope} {step} {other} FILTER(sameTerm(?value, ?other) || ({texts}))"
        else:
            yield f"{scope} {step} {other} FILTER(!({' || '.join(_certainly_ordered(_PAIRS[name]))}))"

    def _qualified(self, constraint: ShapeConstraint, path: Path) -> str:
        """The nodes that may have too few or too many values that conform to a shape (SHACL, section 4.7.3)."""
        shapes = constraint.parameters["qualifiedValueShape"]
        limits = [constraint.parameters.get(f"qualified{name}Count") for name in ("Min", "Max")]
        if len(shapes) > 1 or limits == [None, None]:
            raise NoSparqlForm
        conforms = self._qualified_conformance(constraint, shapes)
        tests = (conforms.holds, conforms.fails and f"!{conforms.fails}")
        parts = []
        for limit, test, sign in zip(limits, tests, "<>", strict=True):
            if limit is not None and test is None:
                raise NoSparqlForm
            if limit is not None:
                inner = f"{self.scope(constraint.target)} OPTIONAL {{ {_step(path)} FILTER({test}) }}"
                parts.append(
                    f"{{ {_COUNTED} WHERE {{ {inner} }} GROUP BY ?this }} FILTER(?count {sign} {limit[0].value})"
                )
        return " UNION ".join(f"{{ {part} }}" for part in parts)

    def _qualified_conformance(self, constraint: ShapeConstraint, shapes: Sequence[Term]) -> ThreeValued:
        """Whether a value conforms to the qualified shape, and to none of its siblings if they are disjoint."""
        tests = [self._conformance.shape(shapes[0], "?value")]
        if is_true(self._graph, constraint.shape, "qualifiedValueShapesDisjoint"):
            others = siblings(self._graph, constraint.shape) - set(shapes)
            tests += [negation(self._conformance.shape(other, "?value")) for other in sorted(others, key=str)]
        return all_of(tests)

    def _unknown_property(self, constraint: ShapeConstraint, closed: Sequence[Term]) -> Iterator[str]:
        """The nodes with a property that a closed shape does not allow."""
        if str(closed[0]) == str(Literal(False)):
            return
        known = self._conformance.known_properties(constraint.shape, constraint.parameters)
        if known is None:
            raise NoSparqlForm
        other = f"FILTER(?property NOT IN ({', '.join(known)}))" if known else ""  # Oxigraph rejects all for NOT IN ()
        yield f"{self.scope(constraint.target)} ?this ?property [] {other}"


def _step(path: Path, value: str = "?value") -> str:
    """The pattern from the node to its values."""
    if path.step and path.step[1]:
        return f"{value} {path.step[0]} ?this ."
    return f"?this {path.to_sparql()} {value} ."


def _too_few(scope: str, path: Path, limit: int) -> Iterator[str]:
    """The nodes with fewer values of a path than the limit."""
    if limit == 1:
        yield f"{scope} FILTER NOT EXISTS {{ {_step(path)} }}"
    elif limit > 1:
        inner = f"{scope} OPTIONAL {{ {_step(path)} }}"
        yield f"{{ {_COUNTED} WHERE {{ {inner} }} GROUP BY ?this }} FILTER(?count < {limit})"


def _missing(scope: str, path: Path, values: Sequence[Term]) -> Iterator[str]:
    """The nodes without one of the required values of a path."""
    for value in values:
        if not isinstance(value, (NamedNode, Literal)):
            raise NoSparqlForm
        yield f"{scope} FILTER NOT EXISTS {{ {_step(path, str(value))} }}"


def _certainly_ordered(operator: str) -> Iterator[str]:
    """The expressions that two values are certainly in order, one per type of value."""
    for kind in (f"{XSD}integer", f"{XSD}date"):
        known = [str(comparable(variable, kind)) for variable in ("?value", "?other")]
        yield f"COALESCE({' && '.join(known)} && ?value {operator} ?other, false)"
