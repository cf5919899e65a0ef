"""Exports the graph as a STIX 2.1 bundle, for threat intelligence platforms.

Patterns become attack patterns, incidents become incidents, and actors and affected groups become identities.
Mitigations and response steps become courses of action (sections 4 and 5 of
https://docs.oasis-open.org/cti/stix/v2.1/os/stix-v2.1-os.html). Mapped provisions become external references. An
extension contains the complete record in terms of the ontology.

Identifiers are UUIDs (version 5) derived from IRIs, so they are the same in each export. ``created`` and ``modified``
refer to the STIX object, not to the event: ``created`` is a fixed date, and ``modified`` is that date or a later date
on which the record changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import IO
from uuid import UUID

from pyoxigraph import RdfFormat, Triple, parse

from threatgraph.export.json_text import dumps
from threatgraph.export.stix_objects import (
    NAMESPACE,
    TYPES,
    Object,
    Statements,
    StixObject,
    StixRecord,
    project_objects,
    statements_of,
)
from threatgraph.rdf.ntriples import SUBJECT_END, Record, by_subject, records, term_of
from threatgraph.rdf.sorting import LineSorter
from threatgraph.store import Store
from threatgraph.vocab import DERIVED_GRAPH, PREFIXES, RDF_TYPE

# What references need of provisions and their frameworks, and of mappings that are not parts of the record.
_CONTEXT = """
CONSTRUCT { ?node ?property ?value }
WHERE {
  {
    SELECT DISTINCT ?node
    WHERE {
      { ?mapping sssom:object_id ?node }
      UNION
      { ?mapping sssom:object_id/skos:inScheme ?node }
      UNION
      { ?record tg:mapping ?node FILTER(!STRSTARTS(STR(?node), CONCAT(STR(?record), "#"))) }
    }
  }
  ?node ?property ?value .
  FILTER(?property IN (skos:prefLabel, skos:notation, skos:inScheme, sssom:object_id, tg:rationale))
}
"""
_CLASSES = {f"<{iri}>".encode(): kind for iri, kind in TYPES.items()}
_TYPE = SUBJECT_END + f"<{RDF_TYPE}> ".encode()
_LABEL = SUBJECT_END + f"<{PREFIXES['skos']}prefLabel> ".encode()
_SEPARATOR, _LINE_END = b"\x01", b"\x02"


def write(store: Store, node: str | None, target: IO[bytes]) -> None:
    """Export a bundle.

    Args:
        store: the graph.
        node: the IRI of a record, to export only objects that refer to it, and the objects linked with it; ``None``
            for all records.
        target: the file to write to.

    Raises:
        ThreatGraphError: if a temporary file cannot be written.
    """
    graph = _Graph(store)
    objects = LineSorter()
    for item in graph.objects() if node is None else _near(graph, node):
        objects.write(_line(item.content))
    own = list(project_objects())
    bundle = {"type": "bundle", "id": _bundle_id(own, objects), "objects": [0]}
    begin, _, end = dumps(bundle).rpartition("0")
    target.write((begin + ",\n  ".join(dumps(item, "\n  ") for item in own)).encode())
    for block in objects.blocks():
        for line in block:
            target.write(b",\n  " + line.rpartition(_SEPARATOR)[2].replace(_LINE_END, b"\n"))
    target.write(f"{end}\n".encode())


def _bundle_id(own: Iterable[Object], objects: LineSorter) -> str:
    """The identifier that :func:`_id` makes of the identifiers and dates of all objects."""
    digest = hashlib.sha1(NAMESPACE.bytes + b"bundle", usedforsecurity=False)
    for item in own:
        digest.update(f" {item['id']} {item['modified']}".encode())
    for block in objects.blocks():
        for line in block:
            _, identifier, modified, _ = line.split(_SEPARATOR, 3)
            digest.update(b" %b %b" % (identifier, modified))
    return f"bundle--{UUID(bytes=digest.digest()[:16], version=5)}"


def _line(content: Object) -> bytes:
    """An object as a line that is sorted by type and identifier."""
    text = dumps(content, "\n  ").encode().replace(b"\n", _LINE_END)
    keys = [str(content[name]).encode() for name in ("type", "id", "modified")]
    return _SEPARATOR.join([*keys, text]) + b"\n"


def _near(graph: _Graph, node: str) -> Iterable[StixObject]:
    """The objects that refer to a record, and the objects linked with it."""
    term = f"<{node}>".encode()
    chosen: dict[str, StixObject] = {}
    ends: set[str] = set()
    for item in graph.objects(lambda record: _mentions(record, term)):
        if node in item.about:
            chosen[str(item.content["id"])] = item
            if item.content["type"] == "relationship":
                ends |= item.about
    for item in graph.objects(lambda record: not ends.isdisjoint(subject[1:].decode() for subject in record)):
        if item.iri in ends:
            chosen[str(item.content["id"])] = item
    return chosen.values()


def _mentions(record: Record, term: bytes) -> bool:
    """Whether a record or one of its parts is a node, or has a value that is the node."""
    return term[:-1] in record or any(
        term in values for statements in record.values() for values in statements.values()
    )


class _Graph:
    """The records of a graph, which are read one by one, and what is needed of others."""

    def __init__(self, store: Store) -> None:
        self._lines, self._derived = LineSorter(by_subject), LineSorter(by_subject)
        store.dump(self._lines)
        store.dump(self._derived, DERIVED_GRAPH)
        self._types = _types(self._lines)
        self._context = statements_of(sorted(store.construct(_CONTEXT), key=str))

    def objects(self, chosen: Callable[[Record], bool] = lambda record: True) -> Iterator[StixObject]:
        """All objects except those that identify the project, of chosen records."""
        derived = chain.from_iterable(self._derived.blocks())
        waiting = next(derived, None)
        for lines in records(self._lines):
            last = max(lines) + SUBJECT_END + b"\xff"
            found = []
            while waiting is not None and waiting < last:
                found.append(waiting)
                waiting = next(derived, None)
            typed = not self._types.keys().isdisjoint(subject[1:].decode() for subject in lines)
            if typed and chosen(lines):
                yield from StixRecord(_parsed(lines), self._context, self._types, _triples(found)).objects()


def _types(lines: LineSorter) -> dict[str, str]:
    """The type of each node that becomes an object: those of some classes that have a label."""
    candidates: dict[bytes, str] = {}
    found: dict[str, str] = {}
    for block in lines.blocks():
        for line in block:
            if line.startswith(b"<_:"):
                continue
            if _TYPE in line:
                subject, _, kind = line.partition(_TYPE)
                if kind[:-2] in _CLASSES:
                    candidates.setdefault(subject, _CLASSES[kind[:-2]])
            elif _LABEL in line:
                subject, _, label = line.partition(_LABEL)
                if subject in candidates and not label.startswith((b'""', b"_:", b"<<")):
                    found[subject[1:].decode()] = candidates[subject]
    return found


def _parsed(record: Record) -> Statements:
    """The terms of lines."""
    return statements_of(
        _triples(
            b"%b%b%b %b ." % (subject, SUBJECT_END, predicate, value)
            for subject, statements in record.items()
            for predicate, values in statements.items()
            for value in values
        )
    )


def _triples(lines: Iterable[bytes]) -> Iterator[Triple]:
    """Read sorted lines."""
    parts = (line.partition(SUBJECT_END) for line in lines)
    text = b"\n".join([b"%b %b" % (term_of(subject), rest) for subject, _, rest in parts])
    return (quad.triple for quad in parse(text, format=RdfFormat.N_TRIPLES))
