"""Turns a SPARQL constraint (SHACL, section 5), which is evaluated per node, into one query for all nodes.

SHACL evaluates the query of a constraint once for each focus node, with ``$this`` pre-bound. Here, the pattern of the
target comes first in its WHERE group, so that the engine evaluates it for all nodes at once. The constraint ::

    sh:select "SELECT $this ?value WHERE { $this ex:size ?value FILTER(?value > 5) } ORDER BY ?value"

on the target ``sh:targetClass ex:P`` becomes ::

    SELECT DISTINCT ?this WHERE { ?this a ex:P . $this ex:size ?value FILTER(?value > 5) }

This is valid only if every group of the query sees the binding of ``$this``. Other queries are left to pyshacl.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from pyoxigraph import Literal

from threatgraph.sparql.tokens import tokens
from threatgraph.validate.shapes.graph import ShapeGraph, Term, first
from threatgraph.validate.shapes.prefixes import prologue

#: Keywords whose meaning differs between a joined ``$this`` and a pre-bound one (SHACL, section 5.3.1).
_BINDING_MATTERS = {"UNION", "MINUS", "VALUES", "SERVICE", "BIND", "GROUP", "HAVING", "LIMIT", "OFFSET", "GRAPH"}
#: The maximum nesting depth of brackets in a query for Oxigraph.
_MAX_DEPTH = 50
#: The other pre-bound variables.
_PREBOUND = re.compile(r"[$?](PATH|shapesGraph|currentShape)\b")


def constraint_query(graph: ShapeGraph, constraint: Term, scope: str) -> str | None:
    """The query of a constraint, with the pattern of the focus nodes at the start of its WHERE group.

    Args:
        graph: the shapes graph.
        constraint: the constraint.
        scope: the pattern of the focus nodes, which binds ``?this``.

    Returns:
        ``None`` if the query may have other solutions than the constraint has when evaluated for each node.
    """
    select = first(graph, constraint, "select")
    text = select.value if isinstance(select, Literal) else ""
    words = [word for word, _ in tokens(text)]
    if words.count("SELECT") != 1 or _BINDING_MATTERS & set(words) or _PREBOUND.search(text):
        return None
    select_at = next(at for word, at in tokens(text) if word == "SELECT")
    group = _where_group(text, select_at)
    if group is None:
        return None
    start, end = group
    return (
        f"{prologue(graph, constraint)}{text[:select_at]}"
        f"SELECT DISTINCT ?this WHERE {{ {scope} {text[start + 1 : end]} }}"
    )


def _where_group(text: str, select_at: int) -> tuple[int, int] | None:
    """The positions of the braces of the WHERE group; ``None`` if the pattern of the target cannot be added to it."""
    where = next((at for word, at in tokens(text) if word == "WHERE"), select_at)
    brace = next((at for word, at in tokens(text) if word == "{" and at >= where), None)
    if brace is None or not _all_groups_see_this(
        word for word, at in tokens(text) if at >= brace and not word.isspace()
    ):
        return None
    end = _end_of_group(text, brace)
    return None if end is None else (brace, end)


def _end_of_group(text: str, brace: int) -> int | None:
    """The end of the group that starts at a brace, before any ``ORDER BY``; ``None`` if it is too deep or unclosed.

    Oxigraph 0.5 may crash when it sorts values of mixed types, and on deeply nested groups.
    """
    depth = groups = 0
    for word, at in tokens(text):
        if word in ("(", "{", "["):
            depth += 1
            groups += word == "{" and at >= brace
        elif word in (")", "}", "]"):
            depth -= 1
            groups -= word == "}" and at > brace
            if word == "}" and at > brace and not groups:
                return at
        if depth > _MAX_DEPTH:
            return None
    return None


def _all_groups_see_this(words: Iterable[str]) -> bool:
    """Whether a pattern at the start of the outer group binds ``$this`` in all inner groups.

    It does in the groups of ``EXISTS`` and ``OPTIONAL``. It does not in an ``OPTIONAL`` within another one, nor in a
    group that is evaluated independently (SPARQL 1.1, section 18.2.2).
    """
    before, outer = "EXISTS", [""]
    for word in words:
        if word == "{":
            if before != "EXISTS" and (before != "OPTIONAL" or outer[-1] == "OPTIONAL"):
                return False
            outer.append(before)
        elif word == "}":
            outer.pop()
        before = word
    return True
