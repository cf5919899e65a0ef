"""Finds the incidents that are comparable to a system, and states why."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from threatgraph.assess import guidance as guide
from threatgraph.assess.facts import Facts
from threatgraph.assess.model import Precedent
from threatgraph.assess.ruling import Ruling
from threatgraph.assess.similarity import similar
from threatgraph.labels import read_labels
from threatgraph.recommend import Recommender
from threatgraph.store import Store

#: The shares of the same use under the Act, the same sector, the same threats, and the similarity of texts.
_SAME_USE, _SAME_SECTOR, _SAME_THREATS, _TEXT = 0.5, 0.1, 0.6, 0.6
#: The number of incidents that each use of the system has at least.
_OF_EACH_USE = 1
#: From which share of common threats they are a reason.
_ALIKE = 0.5
#: Sectors that most systems share, which do not make an incident comparable.
_COMMON = frozenset({"technology", "corporate", "cross-sector"})


class Comparison:
    """The incidents of the graph, by how comparable they are to a system.

    Args:
        store: the graph.
        recommender: the recommender of the graph.
        facts: the facts of the system.
        ruling: the findings; incidents that are mapped to the same candidates have the same use.
        purpose: the sentences that state the purpose; may be empty.
        involved: the incidents of each pattern.
        relevance: the scores of the patterns that are relevant for the system.
    """

    def __init__(
        self,
        store: Store,
        recommender: Recommender,
        facts: Facts,
        ruling: Ruling,
        purpose: str,
        involved: Mapping[str, tuple[str, ...]],
        relevance: Mapping[str, float],
    ) -> None:
        self._store, self._involved = store, involved
        self._labels: dict[str, str] = {}
        text = similar(recommender, purpose, "incident", 100)
        sectors, uses = guide.read_sectors(store), guide.read_uses(store)
        mine = set(facts.values("sector")) - _COMMON
        decisive = {
            finding.iri: finding.code
            for slug, finding in ruling.findings.items()
            if ruling.open(slug) and slug.startswith(("annex-iii-", "article-5-1", "article-50-"))
        }
        weights = {iri: 1.0 if "annex" in iri or "article-5-1" in iri else 0.3 for iri in decisive}
        self._scores: dict[str, float] = {}
        self._why: dict[str, str] = {}
        self._of_use: dict[str, list[str]] = {iri: [] for iri, weight in weights.items() if weight == 1.0}
        threats = _overlap(involved, relevance)
        for incident in sorted({*text, *sectors, *uses, *threats}):
            shared = sorted(uses.get(incident, set()) & decisive.keys(), key=lambda iri: (-weights[iri], iri))
            for iri in shared:
                if iri in self._of_use:
                    self._of_use[iri].append(incident)
            same = sorted(sectors.get(incident, set()) & mine)
            score = (
                _TEXT * text.get(incident, 0.0)
                + (_SAME_USE * weights[shared[0]] if shared else 0)
                + (_SAME_SECTOR if same else 0)
                + _SAME_THREATS * threats.get(incident, 0.0)
            )
            if score > 0:
                self._scores[incident] = score
                self._why[incident] = _why(
                    [decisive[iri] for iri in shared], same, text.get(incident, 0.0), threats.get(incident, 0.0)
                )

    def best(self, most: int) -> tuple[Precedent, ...]:
        """Return the most comparable incidents; of each use of the system, at least the most comparable ones."""
        order = self._order(self._scores)
        first = [incident for use in self._of_use.values() for incident in self._order(use)[:_OF_EACH_USE]]
        chosen = set(list(dict.fromkeys((*first, *order)))[:most])
        return self._read([incident for incident in order if incident in chosen])

    def of_pattern(self, pattern: str, most: int) -> tuple[Precedent, ...]:
        """Return the most comparable incidents that show a pattern."""
        return self._read(self._order(self._involved.get(pattern, ()))[:most])

    def labels(self, incidents: Sequence[str]) -> dict[str, str]:
        """Return the labels of incidents."""
        missing = set(incidents) - self._labels.keys()
        if missing:
            self._labels |= read_labels(self._store, missing)
        return {iri: self._labels.get(iri, iri) for iri in incidents}

    def _order(self, incidents: Sequence[str] | Mapping[str, float]) -> list[str]:
        return sorted(incidents, key=lambda iri: (-round(self._scores.get(iri, 0.0), 6), iri))

    def _read(self, incidents: Sequence[str]) -> tuple[Precedent, ...]:
        why = {iri: self._why.get(iri, "It shows the same pattern.") for iri in incidents}
        return tuple(guide.read_precedents(self._store, why).values())


def _overlap(involved: Mapping[str, tuple[str, ...]], relevance: Mapping[str, float]) -> dict[str, float]:
    """How far the patterns of each incident are those of the system, from 0 to 1: the cosine of both."""
    length = math.hypot(*relevance.values())
    total: dict[str, float] = {}
    count: dict[str, int] = {}
    for pattern, incidents in involved.items():
        for incident in incidents:
            count[incident] = count.get(incident, 0) + 1
            if pattern in relevance:
                total[incident] = total.get(incident, 0.0) + relevance[pattern]
    return {incident: value / (length * math.sqrt(count[incident])) for incident, value in total.items() if value > 0}


def _why(codes: Sequence[str], sectors: Sequence[str], similarity: float, threats: float) -> str:
    parts = []
    if codes:
        parts.append(f"same use ({', '.join(codes)})")
    if sectors:
        parts.append(f"same sector ({', '.join(sectors)})")
    if similarity > 0.2:
        parts.append("similar description")
    if threats >= _ALIKE:
        parts.append("same kinds of threats")
    if not parts:
        return "The description is distantly similar."
    sentence = ", ".join(parts)
    return f"{sentence[0].upper()}{sentence[1:]}."
