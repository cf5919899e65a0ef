"""Writing records: the canonical form of a file, and records to start from."""

from __future__ import annotations

import re
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import rdflib
from pyoxigraph import RdfFormat, parse
from rdflib.namespace import SH

from threatgraph import ThreatGraph, resources
from threatgraph.authoring import format_file, format_text, new_incident, new_pattern
from threatgraph.errors import InvalidFile, ThreatGraphError
from threatgraph.resources import ontology_dir
from threatgraph.saving import _umask, save
from threatgraph.vocab import BASE, KINDS, shorten, tg

LOOSE = """# Ours alone.
# Two lines.
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix x: <http://unused/> .

<https://w3id.org/threatgraph/pattern/b>
   skos:prefLabel "B # not a comment"@en ; a skos:Concept .
"""
TIGHT = """# Ours alone.
# Two lines.

@prefix pattern: <https://w3id.org/threatgraph/pattern/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .

pattern:b
    a skos:Concept ;
    skos:prefLabel "B # not a comment"@en ;
    .
"""


def test_a_file_is_brought_into_form_once(tmp_path: Path) -> None:
    path = tmp_path / "b.ttl"
    path.write_text(LOOSE)
    assert format_file(path, check=True)
    assert path.read_text() == LOOSE
    assert format_file(path)
    assert path.read_text() == TIGHT
    assert not format_file(path)


def test_one_more_statement_is_one_more_line(tmp_path: Path) -> None:
    path = tmp_path / "b.ttl"
    path.write_text(TIGHT.replace("    .\n", '    skos:altLabel "Bee"@en ;\n    .\n'))
    added = set(format_text(path).splitlines()) - set(TIGHT.splitlines())
    assert added == {'    skos:altLabel "Bee"@en ;'}


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        (TIGHT.replace("    .\n", "    # lost\n    .\n"), ":10:", "comment would be lost"),
        ("<urn:a> <urn:b> [ <urn:c> 1 ] .", ":", "blank nodes are not allowed"),
        ("<urn:a> <urn:b> .", ":1:", "does not parse"),
    ],
)
def test_what_has_no_canonical_form_is_left_alone(tmp_path: Path, text: str, place: str, reason: str) -> None:
    path = tmp_path / "x.ttl"
    path.write_text(text)
    with pytest.raises(InvalidFile, match=reason) as caught:
        format_file(path)
    assert f"{path}{place}" in str(caught.value)
    assert path.read_text() == text


def test_only_turtle_is_formatted(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match="only Turtle"):
        format_text(tmp_path / "x.nt")


# New records.

SALE = {"label": "A sale", "description": "Prompts were sold.", "source": "https://example.org/sale"}
THEFT = {
    "label": "Prompt theft & resale",
    "domain": f"{BASE}domain/security-cyber",
    "definition": "Prompts are stolen and sold.",
    "source": "https://example.org/report",
}


def uncommented(path: Path, values: dict[str, str]) -> None:
    """Complete lines of a template: for each property, in its first commented statement, the value."""
    text = path.read_text()
    for name, value in values.items():
        text, found = re.subn(rf"^#\? (\S+ {name}) .* \.$", rf"\1 {value} .", text, count=1, flags=re.MULTILINE)
        assert found, name
    path.write_text(text)


def test_a_new_pattern_and_incident_conform(graph: ThreatGraph, tmp_path: Path) -> None:
    pattern = new_pattern(graph.store, tmp_path, **THEFT, code="ORG-SEC-001")
    assert pattern.path.name == "prompt-theft-resale.ttl"
    patterns = [f"{BASE}pattern/prompt-theft-resale", f"{BASE}pattern/data-poisoning"]
    incident = new_incident(graph.store, tmp_path, **SALE, occurred="2026-03", patterns=patterns)
    opened = ThreatGraph.open([tmp_path])
    assert list(opened.validate([tmp_path])) == []
    rows = opened.run("pattern-incidents", pattern="ORG-SEC-001").to_dicts()
    assert [(row["occurred"], row["label"]) for row in rows] == [("2026-03", "A sale")]
    for path in (pattern.path, incident.path):
        assert not format_file(path, check=True)
        assert list(parse(path=str(path), format=RdfFormat.TURTLE))


@pytest.mark.parametrize("kind", ["pattern", "incident"])
def test_a_template_names_every_property_of_the_shapes(graph: ThreatGraph, tmp_path: Path, kind: str) -> None:
    """What the shapes of the class describe is stated, or there as a comment: read here by rdflib."""
    record = (
        new_pattern(graph.store, tmp_path, **THEFT)
        if kind == "pattern"
        else new_incident(graph.store, tmp_path, **SALE)
    )
    shapes = rdflib.Graph()
    for file in (ontology_dir() / "shapes").glob("*.ttl"):
        shapes.parse(file)
    of_class = shapes.subjects(SH.targetClass, rdflib.URIRef(tg(KINDS[kind].class_name)))
    properties = [shape for node in of_class for shape in shapes.objects(node, SH.property)]
    paths = {shorten(str(path)) for shape in properties for path in shapes.objects(shape, SH.path)}
    assert len(paths) > 20
    text = record.path.read_text()
    for path in paths:
        assert re.search(rf"^(    |#\? \S+ ){path} ", text, re.MULTILINE), path


def test_a_template_lists_the_allowed_values_in_order(graph: ThreatGraph, tmp_path: Path) -> None:
    text = new_incident(graph.store, tmp_path, **SALE).path.read_text().replace("\n#? ", " ")
    assert "One of: severity:low, severity:medium, severity:high, severity:critical. incident:" in text
    assert "`threatgraph list sector`" in text


def test_a_new_property_of_a_shape_appears_by_itself(
    graph: ThreatGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "root"
    shutil.copytree(ontology_dir(), root / "ontology")
    shutil.copytree(resources.queries_dir(), root / "queries")
    (root / "ontology" / "shapes" / "more.ttl").write_text(
        "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix tg: <https://w3id.org/threatgraph/ontology#> .\n"
        "<urn:s> a sh:NodeShape ; sh:targetClass tg:Incident ; sh:property [ sh:path tg:cost ; sh:minCount 1 ; "
        'sh:severity sh:Info ; sh:datatype <http://www.w3.org/2001/XMLSchema#integer> ; sh:message "Its cost."@en ] .'
    )
    monkeypatch.setattr(resources, "root", lambda: root)
    text = new_incident(graph.store, tmp_path, **SALE).path.read_text()
    assert "#? Expected: cost. Its cost.\n#? incident:a-sale tg:cost … .\n" in text


def test_a_completed_template_passes_all_checks_and_keeps_the_rest(graph: ThreatGraph, tmp_path: Path) -> None:
    folder = tmp_path / "2026"
    folder.mkdir()
    path = new_incident(
        graph.store, folder, **SALE, occurred="2026-03", patterns=[f"{BASE}pattern/data-poisoning"]
    ).path
    uncommented(
        path,
        {
            "tg:severity": "severity:low",
            "tg:incidentStatus": "incident-status:confirmed",
            "tg:evidenceLevel": "evidence-level:primary",
            "tg:failureStage": "failure-stage:harm",
            "tg:region": "region:europe",
            "tg:sector": "sector:finance",
            "tg:harmType": "harm-type:financial",
            "tg:listedGroup": "group:workers",
            "tg:causalFactor": "causal-factor:regulatory-gap",
            "tg:rationale": '"The prompts were taken from a poisoned data set."@en',
        },
    )
    assert format_file(path)
    text = path.read_text()
    body, _, rest = text.partition("\n#?")
    assert "    tg:severity severity:low ;\n" in body
    assert "severity:low" not in rest
    assert "Optional: outcome." in rest
    assert re.findall("Expected: (\\w+)", rest) == ["citation"]  # a part of several statements
    assert not format_file(path, check=True)
    assert list(ThreatGraph.open([path]).validate([path])) == []


def test_the_template_goes_when_its_last_statement_does(graph: ThreatGraph, tmp_path: Path) -> None:
    path = new_incident(graph.store, tmp_path, **SALE).path
    kept = [line for line in path.read_text().splitlines() if not (line.startswith("#?") and line.endswith(" ."))]
    path.write_text("\n".join(kept))
    assert format_file(path)
    text = path.read_text()
    assert "#" not in text.replace("ontology#", "").replace("XMLSchema#", "").replace("core#", "")
    assert "@prefix severity:" not in text


def test_a_statement_that_is_uncommented_but_not_completed_is_refused(graph: ThreatGraph, tmp_path: Path) -> None:
    path = new_incident(graph.store, tmp_path, **SALE).path
    path.write_text(re.sub(r"^#\? (\S+ tg:severity )", r"\1", path.read_text(), flags=re.MULTILINE))
    with pytest.raises(InvalidFile, match="does not parse"):
        format_file(path)


def test_a_new_pattern_gets_the_next_free_code_of_its_domain(graph: ThreatGraph, tmp_path: Path) -> None:
    used = {str(code) for code in graph.run("patterns").column("code")}
    for domain in graph.run("domains").to_dicts():
        area = str(domain["code"]).removeprefix("DOM-")
        fields = THEFT | {"label": f"Theft in {area}", "domain": graph.resolve(str(domain["code"]), "domain")}
        record = new_pattern(graph.store, tmp_path, **fields)
        assert record.code
        assert re.fullmatch(rf"PAT-{area}-[0-9]{{3}}", record.code)
        assert record.code not in used
        assert f'skos:notation "{record.code}"' in record.path.read_text()


def test_a_domain_without_a_code_gives_none(tmp_path: Path) -> None:
    (tmp_path / "d.ttl").write_text(f"<{BASE}domain/mine> a <{tg('Domain')}> .")
    own = ThreatGraph.open([tmp_path / "d.ttl"], bundled=False)
    record = new_pattern(own.store, tmp_path, **THEFT | {"domain": f"{BASE}domain/mine"})
    assert record.code is None
    assert "domain:mine has no code" in record.code_note


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("occurred", "March 2026", "is not a valid date"),
        ("occurred", "2026-02-30", "is not a valid date"),
        ("occurred", "2026-13", "is not a valid date"),
        ("source", "somewhere", "is not a valid URL"),
        ("source", "https://…", "is not a valid URL"),
        ("source", "https://...", "is not a valid URL"),
        ("source", "https://example.org/…", "is not a valid URL"),
        ("source", "ftp://example.org/report", "is not a valid URL"),
        ("source", "https://example.org:port/", "is not a valid URL"),
        ("label", "!?", "has no words"),
        ("label", "新闻", "letters or digits"),
        ("description", "  ", "the description is empty"),
        ("description", "…", "has no words"),
        ("description", "...", "has no words"),
        ("description", "TODO: what happened.", "the placeholder 'TODO'"),
        ("description", "A chatbot promised…", "the placeholder '…'"),
        ("label", "that of an incident", "already exists"),
        ("code", "PAT-AGT-003", "the code PAT-AGT-003 already exists"),
    ],
)
def test_bad_input_is_refused(graph: ThreatGraph, tmp_path: Path, field: str, value: str, reason: str) -> None:
    if reason == "already exists":
        value = graph.run("incidents").to_dicts()[0]["label"]  # type: ignore[assignment]
    with pytest.raises(ThreatGraphError, match=reason):
        new_incident(graph.store, tmp_path, **SALE | {field: value})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("label", ["Goal Drift", "goal drift", "Goal, drift"])
def test_a_second_pattern_of_a_name_is_refused(graph: ThreatGraph, tmp_path: Path, label: str) -> None:
    with pytest.raises(ThreatGraphError, match="edit pattern:goal-drift"):
        new_pattern(graph.store, tmp_path, **THEFT | {"label": label})
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(graph: ThreatGraph, tmp_path: Path) -> None:
    (tmp_path / "a-sale.ttl").write_text("mine")
    with pytest.raises(ThreatGraphError, match="already exists"):
        new_incident(graph.store, tmp_path, **SALE)
    assert (tmp_path / "a-sale.ttl").read_text() == "mine"


def test_a_number_sign_inside_a_text_or_an_address_is_no_comment(tmp_path: Path) -> None:
    path = tmp_path / "x.ttl"
    path.write_text('# head\n<https://e.org/a#b> <https://e.org/p> """one\n# two""", "# three" . # lost\n')
    with pytest.raises(InvalidFile, match="this comment would be lost") as caught:
        format_file(path)
    assert f"{path}:3" in str(caught.value)
    path.write_text(path.read_text().replace(" # lost", ""))
    assert format_file(path)
    assert path.read_text().startswith("# head\n\n")
    assert not format_file(path)


def test_other_line_ends_and_a_byte_order_mark_are_a_difference(tmp_path: Path) -> None:
    path = tmp_path / "x.ttl"
    path.write_text("<https://e.org/a> <https://e.org/p> 1 .\n")
    format_file(path)
    canonical = path.read_bytes()
    for content in (b"\xef\xbb\xbf" + canonical, canonical.replace(b"\n", b"\r\n")):
        path.write_bytes(content)
        assert format_file(path)
        assert path.read_bytes() == canonical


# Whatever happens while a file is written.


WRITER = """
import os, sys, time
from pathlib import Path
from threatgraph import saving
if sys.argv[2] == "named":
    del os.O_TMPFILE
real = os.fsync
def slow(descriptor):
    print("begun", flush=True)
    time.sleep(60)
os.fsync = slow
saving.save(b"new", Path(sys.argv[1]))
"""


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda sent: sent.name)
@pytest.mark.parametrize("way", ["unnamed", "named"])
def test_a_writer_that_is_stopped_leaves_the_file_as_it_was_and_nothing_else(
    tmp_path: Path, sent: signal.Signals, way: str
) -> None:
    path, others = tmp_path / "a.ttl", {".threatgraph-mine", ".threatgraph-0123456789"}
    path.write_text("old")
    for name in others:
        (tmp_path / name).write_text("not ours")
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path), way], stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"begun\n"
        save(b"beside", tmp_path / "b.ttl")  # what another one is writing at the moment stays
        held = {file.name for file in tmp_path.iterdir()} - {"a.ttl", "b.ttl"} - others
        assert len(held) == (way == "named")
        process.send_signal(sent)
    assert path.read_text() == "old"
    code = f"from pathlib import Path; from threatgraph.saving import save; save(b'next', Path({str(path)!r}))"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    assert {file.name for file in tmp_path.iterdir()} == {"a.ttl", "b.ttl"} | others
    assert path.read_text() == "next"


def test_a_full_disk_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "b.ttl"
    path.write_text(LOOSE)

    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    command = [sys.executable, "-m", "threatgraph", "format", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, preexec_fn=small)
    assert done.returncode == 2
    assert done.stderr.startswith(
        f"threatgraph: error: {path}: cannot be written (File too large); nothing was changed"
    )
    assert path.read_text() == LOOSE
    assert [file.name for file in tmp_path.iterdir()] == ["b.ttl"]


def test_a_file_keeps_its_mode_and_a_link_its_target(tmp_path: Path) -> None:
    path, link = tmp_path / "a.txt", tmp_path / "link.txt"
    save(b"1", path)
    assert path.stat().st_mode & 0o777 == 0o666 & ~_umask()
    path.chmod(0o640)
    link.symlink_to(path)
    save(b"2", link)
    assert (path.read_bytes(), path.stat().st_mode & 0o777, link.is_symlink()) == (b"2", 0o640, True)
    with pytest.raises(ThreatGraphError, match="it is a folder"):
        save(b"3", tmp_path)
