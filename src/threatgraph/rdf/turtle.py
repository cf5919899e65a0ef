"""Canonical Turtle: one statement per line, so that one added triple changes one line.

Only prefixes in use are declared, sorted. Subjects are sorted by IRI; ``a`` comes first, then predicates and objects by
IRI. A record's own fragment (``…/pattern/x#impact-y``) uses the empty prefix. Blank nodes are rejected: every node has
an IRI, so that a validation result, a link or a diff can refer to it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Triple

from threatgraph.errors import ThreatGraphError
from threatgraph.rdf.terms import Term
from threatgraph.vocab import PREFIXES, RDF_TYPE

# The part of Turtle's PN_LOCAL that needs no escaping; other IRIs are written in full.
_LOCAL_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.\-]*[A-Za-z0-9_\-])?\Z")
_BARE = {
    "http://www.w3.org/2001/XMLSchema#integer": re.compile(r"[+-]?[0-9]+\Z"),
    "http://www.w3.org/2001/XMLSchema#boolean": re.compile(r"(?:true|false)\Z"),
}
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})
_XSD_STRING = "http://www.w3.org/2001/XMLSchema#string"


class BlankNodeRefused(ThreatGraphError, ValueError):
    """A blank node in data that must have only IRIs and literals."""


class _Namer:
    """Shortens IRIs with the known prefixes and records which prefixes are used."""

    def __init__(self, prefixes: Mapping[str, str], own: str | None) -> None:
        by_length = sorted(prefixes.items(), key=lambda item: -len(item[1]))
        self.known = [("", own), *by_length] if own else by_length
        self.used: dict[str, str] = {}

    def name(self, iri: str) -> str:
        for prefix, namespace in self.known:
            if iri.startswith(namespace) and _LOCAL_NAME.match(iri, len(namespace)):
                self.used[prefix] = namespace
                return f"{prefix}:{iri[len(namespace) :]}"
        return str(NamedNode(iri))

    def term(self, term: Term) -> str:
        if isinstance(term, NamedNode):
            return self.name(term.value)
        if isinstance(term, Literal):
            return self._literal(term)
        if isinstance(term, BlankNode):
            message = "blank nodes are not allowed in source files: give the node an IRI, such as <record#part-name>."
            raise BlankNodeRefused(message)
        raise BlankNodeRefused("quoted triples are not allowed in source files: use an IRI instead.")

    def _literal(self, literal: Literal) -> str:
        text = f'"{literal.value.translate(_ESCAPES)}"'
        if literal.language:
            direction = f"--{literal.direction.value}" if literal.direction else ""  # RDF 1.2
            return f"{text}@{literal.language}{direction}"
        datatype = literal.datatype.value
        if datatype == _XSD_STRING:
            return text
        if datatype in _BARE and _BARE[datatype].match(literal.value):
            return literal.value
        return f"{text}^^{self.name(datatype)}"


def write_turtle(
    triples: Iterable[Triple | Quad], prefixes: Mapping[str, str] = PREFIXES, *, declare: Collection[str] = ()
) -> str:
    """Write triples in the canonical form.

    Args:
        triples: triples or quads (a quad's graph is ignored), in any order; duplicates are removed.
        prefixes: prefix to namespace; only prefixes in use are declared.
        declare: prefixes to declare even if unused; the empty one is that of the record's parts.

    Returns:
        The Turtle text, ending in a newline; the same text for the same set of triples.

    Raises:
        BlankNodeRefused: if a triple has a blank node or a quoted triple.
    """
    by_subject: dict[Term, set[tuple[Term, Term]]] = defaultdict(set)
    for triple in triples:
        by_subject[triple.subject].add((triple.predicate, triple.object))
    namer = _Namer(prefixes, _own_fragment(by_subject, even_without_parts="" in declare))
    subjects = sorted(by_subject, key=_subject_key)
    blocks = [_block(namer, subject, by_subject[subject]) for subject in subjects]
    declared = namer.used | {prefix: iri for prefix, iri in namer.known if prefix in declare}
    header = [f"@prefix {prefix}: {NamedNode(iri)} ." for prefix, iri in sorted(declared.items())]
    return "\n".join(["\n".join(header), *blocks]) + "\n" if blocks else ""


def _block(namer: _Namer, subject: Term, statements: set[tuple[Term, Term]]) -> str:
    lines = sorted((_predicate_key(predicate), _object_key(value), predicate, value) for predicate, value in statements)
    body = "".join(f"    {_verb(namer, predicate)} {namer.term(value)} ;\n" for _, _, predicate, value in lines)
    return f"\n{namer.term(subject)}\n{body}    ."


def _verb(namer: _Namer, predicate: Term) -> str:
    return "a" if isinstance(predicate, NamedNode) and predicate.value == RDF_TYPE else namer.term(predicate)


def _own_fragment(subjects: Iterable[Term], *, even_without_parts: bool) -> str | None:
    """The ``record#`` namespace if all subjects are one record and its parts."""
    records = {s.value.partition("#")[0] for s in subjects if isinstance(s, NamedNode)}
    has_part = any(isinstance(s, NamedNode) and "#" in s.value for s in subjects)
    return f"{records.pop()}#" if len(records) == 1 and (has_part or even_without_parts) else None


def _subject_key(subject: Term) -> str:
    return subject.value if isinstance(subject, (NamedNode, BlankNode)) else str(subject)


def _predicate_key(predicate: Term) -> tuple[bool, str]:
    return str(predicate) != f"<{RDF_TYPE}>", str(predicate)


def _object_key(value: Term) -> str:
    return str(value)
