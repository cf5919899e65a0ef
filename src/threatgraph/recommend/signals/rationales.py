"""Rationales: curators' reasons for mappings to provisions, as further text of both ends of a mapping."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from pyoxigraph import NamedNode, Triple

from threatgraph.recommend.corpus import Mapping, expand
from threatgraph.recommend.signals.base import CandidateIndex, Contribution, Query, Target
from threatgraph.recommend.texts.vectors import TextRows, TextVectors

_RATIONALE = NamedNode(expand("tg:rationale"))


class Rationales:
    """The similarity of a query to the rationale of a mapping of the candidate, the greatest of all its mappings.

    The mappings of the query itself are left out, so that known answers do not affect the score.

    Args:
        target: the candidates.
        vectors: the text vectors.
    """

    name = "rationales"

    def __init__(self, target: Target, vectors: TextVectors) -> None:
        self._target, self._vectors = target, vectors
        self._mappings: list[Mapping] = []
        columns = []
        for mapping in target.corpus.mappings:
            candidate = target.find(mapping.provision if target.kind == "provision" else mapping.record)
            if candidate is not None and mapping.rationale is not None:
                self._mappings.append(mapping)
                columns.append(candidate)
        self._columns = np.array(columns, dtype=int)

    @cached_property
    def _rows(self) -> TextRows:
        return self._vectors.of_texts([str(mapping.rationale.value) for mapping in self._mappings if mapping.rationale])

    def scores(self, query: Query) -> np.ndarray:
        """The greatest similarity for each candidate."""
        values = np.zeros(len(self._target))
        if self._mappings:
            np.maximum.at(values, self._columns, self._similarity(query))
        return values

    def _similarity(self, query: Query) -> np.ndarray:
        own = query.iri if query.index is None else self._target.corpus.iris[query.index]
        others = np.array([own not in (mapping.record, mapping.provision) for mapping in self._mappings])
        return np.asarray(self._rows.similarity(query) * others)

    def contributions(self, query: Query, candidate: CandidateIndex) -> list[Contribution]:
        """The rationale that is most similar."""
        rows = np.flatnonzero(self._columns == candidate)
        best = self._mappings[int(rows[np.argmax(self._similarity(query)[rows].round(9))])]
        assert best.rationale is not None  # noqa: S101 - mappings without a rationale are left out
        name = self._target.corpus.name
        other = name(best.record if self._target.kind == "provision" else best.provision)
        text = f"similar to the rationale of its mapping to {other}: “{best.rationale.value}”"
        return [Contribution(1.0, text, (Triple(NamedNode(best.node), _RATIONALE, best.rationale),))]
