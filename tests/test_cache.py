"""The copy of the bundled graph in the cache folder: found, made, remade, and never in the way."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from threatgraph import ThreatGraph
from threatgraph.store import MemoryStore
from threatgraph.store.disk.cache import bundled_store
from threatgraph.store.disk.kept import file_stamps, read_kept, write_kept
from threatgraph.store.disk.load import load
from threatgraph.store.disk.snapshots import pending_snapshot
from threatgraph.store.disk.store import DirectoryStore
from threatgraph.store.inputs import file_sources

COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache is on, and in a folder of the test."""
    monkeypatch.setenv("THREATGRAPH_CACHE", "on")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "threatgraph" / "graphs"


def copies(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.exists() else []


def test_the_graph_is_the_same_at_first_and_from_the_copy(folder: Path, graph: ThreatGraph) -> None:
    assert isinstance(graph.store, MemoryStore)  # the other tests do without a cache
    first, second = ThreatGraph.open(cached=True), ThreatGraph.open(cached=True)
    assert len(copies(folder)) == 1
    for opened in (first, second):
        assert isinstance(opened.store, DirectoryStore)
        assert set(opened.store.triples()) == set(graph.store.triples())
        assert opened.store.graphs() == graph.store.graphs()
        assert opened.store.files == graph.store.files
        assert not opened.store.outdated
    assert folder.stat().st_mode & 0o077 == 0


def test_files_of_the_user_are_loaded_in_memory(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "a.ttl").write_text("<urn:a> <urn:b> <urn:c> .")
    assert isinstance(ThreatGraph.open([tmp_path / "a.ttl"], bundled=False).store, MemoryStore)
    assert copies(folder) == []


def _cut(snapshot: Path) -> None:
    for file in snapshot.glob("*.sst"):
        file.write_bytes(file.read_bytes()[:50])


def _flip(snapshot: Path) -> None:
    """As long as before, but other bytes: the engine would see it only when a query comes by."""
    for file in snapshot.glob("*.sst"):
        content = bytearray(file.read_bytes())
        content[10:200] = bytes(190)
        file.write_bytes(content)


def _no_current(snapshot: Path) -> None:
    (snapshot / "CURRENT").unlink()


def _no_manifest(snapshot: Path) -> None:
    (snapshot.parent / "threatgraph-store.json").write_text("{")


@pytest.mark.parametrize("spoil", [_cut, _flip, _no_current, _no_manifest])
def test_a_damaged_copy_is_made_anew(folder: Path, graph: ThreatGraph, spoil: object) -> None:
    assert callable(spoil)
    assert bundled_store() is not None
    spoil(copies(folder)[0] / "snapshot-1")
    again = ThreatGraph.open(cached=True)
    assert set(again.store.triples()) == set(graph.store.triples())
    remade = bundled_store()
    assert remade is not None
    assert set(remade.triples()) == set(graph.store.triples())


def test_while_another_process_makes_the_copy_the_graph_is_in_memory(folder: Path) -> None:
    bundled_store()
    copy = copies(folder)[0]
    (copy / "threatgraph-store.json").unlink()
    with pending_snapshot(copy):
        opened = ThreatGraph.open(cached=True)
        assert isinstance(opened.store, MemoryStore)
        assert len(opened) > 40_000


def test_two_processes_at_once_both_answer(folder: Path, graph: ThreatGraph) -> None:
    command = [sys.executable, "-m", "threatgraph", "query", COUNT, "--format", "csv"]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    answers = {process.communicate(timeout=100)[0] for process in running}
    assert answers == {f"n\n{len(graph)}\n"} or answers == {f"n\r\n{len(graph)}\r\n"}
    assert len(copies(folder)) == 1
    assert isinstance(bundled_store(), DirectoryStore)


@pytest.mark.parametrize("place", ["/proc/nowhere", "/dev/null"])
def test_a_home_that_cannot_be_written_is_no_matter(monkeypatch: pytest.MonkeyPatch, folder: Path, place: str) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", place)
    assert isinstance(ThreatGraph.open(cached=True).store, MemoryStore)
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", place)
    assert isinstance(ThreatGraph.open(cached=True).store, MemoryStore)
    assert copies(folder) == []


def test_it_can_be_turned_off_and_follows_home(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THREATGRAPH_CACHE", "off")
    assert bundled_store() is None
    monkeypatch.setenv("THREATGRAPH_CACHE", "")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # which the specification says to ignore
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert bundled_store() is not None
    assert len(copies(tmp_path / "home" / ".cache" / "threatgraph" / "graphs")) == 1
    assert copies(folder) == []


def test_changed_files_make_another_copy_and_few_stay(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from threatgraph import resources

    root = tmp_path / "root"
    for name in ("ontology/rules", "ontology/schemes", "data"):
        (root / name).mkdir(parents=True)
    monkeypatch.setattr(resources, "root", lambda: root)
    held = None
    for number in range(6):
        (root / "ontology/threatgraph.ttl").write_text(f"<urn:s> <urn:p> {10**number} .")
        store = bundled_store()
        assert store is not None
        assert store.ask(f"ASK {{ <urn:s> <urn:p> {10**number} }}")
        held = held or store  # the first one is still read, so it stays
        os.utime(copies(folder)[0])
    assert held is not None
    assert held.path.exists()
    assert held.ask("ASK { <urn:s> <urn:p> 1 }")
    assert 3 <= len(copies(folder)) <= 4


FOREIGN = {
    "checkout": ["src", "docs", "tests", "data", ".git"],
    "names": ["a" * 32, "0123456789abcdef" * 2],
    "stores": ["my-store"],
}


@pytest.mark.parametrize("kind", FOREIGN)
@pytest.mark.parametrize("inside", [False, True], ids=["beside-the-copies", "among-the-copies"])
def test_what_others_keep_in_the_cache_folder_stays(folder: Path, kind: str, inside: bool) -> None:
    place = folder if inside else folder.parent
    for name in FOREIGN[kind]:
        (place / name).mkdir(parents=True)
        (place / name / "mine.txt").write_text("precious")
    assert isinstance(bundled_store(), DirectoryStore)
    assert {(place / name / "mine.txt").read_text() for name in FOREIGN[kind]} == {"precious"}


def test_a_store_of_the_user_and_a_link_stay_whatever_their_names(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.ttl").write_text("<urn:a> <urn:b> <urn:c> .")
    folder.mkdir(parents=True)
    for name in ("b" * 32, "c" * 32, "d" * 32, "e" * 32):
        load(folder / name, file_sources([tmp_path / "mine.ttl"]), bundled=False)
    (folder / ("f" * 32)).symlink_to(tmp_path)
    assert isinstance(bundled_store(), DirectoryStore)
    assert (tmp_path / "mine.ttl").exists()
    assert len(copies(folder)) == 6
    for name in ("b" * 32, "e" * 32):
        assert DirectoryStore.open(folder / name).ask("ASK { <urn:a> <urn:b> <urn:c> }")


def test_copies_where_earlier_versions_kept_them_are_removed(folder: Path) -> None:
    assert bundled_store() is not None
    old = folder.parent / copies(folder)[0].name
    copies(folder)[0].rename(old)
    assert bundled_store() is not None
    assert not old.exists()
    assert len(copies(folder)) == 1


def test_a_foreign_folder_in_the_place_of_the_copy_is_left_alone(folder: Path) -> None:
    assert bundled_store() is not None
    copy = copies(folder)[0]
    (copy / "threatgraph-store.json").unlink()
    (copy / "mine.txt").write_text("precious")
    assert isinstance(ThreatGraph.open(cached=True).store, MemoryStore)
    assert (copy / "mine.txt").read_text() == "precious"


def kept(folder: Path) -> list[Path]:
    return sorted(copies(folder)[0].glob("kept-*"))


def test_content_is_kept_beside_the_copy_for_what_it_depends_on(folder: Path, graph: ThreatGraph) -> None:
    store = bundled_store()
    assert read_kept(store, "sizes", "1") is None
    write_kept(store, "sizes", "1", b"content")
    write_kept(store, "others", "1", b"")
    again = bundled_store()
    assert bytes(read_kept(again, "sizes", "1") or b"") == b"content"
    empty = read_kept(again, "others", "1")
    assert empty is not None
    assert bytes(empty) == b""
    assert read_kept(again, "sizes", "2") is None
    write_kept(again, "sizes", "2", b"new")
    assert read_kept(again, "sizes", "1") is None  # replaced
    assert len(kept(folder)) == 2
    for other in (graph.store, None):
        write_kept(other, "sizes", "2", b"x")
        assert read_kept(other, "sizes", "2") is None


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda whole: b"",
    "cut": lambda whole: whole[:-1],
    "other-head": lambda whole: b"x" + whole[1:],
    "other-content": lambda whole: whole[:-1] + b"x",
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_content_is_removed(folder: Path, damage: str) -> None:
    store = bundled_store()
    write_kept(store, "sizes", "1", b"content")
    (path,) = kept(folder)
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    assert read_kept(store, "sizes", "1") is None
    assert kept(folder) == []


def test_content_that_cannot_be_kept_is_no_matter(folder: Path) -> None:
    store = bundled_store()
    (copies(folder)[0] / "kept-sizes-0").write_bytes(b"old")
    copies(folder)[0].rename(folder / "elsewhere")
    write_kept(store, "sizes", "1", b"content")
    assert read_kept(store, "sizes", "1") is None


def test_a_copy_with_kept_content_is_remade_and_discarded_like_others(folder: Path) -> None:
    write_kept(bundled_store(), "sizes", "1", b"content")
    _no_manifest(copies(folder)[0] / "snapshot-1")
    store = bundled_store()
    assert isinstance(store, DirectoryStore)
    assert read_kept(store, "sizes", "1") is None


def test_a_changed_module_changes_its_stamps(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("a = 1")
    (tmp_path / "notes.txt").write_text("")
    before = file_stamps(tmp_path)
    assert before == file_stamps(tmp_path)
    (tmp_path / "a.py").write_text("a = 12")
    assert file_stamps(tmp_path) != before
