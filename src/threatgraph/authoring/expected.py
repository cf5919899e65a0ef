"""What the shapes and the ontology expect of a record: the source of every template.

Nothing here names a property: a property that is added to a shape appears in the templates by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyoxigraph as ox

from threatgraph import resources
from threatgraph.errors import InvalidQuery
from threatgraph.sparql.binding import bind_values
from threatgraph.vocab import PREFIXES

_FIELDS = """
SELECT ?path ?least ?most ?class ?datatype ?value ?severity ?message ?text
WHERE {
  ?of rdfs:subClassOf* ?target .
  ?shape sh:targetClass ?target ; sh:node*/sh:property ?property .
  ?property sh:path ?path .
  FILTER(ISIRI(?path))
  FILTER NOT EXISTS { ?property sh:deactivated true }
  OPTIONAL { ?property sh:minCount ?least }
  OPTIONAL { ?property sh:maxCount ?most }
  OPTIONAL { ?property sh:class ?class }
  OPTIONAL { ?property sh:datatype|(sh:or/rdf:rest*/rdf:first/sh:datatype) ?datatype }
  OPTIONAL { ?property sh:in/rdf:rest*/rdf:first ?value }
  OPTIONAL { ?property sh:severity ?severity }
  OPTIONAL { ?property sh:message ?message FILTER(LANGMATCHES(LANG(?message), "en")) }
  OPTIONAL { ?path rdfs:comment ?text FILTER(LANGMATCHES(LANG(?text), "en")) }
}
ORDER BY STR(?path)
"""
_PARTS = "SELECT ?class WHERE { ?class rdfs:subClassOf+ tg:RecordPart }"
_DERIVED = "Derived"
_HINT = f"{PREFIXES['sh']}Info"


@dataclass(slots=True)
class Field:
    """A property that a shape knows, as all shapes of a class describe it together."""

    path: str
    help: str = ""
    """What the property means, or what the shape says about its values."""
    least: int = 0
    """How many values there should be; 0 if it is optional."""
    single: bool = False
    """Whether there may be one value only."""
    cls: str = ""
    """The class of its values."""
    datatypes: set[str] = field(default_factory=set)
    values: set[str] = field(default_factory=set)
    """The values that are allowed, if the shape lists them."""


class Schema:
    """The ontology and the shapes of a folder.

    Args:
        ontology: the folder; the one in use by default.
    """

    def __init__(self, ontology: Path | None = None) -> None:
        ontology = ontology or resources.ontology_dir()
        self._store = ox.Store()
        for file in (ontology / "threatgraph.ttl", *sorted((ontology / "shapes").glob("*.ttl"))):
            self._store.load(path=str(file), format=ox.RdfFormat.TURTLE)
        self.parts = frozenset(row["class"] for row in _rows(self._store, _PARTS))
        """The IRIs of the classes of parts, such as the mechanisms of a pattern."""

    def fields_of(self, cls: str) -> list[Field]:
        """Return the properties that the shapes describe for a class, sorted by IRI; derived ones are left out.

        Args:
            cls: the IRI of the class.
        """
        found: dict[str, Field] = {}
        messages: dict[str, str] = {}
        for row in _rows(self._store, bind_values(_FIELDS, {"of": ox.NamedNode(cls)})):
            one = found.setdefault(row["path"], Field(row["path"]))
            least = int(row["least"] or 0)
            one.least = max(one.least, least)
            one.single |= row["most"] == "1"
            one.cls = one.cls or row["class"]
            one.datatypes |= {row["datatype"]} - {""}
            one.values |= {row["value"]} - {""}
            one.help = one.help or row["text"]
            if row["severity"] != _HINT or one.path not in messages:  # a hint says what is missing, not what is allowed
                messages[one.path] = row["message"]
        for one in found.values():
            one.help = one.help or messages[one.path]
        return [one for one in found.values() if not one.help.startswith(_DERIVED)]


def _rows(store: ox.Store, sparql: str) -> Iterator[dict[str, str]]:
    """The solutions of a SELECT query, each as variable to plain text, which is empty if the variable is unbound."""
    solutions = store.query(sparql, prefixes=PREFIXES)
    if not isinstance(solutions, ox.QuerySolutions):
        raise InvalidQuery("a SELECT query is required here.")
    for solution in solutions:
        terms = {variable.value: solution[variable] for variable in solutions.variables}
        yield {name: "" if term is None else str(getattr(term, "value", term)) for name, term in terms.items()}
