"""``threatgraph analyze`` on the command line, with its output."""

from __future__ import annotations

import csv
import io
import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

from command_line import run
from threatgraph.analytics.centrality import DEFAULTS, MEASURES
from threatgraph.analytics.cooccurrence import PROPERTIES
from threatgraph.analytics.coverage import GAPS
from threatgraph.analytics.networks import NETWORKS
from threatgraph.analytics.trends import DIMENSIONS, PERIODS
from threatgraph.cli import main
from threatgraph.cli.parser import build_parser
from threatgraph.vocab import BASE

MINE = f"""
@prefix tg: <{BASE}ontology#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix pattern: <{BASE}pattern/> .
@prefix incident: <{BASE}incident/> .
@prefix causal-factor: <{BASE}causal-factor/> .
causal-factor:haste a tg:CausalFactor ; skos:prefLabel "Haste"@en .
pattern:mine a tg:ThreatPattern ; skos:prefLabel "Mine"@en ; tg:causalFactor causal-factor:haste .
pattern:yours a tg:ThreatPattern ; skos:prefLabel "Yours"@en ; tg:causalFactor causal-factor:haste .
pattern:alone a tg:ThreatPattern ; skos:prefLabel "Alone"@en .
incident:one a tg:Incident ; skos:prefLabel "One"@en ; tg:occurred "last May"^^xsd:date .
"""


@pytest.fixture
def mine(tmp_path: Path) -> str:
    path = tmp_path / "mine.ttl"
    path.write_text(MINE, encoding="utf-8")
    return str(path)


@pytest.fixture(autouse=True)
def _no_width(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables have their full width on any terminal."""
    monkeypatch.delenv("COLUMNS", raising=False)


def answer(capsysbinary: pytest.CaptureFixture[bytes], *words: str) -> str:
    """The output of an analysis that succeeds, without a subprocess."""
    assert main(["analyze", *words]) == 0
    return capsysbinary.readouterr().out.decode()


def test_the_analyses_of_a_user_file(mine: str, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    alone = ("--no-bundled", "--data", mine)
    table = answer(capsysbinary, "centrality", "--kind", "cause", *alone)
    # It connects one of three other pairs. A node without links has the PageRank 1/21, so the cause has h with
    # h = 1/21 + 0.85 * 2 m, and each of its two patterns m = 1/21 + 0.85 * h/2.
    pagerank = f"{(1 + 1.7) / 21 / (1 - 1.7 * 0.425):.3f}"
    assert table.splitlines()[2].split() == ["1", "Haste", "2", "2", "0.333", pagerank, "haste"]
    assert table.endswith("\n1 row\n")
    found = csv.DictReader(io.StringIO(answer(capsysbinary, "communities", "--format", "csv", *alone)))
    assert [(row["community"], row["label"]) for row in found] == [("1", "Mine"), ("1", "Yours"), ("2", "Alone")]
    steps = json.loads(answer(capsysbinary, "path", "mine", "Yours", "--format", "json", *alone))
    assert [(step["step"], step["direction"], step["property"]) for step in steps] == [
        (1, "forward", f"{BASE}ontology#causalFactor"),
        (2, "backward", f"{BASE}ontology#causalFactor"),
    ]


def test_a_path_table_has_labels(mine: str, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    lines = answer(capsysbinary, "path", "mine", "yours", "--no-bundled", "--data", mine).splitlines()
    assert lines[0].split() == "step from_label property direction to_label relation information".split()
    # Of five records two are linked with the cause.
    assert lines[2].split() == ["1", "Mine", "tg:causalFactor", "forward", "Haste", f"{math.log2(5 / 2):.3f}"]
    assert lines[3].split() == ["2", "Haste", "tg:causalFactor", "backward", "Yours"]


def test_options_are_accepted_before_and_after_the_command(
    mine: str, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    after = answer(capsysbinary, "communities", "--no-bundled", "--data", mine)
    assert main(["--no-bundled", "--data", mine, "analyze", "communities"]) == 0
    assert capsysbinary.readouterr().out.decode() == after


def test_a_missing_path_or_escalation_is_reported(mine: str, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    alone = ("--no-bundled", "--data", mine)
    found = answer(capsysbinary, "path", "mine", "alone", *alone)
    assert found == "none: no links lead from pattern:mine to pattern:alone\n"
    assert json.loads(answer(capsysbinary, "path", "mine", "alone", "--format", "json", *alone)) == []
    assert answer(capsysbinary, "escalation", "mine", *alone) == "none: pattern:mine escalates into no other pattern\n"


def test_an_invalid_date_is_counted_separately_with_a_note(mine: str) -> None:
    status, out, err = run("analyze", "trends", "--no-bundled", "--data", mine, "--format", "csv")
    assert status == 0
    assert out.split() == ["period,status,incidents", ",unreadable,1"]
    assert err == "threatgraph: note: some dates cannot be read; run `threatgraph validate` to list them.\n"


def test_the_examples_of_the_readme(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    for words in (
        "centrality --kind cause --limit 3",
        "communities --agreement",
        "cooccurrence --kind causal-factor --with group --minimum 3 --limit 3",
        "coverage --by-framework",
        "gaps --framework owasp-llm-2025 --gap provision-not-covered",
        "trends --by domain --period year",
        "path PAT-SYS-005 PAT-INF-002 --strongest",
        "escalation PAT-AGT-003",
    ):
        assert answer(capsysbinary, *words.split()).splitlines()[1].startswith("---"), words
    assert len(answer(capsysbinary, *"centrality --limit 3 --format tsv".split()).splitlines()) == 4


def test_the_output_is_written_to_a_file(mine: str, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    target = tmp_path / "coverage.md"
    assert (
        answer(capsysbinary, "centrality", "--no-bundled", "--data", mine, "--format", "markdown", "-o", str(target))
        == ""
    )
    assert [cell.strip() for cell in target.read_text(encoding="utf-8").splitlines()[2].split("|")][3] == "Mine"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("centrality --no-bundled", "the graph has no patterns to analyze"),
        ("communities --no-bundled", "the graph has no patterns"),
        ("cooccurrence --no-bundled", "no incident in the graph has causal factors"),
        ("coverage --no-bundled", "the graph has no patterns"),
        ("coverage --by-framework --no-bundled", "the graph has no frameworks"),
        ("gaps --no-bundled", "the graph has no patterns"),
        ("trends --no-bundled", "the graph has no incidents"),
        ("path a b --no-bundled", "unknown record 'a'"),
        ("escalation a --no-bundled", "unknown pattern 'a'"),
        ("centrality --kind weather", "unknown kind 'weather'"),
        ("centrality --network pattern-clause", "did you mean 'pattern-cause"),
        ("centrality --by fame", "unknown measure 'fame'"),
        ("communities --resolution 0", "resolution must be a number above 0"),
        ("communities --resolution much", "--resolution must be a number, not 'much'"),
        ("cooccurrence --minimum 0", "must be a positive integer, not '0'"),
        ("cooccurrence --minimum 1.5", "must be a positive integer, not '1.5'"),
        ("cooccurrence --with weather", "unknown kind 'weather'"),
        ("gaps --gap hole", "unknown gap 'hole'"),
        ("gaps --framework nope", "unknown framework 'nope'"),
        ("trends --period decade", "unknown period 'decade'"),
        ("trends --by weather", "unknown kind 'weather'"),
        ("trends --primary", "requires grouping by pattern or domain"),
        ("path goal-drift nope", "unknown record 'nope'"),
        ("path goal-drift PAT-AGT-003", "requires two different records"),
        ("path goal-drift", "the following arguments are required: ID"),
        ("escalation openai", "unknown pattern 'openai'"),
        ("weather", "unknown analysis 'weather'"),
        ("", "the following arguments are required: ANALYSIS"),
    ],
)
def test_invalid_arguments_are_errors_with_status_2(
    words: str, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status: object = main(["analyze", *words.split()])
    except SystemExit as stopped:
        status = stopped.code
    out, err = capsys.readouterr()
    assert status == 2
    assert out == ""
    assert err.startswith("threatgraph: error: ")
    assert expected in err


def test_an_invalid_argument_ends_the_process_without_a_traceback() -> None:
    status, out, err = run("analyze", "trends", "--period", "decade")
    assert (status, out) == (2, "")
    assert err == (
        "threatgraph: error: unknown period 'decade'. Choose one of year, quarter, month.\n"
        "Try 'threatgraph analyze trends --help'.\n"
    )


@pytest.mark.parametrize(
    ("what", "names"),
    [
        ("centrality", [*DEFAULTS, *NETWORKS, *MEASURES]),
        ("communities", NETWORKS),
        ("cooccurrence", PROPERTIES),
        ("gaps", GAPS),
        ("trends", [*DIMENSIONS, *PERIODS]),
    ],
)
def test_the_help_lists_all_choices(
    what: str, names: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "1000")
    with pytest.raises(SystemExit):
        build_parser().parse_args(["analyze", what, "--help"])
    text = capsys.readouterr().out
    assert [name for name in names if name not in text] == []


def test_the_parser_stays_light() -> None:
    code = "import sys, threatgraph.cli.parser; print(sorted(sys.modules.keys() & {'networkx', 'pyoxigraph', 'numpy'}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
