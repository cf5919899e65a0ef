"""Shared by the tests of validation: prefixes, a shape, a record, and a function that validates a text."""

from __future__ import annotations

from pathlib import Path

import pytest

from threatgraph.store import MemoryStore
from threatgraph.validate import ValidationReport, validate

HEAD = """
@prefix ex: <https://example.org/> .
@prefix dash: <http://datashapes.org/dash#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
#: A shape for the only record of the data; a test adds its constraints.
SHAPE = "ex:S a sh:NodeShape ; sh:targetClass ex:P ; "
DATA = 'ex:a a ex:P ; ex:name "abc" ; ex:size 5 .'
COMPONENT = "ex:C a sh:ConstraintComponent ; sh:parameter [ sh:path ex:only ] ; "
MODES = pytest.mark.parametrize("fast", [True, False], ids=["fast", "full"])


def report_on(
    folder: Path, shapes: str, data: str = DATA, *, fast: bool = True, advanced: bool = False
) -> ValidationReport:
    """Validate one Turtle text against another."""
    files = folder / "data.ttl", folder / "shapes.ttl"
    for file, text in zip(files, (data, shapes), strict=True):
        file.write_text(HEAD + text, encoding="utf-8")
    store = MemoryStore.open([files[0]], bundled=False)
    return validate(store, shapes=[files[1]], fast=fast, advanced=advanced)
