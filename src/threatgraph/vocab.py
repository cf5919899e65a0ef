"""Names: namespaces, prefixes, kinds of record, and the terms of the ontology.

Everything is a plain string, so the module is fast to import. A misspelled term (``tg("Pattren")``) is an error, so it
cannot become an IRI without matches.
"""

from __future__ import annotations

from typing import NamedTuple

BASE = "https://w3id.org/threatgraph/"
TG = f"{BASE}ontology#"
#: The property of a shape that says how to fix a violation; see ``ontology/shapes/``.
REMEDY = f"{BASE}shapes#remedy"
RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
SH = "http://www.w3.org/ns/shacl#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
XSD = "http://www.w3.org/2001/XMLSchema#"

#: The named graph of the triples that the rules in ``ontology/rules/`` derive.
DERIVED_GRAPH = f"{BASE}graph/derived"
#: The prefix of the named graphs of bundled files; the path of the file in the project follows.
FILE_GRAPHS = f"{BASE}graph/"

CLASSES = frozenset(
    """
    Actor AffectedGroup AssessedProvision AssessedThreat Assessment Asset CausalFactor CausalFactorCategory Citation
    CrosswalkMapping CurationStatus DetectionIndicator Domain EvidenceLevel ExposurePathway FailureStage Framework
    FrameworkMapping GlossaryCategory GlossaryTerm GovernanceContext GroupType HarmType Impact ImpactLevel ImpactRole
    Incident IncidentStatus LifecycleStage LikelihoodTrend MappingRelation MappingSet Mechanism MonitoringVerdict Origin
    PatternLink PatternRole PreventionMeasure Provision RankedConcept Recommendation RecommendationReason RecordPart
    Region ResolutionState ResponseStep ReviewState Role Sector Severity SourceFigure SourceKind ThreatPattern
    """.split()
)
PROPERTIES = frozenset(
    """
    actor addedProperty addresses affects aiidNumber appliesFrom appliesFromAsAmended asOf assessedProvision
    assessedThreat asset causalFactor certainty citation condition contribution control controlDomain coOccursWith count
    crosswalkMapping curationStatus deployer developer distinguishedFrom domain draftedWith entitles escalatesTo
    evidenceLevel evidenceRationale exception existingLink exposurePathway failureStage findingReason firstYear
    framework governanceContext group harmedParty harmType hasPart impact impactLevel impactRole incidentStatus
    incidentSummary indicator indicatorSummary involvesPattern lastYear lifecycleStage likelihoodTrend
    likelihoodTrendRationale likelyOwner listedGroup manifestation mappedTo mapping mappingRelation matchedText measure
    mechanism mechanismSummary notCoveredBy obliges occurred organizationRole origin outcome pattern patternLink
    patternRole percentage placeName position primaryPattern proposedTier provision provisionLevel provisionStatus
    publishedPredicate publisherName queryText rank rankPosition rationale reason recommendationBasis recommendedFor
    recommends region relatedIncident reprint resolutionState responseStep responseTrigger retrievalNote
    retrievalQuestion retrievalTopic reviewedBy reviewState riskTier sameIncident score secondaryPattern sector severity
    severityRationale signal sourceFigure sourceKind sourceLabel sourceUpdated supports systemDescription systemName
    systemSince tactic total victim
    """.split()
)


def tg(name: str) -> str:
    """Return the IRI of a term of the ontology.

    Raises:
        KeyError: if the ontology does not have the term.
    """
    if name not in CLASSES and name not in PROPERTIES:
        raise KeyError(f"the ontology has no term {name!r}")
    return TG + name


class Kind(NamedTuple):
    """A kind of record, with its own IRI namespace."""

    name: str
    """The name on the command line and in Python; also the path segment of its IRIs."""
    class_name: str
    """The local name of its class in the ontology."""
    plural: str
    """The plural, which is also the name of its folder or file in ``data/``."""

    @property
    def namespace(self) -> str:
        """The beginning of the IRIs of this kind."""
        return f"{BASE}{self.name}/"


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("pattern", "ThreatPattern", "patterns"),
        Kind("incident", "Incident", "incidents"),
        Kind("domain", "Domain", "domains"),
        Kind("causal-factor", "CausalFactor", "causal-factors"),
        Kind("causal-factor-category", "CausalFactorCategory", "causal-factor-categories"),
        Kind("group", "AffectedGroup", "groups"),
        Kind("group-type", "GroupType", "group-types"),
        Kind("actor", "Actor", "actors"),
        Kind("framework", "Framework", "frameworks"),
        Kind("provision", "Provision", "provisions"),
        Kind("mapping-set", "MappingSet", "mapping-sets"),
        Kind("harm-type", "HarmType", "harm-types"),
        Kind("asset", "Asset", "assets"),
        Kind("exposure-pathway", "ExposurePathway", "exposure-pathways"),
        Kind("lifecycle-stage", "LifecycleStage", "lifecycle-stages"),
        Kind("sector", "Sector", "sectors"),
        Kind("region", "Region", "regions"),
        Kind("glossary-term", "GlossaryTerm", "glossary-terms"),
        Kind("glossary-category", "GlossaryCategory", "glossary-categories"),
        Kind("monitoring-verdict", "MonitoringVerdict", "monitoring-verdicts"),
        Kind("severity", "Severity", "severities"),
        Kind("likelihood-trend", "LikelihoodTrend", "likelihood-trends"),
        Kind("evidence-level", "EvidenceLevel", "evidence-levels"),
        Kind("impact-level", "ImpactLevel", "impact-levels"),
        Kind("incident-status", "IncidentStatus", "incident-statuses"),
        Kind("resolution-state", "ResolutionState", "resolution-states"),
        Kind("failure-stage", "FailureStage", "failure-stages"),
        Kind("review-state", "ReviewState", "review-states"),
        Kind("curation-status", "CurationStatus", "curation-statuses"),
        Kind("impact-role", "ImpactRole", "impact-roles"),
        Kind("pattern-role", "PatternRole", "pattern-roles"),
        Kind("mapping-relation", "MappingRelation", "mapping-relations"),
        Kind("origin", "Origin", "origins"),
        Kind("role", "Role", "roles"),
        Kind("source-kind", "SourceKind", "source-kinds"),
    )
}

#: Prefixes of framework editions. Editions reuse codes, so the edition is part of the IRI of a provision.
EDITIONS: dict[str, str] = {
    "mit": "mit-ai-risk-repository-v3",
    "eu-ai-act": "eu-ai-act-2024-1689",
    "nist-ai-rmf": "nist-ai-rmf-1.0",
    "nist-ai-600-1": "nist-ai-600-1",
    "iso-42001": "iso-iec-42001-2023",
    "owasp-llm": "owasp-llm-2025",
    "owasp-llm-2026": "owasp-llm-2026",
    "owasp-agentic": "owasp-agentic-2026",
    "atlas": "mitre-atlas-5.6.0",
    "cosai": "cosai-risk-map-2026",
    "cwe": "cwe-4.16",
}

#: Prefixes and namespaces, used for Turtle, SPARQL, exports and the JSON-LD context.
PREFIXES: dict[str, str] = {
    "tg": TG,
    **{kind.name: kind.namespace for kind in KINDS.values()},
    **{prefix: f"{BASE}provision/{edition}/" for prefix, edition in EDITIONS.items()},
    "dcterms": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "owl": "http://www.w3.org/2002/07/owl#",
    "prov": "http://www.w3.org/ns/prov#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "schema": "https://schema.org/",
    "semapv": "https://w3id.org/semapv/vocab/",
    "sh": "http://www.w3.org/ns/shacl#",
    "skos": SKOS,
    "sssom": "https://w3id.org/sssom/",
    "vann": "http://purl.org/vocab/vann/",
    "xsd": XSD,
}

_BY_LENGTH = sorted(PREFIXES.items(), key=lambda item: -len(item[1]))


def shorten(iri: str) -> str:
    """Return an IRI as a prefixed name (``pattern:goal-drift``), or unchanged if no prefix matches."""
    for prefix, namespace in _BY_LENGTH:
        if iri.startswith(namespace):
            return f"{prefix}:{iri[len(namespace) :]}"
    return iri


def kind_of(iri: str) -> Kind | None:
    """Return the kind of the record with an IRI; ``None`` for other IRIs, including those of parts of records."""
    name, slash, slug = iri.removeprefix(BASE).partition("/")
    return KINDS.get(name) if iri.startswith(BASE) and slash and slug and "#" not in slug else None
