"""Turns checks into SPARQL queries that find the nodes which may break them.

A query may name too many nodes, since pyshacl judges each of them; it must never miss one. What has no SPARQL form here
names all nodes of the target.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pyoxigraph import Literal, NamedNode

from threatgraph.rdf.terms import Node
from threatgraph.validate.candidates.conformance import YES, Conformance, ThreeValued, alike, all_of, comparable, opposite
from threatgraph.validate.candidates.filters import loosened
from threatgraph.validate.candidates.lexical import (
    compared_properties,
    depends_on_forms,
    may_match,
    shape_literals_differ,
)
from threatgraph.validate.evaluation.subgraph import batches, values_clause
from threatgraph.validate.shapes.constraints import ShapeConstraint
from threatgraph.validate.shapes.graph import ShapeGraph, Target, Term, first, inner_shapes, is_true, siblings
from threatgraph.validate.shapes.paths import Path, read_path
from threatgraph.validate.shapes.prefixes import joined
from threatgraph.validate.statistics import SUBCLASS, Statistics
from threatgraph.vocab import XSD

#: What is demanded of the values of a path together, not of each.
_OF_ALL = frozenset(
    "minCount maxCount uniqueLang hasValue equals disjoint lessThan lessThanOrEquals qualifiedValueShape "
    "qualifiedMinCount qualifiedMaxCount qualifiedValueShapesDisjoint".split()
)
_PAIRS = {"equals": "=", "disjoint": "!=", "lessThan": "<", "lessThanOrEquals": "<="}
_COUNTED = "SELECT ?this (COUNT(DISTINCT ?value) AS ?count)"
#: A query begins with the statements of a property where there are fewer than so many for each node of the target:
#: measured on Oxigraph, a step from a node costs about three times what the next statement does.
_FEW = 3
_SELECT = "SELECT ?this WHERE {{ {} }}"


class Compiler:
    """Compiles the checks of one shapes graph against the classes of one store.

    Args:
        graph: the shapes graph.
        statistics: what the store holds.
    """

    def __init__(self, graph: ShapeGraph, statistics: Statistics) -> None:
        self._graph, self._statistics = graph, statistics
        self._conformance = Conformance(graph, self._instance_of)

    def queries(self, check: ShapeConstraint) -> list[str] | None:
        """SPARQL queries for the candidates of a check, each with the column ``this``.

        Returns:
            None where nothing can break the check; ``None`` where it has no SPARQL form here.
        """
        if check.target.kind == "targetClass" and not self._size(check.target):
            return []
        if check.constraint is not None:
            return self._constraint(check, check.constraint)
        rewritten = self._rewritten(check)
        if rewritten is None:
            return None
        if check.path_term is not None and check.steps is None:
            return None
        if check.target.kind == "targetNode" and self._has_empty_path(check.shape):
            return None  # a node that stands in no statement is a value of its own, but SPARQL does not find it
        parts = list(self._parts(check))
        return None if None in parts else [*(_SELECT.format(part) for part in parts if part), *rewritten]

    def scope(self, target: Target) -> str:
        """The graph pattern of the nodes that a target names (SHACL, section 2.1.3); it ends in a full stop."""
        if target.kind == "targetClass":
            return self._instance_of("?this", target.term)
        if target.kind == "targetNode":
            return f"VALUES ?this {{ {target.term} }} ."
        return f"?this {target.term} [] ." if target.kind == "targetSubjectsOf" else f"[] {target.term} ?this ."

    def _instance_of(self, variable: str, cls: Term) -> str:
        classes = self._statistics.below(str(cls))
        if len(classes) == 1:
            return f"{variable} a {cls} ."
        if any(name.startswith("_:") for name in classes):  # a blank node cannot be asked for
            return f"{variable} a/{SUBCLASS}* {cls} ."
        return f"VALUES {variable}Kind {{ {' '.join(classes)} }} {variable} a {variable}Kind ."

    def _constraint(self, check: ShapeConstraint, constraint: Node) -> list[str] | None:
        """The query of a constraint for all nodes at once, with nothing filtered out on which engines may differ."""
        text = joined(self._graph, constraint, self.scope(check.target))
        text = None if text is None else loosened(text)
        if text is None or (self._statistics.rewritten and may_match(text, self._statistics.rewritten)):
            return None
        return [text]

    def _rewritten(self, check: ShapeConstraint) -> list[str] | None:
        """Queries for the nodes with literals of which queries see another form; ``None`` where that is not enough."""
        if shape_literals_differ(self._graph, check):
            return None
        if not depends_on_forms(self._graph, check, self._statistics.rewritten):
            return []
        props = compared_properties(check)
        if props is None:
            return None
        nodes = dict.fromkeys(node for prop in props for node in self._statistics.rewritten.get(prop, ()))
        scope = self.scope(check.target)
        return [
            _SELECT.format(f"{{ {values_clause('this', batch)} }} {scope}") for batch in batches(sorted(nodes, key=str))
        ]

    def _has_empty_path(self, shape: Term) -> bool:
        """Whether a shape, or one that it refers to, goes along a path that may have no step."""
        path = read_path(self._graph, first(self._graph, shape, "path"))
        return (path is not None and path.may_be_empty) or any(
            self._has_empty_path(inner) for inner in inner_shapes(self._graph, shape)
        )

    def _size(self, target: Target) -> int:
        """How many nodes a target has, at most."""
        if target.kind == "targetClass":
            return self._statistics.instances(*self._statistics.below(str(target.term)))
        return 1 if target.kind == "targetNode" else self._statistics.uses(str(target.term))

    def _parts(self, check: ShapeConstraint) -> Iterator[str | None]:
        """For each demand, or group of them, the pattern of the nodes that may break it; empty where none can."""
        path = check.steps
        if path is not None:
            each = {name: values for name, values in check.parameters.items() if name not in _OF_ALL}
            if is_true(self._graph, check.shape, "closed"):
                yield None  # it is the values that are closed: that is rare
            yield self._each_value(check, path, all_of(self._conformance.values(each, "?value")))
            yield from self._together(check, path)
            return
        each = dict(check.parameters)
        if "closed" in each:
            yield self._unknown_property(check, each.pop("closed"))
        for name in sorted(_OF_ALL & each.keys() - {"hasValue"}):
            yield from (part for value in each.pop(name) for part in self._pair(check, None, name, value))
        yield self._each_value(check, None, all_of(self._conformance.values(each, "?this")))

    def _together(self, check: ShapeConstraint, path: Path) -> Iterator[str | None]:
        scope, found = self.scope(check.target), check.parameters
        for name, values in found.items():
            if name == "minCount":
                yield _too_few(scope, path, int(values[0].value))
            elif name == "maxCount":
                yield self._too_many(check, path, int(values[0].value))
            elif name == "uniqueLang" and is_true(self._graph, check.shape, "uniqueLang"):
                yield self._too_many(
                    check, path, 1, f"{_step(path)} {_step(path, '?other')} {alike('?value', '?other')}"
                )
            elif name == "hasValue":
                known = [value for value in values if isinstance(value, (NamedNode, Literal))]
                yield from (f"{scope} FILTER NOT EXISTS {{ {_step(path, str(value))} }}" for value in known)
                if len(known) < len(values):
                    yield None
            elif name.startswith("qualified"):
                yield self._qualified(check, path) if name == "qualifiedValueShape" else self._half(check)
            elif name in _PAIRS:
                yield from (part for value in values for part in self._pair(check, path, name, value))

    def _half(self, check: ShapeConstraint) -> str | None:
        """Nothing; ``None`` where a qualified demand lacks its shape, of which the referee complains."""
        return "" if "qualifiedValueShape" in check.parameters else None

    def _starts_with_values(self, check: ShapeConstraint, path: Path | None) -> str | None:
        """How to begin with the statements of a property: the filter by which their nodes are those of the target.

        Returns:
            The filter; nothing where there are no such statements at all; ``None`` to begin with the nodes.
        """
        if path is None or path.step is None:
            return None
        uses = self._statistics.uses(str(path.step[0]))
        if not uses:
            return ""
        return f"FILTER EXISTS {{ {self.scope(check.target)} }}" if uses < _FEW * self._size(check.target) else None

    def _each_value(self, check: ShapeConstraint, path: Path | None, verdict: ThreeValued) -> str | None:
        """The nodes with a value that does not surely meet what is demanded of each."""
        if verdict.yes is None:
            return None
        if verdict.yes == YES:
            return ""
        scope, wrong = self.scope(check.target), f"FILTER(!{verdict.yes})"
        if path is None:
            return f"{scope} {wrong}"
        among = self._starts_with_values(check, path)
        if among is None:
            return f"{scope} {_step(path)} {wrong}"
        return among and f"{_step(path)} {wrong} {among}"

    def _too_many(self, check: ShapeConstraint, path: Path, most: int, then: str = "") -> str:
        """The nodes with more than so many values of a path, if they meet a further pattern as well."""
        among = self._starts_with_values(check, path)
        if among == "":
            return ""
        scope = "" if among else self.scope(check.target)
        once = "" if among else "DISTINCT "
        having = f"GROUP BY ?this HAVING(COUNT({once}?value) > {most})"
        return f"{{ SELECT ?this WHERE {{ {scope} {_step(path)} }} {having} }} {then} {among or ''}"

    def _pair(self, check: ShapeConstraint, path: Path | None, name: str, value: Term) -> Iterator[str | None]:
        """The nodes whose values may not stand to those of a property as they should (SHACL, section 4.5)."""
        if not isinstance(value, NamedNode) or (path is None and name not in ("equals", "disjoint")):
            yield None
            return
        scope, step = self.scope(check.target), _step(path) if path else "BIND(?this AS ?value)"
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
            yield f"{scope} {step} {other} FILTER(!({' || '.join(_surely_ordered(_PAIRS[name]))}))"

    def _qualified(self, check: ShapeConstraint, path: Path) -> str | None:
        """The nodes that may have too few or too many values of a kind (SHACL, section 4.7.3)."""
        shapes = check.parameters["qualifiedValueShape"]
        limits = [check.parameters.get(f"qualified{name}Count") for name in ("Min", "Max")]
        if len(shapes) > 1 or limits == [None, None]:
            return None
        demands = [self._conformance.shape(shapes[0], "?value")]
        if is_true(self._graph, check.shape, "qualifiedValueShapesDisjoint"):
            others = siblings(self._graph, check.shape) - set(shapes)
            demands += [opposite(self._conformance.shape(other, "?value")) for other in sorted(others, key=str)]
        surely, not_surely = all_of(demands)
        parts = []
        for limit, test, sign in zip(limits, (surely, not_surely and f"!{not_surely}"), "<>", strict=True):
            if limit is not None and test is None:
                return None
            if limit is not None:
                inner = f"{self.scope(check.target)} OPTIONAL {{ {_step(path)} FILTER({test}) }}"
                parts.append(
                    f"{{ {_COUNTED} WHERE {{ {inner} }} GROUP BY ?this }} FILTER(?count {sign} {limit[0].value})"
                )
        return " UNION ".join(f"{{ {part} }}" for part in parts)

    def _unknown_property(self, check: ShapeConstraint, closed: Sequence[Term]) -> str | None:
        """The nodes with a property that a closed shape does not name."""
        if str(closed[0]) == str(Literal(False)):
            return ""
        known = self._conformance.known_properties(check.shape, check.parameters)
        if known is None:
            return None
        other = f"FILTER(?property NOT IN ({', '.join(known)}))" if known else ""  # Oxigraph finds nothing not in ()
        return f"{self.scope(check.target)} ?this ?property [] {other}"


def _step(path: Path, value: str = "?value") -> str:
    """From the node to its values."""
    if path.step and path.step[1]:
        return f"{value} {path.step[0]} ?this ."
    return f"?this {path.to_sparql()} {value} ."


def _too_few(scope: str, path: Path, least: int) -> str:
    if least <= 1:
        return f"{scope} FILTER NOT EXISTS {{ {_step(path)} }}" if least else ""
    inner = f"{scope} OPTIONAL {{ {_step(path)} }}"
    return f"{{ {_COUNTED} WHERE {{ {inner} }} GROUP BY ?this }} FILTER(?count < {least})"


def _surely_ordered(operator: str) -> Iterator[str]:
    """The tests that two values are surely in order."""
    for kind in (f"{XSD}integer", f"{XSD}date"):
        known = [str(comparable(variable, kind)) for variable in ("?value", "?other")]
        yield f"COALESCE({' && '.join(known)} && ?value {operator} ?other, false)"
