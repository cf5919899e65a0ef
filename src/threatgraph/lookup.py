"""Resolves identifiers to records, and converts the arguments of named queries to RDF terms."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from pyoxigraph import Literal, NamedNode

from threatgraph.errors import AmbiguousName, InvalidQuery, UnknownName, nearest
from threatgraph.identifiers import find_external, spellings
from threatgraph.sparql.names import declared_prefixes, prefixed_names
from threatgraph.sparql.values import values_clause
from threatgraph.store import Store
from threatgraph.store.oxigraph import OxigraphStore
from threatgraph.vocab import KINDS, PREFIXES, XSD, Kind, kind_of, shorten, tg

if TYPE_CHECKING:
    from threatgraph.catalog import NamedQuery, Parameter

_NAMES = """
SELECT ?record ?class ?notation ?label {
  %s
  %s
  ?record a ?class .
  OPTIONAL { ?record skos:notation ?notation }
  OPTIONAL { ?record skos:prefLabel ?label }
}
LIMIT %d
"""
_TO_COMPLETE = """
SELECT DISTINCT ?record ?code ?label {
  %s
  ?record a ?class .
  OPTIONAL { ?record skos:notation ?code }
  OPTIONAL { ?record skos:prefLabel ?label }
}
ORDER BY ?record
LIMIT %d
"""
#: The records with a name, and few others. One condition on all names would be four times as slow.
_CALLED = """
SELECT DISTINCT ?record {
  { ?record skos:notation ?notation FILTER(LCASE(STR(?notation)) = %(name)s) }
  UNION
  { ?record skos:prefLabel ?label FILTER(LCASE(STR(?label)) = %(name)s) }
  UNION
  { %(classes)s ?record a ?class FILTER(STRENDS(LCASE(STR(?record)), %(name)s)) }
}
LIMIT %(most)d
"""
#: The maximum number of names to search for similar ones.
_MOST = 20_000
#: The maximum number of candidates in a message.
_MOST_SHOWN = 5
#: The minimum length of a word that may name an incident.
_SHORTEST_WORD = 4


def resolve(store: Store, identifier: str, kind: str | None = None) -> str:
    """Return the IRI of the record that an identifier names.

    Args:
        store: the store to search.
        identifier: a code (``PAT-SYS-005``), a slug (``strategic-misalignment``), a prefixed name
            (``pattern:goal-drift``, ``eu-ai-act:article-14``), a path (``incident/microsoft-tay``), a label, or an IRI;
            also a citation (``Art. 14``), the short name of a framework (``iso-42001``), an identifier of another
            project (``AIID 489``, ``AML.CS0047``, ``CVE-2025-32711``) or the URL of its page. A word that occurs in the
            label of a single incident names that incident. Upper and lower case are equal.
        kind: the kind of the record; any kind by default.

    Raises:
        UnknownName: if the record does not exist; the message suggests similar names.
        AmbiguousName: if several records of the first kind that matches have this name.
    """
    kinds = [kind_named(kind)] if kind else list(KINDS.values())
    # Half of a surrogate pair is in no name, and no store accepts it.
    identifier = identifier.strip().encode("utf-8", "replace").decode()
    iri = _as_iri(identifier)
    if "://" in iri and (known := _known(store, iri, kinds)):
        return known
    for spelling in (iri, *spellings(identifier)):
        if found := _called(store, spelling.lower(), kinds):
            return _only(identifier, found)
    if found := find_external(store, identifier, kinds):
        return _only(identifier, found)
    return _by_word(store, identifier, kinds, kind)


def _called(store: Store, wanted: str, kinds: list[Kind]) -> list[str]:
    """The records with a name, of the first kind that has any."""
    query = _CALLED % {"name": Literal(wanted), "classes": _classes(kinds), "most": _MOST}
    candidates = [record for (record,) in store.select(query).rows if isinstance(record, NamedNode)]
    if not candidates:
        return []
    names = _names(store, kinds, values_clause("record", candidates))
    matches = sorted(key for key, called in names.items() if wanted in called)
    return [iri for position, iri in matches if position == matches[0][0]]


def _only(identifier: str, found: list[str]) -> str:
    if len(found) > 1:
        shown = ", ".join(shorten(iri) for iri in found[:_MOST_SHOWN])
        more = f" and {len(found) - _MOST_SHOWN} more" if len(found) > _MOST_SHOWN else ""
        message = f"{identifier!r} is ambiguous: it may mean {shown}{more}. Use one of these names."
        raise AmbiguousName(message, found)
    return found[0]


def _by_word(store: Store, identifier: str, kinds: list[Kind], kind: str | None) -> str:
    """The incident whose label has the identifier as a word; otherwise an error with similar names."""
    names = _names(store, kinds)
    word = re.compile(rf"(?<!\w){re.escape(identifier.lower())}(?!\w)")
    suggestions: list[str] = []
    if len(identifier) >= _SHORTEST_WORD:
        found = sorted(key for key, called in names.items() if any(map(word.search, called)))
        incidents = [iri for position, iri in found if kinds[position].name == "incident"]
        if len(found) == 1 and incidents:
            return incidents[0]
        found.sort(key=lambda key: not any(name.startswith(identifier.lower()) for name in names[key]))
        suggestions = [shorten(iri) for _, iri in found[:_MOST_SHOWN]]
    near = nearest(identifier, {name for called in names.values() for name in called.values()})
    if identifier.startswith("tg:"):
        hint = f'`graph.schema("{identifier}")` explains the terms of the ontology.'
    elif kind is None:
        hint = "To list the records of a kind, use `graph.list(kind)`."
    else:
        hint = f'`graph.list("{kinds[0].name}")` lists the {kinds[0].plural.replace("-", " ")}.'
    raise UnknownName(kind or "record", identifier, (), hint, suggestions=suggestions or near)


def complete(store: Store, prefix: str, kind: str | None = None) -> dict[str, str]:
    """Return names of records that begin with a prefix, for completion in a shell.

    Args:
        store: the graph.
        prefix: the beginning of a code, slug or prefixed name, in upper or lower case. For an empty prefix, records
            with a code are listed by their code, and slugs are left out.
        kind: only records of this kind.

    Returns:
        The names, each with the label of its record.
    """
    classes = _classes(one for one in KINDS.values() if kind in (None, one.name))
    wanted = prefix.lower()
    found: dict[str, str] = {}
    for row in store.select(_TO_COMPLETE % (classes, _MOST)).to_dicts():
        short = shorten(str(row["record"]))
        slug = short.partition(":")[2]
        code = str(row["code"] or "")
        # A provision has only a prefixed name: its slug names a provision of every framework.
        names = [short] if str(row["record"]).startswith(KINDS["provision"].namespace) or ":" in prefix else [slug]
        names = [code] if not prefix and code else [code, *names]
        found |= {name: str(row["label"] or "") for name in names if name and name.lower().startswith(wanted)}
    return found


def kind_named(name: str) -> Kind:
    """Return a kind of record by its name or plural, such as ``pattern``, ``patterns`` or ``causal_factor``.

    Raises:
        UnknownName: if the kind does not exist.
    """
    by_name = {kind.name: kind for kind in KINDS.values()} | {kind.plural: kind for kind in KINDS.values()}
    kind = by_name.get(name.strip().lower().replace("_", "-"))
    if kind is None:
        raise UnknownName("kind", name, by_name, f"The kinds are {', '.join(KINDS)}.")
    return kind


def _known(store: Store, iri: str, kinds: list[Kind]) -> str | None:
    """The IRI, if a record of one of the kinds has it; faster than a search by name."""
    try:
        rows = store.select("SELECT ?class { ?record a ?class }", {"record": NamedNode(iri)}).column("class")
    except ValueError:  # not a valid IRI
        return None
    return iri if {tg(kind.class_name) for kind in kinds} & set(map(str, rows)) else None


def bind(store: Store, query: NamedQuery, values: Mapping[str, object]) -> dict[str, NamedNode | Literal]:
    """Convert the arguments of a named query to bindings.

    Raises:
        UnknownName: for an unknown parameter or record.
        AmbiguousName: if several records have a given name.
        InvalidQuery: if a required parameter is missing, or a value has the wrong type.
    """
    from threatgraph.catalog import ANY  # imported already where there is a named query

    known = {parameter.name: parameter for parameter in query.parameters}
    for name in values:
        if name not in known:
            hint = f"{query.name} takes {', '.join(known) or 'no parameters'}."
            raise UnknownName(f"parameter of {query.name}", name, known, hint)
    bindings = {}
    for parameter in query.parameters:
        value = values.get(parameter.name, parameter.default)
        if value is None:
            raise InvalidQuery(f"{query.name} requires the parameter {parameter.name} ({parameter.description}).")
        if value != ANY:
            bindings[parameter.name] = _term(store, parameter, value)
    return bindings


def unknown_records(store: Store, sparql: str) -> list[str]:
    """Describe the prefixed names of records in a query that the graph does not have.

    Only queries of stores on this machine are checked, and only without a CONSTRUCT template.

    Returns:
        A message for each name, with a similar name if there is one.
    """
    if (
        not isinstance(store, OxigraphStore)
        or "CONSTRUCT" in sparql.upper()
        or declared_prefixes(sparql).keys() & KINDS
    ):
        return []
    named = {f"{prefix}:{local}": (KINDS[prefix], local) for prefix, local, _ in prefixed_names(sparql)
             if prefix in KINDS and local and "\\" not in local}  # fmt: skip
    if not named:
        return []
    iris = " ".join(str(NamedNode(kind.namespace + local)) for kind, local in named.values())
    rows = store.select(f"SELECT DISTINCT ?record {{ VALUES ?record {{ {iris} }} ?record ?property ?value }}")
    existing = set(map(str, rows.column("record")))
    messages = []
    for name, (kind, local) in named.items():
        if kind.namespace + local not in existing:
            known = {iri.removeprefix(kind.namespace) for _, iri in _names(store, [kind])}
            near = nearest(local, known, 1)
            guess = f"; did you mean {kind.name}:{near[0]}?" if near else "."
            messages.append(f"the graph has no record {name}{guess}")
    return messages


def _term(store: Store, parameter: Parameter, value: object) -> NamedNode | Literal:
    text = str(value)
    try:
        if parameter.type == "integer":
            return Literal(str(int(text)), datatype=NamedNode(XSD + "integer"))
        if parameter.type == "date":
            import datetime  # takes time to import

            whole = text + "-01-01"[len(text) - 4 :] if len(text) in (4, 7) else text  # a year or month begins then
            return Literal(datetime.date.fromisoformat(whole).isoformat(), datatype=NamedNode(XSD + "date"))
    except ValueError as error:
        example = "2024-08-01" if parameter.type == "date" else "5"
        raise InvalidQuery(
            f"the parameter {parameter.name} must be a valid {parameter.type} such as {example}, not {text!r}."
        ) from error
    if parameter.type == "string":
        return Literal(text)
    return NamedNode(resolve(store, text, parameter.type))


def _names(store: Store, kinds: list[Kind], restriction: str = "") -> dict[tuple[int, str], dict[str, str]]:
    """The names of each record of these kinds, by lower case; records by position of the kind, and IRI."""
    positions = {tg(kind.class_name): position for position, kind in enumerate(kinds)}
    names: dict[tuple[int, str], dict[str, str]] = {}
    for row in store.select(_NAMES % (restriction, _classes(kinds), _MOST)).to_dicts():
        iri = str(row["record"])
        kind = kind_of(iri)
        slug = iri.removeprefix(kind.namespace) if kind else iri.replace("#", "/").rpartition("/")[2]
        spoken = (slug, slug.rpartition("/")[2], row["notation"], row["label"], iri)
        called = names.setdefault((positions[str(row["class"])], iri), {})
        called.update((str(name).lower(), str(name)) for name in spoken if name)
    return names


def _classes(kinds: Iterable[Kind]) -> str:
    """A clause with the classes of kinds."""
    return values_clause("class", (NamedNode(tg(kind.class_name)) for kind in kinds))


def _as_iri(identifier: str) -> str:
    """Expand prefixed names and paths; return anything else unchanged."""
    prefix, colon, local = identifier.strip().partition(":")
    if colon and prefix in PREFIXES:
        return PREFIXES[prefix] + local
    kind, slash, slug = identifier.strip().partition("/")
    return KINDS[kind].namespace + slug if slash and kind in KINDS else identifier.strip()
