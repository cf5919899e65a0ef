"""The command line as people use it: real files, and processes and a terminal of its own where that matters."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from pyoxigraph import RdfFormat, parse

from command_line import fails, run, start
from threatgraph.catalog import find_query, is_query, load_catalog
from threatgraph.cli import main
from threatgraph.cli.commands import GROUPS
from threatgraph.cli.parser import Parser, build_parser
from threatgraph.resources import data_dir
from threatgraph.vocab import BASE

TURTLE_HEAD = "".join(
    f"@prefix {prefix}: <{namespace}> .\n"
    for prefix, namespace in {
        "pattern": f"{BASE}pattern/",
        "domain": f"{BASE}domain/",
        "curation-status": f"{BASE}curation-status/",
        "tg": f"{BASE}ontology#",
        "skos": "http://www.w3.org/2004/02/skos/core#",
        "dcterms": "http://purl.org/dc/terms/",
    }.items()
)
MINE = (
    TURTLE_HEAD
    + """
pattern:mine a tg:ThreatPattern ;
    dcterms:source <https://example.org/mine> ;
    skos:definition "A threat of our own."@en ;
    skos:inScheme <https://w3id.org/threatgraph/pattern> ;
    skos:notation "ORG-SYS-001" ;
    skos:prefLabel "Mine"@en ;
    tg:curationStatus curation-status:project-assessment ;
    tg:domain domain:systemic-catastrophic .
"""
)


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.ttl"
    path.write_text(MINE, encoding="utf-8")
    return path


# What a newcomer tries.


def test_show_tells_all_that_the_source_page_tells() -> None:
    """Every label, list entry and table cell of the page of PAT-SYS-005, as a newcomer reads it."""
    status, out, _ = run("show", "PAT-SYS-005")
    assert status == 0
    expected = """
        PAT-SYS-005 | Strategic Misalignment | Severity: High — | Likelihood trend: Stable — | 2025-01-15
        Evidence level: Theoretical with empirical foundations —
        source: Long-term / existential | source: General-purpose AI provisions
        Listed group: Consumers | IT & Security Professionals [ | Documented incidents [2
        1. Value specification difficulty — | 2. Capability-control asymmetry — | 3. Optimization pressure —
        4. Emergent strategic behavior — | 5. Inadequate alignment verification —
        [Primary target, source: General public] — | [Primary target, source: Government agencies] —
        [Secondary impact, source: IT and security professionals] —
        [Secondary impact, source: Business professionals] —
        1. Specification gaming — | 2. Capability-alignment gap — | 3. Evaluation-deployment behavioral divergence —
        4. Interpretability barriers — | 5. Value divergence —
        1. Alignment research investment — | 2. Evaluation and red-teaming — | 3. Interpretability requirements —
        4. Incremental deployment with monitoring — | 5. Corrigibility design —
        1. Contain — | 2. Evaluate — | 3. Consult — | 4. Remediate or retire —
        1. EU AI Act | 2. NIST AI RMF | 3. ISO/IEC 42001 | 4. International AI safety efforts —
        Regulatory Gap (CAUSE-013) | Accountability Vacuum (CAUSE-014) | Competitive Pressure (CAUSE-015)
        AI strategic misalignment | AI alignment problem | AI value alignment | AI safety alignment research
        specification gaming in AI | deceptive alignment | AI corrigibility | AI existential risk from misalignment
        AI objective misspecification at scale | relationship between AI alignment and governance
        EU AI Act enters into force (INC-24-0011)
        Escalates from (1) | Goal Drift (PAT-AGT-003) | Systemic & Catastrophic Risks (DOM-SYS)
    """
    for phrase in re.split(r"\s*[|\n]\s*", expected.strip()):
        assert phrase in out, phrase


@pytest.mark.parametrize("name", ["strategic-misalignment", "Strategic Misalignment", "pattern:strategic-misalignment"])
def test_show_takes_any_name_of_a_record(name: str) -> None:
    assert run("show", name)[1].startswith("PAT-SYS-005 Strategic Misalignment\n")


def test_show_of_other_kinds_and_formats() -> None:
    assert "Systemic & Catastrophic Risks" in run("show", "DOM-SYS")[1]
    assert "Overreliance & Automation Bias (PAT-CTL-004)" in run("show", "eu-ai-act:article-14-4")[1]
    record = json.loads(run("show", "INC-23-0002", "--format", "json")[1])
    assert record["occurred"] == ["2023-03"]
    assert len(record["patternLink"]) == 2
    assert len(list(parse(run("show", "INC-23-0002", "--format", "turtle")[1], format=RdfFormat.TURTLE))) > 30


def test_stats_and_lists() -> None:
    counts = {row["what"]: row["count"] for row in json.loads(run("stats", "--format", "json")[1])}
    assert counts["patterns"] == len(list((data_dir() / "patterns").glob("*.ttl"))) >= 42
    assert counts["incidents"] == len(list((data_dir() / "incidents").rglob("*.ttl")))
    assert counts["provisions"] >= 43 + 210 + 102 + 95 + 224 + 10 + 10 + 221
    assert run("list", "domains")[1].endswith("\n\n8 rows\n")
    assert "CAUSE-013" in run("list", "causal-factor")[1]


def test_queries_are_listed_explained_and_run() -> None:
    assert "patterns-by-cause" in run("queries")[1]
    assert "cause (causal-factor, required)" in run("queries", "patterns-by-cause")[1]
    header = list(csv.DictReader(io.StringIO(run("queries", "patterns-by-cause", "--format", "csv")[1])))
    assert ("parameter", "cause", "causal-factor") in [(row["part"], row["name"], row["type"]) for row in header]
    answer = json.loads(run("run", "patterns-by-cause", "-p", "cause=CAUSE-009", "--format", "json")[1])
    codes = {row["code"]["value"] for row in answer["results"]["bindings"] if "code" in row}
    assert {"PAT-SEC-005", "PAT-CTL-004", "PAT-PRI-003"} <= codes


def test_validate_runs_the_checks_that_are_named(tmp_path: Path) -> None:
    path = tmp_path / "dangling.ttl"
    path.write_text(f"<{BASE}incident/x> <{BASE}ontology#causalFactor> <{BASE}causal-factor/none> .")
    status, out, _ = run("validate", str(path), "--check", "dangling-target", "--format", "json")
    found = {result["rule"].partition("#")[2]: result for result in json.loads(out)["results"]}
    assert status == 2
    assert found["dangling-target"]["value"] == f"{BASE}causal-factor/none"
    assert found["dangling-target"]["remedy"] == "Correct the IRI of the target, or add the record."
    assert json.loads(out)["checked"]["checks"] == 1
    assert "dangling-target" not in run("validate", str(path), "--no-checks")[1]
    assert "did you mean 'dangling-target" in fails("validate", "--check", "dangling-targets")


def test_sparql_from_words_file_and_standard_input(tmp_path: Path) -> None:
    query = "SELECT ?label { pattern:goal-drift skos:prefLabel ?label }"
    file = tmp_path / "q.rq"
    file.write_text(query)
    answers = [
        run("query", query, "--format", "csv"),
        run("query", "-f", str(file), "--format", "csv"),
        start("query", "-", "--format", "csv", stdin=query),
    ]
    assert {answer[1] for answer in answers} == {"label\nGoal Drift\n"} or {a[1] for a in answers} == {
        "label\r\nGoal Drift\r\n"
    }
    assert run("query", "ASK { pattern:goal-drift a tg:ThreatPattern }")[1] == "true\n"
    turtle = run("query", "CONSTRUCT { ?s a tg:Domain } WHERE { ?s a tg:Domain }")[1]
    assert len(list(parse(turtle, format=RdfFormat.TURTLE))) == 8


def test_users_files_are_added_before_or_after_the_command(mine: Path) -> None:
    for words in (("--data", str(mine), "show", "ORG-SYS-001"), ("show", "ORG-SYS-001", "--data", str(mine))):
        assert run(*words)[1].startswith("ORG-SYS-001 Mine\n")
    assert run("--data", str(mine), "--no-bundled", "stats", "--format", "csv")[1].splitlines()[1] == "patterns,1"


def test_validate_export_and_format(mine: Path, tmp_path: Path) -> None:
    for paths in ([], [str(mine)]):
        status, out, _ = run("validate", *paths)
        assert status == 0
        numbers = r"checked [1-9][\d,]* records? against [1-9]\d* shapes and [1-9]\d* cross-record checks"
        assert re.match(rf"no issues: the graph conforms; {numbers}", out.splitlines()[-1])
    target = tmp_path / "out.ttl"
    assert run("export", "--node", "PAT-SYS-005", "-o", str(target))[:2] == (0, "")
    assert b"pattern:strategic-misalignment" in target.read_bytes()
    assert run("format", "--check", str(mine))[:2] == (1, f"would change: {mine}\n")
    assert run("format", str(mine))[:2] == (0, f"changed: {mine}\n")
    assert run("format", "--check", str(mine))[:2] == (0, "")
    assert run("format", "--check", str(data_dir()))[:2] == (0, "")


def test_new_records_pass_validation(tmp_path: Path) -> None:
    words = ("--label", "Prompt theft", "--source", "https://example.org/x")
    status, out, _ = run(
        "new", "pattern", *words, "--domain", "DOM-SEC", "--definition", "A user copies prompts.", cwd=tmp_path
    )
    assert (status, out.splitlines()[0]) == (0, "prompt-theft.ttl")
    leak = ("--label", "A leak", "--source", "https://example.org/y", "--description", "It leaked.")
    assert run("new", "incident", *leak, "--occurred", "2026-02", "--pattern", "PAT-SEC-005", cwd=tmp_path)[0] == 0
    status, out, _ = run("validate", str(tmp_path))
    assert (status, out.splitlines()[-1].partition(";")[0]) == (0, "no issues: the graph conforms")
    assert "hint" in run("validate", "--hints", str(tmp_path))[1]
    assert "already exists" in fails("new", "incident", *leak, cwd=tmp_path)
    shown = run("--data", str(tmp_path), "show", "incident:a-leak")[1]
    assert "Model Inversion & Data Extraction (PAT-SEC-005) [Primary, Project assessment]" in shown
    assert run("format", "--check", str(tmp_path))[0] == 0


def test_version_and_completion(tmp_path: Path) -> None:
    assert re.fullmatch(r"threatgraph \d+\.\d+\.\d+\n", start("--version")[1])
    script = tmp_path / "completion.bash"
    assert run("completion", "bash", "-o", str(script))[0] == 0
    assert subprocess.run(["bash", "-n", str(script)], check=True, timeout=20).returncode == 0
    assert "threatgraph complete" in script.read_text() or "complete --" in script.read_text()


def parsers() -> dict[str, Parser]:
    """The parser of each command and subcommand, by its words."""

    def below(name: str, parser: Parser) -> Iterator[tuple[str, Parser]]:
        parser.fill()
        yield name, parser
        for word, child in parser.subcommands().items():
            yield from below(f"{name} {word}", child)

    return dict(below("threatgraph", build_parser()))


def test_help_fits_80_columns_and_has_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for name, parser in parsers().items():
        text = parser.format_help()
        assert [line for line in text.splitlines() if len(line) > 80] == [], name
        assert "examples:" in text or parser.subcommands() or name.endswith((" check", " complete")), name


def test_help_names_the_options_of_a_command_before_those_of_all_commands() -> None:
    text = run("recommend", "--help")[1]
    heads = [line for line in text.splitlines() if line.endswith(":") and not line.startswith(" ")]
    assert heads == ["arguments:", "options:", "output options:", "data source options:", "examples:"]
    assert text.index("--framework") < text.index("--no-color") < text.index("--endpoint")


def test_each_command_is_in_the_help_and_has_a_module() -> None:
    text = run("--help")[1]
    for command in (command for group in GROUPS.values() for command in group):
        assert f"\n  {command.name} " in text
        assert import_module(command.module).add_arguments


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("shwo goal-drift", "unknown command 'shwo'; did you mean 'show'?"),
        ("show goal-drift --frmat json", "unknown option '--frmat'; did you mean '--format'?"),
        ("show goal-drift more", "unexpected argument 'more'"),
        ("show goal-drift --format", "--format requires a value"),
        ("--format json show goal-drift", "unknown option '--format' before the command"),
        ("plot timelin", "did you mean 'timeline'?"),
        ("plot timeline --by sverity", "did you mean 'severity'?"),
        ("import aid x.csv", "did you mean 'aiid'?"),
        ("analyze centralty", "did you mean 'centrality'?"),
        ("completion bsh", "did you mean 'bash'?"),
        ("recommend goal-drift --kind patern", "did you mean 'pattern'?"),
        ("recommend goal-drift --text x", "both ID and --text are given"),
        ("recommend goal-drift PAT-AGT-003", "is given more than once"),
        ("recommend", "give the ID of a record or --text TEXT"),
        ("query domains", "use `threatgraph run domains`"),
        ("query ASK{} --format turtle", "--format turtle is not available for SELECT and ASK"),
        ("sync", "requires --endpoint URL"),
    ],
)
def test_a_slip_gets_one_line_that_says_what_to_do(words: str, expected: str) -> None:
    lines = fails(*words.split()).splitlines()
    assert expected in lines[0]
    assert lines[1:] in (
        [],
        [line for line in lines[1:] if re.fullmatch(r"Try 'threatgraph( [a-z]+)* --help'\.", line)],
    )


def test_data_can_be_given_before_and_after_the_command(mine: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.ttl"
    other.write_text(MINE.replace("pattern:mine", "pattern:yours").replace("ORG-SYS-001", "ORG-SYS-002"))
    out = run("--data", str(mine), "list", "pattern", "--data", str(other), "--no-bundled", "--format", "csv")[1]
    assert {"ORG-SYS-001", "ORG-SYS-002"} <= set(re.findall(r"ORG-SYS-00\d", out))


def test_a_year_or_a_month_is_a_date() -> None:
    of_a_year, of_a_day = (
        run("run", "incidents", "-p", f"since={date}", "--format", "csv") for date in ("2024", "2024-01-01")
    )
    assert of_a_year == of_a_day
    assert of_a_year[0] == 0
    assert len(of_a_year[1].splitlines()) > 1


def test_the_british_spelling_of_analyze_works() -> None:
    words = ("centrality", "--limit", "1", "--format", "csv")
    assert run("analyse", *words) == run("analyze", *words)


# Bad input: one message, status 2, no traceback.


def test_a_syntax_error_is_given_with_file_line_and_column(tmp_path: Path) -> None:
    path = tmp_path / "bad.ttl"
    path.write_text("@prefix tg: <urn:x> .\ntg:a tg:b tg:c d .\n")
    assert re.search(rf"{path}:2:\d+: does not parse", fails("validate", str(path)))
    assert re.search(rf"{path}:2:\d+: does not parse", fails("--data", str(path), "stats"))
    assert re.search(rf"{path}:2:\d+: does not parse", fails("format", str(path)))


def test_unknown_names_come_with_the_nearest() -> None:
    assert "did you mean" in fails("show", "PAT-SYS-05", run=start)
    assert "did you mean 'patterns-by-cause" in fails("run", "patterns-by-causes")
    assert "did you mean 'pattern" in fails("list", "paterns")
    assert "cause" in fails("run", "patterns-by-cause", "-p", "causes=x")
    assert "KEY=VALUE" in fails("run", "patterns-by-cause", "-p", "cause")
    assert "did you mean 'turtle" in fails("export", "--format", "turtel")


def test_a_malformed_query_is_shown_with_its_place() -> None:
    message = fails("query", "SELECT * {\n  ?s ?p\n}")
    assert "line 3" in message
    assert "^" in message
    assert "no query" in fails("query")


def test_a_hanging_query_is_stopped() -> None:
    query = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n0 ?o }"
    began = time.monotonic()
    assert "time limit" in fails("query", query, "--timeout", "1")
    for seconds in ("nan", "inf", "-1", "soon", "86401"):
        assert "must be a number of seconds" in fails("query", query, "--timeout", seconds)
    assert time.monotonic() - began < 20  # without a limit it runs for hours


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { SERVICE <http://example.org/> { ?s ?p ?o } }",
        "LOAD <http://example.org/x>",
        "DROP ALL",
        "INSERT DATA { <urn:a> <urn:b> 1 }",
    ],
)
def test_what_writes_or_reaches_out_is_refused(query: str) -> None:
    assert "is refused" in fails("query", query)


def test_files_that_are_no_rdf_are_named(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("hello")
    assert "notes.txt: not a known RDF file extension" in fails("--data", str(text), "stats")
    assert "gone.ttl: no such file" in fails("validate", str(tmp_path / "gone.ttl"))
    assert "gone.rq: cannot be read" in fails("query", "-f", str(tmp_path / "gone.rq"))
    latin = tmp_path / "latin.ttl"
    latin.write_bytes("# ok\n# caf\xe9\n".encode("latin-1"))
    assert "latin.ttl:2: not UTF-8" in fails("validate", str(latin))


def test_a_record_that_breaks_a_shape_is_reported_with_its_place(mine: Path) -> None:
    mine.write_text(MINE.replace("tg:domain domain:systemic-catastrophic", "tg:domain domain:systemic-catastrophik"))
    status, out, _ = run("validate", str(mine))
    assert status == 2
    assert re.search(r"mine\.ttl:15: violation: pattern:mine tg:domain \(value: domain:systemic-catastrophik\)", out)
    assert "A link must point to a record that exists." in out
    assert "help: Correct the IRI of the target, or add the record." in out
    assert out.splitlines()[-1].startswith("1 violation; checked 1 record ")
    finding = json.loads(run("validate", str(mine), "--format", "json")[1])["results"][0]
    assert (finding["line"], finding["rule"].partition("#")[2]) == (15, "dangling-target")
    assert run("validate", str(mine), "--format", "github")[1].startswith("::error file=")
    assert list(parse(run("validate", str(mine), "--format", "turtle")[1], format=RdfFormat.TURTLE))


def test_duplicate_identifiers_in_two_files_are_reported(mine: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.ttl"
    other.write_text(MINE)
    status, out, _ = run("validate", str(tmp_path))
    assert status == 2
    assert "one-file-a-record" in out
    assert "mine.ttl" in out
    assert "other.ttl" in out
    other.write_text(MINE.replace("pattern:mine", "pattern:yours"))
    status, out, _ = run("validate", str(tmp_path))
    assert status == 2
    assert "Identifier-unique" in out


def test_a_full_disk_is_reported_and_leaves_nothing(tmp_path: Path) -> None:
    target = tmp_path / "out.ttl"
    words = f"ulimit -f 8; trap '' XFSZ; exec {sys.executable} -m threatgraph export -o {target}"
    done = subprocess.run(["bash", "-c", words], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "nothing was changed" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_stops_early_is_no_error() -> None:
    words = f"{sys.executable} -m threatgraph export --format ntriples | head -1"
    done = subprocess.run(["bash", "-c", words], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


@pytest.mark.parametrize("words", ["stats >&-", "stats > /dev/full", "query - <&-", "query - < /dev/null"])
def test_streams_that_are_closed_or_full_give_no_traceback(words: str) -> None:
    command = f"{sys.executable} -m threatgraph {words}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert "Traceback" not in done.stderr
    assert done.returncode == (0 if words == "stats >&-" else 2)


def test_without_a_command_there_is_help() -> None:
    status, out, err = start()
    assert (status, err) == (0, "")
    assert out.startswith("usage: threatgraph COMMAND [options]\n")
    assert start("--help")[1] == out


# Places to write to: pipes, terminals, narrow ones.


def test_output_to_a_pipe_is_plain_and_unwrapped() -> None:
    out = run("run", "incidents")[1]
    assert "\033" not in out
    assert "IMF managing director compares AI's effect on labor market to a tsunami" in out


def test_tables_and_pages_fit_80_columns() -> None:
    for words in (("run", "patterns"), ("show", "PAT-SYS-005"), ("queries",), ("run", "causes")):
        out = run(*words, env={"COLUMNS": "80"})[1]
        long = [line for line in out.splitlines() if len(line) > 80]
        assert [line for line in long if "https://" not in line] == []


def _in_a_terminal(*words: str, env: dict[str, str] | None = None) -> str:
    parent, child = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "threatgraph", *words],
        stdout=child,
        stderr=child,
        env=os.environ | {"TERM": "xterm"} | (env or {}),
    )
    os.close(child)
    chunks = []
    while select.select([parent], [], [], 60)[0]:
        try:
            chunk = os.read(parent, 65536)
        except OSError:
            break
        if not chunk:
            break
        chunks.append(chunk)
    process.wait(timeout=60)
    os.close(parent)
    return b"".join(chunks).decode()


def test_colour_is_for_terminals_and_can_be_turned_off() -> None:
    assert "\033[1m" in _in_a_terminal("show", "goal-drift")
    assert "\033[1m" not in _in_a_terminal("show", "goal-drift", "--no-color")
    assert "\033[1m" not in _in_a_terminal("show", "goal-drift", env={"NO_COLOR": "1"})


# Start-up.


def test_asking_imports_nothing_heavy() -> None:
    code = "import sys; from threatgraph.cli import main; main(['run', 'domains']); print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    modules = done.stdout.splitlines()[-1]
    for heavy in ("rdflib", "pyshacl", "networkx", "pandas", "tqdm", "wcwidth", "dataclasses", "difflib", "hashlib"):
        assert f"'{heavy}'" not in modules
    code = "import sys; sys.argv[1:] = ['--version']\nfrom threatgraph.cli import main\ntry: main()\n"
    code += "except SystemExit: print('pyoxigraph' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "False"


def test_the_entry_point_is_installed() -> None:
    assert shutil.which("threatgraph", path=str(Path(sys.executable).parent))


def test_main_can_be_called_from_python(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "domains", "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["code"] for row in rows][:2] == ["DOM-AGT", "DOM-CTL"]


ENDS = {
    "answer": (["query", "ASK {}"], 0, "true\n", ""),
    "version": (["--version"], 0, "threatgraph ", ""),
    "help": (["run", "--help"], 0, "usage: threatgraph run", ""),
    "error": (["run", "nothing"], 2, "", "unknown query"),
    "wrong-command": (["nothing"], 2, "", "unknown command"),
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("buffered", ["", "1"], ids=["buffered", "unbuffered"])
def test_the_program_ends_at_once_with_all_that_it_wrote_and_its_status(end: str, buffered: str) -> None:
    words, status, out, error = ENDS[end]
    code = f"import sys; sys.argv[1:] = {words}; from threatgraph.__main__ import run; run(); print('still here')"
    environment = os.environ | {"PYTHONUNBUFFERED": buffered}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=100, check=False
    )
    assert (done.returncode, done.stdout.startswith(out), error in done.stderr) == (status, True, True)
    assert "still here" not in done.stdout


def test_a_single_named_query_is_read_as_in_the_catalog() -> None:
    for name, query in load_catalog().items():
        assert find_query(name) == query
    for name in ("", ".", "..", "checks", "domains.rq", "../queries/domains", "x" * 5000, "domains\0"):
        assert not is_query(name)
