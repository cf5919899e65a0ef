"""Finds what shapes demand and validation does not evaluate, so that no report says "conforms" for want of looking."""

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
    SH,
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
from threatgraph.vocab import PREFIXES, RDF_TYPE, shorten

_IMPORTS = NamedNode(f"{PREFIXES['owl']}imports").value
_SHAPES = frozenset(NamedNode(SH + name) for name in ("NodeShape", "PropertyShape"))
_COMPONENT = (NamedNode(f"{SH}ConstraintComponent"),)
#: Vocabularies and libraries without shapes that hold for data, which shapes files import for their terms.
_VOCABULARIES = tuple(
    f"{scheme}://{name}"
    for scheme in ("http", "https")
    for name in (
        *("www.w3.org/", "purl.org/dc/", "purl.org/vocab/", "schema.org", "xmlns.com/foaf/", "topbraid.org/tosh"),
        *("datashapes.org/dash", "datashapes.org/graphql", "datashapes.org/owl2shacl"),
    )
)
_DASH = "http://datashapes.org/dash#"
#: The constraints of DASH, which count only where the shapes files declare its components.
_DASH_PARAMETERS = frozenset(
    """
    closedByTypes coExistsWith fileExtension hasValueIn hasValueWithClass nonRecursive reifiableBy rootClass singleLine
    singleValue stem subSetOf symmetric uniqueValueForClass uriStart
    """.split()
)
#: What a shape may have besides parameters and targets; the last are of shapes that are components or graphs as well.
_ON_SHAPES = (
    terms.CORE_PARAMETERS | frozenset(terms.TARGETS) | terms.SHAPE_PROPERTIES | terms.ADVANCED_TRIGGERS
) | frozenset(
    "declare prefixes optional shapesGraph suggestedShapesGraph entailment "
    "agentInstruction codeIdentifier formalized intent unit".split()
)
_HELP = {
    "select": "write sh:sparql [ sh:select … ]",
    "ask": "write sh:sparql [ sh:select … ]",
    "min": "write sh:minCount, or sh:minInclusive",
    "max": "write sh:maxCount, or sh:maxInclusive",
    "count": "write sh:minCount and sh:maxCount",
    "construct": "write sh:rule [ a sh:SPARQLRule ; sh:construct … ]",
}
_INFER = "load data that holds what follows from it."
#: Terms that are never evaluated, whatever the mode.
_NEVER = {
    **dict.fromkeys(terms.JAVASCRIPT_TRIGGERS, "constraints in JavaScript (SHACL-JS) are not evaluated."),
    **dict.fromkeys(terms.NEWER_TRIGGERS, "this term of SHACL 1.2 is not evaluated."),
    "values": "property value rules (SHACL-AF) are not evaluated.",
}
#: From which likeness on a namespace is taken for that of SHACL, which is the case from two or three letters on.
_NEARLY = 0.9
_VALIDATORS = frozenset("validator nodeValidator propertyValidator".split())
_EXPRESSIONS = frozenset("union intersection path message".split())


@dataclass(frozen=True)
class Coverage:
    """What of a shapes graph is evaluated, and what is not."""

    unevaluated: Sequence[Unevaluated]
    """What it asks for and nothing evaluates, each once, in order."""
    left_out: frozenset[Term]
    """The targets, rules and expressions that pyshacl must not be given."""


def find_unevaluated(
    graph: ShapeGraph, parts: ShapesIndex, components: Components, files: Sequence[Path], *, advanced: bool
) -> Coverage:
    """What a shapes graph asks for and nothing evaluates.

    Args:
        graph: the shapes graph.
        parts: its parts.
        components: its constraint components.
        files: the files that it was read from.
        advanced: whether pyshacl evaluates SHACL Advanced Features.

    Returns:
        What is only part of a deactivated shape is not among it.
    """
    finder = _Finder(graph, parts, components, advanced=advanced)
    found = [*finder.find(), *_imports(graph, parts.live, files)]
    found = sorted(dict.fromkeys(found), key=lambda item: (item.shape, item.term, item.reason))
    return Coverage(found, frozenset(finder.left_out))


@contextmanager
def misspelt_terms_named(graph: ShapeGraph, parts: ShapesIndex) -> Iterator[None]:
    """Where a shape is refused, name a misspelt term of the shapes as well: it is often the cause."""
    try:
        yield
    except InvalidShape as error:
        misspelt = sorted(
            terms.unknown_term(predicate.removeprefix(SH), is_property=True)
            for node in parts.live
            for predicate in graph[node]
            if predicate.startswith(SH) and predicate.removeprefix(SH) not in terms.PROPERTIES
        )
        if not misspelt:
            raise
        raise InvalidShape(f"{error} {misspelt[0]}") from error


def uses_advanced(graph: ShapeGraph) -> bool:
    """Whether shapes use SHACL Advanced Features that pyshacl can evaluate."""
    wanted = {SH + name for name in terms.ADVANCED_TRIGGERS}
    return any(wanted & told.keys() for told in graph.values()) or bool(functions(graph))


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
    def __init__(self, graph: ShapeGraph, parts: ShapesIndex, components: Components, *, advanced: bool) -> None:
        self._graph, self._components, self._advanced = graph, components, advanced
        self._live, self._shapes = parts.live, parts.shapes
        self.left_out: set[Term] = set()

    def find(self) -> Iterator[Unevaluated]:
        for node in self._live:
            told = self._graph[node]
            for predicate, values in told.items():
                yield from self._property(node, predicate, values)
                for value in values:
                    yield from self._value(node, predicate, value)
            if node in self._shapes:
                yield from self._references(node)
                yield from self._declared_components(node)

    def _told(self, node: Term, term: str, reason: str) -> Unevaluated:
        return Unevaluated(name_of(self._graph, node, self._owners), term, reason)

    @cached_property
    def _owners(self) -> dict[str, str]:
        return owners(self._graph)

    def _property(self, node: Term, predicate: str, values: Sequence[Term]) -> Iterator[Unevaluated]:
        name = predicate.removeprefix(SH)
        if not predicate.startswith(SH):
            yield from self._foreign_property(node, predicate)
        elif name not in terms.PROPERTIES:
            yield self._told(node, f"sh:{name}", terms.unknown_term(name, is_property=True))
        elif name in terms.ADVANCED_TRIGGERS | {"entailment"}:
            for value in values:
                if not is_true(self._graph, value, "deactivated") and (reason := self._why_not(name, value)):
                    self.left_out.add(value)
                    yield self._told(node, f"sh:{name}", reason)
        elif name in _VALIDATORS and not is_instance(self._graph, node, _COMPONENT):
            yield self._told(node, f"sh:{name}", "only a sh:ConstraintComponent has validators: give it this type.")
        elif name in _NEVER and not all(is_true(self._graph, value, "deactivated") for value in values):
            yield self._told(node, f"sh:{name}", _NEVER[name])
        elif node in self._shapes and name not in _ON_SHAPES and not self._is_declaration(node):
            remedy = f": {_HELP[name]}" if name in _HELP else ""
            yield self._told(node, f"sh:{name}", f"it has no meaning on a shape{remedy}.")

    def _foreign_property(self, node: Term, predicate: str) -> Iterator[Unevaluated]:
        """A property outside the namespace of SHACL that is meant to be one of it, or a constraint of DASH."""
        name = predicate.removeprefix(_DASH)
        if _is_wrong_namespace(predicate):
            yield self._told(node, f"<{predicate}>", f"the namespace of SHACL is <{SH}>.")
        elif predicate.startswith(_DASH) and name in _DASH_PARAMETERS and predicate not in self._components.paths:
            yield self._told(node, f"dash:{name}", "a constraint of DASH: give its declaration with --shapes as well.")

    def _is_declaration(self, node: Term) -> bool:
        """Whether a node is more than a shape: a component, a function, a validator, a rule."""
        kinds = {kind for kind in self._graph[node].get(RDF_TYPE, ()) if kind not in _SHAPES}
        return any(str(kind).startswith(f"<{SH}") for kind in kinds) or is_instance(self._graph, node, _COMPONENT)

    def _why_not(self, name: str, value: Term) -> str:
        """Why an advanced feature or an entailment is not evaluated; nothing where it is."""
        if name == "entailment":
            known = self._advanced and value == NamedNode(f"{SH}Rules")
            return "" if known else f"the entailment regime {value} is not supported: {_INFER}"
        kinds = {str(kind).strip("<>").removeprefix(SH) for kind in self._graph.get(value, {}).get(RDF_TYPE, ())}
        if any(kind.startswith("JS") for kind in kinds) or first(self._graph, value, "jsFunctionName") is not None:
            return "JavaScript (SHACL-JS) is not evaluated."
        if not self._advanced:
            return "SHACL Advanced Features are evaluated with --advanced (in Python, advanced=True) only."
        if name == "rule" and not kinds & {"TripleRule", "SPARQLRule"}:
            return "only rules of the types sh:TripleRule and sh:SPARQLRule are evaluated."
        if name == "target" and first(self._graph, value, "select") is None and not self._has_target_type(value):
            return "only targets with sh:select, or of a declared sh:SPARQLTargetType, are evaluated."
        if name == "expression":
            return self._unsupported_expression(value)
        return ""

    def _has_target_type(self, target: Term) -> bool:
        kinds = self._graph.get(target, {}).get(RDF_TYPE, ())
        return any(is_instance(self._graph, kind, (NamedNode(f"{SH}SPARQLTargetType"),)) for kind in kinds)

    def _unsupported_expression(self, expression: Term) -> str:
        waiting: list[Term] = [expression]
        seen: set[Term] = {expression}
        while waiting:
            told = self._graph.get(waiting.pop(), {})
            names = {name.removeprefix(SH) for name in told if name.startswith(SH)}
            if unknown := sorted(names - _EXPRESSIONS):
                return f"the node expression sh:{unknown[0]} is not evaluated."
            if f"{SH}path" in told:
                continue
            for values in told.values():
                new = {value for value in values if value in self._graph and not isinstance(value, NamedNode)} - seen
                seen |= new
                waiting += new
        return ""

    def _value(self, node: Term, predicate: str, value: Term) -> Iterator[Unevaluated]:
        if not isinstance(value, NamedNode):
            if isinstance(value, BlankNode) and predicate == f"{SH}targetNode":
                yield self._told(node, "sh:targetNode", "a blank node as target (SHACL 1.2) is not evaluated.")
            return
        if not value.value.startswith(SH):
            if predicate == RDF_TYPE and _is_wrong_namespace(value.value):
                yield self._told(node, str(value), f"the namespace of SHACL is <{SH}>.")
            return
        name = value.value.removeprefix(SH)
        if not terms.is_term(name) or (predicate == RDF_TYPE and name not in terms.CLASSES):
            yield self._told(node, f"sh:{name}", terms.unknown_term(name, is_property=False))
        elif name in terms.NEWER_NAME_TRIGGERS and (predicate in (RDF_TYPE, f"{SH}nodeKind")):
            yield self._told(node, f"sh:{name}", "this term of SHACL 1.2 is not evaluated.")

    def _references(self, shape: Term) -> Iterator[Unevaluated]:
        for name in ("property", "node", "not", "qualifiedValueShape"):
            for other in nodes(self._graph, shape, name):
                if other not in self._graph:
                    yield self._told(shape, f"sh:{name}", _undefined(other))
        for name in ("and", "or", "xone"):
            for head in nodes(self._graph, shape, name):
                lost = [member for member in members(self._graph, head) if member not in self._graph]
                yield from (self._told(shape, f"sh:{name}", _undefined(member)) for member in lost)

    def _declared_components(self, shape: Term) -> Iterator[Unevaluated]:
        for component in self._components.used_by(shape):
            if component.validator(self._graph, shape) is None:
                kind = "property" if first(self._graph, shape, "path") is not None else "node"
                reason = f"the component has no validator in SPARQL for {kind} shapes."
                yield self._told(shape, shorten(str(component.node).strip("<>")), reason)


def _undefined(shape: Term) -> str:
    return f"the files of shapes do not define {shape}: correct its name, or give its file with --shapes as well."


@cache
def _is_wrong_namespace(iri: str) -> bool:
    """Whether an IRI is meant to be a term of SHACL, in a namespace that is written wrong."""
    name = iri.partition("://")[2].lower().removeprefix("www.")
    if name.startswith(("w3.org/ns/shacl", "w3.org/ns/sh#")):
        return not name.startswith("w3.org/ns/shacl-") and not iri.startswith(SH)
    local = re.split(r"[/#]", iri)[-1]
    space = iri[: len(iri) - len(local)]
    known = local in terms.PROPERTIES or local in terms.CLASSES
    return known and difflib.SequenceMatcher(None, space, SH).ratio() > _NEARLY


def _imports(graph: ShapeGraph, live: Iterable[Term], files: Sequence[Path]) -> Iterator[Unevaluated]:
    """Imported files that were not read, which may hold shapes (SHACL, section 3.1)."""
    known = {node.value.rstrip("#/") for node in graph if isinstance(node, NamedNode)}
    known |= {file.resolve().as_uri() for file in files}
    for node in live:
        for value in graph[node].get(_IMPORTS, ()):
            if not isinstance(value, NamedNode) or value.value.startswith(_VOCABULARIES):
                continue
            if value.value.rstrip("#/") not in known:
                reason = "this file was not read: give it with --shapes as well."
                yield Unevaluated(name_of(graph, node), f"owl:imports {value}", reason)
