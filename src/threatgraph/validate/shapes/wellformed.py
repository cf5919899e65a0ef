"""Refuses ill-formed shapes: those with parameter values that SHACL does not allow."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from pyoxigraph import Literal, NamedNode

from threatgraph.errors import InvalidShape
from threatgraph.validate.shapes.graph import MAX_DEPTH, RDF, ShapeGraph, Term, is_instance, is_true, members, name_of
from threatgraph.validate.shapes.regex import InvalidPattern, compile_pattern
from threatgraph.validate.shapes.terms import NODE_KINDS, PATHS, PROPERTIES, is_term
from threatgraph.vocab import SH, XSD

_NODE_SHAPE, _PROPERTY_SHAPE = NamedNode(f"{SH}NodeShape"), NamedNode(f"{SH}PropertyShape")
_INTEGER = re.compile(r"\+?[0-9]+|-0+")
_NIL = NamedNode(f"{RDF}nil")
_NODE_KINDS = frozenset(NamedNode(SH + name) for name in NODE_KINDS) | {NamedNode(f"{SH}TripleTerm")}


def _is_iri(_: ShapeGraph, value: Term) -> bool:
    return isinstance(value, NamedNode)


def _is_node(_: ShapeGraph, value: Term) -> bool:
    return not isinstance(value, Literal)


def _is_shape(graph: ShapeGraph, value: Term) -> bool:
    return not isinstance(value, Literal) and f"{RDF}first" not in graph.get(value, {})


def _is_property_shape(graph: ShapeGraph, value: Term) -> bool:
    # A shape without a description is reported as not evaluated instead.
    return not isinstance(value, Literal) and (value not in graph or f"{SH}path" in graph[value])


def _is_literal(_: ShapeGraph, value: Term) -> bool:
    return isinstance(value, Literal)


def _is_string(_: ShapeGraph, value: Term) -> bool:
    return isinstance(value, Literal) and (value.language is not None or value.datatype.value == f"{XSD}string")


def _is_boolean(_: ShapeGraph, value: Term) -> bool:
    return isinstance(value, Literal) and value.datatype.value == f"{XSD}boolean"


def _is_non_negative_integer(_: ShapeGraph, value: Term) -> bool:
    return isinstance(value, Literal) and _INTEGER.fullmatch(value.value) is not None


def _is_node_kind(_: ShapeGraph, value: Term) -> bool:
    # A misspelled node kind in the SHACL namespace is reported as an unknown term instead.
    name = value.value.removeprefix(SH) if isinstance(value, NamedNode) else ""
    return value in _NODE_KINDS or (name != "" and name != getattr(value, "value", "") and not is_term(name))


def _is_list(graph: ShapeGraph, value: Term) -> bool:
    seen: set[Term] = set()
    while value != _NIL:
        own = graph.get(value, {})
        if value in seen or [len(set(own.get(name, ()))) for name in (f"{RDF}first", f"{RDF}rest")] != [1, 1]:
            return False
        seen.add(value)
        value = own[f"{RDF}rest"][0]
    return True


def _is_list_of_strings(graph: ShapeGraph, value: Term) -> bool:
    return _is_list(graph, value) and all(_is_string(graph, member) for member in members(graph, value))


def _is_list_of_shapes(graph: ShapeGraph, value: Term) -> bool:
    return value != _NIL and _is_list(graph, value) and all(_is_shape(graph, shape) for shape in members(graph, value))


def _is_path(graph: ShapeGraph, value: Term, outer: tuple[Term, ...] = ()) -> bool:
    """Whether a node is a well-formed path (SHACL, section 2.3.1): of one kind, and not part of itself."""
    if isinstance(value, NamedNode):
        return value != _NIL
    own = graph.get(value, {})
    kinds = [name for name in own if name.startswith(SH) or name in (f"{RDF}first", f"{RDF}rest")]
    if isinstance(value, Literal) or value in outer or not kinds or len(outer) > MAX_DEPTH:
        return False
    outer = (*outer, value)
    if f"{RDF}first" in kinds:  # a sequence, regardless of other properties (W3C test path-strange-001)
        return _is_list_of_paths(graph, value, outer)
    inner = own[kinds[0]]
    if len(kinds) > 1 or len(set(inner)) > 1:
        return False
    if kinds[0] == f"{SH}alternativePath":
        return _is_list_of_paths(graph, inner[0], outer)
    # A misspelled kind is reported as an unknown term instead.
    return kinds[0].removeprefix(SH) not in PROPERTIES or (
        kinds[0].removeprefix(SH) in PATHS and _is_path(graph, inner[0], outer)
    )


def _is_list_of_paths(graph: ShapeGraph, head: Term, outer: tuple[Term, ...]) -> bool:
    parts = list(members(graph, head)) if _is_list(graph, head) else []
    return len(parts) > 1 and all(_is_path(graph, part, outer) for part in parts)


_Test = Callable[[ShapeGraph, Term], bool]
#: The values that each parameter allows (SHACL, sections 2.1 and 4): the test and the text for the error.
_RULES: tuple[tuple[str, _Test, str], ...] = (
    ("class datatype equals disjoint lessThan lessThanOrEquals", _is_iri, "an IRI"),
    ("targetClass targetSubjectsOf targetObjectsOf severity", _is_iri, "an IRI"),
    ("nodeKind", _is_node_kind, f"one of {', '.join(f'sh:{name}' for name in sorted(NODE_KINDS))}"),
    (
        "minCount maxCount minLength maxLength qualifiedMinCount qualifiedMaxCount",
        _is_non_negative_integer,
        "a non-negative integer",
    ),
    ("minInclusive maxInclusive minExclusive maxExclusive", _is_literal, "a literal"),
    ("pattern flags message", _is_string, "a string"),
    ("uniqueLang closed qualifiedValueShapesDisjoint deactivated", _is_boolean, "true or false"),
    ("node not qualifiedValueShape", _is_shape, "a shape"),
    ("property", _is_property_shape, "a property shape with sh:path"),
    ("path", _is_path, "an IRI or a single SHACL path; sequences and alternatives must have 2 or more members"),
    ("sparql", _is_node, "a SPARQL constraint, such as [ sh:select … ]"),
    ("in ignoredProperties", _is_list, "a list"),
    ("languageIn", _is_list_of_strings, "a list of strings"),
    ("and or xone", _is_list_of_shapes, "a non-empty list of shapes"),
)
_TESTS = {name: (test, kind) for names, test, kind in _RULES for name in names.split()}
#: Parameters that a shape may have only once (SHACL, section 4).
_SINGLE = frozenset(
    """
    path datatype nodeKind flags uniqueLang languageIn in closed ignoredProperties deactivated severity
    minCount maxCount minLength maxLength qualifiedMinCount qualifiedMaxCount
    minInclusive maxInclusive minExclusive maxExclusive
    """.split()
)


def refuse_malformed(graph: ShapeGraph, shapes: Iterable[Term]) -> None:
    """Refuse ill-formed shapes.

    Args:
        graph: the shapes graph.
        shapes: the shapes to check; deactivated shapes are ignored.

    Raises:
        InvalidShape: names the first ill-formed shape, its property and the value.
    """
    for shape in sorted((shape for shape in shapes if not is_true(graph, shape, "deactivated")), key=str):
        _refuse_wrong_type(graph, shape)
        for predicate, values in sorted(graph.get(shape, {}).items()):
            if predicate.startswith(SH):
                _refuse_values(graph, shape, predicate.removeprefix(SH), values)
        _refuse_invalid_pattern(graph, shape)


def _refuse_wrong_type(graph: ShapeGraph, shape: Term) -> None:
    has_path = f"{SH}path" in graph.get(shape, {})
    if is_instance(graph, shape, (_PROPERTY_SHAPE,)) and not has_path:
        raise InvalidShape(f"{_name(graph, shape)} is a sh:PropertyShape without sh:path: add one.")
    if is_instance(graph, shape, (_NODE_SHAPE,)) and has_path:
        raise InvalidShape(f"{_name(graph, shape)} is a sh:NodeShape with sh:path: remove the path or change the type.")


def _refuse_values(graph: ShapeGraph, shape: Term, name: str, values: Sequence[Term]) -> None:
    if name in _SINGLE and len(set(values)) > 1:
        raise InvalidShape(f"{_name(graph, shape)} has {len(values)} values of sh:{name}: keep one of them.")
    is_valid, expected = _TESTS.get(name, (None, ""))
    for value in values:
        if is_valid is not None and not is_valid(graph, value):
            text = name_of(graph, value) if isinstance(value, Literal | NamedNode) else "a blank node"
            raise InvalidShape(f"{_name(graph, shape)} has sh:{name} {text}: it must be {expected}.")


def _refuse_invalid_pattern(graph: ShapeGraph, shape: Term) -> None:
    own = graph.get(shape, {})
    flags = "".join(value.value for value in own.get(f"{SH}flags", ()))
    for pattern in own.get(f"{SH}pattern", ()):
        try:
            compile_pattern(pattern.value, flags)
        except InvalidPattern as error:
            text = f"{pattern.value!r}{f' with the flags {flags!r}' if flags else ''}"
            raise InvalidShape(
                f"{_name(graph, shape)} has sh:pattern {text}: it must be a regular expression of XPath ({error})."
            ) from error


def _name(graph: ShapeGraph, shape: Term) -> str:
    return f"the shape {name_of(graph, shape)}" if isinstance(shape, NamedNode) else name_of(graph, shape)
