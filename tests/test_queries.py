"""Every named query, on the bundled data, against an answer that was worked out without SPARQL.

Some answers are from the source's own lists, worked out by hand. The others follow from the files by plain loops over
their statements (:class:`Files`), which know nothing of the queries, the engine or the derived graph.
"""

from __future__ import annotations

import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, QuerySolutions, RdfFormat, Store, parse
from rdflib.plugins.sparql import prepareQuery

from threatgraph import ThreatGraph, resources
from threatgraph.catalog import load_catalog, read_query
from threatgraph.errors import InvalidFile, InvalidQuery, UnknownName
from threatgraph.resources import data_dir
from threatgraph.table import Table, to_text
from threatgraph.vocab import PREFIXES, kind_of, shorten

SAMPLES = {
    "causal-factor": "regulatory-gap",
    "date": "2026-11-01",
    "framework": "eu-ai-act-2024-1689",
    "group": "consumers",
    "incident": "INC-23-0002",
    "integer": "5",
    "pattern": "PAT-SYS-005",
    "provision": "mit:7",
    "role": "deployer",
    "string": "a",
}


def rows(graph: ThreatGraph, name: str, columns: str, **params: object) -> list[tuple[str, ...]]:
    """Some columns of an answer, as a person reads them; an empty cell is an empty string."""
    table = graph.run(name, **params)
    wanted = [table.columns.index(column) for column in columns.split()]
    return [tuple(to_text(row[position]) for position in wanted) for row in table.rows]


def column(graph: ThreatGraph, name: str, wanted: str, **params: object) -> list[str]:
    return [row[0] for row in rows(graph, name, wanted, **params)]


class Files:
    """The statements of the bundled files, by subject and property, in short names."""

    def __init__(self) -> None:
        self.values: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for path in data_dir().rglob("*.ttl"):
            for quad in parse(path=str(path), format=RdfFormat.TURTLE):
                assert isinstance(quad.subject, NamedNode)
                assert isinstance(quad.object, NamedNode | Literal)
                value = quad.object.value
                name = shorten(quad.predicate.value).partition(":")[2]
                self.values[shorten(quad.subject.value)][name].append(
                    shorten(value) if isinstance(quad.object, NamedNode) else value
                )

    def all(self, kind: str) -> list[str]:
        return sorted(subject for subject in self.values if subject.startswith(f"{kind}:") and "#" not in subject)

    def get(self, subject: str, *path: str) -> list[str]:
        """What a path of properties leads to."""
        found = [subject]
        for name in path:
            found = [value for node in found for value in self.values[node][name]]
        return found

    def code(self, subject: str) -> str:
        return "".join(self.get(subject, "notation"))

    def patterns_of(self, incident: str) -> set[str]:
        return set(self.get(incident, "patternLink", "pattern"))

    def incidents_of(self, pattern: str) -> set[str]:
        return {incident for incident in self.all("incident") if pattern in self.patterns_of(incident)}

    def groups_of(self, record: str) -> set[str]:
        return {*self.get(record, "listedGroup"), *self.get(record, "impact", "group")}

    def targets_of(self, record: str, *, covered: bool = True) -> set[str]:
        """What the mappings of a record point to: those that hold, or those that say that it is not covered."""
        parts = self.get(record, "mapping")
        return {
            target
            for part in parts
            if (self.get(part, "mappingRelation") != ["mapping-relation:does-not-cover"]) == covered
            for target in self.get(part, "object_id")
        }

    def provisions_of(self, pattern: str) -> set[str]:
        return {target for target in self.targets_of(pattern) if not target.startswith("framework:")}


@pytest.fixture(scope="module")
def files() -> Files:
    return Files()


# What the catalog promises for each of its queries.


FILES = sorted(resources.queries_dir().rglob("*.rq"))


@contextmanager
def deep_recursion() -> Iterator[None]:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(10 * limit)
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_file_is_a_valid_query_without_any_other_text(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    Store().query(text)
    with deep_recursion():  # rdflib parses nested calls by recursion, and pytest adds frames of its own
        prepareQuery(text)
    declared = re.findall(r"^PREFIX ([\w-]+): <(.*)>$", text, re.MULTILINE)
    body = re.sub(r"(?m)^(#|PREFIX ).*$", "", text)
    assert all(PREFIXES[prefix] == namespace for prefix, namespace in declared)
    assert all(f"{prefix}:" in body for prefix, _ in declared), "a prefix is declared but not used"


def test_a_query_file_without_prefixes_can_use_the_known_ones(graph: ThreatGraph, tmp_path: Path) -> None:
    path = tmp_path / "own.rq"
    path.write_text("#: title: Domains\n#: question: Which?\n#: column d: d\nSELECT ?d WHERE { ?d a tg:Domain }")
    assert len(graph.store.select(read_query(path).sparql)) == len(graph.run("domains"))


@pytest.mark.parametrize("name", load_catalog())
def test_a_query_gives_the_columns_that_its_header_names(name: str) -> None:
    query = load_catalog()[name]
    added = {f"{column}_label" for column in query.labeled}
    answer = Store().query(query.sparql, prefixes=PREFIXES)
    assert isinstance(answer, QuerySolutions)
    assert [variable.value for variable in answer.variables] == [name for name in query.columns if name not in added]


@pytest.mark.parametrize("name", load_catalog())
def test_each_column_of_records_comes_with_labels(graph: ThreatGraph, name: str) -> None:
    query = load_catalog()[name]
    required = {p.name: SAMPLES[p.type] for p in query.parameters if p.default is None}
    table = graph.run(name, **required)
    assert table.columns == tuple(query.columns)
    names = {"label", "title", *(column for column in table.columns if column.endswith("_label"))}
    for column in query.labeled:
        for record, label in set(zip(table.column(column), table.column(f"{column}_label"), strict=True)):
            assert (record is None) == (label is None)
            if record is not None:
                assert graph.record(str(record)).label == label
    # A column of one kind of record either has a label column, or is the record that the row is about.
    unlabeled = [c for c in table.columns if c not in query.labeled and _is_of_one_kind(table.column(c))]
    assert len(unlabeled) <= 1
    assert not unlabeled or names & set(table.columns)


def _is_of_one_kind(values: Sequence[object]) -> bool:
    kinds = {kind_of(str(value)) for value in values if value is not None}
    return len(kinds) == 1 and None not in kinds


@pytest.mark.parametrize("name", load_catalog())
def test_the_order_of_the_rows_is_settled(graph: ThreatGraph, name: str) -> None:
    """No two rows are alike, and the order does not depend on the order in which triples were loaded."""
    query = load_catalog()[name]
    assert "ORDER BY" in query.sparql
    table = graph.run(name, **{p.name: SAMPLES[p.type] for p in query.parameters if p.default is None})
    assert len({tuple(map(str, row)) for row in table.rows}) == len(table)


def test_there_are_at_least_25_questions() -> None:
    catalog = load_catalog()
    assert len(catalog) >= 25
    assert len({query.question for query in catalog.values()}) == len(catalog)
    assert all(query.question.endswith("?") for query in catalog.values())


# Threat patterns.


def test_patterns(graph: ThreatGraph, files: Files) -> None:
    assert len(graph.run("patterns")) == len(files.all("pattern")) >= 42
    systemic = rows(graph, "patterns", "code severity likelihood_trend", domain="DOM-SYS")
    assert [row for row in systemic if row[0] <= "PAT-SYS-006"] == [
        ("PAT-SYS-001", "severity:high", "likelihood-trend:increasing"),
        ("PAT-SYS-002", "severity:critical", "likelihood-trend:stable"),
        ("PAT-SYS-003", "severity:critical", "likelihood-trend:increasing"),
        ("PAT-SYS-004", "severity:critical", "likelihood-trend:increasing"),
        ("PAT-SYS-005", "severity:high", "likelihood-trend:stable"),
        ("PAT-SYS-006", "severity:low", "likelihood-trend:stable"),
    ]
    stable = column(graph, "patterns", "code", likelihood_trend="stable")
    assert {"PAT-SOC-003", "PAT-SYS-002", "PAT-SYS-005", "PAT-SYS-006"} <= set(stable)
    assert set(stable) == {
        files.code(p) for p in files.all("pattern") if "stable" in str(files.get(p, "likelihoodTrend"))
    }
    low = column(graph, "patterns", "code", severity="low")
    assert set(low) == {files.code(p) for p in files.all("pattern") if "severity:low" in files.get(p, "severity")}
    assert "PAT-SYS-006" in low
    both = column(graph, "patterns", "code", severity="high", likelihood_trend="stable")
    assert {"PAT-SOC-003", "PAT-SYS-005"} <= set(both) <= set(stable)


def test_patterns_at_least_as_severe(graph: ThreatGraph, files: Files) -> None:
    critical = ["PAT-ECO-004", "PAT-INF-003", "PAT-PRI-003", "PAT-SOC-002", "PAT-SYS-002", "PAT-SYS-003", "PAT-SYS-004"]
    found = column(graph, "patterns-at-least-as-severe", "code", severity="critical")
    assert set(critical) <= set(found)
    rated = Counter(files.get(pattern, "severity")[0] for pattern in files.all("pattern"))
    assert len(found) == rated["severity:critical"]
    at_least_high = column(graph, "patterns-at-least-as-severe", "code")  # "high" is the default
    assert at_least_high[: len(found)] == found
    assert len(at_least_high) == rated["severity:critical"] + rated["severity:high"]
    assert len(graph.run("patterns-at-least-as-severe", severity="low")) == rated.total() >= 42


def test_severity_by_domain(graph: ThreatGraph, files: Files) -> None:
    table = rows(graph, "severity-by-domain", "domain severity patterns")
    expected = Counter((files.get(p, "domain")[0], files.get(p, "severity")[0]) for p in files.all("pattern"))
    assert {(domain, severity): int(count) for domain, severity, count in table} == expected
    assert ("domain:systemic-catastrophic", "severity:critical", "3") in table
    assert ("domain:discrimination-social-harm", "severity:high", "3") in table


def test_patterns_by_cause(graph: ThreatGraph, files: Files) -> None:
    for cause in files.all("causal-factor"):
        expected = {}
        for pattern in files.all("pattern"):
            stated = cause in files.get(pattern, "causalFactor")
            through = [i for i in files.incidents_of(pattern) if cause in files.get(i, "causalFactor")]
            if stated or through:
                expected[pattern] = (str(stated).lower(), str(len(through)))
        table = rows(graph, "patterns-by-cause", "pattern stated incidents", cause=cause)
        assert {pattern: (stated, count) for pattern, stated, count in table} == expected
        assert [row[1] for row in table] == sorted((row[1] for row in table), reverse=True)


def test_patterns_by_group(graph: ThreatGraph, files: Files) -> None:
    seniors = column(graph, "patterns-by-group", "code", group="seniors")
    assert {"PAT-CTL-003", "PAT-INF-002", "PAT-PRI-002"} <= set(seniors)  # whose pages list them
    public = rows(graph, "patterns-by-group", "code role", group="general-public")
    assert ("PAT-SYS-005", "impact-role:primary-target") in public
    for group in files.all("group"):
        expected = {pattern for pattern in files.all("pattern") if group in files.groups_of(pattern)}
        assert set(column(graph, "patterns-by-group", "pattern", group=group)) == expected


def test_patterns_by_framework(graph: ThreatGraph, files: Files) -> None:
    mit = rows(graph, "patterns-by-framework", "target code", framework="mit-ai-risk-repository-v3")
    agents = {"PAT-AGT-001", "PAT-AGT-002", "PAT-AGT-003", "PAT-AGT-005", "PAT-AGT-006"}
    assert agents <= {code for target, code in mit if target == "mit:7.6"}
    act = rows(graph, "patterns-by-framework", "code target relation", framework="eu-ai-act-2024-1689")
    assert ("PAT-SYS-005", "eu-ai-act:chapter-v", "skos:relatedMatch") in act
    excluded = files.targets_of("pattern:lethal-autonomous-weapon-systems", covered=False)
    assert "eu-ai-act:article-2" in excluded  # the Act does not reach military systems: no hit
    assert ("PAT-SYS-004", "eu-ai-act:article-2", "skos:relatedMatch") not in act
    for framework in files.all("framework"):
        table = rows(graph, "patterns-by-framework", "pattern target", framework=framework)
        expected = {
            (pattern, target)
            for pattern in files.all("pattern")
            for target in files.targets_of(pattern)
            if framework in (target, *files.get(target, "inScheme"))
        }
        assert set(table) == expected


def test_patterns_by_provision(graph: ThreatGraph, files: Files) -> None:
    agents = {"PAT-AGT-001", "PAT-AGT-002", "PAT-AGT-003", "PAT-AGT-005", "PAT-AGT-006"}
    assert agents <= set(column(graph, "patterns-by-provision", "code", provision="mit:7.6"))
    general = column(graph, "patterns-by-provision", "code", provision="eu-ai-act:chapter-v")
    assert {"PAT-SYS-005", "PAT-SYS-006"} <= set(general)
    below = {"mit:7", *(f"mit:7.{n}" for n in range(1, 7))}
    expected = {(p, t) for p in files.all("pattern") for t in files.provisions_of(p) if t in below}
    assert set(rows(graph, "patterns-by-provision", "pattern target", provision="mit:7")) == expected


def test_pattern_incidents(graph: ThreatGraph, files: Files) -> None:
    loop = column(graph, "pattern-incidents", "code", pattern="PAT-CTL-005")
    assert {"INC-18-0001", "INC-24-0021", "INC-25-0013", "INC-25-0015"} <= set(loop)
    misalignment = rows(graph, "pattern-incidents", "occurred code", pattern="PAT-SYS-005")
    assert ("2024-08-01", "INC-24-0011") in misalignment
    inversion = rows(graph, "pattern-incidents", "occurred code role", pattern="PAT-SEC-005")
    assert ("2023-03", "INC-23-0002", "pattern-role:primary") in inversion
    assert ("2025-01", "INC-25-0003", "pattern-role:secondary") in inversion
    for pattern in files.all("pattern"):
        found = column(graph, "pattern-incidents", "incident", pattern=pattern)
        assert set(found) == files.incidents_of(pattern)
        assert len(found) == len(set(found))


def test_pattern_guidance(graph: ThreatGraph) -> None:
    table = rows(graph, "pattern-guidance", "part position label", pattern="PAT-SYS-005")
    assert table == [
        ("mechanism", "1", "Value specification difficulty"),
        ("mechanism", "2", "Capability-control asymmetry"),
        ("mechanism", "3", "Optimization pressure"),
        ("mechanism", "4", "Emergent strategic behavior"),
        ("mechanism", "5", "Inadequate alignment verification"),
        ("indicator", "1", "Specification gaming"),
        ("indicator", "2", "Capability-alignment gap"),
        ("indicator", "3", "Evaluation-deployment behavioral divergence"),
        ("indicator", "4", "Interpretability barriers"),
        ("indicator", "5", "Value divergence"),
        ("measure", "1", "Alignment research investment"),
        ("measure", "2", "Evaluation and red-teaming"),
        ("measure", "3", "Interpretability requirements"),
        ("measure", "4", "Incremental deployment with monitoring"),
        ("measure", "5", "Corrigibility design"),
        ("response step", "1", "Contain"),
        ("response step", "2", "Evaluate"),
        ("response step", "3", "Consult"),
        ("response step", "4", "Remediate or retire"),
    ]


def test_escalations(graph: ThreatGraph, files: Files) -> None:
    direct = {(p, target) for p in files.all("pattern") for target in files.get(p, "escalatesTo")}
    drift, misaligned = "pattern:goal-drift", "pattern:strategic-misalignment"
    assert {(drift, misaligned), (misaligned, "pattern:uncontrolled-recursive-self-improvement")} <= direct
    reached = set(direct)
    while more := {(a, d) for a, b in reached for c, d in direct if b == c} - reached:
        reached |= more
    table = rows(graph, "escalations", "pattern target direct")
    assert set(table) == {(a, b, str((a, b) in direct).lower()) for a, b in reached}
    assert len(table) == len(reached)
    one = rows(graph, "escalations", "pattern target direct", pattern="PAT-SYS-005")
    assert one == [row for row in table if row[0] == misaligned]


def test_patterns_sharing_context(graph: ThreatGraph, files: Files) -> None:
    mine = "pattern:strategic-misalignment"

    def context(pattern: str) -> tuple[set[str], set[str], set[str], set[str]]:
        return (
            set(files.get(pattern, "causalFactor")),
            files.groups_of(pattern),
            files.targets_of(pattern),
            files.incidents_of(pattern),
        )

    expected = {}
    for other in files.all("pattern"):
        shared = [str(len(a & b)) for a, b in zip(context(mine), context(other), strict=True)]
        if other != mine and any(count != "0" for count in shared):
            expected[other] = shared
    table = rows(graph, "patterns-sharing-context", "other causes groups provisions incidents", pattern="PAT-SYS-005")
    assert {other: counts for other, *counts in table} == expected


def test_patterns_without_incidents(graph: ThreatGraph, files: Files) -> None:
    table = column(graph, "patterns-without-incidents", "pattern")
    assert set(table) == {pattern for pattern in files.all("pattern") if not files.incidents_of(pattern)}
    agents = column(graph, "patterns-without-incidents", "pattern", domain="DOM-AGT")
    assert agents == [p for p in table if files.get(p, "domain") == ["domain:agentic-autonomous"]]


@pytest.mark.parametrize("framework", ["mit-ai-risk-repository-v3", "eu-ai-act-2024-1689", "mitre-atlas-5.6.0"])
def test_patterns_without_mapping(graph: ThreatGraph, files: Files, framework: str) -> None:
    table = column(graph, "patterns-without-mapping", "pattern", framework=framework)
    name = f"framework:{framework}"
    expected = {
        pattern
        for pattern in files.all("pattern")
        if not any(name in (target, *files.get(target, "inScheme")) for target in files.targets_of(pattern))
    }
    assert set(table) == expected
    if "atlas" in framework:
        assert expected


def test_patterns_about(graph: ThreatGraph) -> None:
    assert ("PAT-SYS-005",) in rows(graph, "patterns-about", "code", text="CORRIGIBILITY")
    by_name = rows(graph, "patterns-about", "label found_in", text="surveillance amplification")
    (places,) = [where for label, where in by_name if label == "Mass Surveillance Amplification"]
    assert "name" in places.split(", ")
    asked = column(graph, "patterns-about", "label", text="Can pricing algorithms collude")
    assert asked == ["Market Manipulation via AI"]
    assert len(graph.run("patterns-about", text="no such words anywhere")) == 0


def test_patterns_together(graph: ThreatGraph, files: Files) -> None:
    expected = Counter(
        pair
        for incident in files.all("incident")
        for a, b in combinations(sorted(files.patterns_of(incident)), 2)
        for pair in ((a, b), (b, a))
    )
    table = rows(graph, "patterns-together", "pattern with incidents")
    assert {(a, b): int(n) for a, b, n in table} == expected
    counts = [int(n) for *_, n in table]
    assert counts == sorted(counts, reverse=True)
    surveillance = column(graph, "patterns-together", "with", pattern="PAT-PRI-003")
    assert set(surveillance) == {b for a, b in expected if a == "pattern:mass-surveillance-amplification"}


def test_published_and_recorded(graph: ThreatGraph, files: Files) -> None:
    table = rows(graph, "published-and-recorded", "code published recorded")
    assert len(table) == 34
    published = [("PAT-CTL-004", "20"), ("PAT-INF-002", "12"), ("PAT-INF-004", "11"), ("PAT-AGT-006", "10")]
    assert [row[:2] for row in table[:4]] == published
    by_code = {files.code(pattern): pattern for pattern in files.all("pattern")}
    assert [int(recorded) for *_, recorded in table] == [len(files.incidents_of(by_code[row[0]])) for row in table]


# Incidents.


def test_incidents(graph: ThreatGraph, files: Files) -> None:
    assert len(graph.run("incidents")) == len(files.all("incident"))
    span = column(graph, "incidents", "code", since="2024-08-15", until="2025-01-10")
    assert {"INC-24-0015", "INC-24-0013", "INC-25-0003"} <= set(span)  # "2024" and "2025-01" may lie within

    def earliest(date: str) -> str:
        return (date + "-01-01")[:10]

    def latest(date: str) -> str:
        return date if len(date) == 10 else (date + "-12")[:7] + "-31"

    dated = {i: files.get(i, "occurred")[0] for i in files.all("incident") if files.get(i, "occurred")}
    within = {i for i, d in dated.items() if latest(d) >= "2024-08-15" and earliest(d) <= "2025-01-10"}
    assert set(column(graph, "incidents", "incident", since="2024-08-15", until="2025-01-10")) == within
    critical = [i for i in files.all("incident") if files.get(i, "severity") == ["severity:critical"]]
    assert set(column(graph, "incidents", "incident", severity="critical")) == set(critical)
    assert "INC-25-0003" in column(graph, "incidents", "code", domain="DOM-PRI")
    together = {"sector": "employment", "harm": "discrimination", "region": "europe"}
    assert set(column(graph, "incidents", "incident", **together)) == {
        incident
        for incident in files.all("incident")
        if "sector:employment" in files.get(incident, "sector")
        and "harm-type:discrimination" in files.get(incident, "harmType")
        and "region:europe" in files.get(incident, "region")
    }
    assert "incident:amazon-recruiting-tool-gender-bias" in column(graph, "incidents", "incident", actor="amazon")
    assert set(column(graph, "incidents", "incident", system="autopilot")) == {
        incident
        for incident in files.all("incident")
        if any("autopilot" in name.lower() for name in files.get(incident, "systemName"))
    }


def test_incidents_by_cause(graph: ThreatGraph, files: Files) -> None:
    race = column(graph, "incidents-by-cause", "code", cause="CAUSE-015")
    assert {"INC-18-0003", "INC-23-0011", "INC-26-0047"} <= set(race)  # as the source's page of the factor cites them
    for cause in files.all("causal-factor"):
        expected = {i for i in files.all("incident") if cause in files.get(i, "causalFactor")}
        assert set(column(graph, "incidents-by-cause", "incident", cause=cause)) == expected


def test_incidents_by_group(graph: ThreatGraph, files: Files) -> None:
    business = column(graph, "incidents-by-group", "code", group="business-organizations")
    assert {"INC-23-0002", "INC-23-0011"} <= set(business)
    assert "INC-22-0002" in column(graph, "incidents-by-group", "code", group="Vulnerable Communities")
    for group in files.all("group"):
        expected = {i for i in files.all("incident") if group in files.groups_of(i)}
        assert set(column(graph, "incidents-by-group", "incident", group=group)) == expected


def test_incidents_by_actor(graph: ThreatGraph, files: Files) -> None:
    roles = ("developer", "deployer", "victim")
    expected = {(a, role, i) for i in files.all("incident") for role in roles for a in files.get(i, role)}
    assert set(rows(graph, "incidents-by-actor", "actor role incident")) == expected
    assert {("actor:samsung-electronics", "victim"), ("actor:the-new-york-times", "victim")} <= {
        (actor, role) for actor, role, _ in expected
    }
    openai = rows(graph, "incidents-by-actor", "role incident", actor="openai")
    assert set(openai) == {(role, incident) for actor, role, incident in expected if actor == "actor:openai"}


def test_incidents_by_year(graph: ThreatGraph, files: Files) -> None:
    years = Counter("".join(files.get(incident, "occurred"))[:4] for incident in files.all("incident"))
    assert rows(graph, "incidents-by-year", "year incidents") == [(y, str(years[y])) for y in sorted(years)]


def test_incidents_by_provision(graph: ThreatGraph, files: Files) -> None:
    below = {"mit:3", "mit:3.1", "mit:3.2"}
    expected = {
        (incident, pattern, target)
        for incident in files.all("incident")
        for pattern in files.patterns_of(incident)
        for target in files.provisions_of(pattern) & below
    }
    table = rows(graph, "incidents-by-provision", "incident via target", provision="mit:3")
    assert {row for row in table if row[1]} == expected
    hiring = rows(graph, "incidents-by-provision", "found_by incident", provision="eu-ai-act:annex-iii-4-a")
    itself = {incident for found_by, incident in hiring if found_by == "incident"}
    assert itself == {i for i in files.all("incident") if "eu-ai-act:annex-iii-4-a" in files.targets_of(i)}
    assert "incident:amazon-recruiting-tool-gender-bias" in itself
    assert all("sector:employment" in files.get(i, "sector") for i in itself)
    arrest = "incident:facebook-ai-mistranslation-arrest"
    assert (arrest, "pattern:misinformation-hallucinated-content", "mit:3") in table
    biometrics = column(graph, "incidents-by-provision", "incident", provision="eu-ai-act:article-5")
    assert "incident:clearview-ai-mass-scraping" in biometrics  # through point (h) of Article 5(1)


def test_incident_context(graph: ThreatGraph, files: Files) -> None:
    incident = "incident:samsung-chatgpt-data-leak"
    expected = {("cause", cause, "") for cause in files.get(incident, "causalFactor")}
    expected |= {("group", group, "") for group in files.groups_of(incident)}
    for pattern in files.patterns_of(incident):
        expected.add(("pattern", pattern, ""))
        expected |= {("provision", target, pattern) for target in files.targets_of(pattern)}
    assert set(rows(graph, "incident-context", "aspect item via", incident="INC-23-0002")) == expected
    stated = {"causal-factor:inadequate-access-controls", "causal-factor:misconfigured-deployment"}
    assert stated | {"group:business-organizations"} <= {item for _, item, _ in expected}


# Causes, groups, domains.


def test_causes(graph: ThreatGraph, files: Files) -> None:
    table = rows(graph, "causes", "code incidents patterns published")
    published = {code: count for code, _, _, count in table}
    assert [published[code] for code in ("CAUSE-013", "CAUSE-014", "CAUSE-006", "CAUSE-002")] == ["21", "16", "34", "2"]

    def naming(kind: str, cause: str) -> str:
        return str(sum(cause in files.get(record, "causalFactor") for record in files.all(kind)))

    expected = {(files.code(c), naming("incident", c), naming("pattern", c)) for c in files.all("causal-factor")}
    assert {row[:3] for row in table} == expected
    assert len(table) == 15


def test_causes_together(graph: ThreatGraph, files: Files) -> None:
    expected = Counter(
        pair
        for incident in files.all("incident")
        for pair in combinations(sorted(set(files.get(incident, "causalFactor"))), 2)
    )
    table = rows(graph, "causes-together", "cause with incidents")
    assert {(a, b): int(n) for a, b, n in table} == expected
    often = rows(graph, "causes-together", "cause with incidents", least=3)
    assert {(a, b) for a, b, _ in often} == {pair for pair, n in expected.items() if n >= 3}


def test_groups(graph: ThreatGraph, files: Files) -> None:
    def hit(kind: str, group: str) -> str:
        return str(sum(group in files.groups_of(record) for record in files.all(kind)))

    table = rows(graph, "groups", "group patterns incidents")
    assert set(table) == {(g, hit("pattern", g), hit("incident", g)) for g in files.all("group")}
    assert len(table) == 17


def test_domains(graph: ThreatGraph, files: Files) -> None:
    patterns = Counter(files.get(pattern, "domain")[0] for pattern in files.all("pattern"))
    incidents = Counter(
        domain
        for incident in files.all("incident")
        for domain in {files.get(pattern, "domain")[0] for pattern in files.patterns_of(incident)}
    )
    expected = [(files.code(d), str(patterns[d]), str(incidents[d])) for d in files.all("domain")]
    assert rows(graph, "domains", "code patterns incidents") == sorted(expected)
    by_code = {code: int(count) for code, count, _ in expected}
    of_source = {f"DOM-{d}": 6 if d in ("AGT", "SYS") else 5 for d in "AGT CTL ECO INF PRI SEC SOC SYS".split()}
    assert all(by_code[code] >= count for code, count in of_source.items())


# Frameworks.


def test_provisions(graph: ThreatGraph, files: Files) -> None:
    mapped = Counter(target for pattern in files.all("pattern") for target in files.provisions_of(pattern))
    table = rows(graph, "provisions", "provision patterns", framework="mit-ai-risk-repository-v3", level="subdomain")
    assert len(table) == 24
    assert all(int(count) == mapped[provision] for provision, count in table)
    assert len(graph.run("provisions", framework="nist-ai-rmf-1.0", level="subcategory")) == 72
    assert len(graph.run("provisions", framework="iso-iec-42001-2023", level="control")) == 38
    sections = rows(graph, "provisions", "provision parent", framework="eu-ai-act-2024-1689", level="section")
    assert ("eu-ai-act:chapter-v-section-3", "eu-ai-act:chapter-v") in sections


def test_provisions_applying_on(graph: ThreatGraph) -> None:
    def since(day: str) -> dict[str, tuple[str, str]]:
        table = rows(graph, "provisions-applying-on", "code since original", day=day)
        return {code: (first, original) for code, first, original in table}

    assert list(since("2025-02-01")) == ["Article 113"]  # the article on entry into force, from 1 August 2024
    february = since("2025-02-02")
    assert february["Article 5"] == ("2025-02-02", "2025-02-02")
    assert "Article 51" not in february
    august = since("2026-08-02")
    assert august["Article 50"] == ("2026-08-02", "2026-08-02")
    assert "Article 9" not in august  # put off from 2 August 2026 to 2 December 2027
    assert since("2027-12-02")["Article 9"] == ("2027-12-02", "2026-08-02")


def test_provisions_without_patterns(graph: ThreatGraph, files: Files) -> None:
    mapped = {target for pattern in files.all("pattern") for target in files.provisions_of(pattern)}
    reached: set[str] = set()
    while mapped - reached:
        reached |= mapped
        mapped = {parent for target in mapped for parent in files.get(target, "broader")} | reached
    for framework in ("mit-ai-risk-repository-v3", "nist-ai-rmf-1.0", "eu-ai-act-2024-1689"):
        expected = {
            provision
            for provision in files.values
            if files.get(provision, "inScheme") == [f"framework:{framework}"] and provision not in reached
        }
        assert set(column(graph, "provisions-without-patterns", "provision", framework=framework)) == expected
    chapters = column(graph, "provisions-without-patterns", "code", framework="eu-ai-act-2024-1689", level="chapter")
    assert "Chapter V" not in chapters
    assert "Chapter II" not in chapters  # reached through Article 5(1)
    assert "Chapter VII" in chapters


def test_mappings(graph: ThreatGraph, files: Files) -> None:
    table = rows(graph, "mappings", "provision relation rationale", pattern="PAT-SYS-005")
    parts = files.get("pattern:strategic-misalignment", "mapping")
    assert {row[0] for row in table} == {files.get(part, "object_id")[0] for part in parts} - {""}
    assert all(relation.startswith("skos:") and len(rationale) > 40 for _, relation, rationale in table)
    some = column(graph, "mappings", "provision", pattern="PAT-SYS-005", framework="nist-ai-rmf-1.0")
    assert some == [row[0] for row in table if row[0].startswith("nist-ai-rmf:")]
    assert len(some) >= 2


def test_crosswalk(graph: ThreatGraph) -> None:
    agency = rows(graph, "crosswalk", "other relation source", provision="owasp-llm:llm06")
    ibm = "mapping-set:owasp-agentic-to-owasp-llm-ibm"
    assert [row for row in agency if row[2] == ibm] == [  # read from LLM06: the narrower agentic risks are narrower
        ("owasp-agentic:asi01", "skos:relatedMatch", ibm),
        ("owasp-agentic:asi02", "skos:narrowMatch", ibm),
        ("owasp-agentic:asi03", "skos:narrowMatch", ibm),
        ("owasp-agentic:asi07", "skos:relatedMatch", ibm),
        ("owasp-agentic:asi08", "skos:relatedMatch", ibm),
        ("owasp-agentic:asi09", "skos:relatedMatch", ibm),
    ]
    action = rows(graph, "crosswalk", "other relation source", provision="nist-ai-600-1:gv-1.1-001")
    assert action == [("nist-ai-rmf:govern-1.1", "skos:broadMatch", "framework:nist-ai-600-1")]
    editions = rows(graph, "crosswalk", "other relation", provision="owasp-llm-2026:llm03")
    assert ("owasp-llm:llm06", "skos:exactMatch") in editions  # Excessive Agency has another code in each edition
    assert ("nist-ai-600-1:gv-1.1-001", "skos:narrowMatch") in rows(
        graph, "crosswalk", "other relation", provision="nist-ai-rmf:govern-1.1"
    )


def test_mitigations_by_pattern(graph: ThreatGraph, files: Files) -> None:
    pattern = "pattern:prompt-injection"
    measures = set(files.get(pattern, "measure"))
    controls = {control for measure in measures for control in files.get(measure, "control")}
    risks = files.targets_of(pattern)
    actions = {m for m in files.values if risks & set(files.get(m, "addresses"))} - controls
    table = rows(graph, "mitigations-by-pattern", "kind mitigation label text framework", pattern="prompt-injection")
    expected = {"mitigation": measures, "control": controls, "action": actions}
    assert {kind: {row[1] for row in table if row[0] == kind} for kind in expected} == expected
    assert all(len(label) > 3 and len(text) >= 40 for _, _, label, text, _ in table)  # text, not bare codes
    assert all(framework or kind == "mitigation" for kind, _, _, _, framework in table)
    assert "atlas:aml.m0020" in controls | actions  # guardrails, which ATLAS sets against prompt injection


def test_duties(graph: ThreatGraph, files: Files) -> None:
    asked = {"role": "deployer", "tier": "eu-ai-act:tier-high", "sector": "employment"}
    table = rows(graph, "duties", "kind code as_amended conditions", **asked)
    duties = {code: (since, conditions) for kind, code, since, conditions in table if kind == "duty"}
    # Worked out by hand from Articles 26 and 27 and the amended Article 113.
    workers = {f"Article 26({n})" for n in (1, 2, 4, 5, 6, 7, 11, 12)}
    assert workers <= duties.keys()
    assert {duties[code][0] for code in workers} == {"2027-12-02"}
    assert "employer" in duties["Article 26(7)"][1]
    assert "Article 4" in duties  # for all tiers
    assert not {"Article 16", "Article 50(4)", "Article 26(3)"} & duties.keys()  # providers; another tier; no duty
    classified = {code for kind, code, *_ in table if kind == "classification"}
    assert {"Annex III 4(a)", "Annex III 4(b)"} <= classified
    assert "Annex III 5(b)" not in classified
    everywhere = set(column(graph, "duties", "code", role="deployer"))
    assert duties.keys() <= everywhere
    assert {"Article 50(3)", "Article 50(4)"} <= everywhere
    assert not classified & everywhere
    models = set(column(graph, "duties", "code", role="gpai-provider"))
    assert {"Article 53(1)(a)", "Article 53(1)(c)", "Article 55(1)(a)"} <= models
    wide = {"role:deployer", "role:operator", "role:employer"}  # duties of all operators, and of deployers that employ
    bound = {p for p in files.values if wide & set(files.get(p, "obliges"))}
    assert set(column(graph, "duties", "provision", role="deployer")) == bound


def test_not_covered(graph: ThreatGraph, files: Files) -> None:
    table = rows(graph, "not-covered", "pattern provision reason")
    expected = {(p, target) for p in files.all("pattern") for target in files.targets_of(p, covered=False)}
    assert {row[:2] for row in table} == expected
    assert all(len(reason) > 40 for *_, reason in table)
    weapons = column(graph, "not-covered", "provision", pattern="lethal-autonomous-weapon-systems")
    assert "eu-ai-act:article-2" in weapons
    assert not set(weapons) & files.targets_of("pattern:lethal-autonomous-weapon-systems")


def test_incident_sources(graph: ThreatGraph, files: Files) -> None:
    for incident in ("incident:samsung-chatgpt-data-leak", "incident:cruise-robotaxi-false-reporting"):
        table = rows(graph, "incident-sources", "publisher kind document", incident=incident.partition(":")[2])
        assert set(table) == {
            (*files.get(part, "publisherName"), *files.get(part, "sourceKind"), *files.get(part, "source"))
            for part in files.get(incident, "citation")
        }
        assert table


def test_provenance(graph: ThreatGraph, files: Files) -> None:
    found = {row[0]: tuple(map(int, row[1:])) for row in rows(graph, "provenance", "class total drafted reviewed")}
    parts = [part for part in files.values if files.get(part, "type") == ["tg:FrameworkMapping"]]
    drafted = [part for part in parts if files.get(part, "draftedWith")]
    reviewed = [part for part in parts if files.get(part, "reviewedBy")]
    assert found["tg:FrameworkMapping"] == (len(parts), len(drafted), len(reviewed))


# What rests on what.


def test_unconfirmed(graph: ThreatGraph, files: Files) -> None:
    table = rows(graph, "unconfirmed", "record link status")
    weak = {"curation-status:matched-from-text", "curation-status:unconfirmed"}
    links = {link for _, link, _ in table if link}
    assert links == {
        part
        for part in files.values
        if weak & set(files.get(part, "curationStatus")) and {"pattern", "object_id"} & set(files.values[part])
    }
    records = {record for record, link, _ in table if not link}
    assert {"pattern:prompt-injection", "domain:security-cyber", "causal-factor:weaponization"} <= records
    assert "pattern:strategic-misalignment" not in records


def test_where_stated(graph: ThreatGraph) -> None:
    table = rows(graph, "where-stated", "file subject", pattern="PAT-PRI-001")
    folder = "https://w3id.org/threatgraph/graph/data"
    naming = {
        f"{folder}/{path.relative_to(data_dir()).as_posix()}"
        for path in data_dir().rglob("*.ttl")
        for quad in parse(path=str(path), format=RdfFormat.TURTLE)
        if "pattern:behavioral-profiling-without-consent" in map(shorten, (quad.subject.value, quad.object.value))
    }
    assert {file for file, _ in table} == {*naming, "https://w3id.org/threatgraph/graph/derived"}
    assert f"{folder}/incidents/2022/meta-housing-ad-discrimination.ttl" in naming


# Parameters.


def test_a_parameter_takes_code_slug_label_and_iri(graph: ThreatGraph) -> None:
    names = [
        "PAT-SYS-005",
        "pat-sys-005",
        "strategic-misalignment",
        "pattern:strategic-misalignment",
        "Strategic Misalignment",
        "https://w3id.org/threatgraph/pattern/strategic-misalignment",
    ]
    answers = [graph.run("pattern-guidance", pattern=name).rows for name in names]
    assert len(answers[0]) == 19
    assert all(answer == answers[0] for answer in answers)


def test_an_unknown_name_is_answered_with_the_nearest(graph: ThreatGraph) -> None:
    with pytest.raises(UnknownName, match="did you mean") as caught:
        graph.run("pattern-guidance", pattern="PAT-SYS-05")
    assert "pat-sys-005" in str(caught.value).lower()
    with pytest.raises(UnknownName, match="patterns-by-cause"):
        graph.run("patterns-by-causes", cause="x")
    with pytest.raises(UnknownName, match="cause"):
        graph.run("patterns-by-cause", causes="regulatory-gap")


def test_a_missing_or_ill_typed_parameter_is_named(graph: ThreatGraph) -> None:
    with pytest.raises(InvalidQuery, match="cause"):
        graph.run("patterns-by-cause")
    with pytest.raises(InvalidQuery, match="least"):
        graph.run("causes-together", least="two")
    with pytest.raises(InvalidQuery, match="2024-08-01"):
        graph.run("incidents", since="August 2024")


@pytest.mark.parametrize(
    "attack",
    ['x")) } DROP ALL #', '"@en . ?s ?p ?o } #', "'; INSERT DATA { <urn:a> <urn:b> 1 }", "\\", '"""', "}\n{", "?x"],
)
def test_an_injection_attempt_is_a_plain_literal(graph: ThreatGraph, attack: str) -> None:
    assert len(graph.run("patterns-about", text=attack)) == 0


@pytest.fixture(scope="module")
def every(graph: ThreatGraph) -> Table:
    """Every text of a pattern that patterns-about looks at."""
    words = "skos:prefLabel|skos:altLabel|dcterms:abstract|skos:definition|tg:retrievalTopic|tg:retrievalQuestion"
    return graph.store.select(
        f"SELECT ?label ?words {{ ?p a tg:ThreatPattern ; skos:prefLabel ?label ; {words} ?words }}"
    )


@given(text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
@settings(max_examples=50)
def test_any_text_is_looked_for_as_it_stands(graph: ThreatGraph, every: Table, text: str) -> None:
    expected = {
        label for label, said in zip(every.column("label"), every.column("words"), strict=True) if text in str(said)
    }
    assert expected <= set(graph.run("patterns-about", text=text).column("label"))
    if text not in "".join(map(str, every.column("words"))).lower() and text.isascii() and text == text.lower():
        assert len(graph.run("patterns-about", text=text)) == 0


# Headers.


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("#: title: T\n#: question: Q?\nSELECT ?x {}", None, "column"),
        ("#: question: Q?\n#: column x: y\nSELECT ?x {}", None, "title"),
        ("#: title: T\n#: parm a string: b\n", 2, "header line"),
        ("#: title: T\n#: param a text: b\n", 2, "unknown parameter type 'text'"),
        ("#: title: T\n#: param a\n", 2, "must have the form"),
    ],
)
def test_a_faulty_header_is_refused_with_its_line(tmp_path: Path, text: str, line: int | None, reason: str) -> None:
    path = tmp_path / "faulty.rq"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidFile, match=reason) as caught:
        read_query(path)
    assert caught.value.line == line
