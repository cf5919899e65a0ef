"""Imports the classifications of the AI Incident Database, by the taxonomies MIT, CSET and GMF.

Unpublished classifications are left out. A classification becomes a mapping from the incident to a provision: in the
bundled MIT taxonomy, or in the taxonomy of goals, methods and failures (GMF), which the import creates. Locations,
harms and counts of the CSET taxonomy become properties of the incident.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from pyoxigraph import Literal, NamedNode

from threatgraph.importers.builder import ImportResult, RecordBuilder, english, record, tidy
from threatgraph.importers.sheets import Row, read_sheet
from threatgraph.slugs import slug_of_any
from threatgraph.store import Store
from threatgraph.vocab import BASE, PREFIXES, XSD

_SITE = "https://incidentdatabase.ai/"
_SHARED = ("Incident ID", "Published")
_REGIONS = "SELECT ?record ?label { ?record a tg:Region ; skos:prefLabel ?label }"
_PROVISIONS = "SELECT ?record { ?record a tg:Provision }"
#: Values of tangible harm in the CSET taxonomy, each with the equivalent failure stage.
_STAGES = {
    "tangible harm definitively occurred": "harm",
    "imminent risk of tangible harm (near miss) did occur": "near-miss",
}
_PLACE = ("Location City", "Location State/Province (two letters)", "Location Country (two letters)")
_TOLLS = {"Lives Lost": "lives-lost", "Injuries": "injuries"}
_GMF = "aiid-gmf"
_GMF_COLUMNS = {
    "Known AI Goal": ("goal", "AI goal"),
    "Known AI Technology": ("technology", "AI technology"),
    "Known AI Technical Failure": ("failure", "AI technical failure"),
}
_GMF_NOTE = (
    "The taxonomy by which the AI Incident Database classifies the goal, the technology and the technical failure of "
    "the AI system in an incident; only classes of published classifications in the snapshot."
)

#: An incident number, or a number of people.
NUMBER = re.compile(r"[0-9]{1,9}")
#: A function that finds a table of the snapshot by name.
Tables = Callable[[Path, str], Path | None]


def add_classes(folder: Path, result: ImportResult, store: Store, table: Tables) -> None:
    """Add the classifications in a folder to the incidents of a result.

    Raises:
        InvalidFile: if a table cannot be read.
    """
    provisions = {str(row["record"]) for row in store.select(_PROVISIONS).to_dicts()}
    if file := table(folder, "classifications_MIT"):
        for row, builder in _published(file, ("Risk Domain", "Risk Subdomain", "Entity", "Timing", "Intent"), result):
            _add_mit(row, builder, file, provisions, result)
    if file := table(folder, "classifications_CSETv1"):
        regions = {str(row["label"]): str(row["record"]) for row in store.select(_REGIONS).to_dicts()}
        for row, builder in _published(file, ("Tangible Harm", "Location Region", *_TOLLS), result, _PLACE):
            _add_cset(row, builder, regions)
    if file := table(folder, "classifications_GMF"):
        for row, builder in _published(file, tuple(_GMF_COLUMNS), result):
            _add_gmf(row, builder, file, result)


def _published(
    file: Path, columns: tuple[str, ...], result: ImportResult, optional: tuple[str, ...] = ()
) -> Iterator[tuple[Row, RecordBuilder]]:
    """Iterate over the published rows of a table, each with its incident."""
    unpublished = 0
    for row in read_sheet(file, (*_SHARED, *columns), result, optional=optional):
        number = row["Incident ID"]
        iri = record("incident", f"aiid-{int(number)}").value if NUMBER.fullmatch(number) else ""
        builder = result.records.get(iri)
        if builder is None:
            result.report(str(file), row.line, f"unknown incident {row['Incident ID']!r}.")
        elif row["Published"].lower() != "true":
            unpublished += 1
        else:
            yield row, builder
    if unpublished:
        result.notes.append(f"{file}: {unpublished} unpublished rows are left out.")


def _add_mit(row: Row, builder: RecordBuilder, file: Path, provisions: set[str], result: ImportResult) -> None:
    """Add the subdomain (or else the domain) and the three values of the causal taxonomy."""
    for column in ("Risk Subdomain" if row["Risk Subdomain"] else "Risk Domain", "Entity", "Timing", "Intent"):
        if not row[column]:
            continue
        number = re.match(r"([0-9]+(?:\.[0-9]+)?)\.?\s", row[column])
        local = number[1] if number else f"causal-{column}-{slug_of_any(row[column])}".lower()
        if PREFIXES["mit"] + local not in provisions:
            result.report(
                str(file), row.line, f"{column!r} has a value that is not in the MIT taxonomy: {row[column]!r}."
            )
            continue
        why = f"Classification in the AI Incident Database: {column}"
        _map(builder, f"mit-{local.replace('.', '-')}", PREFIXES["mit"] + local, row[column], why)


def _map(builder: RecordBuilder, name: str, provision: str, label: str, why: str) -> None:
    part = f"mapping-{name}"
    if builder.has(part):
        return
    builder.add_part("tg:mapping", part, "FrameworkMapping")
    builder.add("sssom:object_id", NamedNode(provision), part=part)
    builder.add("sssom:predicate_id", NamedNode(f"{PREFIXES['skos']}broadMatch"), part=part)
    builder.add("sssom:mapping_justification", NamedNode(f"{PREFIXES['semapv']}UnspecifiedMatching"), part=part)
    builder.add("prov:wasAttributedTo", NamedNode(_SITE), part=part)
    builder.add("tg:curationStatus", record("curation-status", "as-in-source"), part=part)
    builder.add("tg:rationale", english(why), part=part)
    builder.add("tg:sourceLabel", english(label), part=part)


def _add_cset(row: Row, builder: RecordBuilder, regions: dict[str, str]) -> None:
    builder.add("tg:placeName", english(", ".join(part for column in _PLACE if (part := row[column]).strip("-"))))
    if row["Location Region"] in regions:
        builder.add("tg:region", NamedNode(regions[row["Location Region"]]))
    if stage := _STAGES.get(row["Tangible Harm"]):
        builder.add("tg:failureStage", record("failure-stage", stage))
    for column, name in _TOLLS.items():
        if NUMBER.fullmatch(row[column]) and int(row[column]):
            part = builder.add_part("tg:sourceFigure", f"figure-{name}", "SourceFigure")
            builder.add("skos:prefLabel", english(f"{column.capitalize()}, as counted in the CSET taxonomy"), part=part)
            builder.add("tg:count", Literal(str(int(row[column])), datatype=NamedNode(f"{XSD}integer")), part=part)


def _add_gmf(row: Row, builder: RecordBuilder, file: Path, result: ImportResult) -> None:
    for column, (name, label) in _GMF_COLUMNS.items():
        for value in sorted({tidy(value) for value in row[column].split(",")} - {""}):
            local = slug_of_any(value)
            if local is None:
                result.report(str(file), row.line, f"{column!r} has a class without a letter or digit: {value!r}.")
                continue
            group = _provision(result, file, name, label, "facet")
            iri = _provision(result, file, f"{name}-{local}", value, name, group)
            why = f"Classification in the AI Incident Database: {column}"
            _map(builder, f"gmf-{name}-{local}", iri, value, why)


def _provision(result: ImportResult, file: Path, local: str, label: str, level: str, broader: str = "") -> str:
    """The IRI of a class of the GMF taxonomy, which is added to the result if missing."""
    framework = RecordBuilder(record("framework", _GMF).value, "Framework", str(file))
    if framework.iri not in result.records:
        framework.add("skos:prefLabel", english("AI Incident Database: goals, methods and failures (GMF)"))
        framework.add("dcterms:description", english(_GMF_NOTE))
        framework.add("dcterms:source", NamedNode(f"{_SITE}taxonomy/gmf"))
        framework.add("prov:wasAttributedTo", NamedNode(_SITE))
        result.add(framework)
    builder = RecordBuilder(f"{BASE}provision/{_GMF}/{local}", "Provision", str(file))
    if builder.iri not in result.records:
        builder.add("skos:prefLabel", english(label))
        builder.add("skos:inScheme", NamedNode(framework.iri))
        builder.add("skos:broader", NamedNode(broader) if broader else None)
        builder.add("dcterms:source", NamedNode(f"{_SITE}taxonomy/gmf"))
        builder.add("prov:wasAttributedTo", NamedNode(_SITE))
        builder.add("tg:provisionLevel", Literal(level))
        builder.add("tg:curationStatus", record("curation-status", "as-in-source"))
        result.add(builder)
    return builder.iri
