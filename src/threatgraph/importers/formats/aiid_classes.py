"""The classes that the AI Incident Database gives its incidents, by the taxonomies of MIT, of CSET and of its own.

A class that an editor has not published yet is left out. A class is a mapping of the incident to a provision: of the
bundled taxonomy of MIT, or of the taxonomy of goals, methods and failures (GMF), which comes along with the import.
What the taxonomy of CSET tells of place, harm and numbers goes into the properties that the ontology has for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from pyoxigraph import Literal, NamedNode

from threatgraph.importers.builder import Draft, ImportResult, english, record, tidy
from threatgraph.importers.sheets import Row, read_sheet
from threatgraph.slugs import slug_of_any
from threatgraph.store import Store
from threatgraph.vocab import BASE, PREFIXES, XSD

_SITE = "https://incidentdatabase.ai/"
_SHARED = ("Incident ID", "Published")
_REGIONS = "SELECT ?record ?label { ?record a tg:Region ; skos:prefLabel ?label }"
_PROVISIONS = "SELECT ?record { ?record a tg:Provision }"
#: How the taxonomy of CSET words what came of it, and the stage of ours that means the same.
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
    "The taxonomy by which the AI Incident Database says of an incident what the system was for, how it was made and "
    "how it failed; only the classes that published incidents of the snapshot bear."
)

#: The number of an incident, or of people.
NUMBER = re.compile(r"[0-9]{1,9}")
#: Finds a table of the snapshot by its name.
Tables = Callable[[Path, str], Path | None]


def add_classes(folder: Path, harvest: ImportResult, store: Store, table: Tables) -> None:
    """Add what the tables of classes in a folder tell to the incidents of a harvest.

    Raises:
        InvalidFile: where a table cannot be read.
    """
    provisions = {str(row["record"]) for row in store.select(_PROVISIONS).to_dicts()}
    if file := table(folder, "classifications_MIT"):
        for row, draft in _published(file, ("Risk Domain", "Risk Subdomain", "Entity", "Timing", "Intent"), harvest):
            _add_mit(row, draft, file, provisions, harvest)
    if file := table(folder, "classifications_CSETv1"):
        regions = {str(row["label"]): str(row["record"]) for row in store.select(_REGIONS).to_dicts()}
        for row, draft in _published(file, ("Tangible Harm", "Location Region", *_TOLLS), harvest, _PLACE):
            _add_cset(row, draft, regions)
    if file := table(folder, "classifications_GMF"):
        for row, draft in _published(file, tuple(_GMF_COLUMNS), harvest):
            _add_gmf(row, draft, file, harvest)


def _published(
    file: Path, columns: tuple[str, ...], harvest: ImportResult, optional: tuple[str, ...] = ()
) -> Iterator[tuple[Row, Draft]]:
    """The rows of a table that are published, each with its incident."""
    drafts = 0
    for row in read_sheet(file, (*_SHARED, *columns), harvest, optional=optional):
        number = row["Incident ID"]
        iri = record("incident", f"aiid-{int(number)}").value if NUMBER.fullmatch(number) else ""
        draft = harvest.drafts.get(iri)
        if draft is None:
            harvest.blame(str(file), row.line, f"there is no incident {row['Incident ID']!r} to bear this class.")
        elif row["Published"].lower() != "true":
            drafts += 1
        else:
            yield row, draft
    if drafts:
        harvest.notes.append(f"{file}: {drafts} rows that the database has not published are left out.")


def _add_mit(row: Row, draft: Draft, file: Path, provisions: set[str], harvest: ImportResult) -> None:
    """The subdomain, or else the domain, and the three values of the causal taxonomy."""
    for column in ("Risk Subdomain" if row["Risk Subdomain"] else "Risk Domain", "Entity", "Timing", "Intent"):
        if not row[column]:
            continue
        number = re.match(r"([0-9]+(?:\.[0-9]+)?)\.?\s", row[column])
        local = number[1] if number else f"causal-{column}-{slug_of_any(row[column])}".lower()
        if PREFIXES["mit"] + local not in provisions:
            harvest.blame(str(file), row.line, f"{column!r} is no class of the taxonomy of MIT: {row[column]!r}.")
            continue
        why = f"Class of the incident in the AI Incident Database: {column}"
        _map(draft, f"mit-{local.replace('.', '-')}", PREFIXES["mit"] + local, row[column], why)


def _map(draft: Draft, name: str, provision: str, label: str, why: str) -> None:
    part = f"mapping-{name}"
    if draft.has(part):
        return
    draft.add_part("tg:mapping", part, "FrameworkMapping")
    draft.put("sssom:object_id", NamedNode(provision), part=part)
    draft.put("sssom:predicate_id", NamedNode(f"{PREFIXES['skos']}broadMatch"), part=part)
    draft.put("sssom:mapping_justification", NamedNode(f"{PREFIXES['semapv']}UnspecifiedMatching"), part=part)
    draft.put("prov:wasAttributedTo", NamedNode(_SITE), part=part)
    draft.put("tg:curationStatus", record("curation-status", "as-in-source"), part=part)
    draft.put("tg:rationale", english(why), part=part)
    draft.put("tg:sourceLabel", english(label), part=part)


def _add_cset(row: Row, draft: Draft, regions: dict[str, str]) -> None:
    draft.put("tg:placeName", english(", ".join(part for column in _PLACE if (part := row[column]).strip("-"))))
    if row["Location Region"] in regions:
        draft.put("tg:region", NamedNode(regions[row["Location Region"]]))
    if stage := _STAGES.get(row["Tangible Harm"]):
        draft.put("tg:failureStage", record("failure-stage", stage))
    for column, name in _TOLLS.items():
        if NUMBER.fullmatch(row[column]) and int(row[column]):
            part = draft.add_part("tg:sourceFigure", f"figure-{name}", "SourceFigure")
            draft.put("skos:prefLabel", english(f"{column.capitalize()}, as the CSET taxonomy counts them"), part=part)
            draft.put("tg:count", Literal(str(int(row[column])), datatype=NamedNode(f"{XSD}integer")), part=part)


def _add_gmf(row: Row, draft: Draft, file: Path, harvest: ImportResult) -> None:
    for column, (name, label) in _GMF_COLUMNS.items():
        for value in sorted({tidy(value) for value in row[column].split(",")} - {""}):
            local = slug_of_any(value)
            if local is None:
                harvest.blame(str(file), row.line, f"{column!r} holds a class without a letter or digit: {value!r}.")
                continue
            group = _provision(harvest, file, name, label, "facet")
            iri = _provision(harvest, file, f"{name}-{local}", value, name, group)
            why = f"Class of the incident in the AI Incident Database: {column}"
            _map(draft, f"gmf-{name}-{local}", iri, value, why)


def _provision(harvest: ImportResult, file: Path, local: str, label: str, level: str, broader: str = "") -> str:
    """The IRI of a class of the GMF taxonomy, which is added to the harvest where it is not there yet."""
    framework = Draft(record("framework", _GMF).value, "Framework", str(file))
    if framework.iri not in harvest.drafts:
        framework.put("skos:prefLabel", english("AI Incident Database: goals, methods and failures (GMF)"))
        framework.put("dcterms:description", english(_GMF_NOTE))
        framework.put("dcterms:source", NamedNode(f"{_SITE}taxonomy/gmf"))
        framework.put("prov:wasAttributedTo", NamedNode(_SITE))
        harvest.add(framework)
    draft = Draft(f"{BASE}provision/{_GMF}/{local}", "Provision", str(file))
    if draft.iri not in harvest.drafts:
        draft.put("skos:prefLabel", english(label))
        draft.put("skos:inScheme", NamedNode(framework.iri))
        draft.put("skos:broader", NamedNode(broader) if broader else None)
        draft.put("dcterms:source", NamedNode(f"{_SITE}taxonomy/gmf"))
        draft.put("prov:wasAttributedTo", NamedNode(_SITE))
        draft.put("tg:provisionLevel", Literal(level))
        draft.put("tg:curationStatus", record("curation-status", "as-in-source"))
        harvest.add(draft)
    return draft.iri
