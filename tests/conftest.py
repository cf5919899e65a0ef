"""What the tests share: the bundled graph, opened once, and the programs of others that read our products."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from browsing import Browser, running_browser
from jena import is_installed, java_command
from threatgraph import ThreatGraph

ROOT = Path(__file__).resolve().parents[1]
# Tests depend on nothing in the home folder, and leave nothing there; those that need a cache turn it on.
os.environ["THREATGRAPH_CACHE"] = "off"
if "PYTEST_XDIST_WORKER" not in os.environ:  # the processes of pytest-xdist, which inherit it, share one cache
    _CACHE = tempfile.TemporaryDirectory(prefix="threatgraph-tests-")
    os.environ["XDG_CACHE_HOME"] = _CACHE.name
# As many threads as processes: more would wait for each other.
os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

# How long one example takes says nothing about the code: the first one pays for imports.
settings.register_profile("threatgraph", deadline=None)
settings.load_profile("threatgraph")


#: Tests that share something costly, by the beginning of their names: each such group runs in one process.
TOGETHER = (
    *(
        "test_conformance.py",
        "test_directory.py",
        "test_export.py",
        "test_import_links.py",
        "test_importers_tables.py",
        "test_plots.py",
    ),
    "browser/",
    "test_mcp.py",
    "test_mutants.py",
    "test_release.py",
    *("test_api.py", "test_server.py", "test_server_clients.py", "test_site.py", "test_web.py"),
    "test_docs.py::test_the_(?:site|tutorials)",
    *(f"test_backends.py.*{name}" for name in ("directory", "oxigraph", "virtuoso")),
)
#: Files with single tests that take long: begun first, so that no process waits for one of them in the end.
FIRST = ("test_wheel.py", "test_docs.py", "test_recommend.py", "test_importers_documents.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts long tests first."""
    items.sort(key=lambda item: item.path.name not in FIRST)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Spreads single tests over the processes, but for groups.

    The groups that pytest-xdist 3.8 makes of marks are lost with pytest 9.
    """
    from xdist.scheduler import LoadScopeScheduling

    groups = re.compile("|".join(f"({name})" for name in TOGETHER))

    class Scheduling(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            found = groups.search(nodeid)
            return TOGETHER[(found.lastindex or 1) - 1] if found else nodeid

    return Scheduling(config, log)


@pytest.fixture(scope="session")
def graph() -> ThreatGraph:
    """The bundled graph; tests only read it."""
    return ThreatGraph.open()


def _need(present: bool, what: str) -> None:
    """Skip where another program is absent, unless CI has promised that it is there."""
    if not present:
        message = f"{what} is not installed"
        (pytest.fail if os.environ.get("THREATGRAPH_PEERS") == "required" else pytest.skip)(message)


@pytest.fixture(scope="session")
def curl() -> str:
    """The program curl."""
    found = shutil.which("curl")
    _need(found is not None, "curl")
    return str(found)


@pytest.fixture(scope="session")
def npm(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Installs the packages of one of the clients in `tests/peers`, or of another folder, and returns a copy of it."""
    _need(shutil.which("npm") is not None, "npm")

    def install(name: str, parent: Path = ROOT / "tests" / "peers") -> Path:
        return _installed(parent / name, tmp_path_factory.mktemp("npm"))

    return install


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Chromium, one process for the session; each page has a context of its own."""
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    _need(shutil.which("npm") is not None, "npm")
    _need(executable is not None, "Chromium")
    folder = _installed(ROOT / "tests" / "browser", tmp_path_factory.mktemp("npm"))
    with running_browser(folder, str(executable)) as running:
        yield running


def _installed(source: Path, target: Path) -> Path:
    """A copy of a folder of Node, with its packages."""
    folder = target / source.name
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("node_modules"))
    subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund"], cwd=folder, check=True, timeout=300)
    return folder


@pytest.fixture(scope="session")
def java(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The command that runs a Java class, or a single source file, with Jena on the class path."""
    _need(is_installed(), "Java or Apache Jena (Debian package libapache-jena-java)")
    return java_command(tmp_path_factory.mktemp("jena"))


@pytest.fixture(scope="session")
def riot(java: list[str]) -> Iterator[Callable[..., str]]:
    """Apache Jena's reader with its checks on: the N-Triples (or N-Quads) of files; a warning fails the test.

    One Java process reads all files of the session, since it takes longer to start than to read most of them.
    """
    command = [*java, str(ROOT / "tests" / "peers" / "Riot.java")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        questions, answers = process.stdin, process.stdout

        def read(*paths: Path) -> str:
            form = "nq" if paths[0].suffix in (".nq", ".trig") else "nt"
            # Debian's Jena reads JSON-LD 1.1 by a library that it does not bring along; what we write is 1.0 as well.
            syntax = ["--syntax=jsonld10"] if paths[0].suffix == ".jsonld" else []
            questions.write("\t".join(["--check", *syntax, f"--output={form}", *map(str, paths)]).encode() + b"\n")
            questions.flush()
            status, length, error_length = map(int, answers.readline().split())
            output, errors = (answers.read(size).decode() for size in (length, error_length))
            assert status == 0, errors
            assert not errors, errors
            return output

        yield read
        questions.close()  # the process ends
