"""Refuses SPARQL queries of shapes that SHACL does not allow, or that would footprint beyond the data graph."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from typing import Any

from pyoxigraph import Literal

from threatgraph.errors import InvalidShape, QueryRefused
from threatgraph.sparql.tokens import scan, tokens
from threatgraph.validate.shapes.graph import SH, ShapeGraph, Term, is_true, name_of
from threatgraph.validate.shapes.prefixes import declared_prefixes, prefixes
from threatgraph.vocab import PREFIXES, XSD

#: The properties whose values are queries, or parts of them.
_TEXTS = ("select", "ask", "construct", "update", "describe", "sparqlExpr")
#: The variables that SHACL binds in all queries of constraints and validators.
_BOUND = frozenset({"this", "shapesGraph", "currentShape"})
#: The properties that lead to queries whose variables are bound beforehand.
_TO_PREBOUND = tuple(SH + name for name in ("sparql", "validator", "nodeValidator", "propertyValidator"))
_FORMS = {"SELECT", "ASK", "CONSTRUCT", "DESCRIBE"}
_UPDATES = {"INSERT", "DELETE", "LOAD", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY"}
#: The functions that SPARQL calls by their IRIs (SPARQL 1.1, section 17.5).
_CASTS = frozenset(XSD + name for name in ("boolean", "double", "float", "decimal", "integer", "dateTime", "string"))
#: What may hide a word from one reader of SPARQL, and not from another.
_UNKNOWN_PREFIX = re.compile(r"Unknown namespace prefix : (\S*)")
_MAY_CALL = re.compile(r"service|\\u", re.IGNORECASE)
_VARIABLE = re.compile(r"[?$](\w+)")
_CALL = re.compile(r"(?:<([^<>\s]*)>|([\w\-.]*):([\w\-.:%]+))\s*\(")


def refuse_reaching(graph: ShapeGraph) -> None:
    """Refuse queries that would footprint another server, change data, or read a graph of another name.

    Raises:
        QueryRefused: names the shape and the word.
    """
    for node in graph:
        for _, text in _texts(graph, node):
            found = next((word for word, _ in tokens(text) if word in {"SERVICE", "FROM", *_UPDATES}), None)
            if found is None and _MAY_CALL.search(text) and _calls_service(prefixes(graph, node) + text):
                found = "SERVICE"
            if found is not None:
                reason = "a query of a shape may read the data graph only: take that part out."
                raise QueryRefused(f"{found} in the query of {name_of(graph, node)} is refused: {reason}")


def refuse_malformed_queries(graph: ShapeGraph, live: Iterable[Term], functions: Container[str] | None) -> None:
    """Refuse queries of constraints and validators that SHACL does not allow (appendix A), or that call no function.

    Args:
        graph: the shapes graph.
        live: its nodes that count.
        functions: the functions that queries may call, besides those of SPARQL, where SHACL-AF is evaluated; the
            queries of targets, rules and functions are looked at then, too.

    Raises:
        InvalidShape: names the shape and what is wrong.
    """
    constraints = {
        (node, value)
        for node in live
        for name in _TO_PREBOUND
        for value in graph[node].get(name, ())
        if value in graph and not is_true(graph, value, "deactivated")
    }
    for shape, node in sorted(constraints, key=str):
        if node in graph[shape].get(f"{SH}sparql", ()) and not any(kind == "select" for kind, _ in _texts(graph, node)):
            raise InvalidShape(f"the SPARQL constraint of {name_of(graph, shape)} has no query: give it sh:select.")
        for kind, text in _texts(graph, node):
            form = next((word for word, _ in tokens(text) if word in _FORMS), "")
            if form != kind.upper():
                raise InvalidShape(f"sh:{kind} of {name_of(graph, shape)} is not a SPARQL {kind.upper()} query.")
            for problem in (*_problems(text, kind), *_unknown_functions(graph, node, text, functions or ())):
                raise InvalidShape(f"the query of {name_of(graph, shape)} {problem}")
    if functions is None:
        return
    for node in sorted(live, key=str):
        for _, text in _texts(graph, node):
            for problem in _unknown_functions(graph, node, text, functions):
                raise InvalidShape(f"the query of {name_of(graph, node)} {problem}")


def unreadable_query(graph: ShapeGraph) -> str | None:
    """What to call the first node whose query rdflib does not read; ``None`` where it reads all."""
    from rdflib.plugins.sparql import prepareQuery

    for node in sorted(graph, key=str):
        for kind, text in _texts(graph, node):
            known = prefixes(graph, node)
            missing = "".join(f"PREFIX {p}: <{PREFIXES[p]}>\n" for p in ("rdf", "rdfs", "owl") if f" {p}:" not in known)
            try:
                prepareQuery(missing + known + text.replace("$PATH", "<urn:path>"))
            except Exception:  # noqa: BLE001  # rdflib raises what its parser raises, and more
                if kind != "update":
                    return name_of(graph, node)
    return None


def _texts(graph: ShapeGraph, node: Term) -> Iterator[tuple[str, str]]:
    """The queries of a node, each with the local name of the property that has it."""
    for predicate, values in graph[node].items():
        name = predicate.removeprefix(SH)
        if name in _TEXTS and name != predicate:
            yield from ((name, value.value) for value in values if isinstance(value, Literal))


def _selects_this(text: str) -> bool:
    """Whether the outer query has the variable ``this`` in its answer (SHACL, section 5.2.1)."""
    names = False
    for token in scan(text):
        word = token.text.upper()
        if names and word in ("WHERE", "{", "FROM"):
            return False
        if names and (token.text in ("?this", "$this") or word == "*"):
            return True
        names = names or (token.kind == "word" and word == "SELECT")
    return True  # it does not parse


def _problems(text: str, kind: str) -> Iterator[str]:
    if kind == "select" and not _selects_this(text):
        yield "does not select $this: add it after SELECT."
    bound = _BOUND | {"value"} if kind == "ask" else _BOUND
    for word, position in tokens(text):
        if word in ("MINUS", "VALUES"):
            yield f"has {word}, which SHACL does not allow in a query with variables that are bound beforehand."
        if word == "AS":
            name = _VARIABLE.match(text[position + 2 :].lstrip())
            if name and name[1] in bound:
                yield f"binds ?{name[1]} by AS, but SHACL binds that variable itself."


def _unknown_functions(graph: ShapeGraph, node: Term, text: str, functions: Container[str]) -> Iterator[str]:
    """Functions that nothing defines: a call of one is an error that fails a filter, so that nothing would be found."""
    known = declared_prefixes(graph, node)
    calls = (iri or f"{known.get(prefix, prefix + ':')}{local}" for iri, prefix, local in _CALL.findall(text))
    if any(name not in _CASTS and name not in functions for name in calls):  # or a property before a list
        for name in sorted(_called(prefixes(graph, node) + text)):
            if name not in _CASTS and name not in functions:
                yield f"calls <{name}>, which is not a function of SPARQL: --advanced evaluates functions of SHACL-AF."


def _calls_service(text: str) -> bool:
    return any(getattr(node, "name", None) == "ServiceGraphPattern" for node in _algebra(text))


def _called(text: str) -> set[str]:
    return {str(node.iri) for node in _algebra(text) if getattr(node, "name", None) == "Function"}


def _algebra(text: str) -> Iterator[Any]:
    """The parts of a query as rdflib reads it, since it is rdflib that evaluates it; none where it does not parse."""
    from rdflib.plugins.sparql import prepareQuery
    from rdflib.plugins.sparql.parserutils import CompValue

    text, waiting = text.replace("$PATH", "<urn:path>"), list[Any]()
    while not waiting:
        try:
            waiting = [prepareQuery(text).algebra]
        except Exception as error:  # noqa: BLE001  # rdflib raises what its parser raises, and more
            unknown = _UNKNOWN_PREFIX.search(str(error))
            if unknown is None or f"PREFIX {unknown[1]}: " in text:
                return  # the evaluation says what is wrong
            text = f"PREFIX {unknown[1]}: <urn:unknown>\n{text}"  # pyshacl may know it
    while waiting:
        part = waiting.pop()
        yield part
        if isinstance(part, CompValue):
            waiting += part.values()
        elif isinstance(part, (list, tuple, set)):
            waiting += part
