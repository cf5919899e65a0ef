"""The text of SPARQL constraints (SHACL, section 5), for the query that finds the nodes which may break one."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pyoxigraph import Literal

from threatgraph.store.tokens import tokens
from threatgraph.validate.shapes import ShapeGraph, Term, first, nodes

#: Words of a constraint whose meaning changes where ``$this`` is joined in, not bound before (SHACL, section 5.3.1).
_BINDING_MATTERS = {"UNION", "MINUS", "VALUES", "SERVICE", "BIND", "GROUP", "HAVING", "LIMIT", "OFFSET", "GRAPH"}
#: The other variables that a SHACL processor binds.
_PREBOUND = re.compile(r"[$?](PATH|shapesGraph|currentShape)\b")


def joined(graph: ShapeGraph, constraint: Term, scope: str) -> str | None:
    """The query of a constraint, with the nodes to ask about joined in at the head of its group.

    Args:
        graph: the shapes graph.
        constraint: the constraint.
        scope: the pattern of the nodes, which are ``?this``.

    Returns:
        ``None`` where the answer might not be that of the constraint, asked for each node alone.
    """
    select = first(graph, constraint, "select")
    if not isinstance(select, Literal):
        return None
    text = select.value
    words = [word for word, _ in tokens(text)]
    if words.count("SELECT") != 1 or _BINDING_MATTERS & set(words) or _PREBOUND.search(text):
        return None
    select_at = next(at for word, at in tokens(text) if word == "SELECT")
    where = next((at for word, at in tokens(text) if word == "WHERE"), select_at)
    brace = next((at for word, at in tokens(text) if word == "{" and at >= where), None)
    if brace is None or not _joins(word for word, at in tokens(text) if at >= brace and not word.isspace()):
        return None
    prologue = prefixes(graph, constraint) + text[:select_at]
    return f"{prologue}SELECT DISTINCT ?this WHERE {{ {scope} {text[brace + 1 :]}"


def prefixes(graph: ShapeGraph, constraint: Term) -> str:
    """The prologue of a constraint: the prefixes that it takes from others (SHACL, section 5.2.1)."""
    lines = []
    for holder in nodes(graph, constraint, "prefixes"):
        for declaration in nodes(graph, holder, "declare"):
            prefix, space = (first(graph, declaration, name) for name in ("prefix", "namespace"))
            if isinstance(prefix, Literal) and space is not None:
                lines.append(f"PREFIX {prefix.value}: <{space.value}>\n")
    return "".join(lines)


def _joins(words: Iterable[str]) -> bool:
    """Whether each group of a constraint sees what is joined in at its head.

    A group of an ``EXISTS`` does, and one of an ``OPTIONAL``, but not one of an ``OPTIONAL`` in another, nor one that
    stands for itself (SPARQL 1.1, section 18.2.2).
    """
    before, around = "EXISTS", [""]
    for word in words:
        if word == "{":
            if before != "EXISTS" and (before != "OPTIONAL" or around[-1] == "OPTIONAL"):
                return False
            around.append(before)
        elif word == "}":
            around.pop()
        before = word
    return True
