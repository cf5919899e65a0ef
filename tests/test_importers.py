"""Importers: handling of problems, shared modules, and the command."""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import astuple
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse

from command_line import run, start
from importer_samples import (
    ATLAS,
    BY_HAND,
    HEAD,
    INCIDENTS,
    NEXUS,
    RISKS,
    TITLES,
    bundled,
    import_file,
    incident,
    names,
    risk,
    statements,
    stix,
    table,
    uuid,
    write_sheet,
    write_snapshot,
)
from threatgraph import ThreatGraph
from threatgraph.cli import main
from threatgraph.errors import InvalidFile, ThreatGraphError, UnknownName
from threatgraph.importers import FORMATS
from threatgraph.importers.builder import ImportResult, RecordBuilder, address, day, english, record, tidy
from threatgraph.importers.casing import NameCasing
from threatgraph.importers.sheets import rows_of
from threatgraph.importers.validation import reject_invalid
from threatgraph.importers.writing import as_turtle, write_folder
from threatgraph.vocab import BASE, PREFIXES


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A snapshot of the AI Incident Database."""
    return write_snapshot(tmp_path_factory.mktemp("snapshot"))


@pytest.fixture(scope="module")
def sheet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sheet of the AI Risk Database."""
    return write_sheet(tmp_path_factory.mktemp("sheets"))


def _write(content: bytes, name: str = "incidents.csv") -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return write


HEADER = ",".join(INCIDENTS).encode()


BROKEN: dict[str, tuple[Callable[[Path], Path], str]] = {
    "not there": (lambda folder: folder / "nothing.csv", "nothing.csv: no such file or folder."),
    "empty folder": (lambda folder: folder, "has no incidents.csv: give the folder of an extracted snapshot."),
    "empty file": (_write(b" \n"), "incidents.csv: is empty."),
    "no header": (_write(b"a,b\n1,2\n"), "incidents.csv:1: the columns are missing: 'incident_id', 'date', 'title'"),
    "one column less": (
        _write(HEADER.replace(b",date", b",Date")),
        "incidents.csv:1: the column is missing: 'date'.",
    ),
    "not UTF-8": (_write(HEADER + b"\nx,1,2031,\xff"), "incidents.csv:2: is not UTF-8 (byte 0xff): save it as UTF-8."),
    "UTF-16": (
        _write(HEADER.decode().encode("utf-16")),
        "incidents.csv:1: is not UTF-8 (byte 0xff): save it as UTF-8.",
    ),
    "UTF-16 without a mark": (
        _write(HEADER.decode().encode("utf-16-le")),
        "incidents.csv:1: contains a NUL byte: save it as UTF-8 text.",
    ),
    "NUL": (_write(HEADER + b"\nx,1,2031,\0"), "incidents.csv:2: contains a NUL byte: save it as UTF-8 text."),
    "semicolons": (
        _write(HEADER.replace(b",", b";") + b"\n1;2;3"),
        "incidents.csv:1: cells are separated by semicolons: save the table with commas.",
    ),
    "tabs": (
        _write(HEADER.replace(b",", b"\t")),
        "incidents.csv:1: cells are separated by tabs: save the table with commas.",
    ),
    "a column twice": (
        _write(HEADER.replace(b"title", b"date") + b",title"),
        "incidents.csv:1: duplicate column 'date': keep one.",
    ),
    "huge cell": (
        _write(HEADER + b"\n\nx," + b"9" * 200_000),
        "incidents.csv:3: cannot be read as a table: the cell is longer than 131072 characters.",
    ),
    "open quote": (
        _write(HEADER + b'\nx,1,2031,"never closed'),
        "incidents.csv:2: cannot be read as a table: unexpected end of data. "
        "Check for a truncated file or an unbalanced quote.",
    ),
    "cut off gzip": (
        _write(gzip.compress(os.urandom(5000))[:3000], "incidents.csv.gz"),
        "incidents.csv.gz: cannot be decompressed (",
    ),
    "no gzip": (_write(HEADER, "incidents.csv.gz"), "incidents.csv.gz: cannot be decompressed ("),
    "broken inside": (
        _write(gzip.compress(HEADER)[:12] + b"\xff" * 40, "incidents.csv.gz"),
        "incidents.csv.gz: cannot be decompressed (",
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_an_unreadable_file_is_an_error_with_its_position(what: str, tmp_path: Path) -> None:
    write, message = BROKEN[what]
    with pytest.raises(InvalidFile) as caught:
        import_file("aiid", write(tmp_path))
    assert message in str(caught.value)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("threatgraph.importers.sheets.LARGEST", 2**20)
    bomb = _write(gzip.compress(b"0" * (2**20 + 1)), "incidents.csv.gz")(tmp_path)
    with pytest.raises(InvalidFile, match="is larger than 1 MiB"):
        import_file("aiid", bomb)


def test_a_record_that_violates_a_shape_is_left_out_and_reported(tmp_path: Path) -> None:
    mine = tmp_path / "mine.ttl"
    mine.write_text(
        f"""@prefix tg: <{BASE}ontology#> .
        @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
        @prefix dcterms: <http://purl.org/dc/terms/> .
        <{BASE}incident/aiid-2> a tg:Incident ; skos:prefLabel "Mine already"@en ;
          dcterms:description "Invented."@en ; dcterms:source <https://x.example/> ;
          tg:curationStatus <{BASE}curation-status/as-in-source> .
        """,
        encoding="utf-8",
    )
    rows = [incident(1, developer=["somebody"]), incident(2, developer=["somebody-else"])]
    file = table(tmp_path / "incidents.csv", INCIDENTS, rows)
    found = import_file("aiid", file, [mine])
    assert names(found, "incident") == {"aiid-1"}
    assert names(found, "actor") == {"aiid-somebody"}, "an actor that no incident is left to name has no place"
    message = f"{mine} also defines this record. Keep the record in one file, or rename one of the two."
    assert [str(problem) for problem in found.problems] == [f"{file}:3: incident:aiid-2: {message}"]


def test_imported_iris_do_not_conflict_with_bundled_records(graph: ThreatGraph) -> None:
    bundled = {str(row["s"]) for row in graph.store.select("SELECT DISTINCT ?s { ?s a ?class }").to_dicts()}
    assert not [iri for iri in bundled if re.match(rf"{BASE}(incident|actor|framework|provision)/aiid-", iri)]
    assert not [iri for iri in bundled if "mit-ai-risk-database" in iri]


BOMB = "a: &a [1,1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{key}: &{key} [{','.join([f'*{before}'] * 10)}]\n" for before, key in zip("abcdefgh", "bcdefghi", strict=True)
)


TRICKS = {
    "aliases": (BOMB, "has more than 5000000 values after alias expansion."),
    "circle": ("a: &a [*a]", "contains a value that includes itself."),
    "depth": ("a: " + "[" * 200_000 + "]" * 200_000, ":1: is nested too deeply."),
    "dashes": ("b: 1\na:\n" + "- " * 200_000, ":3: is nested too deeply."),
    "keys": ("b: 1\na: " + "{a: " * 200_000 + "}" * 200_000, ":2: is nested too deeply."),
    "steps": ("\n".join(" " * depth + "a:" for depth in range(500)), ":99: is nested too deeply."),
    "code": (
        "a: !!python/object/apply:os.getcwd []",
        ":1:4: is not valid YAML: the tag 'tag:yaml.org,2002:python/object/apply:os.getcwd' is not supported.",
    ),
    "syntax": ("a: 1\nb: ]", ":2:4: is not valid YAML: "),
    "list": ("- 1", "must contain a mapping, such as `key: value`, at the top level."),
    "control": ("b: 1\na: \x07", ":2:4: is not valid YAML: the character U+0007 is not allowed."),
}


@pytest.mark.parametrize("trick", TRICKS)
def test_malicious_yaml_is_rejected(trick: str, tmp_path: Path) -> None:
    text, message = TRICKS[trick]
    file = tmp_path / "data.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidFile) as caught:
        import_file("nexus", file)
    assert str(caught.value).startswith(f"{file}{message}" if message.startswith(":") else f"{file}: {message}")


def test_names_have_the_casing_of_the_texts() -> None:
    speller = NameCasing(["He said that the developers of the NHS work in Wales.", "There were developers in Wales."])
    assert speller.spell("open-ai", ["Open AI and OpenAI; open-ai; Open AI."]) == "Open AI"
    assert speller.spell("xai", ["It was xAI."]) == "xAI"
    assert speller.spell("nhs-developers-of-gwent", []) == "NHS developers of Gwent"
    assert speller.spell("developers", ["some developers"]) == "Developers"
    assert speller.spell("a.b*(c", ["a.b*(c"]) == "A.b*(c"
    assert speller.spell("---", []) == "---"


def test_texts_dates_and_addresses_are_made_safe() -> None:
    assert tidy(" a\x00\x08b\n\tc\ufffe ") == "ab c"
    assert tidy("\x9b31mr\u202eed\u2066 \u200b\ufeff\xadx\x85y") == "31mred x y"
    joined = "می\u200cخواهم \U0001f469\u200d\U0001f4bb"
    assert tidy(joined) == joined, "joiners are spelling"
    assert str(day("2031-12")) == '"2031-12"^^<http://www.w3.org/2001/XMLSchema#gYearMonth>'
    assert [day(text) for text in ("2031-13", "31-12-2031", "", "2031-02-29")] == [None] * 4
    assert address("https://x.example/a b<c>") == NamedNode("https://x.example/a%20b%3Cc%3E")
    assert address("https://x.example/[a]?b=100%&c=%20") == NamedNode("https://x.example/%5Ba%5D?b=100%25&c=%20")
    assert [address(text) for text in ("", "no address", "x:", "1a:b", "https://x:port/")] == [None] * 5


def test_the_line_of_a_row_is_its_first_line() -> None:
    found = ImportResult("Incident")
    rows = rows_of(Path("t.csv"), 'title\n\na,"x\ny"\nb,c\n', ["a"], found, first=10)
    assert [(row.line, row["a"]) for row in rows] == [(14, "b")]
    assert rows[0]["x\ny"] == "c"
    assert rows[0]["no such column"] == ""


DAMAGE = st.lists(
    st.tuples(
        st.floats(min_value=0, max_value=1, exclude_max=True),
        st.sampled_from([0, 1, 3, 20]),
        st.sampled_from(
            ["", '"', "\\ud800", ",", "\t", "\n", "\0", "[", "{", "}", ": ", "- ", "&a ", "*a", "%", "#", "9" * 5000]
        ),
    ),
    min_size=1,
    max_size=4,
)


def _samples() -> dict[str, tuple[str, str]]:
    """Format to the name and the text of a small file of it."""
    objects = [stix("incident", 2, name="y", external_references=[{"external_id": "T1", "url": "https://a.example/b"}])]
    row = "\t".join(["foo:a", "A", "skos:closeMatch", "foo:b", "B", BY_HAND, "orcid:1", "0.5", "c", ""])
    lines = io.StringIO()
    csv.writer(lines).writerows(
        [RISKS, risk("01.01.00", "Risk Category", "One"), risk("01.01.01", "Risk Sub-Category", "One")]
    )
    rows = io.StringIO()
    csv.writer(rows).writerows([INCIDENTS, incident(1, developer=["openai", "x"]), incident(2, harmed=["all"])])
    return {
        "aiid": ("incidents.csv", rows.getvalue()),
        "mit-risk-repository": ("risks.csv", lines.getvalue()),
        "sssom": ("a.tsv", HEAD + "\t".join(TITLES) + "\n" + row + "\n"),
        "nexus": ("data.yaml", NEXUS),
        "atlas": ("ATLAS.yaml", ATLAS.format(version="5.0.0")),
        "stix": ("b.json", json.dumps({"type": "bundle", "id": f"bundle--{uuid(0)}", "objects": objects})),
    }


@pytest.mark.parametrize("form", FORMATS)
@given(damage=DAMAGE)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_file_is_imported_or_rejected(
    form: str, damage: list[tuple[float, int, str]], graph: ThreatGraph, tmp_path: Path
) -> None:
    name, text = _samples()[form]
    for place, cut, put in damage:
        at = int(place * len(text))
        text = text[:at] + put + text[at + cut :]
    (tmp_path / name).write_text(text, encoding="utf-8")
    try:
        found = import_module(f"threatgraph.importers.formats.{FORMATS[form]}").read(tmp_path / name, graph.store)
    except ThreatGraphError:
        return
    list(parse(as_turtle(found), format=RdfFormat.TURTLE))


def test_the_command_knows_the_formats_of_the_library() -> None:
    with pytest.raises(UnknownName, match="did you mean 'aiid"):
        import_file("aid", Path("x"))


def violations_in(path: Path) -> set[str]:
    """The names of the shapes and checks that the records of a path violate."""
    results = json.loads(run("validate", str(path), "--format", "json")[1])["results"]
    return {result["rule"].partition("#")[2] for result in results if result["severity"] == "violation"}


def test_import_writes_what_the_other_commands_read(snapshot: Path, tmp_path: Path) -> None:
    out = tmp_path / "mine.ttl"
    status, output, reported = run("import", "aiid", str(snapshot), "-o", str(out))
    assert (status, output) == (0, "")
    counts = "3 incidents, 2 actors, 1 framework, 5 provisions, 8 mappings"
    assert re.fullmatch(f"imported {counts}, [0-9]+ predicted links?; 2 problems left out", reported.splitlines()[-1])
    assert violations_in(out) <= {"incident-date"}, "the dates of the sample are in the future"
    assert run("format", "--check", str(out))[:2] == (0, "")
    status, output, _ = run("--data", str(out), "run", "incidents-by-actor", "-p", "actor=openai", "--format", "csv")
    assert status == 0
    assert "Robot of Example Works tips over" in output


def test_a_folder_is_written_atomically(snapshot: Path, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    assert run("import", "aiid", str(snapshot), "-o", f"{folder}{os.sep}")[0] == 0
    files = {str(file.relative_to(folder)) for file in folder.rglob("*.ttl")}
    assert files == {
        *(f"incidents/aiid-{number}.ttl" for number in (9001, 9002, 9003)),
        *(f"actors/aiid-{name}.ttl" for name in ("example-works", "x-twitter")),
        "frameworks/aiid-gmf/framework.ttl",
        "frameworks/aiid-gmf/provisions.ttl",
        "publishers.ttl",
        "links.ttl",
    }
    assert violations_in(folder) <= {"incident-date"}, "the dates of the sample are in the future"
    assert run("format", "--check", str(folder))[:2] == (0, "")
    status, _, reported = run("import", "aiid", str(snapshot), "-o", str(folder))
    assert (status, reported.splitlines()[-1]) == (
        2,
        f"threatgraph: error: {folder} is not empty: choose a new folder.",
    )
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


def test_an_import_without_records_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = table(tmp_path / "incidents.csv", INCIDENTS, [incident("none"), incident("neither")])
    out = tmp_path / "out.ttl"
    assert main(["import", "aiid", str(file), "-o", str(out)]) == 2
    assert capsys.readouterr().err.splitlines() == [
        f"{file}:2: incident_id is not a number: 'none'.",
        f"{file}:3: incident_id is not a number: 'neither'.",
        f"threatgraph: error: {file}: no record could be imported; 2 problems left out.",
    ]
    assert not out.exists()
    assert main(["--no-bundled", "import", "aiid", str(file)]) == 2
    assert "--no-bundled cannot be used with import" in capsys.readouterr().err


def test_an_import_never_overwrites_its_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = table(tmp_path / "incidents.csv", INCIDENTS, [incident(1)])
    mine = tmp_path / "mine.ttl"
    mine.write_text("", encoding="utf-8")
    (tmp_path / "link.ttl").symlink_to(mine)
    before = file.read_bytes()
    for output in (file, mine, tmp_path / "link.ttl", tmp_path / ".." / tmp_path.name / "mine.ttl"):
        assert main(["--data", str(mine), "import", "aiid", str(file), "-o", str(output)]) == 2
        assert capsys.readouterr().err == (
            f"threatgraph: error: {output} is read by this import; write to another file.\n"
        )
    assert (file.read_bytes(), mine.read_bytes()) == (before, b"")


def test_an_existing_file_is_replaced_atomically(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.ttl"
    out.write_text("# old\n", encoding="utf-8")
    bad = table(tmp_path / "incidents.csv", INCIDENTS, [incident("none")])
    assert main(["import", "aiid", str(bad), "-o", str(out)]) == 2
    assert out.read_text(encoding="utf-8") == "# old\n"
    good = table(tmp_path / "incidents.csv", INCIDENTS, [incident(1)])
    if Path("/dev/full").exists():
        capsys.readouterr()
        assert main(["import", "aiid", str(good), "-o", "/dev/full"]) == 2
        assert capsys.readouterr().err.splitlines() == [
            "note: no pattern fits 1 of 1 incidents well enough for a predicted link.",
            "threatgraph: error: /dev/full: cannot be written (No space left on device); nothing was changed.",
        ]
    assert (
        main(["import", "aiid", str(table(tmp_path / "incidents.csv", INCIDENTS, [incident(1)])), "-o", str(out)]) == 0
    )
    assert "aiid-1" in out.read_text(encoding="utf-8")
    assert {path.name for path in tmp_path.iterdir()} == {"incidents.csv", "out.ttl"}


def test_a_killed_import_leaves_no_partial_file(tmp_path: Path) -> None:
    """The output is there whole or not at all, whenever the process ends."""
    file = table(tmp_path / "incidents.csv", INCIDENTS, [incident(number) for number in range(1, 400)])
    out = tmp_path / "out.ttl"
    command = [sys.executable, "-m", "threatgraph", "import", "aiid", str(file), "--no-links", "-o", str(out)]
    assert subprocess.run(command, check=False, capture_output=True).returncode == 0
    whole = out.read_bytes()
    for step in range(6):
        out.unlink(missing_ok=True)
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.4 * step + 0.2)
        process.kill()
        process.wait()
        assert not out.exists() or out.read_bytes() == whole


def test_imports_are_deterministic(snapshot: Path, sheet: Path) -> None:
    for form, path in (("aiid", snapshot), ("mit-risk-repository", sheet)):
        text = start("import", form, str(path), env={"PYTHONHASHSEED": "1"})[1]
        assert text == as_turtle(import_file(form, path, links_above=0.0)) != ""


def _incident_with_a_faulty_mapping() -> RecordBuilder:
    builder = RecordBuilder(f"{BASE}incident/aiid-1", "Incident", "a.csv", 7)
    builder.add("skos:prefLabel", english("One"))
    builder.add("dcterms:description", english("Invented."))
    builder.add("dcterms:source", address("https://a.example/1"))
    builder.add("tg:curationStatus", record("curation-status", "as-in-source"))
    builder.add("tg:deployer", record("actor", "aiid-x"))
    for name, why in (("mapping-good", english("It says why")), ("mapping-bad", None)):
        builder.add_part("tg:mapping", name, "FrameworkMapping")
        builder.add("sssom:object_id", NamedNode(f"{PREFIXES['mit']}7.3"), part=name)
        builder.add("sssom:predicate_id", NamedNode(f"{PREFIXES['skos']}broadMatch"), part=name)
        builder.add("sssom:mapping_justification", NamedNode(f"{PREFIXES['semapv']}UnspecifiedMatching"), part=name)
        builder.add("tg:curationStatus", record("curation-status", "as-in-source"), part=name)
        builder.add("tg:rationale", why, part=name)
    return builder


def _faulty() -> tuple[ImportResult, RecordBuilder]:
    """Records with a fault each, and the actor among them."""
    found = ImportResult("Incident", frozenset({"Actor"}))
    actor = RecordBuilder(f"{BASE}actor/aiid-x", "Actor", "a.csv", 7)
    actor.add("skos:prefLabel", english("X"))
    actor.add("tg:curationStatus", record("curation-status", "as-in-source"))
    found.add(actor)  # it has no source, which every actor needs
    found.add(_incident_with_a_faulty_mapping())
    other = RecordBuilder(f"{BASE}incident/aiid-2", "Incident", "a.csv", 8)
    other.add("skos:prefLabel", english("Two"))
    found.add(other)
    return found, actor


FAULTY_STATEMENTS: tuple[tuple[str, NamedNode | Literal], ...] = (
    (f"{PREFIXES['skos']}prefLabel", Literal("No class", language="en")),
    (f"{PREFIXES['rdf']}type", NamedNode(f"{PREFIXES['tg']}Acter")),
    (f"{PREFIXES['tg']}shwo", Literal("x", language="en")),
    (f"{PREFIXES['skos']}prefLabel", Literal("OpenAI", language="en")),
    (f"{PREFIXES['skos']}broader", NamedNode(f"{BASE}actor/nobody")),
    (f"{PREFIXES['tg']}curationStatus", NamedNode(f"{BASE}severity/high")),
)


def test_few_records_have_the_results_that_they_have_with_the_whole_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes = []
    for few in (500, 0):
        monkeypatch.setattr("threatgraph.importers.validation._FEW", few)
        found, _ = _faulty()
        for number, (prop, value) in enumerate(FAULTY_STATEMENTS):
            builder = RecordBuilder(f"{BASE}actor/aiid-{number}", "Actor", "a.csv", 20 + number)
            builder.triples[:] = builder.triples[: number > 0]  # the first one has no class
            builder.triples.append(Triple(NamedNode(builder.iri), NamedNode(prop), value))
            found.add(builder)
        reject_invalid(found, bundled())
        outcomes.append((as_turtle(found), sorted(found.problems), found.notes))
    assert outcomes[0] == outcomes[1]
    assert {line for _, line, _ in map(astuple, outcomes[0][1])} >= {7, 8, *range(20, 20 + len(FAULTY_STATEMENTS))}


def test_an_invalid_part_is_removed_alone_and_links_to_removed_records_are_removed() -> None:
    found, actor = _faulty()
    reject_invalid(found, bundled())
    assert names(found, "incident") == {"aiid-1"}
    assert names(found, "actor") == set()
    reported = {(problem.line, " ".join(problem.reason.split()[:2])) for problem in found.problems}
    assert reported >= {(7, "actor:aiid-x dcterms:source:"), (7, "incident:aiid-1#mapping-bad tg:rationale:")}
    assert {about for line, about in reported if line == 8 and about.startswith("incident:aiid-2 ")}
    lost = "incident:aiid-1: the link to actor:aiid-x is left out, since that record is invalid."
    assert (7, lost) in {(problem.line, problem.reason) for problem in found.problems}
    assert not any(name == "tg:deployer" for name, _ in statements(found, "incident/aiid-1"))
    actor.add("dcterms:source", address("https://a.example/x"))
    again = ImportResult("Incident", frozenset({"Actor"}))
    again.add(actor)
    again.add(_incident_with_a_faulty_mapping())
    reject_invalid(again, bundled())
    assert again.counts() == {"incident": 1, "actor": 1, "mapping": 1}
    mappings = {value for name, value in statements(again, "incident/aiid-1") if name == "tg:mapping"}
    assert mappings == {"incident:aiid-1#mapping-good"}
    assert statements(again, "incident/aiid-1", "mapping-bad") == set()


def test_a_failed_write_leaves_no_folder(snapshot: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = import_file("aiid", snapshot)
    written: list[Path] = []

    def fail_at_the_third(self: Path, data: str, **_: str) -> int:
        written.append(self)
        if len(written) == 3:
            raise OSError(28, "No space left on device")
        return self.write_bytes(data.encode())

    monkeypatch.setattr(Path, "write_text", fail_at_the_third)
    with pytest.raises(ThreatGraphError, match=r"cannot be written \(No space left on device\); nothing was changed"):
        write_folder(found, tmp_path / "new")
    assert len(written) == 3
    assert list(tmp_path.iterdir()) == []
