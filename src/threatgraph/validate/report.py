"""The validation report and its output formats: text, JSON, Turtle and GitHub annotations."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pyoxigraph import Literal, NamedNode, Triple

from threatgraph import notebook
from threatgraph.rdf.turtle import write_turtle
from threatgraph.table import to_frame
from threatgraph.vocab import BASE, PREFIXES, RDF_TYPE, REMEDY, SH, XSD, shorten

if TYPE_CHECKING:
    import pandas

SEVERITIES = ("violation", "warning", "info")
#: Namespaces of the bundled shapes and of the cross-record checks.
SHAPES, CHECKS = f"{BASE}shapes#", f"{BASE}checks#"
#: The IRI of the report in Turtle; the IRIs of its results start with it.
_REPORT = "urn:threatgraph:validation"
#: The properties of a result whose terms distinguish two results with equal texts.
_COMPARED = {f"{SH}{name}" for name in ("focusNode", "value", "resultPath")}
_GITHUB = {"violation": "error", "warning": "warning", "info": "notice"}


@dataclass(frozen=True)
class ValidationResult:
    """One result: the node, the constraint that it violates, its location in a file, and the remedy."""

    severity: str
    """One of :data:`SEVERITIES`, or the IRI of a custom severity."""
    node: str
    """The IRI of the focus node, or its label if it is a blank node."""
    path: str | None
    """The property that the result concerns."""
    value: str | None
    """The value that violates the constraint, as text."""
    rule: str
    """The IRI of the shape, or of the SPARQL constraint."""
    component: str
    """The local name of the constraint component, such as ``MinCount``."""
    message: str
    """What is wrong."""
    file: Path | None = None
    line: int | None = None
    remedy: str | None = None
    """How to fix it, if the rule says so."""
    terms: tuple[Triple, ...] = field(default=(), compare=False, repr=False)
    """The result as pyshacl reports it; the subject of the first triple is the result itself."""

    @property
    def rank(self) -> int:
        """The severity as a number, 0 for the most severe. A custom severity ranks as a violation."""
        return SEVERITIES.index(self.severity) if self.severity in SEVERITIES else 0

    def sort_key(self) -> tuple[object, ...]:
        """A unique key for a stable order: by severity, location, node and rule."""
        return self.rank, str(self.file or "~"), self.line or 0, *self.content_key()

    def content_key(self) -> tuple[str, ...]:
        """The content of the result without its location."""
        # Two values may differ only in language or datatype.
        terms = sorted(str(t.object) for t in self.terms if t.predicate.value in _COMPARED)
        about = self.node, self.rule, self.component, self.path or "", self.value or "", self.message
        return self.severity, *about, *terms

    @property
    def focus(self) -> NamedNode | Literal:
        """The focus node as an RDF term; it may be a literal."""
        terms = (t.object for t in self.terms if t.predicate.value == f"{SH}focusNode")
        return next((term for term in terms if isinstance(term, (NamedNode, Literal))), None) or NamedNode(self.node)

    def as_triples(self, result: NamedNode) -> list[Triple]:
        """The result as the triples of a ``sh:ValidationResult``.

        Args:
            result: the IRI of the result.
        """
        terms = self.terms or self._own_terms()
        first = terms[0].subject
        triples = [Triple(result if t.subject == first else t.subject, t.predicate, t.object) for t in terms]
        if self.remedy:
            triples.append(Triple(result, NamedNode(REMEDY), Literal(self.remedy, language="en")))
        return triples

    def _own_terms(self) -> list[Triple]:
        """The triples of a result that a query found instead of pyshacl."""
        result, rule = NamedNode(_REPORT), NamedNode(self.rule)
        terms: dict[str, NamedNode | Literal] = {
            "focusNode": NamedNode(self.node),
            "resultMessage": Literal(self.message, language="en"),
            "resultSeverity": NamedNode(SH + self.severity.capitalize()),
            "sourceConstraint": rule,
            "sourceConstraintComponent": NamedNode(f"{SH}SPARQLConstraintComponent"),
            "sourceShape": rule,
        }
        if self.path is not None:
            terms["resultPath"] = NamedNode(self.path)
        described = [Triple(result, NamedNode(SH + name), term) for name, term in terms.items()]
        return [Triple(result, NamedNode(RDF_TYPE), NamedNode(f"{SH}ValidationResult")), *described]

    def to_dict(self) -> dict[str, object]:
        """The result as plain values for JSON."""
        return {
            "file": str(self.file) if self.file else None,
            "line": self.line,
            "severity": self.severity,
            "node": self.node,
            "path": self.path,
            "value": self.value,
            "rule": self.rule,
            "component": self.component,
            "message": self.message,
            "remedy": self.remedy,
        }


@dataclass(frozen=True)
class Unevaluated:
    """A constraint or target in the shapes that was not evaluated."""

    shape: str
    """The shape or file that contains it; empty if it concerns the whole validation."""
    term: str
    """The property or class that states it."""
    reason: str
    """Why it was not evaluated, and how to fix that."""

    def __str__(self) -> str:
        if self.reason.startswith(self.term):
            return f"{self.shape}: {self.reason}"
        return f"{self.term} of {self.shape}: {self.reason}" if self.shape else f"{self.term}: {self.reason}"


@dataclass(frozen=True)
class ValidationReport:
    """The outcome of a validation, iterable over its results."""

    results: Sequence[ValidationResult]
    """What violates a constraint, sorted by severity and location."""
    notes: Sequence[str] = ()
    """Remarks on the validation itself, such as a target class that no node has."""
    unevaluated: Sequence[Unevaluated] = ()
    """Constraints and targets that were not evaluated; with any of these, the graph is not known to conform."""
    records: int | None = None
    """The number of distinct focus nodes of all shapes, or ``None`` if they were not counted."""
    shapes: int | None = None
    """The number of shapes with targets, or ``None`` if they were not counted."""
    hints_left_out: int = 0
    """The number of property shapes with severity ``sh:Info`` that were skipped because of ``hints=False``."""
    checks: int = 0
    """The number of cross-record checks."""

    @property
    def ok(self) -> bool:
        """Whether everything was evaluated and nothing is a violation; warnings and hints are allowed."""
        return not self.unevaluated and all(result.rank for result in self.results)

    @property
    def conforms(self) -> bool:
        """Whether everything was evaluated and there are no results (SHACL, section 3.6.1.1)."""
        return not self.unevaluated and not self.results

    @property
    def checked(self) -> str:
        """The numbers of records, shapes and checks as a clause, such as "checked 5 records against 2 shapes"."""
        if self.records is None or self.shapes is None:
            return ""
        checks = f" and {_count(self.checks, 'cross-record check')}" if self.checks else ""
        hints = f" ({_count(self.hints_left_out, 'hint')} skipped; use `hints=True`)" if self.hints_left_out else ""
        return f"checked {_count(self.records, 'record')} against {_count(self.shapes, 'shape')}{checks}{hints}"

    @property
    def summary(self) -> str:
        """The outcome, and what was checked, in one line."""
        counts = Counter(result.severity for result in self.results)
        severities = [*SEVERITIES, *sorted(counts.keys() - set(SEVERITIES))]
        outcome = ", ".join(_plural(counts[severity], severity) for severity in severities if counts[severity])
        if self.unevaluated:
            count = f"{_count(len(self.unevaluated), 'item')} not evaluated"
            outcome = f"{outcome or 'no issues'}, {count}: the graph is not known to conform"
        return "; ".join(filter(None, [outcome or "no issues: the graph conforms", self.checked]))

    def __len__(self) -> int:
        return len(self.results)

    def __iter__(self) -> Iterator[ValidationResult]:
        return iter(self.results)

    def to_text(self) -> str:
        """One paragraph per result, followed by the notes and a summary line."""
        lines = [
            *map(_paragraph, self.results),
            *(f"note: {note}" for note in self.notes),
            *(f"not evaluated: {item}" for item in self.unevaluated),
            self.summary,
        ]
        return "\n".join(lines) + "\n"

    def to_pandas(self) -> pandas.DataFrame:
        """One row for each result, with the keys of :meth:`ValidationResult.to_dict` as columns.

        Raises:
            ImportError: if pandas is not installed.
        """
        columns = ("file", "line", "severity", "node", "path", "value", "rule", "component", "message", "remedy")
        return to_frame([result.to_dict() for result in self], columns)

    def _repr_html_(self) -> str:
        """The report for a notebook: a row for each result, below the summary."""
        rows = [
            (
                notebook.escape(result.severity),
                notebook.link(result.node, shorten(result.node)),
                notebook.escape(shorten(result.path) if result.path else ""),
                notebook.escape(result.value or ""),
                notebook.escape(" ".join(filter(None, (result.message, result.remedy)))),
                notebook.escape(f"{result.file or ''}{f':{result.line}' if result.line else ''}"),
            )
            for result in self
        ]
        remarks = [*(f"not evaluated: {item}" for item in self.unevaluated), *self.notes]
        lines = [*remarks, self.summary]
        summary = "".join(f"<p>{notebook.escape(line)}</p>" for line in lines)
        columns = ("severity", "record", "property", "value", "message", "location")
        return summary + (notebook.table(columns, rows) if rows else "")

    def to_json(self) -> str:
        """The results, the items not evaluated and the notes as a JSON object."""
        content = {
            "ok": self.ok,
            "conforms": self.conforms,
            "checked": {
                "records": self.records,
                "shapes": self.shapes,
                "checks": self.checks,
                "hints_left_out": self.hints_left_out,
            },
            "results": [result.to_dict() for result in self],
            "not_evaluated": [asdict(item) for item in self.unevaluated],
            "notes": list(self.notes),
        }
        return json.dumps(content, ensure_ascii=False, indent=2) + "\n"

    def to_turtle(self) -> str:
        """A ``sh:ValidationReport`` (SHACL, section 3.6) without blank nodes, so that equal reports are equal texts.

        If something was not evaluated, ``sh:conforms`` is false and comments state the reasons.
        """
        report = NamedNode(_REPORT)
        conforms = Literal(str(self.conforms).lower(), datatype=NamedNode(XSD + "boolean"))
        triples = [
            Triple(report, NamedNode(RDF_TYPE), NamedNode(SH + "ValidationReport")),
            Triple(report, NamedNode(SH + "conforms"), conforms),
        ]
        if self.hints_left_out:  # the property of SHACL 1.2 that lists the severities that were evaluated
            property_ = NamedNode(f"{SH}conformanceDisallows")
            triples += [Triple(report, property_, NamedNode(SH + name)) for name in ("Violation", "Warning")]
        for item in self.unevaluated:
            text = Literal(f"Not evaluated: {item}", language="en")
            triples.append(Triple(report, NamedNode(f"{PREFIXES['rdfs']}comment"), text))
        for number, result in enumerate(sorted(self.results, key=ValidationResult.content_key), 1):
            name = NamedNode(f"{_REPORT}#result-{number:05d}")
            triples.append(Triple(report, NamedNode(SH + "result"), name))
            triples += result.as_triples(name)
        return write_turtle(triples, PREFIXES | {"tgs": SHAPES, "tgc": CHECKS})

    def to_github(self) -> str:
        """Workflow commands that GitHub shows as annotations in the diff of a pull request."""
        lines = [f"::error title=Not evaluated::{_data(str(item))}\n" for item in self.unevaluated]
        notes = filter(None, [*self.notes, self.checked])
        return "".join([*map(_annotation, self.results), *lines, *(f"::notice::{_data(note)}\n" for note in notes)])


def display_path(file: Path | None) -> str:
    """The path of a file, relative to the working directory if the file is in it."""
    if file is None:
        return "(no file)"
    here = Path.cwd()
    return str(file.relative_to(here)) if file.is_relative_to(here) else str(file)


def _paragraph(result: ValidationResult) -> str:
    location = display_path(result.file) + (f":{result.line}" if result.line else "")
    subject = " ".join(filter(None, (shorten(result.node), shorten(result.path) if result.path else "")))
    value = f" (value: {shorten(result.value)})" if result.value and result.value != result.node else ""
    rule = result.rule.rpartition("#")[2]
    remedy = f"\n    help: {result.remedy}" if result.remedy else ""
    return f"{location}: {result.severity}: {subject}{value}\n    {result.message} [{rule}, {result.component}]{remedy}"


def _annotation(result: ValidationResult) -> str:
    fields = {"file": display_path(result.file) if result.file else "", "line": str(result.line or "")}
    fields["title"] = f"{result.rule.rpartition('#')[2]}: {shorten(result.node)}"
    joined = ",".join(f"{name}={_property(value)}" for name, value in fields.items() if value)
    text = " ".join(filter(None, (result.message, result.remedy)))
    return f"::{_GITHUB[SEVERITIES[result.rank]]} {joined}::{_data(text)}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _plural(count: int, severity: str) -> str:
    if severity not in SEVERITIES:
        return f"{count} of {severity}"
    return _count(count, "hint" if severity == "info" else severity)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def sort(results: Iterable[ValidationResult]) -> list[ValidationResult]:
    """The results in order, without duplicates."""
    return sorted({result.sort_key(): result for result in results}.values(), key=ValidationResult.sort_key)
