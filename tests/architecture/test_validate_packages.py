"""The packages inside ``validate`` depend on each other in one direction."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import threatgraph.validate

SOURCE = Path(threatgraph.validate.__file__).parent
PREFIX = "threatgraph.validate."
#: Each package with the modules and packages of ``validate`` that it may import, besides its own.
ALLOWED = {
    "shapes": {"report"},
    "candidates": {"shapes", "statistics"},
    "evaluation": {"shapes", "statistics", "report"},
}


@pytest.mark.parametrize("package", ALLOWED)
def test_a_package_of_validate_imports_only_what_it_may(package: str) -> None:
    files = sorted((SOURCE / package).rglob("*.py"))
    assert files
    for file in files:
        nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        imported = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
        used = {name.removeprefix(PREFIX).split(".")[0] for name in imported if name.startswith(PREFIX)}
        assert used <= ALLOWED[package] | {package}, (
            f"{file.name} imports {sorted(used - ALLOWED[package] - {package})}"
        )


def test_a_report_needs_no_shapes() -> None:
    assert "validate.shapes" not in (SOURCE / "report.py").read_text(encoding="utf-8")
