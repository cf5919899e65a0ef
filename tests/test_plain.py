"""Plain N-Triples are loaded as they are; the stores are the same as if the text was read triple by triple."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threatgraph import ThreatGraph
from threatgraph.errors import InvalidFile
from threatgraph.rdf.files import source_of
from threatgraph.store import MemoryStore, Store
from threatgraph.store.disk import writer
from threatgraph.store.disk.load import load
from threatgraph.store.inputs import file_sources
from threatgraph.store.plain import NotPlain, plain_blocks

XSD = "http://www.w3.org/2001/XMLSchema#"
PLAIN = [
    "<urn:s> <urn:p> <urn:o> .",
    '<urn:s> <urn:p> "text . # <urn:x> _:b ^^ << and \\" and \\u00e9" .',
    '<urn:s> <urn:p> "é"@en-US .',
    f'<urn:s> <urn:p> "2020"^^<{XSD}gYear> .',
    f'<urn:s> <urn:p> "0.5"^^<{XSD}decimal> .',
    '<urn:s> <urn:p> "x"^^<urn:type> .',
]
OTHER = [
    "_:b <urn:p> <urn:o> .",
    "<urn:s> <urn:p> _:b .",
    f'<urn:s> <urn:p> "0.50"^^<{XSD}decimal> .',
    f'<urn:s> <urn:p> "0.\\u0035"^^<{XSD}decimal> .',
    f'<urn:s> <urn:p> "0.50"^^<{XSD}decima\\u006C> .',
    f'<urn:s> <urn:p> "0.50" ^^ <{XSD}decimal> .',
    "<urn:s> <urn:p> <<( <urn:a> <urn:b> _:b )>> .",
    "<urn:s> <urn:p> <urn:o> . # a comment .",
    "# a comment .",
    "",
    "<urn:s>\t<urn:p>\t<urn:o>.",
    "<urn:s> <urn:p> <urn:o> .\r<urn:s2> <urn:p> <urn:o> .",
    "<urn:s> <urn:p> <urn:o> . <urn:s2> <urn:p> <urn:o> .",
]
BROKEN = [
    "<urn:s> <urn:p> <urn o> .",
    '<urn:s> <urn:p> "a\nb" .',
    '<urn:s> <urn:p> "x"@en<urn:x> .',
    '<urn:s> <urn:p> "\\q" .',
    "<urn:s> <urn:p> <urn:o> <urn:g> .",
    "<s> <urn:p> <urn:o> .",
]


@pytest.fixture
def every_file_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loads files of any size by themselves."""
    monkeypatch.setattr(writer, "_LARGE", 1)


def _is_plain(file: Path) -> bool:
    with source_of(file) as source:
        try:
            return bool(list(plain_blocks(source)))
        except NotPlain:
            return False


def _content(store: Store) -> tuple[object, ...]:
    graphs = {graph: sorted(map(str, store.graph_triples(graph))) for graph in store.graphs()}
    return sorted(map(str, store.triples())), graphs


def _outcome(file: Path, folder: Path | None) -> tuple[object, ...]:
    """What a store has after a file was loaded into it, or the error."""
    try:
        if folder is None:
            return _content(MemoryStore.open([file], bundled=False))
        result = load(folder, file_sources([file]), bundled=False)
        content = _content(ThreatGraph.open(store=folder).store)
        return *content, {graph: entry.triples for graph, entry in result.manifest.graphs.items()}
    except InvalidFile as error:
        return (str(error),)


@pytest.mark.parametrize("line", PLAIN)
def test_plain_lines_are_recognized(line: str, tmp_path: Path) -> None:
    file = tmp_path / "a.nt"
    file.write_text(f"{line}\n{line}", encoding="utf-8")
    assert _is_plain(file)


@pytest.mark.parametrize("line", OTHER)
def test_other_lines_are_not(line: str, tmp_path: Path) -> None:
    file = tmp_path / "a.nt"
    file.write_text(f"{PLAIN[0]}\n{line}\n{PLAIN[0]}\n", encoding="utf-8", newline="")
    assert not _is_plain(file)


@pytest.mark.usefixtures("every_file_is_large")
@given(lines=st.lists(st.sampled_from([*PLAIN, *PLAIN, *OTHER, *BROKEN]), max_size=6), ended=st.booleans())
def test_a_store_is_as_if_read_triple_by_triple(
    lines: list[str], ended: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("plain")
    file = folder / "a.nt"
    file.write_text("\n".join(lines) + "\n" * ended, encoding="utf-8", newline="")
    memory, disk = _outcome(file, None), _outcome(file, folder / "quick")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("threatgraph.store.disk.writer._LARGE", 2**63)
        patch.setattr("threatgraph.store.memory.MemoryStore._load_plain", lambda *_: False)
        assert memory == _outcome(file, None)
        assert disk == _outcome(file, folder / "slow")


@pytest.mark.usefixtures("every_file_is_large")
def test_a_file_that_is_not_plain_at_its_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # Its beginning is loaded twice, and each triple is there once.
    monkeypatch.setattr("threatgraph.store.plain._BLOCK", 64)
    monkeypatch.setattr(writer, "_PART", 64)
    file = tmp_path / "a.nt.gz"
    lines = [f"<urn:s{number}> <urn:p> <urn:o> .\n" for number in range(100)]
    file.write_bytes(gzip.compress("".join([*lines, "_:b <urn:p> <urn:o> .\n"]).encode()))
    assert len(_outcome(file, None)[0]) == 101  # type: ignore[arg-type]
    triples, _, counts = _outcome(file, tmp_path / "store")
    assert len(triples) == 101  # type: ignore[arg-type]
    assert counts == {file.as_uri(): 101}


def test_the_text_of_a_graph_is_that_of_the_time_of_opening(tmp_path: Path) -> None:
    file = tmp_path / "a.nt"
    file.write_text(f"{PLAIN[0]}\n", encoding="utf-8")
    store = MemoryStore.open([file], bundled=False)
    file.unlink()
    assert len(store.select("SELECT * { GRAPH ?file { ?s ?p ?o } }")) == 1
