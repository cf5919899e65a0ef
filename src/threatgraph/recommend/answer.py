"""From a question to ranked recommendations with reasons."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from threatgraph.errors import InvalidQuery, ThreatGraphError
from threatgraph.recommend.model import LONGEST_TEXT, Recommender
from threatgraph.recommend.result import Reason, Recommendation, Recommendations
from threatgraph.recommend.signals.base import Query

Values = dict[str, np.ndarray]
"""The value of every signal for every candidate."""

#: Digits to which scores are compared, so that the last bits of a sum never decide an order.
_DIGITS = 9
#: Single reasons of a signal in the text of its reason; the parts of the reason have them all.
_TOLD = 3
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
    allowed = np.ones(len(candidates), dtype=bool)
    allowed[[place for iri in own if (place := candidates.place(iri)) is not None]] = False
    if framework is not None:
        schemes = recommender.corpus.schemes
        allowed &= np.array([schemes[position] == framework for position in candidates.positions.tolist()])
    if not allowed.any():
        where = f" of {recommender.corpus.name(framework)}" if framework else " besides the one asked about"
        raise ThreatGraphError(f"the graph holds no {kind}{where}: there is nothing to recommend.")
    values = [recommender.values(query, kind) for query in queries]
    scores = recommender.fuse(queries, values, kind)
    basis, note = "signals", ""
    if not (scores[allowed] > 0).any():
        scores = _shares(recommender.popularity(kind))
        basis, note = "popularity", _why(queries, kind)
    if basis == "signals":
        allowed &= scores > 0
    # The candidates stand in the order of their IRIs, and a stable sort keeps it where scores are equal.
    order = np.argsort(np.where(allowed, -scores.round(_DIGITS), np.inf), kind="stable")[: min(top, int(allowed.sum()))]
    found = [(rank, int(place)) for rank, place in enumerate(order.tolist(), 1)]
    told = values if basis == "signals" else [{} for _ in queries]
    items = tuple(_recommendation(recommender, queries, told, kind, spot, float(scores[spot[1]])) for spot in found)
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
    recommender: Recommender,
    queries: Sequence[Query],
    values: Sequence[Values],
    kind: str,
    spot: tuple[int, int],
    score: float,
) -> Recommendation:
    candidates, corpus = recommender.target(kind), recommender.corpus
    rank, place = spot
    position, iri = int(candidates.positions[place]), candidates.iri(place)
    reasons = _reasons(recommender, queries, values, kind, place)
    return Recommendation(
        rank=rank,
        iri=iri,
        kind=kind,
        label=corpus.labels[position],
        code=corpus.codes[position],
        score=math.fsum(reason.contribution for reason in reasons) if reasons else score,
        signals={reason.signal: reason.contribution for reason in reasons},
        reasons=tuple(reasons),
        curated=tuple(statement for query in queries if query.iri for statement in recommender.curated(query.iri, iri)),
    )


def _reasons(
    recommender: Recommender, queries: Sequence[Query], values: Sequence[Values], kind: str, place: int
) -> list[Reason]:
    """A reason for each signal of one candidate, in order of contribution; the contributions sum to its score."""
    by_signal: dict[str, list[Reason]] = {}
    for query, of_query in zip(queries, values, strict=True):
        weighed = recommender.weights(query, kind)
        for signal in recommender.signals(kind):
            if signal.name not in of_query or of_query[signal.name][place] * weighed[signal.name] <= 0:
                continue
            value = float(of_query[signal.name][place]) * weighed[signal.name] / len(queries)
            whose = f"{query.name}: " if len(queries) > 1 else ""
            by_signal.setdefault(signal.name, []).extend(
                Reason(signal.name, value * piece.share, whose + piece.text, piece.statements, piece.stands_for)
                for piece in signal.pieces(query, place)
            )
    return _in_order(_merged(parts) for parts in by_signal.values())


def _merged(reasons: Sequence[Reason]) -> Reason:
    """The reasons of one signal as one, with the texts of the strongest."""
    parts = tuple(_in_order(reasons))
    texts = [part.text for part in parts if part.stands_for == 1][:_TOLD]
    count = sum(part.stands_for for part in parts)
    if count > len(texts):
        texts.append(f"and {count - len(texts)} more")
    statements = dict.fromkeys(statement for part in parts for statement in part.statements)
    contribution = math.fsum(part.contribution for part in parts)
    return Reason(parts[0].signal, contribution, "; ".join(texts), tuple(statements), count, parts)


def _in_order(reasons: Iterable[Reason]) -> list[Reason]:
    return sorted(reasons, key=lambda reason: (-round(reason.contribution, _DIGITS), reason.signal, reason.text))
