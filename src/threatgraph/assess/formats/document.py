"""The assessment as a document: the parts that Markdown and HTML write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from threatgraph.assess.coverage import coverage
from threatgraph.assess.formats.blocks import (
    Block,
    Fields,
    Grid,
    Heading,
    Inline,
    Inlines,
    Items,
    Link,
    Named,
    Paragraph,
    Tag,
)
from threatgraph.assess.formats.wording import (
    DISCLAIMER,
    LIMITS,
    NOTHING,
    STATUS_NOTES,
    STATUS_TITLES,
    answers,
    fact_value,
    further_notes,
    names,
    provision_name,
    threat_name,
    with_status,
)
from threatgraph.assess.model import STATUSES, AssessmentData, Control, Precedent, ProvisionFinding, ThreatFinding
from threatgraph.assess.register import Register

#: The number of provisions and threats in the summary.
_MAIN = 3


def document(data: AssessmentData, register: Register) -> list[Block]:
    """The parts of the document.

    Args:
        data: the assessment.
        register: its register.
    """
    return [
        Heading(1, data.title),
        Paragraph([DISCLAIMER], "note"),
        *_summary(data),
        *_questions(data),
        *_provisions(data),
        *_threats(data),
        *_incidents(data),
        *_coverage(data),
        *_register(register),
        Heading(2, "Limits", "limits"),
        Items([[text] for text in LIMITS]),
    ]


def _summary(data: AssessmentData) -> Iterator[Block]:
    yield Heading(2, "Summary", "summary")
    found = [f"{len(with_status(data, status))} {STATUS_TITLES[status].lower()}" for status in STATUSES]
    yield Fields(
        [
            ("Risk tier, to check", [data.tier]),
            ("Roles", [names(data.roles) or "not settled"]),
            ("Provisions", [", ".join(found)]),
            ("Main candidates", ["; ".join(map(provision_name, with_status(data, "candidate")[:_MAIN])) or "none"]),
            ("Threats", [str(len(data.threats))]),
            ("Main threats", ["; ".join(map(threat_name, data.threats[:_MAIN])) or "none"]),
            ("Open questions", [str(len(data.questions))]),
        ]
    )
    for note in further_notes(data):
        yield Paragraph([note], "note")
    if data.description:
        yield Heading(3, "Description")
        yield Paragraph([data.description], "quote")
    if data.facts:
        yield Heading(3, "Facts found")
        rows = [([names([f.name])], [fact_value(f)], [f.words]) for f in data.facts]
        yield Grid(("Fact", "Value", "Words of the description"), rows)


def _questions(data: AssessmentData) -> Iterator[Block]:
    yield Heading(2, "Questions to settle", "questions")
    if not data.questions:
        yield Paragraph(["The description settles every fact that the findings depend on."])
        return
    yield Paragraph(["Answer them in the profile of the system."])
    known = {provision.iri: provision for provision in data.provisions}
    for number, question in enumerate(data.questions, 1):
        yield Heading(3, f"{number}. {question.text}")
        settled = [f"{p.framework} {p.code}" for iri in question.settles if (p := known.get(iri))]
        yield _fields(("Why it matters", question.why), ("In the profile", answers(question)), ("Settles", settled))


def _provisions(data: AssessmentData) -> Iterator[Block]:
    yield Heading(2, "Provisions to check", "provisions")
    if not data.provisions:
        yield Paragraph([NOTHING])
        return
    frameworks = tuple(dict.fromkeys(provision.framework for provision in data.provisions))
    if len(frameworks) == 1:
        yield Paragraph([f"All provisions are of the {frameworks[0]}."])
    for status in STATUSES:
        found = with_status(data, status)
        if not found:
            continue
        yield Heading(3, STATUS_TITLES[status], status.replace(" ", "-"))
        yield Paragraph([STATUS_NOTES[status]])
        if status == "ruled out":
            yield Items([[Named(_cited(p, frameworks), p.iri), f": {p.reason}"] for p in found])
            continue
        yield Grid(
            ("Provision", "Obliges", "Applies from"),
            [([_link(p, frameworks)], [names(p.roles)], [p.applies_from or ""]) for p in found],
        )
        for provision in found:
            yield from _provision(provision, frameworks)


def _cited(provision: ProvisionFinding, frameworks: Sequence[str]) -> str:
    """The name of a provision, with its framework where there are several."""
    name = provision_name(provision)
    return f"{provision.framework}, {name}" if len(frameworks) > 1 else name


def _link(provision: ProvisionFinding, frameworks: Sequence[str]) -> Link:
    return Link(_cited(provision, frameworks), f"#{_anchor(provision.iri)}")


def _provision(provision: ProvisionFinding, frameworks: Sequence[str]) -> Iterator[Block]:
    yield Heading(4, _cited(provision, frameworks), _anchor(provision.iri), provision.iri)
    fields = _fields(
        ("Why", provision.reason),
        ("Matched words", ["; ".join(f"“{words}”" for words in provision.matched)]),
        ("Summary", provision.summary),
        ("Conditions", provision.conditions),
        ("Exceptions", provision.exceptions),
        ("Obliges", names(provision.roles)),
        ("Risk tier", provision.tier),
        ("Applies from", provision.applies_from),
    )
    yield Fields([("Status", [Tag(provision.status, "status")]), *fields.items])


def _threats(data: AssessmentData) -> Iterator[Block]:
    yield Heading(2, "Threats", "threats")
    if not data.threats:
        yield Paragraph(["No threat pattern fits the description well."])
        return
    yield Grid(
        ("Rank", "Threat", "Certainty", "Severity", "Likelihood trend"),
        [
            (
                [str(rank)],
                [Link(threat_name(t), f"#{_anchor(t.iri)}")],
                [Tag(t.certainty, "certainty")],
                [Tag(t.severity, "severity")],
                [t.likelihood_trend],
            )
            for rank, t in enumerate(data.threats, 1)
        ],
    )
    known = {provision.iri: provision for provision in data.provisions}
    for rank, threat in enumerate(data.threats, 1):
        yield Heading(3, f"{rank}. {threat_name(threat)}", _anchor(threat.iri), threat.iri)
        yield from _threat(threat, [known[iri] for iri in threat.provisions if iri in known])


def _threat(threat: ThreatFinding, provisions: Sequence[ProvisionFinding]) -> Iterator[Block]:
    yield Paragraph([threat.abstract])
    fields = _fields(
        ("Why it is listed", threat.why),
        ("Likelihood trend", threat.likelihood_trend),
        ("Causes", ", ".join(threat.causes)),
        ("Affected parties", ", ".join(threat.affected)),
    )
    tags = [("Certainty", [Tag(threat.certainty, "certainty")]), ("Severity", [Tag(threat.severity, "severity")])]
    yield Fields([*tags, *fields.items])
    obligations = [p for p in provisions if p.status != "ruled out"]
    yield from _list("Obligations", [_obligation(provision) for provision in obligations])
    yield from _list("Mitigations", [_control(control) for control in threat.mitigations])
    if threat.controls:
        yield Heading(4, "Controls of frameworks")
        yield Fields(_by_framework(threat.controls))
    yield from _list("Detection indicators", [[text] for text in threat.indicators])
    yield from _list("Response steps", [[text] for text in threat.response_steps], numbered=True)
    yield from _list("Comparable incidents", [_precedent(incident, outcome=False) for incident in threat.incidents])


def _obligation(provision: ProvisionFinding) -> Inlines:
    details = [f"obliges {names(provision.roles)}" if provision.roles else "", provision.status]
    details.append(f"applies from {provision.applies_from}" if provision.applies_from else "")
    name = f"{provision.framework}, {provision_name(provision)}"
    return [Named(name, provision.iri), f" ({'; '.join(filter(None, details))})"]


def _control(control: Control) -> Inlines:
    return [f"{control.label}: {control.text}" if control.text and control.text != control.label else control.label]


def _by_framework(controls: Sequence[Control]) -> list[tuple[str, Inlines]]:
    """The names of controls by framework; spreadsheets and JSON have their texts."""
    found: dict[str, list[str]] = {}
    for control in controls:
        found.setdefault(control.framework or "Others", []).append(control.label)
    return [(framework, ["; ".join(labels)]) for framework, labels in found.items()]


def _precedent(incident: Precedent, *, outcome: bool = True) -> list[Inline]:
    facts = ", ".join(filter(None, (incident.occurred, incident.severity)))
    named = Named(incident.label if facts else f"{incident.label}.", incident.iri)
    details = (f" ({facts})." if facts else "", incident.why, _outcome(incident) if outcome else "")
    parts: list[Inline] = [named, "".join(f" {part.strip()}" for part in details if part)]
    for number, url in enumerate(incident.sources):
        parts += [", " if number else " Sources: ", Link(_site(url), url)]
    return parts


def _site(url: str) -> str:
    """The site of a URL, to show instead of it."""
    return url.partition("://")[2].partition("/")[0].removeprefix("www.") or url


def _outcome(incident: Precedent) -> str:
    return f"Outcome: {incident.outcome}" if incident.outcome else ""


def _incidents(data: AssessmentData) -> Iterator[Block]:
    yield Heading(2, "Comparable incidents", "incidents")
    if data.incidents:
        yield Items([_precedent(incident) for incident in data.incidents])
    else:
        yield Paragraph(["No comparable incident was found."])


def _coverage(data: AssessmentData) -> Iterator[Block]:
    yield Heading(2, "Coverage and gaps", "coverage")
    found = coverage(data)
    if found.rows:
        yield Paragraph(["The numbers of provisions, mitigations, controls, indicators and incidents for each threat."])
        yield Grid(found.columns, [[[str(cell)] for cell in row] for row in found.rows])
    names_of = {p.iri: f"{p.framework}, {provision_name(p)}" for p in data.provisions}
    if found.unmapped:
        yield Paragraph(["Provisions to check that no listed threat is mapped to:"])
        yield Items([[Named(names_of[iri], iri)] for iri in found.unmapped])


def _register(register: Register) -> Iterator[Block]:
    yield Heading(2, "Risk register", "register")
    if not register.rows:
        yield Paragraph(["The register has no row, because no threat was found."])
        return
    yield Paragraph(["Blank columns are for the risk owner. CSV and XLSX have the register as a spreadsheet."])
    rows = [[["" if cell is None else str(cell)] for cell in row] for row in register.rows]
    yield Grid(register.columns, rows)


def _list(title: str, items: Sequence[Inlines], *, numbered: bool = False) -> Iterator[Block]:
    if items:
        yield Heading(4, title)
        yield Items(items, numbered)


def _fields(*items: tuple[str, str | Sequence[str] | None]) -> Fields:
    """Fields without those that are empty."""
    texts = ((name, value if isinstance(value, str) else "; ".join(value or ())) for name, value in items)
    return Fields([(name, [text]) for name, text in texts if text])


def _anchor(iri: str) -> str:
    """The name of a part of the document that is about a record."""
    return "-".join(part for part in iri.split("/")[-2:]).replace("#", "-")
