"""A contributor in a checkout works on that checkout, whichever copy of threatgraph is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from threatgraph import resources
from threatgraph.cli.checkout import choose_data
from threatgraph.errors import ThreatGraphError

ROOT = Path(__file__).resolve().parents[1]
INCIDENT = """
@prefix skos: <http://www.w3.org/2004/02/skos/core#> . @prefix tg: <https://w3id.org/threatgraph/ontology#> .
<https://w3id.org/threatgraph/incident/only-here> a tg:Incident ; skos:prefLabel "Only here"@en .
"""
QUERY = """#: title: Mine
#: question: Which incidents are only here?
#: column incident: the incident
SELECT ?incident WHERE { ?incident skos:prefLabel "Only here"@en } ORDER BY STR(?incident)
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of this checkout, with a record and a query that the installed package does not have."""
    copy = tmp_path_factory.mktemp("clone") / "a clone"
    for name in ("data", "ontology", "queries"):
        shutil.copytree(ROOT / name, copy / name)
    shutil.copy(ROOT / "pyproject.toml", copy)
    (copy / "data" / "incidents" / "2026" / "only-here.ttl").write_text(INCIDENT)
    (copy / "queries" / "only-here.rq").write_text(QUERY)
    return copy


def run(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "threatgraph", *words],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("below", [".", "data/incidents/2026"])
def test_a_command_reads_the_checkout_around_it_and_says_so_once(checkout: Path, below: str) -> None:
    done = run(checkout / below, "show", "only-here")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Only here\n")
    assert done.stderr.splitlines() == [
        f"threatgraph: using the data of the checkout in {checkout} (--installed-data uses the installed data)"
    ]


def test_the_queries_and_shapes_of_the_checkout_are_used(checkout: Path) -> None:
    listed = run(checkout, "queries", "only-here")
    assert "Which incidents are only here?" in listed.stdout
    done = run(checkout, "validate", "data/incidents/2026/only-here.ttl")
    assert done.returncode == 2
    assert "dcterms:source" in done.stdout


def test_a_record_is_made_found_and_formatted_in_the_checkout(checkout: Path) -> None:
    folder = "data/incidents/2026"
    words = ["--label", "Store chatbot invents a discount", "--description", "A chatbot promised a discount."]
    made = run(checkout, "new", "incident", *words, "--source", "https://example.com/report", "--folder", folder)
    assert made.returncode == 0, made.stderr
    assert run(checkout, "show", "store-chatbot-invents-a-discount").returncode == 0
    assert run(checkout, "format", "--check", folder + "/store-chatbot-invents-a-discount.ttl").returncode == 0
    again = run(checkout, "new", "incident", *words, "--source", "https://example.com/report")
    assert again.returncode == 2
    assert "already exists" in again.stderr


@pytest.mark.parametrize(("words", "value"), [(["--installed-data"], ""), ([], "off")])
def test_the_installed_data_can_be_asked_for(checkout: Path, words: list[str], value: str) -> None:
    done = run(checkout, "show", "only-here", *words, THREATGRAPH_CHECKOUT=value)
    assert done.returncode == 2
    assert "checkout" not in done.stderr
    assert run(checkout, "show", "goal-drift", *words, THREATGRAPH_CHECKOUT=value).returncode == 0


def test_the_variable_names_a_checkout_from_anywhere_and_in_python(checkout: Path, tmp_path: Path) -> None:
    assert run(tmp_path, "show", "only-here", THREATGRAPH_CHECKOUT=str(checkout)).returncode == 0
    code = "from threatgraph import ThreatGraph; print(ThreatGraph.open().record('only-here').label)"

    def python(**environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", code]
        env = {**os.environ, **environment}
        return subprocess.run(command, cwd=checkout, env=env, capture_output=True, text=True, timeout=120, check=False)

    assert python(THREATGRAPH_CHECKOUT=str(checkout)).stdout == "Only here\n"
    assert "unknown" in python().stderr  # the current folder does not change what Python opens
    wrong = run(tmp_path, "stats", THREATGRAPH_CHECKOUT=str(tmp_path))
    assert wrong.returncode == 2
    assert "is not a checkout of threatgraph" in wrong.stderr


def test_a_folder_that_only_looks_like_a_checkout_is_not_used(checkout: Path, tmp_path: Path) -> None:
    for name in ("data", "ontology", "queries"):
        (tmp_path / name).symlink_to(checkout / name)
    assert resources.find_checkout(tmp_path) is None
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "another"\n')
    assert resources.find_checkout(tmp_path) is None
    assert resources.find_checkout(checkout / "data") == checkout


def test_a_checkout_of_another_user_is_not_used(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(checkout)
    monkeypatch.setattr(resources, "is_own", lambda folder: False)
    choose_data(installed=False)
    try:
        assert resources.root() == ROOT
        assert "belongs to another user" in capsys.readouterr().err
    finally:
        resources.use_checkout(None)


@pytest.mark.parametrize("file", ["queries/only-here.rq", "ontology/rules/mine.rq"])
def test_queries_and_rules_of_a_checkout_reach_no_other_server(checkout: Path, file: str) -> None:
    asks = "SELECT ?incident" if "queries" in file else "CONSTRUCT { ?incident a tg:Incident }"
    path = checkout / file
    before = path.read_text() if path.exists() else None
    path.write_text(
        QUERY[: QUERY.index("SELECT")] + asks + " WHERE { SERVICE <http://127.0.0.1:9/> { ?incident ?p ?o } }"
    )
    try:
        done = run(checkout, "run", "only-here")
        assert done.returncode == 2
        assert "SERVICE at line 4" in done.stderr
    finally:
        path.unlink() if before is None else path.write_text(before)


def test_no_code_comes_from_a_checkout(checkout: Path) -> None:
    (checkout / "threatgraph.py").write_text("raise SystemExit('code of the checkout')")
    (checkout / "src" / "threatgraph").mkdir(parents=True)
    (checkout / "src" / "threatgraph" / "__init__.py").write_text("raise SystemExit('code of the checkout')")
    command = [sys.executable, "-P", "-m", "threatgraph", "show", "only-here"]  # -P: as the installed program starts
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def test_a_wrong_variable_is_an_error_in_python(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(resources.CHECKOUT, str(tmp_path))
    with pytest.raises(ThreatGraphError, match="THREATGRAPH_CHECKOUT"):
        resources.root()
