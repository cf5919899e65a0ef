"""The store in a directory: the same graph as in memory, readers beside a writer, no harm from kills and full disks."""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from threatgraph import InvalidFile, QueryTimeout, QueryTooLarge, Table, ThreatGraph, ThreatGraphError
from threatgraph.cli import main
from threatgraph.store.disk.load import load
from threatgraph.store.disk.manifest import NAME
from threatgraph.store.disk.snapshots import pending_snapshot
from threatgraph.store.disk.store import DirectoryStore
from threatgraph.store.inputs import file_sources


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> ThreatGraph:
    """The bundled graph in a directory; tests only read it."""
    directory = tmp_path_factory.mktemp("disk") / "store"
    load(directory)
    return ThreatGraph.open(store=directory)


def state(directory: Path) -> set[str]:
    """All that a reader sees who opens the store now."""
    return {str(quad) for quad in DirectoryStore.open(directory)._store}


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


# The same as in memory.


def test_it_holds_the_same_triples_graphs_and_files(graph: ThreatGraph, disk: ThreatGraph) -> None:
    assert set(disk.store.triples()) == set(graph.store.triples())
    assert len(disk) == len(graph)  # no triple stands twice
    assert disk.store.graphs() == graph.store.graphs()
    assert disk.store.files == graph.store.files
    for iri in disk.store.graphs()[::40]:
        assert set(disk.store.graph_triples(iri)) == set(graph.store.graph_triples(iri))


def test_findings_are_placed_in_the_files_that_were_loaded(tmp_path: Path) -> None:
    bad = write(tmp_path / "bad.ttl", "<https://w3id.org/threatgraph/pattern/x>\n  a <urn:t>, tg:ThreatPattern .")
    bad.write_text("PREFIX tg: <https://w3id.org/threatgraph/ontology#>\n" + bad.read_text())
    load(tmp_path / "store", file_sources([bad]), bundled=False)
    report = ThreatGraph.open(store=tmp_path / "store").validate([bad])
    assert not report.ok
    assert report.to_text() == ThreatGraph.open([bad], bundled=False).validate([bad]).to_text()
    bad.unlink()  # what was loaded stays, and nothing fails for want of the file
    assert not ThreatGraph.open(store=tmp_path / "store").validate().ok


# Loading changes just what it should.


def test_a_file_loaded_again_replaces_its_graph_and_leaves_what_others_say(tmp_path: Path) -> None:
    store = tmp_path / "store"
    one = write(tmp_path / "one.ttl", "<urn:s> <urn:p> <urn:shared>, <urn:old> .")
    two = write(tmp_path / "two.ttl", "<urn:s> <urn:p> <urn:shared>, <urn:two> .")
    load(store, file_sources([one, two]), bundled=False)
    write(one, "<urn:s> <urn:p> <urn:new> .")
    load(store, file_sources([one]), bundled=False)
    values = ThreatGraph.open(store=store).store.select("SELECT ?o { <urn:s> <urn:p> ?o } ORDER BY ?o").column("o")
    assert values == ["urn:new", "urn:shared", "urn:two"]
    load(store, remove=[str(two)], bundled=False)
    values = ThreatGraph.open(store=store).store.select("SELECT ?o { <urn:s> <urn:p> ?o } ORDER BY ?o").column("o")
    assert values == ["urn:new"]


def test_shortcuts_are_derived_anew(tmp_path: Path) -> None:
    head = "PREFIX tg: <https://w3id.org/threatgraph/ontology#>\n"
    file = write(tmp_path / "mine.ttl", head + "<urn:x> tg:listedGroup <urn:a> .")
    # Enough beside it that the file is replaced in place, and not everything written anew.
    rest = write(tmp_path / "rest.nt", "".join(f"<urn:s{i}> <urn:p> <urn:o> .\n" for i in range(100)))
    load(tmp_path / "store", file_sources([file, rest]), bundled=False)
    write(file, head + "<urn:x> tg:listedGroup <urn:b> .")
    load(tmp_path / "store", file_sources([file]), bundled=False)
    store = DirectoryStore.open(tmp_path / "store")
    assert store.select("SELECT ?g { <urn:x> tg:affects ?g }").column("g") == ["urn:b"]
    assert len(list(store.triples())) == 102


def test_both_ways_of_building_agree_with_memory(tmp_path: Path) -> None:
    """Many loads in a row, small and large, end where one load in memory ends."""
    draw = random.Random(7)  # noqa: S311 - no secret
    head = "PREFIX tg: <https://w3id.org/threatgraph/ontology#>\n"
    files = [tmp_path / f"{name}.ttl" for name in "abcde"]
    for round_ in range(12):
        changed = draw.sample(files, draw.choice([1, 1, 2, 5])) if round_ else files
        for file in changed:
            lines = [f"<urn:s{draw.randrange(40)}> tg:listedGroup <urn:g{draw.randrange(8)}> .\n" for _ in range(60)]
            lines += [f"<urn:s{draw.randrange(40)}> tg:affects <urn:g{draw.randrange(8)}> .\n", "[] tg:x [] .\n"]
            write(file, head + "".join(lines))
        load(tmp_path / "store", file_sources(changed), bundled=False)
        disk, memory = DirectoryStore.open(tmp_path / "store"), ThreatGraph.open(files, bundled=False).store
        assert sorted(map(str, disk.triples())) == sorted(map(str, memory.triples())), round_
        for iri in memory.graphs():
            assert set(disk.graph_triples(iri)) == set(memory.graph_triples(iri)), (round_, iri)


def test_bundled_files_come_along_go_and_are_brought_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, graph: ThreatGraph
) -> None:
    from threatgraph import resources

    store = tmp_path / "store"
    root = tmp_path / "root"
    for folder in ("ontology/rules", "ontology/schemes", "data"):
        (root / folder).mkdir(parents=True)
    write(root / "ontology/threatgraph.ttl", "<urn:ontology> <urn:p> 1 .")
    old = write(root / "data/old.ttl", "<urn:old> <urn:p> 1 .")
    mine = write(tmp_path / "mine.ttl", "<urn:mine> <urn:p> 1 .")
    monkeypatch.setattr(resources, "root", lambda: root)

    def subjects() -> list[str]:
        column = DirectoryStore.open(store).select("SELECT ?s { ?s ?p ?o } ORDER BY ?s").column("s")
        return [str(value).removeprefix("urn:") for value in column]

    assert load(store, file_sources([mine])).triples == 3
    assert subjects() == ["mine", "old", "ontology"]
    assert load(store).triples == 0  # nothing has changed
    assert load(store, file_sources([old])).triples == 0  # it is there already
    old.unlink()
    write(root / "data/new.ttl", "<urn:new> <urn:p> 1 .")
    load(store)
    assert subjects() == ["mine", "new", "ontology"]
    load(store, bundled=False)
    assert subjects() == ["mine"]


# Readers and a writer.


def test_readers_keep_what_they_opened_and_old_snapshots_are_removed(tmp_path: Path) -> None:
    store = tmp_path / "store"
    file = write(tmp_path / "f.nt", "<urn:a> <urn:b> <urn:1> .\n")
    load(store, file_sources([file]), bundled=False)
    first, second = DirectoryStore.open(store), DirectoryStore.open(store)
    write(file, "<urn:a> <urn:b> <urn:2> .\n")
    load(store, file_sources([file]), bundled=False)
    third = DirectoryStore.open(store)
    load(store, file_sources([file]), bundled=False)
    asked = "ASK { <urn:a> <urn:b> <urn:1> }"
    assert [reader.ask(asked) for reader in (first, second, third)] == [True, True, False]
    assert first.query(asked, timeout=10) is True
    assert [name for name in names(store) if name.startswith("snapshot")] == ["snapshot-1", "snapshot-2", "snapshot-3"]
    del first, second, third
    load(store, file_sources([file]), bundled=False)
    assert [name for name in names(store) if name.startswith("snapshot")] == ["snapshot-4"]


def test_a_second_writer_is_told_at_once(tmp_path: Path) -> None:
    load(tmp_path / "store", bundled=False)
    with pending_snapshot(tmp_path / "store"):
        began = time.monotonic()
        with pytest.raises(ThreatGraphError, match="another process is loading"):
            load(tmp_path / "store", bundled=False)
        assert time.monotonic() - began < 1


# Queries from outside.


def test_queries_from_outside_are_bounded(disk: ThreatGraph) -> None:
    with pytest.raises(QueryTimeout):
        disk.query("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }", timeout=0.5)

    assert isinstance(disk.store, DirectoryStore)
    with pytest.raises(QueryTooLarge):
        disk.store.pool(graphs=False).query(
            "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?a ?d ?g", timeout=60, memory=200 * 1024**2
        )
    answer = disk.query("SELECT ?d { ?d a tg:Domain }", timeout=10)
    assert isinstance(answer, Table)
    assert len(answer) == 8


def test_the_child_of_a_busy_process_does_not_wait_for_locks_of_its_threads(disk: ThreatGraph) -> None:
    """A fork copies locks that other threads hold; the child must not need them."""
    done = threading.Event()

    def work() -> None:
        while not done.is_set():
            disk.store.select("SELECT * { ?s a ?o . ?s ?p ?x } LIMIT 5000")

    incidents = len(disk.store.select("SELECT ?s { ?s a tg:Incident }"))
    assert incidents >= 232
    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(15):
            answer = disk.query("SELECT ?s { ?s a tg:Incident }", timeout=30)
            assert isinstance(answer, Table)
            assert len(answer) == incidents
    finally:
        done.set()
        for thread in threads:
            thread.join()


def test_nothing_is_parsed_and_nothing_heavy_imported_to_open(tmp_path: Path, disk: ThreatGraph) -> None:
    store = tmp_path / "store"
    file = write(tmp_path / "f.nt", "<urn:a> <urn:b> <urn:1> .\n")
    load(store, file_sources([file]), bundled=False)
    file.unlink()
    code = f"""import sys, pyoxigraph
pyoxigraph.parse = None
from threatgraph import ThreatGraph
graph = ThreatGraph.open(store={str(store)!r})
print(graph.query("ASK {{ <urn:a> ?p ?o }}"), sorted(sys.modules.keys() & {{"rdflib", "numpy", "networkx", "gzip"}}))"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True []\n"


# Accidents.

KILLS = 50
_WORKER = """
import sys
from pathlib import Path
from threatgraph.store.disk.store import DirectoryStore
from threatgraph.store.inputs import file_sources
from threatgraph.store.disk.load import load

store, base, file = map(Path, sys.argv[1:])
print("ready", flush=True)
for number in range(DirectoryStore.open(store).manifest.snapshot, 10**6):
    lines = [f"<urn:s{i}> <https://w3id.org/threatgraph/ontology#listedGroup> <urn:v{number}> .\\n" for i in range(200)]
    file.write_text("".join(lines))
    load(store, file_sources([file, base] if number % 3 == 0 else [file]), bundled=False)
    print(number, flush=True)
"""


def test_a_kill_at_any_moment_leaves_the_old_state_or_the_new_one(tmp_path: Path) -> None:
    draw = random.Random(int(os.environ.get("THREATGRAPH_KILL_SEED", time.time_ns())))  # noqa: S311 - no secret
    store, file = tmp_path / "store", tmp_path / "f.nt"
    base = write(tmp_path / "base.nt", "".join(f"<urn:b{i}> <urn:p> <urn:o> .\n" for i in range(1000)))
    begun = time.monotonic()
    load(store, file_sources([base]), bundled=False)
    longest = max(0.25, 2 * (time.monotonic() - begun))  # enough for some loads to end, however busy the machine
    command = [sys.executable, "-c", _WORKER, str(store), str(base), str(file)]
    published = 0
    for _ in range(KILLS):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(draw.uniform(0, longest))
        process.kill()
        told = [int(line) for line in process.stdout.read().split("\n")[:-1]]
        process.wait()
        published = max([published, *told])
        reader = DirectoryStore.open(store)
        versions = set(reader.select("SELECT DISTINCT ?v { ?s tg:listedGroup ?v }").column("v"))
        assert len(versions) <= 1
        version = int(str(next(iter(versions), "urn:v0")).removeprefix("urn:v"))
        assert published <= version <= published + 1  # what was told to be done stays; at most one more was done
        published = version
        derived = 400 if version else 0  # each triple of the file and its shortcut, and all of them or none
        assert len(list(reader.triples())) == 1000 + derived
        assert sum(len(list(reader.graph_triples(iri))) for iri in reader.graphs()) == 1000 + derived
    assert published > 0
    load(store, file_sources([base]), bundled=False)
    assert len([name for name in names(store) if name.startswith("snapshot")]) <= 2


def test_a_first_load_that_was_killed_is_begun_again(tmp_path: Path) -> None:
    store, half = tmp_path / "store", tmp_path / "store" / "snapshot-1"
    half.mkdir(parents=True)
    (half / "000010.sst").write_bytes(b"half of somethi")
    (store / "threatgraph-store.lock").touch()
    (store / ".threatgraph-abc").touch()
    load(store, file_sources([write(tmp_path / "f.nt", "<urn:a> <urn:b> <urn:c> .\n")]), bundled=False)
    assert DirectoryStore.open(store).ask("ASK { <urn:a> <urn:b> <urn:c> }")
    load(store, file_sources([tmp_path / "f.nt"]), bundled=False)
    assert names(store) == ["snapshot-2", "threatgraph-store.json", "threatgraph-store.lock"]


def test_a_full_disk_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    store = tmp_path / "store"
    small = write(tmp_path / "small.nt", "<urn:a> <urn:b> <urn:c> .\n")
    large = write(tmp_path / "large.nt", "".join(f'<urn:s{i}> <urn:p> "{i * 7919} " .\n' for i in range(20_000)))
    load(store, file_sources([small]), bundled=False)
    before = state(store), names(store)
    done = subprocess.run(
        [sys.executable, "-m", "threatgraph", "load", "--store", str(store), "--no-bundled", str(large)],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),
    )
    assert done.returncode == 2, done
    assert done.stderr == f"threatgraph: error: {store}: cannot be written (File too large); the store is unchanged.\n"
    assert (state(store), names(store)) == before


def test_a_faulty_file_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    store = tmp_path / "store"
    good = write(tmp_path / "good.nt", "<urn:a> <urn:b> <urn:c> .\n" * 10)
    load(store, file_sources([good]), bundled=False)
    before = state(store), names(store)
    bad = write(tmp_path / "bad.nt", "<urn:x> <urn:b> <urn:c> .\n" * 5000 + "oops\n")
    with pytest.raises(InvalidFile, match=r"bad\.nt:5001"):
        load(store, file_sources([good, bad]), bundled=False)
    assert (state(store), names(store)) == before


# What is no store, or one that is damaged.


def _no_folder(store: Path) -> None:
    assert not store.exists()


def _a_file(store: Path) -> None:
    store.write_text("x")


def _strange(store: Path) -> None:
    store.mkdir()
    (store / "photo.jpg").write_text("x")


def _newer(store: Path) -> None:
    load(store, bundled=False)
    path = store / NAME
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 99}))


def _half_written(store: Path) -> None:
    load(store, bundled=False)
    path = store / NAME
    path.write_text(path.read_text()[:20])


def _without_snapshot(store: Path) -> None:
    load(store, bundled=False)
    (store / "snapshot-1").rename(store / "elsewhere")


def _cut(store: Path) -> None:
    load(store)
    for file in (store / "snapshot-1").glob("*.sst"):
        file.write_bytes(file.read_bytes()[:100])


def _cut_early(store: Path) -> None:
    """As a store of an earlier version, without checksums."""
    _cut(store)
    _forget_checksums(store)


def _forget_checksums(store: Path) -> None:
    told = json.loads((store / NAME).read_text())
    assert told.pop("files")
    (store / NAME).write_text(json.dumps(told))


def _wrong_types(store: Path) -> None:
    load(store)
    told = json.loads((store / NAME).read_text())
    next(iter(told["graphs"].values()))["path"] = 7
    (store / NAME).write_text(json.dumps(told))


def _deep(store: Path) -> None:
    load(store, bundled=False)
    (store / NAME).write_text('{"format": 1, "graphs": ' + "[" * 100_000)


def _headless(store: Path) -> None:
    load(store, bundled=False)
    (store / "snapshot-1" / "CURRENT").write_text("nonsense")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_no_folder, "folder not found; create one with `ThreatGraph.load"),
        (_a_file, "not a folder: give the folder of a store"),
        (_strange, "no store found in this folder"),
        (_newer, "has format 99, and this version of threatgraph reads format 2: upgrade threatgraph"),
        (_half_written, "is corrupt: delete the directory and load your files again"),
        (_without_snapshot, "the folder snapshot-1 is missing: delete the directory"),
        (_cut, r"\.sst: changed since it was written; the store is corrupt: delete the directory"),
        (_headless, "CURRENT: changed since it was written; the store is corrupt: delete the directory"),
        (_cut_early, "the store cannot be opened .*: delete the directory"),
        (_wrong_types, "is corrupt: delete the directory"),
        (_deep, "is corrupt: delete the directory"),
    ],
)
def test_what_cannot_be_opened_is_named_with_what_to_do(
    tmp_path: Path, spoil: Callable[[Path], None], message: str
) -> None:
    spoil(tmp_path / "store")
    with pytest.raises(ThreatGraphError, match=message):
        ThreatGraph.open(store=tmp_path / "store")


def test_damage_that_only_a_query_meets_is_told(tmp_path: Path) -> None:
    load(tmp_path / "store")
    for file in (tmp_path / "store" / "snapshot-1").glob("*.sst"):
        content = bytearray(file.read_bytes())
        content[10:200] = bytes(190)
        file.write_bytes(content)
    _forget_checksums(tmp_path / "store")
    for timeout in (None, 20):
        with pytest.raises(ThreatGraphError, match="Corruption"):
            ThreatGraph.open(store=tmp_path / "store").query("SELECT * { ?s ?p ?o }", timeout=timeout)


@pytest.mark.parametrize("known", [True, False], ids=["checksums", "none"])
@pytest.mark.parametrize("form", ["turtle", "nquads", "graphml"])
def test_an_export_of_a_damaged_store_is_an_error_on_one_line(
    tmp_path: Path, form: str, known: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    store = tmp_path / "store"
    load(store)
    # Each export reads another index, and each index is in files of its own.
    for file in (file for file in (store / "snapshot-1").glob("*.sst") if file.stat().st_size > 10_000):
        content = bytearray(file.read_bytes())
        content[len(content) // 2 : len(content) // 2 + 40] = bytes(40)
        file.write_bytes(content)
    if not known and form != "graphml":
        _forget_checksums(store)
    status = main(["--store", str(store), "export", "--format", form, "-o", str(tmp_path / "out")])
    err = capsys.readouterr().err
    assert status == 2
    assert "corrupt: delete the directory and load your files again" in err
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "out").exists()
    if known:
        assert main(["--store", str(store), "load", "--no-bundled"]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_a_file, "not a folder: give the folder of a store"),
        (_strange, r"not empty \(it contains photo\.jpg\): choose a new folder"),
        (_newer, "upgrade threatgraph"),
        (_half_written, "is corrupt"),
    ],
)
def test_nothing_is_loaded_into_what_is_no_store(tmp_path: Path, spoil: Callable[[Path], None], message: str) -> None:
    spoil(tmp_path / "store")
    with pytest.raises(ThreatGraphError, match=message):
        load(tmp_path / "store", bundled=False)


def test_files_of_others_that_look_like_ours_are_not_removed(tmp_path: Path) -> None:
    (tmp_path / "runs" / "snapshot-1").mkdir(parents=True)
    with pytest.raises(ThreatGraphError, match="not empty"):
        load(tmp_path / "runs", bundled=False)
    assert names(tmp_path / "runs") == ["snapshot-1"]


def test_data_and_a_store_do_not_go_together(tmp_path: Path) -> None:
    load(tmp_path / "store", bundled=False)
    with pytest.raises(ThreatGraphError, match=r"`ThreatGraph\.load` adds files"):
        ThreatGraph.open([tmp_path / "x.ttl"], store=tmp_path / "store")


def test_a_taxonomy_that_goes_in_a_circle_ends_everywhere(tmp_path: Path) -> None:
    circle = "PREFIX skos: <http://www.w3.org/2004/02/skos/core#>\nPREFIX p: <https://w3id.org/threatgraph/pattern/>\n"
    circle += "p:a skos:broader p:b . p:b skos:broader p:c . p:c skos:broader p:a, p:strategic-misalignment .\n"
    circle += "p:strategic-misalignment skos:broader p:a .\n"
    load(tmp_path / "store", file_sources([write(tmp_path / "circle.ttl", circle)]))
    graph = ThreatGraph.open(store=tmp_path / "store")
    ancestors = graph.query("SELECT ?x { pattern:a skos:broader+ ?x }", timeout=20)
    assert isinstance(ancestors, Table)
    found = {str(value).rpartition("/")[2] for value in ancestors.column("x")}
    assert found == {"a", "b", "c", "strategic-misalignment", "systemic-catastrophic"}
    graph.validate()
    assert graph.recommend("PAT-SYS-005", top=1)
