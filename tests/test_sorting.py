"""Lines are sorted as in memory, whatever the size of the runs on disk; and exports do not depend on it."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threatgraph import ThreatGraph
from threatgraph.errors import ThreatGraphError
from threatgraph.rdf import sorting
from threatgraph.rdf.sorting import LineSorter

texts = st.lists(st.text("abc\x01<>é ", max_size=6).map(str.encode), max_size=60)


@given(lines=texts, run=st.integers(1, 80), block=st.integers(1, 40), cut=st.integers(1, 9), data=st.data())
def test_any_lines_in_any_parts_are_sorted(
    lines: list[bytes], run: int, block: int, cut: int, data: st.DataObject
) -> None:
    content = b"".join(line + b"\n" for line in lines)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sorting, "_RUN", run)
        patch.setattr(sorting, "_BLOCK", block)
        patch.setattr(sorting, "_LINES", cut)
        sorter = LineSorter(lambda found: [line[::-1] for line in found])
        while content:
            size = data.draw(st.integers(1, len(content)))
            assert sorter.write(content[:size]) == size
            content = content[size:]
        for _ in range(2):
            blocks = list(sorter.blocks())
            assert all(0 < len(found) <= cut for found in blocks)
            assert [line for found in blocks for line in found] == sorted({line[::-1] for line in lines})


def test_a_temporary_file_that_cannot_be_written_is_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sorting, "_RUN", 1)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "no" / "such"))
    with pytest.raises(ThreatGraphError, match=r"no/such: a temporary file cannot be written \(No such file"):
        LineSorter().write(b"a\nb\n")


@pytest.mark.parametrize("form", ["turtle", "ntriples", "jsonld", "nquads", "stix"])
def test_an_export_with_runs_on_disk_has_the_same_bytes(
    graph: ThreatGraph, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    wanted = graph.export(form)
    monkeypatch.setattr(sorting, "_RUN", 2_000_000)
    monkeypatch.setattr(sorting, "_BLOCK", 50_000)
    assert graph.export(form) == wanted
