"""Finds constraints and targets that are not evaluated, so that no report claims conformance falsely."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from pyoxigraph import BlankNode, NamedNode

from threatgraph.errors import InvalidShape
from threatgraph.validate.report import Unevaluated
from threatgraph.validate.shapes import terms
from threatgraph.validate.shapes.declared_components import Components
from threatgraph.validate.shapes.graph import (
    ShapeGraph,
    Term,
    first,
    is_instance,
    is_true,
    members,
    name_of,
    nodes,
    owners,
)
from threatgraph.validate.shapes.index import ShapesIndex
from threatgraph.vocab import PREFIXES, RDF_TYPE, SH, shorten

_IMPORTS = NamedNode(f"{PREFIXES['owl']}imports").value
_SHAPES = frozenset(NamedNode(SH + name) for name in ("NodeShape", "PropertyShape"))
_COMPONENT = (NamedNode(f"{SH}ConstraintComponent"),)
#: Vocabularies and libraries without shapes for data, which shapes files import for their terms.
_VOCABULARIES = tuple(
    f"{scheme}://{name}"
    for scheme in ("http", "https")
    for name in (
        *("www.w3.org/", "purl.org/dc/", "purl.org/vocab/", "schema.org", "xmlns.com/foaf/", "topbraid.org/tosh"),
        *("datashapes.org/dash", "datashapes.org/graphql", "datashapes.org/owl2shacl"),
    )
)
_DASH = "http://datashapes.org/dash#"
#: The constraints of DASH. They are evaluated only if the shapes files declare their components.
_DASH_PARAMETERS = frozenset(
    """
    closedByTypes coExistsWith fileExtension hasValueIn hasValueWithClass nonRecursive reifiableBy rootClass singleLine
    singleValue stem subSetOf symmetric uniqueValueForClass uriStart
    """.split()
)
#: The properties that a shape may have; the last ones apply to shapes that are also components or graphs.
_ON_SHAPES = (
    terms.CORE_PARAMETERS | frozenset(terms.TARGETS) | terms.SHAPE_PROPERTIES | terms.ADVANCED_TRIGGERS
) | frozenset(
    "declare prefixes optional shapesGraph suggestedShapesGraph entailment "
    "agentInstruction codeIdentifier formalized intent unit".split()
)
_REMEDIES = {
    "select": "use sh:sparql [ sh:select … ]",
    "ask": "use sh:sparql [ sh:select … ]",
    "min": "use sh:minCount or sh:minInclusive",
    "max": "use sh:maxCount or sh:maxInclusive",
    "count": "use sh:minCount and sh:maxCount",
    "construct": "use sh:rule [ a sh:SPARQLRule ; sh:construct … ]",
}
_INFER = "load data that includes the entailed statements."
#: Terms that are not evaluated in any mode.
_NEVER = {
    **dict.fromkeys(terms.JAVASCRIPT_TRIGGERS, "constraints in JavaScript (SHACL-JS) are not evaluated."),
    **dict.fromkeys(terms.NEWER_TRIGGERS, "this term of SHACL 1.2 is not evaluated."),
    "values": "property value rules (SHACL-AF) are not evaluated.",
}
#: A namespace with at least this similarity counts as a misspelling of that of SHACL; it allows two or three letters.
_MIN_SIMILARITY = 0.9
_VALIDATORS = frozenset("validator nodeValidator propertyValidator".split())
_EXPRESSIONS = frozenset("union intersection path message".split())


@dataclass(frozen=True)
class Coverage:
    """The parts of a shapes graph that are not evaluated."""

    unevaluated: Sequence[Unevaluated]
    """The constraints and targets that are not evaluated, sorted and without duplicates."""
    excluded: frozenset[Term]
    """The targets, rules and expressions to withhold from pyshacl, which would fail on them."""


def find_unevaluated(
    graph: ShapeGraph, index: ShapesIndex, components: Components, files: Sequence[Path], *, advanced: bool
) -> Coverage:
    """Find the constraints and targets of a shapes graph that are not evaluated. Deactivated shapes are ignored.

    Args:
        graph: the shapes graph.
        index: its index.
        components: its constraint components.
        files: the files that it was read from.
        advanced: whether pyshacl evaluates SHACL Advanced Features.
    """
    finder = _Finder(graph, index, components, advanced=advanced)
    found = [*finder.find(), *_imports(graph, index.active, files)]
    found = sorted(dict.fromkeys(found), key=lambda item: (item.shape, item.term, item.reason))
    return Coverage(found, frozenset(finder.excluded))


@contextmanager
def misspelled_terms_in_errors(graph: ShapeGraph, index: ShapesIndex) -> Iterator[None]:
    """Add a misspelled term of the shapes, which is often the cause, to the error about an ill-formed shape."""
    try:
        yield
    except InvalidShape as error:
        misspelled = sorted(
            terms.unknown_term(predicate.removeprefix(SH), is_property=True)
            for node in index.active
            for predicate in graph[node]
            if predicate.startswith(SH) and predicate.removeprefix(SH) not in terms.PROPERTIES
        )
        if not misspelled:
            raise
        raise InvalidShape(f"{error} {misspelled[0]}") from error


def uses_advanced(graph: ShapeGraph) -> bool:
    """Whether the shapes use SHACL Advanced Features that pyshacl supports."""
    wanted = {SH + name for name in terms.ADVANCED_TRIGGERS}
    return any(wanted & own.keys() for own in graph.values()) or bool(functions(graph))


def functions(graph: ShapeGraph) -> frozenset[str]:
    """The functions that a shapes graph declares for SPARQL queries (SHACL-AF, section 5)."""
    kinds = [NamedNode(SH + name) for name in ("SPARQLFunction", "Function")]
    return frozenset(
        node.value
        for node in graph
        if isinstance(node, NamedNode)
        and is_instance(graph, node, kinds)
        and any(first(graph, node, name) is not None for name in ("select", "ask"))
    )


class _Finder:
    def __init__(self, graph: ShapeGraph, index: ShapesIndex, components: Components, *, advanced: bool) -> None:
        self._graph, self._components, self._advanced = graph, components, advanced
        self._active, self._shapes = index.active, index.shapes
        self.excluded: set[Term] = set()

    def find(self) -> Iterator[Unevaluated]:
        for node in self._active:
            for predicate, values in self._graph[node].items():
                yield from self._property(node, predicate, values)
                for value in values:
                    yield from self._value(node, predicate, value)
            if node in self._shapes:
                yield from self._references(node)
                yield from self._declared_components(node)

    def _item(self, node: Term, term: str, reason: str) -> Unevaluated:
        return Unevaluated(name_of(self._graph, node, self._owners), term, reason)

    @cached_property
    def _owners(self) -> dict[str, str]:
        return owners(self._graph)

    def _property(self, node: Term, predicate: str, values: Sequence[Term]) -> Iterator[Unevaluated]:
        name = predicate.removeprefix(SH)
        if not predicate.startswith(SH):
            yield from self._foreign_property(node, predicate)
        elif name not in terms.PROPERTIES:
            yield self._item(node, f"sh:{name}", terms.unknown_term(name, is_property=True))
        elif name in terms.ADVANCED_TRIGGERS | {"entailment"}:
            yield from self._advanced_feature(node, name, values)
        elif name in _VALIDATORS and not is_instance(self._graph, node, _COMPONENT):
            yield self._item(node, f"sh:{name}", "only a sh:ConstraintComponent has validators: add this type.")
        elif name in _NEVER and not all(is_true(self._graph, value, "deactivated") for value in values):
            yield self._item(node, f"sh:{name}", _NEVER[name])
        elif node in self._shapes and name not in _ON_SHAPES and not self._is_declaration(node):
            remedy = f": {_REMEDIES[name]}" if name in _REMEDIES else ""
            yield self._item(node, f"sh:{name}", f"this property has no effect on a shape{remedy}.")

    def _advanced_feature(self, node: Term, name: str, values: Sequence[Term]) -> Iterator[Unevaluated]:
        for value in values:
            if not is_true(self._graph, value, "deactivated") and (reason := self._reason(name, value)):
                self.excluded.add(value)
                yield self._item(node, f"sh:{name}", reason)

    def _foreign_property(self, node: Term, predicate: str) -> Iterator[Unevaluated]:
        """A property in a misspelled SHACL namespace, or a constraint of DASH."""
        name = predicate.removeprefix(_DASH)
        if _is_wrong_namespace(predicate):
            yield self._item(node, f"<{predicate}>", f"the namespace of SHACL is <{SH}>.")
        elif predicate.startswith(_DASH) and name in _DASH_PARAMETERS and predicate not in self._components.paths:
            yield self._item(node, f"dash:{name}", "a constraint of DASH: add the file that declares it to `shapes=`.")

    def _is_declaration(self, node: Term) -> bool:
        """Whether a node is also something other than a shape, such as a component, function, validator or rule."""
        kinds = {kind for kind in self._graph[node].get(RDF_TYPE, ()) if kind not in _SHAPES}
        return any(str(kind).startswith(f"<{SH}") for kind in kinds) or is_instance(self._graph, node, _COMPONENT)

    def _reason(self, name: str, value: Term) -> str:
        """Why an advanced feature or entailment regime is not evaluated; empty if it is evaluated."""
        if name == "entailment":
            known = self._advanced and value == NamedNode(f"{SH}Rules")
            return "" if known else f"the entailment regime {value} is not supported: {_INFER}"
        kinds = {str(kind).strip("<>").removeprefix(SH) for kind in self._graph.get(value, {}).get(RDF_TYPE, ())}
        if any(kind.startswith("JS") for kind in kinds) or first(self._graph, value, "jsFunctionName") is not None:
            return "JavaScript (SHACL-JS) is not evaluated."
        if not self._advanced:
            return "SHACL Advanced Features are evaluated only with `advanced=True`."
        if name == "rule" and not kinds & {"TripleRule", "SPARQLRule"}:
            return "only rules of type sh:TripleRule or sh:SPARQLRule are evaluated."
        if name == "target" and first(self._graph, value, "select") is None and not self._has_target_type(value):
            return "only targets with sh:select or a declared sh:SPARQLTargetType are evaluated."
        if name == "expression":
            return self._unsupported_expression(value)
        return ""

    def _has_target_type(self, target: Term) -> bool:
        kinds = self._graph.get(target, {}).get(RDF_TYPE, ())
        return any(is_instance(self._graph, kind, (NamedNode(f"{SH}SPARQLTargetType"),)) for kind in kinds)

    def _unsupported_expression(self, expression: Term) -> str:
        pending: list[Term] = [expression]
        seen: set[Term] = {expression}
        while pending:
            own = self._graph.get(pending.pop(), {})
            names = {name.removeprefix(SH) for name in own if name.startswith(SH)}
            if unknown := sorted(names - _EXPRESSIONS):
                return f"the node expression sh:{unknown[0]} is not evaluated."
            if f"{SH}path" in own:
                continue
            for values in own.values():
                new = {value for value in values if value in self._graph and not isinstance(value, NamedNode)} - seen
                seen |= new
                pending += new
        return ""

    def _value(self, node: Term, predicate: str, value: Term) -> Iterator[Unevaluated]:
        if not isinstance(value, NamedNode):
            if isinstance(value, BlankNode) and predicate == f"{SH}targetNode":
                yield self._item(node, "sh:targetNode", "a blank node as a target (SHACL 1.2) is not evaluated.")
            return
        if not value.value.startswith(SH):
            if predicate == RDF_TYPE and _is_wrong_namespace(value.value):
                yield self._item(node, str(value), f"the namespace of SHACL is <{SH}>.")
            return
        name = value.value.removeprefix(SH)
        if not terms.is_term(name) or (predicate == RDF_TYPE and name not in terms.CLASSES):
            yield self._item(node, f"sh:{name}", terms.unknown_term(name, is_property=False))
        elif name in terms.NEWER_NAME_TRIGGERS and (predicate in (RDF_TYPE, f"{SH}nodeKind")):
            yield self._item(node, f"sh:{name}", "this term of SHACL 1.2 is not evaluated.")

    def _references(self, shape: Term) -> Iterator[Unevaluated]:
        for name in ("property", "node", "not", "qualifiedValueShape"):
            for other in nodes(self._graph, shape, name):
                if other not in self._graph:
                    yield self._item(shape, f"sh:{name}", _undefined(other))
        for name in ("and", "or", "xone"):
            for head in nodes(self._graph, shape, name):
                missing = [member for member in members(self._graph, head) if member not in self._graph]
                yield from (self._item(shape, f"sh:{name}", _undefined(member)) for member in missing)

    def _declared_components(self, shape: Term) -> Iterator[Unevaluated]:
        for component in self._components.used_by(shape):
            if component.validator(self._graph, shape) is None:
                kind = "property" if first(self._graph, shape, "path") is not None else "node"
                reason = f"the component has no SPARQL validator for {kind} shapes: add one."
                yield self._item(shape, shorten(str(component.node).strip("<>")), reason)


def _undefined(shape: Term) -> str:
    return f"the shapes files do not define {shape}: correct the IRI, or add its file to `shapes=`."


@cache
def _is_wrong_namespace(iri: str) -> bool:
    """Whether an IRI is probably a SHACL term in a misspelled namespace."""
    name = iri.partition("://")[2].lower().removeprefix("www.")
    if name.startswith(("w3.org/ns/shacl", "w3.org/ns/sh#")):
        return not name.startswith("w3.org/ns/shacl-") and not iri.startswith(SH)
    local = re.split(r"[/#]", iri)[-1]
    space = iri[: len(iri) - len(local)]
    known = local in terms.PROPERTIES or local in terms.CLASSES
    return known and difflib.SequenceMatcher(None, space, SH).ratio() > _MIN_SIMILARITY


def _imports(graph: ShapeGraph, active: Iterable[Term], files: Sequence[Path]) -> Iterator[Unevaluated]:
    """Imported files that were not read and may contain shapes (SHACL, section 3.1)."""
    known = {node.value.rstrip("#/") for node in graph if isinstance(node, NamedNode)}
    known |= {file.resolve().as_uri() for file in files}
    for node in active:
        for value in graph[node].get(_IMPORTS, ()):
            if not isinstance(value, NamedNode) or value.value.startswith(_VOCABULARIES):
                continue
            if value.value.rstrip("#/") not in known:
                reason = "this file was not read: add it to `shapes=`."
                yield Unevaluated(name_of(graph, node), f"owl:imports {value}", reason)
