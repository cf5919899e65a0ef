"""The change list between two states of the graph: excerpts of the data, and a later version of them."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import time
from collections.abc import Callable, Iterable
from html.parser import HTMLParser
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib
from hypothesis import given, settings
from hypothesis import strategies as st

from command_line import fails, run
from threatgraph import InvalidFile, ThreatGraph, UnknownName
from threatgraph.releases import Change, ReleaseDiff, State, compare, export, read_state
from threatgraph.releases.model import CATEGORIES
from threatgraph.releases.record import RATINGS
from threatgraph.resources import root
from threatgraph.vocab import BASE, PREFIXES, TG

DRIFT, MISALIGNMENT = (f"{BASE}pattern/{name}" for name in ("goal-drift", "strategic-misalignment"))
LEAK = f"{BASE}incident/samsung-chatgpt-data-leak"
FILES = {
    "drift": "data/patterns/goal-drift.ttl",
    "misalignment": "data/patterns/strategic-misalignment.ttl",
    "leak": "data/incidents/2023/samsung-chatgpt-data-leak.ttl",
    "severity": "ontology/schemes/severity.ttl",
}
MAPPING = """
:mapping-test a tg:FrameworkMapping ; sssom:object_id eu-ai-act:article-14 ; sssom:predicate_id skos:relatedMatch ;
    tg:mappingRelation mapping-relation:partly-covers ; tg:reviewState review-state:draft ; tg:rationale "Why."@en .
pattern:goal-drift tg:mapping :mapping-test .
"""
LINK = """
:pattern-drift a tg:PatternLink ; tg:pattern pattern:goal-drift ; tg:patternRole pattern-role:secondary .
incident:samsung-chatgpt-data-leak tg:patternLink :pattern-drift .
"""
HEAD = "".join(f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in PREFIXES.items())


class Release:
    """A folder with four files of the data, which a test changes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        for path in FILES.values():
            shutil.copy(root() / path, folder)

    def file(self, name: str) -> Path:
        """The path of a file."""
        return self.folder / Path(FILES[name]).name

    def change(self, name: str, pattern: str, new: str) -> None:
        """Replace what a pattern matches once in a file."""
        text, count = re.subn(pattern, lambda _: new, self.file(name).read_text(encoding="utf-8"), flags=re.DOTALL)
        assert count == 1, (pattern, count)
        self.file(name).write_text(text, encoding="utf-8")

    def add(self, name: str, turtle: str) -> None:
        """Add statements to a file, in Turtle with all prefixes."""
        own = re.search(r"^@prefix : .*$", self.file(name).read_text(encoding="utf-8"), re.MULTILINE)
        (self.folder / f"{name}-more.ttl").write_text(f"{HEAD}{own[0] if own else ''}\n{turtle}", encoding="utf-8")


@pytest.fixture
def old(tmp_path: Path) -> Release:
    return Release(tmp_path / "1.0.0")


@pytest.fixture
def new(tmp_path: Path) -> Release:
    return Release(tmp_path / "1.0.1")


def diff(old: Release, new: Release) -> ReleaseDiff:
    return compare(read_state(old.folder), read_state(new.folder))


def only(found: ReleaseDiff, category: str) -> Change:
    """The only change, which is of a category."""
    assert [change.category for change in found.changes] == [category]
    return found.changes[0]


def values(change: Change) -> dict[str, tuple[list[str], list[str]]]:
    """The texts before and after, by the heading of the property."""
    return {d.heading: ([v.text for v in d.removed], [v.text for v in d.added]) for d in change.details}


# Kinds of change.


def test_equal_states_have_no_changes(old: Release, new: Release) -> None:
    found = diff(old, new)
    assert not found.changes
    assert not found.removed | found.added
    assert (found.step, found.problems) == ("none", [])
    assert set(found.counts.values()) == {0}


def test_a_record_that_is_new_is_added_with_its_parts(old: Release, new: Release) -> None:
    old.file("leak").unlink()
    found = diff(old, new)
    change = only(found, "added")
    assert (change.record.iri, change.kind) == (LEAK, "incident")
    assert change.statements == len(list(ox.parse(path=str(new.file("leak")), format=ox.RdfFormat.TURTLE)))
    assert found.step == "minor"


def test_a_record_with_a_tombstone_is_retired_and_names_its_successor(old: Release, new: Release) -> None:
    text = f'<{DRIFT}> a tg:ThreatPattern ; skos:prefLabel "Goal Drift"@en ; skos:notation "PAT-AGT-003" ;'
    new.file("drift").write_text(f"{HEAD}{text} owl:deprecated true ; dcterms:isReplacedBy <{MISALIGNMENT}> .")
    found = diff(old, new)
    change = only(found, "retired")
    assert change.record.text == "PAT-AGT-003 Goal Drift"
    assert [value.iri for value in change.details[0].added] == [MISALIGNMENT]
    assert (found.step, found.problems) == ("minor", [])


def test_a_record_without_a_tombstone_vanished(old: Release, new: Release) -> None:
    new.file("drift").unlink()
    found = diff(old, new)
    assert only(found, "vanished").record.iri == DRIFT
    assert (found.step, found.problems) == ("major", ["1 record vanished without a tombstone"])


def test_parts_that_stay_behind_are_no_tombstone(old: Release, new: Release) -> None:
    new.file("drift").write_text(f"{HEAD}<{DRIFT}#measure> skos:prefLabel 'Left'@en .")
    assert only(diff(old, new), "vanished").record.iri == DRIFT


def test_a_tombstone_must_stay(old: Release, new: Release) -> None:
    old.add("severity", f"<{BASE}pattern/gone> a tg:ThreatPattern ; owl:deprecated true .")
    assert only(diff(old, new), "vanished").record.iri == f"{BASE}pattern/gone"


def test_a_new_label_is_shown_with_the_old_one(old: Release, new: Release) -> None:
    new.change("drift", r'skos:prefLabel "Goal Drift"@en', 'skos:prefLabel "Objective Drift"@en')
    found = diff(old, new)
    assert values(only(found, "relabeled")) == {"Label": (["Goal Drift"], ["Objective Drift"])}
    assert found.step == "patch"


def test_a_new_definition_is_shown_with_the_old_one(old: Release, new: Release) -> None:
    new.change("drift", r'skos:definition "[^"]*"@en', 'skos:definition "A goal drifts."@en')
    change = only(diff(old, new), "redefined")
    assert values(change)["Definition"][1] == ["A goal drifts."]
    assert change.record.iri == DRIFT


def test_a_new_rating_is_shown_with_the_old_one(old: Release, new: Release) -> None:
    old.change("leak", r"tg:severity severity:\w+ ;", "tg:severity severity:low ;")
    new.change("leak", r"tg:severity severity:\w+ ;", "tg:severity severity:critical ;")
    found = diff(old, new)
    assert values(only(found, "rerated")) == {"Severity": (["Low"], ["Critical"])}
    assert found.step == "patch"


def test_every_property_with_a_ranked_value_is_a_rating(graph: ThreatGraph) -> None:
    ranked = graph.query("SELECT ?p { ?p rdfs:range/rdfs:subClassOf tg:RankedConcept }", raw=False)
    names = {str(row["p"]) for row in ranked.to_dicts()}  # type: ignore[union-attr]
    assert f"{TG}severity" in names
    assert names <= RATINGS


def test_a_mapping_is_added_and_withdrawn(old: Release, new: Release) -> None:
    new.add("drift", MAPPING)
    found = diff(old, new)
    change = only(found, "remapped")
    assert (change.action, change.record.iri, change.statements) == ("added", DRIFT, 7)
    assert change.target
    assert change.target.iri == f"{BASE}provision/eu-ai-act-2024-1689/article-14"
    assert values(change) == {
        "Predicate": ([], ["skos:relatedMatch"]),
        "Mapping relation": ([], ["mapping-relation:partly-covers"]),
        "Review state": ([], ["review-state:draft"]),
    }
    assert found.step == "minor"
    assert only(diff(new, old), "remapped").action == "withdrawn"


def test_a_mapping_gets_another_relation_and_predicate(old: Release, new: Release) -> None:
    old.add("drift", MAPPING)
    new.add("drift", MAPPING.replace("partly-covers", "prohibits").replace("relatedMatch", "closeMatch"))
    found = diff(old, new)
    change = only(found, "remapped")
    assert change.action == "changed"
    assert values(change) == {
        "Predicate": (["skos:relatedMatch"], ["skos:closeMatch"]),
        "Mapping relation": (["mapping-relation:partly-covers"], ["mapping-relation:prohibits"]),
    }
    assert found.step == "minor"


def test_a_mapping_is_reviewed(old: Release, new: Release) -> None:
    old.add("drift", MAPPING)
    new.add("drift", MAPPING.replace("review-state:draft", "review-state:second-review"))
    found = diff(old, new)
    change = only(found, "remapped")
    assert change.action == "reviewed"
    assert values(change) == {"Review state": (["review-state:draft"], ["review-state:second-review"])}
    assert found.step == "patch"


def test_another_rationale_of_a_mapping_is_another_change_of_its_record(old: Release, new: Release) -> None:
    old.add("drift", MAPPING)
    new.add("drift", MAPPING.replace("Why.", "Because."))
    change = only(diff(old, new), "other")
    assert values(change) == {"mapping-test: Rationale": (["Why."], ["Because."])}


def test_an_incident_is_linked_to_a_pattern(old: Release, new: Release) -> None:
    new.add("leak", LINK)
    found = diff(old, new)
    change = only(found, "relinked")
    assert (change.action, change.record.iri, change.statements) == ("added", LEAK, 4)
    assert change.target
    assert change.target.text == "PAT-AGT-003 Goal Drift"
    assert found.step == "minor"
    assert only(diff(new, old), "relinked").action == "removed"


def test_a_code_of_another_record_changed_its_meaning(old: Release, new: Release) -> None:
    new.change("drift", r'skos:notation "PAT-AGT-003" ;', "")
    new.change("misalignment", r'skos:notation "PAT-SYS-005"', 'skos:notation "PAT-AGT-003"')
    found = diff(old, new)
    change = next(change for change in found.changes if change.category == "recoded")
    assert change.target
    assert change.target.text == "PAT-AGT-003"
    assert [v.iri for v in change.details[0].removed] == [DRIFT]
    assert [v.iri for v in change.details[0].added] == [MISALIGNMENT]
    assert (found.step, found.problems) == ("major", ["1 code changed its meaning"])
    # The code that nothing has any more is another change of the record that had it.
    assert [(c.category, values(c)) for c in found.changes[1:]] == [("other", {"Code": (["PAT-SYS-005"], [])})]


def test_editions_of_a_framework_share_codes(old: Release, new: Release) -> None:
    item = '<{}provision/owasp-llm-{}/llm01> a tg:Provision ; skos:notation "LLM01" .'
    old.add("severity", item.format(BASE, 2025))
    new.add("severity", item.format(BASE, 2025).replace('skos:notation "LLM01"', "owl:deprecated true"))
    new.add("drift", item.format(BASE, 2026))
    assert diff(old, new).counts["recoded"] == 0


def test_other_values_are_listed_by_property(old: Release, new: Release) -> None:
    new.change("leak", r'tg:placeName "[^"]*"@en', 'tg:placeName "Seoul"@en')
    old.change("leak", r'tg:placeName "[^"]*"@en', 'tg:placeName "Korea"@en')
    found = diff(old, new)
    assert values(only(found, "other")) == {"Place": (["Korea"], ["Seoul"])}
    assert found.step == "patch"


def test_a_new_part_is_one_value_of_its_record(old: Release, new: Release) -> None:
    text = ':measure-x a tg:PreventionMeasure ; skos:prefLabel "Test"@en . pattern:goal-drift tg:measure :measure-x .'
    new.add("drift", text)
    (detail,) = only(diff(old, new), "other").details
    assert ([v.iri for v in detail.added], detail.added[0].text) == ([f"{DRIFT}#measure-x"], "Test")
    assert detail.predicate == f"{TG}measure"


def test_values_that_look_the_same_are_shown_in_full(old: Release, new: Release) -> None:
    new.change("drift", r'skos:prefLabel "Goal Drift"@en', 'skos:prefLabel "Goal Drift"')
    assert values(only(diff(old, new), "relabeled")) == {"Label": (['"Goal Drift"@en'], ['"Goal Drift"'])}


def test_bookkeeping_and_derived_statements_are_counted_and_not_listed(old: Release, new: Release) -> None:
    new.add("drift", f'<{DRIFT}> dcterms:modified "2031-01-01"^^xsd:date ; a skos:Concept .')
    found = diff(old, new)
    assert (found.changes, found.bookkeeping, found.derived, found.step) == ([], 1, 1, "none")
    assert len(found.added) == 2
    assert found.left_out == "Not listed: 1 derived statement and 1 statement of bookkeeping."


def test_a_term_of_the_ontology_is_a_record_of_its_own(old: Release, new: Release) -> None:
    ontology = f"<{TG[:-1]}> a owl:Ontology ; owl:versionInfo "
    old.add("severity", f'{ontology} "1.0.0" . tg:gone a owl:Class .')
    new.add("severity", f'{ontology} "1.0.1" .')
    found = diff(old, new)
    assert only(found, "vanished").record.iri == f"{TG}gone"
    assert (found.old.version, found.new.version) == ("1.0.0", "1.0.1")


# Sources.


def test_the_order_of_statements_and_files_and_the_format_make_no_difference(old: Release, tmp_path: Path) -> None:
    lines = sorted(f"{t} .\n" for t in read_state(old.folder).triples)
    backwards = tmp_path / "backwards.nt.gz"
    backwards.write_bytes(gzip.compress("".join(reversed(lines)).encode()))
    quads = tmp_path / "quads.nq"
    half = len(lines) // 2
    quads.write_text("".join(lines[:half] + [line.replace(" .\n", " <urn:g> .\n") for line in lines[half - 9 :]]))
    trig = tmp_path / "some.trig"
    trig.write_text("<urn:g> {\n" + "".join(lines) + "}\n")
    for path in (backwards, quads, trig):
        assert compare(read_state(old.folder), read_state(path)).to_dict()["statements"]["added"] == 0
        assert not compare(read_state(path), read_state(old.folder)).added


def test_a_change_list_does_not_depend_on_the_order_of_statements(old: Release, new: Release) -> None:
    new.add("drift", MAPPING)
    new.add("leak", LINK)
    new.file("misalignment").unlink()
    state, other = read_state(old.folder), read_state(new.folder)
    again = [State(s.name, sorted(s.triples, key=str, reverse=True)) for s in (state, other)]
    for form in ("text", "markdown", "html", "json", "nquads-patch"):
        assert export(compare(state, other), form) == export(compare(*again), form)


def test_a_store_a_checkout_and_an_export_are_states(graph: ThreatGraph, tmp_path: Path) -> None:
    ThreatGraph.load(store=tmp_path / "store")
    (tmp_path / "export.nt").write_bytes(graph.export("ntriples"))
    bundled = read_state("bundled")
    for path in (tmp_path / "store", root(), tmp_path / "export.nt"):
        found = compare(read_state(path), bundled)
        assert (found.changes, found.step) == ([], "none")
    assert found.derived > 10_000  # those of the export


def test_the_python_api_compares_graphs_and_files(old: Release, new: Release) -> None:
    new.add("drift", MAPPING)
    before, after = (ThreatGraph.open(release.folder, bundled=False) for release in (old, new))
    expected = diff(old, new).to_dict()["changes"]
    assert before.diff(after).to_dict()["changes"] == before.diff(new.folder).to_dict()["changes"] == expected


def test_blank_nodes_of_a_copy_are_equal(old: Release, tmp_path: Path) -> None:
    old.add("drift", f"<{DRIFT}> tg:measure [ skos:prefLabel 'Test'@en ] .")
    shutil.copytree(old.folder, tmp_path / "copy")
    assert not compare(read_state(old.folder), read_state(tmp_path / "copy")).added


def test_the_bundled_graph_is_compared_to_itself_in_seconds() -> None:
    began = time.perf_counter()
    status, out, _ = run("diff", "bundled", "bundled")
    assert (status, "none (no content changed)" in out) == (0, True)
    assert time.perf_counter() - began < 20  # 1.3 s on an idle machine


# Formats.


@pytest.fixture
def everything(old: Release, new: Release) -> ReleaseDiff:
    """Changes of many kinds, with texts that are markup in HTML and Markdown."""
    new.change("drift", r'skos:prefLabel "Goal Drift"@en', 'skos:prefLabel "<b>Drift</b> | *x* \\u202e\\n"@en')
    new.add("drift", MAPPING)
    new.add("leak", LINK)
    new.change("leak", r"tg:severity severity:\w+ ;", "tg:severity severity:low ;")
    new.file("misalignment").unlink()
    return diff(old, new)


def test_text_fits_the_terminal_and_has_all_changes(everything: ReleaseDiff) -> None:
    text = export(everything, "text", 80)
    assert max(map(len, text.splitlines())) <= 80
    assert "Proposed version step: major (1 record vanished without a tombstone)." in text
    assert "- 1 record relabeled\n" in text
    for category, number in everything.counts.items():
        assert (f"\n{CATEGORIES[category].title} ({number})\n" in text) == (number > 0)


def test_json_has_stable_keys(everything: ReleaseDiff) -> None:
    found = json.loads(export(everything, "json"))
    assert list(found) == ["old", "new", "step", "problems", "counts", "statements", "changes"]
    assert list(found["changes"]) == list(found["counts"]) == list(CATEGORIES)
    assert {name: len(changes) for name, changes in found["changes"].items()} == found["counts"]
    keys = ["action", "record", "kind", "part", "target", "statements", "details"]
    changes = [change for changes in found["changes"].values() for change in changes]
    assert all(list(change) == keys for change in changes)
    details = [detail for change in changes for detail in change["details"]]
    assert {tuple(detail) for detail in details} == {("property", "part", "removed", "added")}


class Reader(HTMLParser):
    """Reads the tags and texts of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_html_is_one_page_without_markup_of_the_data(everything: ReleaseDiff) -> None:
    reader = Reader()
    reader.feed(export(everything, "html"))
    assert not {"b", "script", "img"} & set(reader.tags)
    assert reader.tags.count("h2") == len([number for number in everything.counts.values() if number])
    text = "".join(reader.texts)
    assert "<b>Drift</b>" in text
    assert "\u202e" not in text
    assert "Proposed version step: major" in text


def test_markdown_has_a_table_for_each_category(everything: ReleaseDiff) -> None:
    text = export(everything, "markdown")
    assert "&lt;b&gt;Drift&lt;/b&gt; \\| \\*x\\*" in text
    assert text.count("| Record | Change | Property | Old | New |") == text.count("\n## ")
    assert "> Proposed version step: major" in text


def applied(patch: str, triples: Iterable[ox.Triple]) -> set[ox.Triple]:
    """The statements after a patch."""
    found = set(triples)
    for line in patch.split("\n"):
        if line and not line.startswith("#"):
            (quad,) = ox.parse(line[2:], format=ox.RdfFormat.N_TRIPLES)
            (found.remove if line[0] == "D" else found.add)(quad.triple)
    return found


def test_a_patch_turns_the_old_state_into_the_new_one(old: Release, new: Release, everything: ReleaseDiff) -> None:
    patch = export(everything, "nquads-patch")
    assert patch.startswith("# Proposed version step: major")
    assert applied(patch, read_state(old.folder).triples) == read_state(new.folder).triples
    # The same by rdflib, as its updates.
    graphs = [rdflib.Graph() for _ in range(2)]
    for graph, release in zip(graphs, (old, new), strict=True):
        for file in release.folder.iterdir():
            graph.parse(file)
    for line in patch.split("\n")[1:-1]:
        (triple,) = rdflib.Graph().parse(data=line[2:], format="nt")
        (graphs[0].remove if line.startswith("D ") else graphs[0].add)(triple)
    assert set(graphs[0]) == set(graphs[1])


TERMS = st.sampled_from(
    [ox.Literal(text, language=tag) for text in ("a\u2028b", 'q"\\\n\r\x01', "é") for tag in ("en", "fr-be")]
    + [ox.Literal(text, datatype=ox.NamedNode(PREFIXES["xsd"] + "integer")) for text in ("1", "01")]
    + [ox.NamedNode(iri) for iri in (DRIFT, LEAK, f"{BASE}severity/low", f"{DRIFT}#part")]
)
TRIPLES = st.builds(
    ox.Triple,
    st.sampled_from([ox.NamedNode(iri) for iri in (DRIFT, LEAK, f"{DRIFT}#part", "urn:x", f"{BASE}pattern/new")]),
    st.sampled_from(
        [
            ox.NamedNode(PREFIXES[prefix] + name)
            for prefix, name in (
                *(("skos", "prefLabel"), ("skos", "notation"), ("tg", "severity"), ("tg", "mapping")),
                *(("dcterms", "modified"), ("owl", "deprecated"), ("tg", "measure")),
            )
        ]
    ),
    TERMS,
)


@pytest.fixture(scope="module")
def base() -> State:
    paths = [root() / path for path in FILES.values()]
    return State("old", (q.triple for path in paths for q in ox.parse(path=str(path), format=ox.RdfFormat.TURTLE)))


@settings(max_examples=40)
@given(data=st.data(), more=st.sets(TRIPLES, max_size=8))
def test_for_any_change_the_patch_gives_the_new_state(base: State, data: st.DataObject, more: set[ox.Triple]) -> None:
    listed = sorted(base.triples, key=str)
    gone = data.draw(st.sets(st.sampled_from(listed), max_size=8))
    later = State("new", (base.triples - gone) | more)
    found = compare(base, later)
    assert applied(export(found, "nquads-patch"), base.triples) == later.triples
    content = len(found.removed) + len(found.added) - found.derived - found.bookkeeping
    assert bool(found.changes) == (content > 0)
    assert (found.step == "none") == (content == 0)
    assert json.loads(export(found, "json"))["step"] == found.step
    export(found, "text", 80)


# The gate.


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (lambda new: None, 0),
        (lambda new: new.add("drift", MAPPING), 0),
        (lambda new: new.file("drift").unlink(), 2),
    ],
    ids=["equal", "minor", "vanished"],
)
def test_the_gate_fails_for_broken_promises_only(
    old: Release, new: Release, change: Callable[[Release], None], status: int
) -> None:
    change(new)
    found, out, err = run("diff", str(old.folder), str(new.folder), "--gate")
    assert (found, "Proposed version step" in out) == (status, True)
    assert err == ("gate: 1 record vanished without a tombstone\n" if status else "")
    assert run("diff", str(old.folder), str(new.folder))[0] == 0


def test_records_of_others_do_not_count_for_the_gate(old: Release, new: Release) -> None:
    old.add("drift", '<https://example.org/x> a tg:ThreatPattern ; skos:notation "X-1" .')
    found = diff(old, new)
    assert (only(found, "vanished").record.iri, found.problems) == ("https://example.org/x", [])
    assert found.step == "minor"


# Bad input.


def test_bad_input_is_one_line_that_names_the_file(old: Release, tmp_path: Path) -> None:
    foreign, broken, empty = (tmp_path / name for name in ("foreign.ttl", "broken.ttl", "empty"))
    foreign.write_text("<urn:a> <urn:b> <urn:c> .")
    broken.write_text("<urn:a> <urn:b>")
    empty.mkdir()
    good = str(old.folder)
    for path, reason in {
        foreign: "no record of threatgraph",
        broken: "does not parse",
        empty: "no RDF file found",
        tmp_path / "missing.nt": "no such file or folder",
        Path(__file__): "not a known RDF file extension",
    }.items():
        for words in ((str(path), good), (good, str(path))):
            message = fails("diff", *words)
            assert str(path) in message
            assert reason in message
            assert message.count("\n") == 1


def test_options_on_the_source_are_refused(old: Release) -> None:
    folder = str(old.folder)
    for words in (("--data", folder), ("--store", folder), ("--no-bundled",), ("--endpoint", "http://localhost:9/")):
        assert "cannot be used with diff" in fails("diff", folder, folder, *words)


def test_an_unknown_format_is_refused(base: State) -> None:
    with pytest.raises(UnknownName, match="did you mean 'markdown'"):
        export(compare(base, base), "markdwn")
    with pytest.raises(InvalidFile, match="x: no record of threatgraph"):
        State("x", [])


def test_the_output_goes_to_a_file(old: Release, tmp_path: Path) -> None:
    path = tmp_path / "changes.html"
    assert run("diff", str(old.folder), str(old.folder), "--format", "html", "-o", str(path)) == (0, "", "")
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_the_shell_completes_bundled_and_files() -> None:
    assert run("complete", "--", "diff", "b") == (0, "bundled\tthe bundled graph\n:files\n", "")
    assert "nquads-patch\n" in run("complete", "--", "diff", "bundled", "x", "--format", "")[1]
