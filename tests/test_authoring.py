"""Writing records: the canonical form of a file, and records to start from."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from pyoxigraph import RdfFormat, parse

from threatgraph import ThreatGraph
from threatgraph.authoring import format_file, format_text, new_incident, new_pattern
from threatgraph.errors import InvalidFile, ThreatGraphError
from threatgraph.saving import _umask, save
from threatgraph.vocab import BASE

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
        ("<urn:a> <urn:b> [ <urn:c> 1 ] .", ":", "blank nodes have no place"),
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


def test_a_new_pattern_and_incident_conform(tmp_path: Path) -> None:
    pattern = new_pattern(
        tmp_path,
        label="Prompt theft & resale",
        domain=f"{BASE}domain/security-cyber",
        definition="Prompts are stolen and sold.",
        source="https://example.org/report",
        code="ORG-SEC-001",
    )
    assert pattern.name == "prompt-theft-resale.ttl"
    incident = new_incident(
        tmp_path,
        label="A sale",
        description="Prompts were sold.",
        source="https://example.org/sale",
        occurred="2026-03",
        patterns=[f"{BASE}pattern/prompt-theft-resale", f"{BASE}pattern/data-poisoning"],
    )
    graph = ThreatGraph.open([tmp_path])
    assert list(graph.validate([tmp_path])) == []
    rows = graph.run("pattern-incidents", pattern="ORG-SEC-001").to_dicts()
    assert [(row["occurred"], row["label"]) for row in rows] == [("2026-03", "A sale")]
    assert not format_file(pattern, check=True)
    assert not format_file(incident, check=True)
    assert list(parse(path=str(incident), format=RdfFormat.TURTLE))


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("occurred", "March 2026", "is no date"),
        ("occurred", "2026-02-30", "is no date"),
        ("occurred", "2026-13", "is no date"),
        ("source", "somewhere", "is no address"),
        ("label", "!?", "no slug"),
        ("description", "  ", "the description is empty"),
    ],
)
def test_what_cannot_be_written_is_told(tmp_path: Path, field: str, value: str, reason: str) -> None:
    given = {"label": "X", "description": "Y.", "source": "https://example.org/", field: value}
    with pytest.raises(ThreatGraphError, match=reason):
        new_incident(tmp_path, **given)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "x.ttl").write_text("mine")
    with pytest.raises(ThreatGraphError, match="is there already"):
        new_incident(tmp_path, label="X", description="Y.", source="https://example.org/")
    assert (tmp_path / "x.ttl").read_text() == "mine"


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
