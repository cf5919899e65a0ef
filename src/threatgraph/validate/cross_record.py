"""Runs the cross-record checks, and combines their results with those of the shapes in one report."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pyoxigraph import Literal, NamedNode, Triple

from threatgraph.catalog import ISSUE, PROPERTY, RECORD, VALUE, CrossRecordCheck, load_checks
from threatgraph.errors import UnknownName
from threatgraph.rdf.files import find_files
from threatgraph.rdf.terms import Term
from threatgraph.store import Store
from threatgraph.table import plain_text
from threatgraph.validate import Progress, validate
from threatgraph.validate.locate import Locator
from threatgraph.validate.report import CHECKS, ValidationReport, ValidationResult, display_path, sort
from threatgraph.vocab import PROPERTIES, RDF_TYPE, SH, TG, shorten

#: The column for the second of two records that break a rule together.
OTHER = "other"
#: The kind of constraint that results of checks have in a report.
COMPONENT = "CrossRecord"

#: Checks that report the same mistake as a constraint of the shapes, and more precisely.
_REPLACES = {"property-use": "Closed", "dangling-target": "Class"}
_IRI = re.compile(r"(?:https?|file)://[^\s,;]+")

Row = Mapping[str, Term]


def validate_all(
    store: Store,
    *,
    checks: bool | Collection[str] = True,
    only: Collection[Path] | None = None,
    fast: bool = True,
    hints: bool = False,
    advanced: bool = False,
    progress: Progress = iter,
) -> ValidationReport:
    """Validate a graph with the bundled shapes and the cross-record checks.

    Args:
        store: the graph, with the ontology in it.
        checks: whether to run the cross-record checks, or the names of those to run.
        only: report only results about records of these files, or of files in these folders.
        fast: find candidates with SPARQL first, instead of evaluating every node with pyshacl; the results are equal.
        hints: also report what could be improved, from shapes and checks with the severity ``info``.
        advanced: evaluate SHACL Advanced Features.
        progress: without ``fast``, receives the shapes and returns them one by one, to show a progress bar.

    Returns:
        One report with the results of shapes and checks.

    Raises:
        UnknownName: for the name of a check that does not exist.
    """
    selected = select_checks(checks, hints=hints)
    report = validate(store, only=only, fast=fast, hints=hints, advanced=advanced, progress=progress)
    found = CheckRunner(store, only).run(selected)
    known = {_key(result) for result in found}
    kept = [result for result in report.results if _key(result) not in known]
    return replace(report, results=sort([*kept, *found]), checks=len(selected))


def select_checks(checks: bool | Collection[str], *, hints: bool) -> list[CrossRecordCheck]:
    """Select the checks to run.

    Args:
        checks: whether to run the checks, or the names of those to run.
        hints: include checks with the severity ``info``; a check that is named is always included.

    Raises:
        UnknownName: for the name of a check that does not exist.
    """
    catalog = load_checks()
    if isinstance(checks, bool):
        return [check for check in catalog.values() if checks and (hints or check.severity != "info")]
    for name in checks:
        if name not in catalog:
            raise UnknownName("check", name, catalog, f"The checks are {', '.join(catalog)}.")
    return [catalog[name] for name in dict.fromkeys(checks)]


@dataclass
class CheckRunner:
    """Runs checks on a store.

    Args:
        store: the graph.
        only: report only results about records of these files; about all records by default.
    """

    store: Store
    only: Collection[Path] | None = None

    def __post_init__(self) -> None:
        self._chosen = None if self.only is None else {file.resolve() for file in find_files(self.only)}
        self._locator = Locator(self.store, self._chosen or ())
        self._records: set[str] | None = None

    def run(self, checks: Iterable[CrossRecordCheck]) -> list[ValidationResult]:
        """Run checks.

        Returns:
            The results on records, each with its file and line.
        """
        return [result for check in checks for row in self._rows(check) for result in self._results(check, row)]

    def _rows(self, check: CrossRecordCheck) -> list[Row]:
        table = self.store.select(check.sparql)
        rows: list[Row] = [
            {name: term for name, term in zip(table.columns, row, strict=True) if term is not None}
            for row in table.rows
        ]
        nodes = dict.fromkeys(plain_text(row[RECORD]) for row in rows)
        self._locator.prefetch(NamedNode(node) for node in nodes if self._is_record(node))
        return rows

    def _results(self, check: CrossRecordCheck, row: Row) -> Iterator[ValidationResult]:
        """The result of a row: on its record or, if that is in no chosen file, on the other record."""
        rows = [row]
        if OTHER in row:
            rows.append({**row, RECORD: row[OTHER], OTHER: row[RECORD]})
        for each in rows:
            node = plain_text(each[RECORD])
            if self._is_record(node) and self._is_chosen(node):
                yield self._result(check, each)
                return

    def _is_record(self, node: str) -> bool:
        """Whether a node is a record, a part or a term of the ontology, and not a node of another vocabulary."""
        if "w3id.org/threatgraph" in node.lower():
            return True
        if self._records is None:
            query = f'SELECT DISTINCT ?node WHERE {{ ?node a ?class FILTER(STRSTARTS(STR(?class), "{TG}")) }}'
            self._records = set(map(str, self.store.select(query).column("node")))
        return node in self._records

    def _is_chosen(self, node: str) -> bool:
        if self._chosen is None:
            return True
        return any(file.resolve() in self._chosen for file in self._locator.files(NamedNode(node)))

    def _result(self, check: CrossRecordCheck, row: Row) -> ValidationResult:
        node, path, value = plain_text(row[RECORD]), row.get(PROPERTY), row.get(VALUE)
        prop = None if path is None else plain_text(path)
        text = None if value is None else plain_text(value)
        file, line = self._locator.locate(NamedNode(node), prop, text)
        return ValidationResult(
            severity=check.severity,
            node=node,
            path=prop,
            value=text,
            rule=CHECKS + check.name,
            component=COMPONENT,
            message=self._message(check, row),
            remedy=check.remedy + _suggestion(check, prop),
            file=file,
            line=line,
            terms=tuple(_triples(check, NamedNode(node), path, value)),
        )

    def _message(self, check: CrossRecordCheck, row: Row) -> str:
        """The rule, with the issue and the values of the other columns."""
        message = check.rule
        if ISSUE in row:
            message = f"{message.removesuffix('.')}: {self._shorten(plain_text(row[ISSUE]))}."
        others = [name for name in row if name not in (RECORD, PROPERTY, VALUE, ISSUE)]
        details = "; ".join(f"{name}: {self._shorten(plain_text(row[name]))}" for name in others)
        return f"{message} ({details})" if details else message

    def _shorten(self, text: str) -> str:
        """A text with file names and prefixed names instead of IRIs."""
        return _IRI.sub(lambda match: self._name(match[0]), text)

    def _name(self, iri: str) -> str:
        file = self.store.files.get(iri)
        return shorten(iri) if file is None else display_path(file)


def _triples(check: CrossRecordCheck, node: NamedNode, path: Term | None, value: Term | None) -> Iterator[Triple]:
    """A ``sh:ValidationResult``; the report replaces its name."""
    result, rule = NamedNode(CHECKS + "result"), NamedNode(CHECKS + check.name)
    yield Triple(result, NamedNode(RDF_TYPE), NamedNode(f"{SH}ValidationResult"))
    statements: list[tuple[str, Term | None]] = [
        ("focusNode", node),
        ("resultPath", path),
        ("value", value),
        ("resultMessage", Literal(check.rule, language="en")),
        ("resultSeverity", NamedNode(SH + check.severity.capitalize())),
        ("sourceConstraint", rule),
        ("sourceConstraintComponent", NamedNode(f"{SH}SPARQLConstraintComponent")),
        ("sourceShape", rule),
    ]
    for name, term in statements:
        if term is not None:
            yield Triple(result, NamedNode(SH + name), term)


def _key(result: ValidationResult) -> tuple[str, ...]:
    """What a constraint of the shapes and a check both report; unique for all other results."""
    name = result.rule.removeprefix(CHECKS)
    component = _REPLACES.get(name, result.component)
    if component == "Closed":
        return component, result.node, result.path or ""
    if component == "Class":
        return component, result.node, result.path or "", result.value or ""
    return result.rule, *result.content_key()


def _suggestion(check: CrossRecordCheck, prop: str | None) -> str:
    """For an undefined property of the ontology, the nearest one that is defined."""
    if check.name != "property-use" or prop is None or not prop.startswith(TG):
        return ""
    name = prop.removeprefix(TG)
    near = [] if name in PROPERTIES else difflib.get_close_matches(name, PROPERTIES, n=1)
    return f" Did you mean tg:{near[0]}?" if near else ""
