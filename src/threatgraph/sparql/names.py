"""Finds names in a SPARQL query that are probably mistakes: undeclared prefixes and unknown terms."""

from __future__ import annotations

from collections.abc import Iterator

from threatgraph.errors import nearest
from threatgraph.sparql.tokens import scan
from threatgraph.vocab import CLASSES, KINDS, PREFIXES, PROPERTIES, TG

#: The maximum length of a query that is scanned, in characters.
_LONGEST = 100_000


def undeclared_prefix(sparql: str) -> str | None:
    """Describe the first prefix that a query uses but does not declare; ``None`` if there is none.

    The prefixes of threatgraph need no declaration.
    """
    declared = set(PREFIXES) | set(declared_prefixes(sparql))
    for prefix, _, position in prefixed_names(sparql):
        if prefix not in declared:
            line = sparql.count("\n", 0, position) + 1
            column = position - sparql.rfind("\n", 0, position)
            near = nearest(prefix, declared, 1)
            guess = f"; did you mean {near[0]}:? Otherwise declare" if near else "; declare"
            known = ", ".join(f"{name}:" for name in PREFIXES if name not in KINDS)
            return (
                f"unknown prefix '{prefix}:' at line {line}, column {column}{guess} it with "
                f"PREFIX {prefix}: <…>. Known prefixes are {known} and the kinds of record, such as pattern:."
            )
    return None


def unknown_terms(sparql: str) -> list[str]:
    """Describe the classes and properties in the namespace of the ontology that the ontology does not define.

    Returns:
        A message for each term, with a similar term if there is one.
    """
    known = CLASSES | PROPERTIES
    found = {name: None for name in _ontology_names(sparql) if name not in known}
    return [f"the ontology does not define tg:{name}{_did_you_mean(name)}" for name in found]


def prefixed_names(sparql: str) -> Iterator[tuple[str, str, int]]:
    """Yield the prefix, the local name and the position of each prefixed name, except in declarations."""
    if ":" not in sparql or len(sparql) > _LONGEST:
        return
    before = ""
    for token in scan(sparql):
        if token.kind == "name" and before != "PREFIX":
            prefix, _, local = token.text.partition(":")
            yield prefix, local, token.position
        before = token.text.upper() if token.kind == "word" else ""


def declared_prefixes(sparql: str) -> dict[str, str]:
    """Return the prefixes that a query declares, with their namespaces."""
    found: dict[str, str] = {}
    if "PREFIX" not in sparql.upper() or len(sparql) > _LONGEST:
        return found
    last: list[str] = []
    for token in scan(sparql):
        if token.kind == "iri" and len(last) > 1 and last[-2].upper() == "PREFIX":
            found[last[-1].removesuffix(":")] = token.text[1:-1]
        last = [*last[-1:], token.text]
    return found


def _ontology_names(sparql: str) -> Iterator[str]:
    namespaces = PREFIXES | declared_prefixes(sparql)
    for prefix, local, _ in prefixed_names(sparql):
        if namespaces.get(prefix) == TG:
            yield local
    if TG in sparql and len(sparql) <= _LONGEST:
        for token in scan(sparql):
            if token.kind == "iri" and token.text[1:-1].startswith(TG) and token.text[1:-1] != TG:
                yield token.text[1:-1].removeprefix(TG)


def _did_you_mean(name: str) -> str:
    near = nearest(name, sorted(CLASSES | PROPERTIES), 1)
    return f"; did you mean tg:{near[0]}?" if near else "."
