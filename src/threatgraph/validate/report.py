"""What a validation found, and the forms in which it is told."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pyoxigraph import Literal, NamedNode, Triple

from threatgraph.rdf.turtle import write_turtle
from threatgraph.validate.messages import REMEDY
from threatgraph.validate.shapes.graph import SH
from threatgraph.vocab import BASE, PREFIXES, RDF_TYPE, XSD, shorten

SEVERITIES = ("violation", "warning", "info")
#: Namespaces of the bundled shapes and of the cross-record checks.
SHAPES, CHECKS = f"{BASE}shapes#", f"{BASE}checks#"
#: What the nodes of a report in Turtle are called.
_REPORT = "urn:threatgraph:validation"
_TOLD = {f"{SH}{name}" for name in ("focusNode", "value", "resultPath")}
_GITHUB = {"violation": "error", "warning": "warning", "info": "notice"}


@dataclass(frozen=True)
class ValidationResult:
    """One result: which node breaks which rule, where it is written, and what to do."""

    severity: str
    """One of :data:`SEVERITIES`, or the IRI of a severity of the shapes' own."""
    node: str
    """The IRI of the node, or its label where it is blank."""
    path: str | None
    """The property that it is about."""
    value: str | None
    """The value that is wrong, as text."""
    rule: str
    """The IRI of the shape, or of the SPARQL constraint."""
    component: str
    """Local name of the kind of constraint, such as ``MinCount``."""
    message: str
    """What is wrong."""
    file: Path | None = None
    line: int | None = None
    remedy: str | None = None
    """What to do, if the rule says so."""
    terms: tuple[Triple, ...] = field(default=(), compare=False, repr=False)
    """The result as the validator wrote it; the first triple is about the result itself."""

    @property
    def rank(self) -> int:
        """How grave it is, from 0; what the shapes call by a name of their own may be as grave as a violation."""
        return SEVERITIES.index(self.severity) if self.severity in SEVERITIES else 0

    def sort_key(self) -> tuple[object, ...]:
        """By severity, place, node and rule, so that a report is always in the same order; the same for no other."""
        return self.rank, str(self.file or "~"), self.line or 0, *self.content_key()

    def content_key(self) -> tuple[str, ...]:
        """What the finding says, wherever that is written."""
        # Two values may differ in their language or datatype alone.
        terms = sorted(str(t.object) for t in self.terms if t.predicate.value in _TOLD)
        about = self.node, self.rule, self.component, self.path or "", self.value or "", self.message
        return self.severity, *about, *terms

    @property
    def focus(self) -> NamedNode | Literal:
        """The node that breaks the rule, which may be a literal."""
        told = (t.object for t in self.terms if t.predicate.value == f"{SH}focusNode")
        return next((term for term in told if isinstance(term, (NamedNode, Literal))), None) or NamedNode(self.node)

    def as_triples(self, result: NamedNode) -> list[Triple]:
        """The finding as a ``sh:ValidationResult`` of this name."""
        terms = self.terms or self._own_terms()
        first = terms[0].subject
        triples = [Triple(result if t.subject == first else t.subject, t.predicate, t.object) for t in terms]
        if self.remedy:
            triples.append(Triple(result, NamedNode(REMEDY), Literal(self.remedy, language="en")))
        return triples

    def _own_terms(self) -> list[Triple]:
        """The triples of a result that is not from the SHACL engine: a query found it."""
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
        """The finding as plain values, for JSON."""
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
    """A demand of the shapes, or a choice of nodes, that was not evaluated."""

    shape: str
    """The shape, or the file, that makes it; empty where it is about the whole."""
    term: str
    """The property or class that it is made by."""
    reason: str
    """Why it was not evaluated, and what to do."""

    def __str__(self) -> str:
        if self.reason.startswith(self.term):
            return f"{self.shape}: {self.reason}"
        return f"{self.term} of {self.shape}: {self.reason}" if self.shape else f"{self.term}: {self.reason}"


@dataclass(frozen=True)
class ValidationReport:
    """The outcome of a validation."""

    findings: Sequence[ValidationResult]
    notes: Sequence[str] = ()
    """What a reader must know of the validation itself, such as a shape that no node can meet."""
    unevaluated: Sequence[Unevaluated] = ()
    """What the shapes demand and was not evaluated, so that the graph is not known to conform."""
    records: int | None = None
    """How many nodes were checked: the focus nodes of all shapes, each once."""
    shapes: int | None = None
    """How many shapes they were checked against: those with targets."""
    hints_left_out: int = 0
    """How many of their shapes say what could be better only, and were not asked for."""
    checks: int = 0
    """How many cross-record checks were run."""

    @property
    def ok(self) -> bool:
        """Whether everything was evaluated and there is no violation; warnings and hints may remain."""
        return not self.unevaluated and all(finding.rank for finding in self.findings)

    @property
    def conforms(self) -> bool:
        """Whether everything was evaluated and nothing at all was found (SHACL, section 3.6.1.1)."""
        return not self.unevaluated and not self.findings

    @property
    def checked(self) -> str:
        """The numbers of records, shapes and checks, as a clause; empty if the records were not counted."""
        if self.records is None or self.shapes is None:
            return ""
        checks = f" and {_count(self.checks, 'cross-record check')}" if self.checks else ""
        hints = f" ({_count(self.hints_left_out, 'hint')} skipped; use --hints)" if self.hints_left_out else ""
        return f"checked {_count(self.records, 'record')} against {_count(self.shapes, 'shape')}{checks}{hints}"

    def __len__(self) -> int:
        return len(self.findings)

    def __iter__(self) -> Iterator[ValidationResult]:
        return iter(self.findings)

    def to_text(self) -> str:
        """A paragraph for each result; the last line has the outcome and what was checked."""
        lines = [
            *map(_paragraph, self.findings),
            *(f"note: {note}" for note in self.notes),
            *(f"not evaluated: {item}" for item in self.unevaluated),
            "; ".join(filter(None, [self._outcome(), self.checked])),
        ]
        return "\n".join(lines) + "\n"

    def _outcome(self) -> str:
        counts = Counter(finding.severity for finding in self.findings)
        severities = [*SEVERITIES, *sorted(counts.keys() - set(SEVERITIES))]
        results = ", ".join(_plural(counts[severity], severity) for severity in severities if counts[severity])
        if self.unevaluated:
            count = f"{_count(len(self.unevaluated), 'constraint or part')} not evaluated"
            return f"{results or 'no issues'}, {count}: the graph is not known to conform"
        return results or "no issues: the graph conforms"

    def to_json(self) -> str:
        """The findings, what was not evaluated and the notes as a JSON object."""
        content = {
            "ok": self.ok,
            "conforms": self.conforms,
            "checked": {
                "records": self.records,
                "shapes": self.shapes,
                "checks": self.checks,
                "hints_left_out": self.hints_left_out,
            },
            "findings": [finding.to_dict() for finding in self],
            "not_evaluated": [asdict(item) for item in self.unevaluated],
            "notes": list(self.notes),
        }
        return json.dumps(content, ensure_ascii=False, indent=2) + "\n"

    def to_turtle(self) -> str:
        """A ``sh:ValidationReport`` (SHACL, section 3.6), with names for its nodes, so that the text stays the same.

        Where something was not evaluated, it does not state that the graph conforms, and comments say why.
        """
        report = NamedNode(_REPORT)
        conforms = Literal(str(self.conforms).lower(), datatype=NamedNode(XSD + "boolean"))
        triples = [
            Triple(report, NamedNode(RDF_TYPE), NamedNode(SH + "ValidationReport")),
            Triple(report, NamedNode(SH + "conforms"), conforms),
        ]
        if self.hints_left_out:  # as SHACL 1.2 says which results count
            property_ = NamedNode(f"{SH}conformanceDisallows")
            triples += [Triple(report, property_, NamedNode(SH + name)) for name in ("Violation", "Warning")]
        for item in self.unevaluated:
            text = Literal(f"Not evaluated: {item}", language="en")
            triples.append(Triple(report, NamedNode(f"{PREFIXES['rdfs']}comment"), text))
        for number, finding in enumerate(sorted(self.findings, key=ValidationResult.content_key), 1):
            result = NamedNode(f"{_REPORT}#result-{number:05d}")
            triples.append(Triple(report, NamedNode(SH + "result"), result))
            triples += finding.as_triples(result)
        return write_turtle(triples, PREFIXES | {"tgs": SHAPES, "tgc": CHECKS})

    def to_github(self) -> str:
        """Workflow commands that GitHub shows as annotations beside the lines of a change."""
        lines = [f"::error title=Not evaluated::{_data(str(item))}\n" for item in self.unevaluated]
        notes = filter(None, [*self.notes, self.checked])
        return "".join([*map(_annotation, self.findings), *lines, *(f"::notice::{_data(note)}\n" for note in notes)])


def shown(file: Path | None) -> str:
    """The path of a file as people and GitHub want it: from the working folder, where the file is below that."""
    if file is None:
        return "(no file)"
    here = Path.cwd()
    return str(file.relative_to(here)) if file.is_relative_to(here) else str(file)


def _paragraph(finding: ValidationResult) -> str:
    place = shown(finding.file) + (f":{finding.line}" if finding.line else "")
    about = " ".join(filter(None, (shorten(finding.node), shorten(finding.path) if finding.path else "")))
    value = f" (it is {shorten(finding.value)})" if finding.value and finding.value != finding.node else ""
    rule = finding.rule.rpartition("#")[2]
    remedy = f"\n    help: {finding.remedy}" if finding.remedy else ""
    return f"{place}: {finding.severity}: {about}{value}\n    {finding.message} [{rule}, {finding.component}]{remedy}"


def _annotation(finding: ValidationResult) -> str:
    fields = {"file": shown(finding.file) if finding.file else "", "line": str(finding.line or "")}
    fields["title"] = f"{finding.rule.rpartition('#')[2]}: {shorten(finding.node)}"
    properties = ",".join(f"{name}={_property(value)}" for name, value in fields.items() if value)
    text = " ".join(filter(None, (finding.message, finding.remedy)))
    return f"::{_GITHUB[SEVERITIES[finding.rank]]} {properties}::{_data(text)}\n"


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


def sort(findings: Iterable[ValidationResult]) -> list[ValidationResult]:
    """The findings in order, each once."""
    return sorted({finding.sort_key(): finding for finding in findings}.values(), key=ValidationResult.sort_key)
