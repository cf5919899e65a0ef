"""What a validation found, and the forms in which it is told."""

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
from threatgraph.validate.shapes.graph import SH
from threatgraph.vocab import PREFIXES, RDF_TYPE, XSD, shorten

if TYPE_CHECKING:
    import pandas

SEVERITIES = ("violation", "warning", "info")
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
    """What to do."""
    file: Path | None = None
    line: int | None = None
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
        if not self.terms:
            severity, shape = NamedNode(SH + self.severity.capitalize()), NamedNode(self.rule)
            return [
                Triple(result, NamedNode(RDF_TYPE), NamedNode(SH + "ValidationResult")),
                Triple(result, NamedNode(SH + "focusNode"), NamedNode(self.node)),
                Triple(result, NamedNode(SH + "resultMessage"), Literal(self.message, language="en")),
                Triple(result, NamedNode(SH + "resultSeverity"), severity),
                Triple(
                    result, NamedNode(SH + "sourceConstraintComponent"), NamedNode(SH + "SPARQLConstraintComponent")
                ),
                Triple(result, NamedNode(SH + "sourceShape"), shape),
            ]
        first = self.terms[0].subject
        return [Triple(result if t.subject == first else t.subject, t.predicate, t.object) for t in self.terms]

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
        """How many nodes were checked against how many shapes, as a clause; empty where nobody counted."""
        if self.records is None or self.shapes is None:
            return ""
        records = f"{self.records:,} record{'' if self.records == 1 else 's'}"
        hints = f", without {_plural(self.hints_left_out, 'info')} (--hints)" if self.hints_left_out else ""
        return f"checked {records} against {self.shapes:,} shape{'' if self.shapes == 1 else 's'}{hints}"

    def __len__(self) -> int:
        return len(self.findings)

    def __iter__(self) -> Iterator[ValidationResult]:
        return iter(self.findings)

    def to_text(self) -> str:
        """One paragraph a finding, and a last line that counts them."""
        counts = Counter(finding.severity for finding in self.findings)
        severities = [*SEVERITIES, *sorted(counts.keys() - set(SEVERITIES))]
        told = [_plural(counts[severity], severity) for severity in severities if counts[severity]]
        if self.unevaluated:
            count = f"{len(self.unevaluated):,} thing{'' if len(self.unevaluated) == 1 else 's'} not evaluated"
            told = [*(told or ["no findings"]), f"{count}: the graph is not known to conform to its shapes"]
        lines = [
            *map(_paragraph, self.findings),
            *(f"note: {note}" for note in self.notes),
            *(f"not evaluated: {item}" for item in self.unevaluated),
            *filter(None, [self.checked]),
            ", ".join(told) if told else "no findings: the graph conforms to its shapes",
        ]
        return "\n".join(lines) + "\n"

    def to_pandas(self) -> pandas.DataFrame:
        """One row for each result, with the keys of :meth:`ValidationResult.to_dict` as columns.

        Raises:
            ImportError: if pandas is not installed.
        """
        columns = ("file", "line", "severity", "node", "path", "value", "rule", "component", "message")
        return to_frame([result.to_dict() for result in self], columns)

    def _repr_html_(self) -> str:
        """The report for a notebook: a row for each result, below the summary."""
        rows = [
            (
                notebook.escape(result.severity),
                notebook.link(result.node, shorten(result.node)),
                notebook.escape(shorten(result.path) if result.path else ""),
                notebook.escape(result.value or ""),
                notebook.escape(result.message),
                notebook.escape(f"{result.file or ''}{f':{result.line}' if result.line else ''}"),
            )
            for result in self
        ]
        remarks = [*(f"not evaluated: {item}" for item in self.unevaluated), *self.notes]
        # The last lines of the text say how much was checked, and with what outcome.
        lines = [*remarks, *self.to_text().splitlines()[-2 if self.checked else -1 :]]
        summary = "".join(f"<p>{notebook.escape(line)}</p>" for line in lines)
        columns = ("severity", "record", "property", "value", "message", "location")
        return summary + (notebook.table(columns, rows) if rows else "")

    def to_json(self) -> str:
        """The findings, what was not evaluated and the notes as a JSON object."""
        content = {
            "ok": self.ok,
            "conforms": self.conforms,
            "checked": {
                "records": self.records,
                "shapes": self.shapes,
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
        return write_turtle(triples, PREFIXES | {"tgs": "https://w3id.org/threatgraph/shapes#"})

    def to_github(self) -> str:
        """Workflow commands that GitHub shows as annotations beside the lines of a change."""
        lines = [f"::error title=Not evaluated::{_data(str(item))}\n" for item in self.unevaluated]
        notes = filter(None, [*self.notes, self.checked])
        return "".join([*map(_annotation, self.findings), *lines, *(f"::notice::{_data(note)}\n" for note in notes)])


def _shown(file: Path | None) -> str:
    """The path of a file as people and GitHub want it: from the working folder, where the file is below that."""
    if file is None:
        return "(no file)"
    here = Path.cwd()
    return str(file.relative_to(here)) if file.is_relative_to(here) else str(file)


def _paragraph(finding: ValidationResult) -> str:
    place = _shown(finding.file) + (f":{finding.line}" if finding.line else "")
    about = " ".join(filter(None, (shorten(finding.node), shorten(finding.path) if finding.path else "")))
    value = f" (it is {shorten(finding.value)})" if finding.value and finding.value != finding.node else ""
    rule = finding.rule.rpartition("#")[2]
    return f"{place}: {finding.severity}: {about}{value}\n    {finding.message} [{rule}, {finding.component}]"


def _annotation(finding: ValidationResult) -> str:
    fields = {"file": _shown(finding.file) if finding.file else "", "line": str(finding.line or "")}
    fields["title"] = f"{finding.rule.rpartition('#')[2]}: {shorten(finding.node)}"
    shown = ",".join(f"{name}={_property(value)}" for name, value in fields.items() if value)
    return f"::{_GITHUB[SEVERITIES[finding.rank]]} {shown}::{_data(finding.message)}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _plural(count: int, noun: str) -> str:
    if noun not in SEVERITIES:
        return f"{count} of {noun}"
    noun = "hint" if noun == "info" else noun
    return f"{count} {noun}{'' if count == 1 else 's'}"


def sort(findings: Iterable[ValidationResult]) -> list[ValidationResult]:
    """The findings in order, each once."""
    return sorted({finding.sort_key(): finding for finding in findings}.values(), key=ValidationResult.sort_key)
