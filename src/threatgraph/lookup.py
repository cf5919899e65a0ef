"""Finds records by what people call them, and turns the values that people give into RDF terms."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from pyoxigraph import Literal, NamedNode

from threatgraph.catalog import ANY, NamedQuery, Parameter
from threatgraph.errors import AmbiguousName, InvalidQuery, UnknownName
from threatgraph.store import Store
from threatgraph.vocab import KINDS, PREFIXES, XSD, Kind, kind_of, shorten, tg

_NAMES = """
SELECT ?record ?class ?notation ?label {
  VALUES ?class { %s }
  ?record a ?class .
  OPTIONAL { ?record skos:notation ?notation }
  OPTIONAL { ?record skos:prefLabel ?label }
  %s
}
LIMIT %d
"""
_TO_COMPLETE = """
SELECT DISTINCT ?record ?code ?label {
  VALUES ?class { %s }
  ?record a ?class .
  OPTIONAL { ?record skos:notation ?code }
  OPTIONAL { ?record skos:prefLabel ?label }
}
ORDER BY ?record
LIMIT %d
"""
#: What a record that is called so fulfils, and few others do: the store finds it among many faster than we do.
_CALLED = """FILTER(LCASE(STR(?notation)) = {0} || LCASE(STR(?label)) = {0} || STRENDS(LCASE(STR(?record)), {0}))"""
#: Names to read at most, where the nearest ones are to be told.
_MOST = 20_000


def resolve(store: Store, identifier: str, kind: str | None = None) -> str:
    """The IRI of the record that a person means.

    Args:
        store: where to look.
        identifier: a code (``PAT-SYS-005``), a slug (``strategic-misalignment``), a prefixed name
            (``pattern:goal-drift``, ``eu-ai-act:article-14``), a path (``incident/microsoft-tay``), a label, or an IRI;
            upper and lower case are alike.
        kind: look only among records of this kind.

    Raises:
        UnknownName: where there is no such record, with the nearest names.
        AmbiguousName: where several records of the first kind that matches share the name.
    """
    kinds = [kind_named(kind)] if kind else list(KINDS.values())
    iri = _as_iri(identifier)
    if "://" in iri and (known := _known(store, iri, kinds)):
        return known
    wanted = iri.lower().encode("utf-8", "replace").decode()  # half a character is in no name
    names = _names(store, kinds, _CALLED.format(Literal(wanted)))
    matches = sorted(key for key, called in names.items() if wanted in called)
    if not matches:
        names = _names(store, kinds)
        hint = f"`threatgraph list {kind or 'pattern'}` shows what there is."
        raise UnknownName(kind or "record", identifier, (name for called in names.values() for name in called), hint)
    first = matches[0][0]
    same = [iri for position, iri in matches if position == first]
    if len(same) > 1:
        raise AmbiguousName(f"{identifier!r} may mean {', '.join(shorten(iri) for iri in same)}: give one of these.")
    return same[0]


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
    classes = [tg(one.class_name) for one in KINDS.values() if kind in (None, one.name)]
    wanted = prefix.lower()
    found: dict[str, str] = {}
    for row in store.select(_TO_COMPLETE % (" ".join(f"<{iri}>" for iri in classes), _MOST)).to_dicts():
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
        UnknownName: if there is no such kind.
    """
    by_name = {kind.name: kind for kind in KINDS.values()} | {kind.plural: kind for kind in KINDS.values()}
    kind = by_name.get(name.strip().lower().replace("_", "-"))
    if kind is None:
        raise UnknownName("kind", name, by_name, f"The kinds are {', '.join(KINDS)}.")
    return kind


def _known(store: Store, iri: str, kinds: list[Kind]) -> str | None:
    """The IRI, where a record of one of the kinds has it: the quick way for those who name it so."""
    try:
        rows = store.select("SELECT ?class { ?record a ?class }", {"record": NamedNode(iri)}).column("class")
    except ValueError:  # no IRI, though it looks like one
        return None
    return iri if {tg(kind.class_name) for kind in kinds} & set(map(str, rows)) else None


def bind(store: Store, query: NamedQuery, values: Mapping[str, object]) -> dict[str, NamedNode | Literal]:
    """The bindings of a named query for the values that a person gives.

    Raises:
        UnknownName: for a parameter that the query does not have, or a record that does not exist.
        InvalidQuery: for a required parameter that is missing or a value of the wrong type.
    """
    known = {parameter.name: parameter for parameter in query.parameters}
    for name in values:
        if name not in known:
            hint = f"{query.name} takes {', '.join(known) or 'no parameters'}."
            raise UnknownName(f"parameter of {query.name}", name, known, hint)
    bindings = {}
    for parameter in query.parameters:
        value = values.get(parameter.name, parameter.default)
        if value is None:
            raise InvalidQuery(f"{query.name} needs the parameter {parameter.name} ({parameter.description}).")
        if value != ANY:
            bindings[parameter.name] = _term(store, parameter, value)
    return bindings


def _term(store: Store, parameter: Parameter, value: object) -> NamedNode | Literal:
    text = str(value)
    try:
        if parameter.type == "integer":
            return Literal(str(int(text)), datatype=NamedNode(XSD + "integer"))
        if parameter.type == "date":
            whole = text + "-01-01"[len(text) - 4 :] if len(text) in (4, 7) else text  # a year or month begins then
            return Literal(datetime.date.fromisoformat(whole).isoformat(), datatype=NamedNode(XSD + "date"))
    except ValueError as error:
        example = "2024-08-01" if parameter.type == "date" else "5"
        raise InvalidQuery(
            f"the parameter {parameter.name} is a {parameter.type} such as {example}, not {text!r}."
        ) from error
    if parameter.type == "string":
        return Literal(text)
    return NamedNode(resolve(store, text, parameter.type))


def _names(store: Store, kinds: list[Kind], restriction: str = "") -> dict[tuple[int, str], dict[str, None]]:
    """Everything that each record of these kinds may be called, in lower case; by position of the kind, and IRI."""
    positions = {tg(kind.class_name): position for position, kind in enumerate(kinds)}
    classes = " ".join(f"<{iri}>" for iri in positions)
    names: dict[tuple[int, str], dict[str, None]] = {}
    for row in store.select(_NAMES % (classes, restriction, _MOST)).to_dicts():
        iri = str(row["record"])
        kind = kind_of(iri)
        slug = iri.removeprefix(kind.namespace) if kind else iri.replace("#", "/").rpartition("/")[2]
        spoken = (slug, slug.rpartition("/")[2], row["notation"], row["label"], iri)
        called = names.setdefault((positions[str(row["class"])], iri), {})
        called.update(dict.fromkeys(str(name).lower() for name in spoken if name))
    return names


def _as_iri(identifier: str) -> str:
    """Prefixed names and paths in full; anything else as it stands."""
    prefix, colon, local = identifier.strip().partition(":")
    if colon and prefix in PREFIXES:
        return PREFIXES[prefix] + local
    kind, slash, slug = identifier.strip().partition("/")
    return KINDS[kind].namespace + slug if slash and kind in KINDS else identifier.strip()
