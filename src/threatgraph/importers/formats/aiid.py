"""Imports a snapshot of the AI Incident Database as incidents and actors.

A snapshot (https://incidentdatabase.ai/research/snapshots/) has a table of incidents and one table for each taxonomy.
The slug of an incident is ``aiid-`` and its number, so that it does not conflict with a bundled record; tg:aiidNumber
identifies it. An actor whose slug is in the graph is linked to that actor; a new actor gets the prefix ``aiid-``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from pyoxigraph import Literal, NamedNode

from threatgraph.errors import InvalidFile
from threatgraph.importers.builder import ImportResult, Publisher, RecordBuilder, address, day, english, record, tidy
from threatgraph.importers.casing import NameCasing
from threatgraph.importers.formats.aiid_classes import NUMBER, add_classes
from threatgraph.importers.sheets import Row, read_sheet, read_text
from threatgraph.slugs import slug_of_any
from threatgraph.store import Store
from threatgraph.vocab import XSD

SITE = "https://incidentdatabase.ai/"
_LICENSE = "https://creativecommons.org/licenses/by-sa/4.0/"
_DEPLOYER = "Alleged deployer of AI system"
_DEVELOPER = "Alleged developer of AI system"
_HARMED = "Alleged harmed or nearly harmed parties"
_COLUMNS = ("incident_id", "date", "title", "description", _DEPLOYER, _DEVELOPER, _HARMED)
_NOTE = (
    "Incidents from a snapshot of the database. Developers, deployers and harmed parties are alleged. The license is "
    "that of the database; the cited reports are subject to separate rights."
)
_KNOWN = "SELECT ?record { ?record a tg:Actor }"
_SAME = "SELECT ?record ?number { ?record a tg:Incident ; tg:aiidNumber ?number }"
#: A date with a time, as in ISO 8601 and database exports.
_WITH_TIME = re.compile(
    r"([0-9]{4}(?:-[0-9]{2}){2})[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9:]{4,6})?"
)
#: Identifiers that the database uses for unknown parties.
_NOBODY = {"unknown"}


@dataclass(slots=True)
class _Actors:
    """The actors named by the incidents, both existing and new."""

    known: Mapping[str, str]
    """IRIs of the actors in the graph, by slug."""
    named: dict[str, set[str]] = field(default_factory=dict)
    """Identifiers of each actor in the file, by slug."""
    lines: dict[str, int] = field(default_factory=dict)
    """The first line that names each actor, by slug."""

    def find(self, entity: str) -> NamedNode | None:
        """Find the actor with an identifier; ``None`` if there is none."""
        name = slug_of_any(entity)
        if name is None or entity in _NOBODY:
            return None
        if name in self.known:
            return NamedNode(self.known[name])
        return record("actor", f"aiid-{name}") if name in self.named else None

    def note(self, entity: str, line: int) -> None:
        """Record an identifier that an incident names as deployer or developer."""
        name = slug_of_any(entity)
        if name is not None and entity not in _NOBODY:
            self.named.setdefault(name, set()).add(entity)
            self.lines.setdefault(name, line)


@dataclass(frozen=True, slots=True)
class _Names:
    """Names for the identifiers in the file, which has no names."""

    casing: NameCasing
    texts: Mapping[str, list[str]]
    """The texts of the incidents that name each identifier."""
    found: dict[str, str] = field(default_factory=dict)

    def of(self, entity: str) -> str:
        if entity not in self.found:
            self.found[entity] = self.casing.spell(entity, self.texts[entity])
        return self.found[entity]


def read(path: Path, store: Store) -> ImportResult:
    """Import a snapshot.

    Args:
        path: the folder of the tables, or only its ``incidents.csv``; tables may be compressed (``.csv.gz``).
        store: the graph that the records link to.

    Returns:
        The incidents with their actors, and with the classifications of each taxonomy in the folder.

    Raises:
        InvalidFile: if the table of incidents is missing, or a table cannot be read.
    """
    folder, incidents = (path, _table(path, "incidents")) if path.is_dir() else (path.parent, path)
    if incidents is None:
        raise InvalidFile(str(path), "has no incidents.csv: give the folder of an extracted snapshot.")
    result = ImportResult("Incident", frozenset({"Actor"}))
    rows = [row for row in read_sheet(incidents, _COLUMNS, result) if _is_complete(row, incidents, result)]
    parties = {
        row.line: {c: _entities(row, c, incidents, result) for c in (_DEPLOYER, _DEVELOPER, _HARMED)} for row in rows
    }
    actors = _Actors(_known_actors(store))
    for row in rows:
        for entity in [*parties[row.line][_DEPLOYER], *parties[row.line][_DEVELOPER]]:
            actors.note(entity, row.line)
    names = _Names(NameCasing(row["description"] for row in rows), _texts(rows, parties))
    same = {int(str(row["number"])): str(row["record"]) for row in store.select(_SAME).to_dicts()}
    for row in rows:
        result.add(_incident(row, incidents, parties[row.line], actors, names, same))
    for name in sorted(actors.named.keys() - actors.known.keys()):
        result.add(_actor(name, actors, names, incidents))
    if path.is_dir():
        _retire_duplicates(folder, result)
        add_classes(folder, result, store, _table)
    result.add(Publisher(SITE, "AI Incident Database", _NOTE, _license(folder)).builder(str(incidents)))
    return result


def _table(folder: Path, name: str) -> Path | None:
    """Find a table of the snapshot, compressed or not; ``None`` if it is missing."""
    return next((file for end in ("", ".gz") if (file := folder / f"{name}.csv{end}").is_file()), None)


def _license(folder: Path) -> str:
    """The license stated in the snapshot, or else on the website of the database."""
    file = folder / "license.txt"
    words = read_text(file).split() if file.is_file() else []
    return next((word.rstrip(".,)") for word in words if "creativecommons.org/licenses/" in word), _LICENSE)


def _is_complete(row: Row, path: Path, result: ImportResult) -> bool:
    """Whether a row has the required values of an incident; missing values are reported."""
    if not NUMBER.fullmatch(row["incident_id"]):
        result.report(str(path), row.line, f"incident_id is not a number: {row['incident_id']!r}.")
    elif empty := [column for column in ("title", "description") if english(row[column]) is None]:
        result.report(str(path), row.line, f"incident {row['incident_id']} has no {' and no '.join(empty)}.")
    elif _date(row) is None:
        result.report(
            str(path),
            row.line,
            f"incident {row['incident_id']} has an invalid date, {row['date']!r}: use a date such as 2024-08-01.",
        )
    else:
        return True
    return False


def _date(row: Row) -> Literal | None:
    """The date of an incident, without the time."""
    timed = _WITH_TIME.fullmatch(row["date"])
    return day(timed[1] if timed else row["date"])


def _entities(row: Row, column: str, path: Path, result: ImportResult) -> list[str]:
    """The identifiers in a cell, which must be a JSON list; another value is reported and left out."""
    try:
        found = json.loads(row[column] or "[]")
    except (ValueError, RecursionError):  # invalid JSON, an excessively long number, or excessive nesting
        found = None
    if isinstance(found, list) and all(isinstance(entity, str) for entity in found):
        return [tidy(entity) for entity in found if tidy(entity)]
    result.report(str(path), row.line, f'{column!r} is not a list such as ["openai"]; left out.')
    return []


def _known_actors(store: Store) -> dict[str, str]:
    """The actors in the graph by slug; actors of an earlier import also by slug without ``aiid-``."""
    records = sorted(str(row["record"]) for row in store.select(_KNOWN).to_dicts())
    slugs = {iri.rpartition("/")[2]: iri for iri in records}
    return {slug.removeprefix("aiid-"): iri for slug, iri in slugs.items()} | slugs


def _texts(rows: list[Row], parties: Mapping[int, Mapping[str, list[str]]]) -> dict[str, list[str]]:
    """The texts of the incidents that name each identifier."""
    texts: dict[str, list[str]] = {}
    for row in rows:
        for entities in parties[row.line].values():
            for entity in entities:
                texts.setdefault(entity, []).append(f"{row['title']}\n{row['description']}")
    return texts


def _incident(
    row: Row,
    path: Path,
    parties: Mapping[str, list[str]],
    actors: _Actors,
    names: _Names,
    same: Mapping[int, str],
) -> RecordBuilder:
    number = int(row["incident_id"])
    page = NamedNode(f"{SITE}cite/{number}")
    builder = RecordBuilder(_name_of(row["incident_id"]), "Incident", str(path), row.line)
    builder.add("skos:prefLabel", english(row["title"]))
    builder.add("dcterms:description", english(row["description"]))
    builder.add("dcterms:source", page)
    builder.add("schema:subjectOf", page)
    builder.add("tg:aiidNumber", Literal(str(number), datatype=NamedNode(f"{XSD}integer")))
    builder.add("tg:sameIncident", NamedNode(same[number]) if number in same else None)
    builder.add("prov:wasAttributedTo", NamedNode(SITE))
    builder.add("tg:curationStatus", record("curation-status", "as-in-source"))
    builder.add("tg:occurred", _date(row))
    for prop, column in (("tg:deployer", _DEPLOYER), ("tg:developer", _DEVELOPER)):
        for entity in parties[column]:
            builder.add(prop, actors.find(entity))
    for entity in parties[_HARMED]:
        actor = actors.find(entity)
        builder.add("tg:victim", actor)
        builder.add("tg:harmedParty", None if actor else english(names.of(entity)))
    return builder


def _actor(name: str, actors: _Actors, names: _Names, path: Path) -> RecordBuilder:
    entities = sorted(actors.named[name])
    builder = RecordBuilder(record("actor", f"aiid-{name}").value, "Actor", str(path), actors.lines[name])
    builder.add("skos:prefLabel", english(names.of(entities[0])))
    for entity in entities:
        builder.add("dcterms:source", address(f"{SITE}entities/{quote(entity)}"))
    builder.add("prov:wasAttributedTo", NamedNode(SITE))
    builder.add("tg:curationStatus", record("curation-status", "as-in-source"))
    return builder


def _retire_duplicates(folder: Path, result: ImportResult) -> None:
    """Deprecate the incidents that the database lists as duplicates."""
    table = _table(folder, "duplicates")
    if table is None:
        return
    unknown = 0
    for row in read_sheet(table, ("duplicate_incident_number", "true_incident_number"), result):
        numbers = [row["duplicate_incident_number"], row["true_incident_number"]]
        double, true = (result.records.get(_name_of(number)) for number in numbers)
        if double is None or true is None:
            unknown += 1
        elif double is true:
            result.report(str(table), row.line, f"incident {numbers[0]} is listed as a duplicate of itself; left out.")
        else:
            double.add("owl:deprecated", Literal(True))
            double.add("dcterms:isReplacedBy", NamedNode(true.iri))
    if unknown:
        result.notes.append(f"{table}: {unknown} rows refer to incidents that are not in the table of incidents.")


def _name_of(number: str) -> str:
    """The IRI of the incident with a number; empty if the number is invalid."""
    return record("incident", f"aiid-{int(number)}").value if NUMBER.fullmatch(number) else ""
