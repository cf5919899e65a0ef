"""The findings of an assessment as tables, for spreadsheets and data frames."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pyoxigraph import Literal, NamedNode

from threatgraph.assess import register
from threatgraph.assess.coverage import coverage
from threatgraph.assess.model import AssessmentData
from threatgraph.errors import UnknownName
from threatgraph.rdf.terms import Term
from threatgraph.table import Table
from threatgraph.vocab import XSD

Value = str | int | float | Sequence[str] | None


def _provisions(data: AssessmentData) -> Table:
    columns = (
        *("framework", "code", "label", "status", "reason", "matched", "summary", "conditions", "exceptions"),
        *("obliges", "tier", "applies_from", "provision"),
    )
    rows = [
        (
            *(p.framework, p.code, p.label, p.status, p.reason, p.matched, p.summary, p.conditions, p.exceptions),
            *(p.roles, p.tier, _date(p.applies_from), NamedNode(p.iri)),
        )
        for p in data.provisions
    ]
    return _table(columns, rows)


def _threats(data: AssessmentData) -> Table:
    columns = (
        *("rank", "code", "label", "certainty", "score", "severity", "likelihood_trend", "why", "causes", "affected"),
        *("provisions", "mitigations", "controls", "indicators", "response", "incidents", "pattern"),
    )
    names = {p.iri: f"{p.framework} {p.code}" for p in data.provisions}
    rows = [
        (
            *(rank, t.code, t.label, t.certainty, round(t.score, 3), t.severity, t.likelihood_trend, t.why),
            *(t.causes, t.affected, [names.get(iri, iri) for iri in t.provisions]),
            *([c.label for c in t.mitigations], [f"{c.framework}: {c.label}" for c in t.controls]),
            *(t.indicators, t.response_steps, [i.label for i in t.incidents], NamedNode(t.iri)),
        )
        for rank, t in enumerate(data.threats, 1)
    ]
    return _table(columns, rows)


def _incidents(data: AssessmentData) -> Table:
    columns = ("label", "occurred", "severity", "outcome", "why", "sources", "incident")
    rows = [
        (i.label, _date(i.occurred), i.severity, i.outcome, i.why, i.sources, NamedNode(i.iri)) for i in data.incidents
    ]
    return _table(columns, rows)


def _questions(data: AssessmentData) -> Table:
    names = {p.iri: f"{p.framework} {p.code}" for p in data.provisions}
    rows = [(q.id, q.text, q.why, q.options, [names.get(iri, iri) for iri in q.settles]) for q in data.questions]
    return _table(("key", "question", "why", "options", "provisions"), rows)


def _facts(data: AssessmentData) -> Table:
    rows = [(fact.name, fact.value, "yes" if fact.negated else "no", fact.words) for fact in data.facts]
    return _table(("fact", "value", "negated", "words"), rows)


def _register(data: AssessmentData) -> Table:
    built = register.build(data.register)
    return _table(built.columns, [[None if cell is None else str(cell) for cell in row] for row in built.rows])


def _coverage(data: AssessmentData) -> Table:
    found = coverage(data)
    return _table(found.columns, found.rows)


TABLES: Mapping[str, Callable[[AssessmentData], Table]] = {
    "register": _register,
    "provisions": _provisions,
    "threats": _threats,
    "incidents": _incidents,
    "questions": _questions,
    "coverage": _coverage,
    "facts": _facts,
}


def all_tables(data: AssessmentData) -> dict[str, Table]:
    """All tables, by name."""
    return {name: make(data) for name, make in TABLES.items()}


def table(data: AssessmentData, name: str) -> Table:
    """One table.

    Raises:
        UnknownName: if there is no table of this name.
    """
    if name not in TABLES:
        raise UnknownName("table", name, TABLES, f"The tables are {', '.join(TABLES)}.")
    return TABLES[name](data)


def _table(columns: Sequence[str], rows: Sequence[Sequence[Value | Literal | NamedNode]]) -> Table:
    return Table(columns, [tuple(_term(value) for value in row) for row in rows])


def _term(value: Value | Literal | NamedNode) -> Term | None:
    if value is None or isinstance(value, (Literal, NamedNode)):
        return value
    if isinstance(value, float):
        return Literal(f"{value:.3f}", datatype=NamedNode(XSD + "decimal"))
    if isinstance(value, (str, int)):
        return Literal(value)
    return Literal("\n".join(value)) if value else None


def _date(text: str | None) -> Literal | None:
    """A date with its precision: a day, a month or a year."""
    if text is None:
        return None
    name = {10: "date", 7: "gYearMonth", 4: "gYear"}.get(len(text))
    return Literal(text, datatype=NamedNode(XSD + name)) if name else Literal(text)
