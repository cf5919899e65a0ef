"""The template of a new record: a commented statement for each property that the record may still get."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence

from pyoxigraph import NamedNode, Triple

from threatgraph.authoring.canonical import MARK, Block
from threatgraph.authoring.expected import Field, Schema
from threatgraph.store import Store
from threatgraph.vocab import KINDS, PREFIXES, RDF_TYPE, TG, XSD, shorten, tg

_BLANK = "…"
_WIDTH = 116
_MOST_VALUES = 12
"""The most values that are listed one by one."""
_FORMS = {
    f"{XSD}date": '"2026-01-31"^^xsd:date',
    f"{XSD}gYearMonth": '"2026-01"^^xsd:gYearMonth',
    f"{XSD}gYear": '"2026"^^xsd:gYear',
}
_PLAIN = {f"{XSD}integer", f"{XSD}decimal", f"{XSD}boolean"}
_CLASSES = {TG + kind.class_name: kind for kind in KINDS.values()}
_INSTANCES = """
SELECT ?value (MIN(?place) AS ?rank)
WHERE {
  ?value a ?class
  OPTIONAL { ?value tg:rank ?place }
  FILTER NOT EXISTS { ?value owl:deprecated true }
}
GROUP BY ?value
ORDER BY xsd:integer(?rank) STR(?value)
"""
_SAMPLE = 'SELECT ?part WHERE { ?record ?property ?part FILTER(CONTAINS(STR(?part), "#")) } ORDER BY STR(?part) LIMIT 1'


def template(store: Store, record: str, triples: Iterable[Triple]) -> list[Block]:
    """Return the blocks of the template of a record, expected properties first.

    Args:
        store: the graph, which holds the allowed values.
        record: the IRI of the record.
        triples: what the record and its parts state already.
    """
    return _Writer(store, record).blocks(list(triples))


class _Writer:
    """Writes the template of one record."""

    def __init__(self, store: Store, record: str) -> None:
        self._store, self._record = store, record
        self._schema = Schema()

    def blocks(self, stated: Sequence[Triple]) -> list[Block]:
        kinds = [triple for triple in stated if triple.predicate.value == RDF_TYPE]
        expected: list[Block] = []
        optional: list[Block] = []
        for kind in sorted(kinds, key=lambda triple: (_iri(triple.subject) != self._record, _iri(triple.subject))):
            said = {triple.predicate.value for triple in stated if triple.subject == kind.subject}
            for one in self._schema.fields_of(_iri(kind.object)):
                if one.path not in said:
                    (expected if one.least else optional).append(self._block(_iri(kind.subject), one))
        return [*expected, *optional]

    def _block(self, subject: str, one: Field) -> Block:
        values = self._values(one)
        wanted = f"Expected, at least {one.least}" if one.least > 1 else "Expected" if one.least else "Optional"
        text = " ".join(filter(None, (f"{wanted}: {_words(one.path)}.", _sentence(one.help), _allowed(one, values))))
        own = subject.startswith(f"{self._record}#")
        start = f"{':' + subject.partition('#')[2] if own else shorten(subject)} {shorten(one.path)}"
        if one.cls in self._schema.parts:
            lines = [f"{start} {self._part(one, number)} ." for number in range(1, max(one.least, 1) + 1)]
        else:
            lines = [f"{start} {_example(one, values)} ."]
        return tuple(f"{MARK} {line}" for line in [*_wrapped(text), *lines])

    def _part(self, one: Field, number: int) -> str:
        """The name of a new part, and a statement of what a part of this class must have."""
        name = f":{self._part_name(one)}-{_BLANK}"
        fields = {
            each.path: _example(each, self._values(each)) for each in self._schema.fields_of(one.cls) if each.least
        }
        if tg("position") in fields:
            fields[tg("position")] = str(number)
        body = "".join(f" ; {shorten(path)} {value}" for path, value in fields.items())
        return f"{name} . {name} a {shorten(one.cls)}{body}"

    def _part_name(self, one: Field) -> str:
        """What the names of such parts begin with, as in the records that exist."""
        found = self._store.select(_SAMPLE, {"property": NamedNode(one.path)}).column("part")
        return str(found[0]).partition("#")[2].partition("-")[0] if found else _words(one.path).rpartition(" ")[2]

    def _values(self, one: Field) -> list[str]:
        """The IRIs that a property may lead to, ranked ones in order of their rank."""
        if one.values:
            return sorted(one.values)
        if not one.cls or one.cls in self._schema.parts:
            return []
        return [str(value) for value in self._store.select(_INSTANCES, {"class": NamedNode(one.cls)}).column("value")]


def _example(one: Field, values: Sequence[str]) -> str:
    """The form of a value, with a blank to complete."""
    if one.cls or one.values:
        prefix = shorten(values[0]).partition(":")[0] if values else ""
        return f"{prefix}:{_BLANK}" if prefix in PREFIXES else f"<{_BLANK}>"
    if dates := _dates(one):
        return dates[0].replace("2026", _BLANK)
    if one.datatypes & _PLAIN:
        return _BLANK
    if f"{XSD}string" in one.datatypes:
        return f'"{_BLANK}"'
    return f'"{_BLANK}"@en' if one.datatypes else f"<{_BLANK}>"


def _allowed(one: Field, values: Sequence[str]) -> str:
    if dates := _dates(one):
        return f"Forms: {', '.join(dates)}."
    if not values:
        return ""
    start = "One of" if one.single else "One or more of"
    if len(values) <= _MOST_VALUES:
        return f"{start}: {', '.join(map(shorten, values))}."
    kind = _CLASSES.get(one.cls)
    where = f"`threatgraph list {kind.name}` lists them" if kind else f"instances of {shorten(one.cls)}"
    return f"{start} {len(values)}; {where}."


def _words(path: str) -> str:
    """The local name of a property as words: ``evidenceLevel`` is "evidence level"."""
    local = path.replace("#", "/").rpartition("/")[2]
    return "".join(f" {char.lower()}" if char.isupper() else char for char in local).replace("_", " ")


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return text if not text or text.endswith((".", "?", "!")) else f"{text}."


def _wrapped(text: str) -> list[str]:
    """The lines of an explanation; a command in it stays on one line."""
    joined = re.sub(r"`[^`]*`", lambda command: command[0].replace(" ", "\0"), text)
    lines = textwrap.wrap(joined, _WIDTH, break_on_hyphens=False, break_long_words=False)
    return [line.replace("\0", " ") for line in lines]


def _dates(one: Field) -> list[str]:
    return [form for datatype, form in _FORMS.items() if datatype in one.datatypes]


def _iri(term: object) -> str:
    return term.value if isinstance(term, NamedNode) else ""
