"""Refuses shapes whose parameters have values that SHACL does not allow, by which nothing could be judged."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from pyoxigraph import Literal, NamedNode

from threatgraph.errors import InvalidShape
from threatgraph.validate.shapes.graph import DEEPEST, RDF, SH, ShapeGraph, Term, is_instance, is_true, members, name_of
from threatgraph.validate.shapes.regex import InvalidPattern, compile_pattern
from threatgraph.validate.shapes.terms import NODE_KINDS, PATHS, PROPERTIES, is_term
from threatgraph.vocab import XSD

_NODE_SHAPE, _PROPERTY_SHAPE = NamedNode(f"{SH}NodeShape"), NamedNode(f"{SH}PropertyShape")
_WHOLE_NUMBER = re.compile(r"\+?[0-9]+|-0+")
_NIL = NamedNode(f"{RDF}nil")
_NODE_KINDS = frozenset(NamedNode(SH + name) for name in NODE_KINDS) | {NamedNode(f"{SH}TripleTerm")}


def _is_iri(_: ShapeGraph, value: Term) -> bool:
    return isinstance(value, NamedNode)


def _is_node(_: ShapeGraph, value: Term) -> bool:
    return not isinstance(value, Literal)


def _is_shape(graph: ShapeGraph, value: Term) -> bool:
    return not isinstance(value, Literal) and f"{RDF}first" not in graph.get(value, {})


def _is_property_shape(graph: ShapeGraph, value: Term) -> bool:
    # One that nothing describes is reported as not evaluated.
    return not isinstance(value, Literal) and (value not in graph or f"{SH}path" in graph[value])


def _is_literal(_: ShapeGraph, value: Term) -> bool:
    return isinstance(value, Literal)


def _is_text(_: ShapeGraph, value: Term) -> bool:
    return isinstance(value, Literal) and (value.language is not None or value.datatype.value == f"{XSD}string")


def _is_boolean(_: ShapeGraph, value: Term) -> bool:
    return isinstance(value, Literal) and value.datatype.value == f"{XSD}boolean"


def _is_whole_number(_: ShapeGraph, value: Term) -> bool:
    return isinstance(value, Literal) and _WHOLE_NUMBER.fullmatch(value.value) is not None


def _is_node_kind(_: ShapeGraph, value: Term) -> bool:
    # A misspelt one of the namespace of SHACL is reported as a term that does not exist.
    name = value.value.removeprefix(SH) if isinstance(value, NamedNode) else ""
    return value in _NODE_KINDS or (name != "" and name != getattr(value, "value", "") and not is_term(name))


def _is_list(graph: ShapeGraph, value: Term) -> bool:
    seen: set[Term] = set()
    while value != _NIL:
        told = graph.get(value, {})
        if value in seen or [len(set(told.get(name, ()))) for name in (f"{RDF}first", f"{RDF}rest")] != [1, 1]:
            return False
        seen.add(value)
        value = told[f"{RDF}rest"][0]
    return True


def _is_list_of_texts(graph: ShapeGraph, value: Term) -> bool:
    return _is_list(graph, value) and all(_is_text(graph, member) for member in members(graph, value))


def _is_list_of_shapes(graph: ShapeGraph, value: Term) -> bool:
    return value != _NIL and _is_list(graph, value) and all(_is_shape(graph, shape) for shape in members(graph, value))


def _is_path(graph: ShapeGraph, value: Term, around: tuple[Term, ...] = ()) -> bool:
    """Whether a node is a well-formed path (SHACL, section 2.3.1), which is of one kind and no part of itself."""
    if isinstance(value, NamedNode):
        return value != _NIL
    told = graph.get(value, {})
    kinds = [name for name in told if name.startswith(SH) or name in (f"{RDF}first", f"{RDF}rest")]
    if isinstance(value, Literal) or value in around or not kinds or len(around) > DEEPEST:
        return False
    around = (*around, value)
    if f"{RDF}first" in kinds:  # and so a sequence, whatever else it says (test path-strange-001 of the W3C)
        return _is_list_of_paths(graph, value, around)
    inner = told[kinds[0]]
    if len(kinds) > 1 or len(set(inner)) > 1:
        return False
    if kinds[0] == f"{SH}alternativePath":
        return _is_list_of_paths(graph, inner[0], around)
    # A misspelt kind is reported as a term that does not exist.
    return kinds[0].removeprefix(SH) not in PROPERTIES or (
        kinds[0].removeprefix(SH) in PATHS and _is_path(graph, inner[0], around)
    )


def _is_list_of_paths(graph: ShapeGraph, head: Term, around: tuple[Term, ...]) -> bool:
    parts = list(members(graph, head)) if _is_list(graph, head) else []
    return len(parts) > 1 and all(_is_path(graph, part, around) for part in parts)


Test = Callable[[ShapeGraph, Term], bool]
#: What the values of each parameter are (SHACL, sections 2.1 and 4), and how to say it.
_RULES: tuple[tuple[str, Test, str], ...] = (
    ("class datatype equals disjoint lessThan lessThanOrEquals", _is_iri, "an IRI"),
    ("targetClass targetSubjectsOf targetObjectsOf severity", _is_iri, "an IRI"),
    ("nodeKind", _is_node_kind, f"one of {', '.join(f'sh:{name}' for name in sorted(NODE_KINDS))}"),
    (
        "minCount maxCount minLength maxLength qualifiedMinCount qualifiedMaxCount",
        _is_whole_number,
        "a whole number, from 0",
    ),
    ("minInclusive maxInclusive minExclusive maxExclusive", _is_literal, "a literal"),
    ("pattern flags message", _is_text, "a text"),
    ("uniqueLang closed qualifiedValueShapesDisjoint deactivated", _is_boolean, "true or false"),
    ("node not qualifiedValueShape", _is_shape, "a shape"),
    ("property", _is_property_shape, "a property shape, which has sh:path"),
    ("path", _is_path, "an IRI, or one path of SHACL, of which sequences and alternatives have 2 or more members"),
    ("sparql", _is_node, "a constraint, such as [ sh:select … ]"),
    ("in ignoredProperties", _is_list, "a list"),
    ("languageIn", _is_list_of_texts, "a list of texts"),
    ("and or xone", _is_list_of_shapes, "a list of shapes, with 1 or more members"),
)
_TESTS = {name: (test, kind) for names, test, kind in _RULES for name in names.split()}
#: Parameters that a shape has at most once (SHACL, section 4).
_SINGLE = frozenset(
    """
    path datatype nodeKind flags uniqueLang languageIn in closed ignoredProperties deactivated severity
    minCount maxCount minLength maxLength qualifiedMinCount qualifiedMaxCount
    minInclusive maxInclusive minExclusive maxExclusive
    """.split()
)


def refuse_malformed(graph: ShapeGraph, shapes: Iterable[Term]) -> None:
    """Refuse shapes that SHACL calls ill-formed for the number or kind of their values.

    Args:
        graph: the shapes graph.
        shapes: the shapes to look at; deactivated ones are left out.

    Raises:
        InvalidShape: names the first such shape, its property and the value.
    """
    for shape in sorted((shape for shape in shapes if not is_true(graph, shape, "deactivated")), key=str):
        has_path = f"{SH}path" in graph.get(shape, {})
        if is_instance(graph, shape, (_PROPERTY_SHAPE,)) and not has_path:
            raise InvalidShape(f"{_shape(graph, shape)} is a sh:PropertyShape: give it sh:path.")
        if is_instance(graph, shape, (_NODE_SHAPE,)) and has_path:
            raise InvalidShape(f"{_shape(graph, shape)} is a sh:NodeShape, which has no sh:path.")
        for predicate, values in sorted(graph.get(shape, {}).items()):
            name = predicate.removeprefix(SH)
            if not predicate.startswith(SH):
                continue
            if name in _SINGLE and len(set(values)) > 1:
                raise InvalidShape(f"{_shape(graph, shape)} has sh:{name} {len(values)} times: give it once.")
            test, kind = _TESTS.get(name, (None, ""))
            for value in values:
                if test is not None and not test(graph, value):
                    written = name_of(graph, value) if isinstance(value, Literal | NamedNode) else "a blank node"
                    raise InvalidShape(f"{_shape(graph, shape)} has sh:{name} {written}: give it {kind}.")
        _refuse_unreadable_pattern(graph, shape)


def _refuse_unreadable_pattern(graph: ShapeGraph, shape: Term) -> None:
    told = graph.get(shape, {})
    flags = "".join(value.value for value in told.get(f"{SH}flags", ()))
    for pattern in told.get(f"{SH}pattern", ()):
        try:
            compile_pattern(pattern.value, flags)
        except InvalidPattern as error:
            written = f"{pattern.value!r}{f' with the flags {flags!r}' if flags else ''}"
            raise InvalidShape(
                f"{_shape(graph, shape)} has sh:pattern {written}: that is not a regular expression of XPath ({error})."
            ) from error


def _shape(graph: ShapeGraph, shape: Term) -> str:
    return f"the shape {name_of(graph, shape)}" if isinstance(shape, NamedNode) else name_of(graph, shape)
