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
drop("reason of a rating lost", PATTERN, "tg:likelihoodTrendRationale")
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
link("severity that is a likelihood", PATTERN, "tg:severity", "LikelihoodTrend")
link("likelihood that is an evidence level", PATTERN, "tg:likelihoodTrend", "EvidenceLevel")
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
put("scheme of another kind", SCHEMED, "skos:inScheme", NamedNode(f"{BASE}likelihood-trend"), NamedNode(f"{BASE}asset"))
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
add("likelihood of an incident", INCIDENT, "tg:likelihoodTrend", NamedNode(f"{BASE}likelihood-trend/stable"))
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
