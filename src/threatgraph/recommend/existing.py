"""The curated links between a query and the records of a kind: complete, with their meaning and rationale."""

from __future__ import annotations

from collections.abc import Sequence

from pyoxigraph import Triple

from threatgraph.recommend.corpus import CorpusIndex
from threatgraph.recommend.model import Recommender
from threatgraph.recommend.recommendation import ExistingLink


def existing_links(
    recommender: Recommender, records: Sequence[str], kind: str, framework: str | None
) -> tuple[ExistingLink, ...]:
    """Read the existing links, in order of meaning and label.

    Args:
        recommender: the recommender of the graph.
        records: IRIs of the records of the query.
        kind: the kind of the linked records.
        framework: IRI of a framework, for only its provisions.
    """
    corpus = recommender.corpus
    mappings = {(mapping.record, mapping.provision): mapping for mapping in corpus.mappings}
    found: dict[tuple[str, str], ExistingLink] = {}
    for record in records:
        index = corpus.index.get(record)
        if index is None:
            continue
        ends = [link.node for link in corpus.links[index]]
        ends += [corpus.iris[other] for other, _ in corpus.linked_by.get(index, ())]
        for iri in ends:
            other = corpus.index.get(iri)
            if other is None or corpus.kinds[other] != kind or framework not in (None, corpus.schemes[other]):
                continue
            for statement in recommender.curated(record, iri):
                name = statement.predicate.value.rpartition("#")[2]
                mapping = mappings.get((record, iri)) or mappings.get((iri, record))
                stated = mapping if name == "mappedTo" else None
                meaning = corpus.name(stated.relation) if stated and stated.relation else _words(name)
                rationale = stated.rationale.value if stated and stated.rationale else ""
                found[iri, meaning] = _link(recommender, other, meaning, rationale, statement)
    return tuple(sorted(found.values(), key=lambda link: (link.meaning, link.label, link.iri)))


def _link(
    recommender: Recommender, index: CorpusIndex, meaning: str, rationale: str, statement: Triple
) -> ExistingLink:
    corpus = recommender.corpus
    return ExistingLink(corpus.iris[index], corpus.labels[index], corpus.codes[index], meaning, rationale, statement)


def _words(name: str) -> str:
    """The name of a property as words: ``escalatesTo`` becomes ``Escalates to``."""
    spaced = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name)
    return spaced[:1].upper() + spaced[1:]
