"""Kinds of plausible mistakes in records, as curators, importers and editors make them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from mutants import Chance, Kind, Mutant, Term, World, iri
from threatgraph.vocab import XSD

RECORDS = ("ThreatPattern", "Incident", "Actor", "CausalFactor", "AffectedGroup", "Domain", "HarmType", "Sector")
PATTERN, INCIDENT = ("ThreatPattern",), ("Incident",)
PARTS = ("Mechanism", "DetectionIndicator", "PreventionMeasure", "ResponseStep")
SCALES = ("Severity", "LikelihoodTrend", "EvidenceLevel", "ImpactLevel", "IncidentStatus")
CONCEPTS = ("ThreatPattern", "CausalFactor", "AffectedGroup", "Domain", "Sector", "Region", "Asset", "GlossaryTerm")
KINDS: dict[str, Kind] = {}

Change = Callable[[World, Chance, Term], Term | None]


def typed(text: str, datatype: str) -> Literal:
    return Literal(text, datatype=NamedNode(XSD + datatype))


def text(value: str, language: str = "en") -> Literal:
    return Literal(value, language=language)


def replace(kind: str, classes: Sequence[str], prop: str, change: Change, *, keep: bool = False) -> None:
    """Register a kind that changes one value of a property, or with ``keep`` adds the changed one."""

    def make(world: World, chance: Chance) -> Mutant | None:
        nodes = world.with_property(classes, prop)
        for _ in range(20 if nodes else 0):
            node = chance.choice(nodes)
            old = chance.choice(world.values(node, prop))
            new = change(world, chance, old)
            if new is not None and new not in world.values(node, prop):
                subject, predicate = NamedNode(node), iri(prop)
                removed = [] if keep else [Triple(subject, predicate, old)]
                return world.mutant(kind, node, removed, [Triple(subject, predicate, new)])
        return None

    KINDS[kind] = make


def rewrite(kind: str, classes: Sequence[str], prop: str, change: Callable[[str], str]) -> None:
    """Register a kind that changes the text of a literal, or the letters of an IRI."""

    def changed(_: World, __: Chance, old: Term) -> Term | None:
        if change(old.value) == old.value:
            return None
        if isinstance(old, NamedNode):
            return NamedNode(change(old.value))
        if old.language:
            return text(change(old.value), old.language)
        return Literal(change(old.value), datatype=old.datatype)

    replace(kind, classes, prop, changed)


def put(kind: str, classes: Sequence[str], prop: str, *values: Term, among: str = "") -> None:
    """Register a kind that puts a fixed value in place of the one of a property."""
    replace(kind, classes, prop, lambda _, chance, old: chance.choice(values))


def add(kind: str, classes: Sequence[str], prop: str, *values: Term | BlankNode) -> None:
    """Register a kind that adds a statement with a fixed value."""

    def make(world: World, chance: Chance) -> Mutant | None:
        node = chance.choice([node for name in classes for node in world.of_class[name]])
        value = chance.choice(values)
        if value in world.values(node, prop):
            return None
        return world.mutant(kind, node, (), [Triple(NamedNode(node), iri(prop), value)])

    KINDS[kind] = make


def drop(kind: str, classes: Sequence[str], prop: str) -> None:
    """Register a kind that takes out all values of a property."""

    def make(world: World, chance: Chance) -> Mutant | None:
        nodes = world.with_property(classes, prop)
        if not nodes:
            return None
        node = chance.choice(nodes)
        return world.mutant(kind, node, [t for t in world.about[node] if t.predicate == iri(prop)])

    KINDS[kind] = make


def link(kind: str, classes: Sequence[str], prop: str, target: str) -> None:
    """Register a kind that leads a link to a record of another class."""
    replace(kind, classes, prop, lambda world, chance, _: NamedNode(chance.choice(world.of_class[target])))


def special(kind: str) -> Callable[[Kind], Kind]:
    """Register a kind that is made in a way of its own."""

    def register(make: Kind) -> Kind:
        KINDS[kind] = make
        return make

    return register


def into(new: str, at: int = 5) -> Callable[[str], str]:
    """Insert characters into a text."""
    return lambda old: old[:at] + new + old[at:]


def page_of_another(world: World, chance: Chance, old: Term) -> Term | None:
    """The page of another pattern, for the one of this."""
    pages = [v for n in world.of_class["ThreatPattern"] for v in world.values(n, SOURCE) if "/patterns/" in v.value]
    return chance.choice(pages) if "/patterns/" in old.value else None


def a_year_before(_: World, __: Chance, old: Term) -> Term | None:
    """The same day of the year before."""
    text = f"{int(old.value[:4]) - 1}{old.value[4:]}".replace("-02-29", "-02-28")
    return Literal(text, datatype=old.datatype) if isinstance(old, Literal) else None


def _without_first_word(old: str) -> str:
    """The text without its first word, where that leaves a beginning in lower case."""
    rest = old.partition(" ")[2]
    return rest if rest[:2].isalpha() and rest[:2].islower() else old


LABEL, DEFINITION, SOURCE = "skos:prefLabel", "skos:definition", "dcterms:source"
SENTENCES = ("Mechanism", "DetectionIndicator", "PreventionMeasure", "ResponseStep", "Incident", "GovernanceContext")

# Texts: characters.
rewrite("control character in a label", RECORDS, LABEL, into("\x07"))
rewrite("bidirectional override in a label", RECORDS, LABEL, into("\u202e"))
rewrite("bidirectional isolate in a description", SENTENCES, "dcterms:description", into("\u2066"))
rewrite("zero-width space in a label", RECORDS, LABEL, into("\u200b"))
rewrite("zero-width joiner in a description", SENTENCES, "dcterms:description", into("\u200d"))
rewrite("soft hyphen in a rationale", ("FrameworkMapping",), "tg:rationale", into("\u00ad"))
rewrite("byte order mark before a label", RECORDS, LABEL, into("\ufeff", 0))
rewrite("replacement character in a definition", CONCEPTS, DEFINITION, into("\ufffd", 9))
rewrite("UTF-8 read as Latin-1 in a label", RECORDS, LABEL, into("Ã©"))
rewrite("UTF-8 read as Windows-1252 in a description", SENTENCES, "dcterms:description", into("â€™", 9))
rewrite("no-break space in a label", RECORDS, LABEL, lambda old: old.replace(" ", "\u00a0", 1))
rewrite("two spaces in a label", RECORDS, LABEL, lambda old: old.replace(" ", "  ", 1))
rewrite("two spaces in a description", SENTENCES, "dcterms:description", lambda old: old.replace(" ", "  ", 1))
rewrite("space before a label", RECORDS, LABEL, into(" ", 0))
rewrite("space after a definition", CONCEPTS, DEFINITION, lambda old: old + " ")
rewrite("line end in a label", RECORDS, LABEL, lambda old: old.replace(" ", "\n", 1))
rewrite("line end after an alternative label", RECORDS, "skos:altLabel", lambda old: old + "\n")
rewrite("line end in a sentence", SENTENCES, "dcterms:description", lambda old: old.replace(" ", "\n", 1))
rewrite("carriage return in a definition", CONCEPTS, DEFINITION, lambda old: old + "\r\n")
rewrite("tab in a description", SENTENCES, "dcterms:description", lambda old: old.replace(" ", "\t", 1))
rewrite("HTML in a description", SENTENCES, "dcterms:description", lambda old: f"<p>{old}</p>")
rewrite("script element in a label", RECORDS, LABEL, lambda old: f"{old}<script>alert(1)</script>")
rewrite("HTML entity in a label", RECORDS, LABEL, lambda old: old + " &amp; more")
rewrite("numeric entity in a definition", CONCEPTS, DEFINITION, into("&#39;", 8))
rewrite("Markdown in a description", SENTENCES, "dcterms:description", lambda old: f"**Note** {old}")
rewrite("Markdown link in a definition", CONCEPTS, DEFINITION, lambda old: f"{old[:-1]} [more](https://x.org/a).")
rewrite("escape sequence in a description", SENTENCES, "dcterms:description", into("\\n", 9))
rewrite("look-alike letter in a label", RECORDS, LABEL, lambda old: old.replace("a", "\u0430", 1))
rewrite("decomposed accent in a label", RECORDS, LABEL, lambda old: old.replace("e", "e\u0301", 1))
rewrite("word twice in a definition", CONCEPTS, DEFINITION, lambda old: old.replace(" the ", " the the ", 1))

rewrite("name in quotation marks", RECORDS, LABEL, lambda old: f'"{old}"' if '"' not in old else f"{old},")
rewrite("mark after a label", RECORDS, LABEL, lambda old: old + " -")
rewrite("underscores in a label", PATTERN, LABEL, lambda old: re.sub("[^A-Za-z]+", "_", old).strip("_"))
rewrite("code in a label", PATTERN, LABEL, lambda old: f"PAT-SYS-001 {old}")
rewrite("trademark sign in a label", RECORDS, LABEL, lambda old: old + "\u2122")
rewrite("placeholder of a template", SENTENCES, "dcterms:description", lambda old: old.replace(" ", " {{name}} ", 1))
rewrite("lost characters in a description", SENTENCES, "dcterms:description", lambda old: f"{old[:8]} ??x {old[8:]}")
rewrite("quotation that is not closed", SENTENCES, "dcterms:description", lambda old: old.replace(" ", " \u201c", 1))
rewrite("joined letters in a description", SENTENCES, "dcterms:description", into("\ufb01", 9))
rewrite("name of the property before a definition", CONCEPTS, DEFINITION, lambda old: f"Definition: {old}")
rewrite("description pasted twice", SENTENCES, "dcterms:description", lambda old: f"{old} {old}")

# Texts: content.
put("placeholder for a definition", CONCEPTS, DEFINITION, text("TODO"), text("TBD."), text("..."), text("n/a"))
put("filler text for a description", SENTENCES, "dcterms:description", text("Lorem ipsum dolor sit amet."), text("…"))
put("empty definition", CONCEPTS, DEFINITION, text(""))
put("blank label", RECORDS, LABEL, text(" "), text("-"))
rewrite("definition cut off", CONCEPTS, DEFINITION, lambda old: old[: len(old) // 2].rstrip(".?! "))
rewrite("description cut off", SENTENCES, "dcterms:description", lambda old: old[: len(old) // 2].rstrip(".?! "))
rewrite("rationale cut off", ("FrameworkMapping",), "tg:rationale", lambda old: old[: len(old) // 2].rstrip(".?! "))
rewrite("beginning of a description lost", SENTENCES, "dcterms:description", _without_first_word)
rewrite("label in lower case", PATTERN, LABEL, str.lower)
rewrite("label in capitals", ("ThreatPattern", "CausalFactor"), LABEL, str.upper)
rewrite("full stop after a label", RECORDS, LABEL, lambda old: old + ".")
rewrite(
    "letters swapped in a label",
    ("ThreatPattern", "CausalFactor", "Actor", "Sector"),
    LABEL,
    lambda old: old[:3] + old[4:5] + old[3:4] + old[5:],
)
rewrite(
    "letter lost in a label",
    ("ThreatPattern", "CausalFactor", "AffectedGroup", "Asset"),
    LABEL,
    lambda old: old[:4] + old[5:],
)

# Texts: languages and datatypes.
replace("no language", RECORDS, LABEL, lambda _, __, old: Literal(old.value))
replace("language in words", RECORDS, LABEL, lambda _, __, old: text(old.value, "english"))
replace("made-up language", CONCEPTS, DEFINITION, lambda _, __, old: text(old.value, "xx-YYYYYYYY"))
replace("unregistered language", SENTENCES, "dcterms:description", lambda _, __, old: text(old.value, "zz"))
replace("three letters for a language", CONCEPTS, DEFINITION, lambda _, __, old: text(old.value, "eng"))
replace("region that is none", RECORDS, LABEL, lambda _, __, old: text(old.value, "en-UK"))
replace("English text marked as German", CONCEPTS, DEFINITION, lambda _, __, old: text(old.value, "de"))
replace("definition as a string", CONCEPTS, DEFINITION, lambda _, __, old: typed(old.value, "string"))
replace("second label", RECORDS, LABEL, lambda _, __, old: text(f"{old.value} two"), keep=True)
replace("second definition", CONCEPTS, DEFINITION, lambda _, __, old: text(f"{old.value} Or so."), keep=True)

# Addresses.
HTTP = ("ThreatPattern", "Incident", "Actor", "Provision", "CausalFactor")
for name, wrong in {
    "javascript: source": "javascript:alert(1)",
    "data: source": "data:text/html,hello",
    "file: source": "file:///home/me/report.pdf",
    "source without a host": "https:///report",
    "source on this machine": "http://localhost/report",
    "source without a scheme": "urn:report:1",
    "source by mail": "mailto:someone@example.org",
    "source with a password": "https://me:secret@example.org/report",
    "source with a trailing mark": "https://example.org/report,",
    "source with two schemes": "https://https://example.org/report",
    "source over FTP": "ftp://example.org/report",
}.items():
    put(name, HTTP, SOURCE, NamedNode(wrong))
replace("source as a string", HTTP, SOURCE, lambda _, __, old: Literal(old.value))
replace("source in the graph", HTTP, SOURCE, lambda world, chance, _: NamedNode(chance.choice(world.records)))
replace("page as a string", INCIDENT, "schema:subjectOf", lambda _, __, old: Literal(old.value))
put("page without a host", INCIDENT, "schema:subjectOf", NamedNode("https:///cite/1"), NamedNode("file:///cite/1"))
replace("page of another pattern", PATTERN, SOURCE, page_of_another)
replace(
    "entry of another incident",
    INCIDENT,
    "tg:aiidNumber",
    lambda world, chance, old: chance.choice(
        world.values(chance.choice(world.with_property(INCIDENT, "tg:aiidNumber")), "tg:aiidNumber")
    ),
)

# Codes.
rewrite("code in lower case", ("ThreatPattern", "Incident", "Domain"), "skos:notation", str.lower)
rewrite("code without a zero", ("ThreatPattern", "Incident"), "skos:notation", lambda old: old.replace("-0", "-", 1))
rewrite("code with spaces", ("ThreatPattern", "CausalFactor"), "skos:notation", lambda old: old.replace("-", " "))
rewrite("code with the letter O", PATTERN, "skos:notation", lambda old: old.replace("0", "O"))
rewrite("code of another year", INCIDENT, "skos:notation", lambda old: f"INC-{(int(old[4:6]) + 3) % 27:02}{old[6:]}")
rewrite("code of an earlier year", INCIDENT, "skos:notation", lambda old: f"INC-{int(old[4:6]) - 1:02}{old[6:]}")
rewrite(
    "code of another domain",
    PATTERN,
    "skos:notation",
    lambda old: f"PAT-{'SYS' if 'SYS' not in old else 'AGT'}{old[7:]}",
)
rewrite(
    "prefix of a code misspelt",
    ("ThreatPattern", "CausalFactor"),
    "skos:notation",
    lambda old: f"{old[1]}{old[0]}{old[2:]}",
)
rewrite("code of another kind", PATTERN, "skos:notation", lambda old: old.replace("PAT", "INC"))
replace(
    "code of another record",
    ("ThreatPattern", "Incident"),
    "skos:notation",
    lambda world, chance, old: chance.choice(
        [
            v
            for c in ("ThreatPattern", "Incident")
            for n in world.of_class[c]
            for v in world.values(n, "skos:notation")
            if v.value[:3] == old.value[:3]
        ]
    ),
)
replace("second code", PATTERN, "skos:notation", lambda _, __, old: Literal(f"{old.value[:-1]}9"), keep=True)
replace("code with a language", PATTERN, "skos:notation", lambda _, __, old: text(old.value))
rewrite("identifier of another provision", ("Provision",), "skos:notation", lambda old: f"{old}1")

# Dates.
put("date in the future", INCIDENT, "tg:occurred", typed("2999-01-01", "date"), typed("2999", "gYear"))
put("date before 1950", INCIDENT, "tg:occurred", typed("1924-08-01", "date"), typed("0024", "gYear"))
put("day that is none", INCIDENT, "tg:occurred", typed("2024-02-30", "date"), typed("2024-13", "gYearMonth"))
put(
    "date in another form",
    INCIDENT,
    "tg:occurred",
    typed("01.08.2024", "date"),
    Literal("2024-08-01"),
    text("August 2024"),
)
put(
    "date with a time",
    INCIDENT,
    "tg:occurred",
    typed("2024-08-01T10:00:00", "dateTime"),
    typed("2024-08-01T00:00:00Z", "date"),
)
put(
    "precision that contradicts the datatype",
    INCIDENT,
    "tg:occurred",
    typed("2024-08", "date"),
    typed("2024-08-01", "gYear"),
)
replace(
    "year of another folder",
    INCIDENT,
    "tg:occurred",
    a_year_before,
)
add("second date", INCIDENT, "tg:occurred", typed("2012-03-04", "date"))
put(
    "update of the source in the future",
    ("ThreatPattern", "CausalFactor"),
    "tg:sourceUpdated",
    typed("2998-05-05", "date"),
)
put("update of the source long ago", ("ThreatPattern", "CausalFactor"), "tg:sourceUpdated", typed("1225-01-15", "date"))
put("first year after the last", ("CausalFactor",), "tg:lastYear", typed("1999", "gYear"))
put("last year in the future", ("CausalFactor",), "tg:lastYear", typed("2997", "gYear"))
put("day of a figure in the future", ("SourceFigure",), "tg:asOf", typed("2996-01-01", "date"))
put("provision that applies before its law", ("Provision",), "tg:appliesFrom", typed("2014-08-02", "date"))
put("modified before it was created", ("Provision",), "dcterms:modified", typed("2001-05-13", "date"))
add("day of creation as text", PATTERN, "dcterms:created", Literal("yesterday"), text("2024"))
add("system in use only later", INCIDENT, "tg:systemSince", typed("2026-06", "gYearMonth"))
add("source updated before the incident", INCIDENT, "tg:sourceUpdated", typed("2001-01-01", "date"))
