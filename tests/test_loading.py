"""What can be loaded and what is refused: formats, compression, standard input, and files made to do harm."""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import io
import os
import pty
import resource
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest
from pyoxigraph import RdfFormat

from threatgraph import InvalidFile, ThreatGraph
from threatgraph.rdf.files import read_quads
from threatgraph.rdf.reading import Source
from threatgraph.store.disk.load import load
from threatgraph.store.disk.store import DirectoryStore
from threatgraph.store.inputs import file_sources, stream_source

GIB = 1024**3
XML = b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="urn:">'
SAME = {
    "a.ttl": b'PREFIX u: <urn:> u:s u:p [ u:q "v"@en ] .',
    "a.nt": b'<urn:s> <urn:p> _:x .\n_:x <urn:q> "v"@en .\n',
    "a.nq": b'<urn:s> <urn:p> _:x <urn:g> .\n_:x <urn:q> "v"@en <urn:h> .\n',
    "a.trig": b'PREFIX u: <urn:> u:g { u:s u:p _:x } u:h { _:x u:q "v"@en }',
    "a.jsonld": b'{"@id": "urn:s", "urn:p": {"urn:q": {"@value": "v", "@language": "en"}}}',
    "a.rdf": XML
    + b'<rdf:Description rdf:about="urn:s"><e:p rdf:parseType="Resource"><e:q xml:lang="en">v</e:q></e:p>'
    + b"</rdf:Description></rdf:RDF>",
}
SAME |= {"a.owl": SAME["a.rdf"], "turtle.owl": b"\n# Turtle, as some ontologies have it\n" + SAME["a.ttl"]}


def run(*words: str, stdin: bytes = b"", memory: int | None = None) -> tuple[int, str, str]:
    """Run the command line in a process of its own, with a bound on its memory: status, output, errors."""

    def bound() -> None:
        if memory is not None:
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))

    command = [sys.executable, "-m", "threatgraph", *words]
    done = subprocess.run(command, input=stdin, capture_output=True, timeout=100, check=False, preexec_fn=bound)
    assert b"Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("name", SAME)
def test_every_format_loads_to_the_graph_of_its_file(tmp_path: Path, name: str, compressed: bool) -> None:
    path = tmp_path / (f"{name}.gz" if compressed else name)
    path.write_bytes(gzip.compress(SAME[name]) if compressed else SAME[name])
    load(tmp_path / "store", file_sources([tmp_path]), bundled=False)
    store, memory = DirectoryStore.open(tmp_path / "store"), ThreatGraph.open([path], bundled=False).store
    blank = f"<{path.as_uri()}#_1>"  # no graph of the file's own, and a name for what had none
    expected = {f"<urn:s> <urn:p> {blank}", f'{blank} <urn:q> "v"@en'}
    assert {str(triple) for triple in store.triples()} == expected
    assert {str(triple) for triple in store.graph_triples(path.as_uri())} == expected
    assert {str(triple) for triple in memory.triples()} == expected
    assert store.graphs() == [path.as_uri()]


def test_blank_nodes_of_two_files_stay_apart(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.nt").write_text('_:same <urn:p> "v" .\n')
    load(tmp_path / "store", file_sources([tmp_path]), bundled=False)
    assert len(list(DirectoryStore.open(tmp_path / "store").triples())) == 2


def test_the_command_loads_replaces_removes_and_counts(tmp_path: Path) -> None:
    store, one, two = tmp_path / "store", tmp_path / "one.ttl", tmp_path / "two.nt"
    one.write_text("<urn:a> <urn:p> 1, 2, 3 .")
    two.write_text("<urn:b> <urn:p> <urn:c> .\n")
    status, out, err = run("load", "--store", str(store), "--no-bundled", str(one), str(two))
    assert (status, err) == (0, "")
    first, last = out.splitlines()
    assert first.startswith("loaded 2 files: 4 triples in ")
    assert first.endswith(" per second)")
    assert last == f"{store} now contains 2 files with 4 triples"
    status, out, _ = run("load", "--store", str(store), "--no-bundled", "--remove", str(one))
    assert (status, out.splitlines()[1:]) == (0, ["removed 1 file", f"{store} now contains 1 file with 1 triples"])
    assert run("--store", str(store), "query", "ASK { <urn:b> ?p ?o }") == (0, "true\n", "")
    assert run("query", "ASK { <urn:a> ?p ?o }", "--store", str(store)) == (0, "false\n", "")
    counts = run("stats", "--store", str(store), "--format", "csv")[1].splitlines()
    assert "files,1" in counts
    assert "triples,1" in counts


def test_standard_input_has_a_graph_of_its_own(tmp_path: Path) -> None:
    words = ("load", "--store", str(tmp_path / "store"), "--no-bundled", "-", "--format")
    assert run(*words, "ntriples", stdin=b"<urn:a> <urn:p> <urn:o> .\n")[0] == 0
    assert run(*words, "turtle", "--graph", "https://e.org/g/", stdin=b"<b> <urn:p> <c> .")[0] == 0
    store = DirectoryStore.open(tmp_path / "store")
    assert store.graphs() == ["https://e.org/g/", "urn:threatgraph:stdin"]
    assert [str(triple) for triple in store.graph_triples("https://e.org/g/")] == [
        "<https://e.org/g/b> <urn:p> <https://e.org/g/c>"
    ]
    assert store.files == {}
    status, _, err = run(*words, "turtle", stdin=b"<b> <urn:p> <c> .")
    assert status == 2
    assert err.startswith("threatgraph: error: standard input:1:1: does not parse")
    assert "set --graph" in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["load", "a.ttl"], "load requires --store DIR"),
        (["load", "--store", "s", "-"], "standard input (-) requires --format FORMAT"),
        (["load", "--store", "s", "a.ttl", "--format", "turtle"], "--format is the format of standard input"),
        (["load", "--store", "s", "--data", "a.ttl"], "--data cannot be used with load"),
        (["load", "--store", "s", "nowhere.ttl"], "nowhere.ttl: no such file or folder"),
        (["load", "--store", "s", "notes.docx"], "known extensions are .ttl"),
        (["load", "--store", "s", "a.ttl", "--graph", "no iri"], "'no iri' is not a valid graph IRI"),
        (["load", "--store", "s", "a.ttl", "b.ttl", "--graph", "urn:g"], "--graph requires a single file, not 2"),
        (["load", "--store", "s", "a.ttl", "--graph", "https://w3id.org/threatgraph/graph/x"], "choose another IRI"),
        (["load", "--store", "s", "--no-bundled", "--remove", "b.ttl"], "The store has"),
        (["load", "--store", "a.ttl", "b.ttl"], "a.ttl: not a folder: give the folder of a store"),
        (["run", "domains", "--store", "s", "--data", "a.ttl"], "--data and --no-bundled cannot be used with --store"),
        (["run", "domains", "--store", "s", "--no-bundled"], "--data and --no-bundled cannot be used with --store"),
        (
            ["validate", "--store", "s", "b.ttl"],
            "b.ttl: not in the store s; `threatgraph load --store s b.ttl` loads it",
        ),
        (["validate", "--store", "s", "a.ttl"], "a.ttl: changed since it was loaded into s"),
        (["import", "stix", "x.json", "--store", "s"], "--store cannot be used with import"),
    ],
)
def test_a_wrong_command_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.ttl", "b.ttl", "notes.docx"):
        (tmp_path / name).write_text("<urn:a> <urn:p> 1 .")
    load(tmp_path / "s", file_sources([Path("a.ttl")]), bundled=False)
    (tmp_path / "a.ttl").write_text("<urn:a> <urn:p> 1, 2 .")
    status, out, err = run(*words)
    assert (status, out) == (2, "")
    assert err.startswith("threatgraph: error: ")
    assert message in err
    assert len(DirectoryStore.open(tmp_path / "s").manifest.graphs) == 1


def test_no_permission_is_told(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        folder = Path("/proc/threatgraph")  # where not even root may write
    else:
        folder = tmp_path / "locked" / "store"
        folder.parent.mkdir(mode=0o500)
    status, _, err = run("load", "--store", str(folder), "--no-bundled")
    assert status == 2
    assert err.startswith(f"threatgraph: error: {folder}: cannot create a store here (")


def test_a_bar_shows_on_a_terminal_alone(tmp_path: Path) -> None:
    def loads_slowly(errors: int) -> None:
        words = ("load", "--store", str(tmp_path / "store"), "--no-bundled", "-", "--format", "ntriples")
        command = [sys.executable, "-m", "threatgraph", *words]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=errors) as process:
            assert process.stdin is not None
            for _ in range(2):
                process.stdin.write(b"<urn:s> <urn:p> <urn:o> .\n" * 3000)
                process.stdin.flush()
                time.sleep(1.5)  # a bar is for work that takes longer than a second
            process.stdin.close()
        assert process.returncode == 0

    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    loads_slowly(follower)
    assert b"B/s" in os.read(leader, 1 << 16)
    os.close(follower)
    os.close(leader)
    with (tmp_path / "errors").open("wb") as errors:
        loads_slowly(errors.fileno())
    assert (tmp_path / "errors").read_bytes() == b""


# Files that are broken, or made to do harm.


class _Endless(io.RawIOBase):
    """A file of two gigabytes that is not on the disk: a head, and then one byte again and again."""

    def __init__(self, head: bytes, fill: bytes = b"x", size: int = 2 * GIB) -> None:
        self._head, self._fill, self._left = head, fill, size
        self.given = 0

    def read(self, size: int = -1) -> bytes:
        chunk = self._head[:size] or self._fill * min(size // len(self._fill), self._left)
        self._head = self._head[size:]
        self._left -= len(chunk)
        self.given += len(chunk)
        return chunk

    def seekable(self) -> bool:
        return False


@pytest.mark.parametrize(
    ("form", "head", "fill"),
    [
        (RdfFormat.N_TRIPLES, b'<urn:a> <urn:b> "', b"x"),
        (RdfFormat.TURTLE, b'<urn:a> <urn:b> """', b"x"),
        (RdfFormat.TURTLE, b"<urn:a> <urn:b> <urn:", b"x"),
        (RdfFormat.TRIG, b"<urn:g> { <urn:a> <urn:b> 1 # ", b"x"),
        (RdfFormat.RDF_XML, XML + b'<rdf:Description rdf:about="urn:a"><e:p>', b"x"),
        (RdfFormat.RDF_XML, XML + b"<!--", b"< "),
        (RdfFormat.JSON_LD, b'[{"@id": "urn:a", "urn:p": "', b"x"),
    ],
)
def test_a_text_of_two_gigabytes_is_refused_early(form: RdfFormat, head: bytes, fill: bytes) -> None:
    endless = _Endless(head, fill)
    with pytest.raises(InvalidFile, match=r"is longer than 16 MiB.*: split it"):
        list(Source(endless, "big", form, "urn:base").quads())  # type: ignore[arg-type]
    assert endless.given < 40 * 1024**2


def test_json_that_keeps_its_context_for_the_end_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    from threatgraph.rdf import reading

    monkeypatch.setitem(reading._PATIENCE, RdfFormat.JSON_LD, 2 * 1024**2)
    monkeypatch.setattr(reading, "LONGEST_DOCUMENT", 2 * 1024**2)
    endless = _Endless(b'{"@graph": [{}', b', {"@id": "urn:a", "urn:p": 1}')
    with pytest.raises(InvalidFile, match="put the context first"):
        list(Source(endless, "big", RdfFormat.JSON_LD, "urn:base").quads())  # type: ignore[arg-type]


def test_a_small_file_that_unpacks_to_gigabytes_is_refused_in_bounded_memory(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.nt.gz"
    with gzip.open(bomb, "wb", compresslevel=1) as file:
        file.write(b'<urn:a> <urn:b> "')
        for _ in range(256):
            file.write(b"x" * 1024**2)
    assert bomb.stat().st_size < 2 * 1024**2
    store = str(tmp_path / "store")
    status, _, err = run("load", "--store", store, "--no-bundled", str(bomb), memory=2 * GIB)
    assert status == 2
    assert err.startswith(f"threatgraph: error: {bomb}:1: a term, line or text here is longer than 16 MiB")


#: What does not pack well, so that a cut loses some of it; the same in every process, as its name in a report must be.
DIGITS = b"".join(hashlib.sha256(bytes([n])).hexdigest().encode() for n in range(60))
PACKED = gzip.compress(b"<urn:a> <urn:b> <urn:c> .\n", mtime=0)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "cut.nt.gz",
            gzip.compress(b'<urn:a> <urn:b> "%s" .' % DIGITS, mtime=0)[:-900],
            "the compressed file is truncated",
        ),
        ("plain.nt.gz", b"<urn:a> <urn:b> <urn:c> .\n", "cannot be read: Not a gzipped file"),
        ("flipped.nt.gz", PACKED[:-8] + b"12345678", "CRC check failed"),
        ("broken.nt.gz", PACKED[:10] + b"\xff" * 40, "is corrupt"),
        ("latin.nt", b"<urn:a> <urn:b> <urn:c> .\n# caf\xe9\n", r"latin\.nt:2: not UTF-8 \(byte 0xe9\)"),
        ("end.nt", b"<urn:a> <urn:b> <urn:c> .\n# caf\xc3", r"end\.nt:2: not UTF-8"),
        ("oops.nt", b"<urn:a> <urn:b> <urn:c> .\noops\n", r"oops\.nt:2"),
    ],
    # Bytes are no name: what zlib makes differs from build to build.
    ids=lambda value: value if isinstance(value, str) else "bytes",
)
def test_a_broken_file_is_named_with_what_is_wrong(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidFile, match=message):
        load(tmp_path / "store", file_sources([tmp_path / name]), bundled=False)
    assert not list((tmp_path / "store").glob("snapshot-*"))


def test_an_entity_far_into_a_file_is_seen(tmp_path: Path) -> None:
    """The bytes are looked at piece by piece: what is dangerous may lie across the edge of two."""
    for padding in (0, 8100, 8170, 8190, 65_500):
        text = b"<!DOCTYPE r [<!-- " + b"x" * padding + b' --><!ENTITY a "lol"><!ENTITY b "&a;&a;&a;">]>' + XML
        (tmp_path / "bomb.rdf").write_bytes(text + b"</rdf:RDF>")
        with pytest.raises(InvalidFile, match="entity"):
            list(read_quads(tmp_path / "bomb.rdf"))
    (tmp_path / "bomb.rdf").write_bytes(b"<!DOCTYPE r [<!ENTITY" + b" " * 5000 + b'b "&a;&a;">]>' + XML)
    with pytest.raises(InvalidFile, match="entity"):
        list(read_quads(tmp_path / "bomb.rdf"))


def test_a_byte_order_mark_is_no_part_of_a_file_that_comes_in_small_pieces(tmp_path: Path) -> None:
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(1)

    quads = list(stream_source(Slow(b"\xef\xbb\xbf<urn:a> <urn:b> <urn:c> ."), RdfFormat.TURTLE).open().quads())
    assert [str(quad.triple) for quad in quads] == ["<urn:a> <urn:b> <urn:c>"]


def test_ten_thousand_prefixes_are_fine(tmp_path: Path) -> None:
    text = "".join(f"@prefix p{i}: <urn:p{i}:> .\n" for i in range(10_000))
    (tmp_path / "a.ttl").write_text(text + "".join(f"p{i}:s p0:p p{9999 - i}:o .\n" for i in range(10_000)))
    load(tmp_path / "store", file_sources([tmp_path / "a.ttl"]), bundled=False)
    store = DirectoryStore.open(tmp_path / "store")
    assert store.select("SELECT ?o { <urn:p7:s> ?p ?o }").column("o") == ["urn:p9992:o"]
    assert len(list(store.triples())) == 10_000


def test_a_finding_in_a_compressed_file_has_its_line(tmp_path: Path) -> None:
    text = b"PREFIX tg: <https://w3id.org/threatgraph/ontology#>\n\n<https://w3id.org/threatgraph/pattern/x>\n"
    (tmp_path / "a.ttl.gz").write_bytes(gzip.compress(text + b"    a tg:ThreatPattern ."))
    report = ThreatGraph.open([tmp_path / "a.ttl.gz"], bundled=False).validate()
    assert report.results
    assert {finding.line for finding in report.results} == {3}
