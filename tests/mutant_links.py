"""Kinds of plausible mistakes in links, numbers, classes, schemes and files; see :mod:`mutant_kinds` for texts."""

from __future__ import annotations

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from mutant_kinds import (
    CONCEPTS,
    INCIDENT,
    KINDS,
    LABEL,
    PARTS,
    PATTERN,
    RECORDS,
    SCALES,
    SENTENCES,
    SOURCE,
    add,
    drop,
    link,
    put,
    replace,
    rewrite,
    special,
    text,
    typed,
)
from mutants import Chance, Mutant, World, iri, record_of
from threatgraph.vocab import BASE, RDF_TYPE, TG

TYPE = NamedNode(RDF_TYPE)
SCHEMED = ("ThreatPattern", "CausalFactor", "AffectedGroup", "Domain", "Sector", "Severity", "Region", "GlossaryTerm")
NOWHERE = NamedNode(f"{BASE}pattern/goal-drfit")

# What must be there.
drop("class lost", RECORDS, "rdf:type")
drop("label lost", RECORDS, LABEL)
drop("definition lost", CONCEPTS, "skos:definition")
drop("description lost", SENTENCES, "dcterms:description")
drop("source lost", RECORDS[:6], SOURCE)
drop("status lost", RECORDS[:6], "tg:curationStatus")
drop("scheme lost", SCHEMED, "skos:inScheme")
drop("domain lost", PATTERN, "tg:domain")
drop("rating lost", PATTERN, "tg:severity")
drop("reason of a rating lost", PATTERN, "tg:likelihoodRationale")
drop("causes lost", PATTERN, "tg:causalFactor")
drop("rank lost", SCALES, "tg:rank")
drop("parent of a provision lost", ("Provision",), "skos:broader")
drop("role of a pattern link lost", ("PatternLink",), "tg:patternRole")
drop("pattern of a link lost", ("PatternLink",), "tg:pattern")
drop("target of a mapping lost", ("FrameworkMapping",), "sssom:object_id")
drop("relation of a mapping lost", ("FrameworkMapping", "CrosswalkMapping"), "sssom:predicate_id")
drop("number of a figure lost", ("SourceFigure",), "tg:count")
drop("severity of an incident lost", INCIDENT, "tg:severity")
drop("status of an incident lost", INCIDENT, "tg:incidentStatus")
drop("position lost", PARTS, "tg:position")

# Where links lead.
put("link to a misspelt record", PATTERN, "tg:distinguishedFrom", NOWHERE)
put("cause that nothing defines", INCIDENT, "tg:causalFactor", NamedNode(f"{BASE}causal-factor/regulatory-gaps"))
put("link in capitals", PATTERN, "tg:severity", NamedNode(f"{BASE}severity/High"))
rewrite("link by http", PATTERN, "tg:causalFactor", lambda old: old.replace("https:", "http:"))
rewrite("link with a trailing slash", INCIDENT, "tg:region", lambda old: old + "/")
rewrite("link in percent encoding", INCIDENT, "tg:causalFactor", lambda old: old.replace("-", "%2D"))
rewrite("link to a part", INCIDENT, "tg:causalFactor", lambda old: old + "#figure")
replace("link as a string", PATTERN, "tg:causalFactor", lambda _, __, old: Literal(old.value))
replace("name in place of a link", INCIDENT, "tg:deployer", lambda world, _, old: world.values(old.value, LABEL)[0])
replace(
    "code in place of a link", PATTERN, "tg:domain", lambda world, _, old: world.values(old.value, "skos:notation")[0]
)
link("cause that is a group", PATTERN, "tg:causalFactor", "AffectedGroup")
link("group that is an actor", INCIDENT, "tg:listedGroup", "Actor")
link("developer that is a group", INCIDENT, "tg:developer", "AffectedGroup")
link("severity that is a likelihood", PATTERN, "tg:severity", "Likelihood")
link("likelihood that is an evidence level", PATTERN, "tg:likelihood", "EvidenceLevel")
link("evidence level that is a status", INCIDENT, "tg:evidenceLevel", "IncidentStatus")
link("role that is a status", ("PatternLink",), "tg:patternRole", "CurationStatus")
link("domain that is a pattern", PATTERN, "tg:domain", "ThreatPattern")
link("pattern that is an incident", ("PatternLink",), "tg:pattern", "Incident")
link("target of a mapping that is a pattern", ("FrameworkMapping",), "sssom:object_id", "ThreatPattern")
link("another provision as the target of a mapping", ("FrameworkMapping",), "sssom:object_id", "Provision")
link("another pattern in a link", ("PatternLink",), "tg:pattern", "ThreatPattern")
link("another group in an impact", ("Impact",), "tg:group", "AffectedGroup")
link("another framework in a context", ("GovernanceContext",), "tg:framework", "Framework")
link("another provision in a crosswalk", ("CrosswalkMapping",), "sssom:subject_id", "Provision")
link("domain of another code", PATTERN, "tg:domain", "Domain")
link("parent in another framework", ("Provision",), "skos:broader", "Provision")
link("edition of another framework", ("Provision",), "skos:inScheme", "Framework")
link("region in place of a sector", INCIDENT, "tg:sector", "Region")
put(
    "relation that is no SKOS mapping",
    ("FrameworkMapping",),
    "sssom:predicate_id",
    iri("owl:sameAs"),
    iri("skos:related"),
)
put(
    "justification misspelt",
    ("FrameworkMapping", "CrosswalkMapping"),
    "sssom:mapping_justification",
    iri("semapv:ManualMappingCuratoin"),
)
replace("justification in words", ("FrameworkMapping",), "sssom:mapping_justification", lambda *_: Literal("manual"))
put("author in words", ("FrameworkMapping", *PARTS), "prov:wasAttributedTo", Literal("threatgraph"))
add("second severity", PATTERN, "tg:severity", *(NamedNode(f"{BASE}severity/{name}") for name in ("low", "critical")))
add(
    "second domain",
    PATTERN,
    "tg:domain",
    NamedNode(f"{BASE}domain/economic-labor"),
    NamedNode(f"{BASE}domain/security-cyber"),
)
add("second role", ("PatternLink",), "tg:patternRole", NamedNode(f"{BASE}pattern-role/unspecified"))
add("blank node as a value", ("ThreatPattern", "Incident"), "dcterms:creator", BlankNode())

# Numbers.
put("confidence over 1", ("CrosswalkMapping",), "sssom:confidence", typed("1.5", "decimal"), typed("-0.1", "decimal"))
put("confidence in percent", ("CrosswalkMapping",), "sssom:confidence", typed("85", "integer"), Literal("85%"))
put("negative count", ("SourceFigure",), "tg:count", typed("-3", "integer"))
put("count over the whole", ("SourceFigure",), "tg:outOf", typed("1", "integer"))
put("count in words", ("SourceFigure",), "tg:count", Literal("eight"), typed("8.0", "decimal"))
put("share over 100", ("SourceFigure",), "tg:percentage", typed("130", "integer"))
put("position of another part", PARTS, "tg:position", typed("1", "integer"), typed("2", "integer"))
put("position 0", PARTS, "tg:position", typed("0", "integer"))
put("position with a gap", PARTS, "tg:position", typed("11", "integer"))
put("position as a string", PARTS, "tg:position", Literal("1"))
put("rank of another concept", SCALES, "tg:rank", typed("1", "integer"), typed("2", "integer"))
put("rank with a gap", SCALES, "tg:rank", typed("9", "integer"))
put("rank 0", SCALES, "tg:rank", typed("0", "integer"))
put("rank as a decimal", SCALES, "tg:rank", typed("1.0", "decimal"))

# Classes, schemes and properties.
put("class misspelt", RECORDS, "rdf:type", NamedNode(f"{TG}ThreatPatern"), NamedNode(f"{TG}threatPattern"))
put("class of SKOS alone", CONCEPTS, "rdf:type", iri("skos:Concept"))
put("class of another kind", RECORDS, "rdf:type", NamedNode(f"{TG}GlossaryTerm"), NamedNode(f"{TG}Asset"))
put("class of another ontology", RECORDS, "rdf:type", iri("schema:Event"), iri("owl:NamedIndividual"))
add("second class", RECORDS[:5], "rdf:type", NamedNode(f"{TG}Region"), NamedNode(f"{TG}LifecycleStage"))
put("scheme of another kind", SCHEMED, "skos:inScheme", NamedNode(f"{BASE}likelihood"), NamedNode(f"{BASE}asset"))
add("second scheme", SCHEMED, "skos:inScheme", NamedNode(f"{BASE}harm-type"), NamedNode(f"{BASE}review-state"))
replace("scheme as a string", SCHEMED, "skos:inScheme", lambda _, __, old: Literal(old.value))
add("property misspelt", PATTERN, "tg:severty", NamedNode(f"{BASE}severity/high"))
add("property of SKOS misspelt", RECORDS, "skos:preferredLabel", text("Another name"))
add(
    "property of Dublin Core 1.1", RECORDS, "http://purl.org/dc/elements/1.1/source", NamedNode("https://example.org/r")
)
add(
    "property of the ontology by http",
    PATTERN,
    "http://w3id.org/threatgraph/ontology#severity",
    NamedNode(f"{BASE}severity/low"),
)
add("rdfs:label in place of skos:prefLabel", RECORDS, "rdfs:label", text("Another name"))
add("occurrence of a pattern", PATTERN, "tg:occurred", typed("2024", "gYear"))
add("likelihood of an incident", INCIDENT, "tg:likelihood", NamedNode(f"{BASE}likelihood/stable"))
add("rank of an actor", ("Actor",), "tg:rank", typed("2", "integer"))
add("definition of an incident", INCIDENT, "skos:definition", text("What an incident is."))
add("abstract of a group", ("AffectedGroup",), "dcterms:abstract", text("Those who are affected."))
add("escalation of an incident", INCIDENT, "tg:escalatesTo", NamedNode(f"{BASE}pattern/goal-drift"))
add("derived statement", INCIDENT, "tg:affects", NamedNode(f"{BASE}group/workers"), NamedNode(f"{BASE}group/children"))
add("retired in words", RECORDS, "owl:deprecated", Literal("yes"), Literal("true"), typed("1", "integer"))
add("retired without a successor", RECORDS, "owl:deprecated", typed("true", "boolean"))
add("replaced but not retired", PATTERN, "dcterms:isReplacedBy", NamedNode(f"{BASE}pattern/goal-drift"))


@special("level of a provision misspelt")
def _(world: World, chance: Chance) -> Mutant:
    node = chance.choice(world.of_class["Provision"])
    (old,) = world.values(node, "tg:provisionLevel")
    level = iri("tg:provisionLevel")
    return world.mutant(
        "level of a provision misspelt",
        node,
        [Triple(NamedNode(node), level, old)],
        [Triple(NamedNode(node), level, Literal(f"{old.value[:-2]}{old.value[-1]}"))],
    )


def _two(kind: str, prop: str, classes: tuple[str, ...]) -> None:
    """Register a kind that links two records with each other, as no two of a hierarchy can be."""

    def make(world: World, chance: Chance) -> Mutant | None:
        node = chance.choice(world.with_property(classes, prop))
        target = chance.choice(world.values(node, prop))
        if target.value not in world.home or record_of(target.value) == record_of(node):
            return None
        back = Triple(NamedNode(target.value), iri(prop), NamedNode(node))
        gone = [t for t in world.about[target.value] if t.predicate == iri(prop)] if prop == "skos:broader" else []
        return world.mutant(kind, target.value, gone, [back], [node])

    KINDS[kind] = make


_two("circle of provisions", "skos:broader", ("Provision",))
_two("circle of escalations", "tg:escalatesTo", PATTERN)


def _self(kind: str, prop: str, classes: tuple[str, ...]) -> None:
    """Register a kind that links a record to itself."""

    def make(world: World, chance: Chance) -> Mutant:
        node = NamedNode(chance.choice([node for name in classes for node in world.of_class[name]]))
        return world.mutant(kind, node.value, (), [Triple(node, iri(prop), node)])

    KINDS[kind] = make


_self("related to itself", "skos:related", ("AffectedGroup", "GlossaryTerm"))
_self("distinguished from itself", "tg:distinguishedFrom", PATTERN)
_self("escalates to itself", "tg:escalatesTo", PATTERN)
_self("related incident that is itself", "tg:relatedIncident", INCIDENT)
_self("occurs with itself", "tg:coOccursWith", ("CausalFactor",))
_self("matches itself", "skos:exactMatch", RECORDS)
_self("below itself", "skos:broader", ("Provision", "AffectedGroup", "GlossaryTerm"))
_self("replaced by itself", "dcterms:isReplacedBy", RECORDS)
_self("reduces itself", "tg:addresses", ("Provision",))


def _renamed(kind: str, change: str) -> None:
    """Register a kind that gives a record another IRI, in its own file alone."""

    def make(world: World, chance: Chance) -> Mutant:
        old = chance.choice([iri for name in RECORDS[:5] for iri in world.of_class[name]])
        space, _, slug = old.rpartition("/")
        new = change.format(
            space=space, slug=slug, upper=slug.upper(), typo=slug[:2] + slug[3:4] + slug[2:3] + slug[4:]
        )
        if new == old:
            new = f"{old}-x"

        def name(term: object) -> object:
            if isinstance(term, NamedNode) and record_of(term.value) == old:
                return NamedNode(new + term.value.removeprefix(old))
            return term

        before = [t for node in world.about if record_of(node) == old for t in world.about[node]]
        after = [Triple(name(t.subject), t.predicate, name(t.object)) for t in before]  # type: ignore[arg-type]
        return world.mutant(kind, old, before, after, world.linking[old])

    KINDS[kind] = make


_renamed("IRI in capitals", "{space}/{upper}")
_renamed("IRI with a trailing slash", "{space}/{slug}/")
_renamed("IRI by http", f"http{BASE.removeprefix('https')}{{slug}}")
_renamed("IRI in percent encoding", "{space}/{slug}%20x")
_renamed("IRI misspelt", "{space}/{typo}")
_renamed("IRI of another kind", f"{BASE}asset/{{slug}}")
_renamed("IRI with an underscore", "{space}/{slug}_x")


@special("statement about a misspelt subject")
def _(world: World, chance: Chance) -> Mutant:
    node = chance.choice(world.of_class["ThreatPattern"])
    triple = chance.choice([t for t in world.about[node] if t.predicate != TYPE])
    moved = Triple(NamedNode(f"{node}s"), triple.predicate, triple.object)
    return world.mutant("statement about a misspelt subject", node, [], [moved], [f"{node}s"])


@special("statement about the record of another file")
def _(world: World, chance: Chance) -> Mutant:
    one, other = chance.sample([iri for name in RECORDS[:4] for iri in world.of_class[name]], 2)
    added = Triple(NamedNode(other), iri("skos:editorialNote"), text("A note from the file of another record."))
    return world.mutant("statement about the record of another file", one, [], [added], [other])


@special("record that two files define")
def _(world: World, chance: Chance) -> Mutant:
    one, other = chance.sample(world.of_class["Actor"], 2)
    return world.mutant("record that two files define", one, [], world.about[other], [other])


def _copied(kind: str, prop: str, classes: tuple[str, ...]) -> None:
    """Register a kind that gives a record the text of another one of its class."""

    def make(world: World, chance: Chance) -> Mutant | None:
        name = chance.choice(classes)
        one, other = chance.sample(world.with_property([name], prop), 2)
        new, old = world.values(other, prop)[0], world.values(one, prop)[0]
        if new == old:
            return None
        subject, predicate = NamedNode(one), iri(prop)
        return world.mutant(kind, one, [Triple(subject, predicate, old)], [Triple(subject, predicate, new)], [other])

    KINDS[kind] = make


_copied("label of another record", LABEL, RECORDS)
_copied("definition of another record", "skos:definition", ("ThreatPattern", "CausalFactor"))
_copied("description of another incident", "dcterms:description", INCIDENT)


@special("alternative label of another record")
def _(world: World, chance: Chance) -> Mutant:
    one, other = chance.sample(world.of_class["Actor"], 2)
    label = text(world.values(other, LABEL)[0].value.lower())
    return world.mutant(
        "alternative label of another record", one, [], [Triple(NamedNode(one), iri("skos:altLabel"), label)], [other]
    )


@special("alternative label that is the label")
def _(world: World, chance: Chance) -> Mutant:
    node = chance.choice(world.of_class[chance.choice(RECORDS)])
    label = text(world.values(node, LABEL)[0].value.upper())
    return world.mutant(
        "alternative label that is the label", node, [], [Triple(NamedNode(node), iri("skos:altLabel"), label)]
    )


@special("label and definition swapped")
def _(world: World, chance: Chance) -> Mutant:
    node = chance.choice(world.of_class["ThreatPattern"])
    changed = {LABEL: "skos:definition", "skos:definition": LABEL}
    old = [Triple(NamedNode(node), iri(prop), world.values(node, prop)[0]) for prop in changed]
    new = [Triple(NamedNode(node), iri(to), world.values(node, prop)[0]) for prop, to in changed.items()]
    return world.mutant("label and definition swapped", node, old, new)


def _same(kind: str, prop: str, other: str, classes: tuple[str, ...]) -> None:
    """Register a kind that gives a property the text of another one of the record."""

    def make(world: World, chance: Chance) -> Mutant:
        node = chance.choice([n for n in world.with_property(classes, prop) if world.values(n, other)])
        old, new = world.values(node, prop)[0], world.values(node, other)[0]
        subject, predicate = NamedNode(node), iri(prop)
        return world.mutant(kind, node, [Triple(subject, predicate, old)], [Triple(subject, predicate, new)])

    KINDS[kind] = make


_same("definition that is the label", "skos:definition", LABEL, CONCEPTS)
_same("abstract that is the definition", "dcterms:abstract", "skos:definition", PATTERN)
_same("reason that is another reason", "tg:severityRationale", "tg:likelihoodRationale", PATTERN)
_same("description that is the label", "dcterms:description", LABEL, INCIDENT)


@special("two mappings to one provision")
def _(world: World, chance: Chance) -> Mutant:
    node = chance.choice(world.of_class["FrameworkMapping"])
    second = f"{node}-two"
    copied = [Triple(NamedNode(second), t.predicate, t.object) for t in world.about[node]]
    named = Triple(NamedNode(record_of(node)), iri("tg:mapping"), NamedNode(second))
    return world.mutant("two mappings to one provision", node, [], [*copied, named])


@special("part that no record names")
def _(world: World, chance: Chance) -> Mutant:
    node = chance.choice([node for name in PARTS for node in world.of_class[name]])
    naming = [t for t in world.about[record_of(node)] if t.object == NamedNode(node)]
    return world.mutant("part that no record names", node, naming)


@special("part of another record")
def _(world: World, chance: Chance) -> Mutant:
    node = chance.choice(world.of_class["Mechanism"])
    other = chance.choice([iri for iri in world.of_class["ThreatPattern"] if iri != record_of(node)])
    named = Triple(NamedNode(other), iri("tg:mechanism"), NamedNode(node))
    return world.mutant("part of another record", other, [], [named], [record_of(node)])


@special("two primary patterns")
def _(world: World, chance: Chance) -> Mutant:
    role, primary = iri("tg:patternRole"), NamedNode(f"{BASE}pattern-role/primary")
    secondary = NamedNode(f"{BASE}pattern-role/secondary")
    nodes = [node for node in world.of_class["PatternLink"] if secondary in world.values(node, "tg:patternRole")]
    node = NamedNode(chance.choice(nodes))
    return world.mutant(
        "two primary patterns", node.value, [Triple(node, role, secondary)], [Triple(node, role, primary)]
    )


@special("no primary pattern")
def _(world: World, chance: Chance) -> Mutant:
    role, primary = iri("tg:patternRole"), NamedNode(f"{BASE}pattern-role/primary")
    nodes = [node for node in world.of_class["PatternLink"] if primary in world.values(node, "tg:patternRole")]
    node = NamedNode(chance.choice(nodes))
    secondary = NamedNode(f"{BASE}pattern-role/secondary")
    return world.mutant(
        "no primary pattern", node.value, [Triple(node, role, primary)], [Triple(node, role, secondary)]
    )


@special("ranks of two concepts swapped")
def _(world: World, chance: Chance) -> Mutant:
    one, other = chance.sample(world.of_class[chance.choice(SCALES)], 2)
    rank = iri("tg:rank")
    old = {node: world.values(node, "tg:rank")[0] for node in (one, other)}
    gone = [Triple(NamedNode(node), rank, value) for node, value in old.items()]
    new = [Triple(NamedNode(one), rank, old[other]), Triple(NamedNode(other), rank, old[one])]
    return world.mutant("ranks of two concepts swapped", one, gone, new, [other])


# What no rule can find: see the table in test_mutants.py.
put("another severity", INCIDENT, "tg:severity", *(NamedNode(f"{BASE}severity/{name}") for name in ("low", "high")))
drop("optional note lost", RECORDS, "skos:editorialNote")
link("another actor", INCIDENT, "tg:deployer", "Actor")


@special("positions of two parts swapped")
def _(world: World, chance: Chance) -> Mutant | None:
    record = chance.choice(world.of_class["ThreatPattern"])
    parts = [value.value for value in world.values(record, "tg:mechanism")]
    one, other = chance.sample(parts, 2)
    place = iri("tg:position")
    old = {node: world.values(node, "tg:position")[0] for node in (one, other)}
    gone = [Triple(NamedNode(node), place, value) for node, value in old.items()]
    new = [Triple(NamedNode(one), place, old[other]), Triple(NamedNode(other), place, old[one])]
    return world.mutant("positions of two parts swapped", record, gone, new)
