"""SSSOM export: it has the mappings of the graph, and the SSSOM validator accepts it."""

from __future__ import annotations

import csv
import io
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from threatgraph import ThreatGraph
from threatgraph.vocab import PREFIXES

HEAD = "".join(f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in PREFIXES.items())


def read(content: bytes) -> tuple[dict[str, str], list[dict[str, str]]]:
    """The prefixes of the header and the rows, in full."""
    lines = content.decode().splitlines(keepends=True)
    head = [line[2:].rstrip() for line in lines if line.startswith("#")]
    curies = dict(line.strip().split(": ", 1) for line in head[head.index("curie_map:") + 1 :])
    body = io.StringIO("".join(lines[len(head) :]), newline="")
    return {k: v.strip('"') for k, v in curies.items()}, list(csv.DictReader(body, delimiter="\t"))


def expand(curie: str, prefixes: dict[str, str]) -> str:
    prefix, _, local = curie.partition(":")
    return {**{p: PREFIXES[p] for p in ("skos", "semapv")}, **prefixes}[prefix] + local


def test_every_mapping_is_a_row(graph: ThreatGraph) -> None:
    prefixes, rows = read(graph.export("sssom"))
    written = {
        tuple(expand(row[name], prefixes) for name in ("subject_id", "predicate_id", "object_id")) for row in rows
    }
    stated = graph.store.select(
        """SELECT ?s ?p ?o WHERE {
          { ?s tg:mapping ?m } UNION { ?m sssom:subject_id ?s }
          ?m sssom:predicate_id ?p ; sssom:object_id ?o }"""
    ).rows
    assert written == {tuple(str(getattr(term, "value", term)) for term in row) for row in stated}
    assert len(rows) == len(stated)
    # Published crosswalks were curated by hand. What a language model drafted says so, and whether it was reviewed.
    drafted = [row for row in rows if row["mapping_tool"]]
    assert {row["mapping_justification"] for row in drafted} <= {"semapv:MappingReview", "semapv:UnspecifiedMatching"}
    assert all(row["reviewer_label"] for row in drafted if row["mapping_justification"] == "semapv:MappingReview")
    negated = {(row["subject_id"], row["object_id"]) for row in rows if row["predicate_modifier"] == "Not"}
    assert ("pattern:lethal-autonomous-weapon-systems", "eu-ai-act:article-2") in negated
    assert all(("does-not-cover" in row["other"]) == bool(row["predicate_modifier"]) for row in rows)


def test_a_crosswalk_has_its_source(graph: ThreatGraph) -> None:
    _, rows = read(graph.export("sssom", node="owasp-agentic:asi02"))
    (row,) = [row for row in rows if row["mapping_source"] and row["object_id"] == "owasp-llm:llm06"]
    assert row["mapping_source"] == "mapping-set:owasp-agentic-to-owasp-llm-ibm"
    assert row["predicate_id"] == "skos:broadMatch"  # printed as narrowMatch, against its own comment
    assert row["confidence"] == "0.9"
    assert (row["subject_label"], row["object_label"]) == ("Tool Misuse & Exploitation", "Excessive Agency")
    assert "in the wrong direction" in row["comment"]


def test_one_record_alone(graph: ThreatGraph) -> None:
    _, rows = read(graph.export("sssom", node="PAT-SYS-005"))
    assert {row["subject_id"] for row in rows} == {"pattern:strategic-misalignment"}
    assert {row["subject_source"] for row in rows} == {"threatgraph:pattern"}


def test_custom_prefixes_and_white_space(tmp_path: Path) -> None:
    path = tmp_path / "own.ttl"
    path.write_text(
        HEAD
        + """
<https://example.org/risks/one> tg:mapping <https://example.org/risks/one#m> .
<https://example.org/risks/one#m> sssom:object_id <https://example.org/law#art5> ; sssom:predicate_id skos:closeMatch ;
  tg:rationale "Two\\nlines\\tand a \\"quote\\"."@en .
""",
        encoding="utf-8",
    )
    prefixes, (row,) = read(ThreatGraph.open([path], bundled=False).export("sssom"))
    assert expand(row["subject_id"], prefixes) == "https://example.org/risks/one"
    assert expand(row["object_id"], prefixes) == "https://example.org/law#art5"
    assert row["comment"] == 'Two lines and a "quote".'


@pytest.fixture(scope="module")
def sssom() -> str:
    program = os.environ.get("THREATGRAPH_SSSOM") or shutil.which("sssom")
    if not program:
        message = "the program sssom (PyPI) is not installed"
        (pytest.fail if os.environ.get("THREATGRAPH_PEERS") == "required" else pytest.skip)(message)
    return str(program)


@pytest.mark.peers
def test_the_validator_of_sssom_accepts_it(graph: ThreatGraph, sssom: str, tmp_path: Path) -> None:
    path = tmp_path / "mappings.sssom.tsv"
    graph.export("sssom", path=path)
    done = subprocess.run([sssom, "validate", str(path)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip(), done.stderr.strip()) == (0, "", "")


@pytest.mark.peers
def test_the_validator_reports_errors(graph: ThreatGraph, sssom: str, tmp_path: Path) -> None:
    path = tmp_path / "mappings.sssom.tsv"
    path.write_bytes(graph.export("sssom", node="PAT-SYS-005").replace(b"semapv:MappingReview", b"by hand"))
    done = subprocess.run([sssom, "validate", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode != 0 or done.stderr
