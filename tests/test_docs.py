"""The documentation: every command and output shown is real, the site builds strictly, and pages match the code."""

from __future__ import annotations

import argparse
import importlib.util
import re
import shlex
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import docs_examples as examples
import threatgraph
from threatgraph import ThreatGraph
from threatgraph.cli.commands import GROUPS
from threatgraph.cli.parser import Parser, build_parser

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = [*examples.pages(), ROOT / "CONTRIBUTING.md"]
READ = {path: path.read_text(encoding="utf-8") for path in PAGES}


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built without a warning."""
    folder = tmp_path_factory.mktemp("site") / "html"
    command = ["bash", str(DOCS / "build"), str(folder)]
    environment = {"PYTHON": sys.executable, "PATH": "/usr/bin:/bin", "HOME": str(folder.parent)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False, env=environment)
    assert done.returncode == 0, done.stderr[-5000:]
    return folder


@pytest.mark.parametrize("path", [p for p in examples.pages() if examples.Page(p).steps], ids=_name)
def test_every_example_runs_and_prints_what_the_page_shows(path: Path) -> None:
    page = examples.Page(path)
    problems = [*page.run(), *page.differences(exact=False)]
    assert not problems, "\n\n".join(
        [*problems, f"`python tests/docs_examples.py --update {_name(path)}` rewrites them"]
    )


def test_the_readme_and_every_guide_have_examples_that_run() -> None:
    needed = {ROOT / "README.md", *(DOCS / "howto").glob("*.md")} - {
        DOCS / "howto" / name for name in ("http.md", "index.md", "scale.md")
    }
    assert {path for path in needed if not examples.Page(path).steps} == set()


def test_a_wrong_output_is_found_and_rewritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examples, "ROOT", tmp_path)
    path = tmp_path / "page.md"
    path.write_text(
        "<!-- file: words.txt -->\n```text\none\ntwo\nthree\n```\n"
        "```console\n$ head -n 2 words.txt\none\nTWO\n$ cat words.txt\nzero\n…\n$ false\n$ echo $?\n0\n```\n"
        "```pycon\n>>> words = open('words.txt').read().split()\n>>> len(words)\n4\n```\n",
        encoding="utf-8",
    )
    page = examples.Page(path)
    assert page.run() == []
    assert len(page.differences()) == 4
    path.write_text(page.updated(), encoding="utf-8")
    assert "one\ntwo\n$ cat words.txt\none\n…\n$ false\n$ echo $?\n1\n" in path.read_text(encoding="utf-8")
    assert ">>> len(words)\n3\n" in path.read_text(encoding="utf-8")
    again = examples.Page(path)
    assert again.run() == []
    assert again.differences() == []


def test_a_count_may_grow_with_the_data_but_not_go_stale() -> None:
    assert examples.matches(["242 rows", "PAT-SYS-005  0.494"], ["251 rows", "PAT-SYS-005    0.504"], exact=False)
    assert not examples.matches(["242 rows"], ["251 rows"])
    assert not examples.matches(["242 rows"], ["292 rows"], exact=False)
    assert not examples.matches(["0.182  walk"], ["0.205  walk"], exact=False)
    assert not examples.matches(["PAT-SYS-005"], ["PAT-SYS-006"], exact=False)
    assert not examples.matches(["Goal Drift"], ["Goal drift"], exact=False)


def test_an_example_that_fails_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examples, "ROOT", tmp_path)
    path = tmp_path / "page.md"
    path.write_text("```console\n$ false\n```\n```python\n1 / 0\n```\n", encoding="utf-8")
    problems = examples.Page(path).run()
    assert len(problems) == 2
    assert "status 1" in problems[0]
    assert "ZeroDivisionError" in problems[1]


def test_few_examples_are_not_run() -> None:
    skipped = [block.skipped for text in READ.values() for block in examples.read_blocks(text) if block.skipped]
    allowed = (
        "needs a SPARQL server",
        "needs maplib and DuckDB",
        "installs",
        "the folder is an example",
        "opens a shell",
        "starts a server",
    )
    assert all(reason.startswith(allowed) for reason in skipped), skipped
    assert len(skipped) <= 16


@pytest.mark.parametrize("path", PAGES, ids=_name)
def test_commands_in_the_text_exist_with_their_options(path: Path) -> None:
    main = build_parser()
    main.fill()
    commands = _subcommands(main)
    inline = re.findall(r"`(threatgraph [a-z-][^`]*)`", re.sub(r"(?ms)^```.*?^```", "", READ[path]))
    for text in inline:
        words = shlex.split(text.replace("…", ""))[1:]
        options = {word.split("=")[0] for word in words if word.startswith("-") and len(word) > 1}
        names = [word for word in words if word in commands]
        assert names or options, f"{_name(path)}: no such command: {text}"
        known = set(main._option_string_actions).union(*(_options(commands[name]) for name in names))
        assert options <= known, f"{_name(path)}: no such option: {text}"


def _subcommands(parser: Parser) -> dict[str, Parser]:
    found = (action.choices for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    return dict(next(found, {}))


def _options(parser: Parser) -> set[str]:
    parser.fill()
    return set(parser._option_string_actions).union(*(_options(sub) for sub in _subcommands(parser).values()))


@pytest.mark.parametrize("path", [path for path in PAGES if path.parent == ROOT], ids=_name)
def test_links_of_the_pages_outside_the_site_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", READ[path])
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_the_site_has_each_class_property_query_check_command_and_exported_name(site: Path, graph: ThreatGraph) -> None:
    def text(name: str) -> str:
        return (site / "reference" / f"{name}.html").read_text(encoding="utf-8")

    from threatgraph.vocab import CLASSES, PROPERTIES

    assert [name for name in CLASSES if f'id="class-{name.lower()}"' not in text("classes")] == []
    assert [name for name in PROPERTIES if f'id="property-{name.lower()}"' not in text("properties")] == []
    assert [name for name in graph.queries if f'id="query-{name}"' not in text("queries")] == []
    assert [name for name in graph.checks if f">{name}<" not in text("checks")] == []
    assert [name for name in threatgraph.__all__ if f"{name}</" not in text("python")] == []
    names = [command.name for group in GROUPS.values() for command in group]
    assert [name for name in names if f'id="command-{name}"' not in text("command-line")] == []


def test_the_tutorials_show_the_output_of_every_cell(site: Path) -> None:
    for source in sorted((DOCS / "tutorials").glob("*.md")):
        html = (site / "tutorials" / f"{source.stem}.html").read_text(encoding="utf-8")
        cells = source.read_text(encoding="utf-8").count("```{code-cell}")
        assert cells == 0 or html.count("cell_output") >= cells / 2


def test_no_output_is_stored_in_the_tutorials() -> None:
    assert not list(DOCS.rglob("*.ipynb"))


def test_the_table_of_the_layers_is_that_of_the_architecture_test() -> None:
    text = READ[DOCS / "architecture.md"]
    rows = re.findall(r"^\| ([1-5]) [\w ]+\| ([^|]+)\|", text, re.MULTILINE)
    shown = {package: int(layer) for layer, packages in rows for package in re.findall(r"`(\w+)`", packages)}
    assert shown == _layers()


def _layers() -> dict[str, int]:
    path = ROOT / "tests" / "architecture" / "test_layers.py"
    specification = importlib.util.spec_from_file_location("architecture_layers", path)
    assert specification
    assert specification.loader
    module: ModuleType = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return {name: layer for name, layer in module.LAYERS.items() if not name.startswith("__")}
