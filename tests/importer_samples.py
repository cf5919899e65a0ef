"""Shared by importer tests: small files in the layouts of other projects, and the paths of real files.

The rows are invented; only their layout is that of the projects. The real files stand beside a checkout
(``shared/datasets`` next to it) or where THREATGRAPH_DATASETS, THREATGRAPH_NEXUS, THREATGRAPH_ATLAS and
THREATGRAPH_STIX say; the tests that read them are skipped without them.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from pyoxigraph import Literal, NamedNode

from threatgraph import importers
from threatgraph.importers.builder import ImportResult
from threatgraph.importers.writing import as_turtle
from threatgraph.store import MemoryStore
from threatgraph.validate import validate
from threatgraph.vocab import BASE, shorten

DATASETS = Path(os.environ.get("THREATGRAPH_DATASETS") or Path(__file__).resolve().parents[2] / "shared" / "datasets")


AIID, MIT = DATASETS / "aiid", DATASETS / "mit_repo"


CITE = "https://incidentdatabase.ai/cite"


DEPLOYER = "Alleged deployer of AI system"


DEVELOPER = "Alleged developer of AI system"


HARMED = "Alleged harmed or nearly harmed parties"


INCIDENTS = ("_id", "incident_id", "date", "reports", DEPLOYER, DEVELOPER, HARMED, "description", "title")


Statements = set[tuple[str, str]]


@cache
def bundled() -> MemoryStore:
    """The bundled graph, which an import reads only."""
    return MemoryStore.open()


def import_file(form: str, path: Path, data: Sequence[Path] = (), links_above: float | None = None) -> ImportResult:
    """:func:`threatgraph.importers.import_file`, but the bundled graph is opened once."""
    if data:
        return importers.import_file(form, path, data, links_above)
    return importers.import_into(bundled(), form, path, links_above)


def table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]], **layout: str) -> Path:
    """Write a table with a header."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, **layout)  # type: ignore[arg-type]
        writer.writerows([columns, *rows])
    return path


def statements(found: ImportResult, name: str, part: str = "") -> Statements:
    """The statements of a result about a record or one of its parts, as pairs of prefixed names and values."""
    iri = f"{BASE}{name}{'#' if part else ''}{part}"
    triples = [t for builder in found.records.values() for t in builder.triples]
    about = [t for t in triples if isinstance(t.subject, NamedNode) and t.subject.value == iri]
    return {(shorten(t.predicate.value), _plain(t.object)) for t in about}


def _plain(term: object) -> str:
    if isinstance(term, NamedNode):
        return shorten(term.value)
    assert isinstance(term, Literal)
    return (
        f"{term.value}@{term.language}" if term.language else f"{term.value}^{term.datatype.value.rpartition('#')[2]}"
    )


def names(found: ImportResult, kind: str) -> set[str]:
    """The last parts of the names of all records of a kind."""
    return {iri.removeprefix(f"{BASE}{kind}/") for iri in found.records if iri.startswith(f"{BASE}{kind}/")}


def incident(number: object, *, day: str = "2031-02-03", title: str = "A test row", **cells: object) -> list[object]:
    """A row of the table of incidents: invented."""
    lists = [json.dumps(cells.get(name, [])) for name in ("deployer", "developer", "harmed")]
    return ["ObjectId(0)", number, day, "[1]", *lists, cells.get("description", "Invented for this test."), title]


def write_snapshot(folder: Path) -> Path:
    """Write a snapshot of three invented incidents, with all tables of classes."""
    rows = [
        incident(
            9001,
            title="Robot of Example Works  tips over",
            description="A robot of Example Works tipped over.\nIt was the xBot kind, and nobody at OpenAI made it.",
            deployer=["example-works", "unknown"],
            developer=["openai"],
            harmed=["example-works", "bystanders", "café-guests"],
        ),
        incident(9002, day="2031-02", title='=HYPERLINK("http://x","y")', developer=["x-(twitter)"]),
        incident(9003, day="2031", developer=["x-twitter"]),
    ]
    table(folder / "incidents.csv", INCIDENTS, rows)
    mit = ("Namespace", "Incident ID", "Published", "Risk Domain", "Risk Subdomain", "Entity", "Timing", "Intent")
    domain = "7. AI system safety, failures, and limitations"
    table(
        folder / "classifications_MIT.csv",
        mit,
        [
            ["MIT", 9001, "True", domain, "7.3. Lack of capability or robustness", "AI", "Post-deployment", "Other"],
            ["MIT", 9002, "True", domain, "", "Nobody", "", ""],
            ["MIT", 9003, "False", domain, "7.3. Lack of capability or robustness", "AI", "Other", "Other"],
            ["MIT", 9999, "True", domain, "7.3. Lack of capability or robustness", "AI", "Other", "Other"],
        ],
    )
    cset = (
        *("Incident ID", "Published", "Tangible Harm", "Location City", "Location State/Province (two letters)"),
        *("Location Country (two letters)", "Location Region", "Lives Lost", "Injuries"),
    )
    harmed = "tangible harm definitively occurred"
    rows = [[9001, "True", harmed, "Springfield", " ", "US", "North America", "0", "2"]]
    table(folder / "classifications_CSETv1.csv", cset, rows)
    gmf = ("Incident ID", "Published", "Known AI Goal", "Known AI Technology", "Known AI Technical Failure")
    rows = [[9001, "True", "Walking, Lifting", "Motor Control", ""], [9002, "False", "Walking", "", ""]]
    table(folder / "classifications_GMF.csv", gmf, rows)
    table(folder / "duplicates.csv", ("duplicate_incident_number", "true_incident_number"), [[9003, 9002], [1, 2]])
    return folder


RISKS = (
    *("Title", "QuickRef", "Ev_ID", "Paper_ID", "Cat_ID", "SubCat_ID", "AddEv_ID", "Category level", "Risk category"),
    *("Risk subcategory", "Description", "Entity", "Intent", "Timing", "Domain", "Sub-domain"),
)


CODES = ("2 - AI", "1 - Intentional", "2 - Post-deployment", "6. Socioeconomic", "6.5 > Governance failure")


def risk(
    number: str, level: str, category: str, sub: str = "", text: str = "", codes: Sequence[str] = CODES
) -> list[str]:
    """A row of the sheet: invented."""
    paper = number.partition(".")[0]
    return ["A Paper", "Nobody2031", number, paper, "1", "0", "", level, category, sub, text, *codes]


def write_sheet(folder: Path) -> Path:
    """Write a sheet of invented risks, with remarks above its header, and the list of papers beside it."""
    excluded = ("4 - Not coded", "", "", "", "X.1 > Excluded")
    rows = [
        risk("01.00.00", "Paper", "", codes=[""] * 5),
        risk("01.01.00", "Risk Category", "First ", "-", "-"),
        risk("01.01.01", "Risk Sub-Category", "First", "Below", "What may go\n wrong."),
        risk("01.01.01.a", "Additional evidence", "First", "Below", codes=[""] * 5),
        risk("01.02.01", "Risk Sub-Category", "First", "Numbered elsewhere", codes=excluded),
        risk("01.01.00", "Risk Category", "Second", codes=("1 - Human", "", "", "4. Misuse", "4.0 > Malicious use")),
        risk("01.01.01", "Risk Sub-Category", "Second", "Below too", codes=("9 - Ghost", "", "", "", "9.9 > None")),
        risk("02.01.01", "Risk Sub-Category", "Elsewhere", "Alone"),
        risk("2", "Risk Category", "No number"),
        risk("02.03.00", "Rumour", "No level"),
        risk("02.04.00", "Risk Category", ""),
    ]
    file = folder / "The-V3_26_03_2025-AI-Risk-Database-v3.csv"
    table(file, ("Remarks", *[""] * 15), [["Cite us", *[""] * 15], [""] * 16, RISKS, *rows])
    papers = ("", "Included", "QuickRef", "Title", "URL")
    table(
        folder / "The-Included-resources.csv", papers, [["", "Yes", "Nobody2031", "A Paper", "https://paper.example/a"]]
    )
    return file


HEAD = """\
# curie_map:
#   foo: https://foo.example/risks#
#   owasp_asi: https://genai.example/asi/
# mapping_set_id: https://maps.example/foo.sssom.tsv
# mapping_set_title: Foo by hand
# mapping_set_description: 'Invented: for this test'
# license: https://creativecommons.org/publicdomain/zero/1.0/
# mapping_date: '2031-05-06'
"""


TITLES = (
    *("subject_id", "subject_label", "predicate_id", "object_id", "object_label", "mapping_justification"),
    *("author_id", "confidence", "comment", "predicate_modifier"),
)


BY_HAND = "semapv:ManualMappingCuration"


def mappings(path: Path, *rows: Sequence[str], head: str = HEAD) -> Path:
    """Write a file of mappings; a row may leave out its last cells."""
    lines = ["\t".join(TITLES), *("\t".join(row) for row in rows)]
    path.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    return path


NEXUS = """\
documents:
  - {id: doc-1, name: Rules of a kind, url: "https://doc.example/1"}
taxonomies:
  - id: foo-atlas
    name: Foo Atlas
    description: Invented for this test.
    url: https://foo.example/atlas?topic=all
    dateCreated: 2030-01-02
groups:
  - {id: foo-group, name: Group, type: RiskGroup, isDefinedByTaxonomy: foo-atlas, hasPart: [foo-two]}
entries:
  - id: foo-one
    name: One
    description: |
      First
      line.
    concern: Why it matters.
    url: https://foo.example/one
    dateModified: "2031-02-03"
    type: Risk
    isDefinedByTaxonomy: foo-atlas
    isPartOf: foo-group
    related_mappings: [foo-two, asi01-agent-goal-hijack]
  - {id: foo-two, name: Two, type: Risk, isDefinedByTaxonomy: foo-atlas, isPartOf: nowhere}
  - {id: asi01-agent-goal-hijack, name: Bundled, type: Risk, isDefinedByTaxonomy: owasp-asi}
  - {id: homeless, name: Homeless}
  - {name: Nameless, isDefinedByTaxonomy: foo-atlas}
actions:
  - {id: Act 1, name: Do it, hasDocumentation: [doc-1], hasRelatedRisk: [foo-one]}
riskincidents:
  - id: ri-1
    name: It happened
    description: In a test.
    refersToRisk: [foo-one]
    author: The Example, May 2031
    source_uri: https://news.example/it?a=b
"""


ATLAS = """\
id: ATLAS
name: Adversarial Threat Landscape for AI Systems
version: {version}
matrices:
- id: ATLAS
  tactics:
  - {{id: AML.TA0002, name: Look around, description: To see.}}
  techniques:
  - id: AML.T0051
    name: Push
    description: 'Pushes a [door](/techniques/AML.T0099) open.'
    ATT&CK-reference: {{id: T1, url: 'https://attack.example/T1'}}
    tactics: [AML.TA0002, AML.TA9999]
    created_date: 2030-01-02
    modified_date: '2031-01-02'
    maturity: feasible
  - {{id: AML.T0051.001, name: Push hard, subtechnique-of: AML.T0051}}
  - {{id: T1, name: Not of ATLAS}}
  mitigations:
  - id: AML.M0000
    name: Lock
    techniques: [{{id: AML.T0051, use: Doors.}}, {{id: AML.T0051.001, use: Doors.}}]
case-studies:
- id: AML.CS0001
  name: Somebody pushed
  summary: It fell [down](https://x.example).
  incident-date: 2031-05-01
  incident-date-granularity: MONTH
  procedure:
  - {{tactic: AML.TA0002, technique: AML.T0051, description: Once.}}
  - {{tactic: AML.TA0002, technique: AML.T0051.001}}
  - {{tactic: AML.TA0002, technique: AML.T0051, description: 'Twice, [so](x).'}}
  target: Example Door
  actor: Example Person
  case-study-type: exercise
  references: [{{title: A paper, url: 'https://paper.example/p'}}, {{title: No address}}]
"""


#: The same in format 6, without the problems.
ATLAS_6 = """\
format-version: 6.0.0
collection: {{id: ATLAS-collection, version: '{version}', name: ATLAS}}
matrix: {{id: ATLAS-matrix, name: ATLAS}}
tactics:
  AML.TA0002: {{id: AML.TA0002, object-type: tactic, name: Look around, description: To see.}}
techniques:
  AML.T0051:
    id: AML.T0051
    object-type: technique
    name: Push
    description: 'Pushes a [door](/techniques/AML.T0099) open.'
    attack-reference: {{id: T1, url: 'https://attack.example/T1'}}
    created-date: '2030-01-02'
    modified-date: '2031-01-02'
    maturity: Feasible
    platforms: [Agentic AI]
  AML.T0051.001: {{object-type: technique, name: Push hard}}
mitigations:
  AML.M0000: {{id: AML.M0000, object-type: mitigation, name: Lock, categories: [Policy]}}
case-studies:
  AML.CS0001:
    id: AML.CS0001
    object-type: case-study
    name: Somebody pushed
    description: '<div style="x">It fell [[one]] [down](https://x.example).</div> [[two]]'
    references: [{{id: one, title: A paper, url: 'https://paper.example/p'}}, {{id: two, title: No address}}]
    type: Exercise
    actor: Example Person
    target: Example Door
    date: '2031-05-01'
    date-granularity: Month
relationships:
  ATLAS-matrix:
    sequences: [{{source: ATLAS-matrix, target: AML.TA0002, relationship-type: sequences, position: 1}}]
  AML.T0051:
    achieves: [{{source: AML.T0051, target: AML.TA0002, relationship-type: achieves}}]
  AML.T0051.001:
    specializes: [{{source: AML.T0051.001, target: AML.T0051, relationship-type: specializes}}]
  AML.M0000:
    mitigates:
    - {{source: AML.M0000, target: AML.T0051, relationship-type: mitigates, description: Doors.}}
    - {{source: AML.M0000, target: AML.T0051.001, relationship-type: mitigates}}
  AML.CS0001:
    employs:
    - {{source: AML.CS0001, target: AML.T0051, step-id: S02, description: 'Twice, [so](x).', leads-to: []}}
    - {{source: AML.CS0001, target: AML.T0051.001, step-id: S01, leads-to: [S02]}}
    - {{source: AML.CS0001, target: AML.T0051, step-id: S00, description: Once., leads-to: [S01]}}
"""


def uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def stix(kind: str, number: int, **properties: object) -> dict[str, object]:
    """An object of a bundle: invented."""
    stamp = "2031-01-02T03:04:05.000Z"
    return {
        "type": kind,
        "spec_version": "2.1",
        "id": f"{kind}--{uuid(number)}",
        "created": stamp,
        "modified": stamp,
    } | properties


def relation(number: int, kind: str, source: str, target: str, **properties: object) -> dict[str, object]:
    """A relationship of a bundle: invented."""
    return stix("relationship", number, relationship_type=kind, source_ref=source, target_ref=target, **properties)


def bundle(path: Path, *objects: object) -> Path:
    """Write a bundle."""
    path.write_text(json.dumps({"type": "bundle", "id": f"bundle--{uuid(0)}", "objects": objects}), encoding="utf-8")
    return path


def check(found: ImportResult, tmp_path: Path) -> MemoryStore:
    """Validate what was brought, from a file as a user would; give the graph."""
    file = tmp_path / "brought.ttl"
    file.write_text(as_turtle(found), encoding="utf-8")
    store = MemoryStore.open([file])
    assert validate(store, only=[file]).results == []
    return store


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


CROSSWALKS = DATASETS.parent / "facts" / "crosswalks" / "ibm"


NEXUS_DATA = Path(os.environ.get("THREATGRAPH_NEXUS") or DATASETS / "ai-atlas-nexus")


ATLAS_FILE = Path(os.environ.get("THREATGRAPH_ATLAS") or DATASETS / "atlas-data" / "dist" / "ATLAS.yaml")


STIX_FILE = Path(os.environ.get("THREATGRAPH_STIX") or DATASETS / "atlas-navigator-data" / "dist" / "stix-atlas.json")
