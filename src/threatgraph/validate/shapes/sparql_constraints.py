"""The text of SPARQL constraints (SHACL, section 5), for the query that finds the nodes which may break one."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pyoxigraph import BlankNode, Literal

from threatgraph.errors import InvalidShape
from threatgraph.sparql.tokens import tokens
from threatgraph.validate.shapes.graph import SH, ShapeGraph, Term, first, name_of, nodes
from threatgraph.vocab import PREFIXES

_PREFIX = re.compile(r"(?:[^\W\d_](?:[\w.\-]*[\w\-])?)?")
_NAMESPACE = re.compile(r'[^\x00-\x20<>"{}|^`\\]*')
_IMPORTS = f"{PREFIXES['owl']}imports"

#: Words of a constraint whose meaning changes where ``$this`` is joined in, not bound before (SHACL, section 5.3.1).
_BINDING_MATTERS = {"UNION", "MINUS", "VALUES", "SERVICE", "BIND", "GROUP", "HAVING", "LIMIT", "OFFSET", "GRAPH"}
#: Brackets inside each other at most, in a query for Oxigraph.
_DEEPEST = 50
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
    end = _end_of_group(text, brace)
    if end is None:
        return None
    prologue = prefixes(graph, constraint) + text[:select_at]
    return f"{prologue}SELECT DISTINCT ?this WHERE {{ {scope} {text[brace + 1 : end]} }}"


def _end_of_group(text: str, brace: int) -> int | None:
    """Where the group of a brace ends, before any ``ORDER BY``; ``None`` if it is too deep, or never ends.

    Oxigraph 0.5 can end the process on an order of mixed values, and on groups deep inside each other.
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
        if depth > _DEEPEST:
            return None
    return None


def prefixes(graph: ShapeGraph, constraint: Term) -> str:
    """The prologue of a query: the prefixes that it takes from others."""
    declared = declared_prefixes(graph, constraint)
    return "".join(f"PREFIX {prefix}: <{space}>\n" for prefix, space in sorted(declared.items()))


def declared_prefixes(graph: ShapeGraph, constraint: Term) -> dict[str, str]:
    """The prefixes of a query, declared by the values of ``sh:prefixes`` and what they import (SHACL, 5.2.1).

    Raises:
        InvalidShape: where a declaration is incomplete, or gives a prefix a second namespace.
    """
    found: dict[str, str] = {}
    waiting: list[Term] = list(nodes(graph, constraint, "prefixes"))
    seen: set[Term] = set()
    while waiting:
        holder = waiting.pop()
        if holder in seen:
            continue
        seen.add(holder)
        told = graph.get(holder, {})
        waiting += told.get(_IMPORTS, ())
        for declaration in told.get(f"{SH}declare", ()):
            prefix, space = (first(graph, declaration, name) for name in ("prefix", "namespace"))
            if not isinstance(prefix, Literal) or isinstance(space, BlankNode | None):
                place = f"a prefix of {holder} for the query of {name_of(graph, constraint)}"
                raise InvalidShape(f"{place} lacks sh:prefix or sh:namespace: give both.")
            if not _PREFIX.fullmatch(prefix.value) or not _NAMESPACE.fullmatch(space.value):
                place = f"the query of {name_of(graph, constraint)}"
                raise InvalidShape(f"{prefix.value!r} for {space.value!r} is not a prefix of SPARQL, in {place}.")
            if found.setdefault(prefix.value, space.value) != space.value:
                both = f"<{found[prefix.value]}> and <{space.value}>"
                place = f"the query of {name_of(graph, constraint)}"
                raise InvalidShape(f"the prefix {prefix.value}: has two namespaces in {place}: {both}.")
    return found


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
