"""The wheel in an empty environment, run from another folder, does what a checkout does."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (found,) = folder.glob("*.whl")
    return found


def test_the_wheel_is_small_and_carries_what_it_needs(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    # Of which 0.9 MB are Oxigraph for browsers, and 0.2 MB the scripts of pages, so that sites need no other server.
    assert wheel.stat().st_size < 4_400_000
    for name in (
        "threatgraph/py.typed",
        "threatgraph/_share/ontology/threatgraph.ttl",
        "threatgraph/_share/ontology/context.jsonld",
        "threatgraph/_share/ontology/shapes/threat-pattern.ttl",
        "threatgraph/_share/ontology/rules/affects.rq",
        "threatgraph/_share/data/patterns/strategic-misalignment.ttl",
        "threatgraph/_share/queries/patterns.rq",
    ):
        assert name in names
    assert any(name.endswith("licenses/DATA_LICENSE") for name in names)


def test_it_works_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    home = tmp_path / "env"
    venv.create(home, with_pip=True)
    python = home / "bin" / "python"
    env = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "THREATGRAPH"))}

    def run(*words: str) -> str:
        done = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=600, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run(str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(wheel))
    command = str(home / "bin" / "threatgraph")
    assert "Strategic Misalignment" in run(command, "show", "PAT-SYS-005")
    assert "8 rows" in run(command, "run", "domains")
    assert "Existing curated links" in run(command, "recommend", "PAT-SYS-005", "--top", "1")
    assert "Insufficient Safety Testing" in run(command, "analyze", "centrality", "--kind", "cause", "--format", "csv")
    assert run(command, "validate").splitlines()[-1].startswith("no issues: the graph conforms; checked ")
    told = ("--domain", "DOM-SYS", "--definition", "Bare.", "--source", "https://example.org/")
    run(command, "new", "pattern", "--label", "Bare", *told)
    assert "hints" in run(command, "validate", "--hints", "bare.ttl")  # pyshacl itself
    for form in ("turtle", "jsonld", "graphml"):
        run(command, "export", "--format", form, "-o", f"out.{form}")
        assert (tmp_path / f"out.{form}").stat().st_size > 100_000
    run(command, "completion", "bash")
    code = "from threatgraph import ThreatGraph; g = ThreatGraph.open(); print(len(g.to_rdflib()), g.to_networkx())"
    assert "MultiDiGraph" in run(str(python), "-c", code)
    assert "torch" not in run(str(python), "-m", "pip", "list").lower()
    size = sum(file.stat().st_size for file in home.rglob("*") if file.is_file())
    assert size < 350_000_000  # of which SciPy and NumPy are two thirds; pip and setuptools are in this too
