"""The architecture: imports go down the layers, there are no import cycles, and modules stay small."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import threatgraph

SOURCE = Path(threatgraph.__file__).parent
MODULES = {
    ".".join(("threatgraph", *path.relative_to(SOURCE).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in sorted(SOURCE.rglob("*.py"))
}
LAYERS = {
    "vocab": 1,
    "errors": 1,
    "resources": 1,
    "saving": 1,
    "display": 1,
    "headings": 1,
    "layout": 1,
    "notebook": 1,
    "slugs": 1,
    "sparse": 1,
    "table": 1,
    "version": 1,
    "catalog": 1,
    "rdf": 1,
    "sparql": 1,
    "store": 2,
    "labels": 3,
    "arrangement": 3,
    "facets": 3,
    "listed_properties": 3,
    "listing": 3,
    "lookup": 3,
    "counts": 3,
    "identifiers": 3,
    "description": 3,
    "schema": 3,
    "records": 3,
    "summaries": 3,
    "validate": 3,
    "export": 3,
    "recommend": 3,
    "assess": 3,
    "search": 3,
    "importers": 3,
    "authoring": 3,
    "analytics": 3,
    "plots": 3,
    "publishing": 3,
    "releases": 3,
    "graph": 4,
    "service": 5,
    "web": 5,
    "server": 5,
    "mcp": 5,
    "cli": 5,
    "__main__": 5,
}
HEAVY = {
    "rdflib",
    "pyshacl",
    "networkx",
    "numpy",
    "igraph",
    "Stemmer",
    "safetensors",
    "tokenizers",
    "wordllama",
    "pyld",
    "pandas",
    "wcwidth",
    "tqdm",
    "SPARQLWrapper",
    "matplotlib",
    "yaml",
    "openpyxl",
    "sqlite3",
    "starlette",
    "uvicorn",
    "jinja2",
    "mcp",
}
LONGEST_MODULE = 400
LONGEST_FUNCTION = 50


#: What the command line may import: the API, what its answers are made of, and the registries of names.
FOR_THE_COMMAND_LINE = {
    "headings",
    "cli",
    "graph",
    "errors",
    "table",
    "display",
    "saving",
    "vocab",
    "catalog",
    "records",
    "arrangement",
    "resources",
    "version",
}
FOR_THE_COMMAND_LINE |= {
    "service",
    "server",
    "web",
    "mcp",
    "analytics",
    "assess",
    "authoring",
    "export",
    "importers",
    "plots",
    "releases",
}
_SPARQL = re.compile(r"\b(SELECT|ASK|CONSTRUCT|DESCRIBE|INSERT|DELETE)\b[^{]*\{")


def _package(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def _imports(path: Path) -> set[str]:
    """The modules of threatgraph that a file imports, anywhere in the file, those for type checkers included."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name in MODULES and name != "threatgraph"}


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_from_its_own_layer_and_below(module: str) -> None:
    package = _package(module)
    if not package:
        return  # the public API, which lists names of all layers
    assert package in LAYERS, f"add {package} to LAYERS in this test and to the table in CONTRIBUTING.md"
    for imported in _imports(MODULES[module]):
        below = _package(imported)
        assert below == package or LAYERS[below] <= LAYERS[package], (
            f"{module} (layer {LAYERS[package]}) imports {imported} (layer {LAYERS[below]})"
        )


@pytest.mark.parametrize("module", [name for name in MODULES if _package(name) == "cli"])
def test_the_command_line_only_translates(module: str) -> None:
    """Commands call the API: they import no lower layer at run time, and hold no SPARQL but in examples of the help."""
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            node.body = []
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    names = {_package(name) for name in imported if name.startswith("threatgraph.")}
    assert names - {""} <= FOR_THE_COMMAND_LINE
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    assert [text for text in texts if _SPARQL.search(text) and not text.startswith("threatgraph query")] == []


def test_there_are_no_import_cycles() -> None:
    graph = {name: _imports(path) - {name} for name, path in MODULES.items() if name != "threatgraph"}
    # The __init__ of a package re-exports its modules: only the modules are checked against each other.
    packages = {name for name, path in MODULES.items() if path.name == "__init__.py"}
    list(TopologicalSorter({n: d - packages for n, d in graph.items() if n not in packages}).static_order())


@pytest.mark.parametrize("module", MODULES)
def test_no_module_and_no_function_is_too_long(module: str) -> None:
    text = MODULES[module].read_text(encoding="utf-8")
    assert text.count("\n") <= LONGEST_MODULE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
            length = (node.end_lineno or 0) - first.lineno + 1
            assert length <= LONGEST_FUNCTION, f"{node.name} has {length} lines"


def test_importing_the_package_is_quiet_and_loads_nothing_heavy() -> None:
    code = f"import sys, threatgraph; print(sorted(sys.modules.keys() & {HEAVY!r}))"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert done.stderr == ""


def test_the_public_api_is_listed() -> None:
    assert sorted(threatgraph.__all__) == [
        "AmbiguousName",
        "Analytics",
        "Assessment",
        "Chart",
        "Description",
        "EndpointError",
        "EngineFailed",
        "ImportResult",
        "InvalidFile",
        "InvalidQuery",
        "InvalidShape",
        "Link",
        "LoadResult",
        "NamedQuery",
        "NotRepresentable",
        "Parameter",
        "QueryRefused",
        "QueryTimeout",
        "QueryTooLarge",
        "Reason",
        "Recommendation",
        "Recommendations",
        "Record",
        "Row",
        "SearchResult",
        "SearchResults",
        "SyncResult",
        "Table",
        "ThreatGraph",
        "ThreatGraphError",
        "ThreatGraphWarning",
        "UnknownName",
        "ValidationReport",
        "ValidationResult",
    ]
    for name in threatgraph.__all__:
        assert getattr(threatgraph, name).__doc__, f"{name} has no docstring"


def test_the_contributing_page_lists_the_packages_of_each_layer() -> None:
    text = (Path(__file__).resolve().parents[2] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([1-5]) \| ([^|]+) \|", text, re.MULTILINE)
    listed = {name: int(layer) for layer, names in rows for name in re.findall(r"`(\w+)`", names)}
    packages = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    assert packages <= listed.keys()
    assert listed == {name: LAYERS[name] for name in listed}
