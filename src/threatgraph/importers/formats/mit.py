"""Imports the risks of the MIT AI Risk Database as provisions of a separate framework.

The database (https://airisk.mit.edu/) is a spreadsheet; the importer reads its sheet "AI Risk Database" as CSV. Each
row is a paper, a risk category or sub-category in the paper, or additional evidence; only the risks are imported. They
become provisions, not threat patterns, since a pattern requires a definition and a domain, which many rows lack.
Domain, subdomain and the values of the causal taxonomy become skos:broadMatch links to the bundled MIT taxonomies.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from pyoxigraph import Literal, NamedNode

from threatgraph.errors import InvalidFile
from threatgraph.importers.builder import ImportResult, Publisher, RecordBuilder, address, day, english, record, tidy
from threatgraph.importers.sheets import Row, read_sheet
from threatgraph.slugs import slug_of_any
from threatgraph.store import Store
from threatgraph.vocab import BASE, PREFIXES

SITE = "https://airisk.mit.edu/"
_LICENSE = "https://creativecommons.org/licenses/by/4.0/"
_COLUMNS = (
    "Title", "QuickRef", "Ev_ID", "Paper_ID", "Category level", "Risk category", "Risk subcategory", "Description",
    "Entity", "Intent", "Timing", "Domain", "Sub-domain",
)  # fmt: skip
_LEVELS = {"Risk Category": "risk-category", "Risk Sub-Category": "risk-subcategory"}
_NO_RISKS = {"Paper", "Additional evidence"}
_CAUSES = ("Entity", "Intent", "Timing")
#: The file name of an edition contains its version and date: V3_26_03_2025.
_EDITION = re.compile(r"V(\d+)_(\d{2})_(\d{2})_(\d{4})")
_NOTE = (
    "Risks from the spreadsheet of the AI Risk Database, each in the words of its source paper. The license is that of "
    "the database; the papers are subject to separate rights."
)
_DESCRIPTION = (
    "The risks that the AI Risk Database extracts from published frameworks, each classified by the domain taxonomy "
    "and the causal taxonomy of the MIT AI Risk Repository."
)
_PROVISIONS = "SELECT ?record { ?record a tg:Provision }"


@dataclass(slots=True)
class _Sheet:
    """The sheet being imported, and the result."""

    path: Path
    framework: str
    result: ImportResult
    provisions: set[str]
    """The provisions in the graph, including the bundled taxonomies."""
    papers: Mapping[str, NamedNode]
    """The URL of each paper by QuickRef, if the list of papers is in the same folder."""
    categories: dict[tuple[str, str], str] = field(default_factory=dict)
    """The IRI of each category, by paper and category name, and by paper and category number."""

    @property
    def namespace(self) -> str:
        return f"{BASE}provision/{self.framework}/"

    def report(self, row: Row, reason: str) -> None:
        self.result.report(str(self.path), row.line, reason)


def read(path: Path, store: Store) -> ImportResult:
    """Import the sheet of the database.

    Args:
        path: the sheet as CSV, or the folder of all sheets.
        store: the graph that the risks link to.

    Returns:
        The framework, and each risk as a provision of it.

    Raises:
        InvalidFile: if the sheet is missing or cannot be read.
    """
    file = _sheet_of(path)
    result = ImportResult("Provision")
    edition = _EDITION.search(file.name)
    framework = f"mit-ai-risk-database{f'-v{edition[1]}' if edition else ''}"
    provisions = {str(row["record"]) for row in store.select(_PROVISIONS).to_dicts()}
    sheet = _Sheet(file, framework, result, provisions, _papers(file.parent, result))
    rows = [row for row in read_sheet(file, _COLUMNS, result) if _is_risk(row, sheet)]
    names = list(_names(rows, sheet))
    for row, name in names:
        if row["Category level"] == "Risk Category":
            iri = sheet.namespace + name
            sheet.categories.setdefault((row["Paper_ID"], tidy(row["Risk category"])), iri)
            sheet.categories.setdefault((row["Paper_ID"], row["Ev_ID"].rpartition(".")[0]), iri)
    for row, name in names:
        result.add(_risk(row, name, sheet))
    modified = _day_of(edition)
    result.add(_framework(sheet, edition[1] if edition else "", modified))
    result.add(Publisher(SITE, "MIT AI Risk Repository", _NOTE, _LICENSE, modified).builder(str(file)))
    return result


def _sheet_of(path: Path) -> Path:
    """Find the sheet: the path itself, or the latest edition in a folder."""
    if not path.is_dir():
        return path
    found = sorted(file for file in path.iterdir() if re.search(r"AI-Risk-Database-v\d+\.csv(\.gz)?$", file.name))
    if not found:
        raise InvalidFile(
            str(path), "has no file named …AI-Risk-Database-v3.csv: give the path of the sheet, saved as CSV."
        )
    return found[-1]


def _papers(folder: Path, result: ImportResult) -> dict[str, NamedNode]:
    """The URLs of the papers, from the list of papers in the same folder if present."""
    found: dict[str, NamedNode] = {}
    for file in sorted(folder.glob("*Included-resources.csv")):
        for row in read_sheet(file, ("QuickRef", "URL"), result):
            if link := address(row["URL"]):
                found[row["QuickRef"]] = link
    return found


def _day_of(edition: re.Match[str] | None) -> date | None:
    try:
        return date(int(edition[4]), int(edition[3]), int(edition[2])) if edition else None
    except ValueError:
        return None


def _is_risk(row: Row, sheet: _Sheet) -> bool:
    """Whether a row is a risk; an unknown level is reported."""
    level = row["Category level"]
    if level not in _LEVELS and level not in _NO_RISKS:
        sheet.report(
            row, f"the category level must be one of {', '.join([*_LEVELS, *sorted(_NO_RISKS)])}, not {level!r}."
        )
    return level in _LEVELS


def _names(rows: list[Row], sheet: _Sheet) -> Iterator[tuple[Row, str]]:
    """Iterate over risks with their slugs: the number of the risk, with a suffix if the number is a duplicate."""
    used: dict[str, int] = {}
    for row in rows:
        number = row["Ev_ID"].lower()
        if not re.fullmatch(r"[0-9]+(\.[0-9]+){2}(\.?[a-z])?", number):
            sheet.report(row, f"Ev_ID {row['Ev_ID']!r} is not a number such as 01.02.00.")
            continue
        used[number] = used.get(number, 0) + 1
        if used[number] == 1:
            yield row, number
        else:
            name = f"{number}-{used[number]}"
            sheet.result.notes.append(f"{sheet.path}:{row.line}: duplicate number {number}: this risk becomes {name}.")
            yield row, name


def _risk(row: Row, name: str, sheet: _Sheet) -> RecordBuilder:
    level = _LEVELS[row["Category level"]]
    label = row["Risk subcategory"] if level == "risk-subcategory" else row["Risk category"]
    builder = RecordBuilder(sheet.namespace + name, "Provision", str(sheet.path), row.line)
    builder.add("skos:prefLabel", english(label))
    builder.add("skos:definition", english(row["Description"]) if row["Description"] != "-" else None)
    builder.add("skos:inScheme", record("framework", sheet.framework))
    builder.add("skos:notation", Literal(row["Ev_ID"]) if name == row["Ev_ID"].lower() else None)
    builder.add("skos:scopeNote", english(f"{row['QuickRef']}: {row['Title']}"))
    builder.add("dcterms:source", NamedNode(SITE))
    builder.add("dcterms:source", sheet.papers.get(row["QuickRef"]))
    builder.add("prov:wasAttributedTo", NamedNode(SITE))
    builder.add("tg:provisionLevel", Literal(level))
    builder.add("tg:curationStatus", record("curation-status", "as-in-source"))
    if name != row["Ev_ID"].lower():
        builder.add(
            "skos:editorialNote", english(f"The database uses the number {row['Ev_ID']} for more than one risk.")
        )
    if level == "risk-subcategory":
        keys = (tidy(row["Risk category"]), row["Ev_ID"].rpartition(".")[0])
        above = next((iri for key in keys if (iri := sheet.categories.get((row["Paper_ID"], key)))), None)
        builder.add("skos:broader", NamedNode(above) if above else None)
    for local in _classes(row, sheet):
        builder.add("skos:broadMatch", NamedNode(PREFIXES["mit"] + local))
    return builder


def _classes(row: Row, sheet: _Sheet) -> Iterator[str]:
    """The taxonomy classes of a risk, as the local names of their IRIs."""
    for column in ("Sub-domain" if row["Sub-domain"] else "Domain", *_CAUSES):
        cell = row[column]
        code = re.match(r"([0-9]+(?:\.[0-9]+)?)\W", cell)
        if not cell or cell.startswith("X.") or cell.endswith("Not coded"):
            continue  # the database does not classify this risk
        words = re.sub(r"^[0-9]+\s*-\s*", "", cell)
        local = f"causal-{column}-{slug_of_any(words)}".lower() if column in _CAUSES else code[1] if code else ""
        local = local.removesuffix(".0")  # a domain without a subdomain
        if PREFIXES["mit"] + local in sheet.provisions and local:
            yield local
        else:
            sheet.report(row, f"{column!r} has a value that is not in the MIT taxonomies: {cell!r}; left out.")


def _framework(sheet: _Sheet, version: str, modified: date | None) -> RecordBuilder:
    builder = RecordBuilder(record("framework", sheet.framework).value, "Framework", str(sheet.path))
    label = f"MIT AI Risk Database{f', version {version}' if version else ''}"
    builder.add("skos:prefLabel", english(label))
    builder.add("dcterms:description", english(_DESCRIPTION))
    builder.add("dcterms:identifier", Literal("https://doi.org/10.48550/arXiv.2408.12622"))
    builder.add("dcterms:license", NamedNode(_LICENSE))
    builder.add("dcterms:modified", day(modified.isoformat()) if modified else None)
    builder.add("dcterms:source", NamedNode(SITE))
    builder.add("prov:wasAttributedTo", NamedNode(SITE))
    return builder
