"""Curated links between catalogs of other projects, used as ground truth for recommendations.

The files are not part of this project; they are read from local folders.

- the crosswalks of IBM AI Atlas Nexus, as SSSOM tables, without ``noMatch`` and rows not curated manually
- the names and descriptions of the linked entries, from a checkout of https://github.com/IBM/ai-atlas-nexus
- the snapshot of the AI Incident Database with the classes of the MIT AI Risk Repository
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, NamedTuple

import yaml

Catalog = dict[str, tuple[str, str]]
"""Name and description of each entry, by its identifier."""


class Task(NamedTuple):
    """Queries: for each entry of a catalog, which entries of another catalog are linked to it?"""

    name: str
    source: Catalog
    target: Catalog
    expected: dict[str, set[str]]


_TABLES = {
    "IBM risk to MIT subdomain": ("mit-ai-risk-repository_ibm-risk-atlas.tsv", "ibm", "mit"),
    "IBM risk to NIST AI 600-1": ("ibm2nistgenai.tsv", "ibm", "nist"),
    "IBM risk to OWASP LLM": ("ibm2owasp.tsv", "ibm", "owasp"),
    "AIUC-1 to OWASP LLM": ("aiuc1_to_owasp_llm_from_tsv_data.tsv", "aiuc", "owasp"),
    "AIUC-1 to IBM risk": ("aiuc1_to_ibm_from_tsv_data.tsv", "aiuc", "ibm"),
    "OWASP agentic to OWASP LLM": ("owasp_asi2owasp_llm.tsv", "asi", "owasp"),
}
_FILES = {
    "ibm": ("risk_atlas_data.yaml", "entries"),
    "mit": ("mit_ai_risk_repository_data.yaml", "entries"),
    "nist": ("nist_ai_rmf_data.yaml", "entries"),
    "owasp": ("owasp_llm_2.0_data.yaml", "entries"),
    "asi": ("owasp_asi_data.yaml", "entries"),
    "aiuc": ("aiuc1_data.yaml", "rules"),
}
_KNOWLEDGE = "src/ai_atlas_nexus/data/knowledge_graph"


def crosswalks(facts: Path, nexus: Path) -> list[Task]:
    """The tasks of the crosswalks.

    Args:
        facts: the folder with ``crosswalks/ibm/*.tsv``.
        nexus: a checkout of IBM AI Atlas Nexus.
    """
    catalogs = {name: _catalog(nexus, *where) for name, where in _FILES.items()}
    catalogs["mit"] = {key: value for key, value in catalogs["mit"].items() if "subdomain" in key}
    tasks = []
    for name, (file, source, target) in _TABLES.items():
        expected = _links(facts / "crosswalks" / "ibm" / file, catalogs[source], catalogs[target])
        tasks.append(Task(name, catalogs[source], catalogs[target], expected))
    incidents = _entries(nexus, "risk_atlas_data_incidents.yaml", "riskincidents")
    texts = {str(entry["id"]): (str(entry["name"]), str(entry["description"])) for entry in incidents}
    linked = {str(entry["id"]): set(map(str, entry["refersToRisk"])) for entry in incidents}
    return [*tasks, Task("IBM's incidents to IBM risk", texts, catalogs["ibm"], linked)]


def _entries(nexus: Path, file: str, key: str) -> list[dict[str, Any]]:
    loaded = yaml.safe_load((nexus / _KNOWLEDGE / file).read_text(encoding="utf-8"))
    entries: list[dict[str, Any]] = loaded[key]
    return entries


def _catalog(nexus: Path, file: str, key: str) -> Catalog:
    entries = _entries(nexus, file, key)
    return {str(e["id"]): (str(e["name"]), str(e.get("description") or "")) for e in entries if e.get("name")}


def _links(file: Path, source: Catalog, target: Catalog) -> dict[str, set[str]]:
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    expected: dict[str, set[str]] = {}
    for row in csv.DictReader(lines, delimiter="\t"):
        by_hand = "ManualMappingCuration" in row["mapping_justification"]
        one, other = (row[column].partition(":")[2] for column in ("subject_id", "object_id"))
        if by_hand and "nomatch" not in row["predicate_id"].lower() and one in source and other in target:
            expected.setdefault(one, set()).add(other)
    return expected


def incidents(datasets: Path) -> tuple[Catalog, dict[str, str]]:
    """The title and description of each incident of the AI Incident Database, and the MIT subdomain if classified.

    Args:
        datasets: the folder with ``aiid/incidents.csv`` and ``aiid/classifications_MIT.csv``.
    """
    with (datasets / "aiid" / "incidents.csv").open(encoding="utf-8", newline="") as file:
        texts = {row["incident_id"]: (row["title"], row["description"]) for row in csv.DictReader(file)}
    with (datasets / "aiid" / "classifications_MIT.csv").open(encoding="utf-8", newline="") as file:
        classes = {row["Incident ID"]: row["Risk Subdomain"][:3] for row in csv.DictReader(file)}
    return texts, {number: subdomain for number, subdomain in classes.items() if subdomain and number in texts}
