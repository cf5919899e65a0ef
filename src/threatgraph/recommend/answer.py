"""From a question to ranked recommendations with reasons."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from threatgraph.errors import InvalidQuery, ThreatGraphError
from threatgraph.recommend.model import LONGEST_TEXT, Recommender
from threatgraph.recommend.result import Reason, Recommendation, Recommendations
from threatgraph.recommend.signals import Query

#: Digits to which scores are compared, so that the last bits of a sum never decide an order.
_DIGITS = 9
#: Characters of a text that stand in a heading.
_HEADING = 70


def recommend(
    recommender: Recommender,
    records: Sequence[str] = (),
    *,
    text: str | None = None,
    kind: str = "pattern",
    top: int = 10,
    framework: str | None = None,
) -> Recommendations:
    """Recommend records of a kind for records, or for a text.

    Args:
        recommender: the graph's recommender.
        records: IRIs; of several, as of the patterns of an organisation's threat profile, the scores are averaged.
        text: a text in place of records.
        kind: ``pattern``, ``incident`` or ``provision``.
        top: how many at most.
        framework: IRI of a framework, for its provisions alone.

    Raises:
        InvalidQuery: for ``top`` below 1, for no question or for two, and for a text that is empty or too long.
        UnknownName: for a kind that cannot be recommended.
        ThreatGraphError: where the graph holds no record of the kind.
    """
    if top < 1:
        raise InvalidQuery(f"top is {top}: ask for 1 recommendation or more.")
    if (text is None) == (not records):
        raise InvalidQuery("give either records or a text to find related records for.")
    candidates = recommender.target(kind)
    queries = [recommender.text_query(_checked(text))] if text is not None else _queries(recommender, records, kind)
    own = set(records)
    allowed = [
        place
        for place, position in enumerate(candidates.positions)
        if candidates.iri(place) not in own and (framework is None or recommender.corpus.schemes[position] == framework)
    ]
    if not allowed:
        where = f" of {recommender.corpus.name(framework)}" if framework else " besides the one asked about"
        raise ThreatGraphError(f"the graph holds no {kind}{where}: there is nothing to recommend.")
    scores = recommender.scores(queries, kind)
    basis, note = "signals", ""
    if not any(scores[place] > 0 for place in allowed):
        scores = _shares(recommender.popularity(kind))
        basis, note = "popularity", _why(queries, kind)
    order = sorted(allowed, key=lambda place: (-round(float(scores[place]), _DIGITS), candidates.iri(place)))
    found = [place for place in order if scores[place] > 0 or basis == "popularity"][:top]
    items = tuple(
        _recommendation(recommender, queries, kind, place, rank, None if basis == "signals" else float(scores[place]))
        for rank, place in enumerate(found, 1)
    )
    names = tuple(recommender.corpus.name(iri) for iri in records) or (_quoted(text or ""),)
    return Recommendations(tuple(records) or (text or "",), names, kind, basis, note, items, text)


def _quoted(text: str) -> str:
    """The beginning of a text, for a heading."""
    line = " ".join(text.split())
    return f"“{line}”" if len(line) <= _HEADING else f"“{line[: _HEADING - 1]}…”"


def _checked(text: str) -> str:
    if not text.strip():
        raise InvalidQuery("the text is empty: say in a few words what related records are to be found for.")
    if len(text) > LONGEST_TEXT:
        raise InvalidQuery(f"the text has {len(text)} characters: give at most {LONGEST_TEXT}.")
    return text


def _queries(recommender: Recommender, records: Sequence[str], kind: str) -> list[Query]:
    return [recommender.query(iri, kind) for iri in dict.fromkeys(records)]


def _shares(popularity: np.ndarray) -> np.ndarray:
    return np.asarray(popularity / popularity.sum()) if popularity.sum() else popularity


def _why(queries: Sequence[Query], kind: str) -> str:
    known = (
        "no word of it stands in the graph"
        if all(not query.words.nnz for query in queries)
        else (f"no {kind} shares a word, a topic or a neighbour with it")
    )
    return f"{known}: these are the {kind}s that most records link to, not recommendations for it."


def _recommendation(
    recommender: Recommender, queries: Sequence[Query], kind: str, place: int, rank: int, share: float | None
) -> Recommendation:
    candidates, corpus = recommender.target(kind), recommender.corpus
    position, iri = int(candidates.positions[place]), candidates.iri(place)
    reasons = [] if share is not None else _reasons(recommender, queries, kind, place)
    signals: dict[str, float] = {}
    for reason in reasons:
        signals[reason.signal] = signals.get(reason.signal, 0.0) + reason.contribution
    return Recommendation(
        rank=rank,
        iri=iri,
        kind=kind,
        label=corpus.labels[position],
        code=corpus.codes[position],
        score=share if share is not None else math.fsum(reason.contribution for reason in reasons),
        signals=dict(sorted(signals.items(), key=lambda item: (-round(item[1], _DIGITS), item[0]))),
        reasons=tuple(reasons),
        curated=tuple(statement for query in queries if query.iri for statement in recommender.curated(query.iri, iri)),
    )


def _reasons(recommender: Recommender, queries: Sequence[Query], kind: str, place: int) -> list[Reason]:
    """The reasons for one candidate, the strongest first; their contributions sum to its score."""
    reasons = []
    for query in queries:
        weighed = recommender.weights(query, kind)
        for signal in recommender.signals(kind):
            value = float(signal.scores(query)[place]) * weighed[signal.name] / len(queries)
            if value <= 0:
                continue
            whose = f"{query.name}: " if len(queries) > 1 else ""
            reasons += [
                Reason(signal.name, value * piece.share, whose + piece.text, piece.statements, piece.stands_for)
                for piece in signal.pieces(query, place)
            ]
    return sorted(reasons, key=lambda reason: (-round(reason.contribution, _DIGITS), reason.signal, reason.text))
