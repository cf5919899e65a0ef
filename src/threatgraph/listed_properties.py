"""Properties of records by the names that lists use for columns, filters and orders.

Properties have their local name in the ontology: ``severity``, ``harm_type``. Hyphens, underscores and upper case make
no difference. A few names are shorter than the property, such as ``harm``; :data:`_SHORT` has them.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from threatgraph.errors import UnknownName
from threatgraph.lookup import kind_named
from threatgraph.store import Store
from threatgraph.vocab import PREFIXES, PROPERTIES, SKOS, TG, Kind, tg

_DCTERMS = PREFIXES["dcterms"]
#: Properties of other vocabularies that lists can show, by the name that the list uses.
_FOREIGN = {
    "label": f"{SKOS}prefLabel",
    "code": f"{SKOS}notation",
    "identifier": f"{_DCTERMS}identifier",
    "definition": f"{SKOS}definition",
    "also_called": f"{SKOS}altLabel",
    "broader": f"{SKOS}broader",
    "related": f"{SKOS}related",
    "summary": f"{_DCTERMS}abstract",
    "description": f"{_DCTERMS}description",
    "source": f"{_DCTERMS}source",
}
#: Short names of properties.
_SHORT = {
    "harm": tg("harmType"),
    "likelihood": tg("likelihoodTrend"),
    "cause": tg("causalFactor"),
    "group": tg("affects"),
    "involved_pattern": tg("involvesPattern"),
    "level": tg("provisionLevel"),
    "provision": tg("mappedTo"),
}
#: The framework of a provision, and the frameworks that any other record is mapped to.
_IN_FRAMEWORK, _MAPPED_TO_FRAMEWORK = f"<{SKOS}inScheme>", f"<{tg('mappedTo')}>/<{SKOS}inScheme>?"
#: Few incidents have a domain; the others have that of their primary pattern.
_INCIDENT_DOMAIN = f"(<{tg('domain')}>|<{tg('primaryPattern')}>/<{tg('domain')}>)"
#: The property that holds the date of a record, for ``since`` and ``until``.
DATES = {"incident": tg("occurred"), "provision": tg("appliesFrom")}
_USED = "SELECT DISTINCT ?property { ?record a <%s> ; ?property ?value }"


class ListedProperty(NamedTuple):
    """A column or filter: its name in the table, and its path in SPARQL."""

    name: str
    path: str


def property_names(store: Store, kind: str) -> list[str]:
    """Return the properties of the records of a kind, which ``where`` and ``columns`` accept.

    Args:
        store: the store to read.
        kind: a kind of record, or its plural.

    Raises:
        UnknownName: for a kind that does not exist.
    """
    of = kind_named(kind)
    used = {str(iri) for iri in store.select(_USED % tg(of.class_name)).column("property")}
    names = {name for name, iri in _known_properties().items() if iri in used}
    if of.name == "provision" or tg("mappedTo") in used:
        names.add("framework")
    return sorted(names)


def _known_properties() -> dict[str, str]:
    return {_snake(name): TG + name for name in PROPERTIES} | _SHORT | _FOREIGN


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def property_of(kind: Kind, name: str) -> ListedProperty:
    """Return a property of the records of a kind.

    Args:
        kind: the kind.
        name: a name of the property.

    Raises:
        UnknownName: for a property that does not exist.
    """
    plain = re.sub(r"[-_\s]", "", name).lower()
    if plain == "framework":
        return ListedProperty("framework", _IN_FRAMEWORK if kind.name == "provision" else _MAPPED_TO_FRAMEWORK)
    if plain == "domain" and kind.name == "incident":
        return ListedProperty("domain", _INCIDENT_DOMAIN)
    known = _known_properties()
    for spelled, iri in known.items():
        if spelled.replace("_", "") == plain:
            return ListedProperty(spelled, f"<{iri}>")
    raise UnknownName("property", name, [*known, "framework"], "`graph.schema()` lists the properties.")
