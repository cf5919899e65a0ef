"""Baseline rankers: common alternatives to the recommender."""

from __future__ import annotations

from collections.abc import Sequence

import bm25s
import networkx
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from threatgraph.recommend.model import Recommender
from threatgraph.recommend.signals.base import Query


def tf_idf(questions: Sequence[str], candidates: Sequence[str]) -> np.ndarray:
    """Cosine of TF-IDF with English stop words, with the defaults of scikit-learn."""
    vectors = TfidfVectorizer(stop_words="english").fit([*questions, *candidates])
    return np.asarray((vectors.transform(questions) @ vectors.transform(candidates).T).todense())


def bm25(questions: Sequence[str], candidates: Sequence[str]) -> np.ndarray:
    """Okapi BM25, with the defaults of the bm25s library."""
    ranker = bm25s.BM25()
    ranker.index(bm25s.tokenize(list(candidates), stopwords="en", show_progress=False), show_progress=False)
    tokens = bm25s.tokenize(list(questions), stopwords="en", return_ids=False, show_progress=False)
    return np.array([ranker.get_scores(words) if words else np.zeros(len(candidates)) for words in tokens])


def at_random(questions: int, candidates: int) -> np.ndarray:
    """A random order."""
    return np.random.default_rng(1).random((questions, candidates))


def popularity(recommender: Recommender, queries: Sequence[Query], kind: str) -> np.ndarray:
    """The candidates with the most links, independent of the query."""
    return np.tile(recommender.popularity(kind), (len(queries), 1))


def jaccard(recommender: Recommender, queries: Sequence[Query], kind: str) -> np.ndarray:
    """The Jaccard index of the neighbors, without weights."""
    target = recommender.target(kind)
    theirs = [{link.node for link in target.links(c)} for c in target.candidates()]
    rows = []
    for query in queries:
        mine = {link.node for link in query.links}
        rows.append([len(mine & other) / (len(mine | other) or 1) for other in theirs])
    return np.array(rows, dtype=float)


def page_rank(recommender: Recommender, queries: Sequence[Query], kind: str) -> np.ndarray:
    """Personalized PageRank of networkx from the neighbors of the record, without the record itself."""
    corpus, target = recommender.corpus, recommender.target(kind)
    network = networkx.Graph(
        (iri, link.node) for iri, links in zip(corpus.iris, corpus.links, strict=True) for link in links
    )
    rows = []
    for query in queries:
        starts = [link.node for link in query.links if link.node in network]
        if not starts:
            rows.append(np.zeros(len(target)))
            continue
        rest = network.subgraph([node for node in network if node != query.iri])
        visits = networkx.pagerank(rest, personalization={start: 1.0 for start in starts if start in rest})
        rows.append(np.array([visits.get(target.iri(c), 0.0) for c in target.candidates()]))
    return np.array(rows)
