"""The entries of vocabularies: found in the graph where it has them, made as provisions where not."""

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
#: What a mapping may join beside provisions, each with the vocabulary that it belongs to.
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
#: How the AI Atlas Nexus of IBM calls what is bundled here, and which of our provisions that is.
_BUNDLED = (
    (r"mit-ai-risk-repository:mit-ai-risk-(?:sub)?domain-([0-9.]+)", "mit", r"\1"),
    (r"mit-ai-risk-repository-causal:mit-ai-causal-risk-((?:entity|intent|timing)[a-z-]*)", "mit", r"causal-\1"),
    (r"owasp-llm-2\.0:(llm[0-9]{2})(?:2025)?-[a-z-]+", "owasp-llm", r"\1"),
    (r"owasp[-_]asi:(asi[0-9]{2})-[a-z-]+", "owasp-agentic", r"\1"),
    (r"(?:nist-ai-rmf|nistai):nist-([a-z-]+)", "nist-ai-600-1", r"gai-risk-\1"),
    (r"nist-ai-rmf:([A-Z]{2}-[0-9.]+-[0-9]+)", "nist-ai-600-1", r"\1"),
)


class ProvisionResolver:
    """The provisions that an import speaks of."""

    def __init__(self, store: Store, result: ImportResult) -> None:
        """Learn which provisions the graph has.

        Args:
            store: the graph.
            result: where new provisions and their frameworks go.
        """
        self._harvest = result
        frameworks = store.select(_FRAMEWORKS).to_dicts()
        self.labels = {str(row["framework"]): str(row["label"]) for row in frameworks}
        """The names of the frameworks and schemes, by IRI."""
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
        """The provision of the graph or of this import, or the pattern, domain or framework of the graph, that it is.

        Args:
            iri: the entry's own IRI; empty where it has none.
            name: its vocabulary and its id, such as ``owasp-asi:asi01-agent-goal-hijack``.

        Returns:
            Its IRI; ``None`` where it is a new entry.
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
        # Files of one project may differ in what a prefix stands for, and still mean the same entry by it.
        framework, last = self._framework_of_name(vocabulary), slug_of_any(local)
        if framework is None or last is None:
            return None
        named = (_provision(framework, end) for end in (last, with_hash(last, local)))
        return next((iri for iri in named if self._ids.get(iri) == local), None)

    def framework_of(self, provision: str) -> str:
        """The framework of a provision that the graph or this import has, or the scheme of a pattern or domain."""
        return self._scheme[provision]

    def framework(self, name: str, path: str, line: int, **stated: Value) -> str | None:
        """The framework of a vocabulary, made where there is none of that name; ``None`` where that makes no slug.

        Another vocabulary of this import whose name makes the same slug gets a framework of its own.

        Args:
            name: what the vocabulary is called, from which its slug is made.
            path: the file that speaks of it.
            line: the line there.
            stated: what to state of a new one; the name of a property with ``_`` in place of the colon.
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
            self._harvest.add(builder)
        return iri

    def _framework_of_name(self, name: str) -> str | None:
        """The IRI of a vocabulary's framework, be it there or not; ``None`` where the name makes no slug."""
        local = slug_of_any(name)
        if local is None:
            return None
        iri = record("framework", local).value
        is_other = iri in self._names and name not in self._names[iri] and name.lower() != local
        return record("framework", with_hash(local, name)).value if is_other else iri

    def add(self, iri: str, framework: str, local: str, label: str, path: str, line: int) -> RecordBuilder | None:
        """Make a provision of an entry; ``None``, and a problem, where its id makes no name or is there already.

        An entry with another id that makes the same slug, such as ``a.1`` beside ``A-1``, gets one with a hash.

        Args:
            iri: the entry's own IRI, empty where it has none.
            framework: the IRI of its framework.
            local: its id there.
            label: its name.
            path: the file that speaks of it.
            line: the line there.
        """
        ending = slug_of_any(local)
        if ending is None:
            self._harvest.report(path, line, f"the id {local!r} has no letter or digit to make a name of.")
            return None
        if self._ids.get(_provision(framework, ending), local) != local:
            ending = with_hash(ending, local)
        builder = RecordBuilder(_provision(framework, ending), "Provision", path, line)
        if not self._harvest.add(builder):
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
