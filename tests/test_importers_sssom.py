"""SSSOM import: metadata in YAML 1.2, above the table or in a separate file, and cells as in the standard."""

from __future__ import annotations

import csv
import gzip
import io
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from importer_samples import BY_HAND, HEAD, bundled, check, import_file, mappings, names, statements
from threatgraph import ThreatGraph
from threatgraph.cli import main
from threatgraph.errors import InvalidFile
from threatgraph.importers.builder import ImportResult
from threatgraph.importers.formats.sssom import read
from threatgraph.importers.formats.sssom_metadata import read_parts, split_values
from threatgraph.importers.writing import as_turtle
from threatgraph.store import MemoryStore

ROW = ["foo:a", "A", "skos:closeMatch", "foo:b", "B", BY_HAND]
TABLE = "subject_id\tpredicate_id\tobject_id\tmapping_justification\nfoo:a\tskos:closeMatch\tfoo:b\t" + BY_HAND + "\n"
SET = "https://maps.example/foo.sssom.tsv"
LINES = ["curie_map:", "  foo: https://foo.example/risks#", f"mapping_set_id: {SET}"]


def write(file: Path, *lines: str, table: str = TABLE) -> Path:
    file.write_text("".join(f"{line}\n" for line in lines) + table, encoding="utf-8", newline="")
    return file


def values(found: ImportResult, kind: str, prop: str) -> list[str]:
    """All values of a property of the records of a kind."""
    stated = (statements(found, f"{kind}/{name}") for name in sorted(names(found, kind)))
    return [value for pairs in stated for name, value in sorted(pairs) if name == prop]


def brought(found: ImportResult) -> tuple[set[str], list[str]]:
    """The entries that were imported, and what was said of the rest."""
    return names(found, "provision"), [problem.reason for problem in found.problems]


# The metadata block.

SAME = {
    "no space": [f"#{line}" for line in LINES],
    "one space": [f"# {line}" for line in LINES],
    "three spaces": [f"#   {line}" for line in LINES],
    "flow": ["#curie_map: {foo: 'https://foo.example/risks#'}", f"#mapping_set_id: {SET}"],
    "flow in JSON": ['#{"curie_map":{"foo":"https://foo.example/risks#"},', f'#"mapping_set_id":"{SET}"}}'],
    "flow over lines": ["#curie_map: {", "#  foo: https://foo.example/risks#,", "#  }", f"#mapping_set_id: {SET}"],
    "quotes": ['#"curie_map":', "#  'foo': \"https://foo.example/risks\\u0023\"", f"#mapping_set_id: '{SET}'"],
    "comments": [
        "## made by hand",
        "#curie_map: # all",
        "#  foo: https://foo.example/risks#",
        f"#mapping_set_id: {SET} # x",
    ],
    "folded": [
        *(f"#{line}" for line in LINES[:2]),
        "#comment: >-",
        "#  two",
        "#  lines",
        "#mapping_set_id: >-",
        f"#  {SET}",
    ],
    "more to read": [
        *(f"#{line}" for line in LINES),
        "#creator_id:",
        "#- orcid:0000-0000-0000-0000",
        "#mapping_set_version: 1.10",
        "#ext_unknown: [1, {a: b}]",
    ],
    "empty lines": ["#", *(f"#{line}" for line in LINES), "#"],
    "blank line between": [*(f"#{line}" for line in LINES[:2]), "", f"#mapping_set_id: {SET}"],
    "spaces at the ends": [f"#{line}  \t" for line in LINES],
    "prefixes of the standard": [
        *(f"#{line}" for line in LINES[:2]),
        "#  skos: http://www.w3.org/2004/02/skos/core#",
        "#  semapv: https://w3id.org/semapv/vocab/",
        f"#mapping_set_id: {SET}",
    ],
}


@pytest.mark.parametrize("layout", SAME)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_metadata_is_the_same_in_every_layout_of_yaml(layout: str, end: str, mark: str, tmp_path: Path) -> None:
    text = mark + end.join([*SAME[layout], *TABLE.splitlines(), ""])
    file = tmp_path / "m.tsv"
    file.write_text(text, encoding="utf-8", newline="")
    found = read(file, bundled())  # the other tests also validate what is read
    assert brought(found) == ({"foo/a", "foo/b"}, [])
    assert ("skos:exactMatch", "https://foo.example/risks#a") in statements(found, "provision/foo/a")
    (name,) = names(found, "mapping-set")
    assert ("dcterms:source", SET) in statements(found, f"mapping-set/{name}")


def test_invalid_metadata_is_rejected_with_its_position(tmp_path: Path) -> None:
    for lines, message in (
        (["#curie_map: {foo: 'x'"], ":2:2: is not valid YAML: did not find expected"),
        (["#a: 1", "#a: 2"], ":2:2: is not valid YAML: duplicate key 'a', first on line 1: keep one."),
        (["# a free remark", "# mapping_set_id: https://x.example/"], ":2:"),
        (["#curie_map:", "#  foo: https://a.example/", "#  foo: https://b.example/"], ":3:4: "),
        (["#mapping_set_id: x", "#curie_map: none"], ": curie_map must be a mapping of prefixes to IRIs, such as"),
        (["#curie_map:", "#  foo: bar"], ":2: prefix 'foo' in curie_map must map to an absolute IRI, not 'bar'."),
        (["#curie_map:", "#  foo:"], ":2: prefix 'foo' in curie_map must map to an absolute IRI, not ''."),
        (["#curie_map:", "#  skos: https://x.example/"], ":2: prefix 'skos' in curie_map must map to <http://"),
        (["#mapping_set_id: x.tsv"], ": mapping_set_id must be an absolute IRI, not 'x.tsv'."),
        (["#sssom_version: 2.0", *(f"#{line}" for line in LINES)], ": uses SSSOM version '2.0', but only"),
        (["#- a list"], ": must contain a mapping, such as `key: value`, at the top level."),
    ):
        file = write(tmp_path / "m.tsv", *lines)
        with pytest.raises(InvalidFile) as caught:
            import_file("sssom", file)
        assert str(caught.value).startswith(f"{file}{message}"), lines


@pytest.mark.parametrize(
    ("table", "beside"),
    [
        *(("m.sssom.tsv", name) for name in ("m.sssom.yml", "m.sssom.yaml", "m.yml", "m.yaml", "m-meta.yml")),
        *(("m.tsv", name) for name in ("m.sssom.yml", "m.yaml", "m-meta.yaml")),
        ("m.sssom.tsv.gz", "m.sssom.yml"),
        ("m.sssom.csv", "m.sssom.yml"),
    ],
)
def test_metadata_may_be_in_a_separate_file(table: str, beside: str, tmp_path: Path) -> None:
    write(tmp_path / beside, *LINES, table="")
    content = (TABLE.replace("\t", ",") if ".csv" in table else TABLE).encode()
    (tmp_path / table).write_bytes(gzip.compress(content) if table.endswith(".gz") else content)
    found = import_file("sssom", tmp_path / table)
    assert brought(found) == ({"foo/a", "foo/b"}, [])
    (name,) = names(found, "mapping-set")
    assert ("dcterms:source", SET) in statements(found, f"mapping-set/{name}")


def test_a_separate_metadata_file_completes_the_header_and_is_read_only_if_needed(tmp_path: Path) -> None:
    write(tmp_path / "m.sssom.yml", *LINES, "license: https://terms.example/", table="")
    file = write(tmp_path / "m.sssom.tsv", "#mapping_set_id: https://maps.example/own.tsv")
    found = import_file("sssom", file)
    (name,) = names(found, "mapping-set")
    assert {
        ("dcterms:source", "https://maps.example/own.tsv"),
        ("dcterms:license", "https://terms.example/"),
    } <= statements(found, f"mapping-set/{name}")
    write(tmp_path / "m.sssom.yml", "no: [mapping", table="")
    assert brought(import_file("sssom", write(file, *(f"#{line}" for line in LINES)))) == ({"foo/a", "foo/b"}, [])
    with pytest.raises(InvalidFile, match=r"m\.sssom\.yml:2:1: is not valid YAML"):
        import_file("sssom", write(file))
    (tmp_path / "m.sssom.yml").unlink()
    with pytest.raises(InvalidFile, match=r"or put the metadata into m\.sssom\.yml"):
        import_file("sssom", file)


def test_files_saved_by_a_spreadsheet_are_read(tmp_path: Path) -> None:
    lines = [["#curie_map:"], ["#  foo: https://foo.example/risks#"], [f"#mapping_set_id: {SET}"], ["#comment: a, b"]]
    for name, delimiter in (("m.sssom.csv", ","), ("m.sssom.tsv", "\t")):
        text = io.StringIO()
        rows = [*lines, *(line.split("\t") for line in TABLE.splitlines())]
        csv.writer(text, delimiter=delimiter).writerows([*row, *[""] * (4 - len(row))] for row in rows)
        (tmp_path / name).write_text(text.getvalue(), encoding="utf-8", newline="")
        assert brought(import_file("sssom", tmp_path / name)) == ({"foo/a", "foo/b"}, []), name
    assert brought(import_file("sssom", tmp_path))[1] == [
        "duplicate of the mapping on line 6 of " + f"{tmp_path / 'm.sssom.csv'}; left out."
    ]


# The table.


def test_confidences_are_doubles_from_0_to_1(tmp_path: Path) -> None:
    """The lexical space of xsd:double, section 3.3.5.2 of XML Schema 1.1 part 2; values by hand."""
    good = {
        "9.5e-05": "0.000095", "1e0": "1", "1E0": "1", "+0.5": "0.5", "1.0": "1.0", "0": "0", "1": "1", ".5": "0.5",
        "1.": "1", "0.95": "0.95", "5e-1": "0.5", "-0.0": "0", "0050e-2": "0.5", "1e-400": "0", "0.250": "0.250",
        "1.0000000000000001": "1.0",
    }  # fmt: skip
    bad = [
        *(
            "0,9",
            "NaN",
            "INF",
            "-INF",
            "inf",
            "-0.1",
            "1.5",
            "1.0000001",
            "1e1",
            "0_5",
            "0x1",
            "90%",
            "0.5f",
            "1e",
            "high",
        ),
        *("\u0661", "1e999999999", "."),
    ]
    rows = [[f"foo:{n}", "", *ROW[2:], "", text] for n, text in enumerate([*good, *bad])]
    found = import_file("sssom", mappings(tmp_path / "m.tsv", *rows))
    (name,) = names(found, "mapping-set")
    for n, (text, value) in enumerate(good.items()):
        stated = dict(statements(found, f"mapping-set/{name}", f"{n}-to-b"))["sssom:confidence"]
        assert stated.endswith("^decimal")
        assert "e" not in stated.removesuffix("^decimal").lower()
        assert Decimal(stated.removesuffix("^decimal")) == Decimal(value), text
    first = HEAD.count("\n") + 2 + len(good)
    assert [(problem.line, problem.reason) for problem in found.problems] == [
        (first + n, f"confidence must be a number from 0 to 1, not {text!r}.") for n, text in enumerate(bad)
    ]


def test_cells_may_be_quoted_and_contain_tabs_quotes_and_line_ends(tmp_path: Path) -> None:
    rows = [
        ['"foo:a"', '"A ""quoted""\tlabel"', *ROW[2:], '"orcid:1|orcid:2"', "", '"Two\nlines"'],
        ["foo:c", 'A "bare" quote', *ROW[2:]],
    ]
    found = import_file("sssom", mappings(tmp_path / "m.tsv", *rows))
    assert brought(found) == ({"foo/a", "foo/b", "foo/c"}, [])
    assert ("skos:prefLabel", 'A "quoted" label@en') in statements(found, "provision/foo/a")
    assert ("skos:prefLabel", 'A "bare" quote@en') in statements(found, "provision/foo/c")
    (name,) = names(found, "mapping-set")
    part = statements(found, f"mapping-set/{name}", "a-to-b")
    assert ("skos:editorialNote", "Two lines@en") in part
    assert {value for prop, value in part if prop == "prov:wasAttributedTo"} == {
        "https://orcid.org/1",
        "https://orcid.org/2",
    }


def test_cells_with_several_values_are_split_as_in_the_standard() -> None:
    r"""Its own examples: Alice|Bob and Charlie; then Alice\Bob, Charlie\ and David\|Eve\."""
    assert split_values(r"Alice\|Bob|Charlie") == ["Alice|Bob", "Charlie"]
    assert split_values(r"Alice\\Bob|Charlie\\|David\\\|Eve\\") == ["Alice\\Bob", "Charlie\\", "David\\|Eve\\"]
    assert split_values(r"a\b | \c") == [r"a\b", r"\c"]
    assert split_values("") == split_values("|") == []


def test_rows_without_a_match_are_left_out(tmp_path: Path) -> None:
    full = "https://w3id.org/sssom/NoTermFound"
    rows = [
        ["sssom:NoTermFound", "", *ROW[2:]],
        [*ROW[:3], "sssom:NoTermFound", "", BY_HAND],
        ["sssom:NoTermFound", "", "skos:exactMatch", "sssom:NoTermFound", "", BY_HAND],
        [*ROW[:3], full, "", BY_HAND],
        [*ROW[:3], "sssom:NoMapping", "", BY_HAND],
        [*ROW, "", "", "", "Not"],
    ]
    file = mappings(tmp_path / "m.tsv", *rows)
    found = import_file("sssom", file)
    assert (found.is_empty(), found.records) == (True, {})
    first = HEAD.count("\n") + 2
    assert [problem.line for problem in found.problems] == list(range(first, first + len(rows)))
    assert all(problem.reason.endswith("; left out.") for problem in found.problems)
    table = TABLE.replace("_justification", "_justification\tmapping_cardinality").replace("Curation", "Curation\t1:0")
    assert brought(import_file("sssom", write(file, *(f"#{line}" for line in LINES), table=table))) == (
        set(),
        ["mapping_cardinality '1:0' means that nothing matches; left out."],
    )


def test_literals_are_left_out_by_the_row_or_by_the_set(tmp_path: Path) -> None:
    head = [f"#{line}" for line in LINES]
    columns = "subject_label\tpredicate_id\tobject_id\tmapping_justification\tsubject_type\n"
    row = f"alice\tskos:closeMatch\tfoo:b\t{BY_HAND}\t"
    reason = "the subject is a literal, 'alice', but a mapping requires an id; left out."
    file = tmp_path / "m.tsv"
    by_row = f"{columns}{row}rdfs literal\n{row}owl class\n"
    assert brought(import_file("sssom", write(file, *head, table=by_row))) == (
        set(),
        [reason, "subject_id is missing."],
    )
    by_set = f"{columns}{row}\n"
    assert brought(import_file("sssom", write(file, *head, "#subject_type: rdfs literal", table=by_set))) == (
        set(),
        [reason],
    )
    # A value of the set counts for no row where one row has a value of its own (section "Propagation").
    mixed = f"subject_id\t{columns}\talice\tskos:closeMatch\tfoo:b\t{BY_HAND}\trdfs literal\nfoo:a\t{row}\n"
    found = import_file("sssom", write(file, *head, "#subject_type: rdfs literal", table=mixed))
    assert brought(found) == ({"foo/a", "foo/b"}, [reason])


def test_entries_with_different_ids_stay_distinct_even_if_their_slugs_are_equal(tmp_path: Path) -> None:
    ids = ["a.1", "A-1", "a_1", "日本", "中国", "日本-1", "中国-1", "x" * 300 + "1", "x" * 300 + "2", "con", ".."]
    rows = [[f"foo:{name}", name, *ROW[2:]] for name in ids]
    found = import_file("sssom", mappings(tmp_path / "m.tsv", *rows))
    assert [problem.reason for problem in found.problems] == ["the id '..' must contain a letter or digit."]
    brought_in = names(found, "provision") - {"foo/b"}
    assert len(brought_in) == len(ids) - 1
    assert all(len(name) < 130 and name.isascii() for name in brought_in)
    assert set(values(found, "provision", "skos:notation")) == {f"{name}^string" for name in [*ids[:-1], "b"]}
    # The names hold when the file comes again beside what it gave.
    mine = tmp_path / "mine.ttl"
    mine.write_text(as_turtle(found), encoding="utf-8")
    head = HEAD.replace("foo.sssom", "again")
    again = import_file("sssom", mappings(tmp_path / "m.tsv", *rows, head=head), [mine])
    assert (names(again, "provision"), names(again, "framework")) == (set(), set())
    assert again.counts()["mappings"] == len(ids) - 1


def test_vocabularies_and_sets_with_similar_names_stay_distinct(tmp_path: Path) -> None:
    head = ["#curie_map:", *(f"#  {name}: https://{n}.example/" for n, name in enumerate(["A_B", "A.B", "日本"]))]
    table = (
        TABLE.splitlines()[0]
        + "\n"
        + "".join(
            f"{one}:1\tskos:closeMatch\t{other}:1\t{BY_HAND}\n" for one, other in (("A_B", "A.B"), ("日本", "A_B"))
        )
    )
    one = write(tmp_path / "one.tsv", *head, "#mapping_set_id: https://x.example/1/maps.tsv", table=table)
    found = import_file("sssom", one)
    assert brought(found)[1] == []
    assert len(names(found, "framework")) == len(names(found, "provision")) == 3
    assert set(values(found, "framework", "dcterms:source")) == {f"https://{n}.example/" for n in range(3)}
    write(tmp_path / "two.tsv", *head, "#mapping_set_id: https://x.example/2/maps.tsv", table=table)
    both = import_file("sssom", tmp_path)
    assert brought(both)[1] == []
    sources = values(both, "mapping-set", "dcterms:source")
    assert sorted(sources) == ["https://x.example/1/maps.tsv"] * 2 + ["https://x.example/2/maps.tsv"] * 2


def test_errors_for_unreadable_tables_state_what_to_do(tmp_path: Path) -> None:
    head = [f"#{line}" for line in LINES]
    for table, message in (
        (TABLE.replace("\t", ";"), ":4: cells are separated by semicolons: save the table with tabs."),
        (TABLE.replace("predicate_id", "object_id", 1), ":4: the column is missing: 'predicate_id'."),
        (TABLE.replace("predicate_id", "predicate_id\tobject_id", 1), ":4: duplicate column 'object_id'"),
        (TABLE.replace("foo:a", '"foo:a'), ":5: cannot be read as a table: unexpected end of data"),
        (TABLE + "\0", ":6: contains a NUL byte: save it as UTF-8 text."),
        ("", ":4: the columns are missing: 'subject_id'"),
    ):
        file = write(tmp_path / "m.tsv", *head, table=table)
        with pytest.raises(InvalidFile) as caught:
            import_file("sssom", file)
        assert str(caught.value).startswith(f"{file}{message.removeprefix(':4') if not table else message}"), message
    file.write_bytes(("\n".join(head) + "\n" + TABLE).encode("utf-16"))
    with pytest.raises(InvalidFile, match=r"m\.tsv:1: is not UTF-8 \(byte 0xff\): save it as UTF-8\."):
        import_file("sssom", file)


def test_an_entry_has_the_first_label_that_a_row_gives_it(tmp_path: Path) -> None:
    rows = [["foo:a", "", *ROW[2:4], "", BY_HAND], ["foo:b", "Named later", *ROW[2:3], "foo:a", "A", BY_HAND], ROW]
    found = import_file("sssom", mappings(tmp_path / "m.tsv", *rows))
    assert values(found, "provision", "skos:prefLabel") == ["A@en", "Named later@en"]


def test_values_left_out_of_sets_and_mappings_are_reported(tmp_path: Path) -> None:
    lines = [*(f"#{line}" for line in LINES), "#license: CC BY 4.0", "#mapping_date: May 2031"]
    table = TABLE.replace("_justification", "_justification\tauthor_id\tmapping_source", 1)
    file = write(tmp_path / "m.tsv", *lines, table=table.replace(f"{BY_HAND}\n", f"{BY_HAND}\torcid:1|me:2\tnone\n"))
    found = import_file("sssom", file)
    assert [str(problem).removeprefix(str(file)) for problem in found.problems] == [
        ": license is not an absolute IRI: 'CC BY 4.0'; left out.",
        ": mapping_date is not a date such as 2024-08-01: 'May 2031'; left out.",
        ":7: mapping_source 'none' is not a CURIE with a declared prefix; left out.",
        ":7: author_id 'me:2' is not a CURIE with a declared prefix; left out.",
    ]
    assert found.counts()["mapping"] == 1


def test_reasons_are_reported_if_nothing_was_imported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = mappings(tmp_path / "m.tsv", [*ROW, "", "", "", "Not"])
    assert main(["import", "sssom", str(file), "-o", str(tmp_path / "out.ttl")]) == 2
    reason = "predicate_modifier 'Not' is a negative mapping; left out."
    assert capsys.readouterr().err.splitlines() == [
        f"{file}:10: {reason}",
        f"threatgraph: error: {file}: no record could be imported; 1 problem left out.",
    ]
    assert not (tmp_path / "out.ttl").exists()


# There and back.

LETTERS = st.characters(exclude_categories=["Cs", "Cc", "Cf", "Cn"])
CELLS = st.text(LETTERS | st.sampled_from('\t\n"|\\,;#'), max_size=12)


@given(stated=st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=5))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_metadata_written_by_the_standard_is_read_unchanged(
    stated: list[tuple[str, str, str]], graph: ThreatGraph, tmp_path: Path
) -> None:
    def quoted(cell: str) -> str:
        return '"' + cell.replace('"', '""') + '"' if any(mark in cell for mark in '\t\r\n"') else cell

    rows = [[f"foo:{n}", one, *ROW[2:4], other, BY_HAND, "", "", note] for n, (one, other, note) in enumerate(stated)]
    file = mappings(tmp_path / "m.tsv", *([quoted(cell) for cell in row] for row in rows))
    found = read(file, graph.store)
    assert found.problems == []
    (name,) = names(found, "mapping-set")
    for n, cells in enumerate(stated):
        label, other, note = (" ".join(text.split()) for text in cells)
        assert ("skos:prefLabel", f"{label or n}@en") in statements(found, f"provision/foo/{n}")
        part = dict(statements(found, f"mapping-set/{name}", f"{n}-to-b"))
        assert part.get("tg:sourceLabel", "@en") == f"{other}@en"
        assert part.get("skos:editorialNote", "@en") == f"{note}@en"


def test_an_sssom_export_can_be_imported_but_for_negated_mappings_and_incidents(
    graph: ThreatGraph, tmp_path: Path
) -> None:
    file = tmp_path / "ours.sssom.tsv"
    file.write_bytes(graph.export("sssom"))
    metadata, table = read_parts(file)
    rows = list(csv.DictReader(io.StringIO(table.text, newline=""), delimiter="\t"))
    assert len(rows) > 900
    found = import_file("sssom", file)
    incidents = [row for row in rows if row["subject_id"].startswith("incident:")]
    negated = [row for row in rows if row["predicate_modifier"]]
    *reported, last = [problem.reason for problem in found.problems]
    assert len(reported) == len(negated) > 0
    assert all("is a negative mapping; left out" in reason for reason in reported)
    assert last.startswith("incident:")
    assert f"with {len(incidents) - 1} other mappings" in last
    rows = [row for row in rows if row not in incidents and row not in negated]
    assert (names(found, "framework"), names(found, "provision")) == (set(), set())
    check(found, tmp_path)

    def full(row: dict[str, str], *slots: str) -> tuple[str, ...]:
        return tuple(str(metadata.expand(row[slot])) for slot in slots)

    names_of = ("subject_id", "predicate_id", "object_id", "mapping_justification")
    wanted = sorted((*full(row, *names_of), row["confidence"], row["object_label"], row["comment"]) for row in rows)
    store = MemoryStore.open([tmp_path / "brought.ttl"], bundled=False)
    back = store.select(
        """SELECT ?m ?s ?p ?o ?j ?c (SAMPLE(?label) AS ?l) (SAMPLE(?note) AS ?n) {
          ?set tg:crosswalkMapping ?m . ?m a tg:CrosswalkMapping ; sssom:subject_id ?s ; sssom:predicate_id ?p ;
            sssom:object_id ?o ; sssom:mapping_justification ?j .
          OPTIONAL { ?m sssom:confidence ?c } OPTIONAL { ?m tg:sourceLabel ?label }
          OPTIONAL { ?m skos:editorialNote ?note } } GROUP BY ?m ?s ?p ?o ?j ?c"""
    ).rows
    stated = sorted(
        tuple("" if cell is None else str(getattr(cell, "value", cell)) for cell in row[1:]) for row in back
    )
    assert stated == wanted
    titles = {str(row["subject_id"]): row["subject_label"] for row in rows}
    labels = "SELECT ?s (SAMPLE(?l) AS ?label) { ?s skos:prefLabel ?l FILTER(LANGMATCHES(LANG(?l), 'en')) } GROUP BY ?s"
    known = {str(row["s"]): str(row["label"]) for row in graph.store.select(labels).to_dicts()}
    assert {known[str(metadata.expand(name))] for name in titles} == set(titles.values())
