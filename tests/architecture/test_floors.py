"""The plan of the house: rooms import only from the floors below, nothing goes in a circle, no room grows too large."""

from __future__ import annotations

import ast
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
FLOORS = {
    "vocab": 1,
    "errors": 1,
    "resources": 1,
    "saving": 1,
    "display": 1,
    "slugs": 1,
    "turtle": 1,
    "table": 1,
    "catalog": 1,
    "store": 2,
    "lookup": 3,
    "records": 3,
    "validate": 3,
    "export": 3,
    "recommend": 3,
    "importers": 3,
    "authoring": 3,
    "analytics": 3,
    "plots": 3,
    "graph": 4,
    "cli": 5,
    "__main__": 5,
}
HEAVY = {
    "rdflib",
    "pyshacl",
    "networkx",
    "numpy",
    "scipy",
    "Stemmer",
    "wordllama",
    "pyld",
    "pandas",
    "tabulate",
    "tqdm",
    "SPARQLWrapper",
    "shtab",
    "matplotlib",
    "yaml",
}
LONGEST_MODULE = 400
LONGEST_FUNCTION = 50


def _room(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def _imports(path: Path) -> set[str]:
    """The modules of ours that a file imports, wherever in the file; imports for type checkers alone do not count."""
    found: set[str] = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for_types = {
        id(child)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for child in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name in MODULES and name != "threatgraph"}


@pytest.mark.parametrize("module", MODULES)
def test_every_room_has_a_floor_and_imports_only_from_below(module: str) -> None:
    room = _room(module)
    if not room:
        return  # the front door imports and lists
    assert room in FLOORS, f"give {room} a floor in this test and in the design"
    for imported in _imports(MODULES[module]):
        below = _room(imported)
        assert below == room or FLOORS[below] <= FLOORS[room], (
            f"{module} (floor {FLOORS[room]}) imports {imported} (floor {FLOORS[below]})"
        )


def test_no_imports_go_in_a_circle() -> None:
    graph = {name: _imports(path) - {name} for name, path in MODULES.items() if name != "threatgraph"}
    # A package's front door lists its rooms: only the rooms themselves are checked against each other.
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


def test_the_front_door_is_counted() -> None:
    assert sorted(threatgraph.__all__) == [
        "EngineFailed",
        "InvalidFile",
        "InvalidQuery",
        "Link",
        "QueryRefused",
        "QueryTimeout",
        "QueryTooLarge",
        "Record",
        "Row",
        "Table",
        "ThreatGraph",
        "ThreatGraphError",
        "UnknownName",
    ]
    for name in threatgraph.__all__:
        assert getattr(threatgraph, name).__doc__, f"{name} has no docstring"
