"""Headings and their order on the page of a record, in the terminal and in notebooks."""

from __future__ import annotations

import re

#: Facts at the top of a page, in this order, each with the property that gives the reason for it.
FACTS: dict[str, str | None] = {
    "occurred": None,
    "domain": None,
    "severity": "severityRationale",
    "likelihoodTrend": "likelihoodTrendRationale",
    "evidenceLevel": "evidenceRationale",
    "incidentStatus": None,
    "deployer": None,
    "developer": None,
    "victim": None,
    "systemName": None,
    "systemSince": None,
    "sector": None,
    "placeName": None,
    "region": None,
    "harmType": None,
    "impactLevel": None,
    "failureStage": None,
    "exposurePathway": None,
    "asset": None,
}
#: Sections of a page in their order, with the properties that each shows. Others come after them.
SECTIONS: dict[str, tuple[str, ...]] = {
    "Definition": ("definition",),
    "Description": ("description",),
    "Incidents": ("incidentSummary",),
    "Why this threat exists": ("mechanismSummary", "mechanism"),
    "Who is affected": ("listedGroup", "impact", "harmedParty"),
    "Detection indicators": ("indicatorSummary", "indicator"),
    "Mitigations": ("measure",),
    "Who is obliged": ("obliges", "entitles", "riskTier", "condition", "exception"),
    "Response guidance": ("responseTrigger", "responseStep"),
    "Outcome": ("outcome",),
    "Causal factors": ("causalFactor",),
    "Threat patterns": ("patternLink",),
    "Related": ("escalatesTo", "distinguishedFrom", "relatedIncident", "coOccursWith", "related"),
    "Framework mappings": ("mapping",),
    "Regulatory and framework context": ("governanceContext",),
    "Tactics": ("tactic",),
    "Addresses": ("addresses",),
    "Crosswalk": ("crosswalkMapping",),
    "Figures reported by the source": ("sourceFigure",),
    "References": ("citation", "references"),
}
#: Sections at the end of a page, after the links from other records.
LAST_SECTIONS: dict[str, tuple[str, ...]] = {
    "Example uses": ("example",),
    "Retrieval hints": ("retrievalQuestion", "retrievalTopic", "retrievalNote", "hiddenLabel"),
    "Notes": ("scopeNote", "editorialNote"),
}
#: Facts about the record itself, at the very end.
PROVENANCE = (
    "source",
    "sourceUpdated",
    "aiidNumber",
    "subjectOf",
    "exactMatch",
    "identifier",
    "license",
    "created",
    "modified",
    "curationStatus",
    "origin",
    "wasAttributedTo",
    "draftedWith",
    "reviewedBy",
    "addedProperty",
)
#: Properties that share a section with others, so each line names its property.
NAMED = frozenset(("listedGroup", "harmedParty", *SECTIONS["Who is obliged"], *SECTIONS["Related"]))
#: Properties that follow from other statements, or are shown in the title of a page.
HIDDEN = frozenset(
    """
    abstract actor affects hasPart hasTopConcept inScheme involvesPattern mappedTo notation notCoveredBy prefLabel
    primaryPattern secondaryPattern topConceptOf type
    """.split()
) | {reason for reason in FACTS.values() if reason}

_TITLES = {
    "addedProperty": "Added by threatgraph",
    "aiidNumber": "AI Incident Database number",
    "altLabel": "Also called",
    "appliesFromAsAmended": "Applies from (as amended)",
    "coOccursWith": "Co-occurs with",
    "hiddenLabel": "Search keyword",
    "placeName": "Place",
    "provisionLevel": "Level",
    "subjectOf": "Page",
    "systemName": "System",
    "wasAttributedTo": "Attributed to",
}
_INBOUND = {
    "addresses": "Addressed by",
    "broadMatch": "Narrower in another framework",
    "broader": "Narrower",
    "causalFactor": "Cause of",
    "control": "Implemented by mitigations of",
    "coOccursWith": "Co-occurs with",
    "crosswalkMapping": "Linked by the crosswalk",
    "deployer": "Deployer in",
    "developer": "Developer in",
    "distinguishedFrom": "Distinguished from",
    "domain": "Records in this domain",
    "escalatesTo": "Escalates from",
    "governanceContext": "Governance context of",
    "hasTopConcept": "Top concept of",
    "impact": "Affected by",
    "inScheme": "Provisions",
    "listedGroup": "Affected by",
    "mapping": "Mapped from",
    "obliges": "Obliged by",
    "entitles": "Entitled by",
    "riskTier": "Provisions for this tier",
    "patternLink": "Incidents",
    "related": "Related records",
    "recommendedFor": "Predicted incidents",
    "recommends": "Predicted patterns",
    "relatedIncident": "Related incidents",
    "relatedMatch": "Related in another framework",
    "sourceFigure": "Mentioned in figures of",
    "tactic": "Techniques",
    "victim": "Victim in",
}


def heading(name: str) -> str:
    """The heading for a property: ``evidenceLevel`` becomes ``Evidence level``.

    Args:
        name: the local name of the property.
    """
    if name in _TITLES:
        return _TITLES[name]
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).replace("_", " ").lower()
    return words[:1].upper() + words[1:]


def inbound_heading(name: str) -> str:
    """The heading for the records that link to a record.

    Args:
        name: the local name of the property of the links.
    """
    return _INBOUND.get(name, f"{heading(name)} of")
