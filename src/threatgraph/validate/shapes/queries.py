"""Refuses SPARQL queries of shapes that SHACL does not allow, or that access anything but the data graph."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from typing import Any

from pyoxigraph import Literal

from threatgraph.errors import InvalidShape, QueryRefused
from threatgraph.sparql.tokens import scan, tokens
from threatgraph.validate.shapes.graph import ShapeGraph, Term, is_true, name_of
from threatgraph.validate.shapes.prefixes import declared_prefixes, prologue
from threatgraph.vocab import PREFIXES, SH, XSD

#: The properties whose values are queries or parts of queries.
_QUERY_PROPERTIES = ("select", "ask", "construct", "update", "describe", "sparqlExpr")
#: The pre-bound variables of all constraints and validators.
_PREBOUND = frozenset({"this", "shapesGraph", "currentShape"})
#: The properties that lead to queries with pre-bound variables.
_WITH_PREBOUND = tuple(SH + name for name in ("sparql", "validator", "nodeValidator", "propertyValidator"))
_FORMS = {"SELECT", "ASK", "CONSTRUCT", "DESCRIBE"}
_UPDATES = {"INSERT", "DELETE", "LOAD", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY"}
#: The SPARQL functions that queries call by IRI (SPARQL 1.1, section 17.5).
_CASTS = frozenset(XSD + name for name in ("boolean", "double", "float", "decimal", "integer", "dateTime", "string"))
_UNKNOWN_PREFIX = re.compile(r"Unknown namespace prefix : (\S*)")
#: Texts that one SPARQL parser may read as SERVICE while another does not, such as an escaped letter.
_MAY_CALL = re.compile(r"service|\\u", re.IGNORECASE)
_VARIABLE = re.compile(r"[?$](\w+)")
_CALL = re.compile(r"(?:<([^<>\s]*)>|([\w\-.]*):([\w\-.:%]+))\s*\(")


def refuse_external_access(graph: ShapeGraph) -> None:
    """Refuse queries that call another server, change data, or read a named graph.

    Raises:
        QueryRefused: names the shape and the keyword.
    """
    for node in graph:
        for _, text in _texts(graph, node):
            found = next((word for word, _ in tokens(text) if word in {"SERVICE", "FROM", *_UPDATES}), None)
            if found is None and _MAY_CALL.search(text) and _calls_service(prologue(graph, node) + text):
                found = "SERVICE"
            if found is not None:
                reason = "queries of shapes may only read the data graph. Remove this part."
                raise QueryRefused(f"{found} is not allowed in the query of {name_of(graph, node)}: {reason}")


def refuse_malformed_queries(graph: ShapeGraph, active: Iterable[Term], functions: Container[str] | None) -> None:
    """Refuse queries of constraints and validators that SHACL does not allow (appendix A), or with unknown functions.

    Args:
        graph: the shapes graph.
        active: its active nodes.
        functions: the IRIs of the functions that queries may call in addition to those of SPARQL, if SHACL-AF is
            evaluated; then, queries of targets, rules and functions are checked as well.

    Raises:
        InvalidShape: names the shape and the problem.
    """
    nodes = sorted(active, key=str)
    for shape, node in sorted(_executables(graph, nodes), key=str):
        if node in graph[shape].get(f"{SH}sparql", ()) and not any(kind == "select" for kind, _ in _texts(graph, node)):
            raise InvalidShape(f"the SPARQL constraint of {name_of(graph, shape)} has no query: add sh:select.")
        for kind, text in _texts(graph, node):
            _refuse_malformed_query(graph, shape, node, (kind, text), functions or ())
    for node in nodes if functions is not None else ():
        for _, text in _texts(graph, node):
            for problem in _unknown_functions(graph, node, text, functions or ()):
                raise InvalidShape(f"the query of {name_of(graph, node)} {problem}")


def _executables(graph: ShapeGraph, active: Iterable[Term]) -> set[tuple[Term, Term]]:
    """The active constraints and validators, each with the shape or component that has it."""
    return {
        (node, value)
        for node in active
        for name in _WITH_PREBOUND
        for value in graph[node].get(name, ())
        if value in graph and not is_true(graph, value, "deactivated")
    }


def _refuse_malformed_query(
    graph: ShapeGraph, shape: Term, node: Term, query: tuple[str, str], functions: Container[str]
) -> None:
    kind, text = query
    form = next((word for word, _ in tokens(text) if word in _FORMS), "")
    if form != kind.upper():
        raise InvalidShape(f"sh:{kind} of {name_of(graph, shape)} is not a SPARQL {kind.upper()} query.")
    for problem in (*_problems(text, kind), *_unknown_functions(graph, node, text, functions)):
        raise InvalidShape(f"the query of {name_of(graph, shape)} {problem}")


def unreadable_query(graph: ShapeGraph) -> str | None:
    """The name of the first node whose query rdflib cannot parse, or ``None``."""
    from rdflib.plugins.sparql import prepareQuery

    for node in sorted(graph, key=str):
        for kind, text in _texts(graph, node):
            known = prologue(graph, node)
            missing = "".join(f"PREFIX {p}: <{PREFIXES[p]}>\n" for p in ("rdf", "rdfs", "owl") if f" {p}:" not in known)
            try:
                prepareQuery(missing + known + text.replace("$PATH", "<urn:path>"))
            except Exception:  # noqa: BLE001  # rdflib raises what its parser raises, and more
                if kind != "update":
                    return name_of(graph, node)
    return None


def _texts(graph: ShapeGraph, node: Term) -> Iterator[tuple[str, str]]:
    """The queries of a node, each with the local name of its property."""
    for predicate, values in graph[node].items():
        name = predicate.removeprefix(SH)
        if name in _QUERY_PROPERTIES and name != predicate:
            yield from ((name, value.value) for value in values if isinstance(value, Literal))


def _selects_this(text: str) -> bool:
    """Whether the outer query projects ``$this`` (SHACL, section 5.2.1)."""
    names = False
    for token in scan(text):
        word = token.text.upper()
        if names and word in ("WHERE", "{", "FROM"):
            return False
        if names and (token.text in ("?this", "$this") or word == "*"):
            return True
        names = names or (token.kind == "word" and word == "SELECT")
    return True  # a syntax error, which the evaluation reports


def _problems(text: str, kind: str) -> Iterator[str]:
    if kind == "select" and not _selects_this(text):
        yield "does not select $this: add it after SELECT."
    prebound = _PREBOUND | {"value"} if kind == "ask" else _PREBOUND
    for word, position in tokens(text):
        if word in ("MINUS", "VALUES"):
            yield f"contains {word}, which SHACL does not allow in queries with pre-bound variables: remove it."
        if word == "AS":
            name = _VARIABLE.match(text[position + 2 :].lstrip())
            if name and name[1] in prebound:
                yield f"assigns ?{name[1]} with AS, but the variable is pre-bound: rename it."


def _unknown_functions(graph: ShapeGraph, node: Term, text: str, functions: Container[str]) -> Iterator[str]:
    """Calls of undefined functions. Such a call is an error that makes a filter fail, so it would hide violations."""
    known = declared_prefixes(graph, node)
    calls = (iri or f"{known.get(prefix, prefix + ':')}{local}" for iri, prefix, local in _CALL.findall(text))
    if any(name not in _CASTS and name not in functions for name in calls):  # may also match a property before a list
        for name in sorted(_called(prologue(graph, node) + text)):
            if name not in _CASTS and name not in functions:
                yield f"calls <{name}>, which is not a SPARQL function. For SHACL-AF functions, use `advanced=True`."


def _calls_service(text: str) -> bool:
    return any(getattr(node, "name", None) == "ServiceGraphPattern" for node in _algebra(text))


def _called(text: str) -> set[str]:
    return {str(node.iri) for node in _algebra(text) if getattr(node, "name", None) == "Function"}


def _algebra(text: str) -> Iterator[Any]:
    """The algebra nodes of a query in rdflib, which evaluates it; none if the query has a syntax error."""
    from rdflib.plugins.sparql import prepareQuery
    from rdflib.plugins.sparql.parserutils import CompValue

    text, pending = text.replace("$PATH", "<urn:path>"), list[Any]()
    while not pending:
        try:
            pending = [prepareQuery(text).algebra]
        except Exception as error:  # noqa: BLE001  # rdflib raises what its parser raises, and more
            unknown = _UNKNOWN_PREFIX.search(str(error))
            if unknown is None or f"PREFIX {unknown[1]}: " in text:
                return  # the evaluation reports the error
            text = f"PREFIX {unknown[1]}: <urn:unknown>\n{text}"  # pyshacl may define it
    while pending:
        part = pending.pop()
        yield part
        if isinstance(part, CompValue):
            pending += part.values()
        elif isinstance(part, (list, tuple, set)):
            pending += part
