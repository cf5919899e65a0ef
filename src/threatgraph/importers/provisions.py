"""Resolves entries of external vocabularies to provisions in the graph, or creates provisions for them."""

from __future__ import annotations

import re

from pyoxigraph import Literal, NamedNode

from threatgraph.importers.builder import ImportResult, RecordBuilder, Value, address, english, record, tidy
from threatgraph.slugs import slug_of_any, with_hash
from threatgraph.store import Store
from threatgraph.vocab import BASE, PREFIXES

_PROVISIONS = """
SELECT ?provision ?framework ?notation ?match {
  ?provision a tg:Provision ; skos:inScheme ?framework .
  OPTIONAL { ?provision skos:notation ?notation }
  OPTIONAL { ?provision skos:exactMatch ?match }
}
"""
#: Records other than provisions that a mapping may link, each with its scheme.
_CONCEPTS = """
SELECT ?record ?scheme ?label {
  { ?record a ?class ; skos:inScheme ?scheme . VALUES ?class { tg:ThreatPattern tg:Domain } }
  UNION { ?record a tg:Framework BIND(?record AS ?scheme) }
  ?scheme a ?kind ; skos:prefLabel ?label . VALUES ?kind { tg:Framework skos:ConceptScheme }
} ORDER BY ?record ?scheme ?label
"""
_FRAMEWORKS = """
SELECT ?framework ?label ?name {
  ?framework a tg:Framework ; skos:prefLabel ?label .
  OPTIONAL { ?framework dcterms:identifier ?name }
}
"""
#: Identifiers of bundled provisions in the IBM AI Atlas Nexus: a pattern, a prefix and the local name.
_BUNDLED = (
    (r"mit-ai-risk-repository:mit-ai-risk-(?:sub)?domain-([0-9.]+)", "mit", r"\1"),
    (r"mit-ai-risk-repository-causal:mit-ai-causal-risk-((?:entity|intent|timing)[a-z-]*)", "mit", r"causal-\1"),
    (r"owasp-llm-2\.0:(llm[0-9]{2})(?:2025)?-[a-z-]+", "owasp-llm", r"\1"),
    (r"owasp[-_]asi:(asi[0-9]{2})-[a-z-]+", "owasp-agentic", r"\1"),
    (r"(?:nist-ai-rmf|nistai):nist-([a-z-]+)", "nist-ai-600-1", r"gai-risk-\1"),
    (r"nist-ai-rmf:([A-Z]{2}-[0-9.]+-[0-9]+)", "nist-ai-600-1", r"\1"),
)


class ProvisionResolver:
    """Resolves the provisions that an import refers to."""

    def __init__(self, store: Store, result: ImportResult) -> None:
        """Read the provisions of a graph.

        Args:
            store: the graph.
            result: receives new provisions and frameworks.
        """
        self._result = result
        frameworks = store.select(_FRAMEWORKS).to_dicts()
        self.labels = {str(row["framework"]): str(row["label"]) for row in frameworks}
        """Labels of the frameworks and schemes, by IRI."""
        self._names = {str(row["framework"]): {str(row["label"]), str(row["name"])} for row in frameworks}
        self._scheme: dict[str, str] = {}
        self._ids: dict[str, str] = {}
        self._same: dict[str, str] = {}
        for row in store.select(_PROVISIONS).to_dicts():
            self._scheme[str(row["provision"])] = str(row["framework"])
            self._ids[str(row["provision"])] = str(row["notation"])
            if row["match"] is not None:
                self._same[str(row["match"])] = str(row["provision"])
        for row in store.select(_CONCEPTS).to_dicts():
            scheme = self._scheme.setdefault(str(row["record"]), str(row["scheme"]))
            self.labels.setdefault(scheme, str(row["label"]))

    def known(self, iri: str, name: str) -> str | None:
        """Find the record for an entry: a provision, pattern, domain or framework.

        Args:
            iri: the IRI of the entry; empty if it has none.
            name: its vocabulary and id, such as ``owasp-asi:asi01-agent-goal-hijack``.

        Returns:
            The IRI of the record; ``None`` for a new entry.
        """
        vocabulary, _, local = name.partition(":")
        if iri in self._scheme:
            return iri
        for pattern, prefix, ending in _BUNDLED:
            if found := re.fullmatch(pattern, name):
                bundled = PREFIXES[prefix] + found.expand(ending).lower()
                if bundled in self._scheme:
                    return bundled
        if iri in self._same:
            return self._same[iri]
        # Files of one project may expand a prefix differently and still refer to the same entry.
        framework, last = self._framework_of_name(vocabulary), slug_of_any(local)
        if framework is None or last is None:
            return None
        named = (_provision(framework, end) for end in (last, with_hash(last, local)))
        return next((iri for iri in named if self._ids.get(iri) == local), None)

    def framework_of(self, provision: str) -> str:
        """The framework of a provision in the graph or this import, or the scheme of a pattern or domain."""
        return self._scheme[provision]

    def framework(self, name: str, path: str, line: int, **stated: Value) -> str | None:
        """Find or create the framework of a vocabulary; ``None`` if its name has no letter or digit.

        If the names of two vocabularies have the same slug, each gets a separate framework.

        Args:
            name: the name of the vocabulary; the slug is derived from it.
            path: the file that refers to it.
            line: the line in the file.
            stated: statements about a new framework, by property name with ``_`` instead of the colon.
        """
        iri = self._framework_of_name(name)
        if iri is None:
            return None
        if iri not in self.labels:
            self.labels[iri] = name
            self._names[iri] = {name}
            builder = RecordBuilder(iri, "Framework", path, line)
            builder.add("dcterms:identifier", Literal(tidy(name)))
            for prop, value in stated.items():
                builder.add(prop.replace("_", ":", 1), value)
            self._result.add(builder)
        return iri

    def _framework_of_name(self, name: str) -> str | None:
        """The IRI of a vocabulary's framework, which may not exist; ``None`` if the name has no letter or digit."""
        local = slug_of_any(name)
        if local is None:
            return None
        iri = record("framework", local).value
        is_other = iri in self._names and name not in self._names[iri] and name.lower() != local
        return record("framework", with_hash(local, name)).value if is_other else iri

    def add(self, iri: str, framework: str, local: str, label: str, path: str, line: int) -> RecordBuilder | None:
        """Create a provision for an entry; if its id is invalid or a duplicate, report it and return ``None``.

        If two ids have the same slug, such as ``a.1`` and ``A-1``, the second provision gets a hash in its IRI.

        Args:
            iri: the IRI of the entry; empty if it has none.
            framework: the IRI of its framework.
            local: its id in the framework.
            label: its name.
            path: the file that refers to it.
            line: the line in the file.
        """
        ending = slug_of_any(local)
        if ending is None:
            self._result.report(path, line, f"the id {local!r} must contain a letter or digit.")
            return None
        if self._ids.get(_provision(framework, ending), local) != local:
            ending = with_hash(ending, local)
        builder = RecordBuilder(_provision(framework, ending), "Provision", path, line)
        if not self._result.add(builder):
            return None
        same = address(iri)
        builder.add("skos:prefLabel", english(label) or english(local))
        builder.add("skos:inScheme", NamedNode(framework))
        builder.add("skos:exactMatch", same)
        builder.add("skos:notation", Literal(tidy(local)))
        builder.add("tg:curationStatus", record("curation-status", "as-in-source"))
        self._scheme[builder.iri], self._ids[builder.iri] = framework, local
        if same is not None:
            self._same[iri] = builder.iri
        return builder


def _provision(framework: str, ending: str) -> str:
    """The IRI of a provision of a framework."""
    return f"{BASE}provision/{framework.rpartition('/')[2]}/{ending}"
