"""Answers a query with ranked recommendations and their reasons."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import islice

import numpy as np

from threatgraph.errors import InvalidQuery, ThreatGraphError
from threatgraph.recommend.existing import existing_links
from threatgraph.recommend.explanation import explain
from threatgraph.recommend.model import LONGEST_TEXT, Recommender
from threatgraph.recommend.recommendation import Reason, Recommendation
from threatgraph.recommend.result import Recommendations
from threatgraph.recommend.signals.base import CandidateIndex, Query, Target
from threatgraph.recommend.weights import LEAST, Learned

Values = dict[str, np.ndarray]
"""The value of each signal for every candidate."""

#: Digits for comparing scores, so that rounding errors do not affect the order.
_DIGITS = 9
#: The number of contributions in the text of a reason; its parts have all of them.
_SHOWN = 3
#: Maximum length of a query text in a heading.
_HEADING = 70
#: Of the provisions for a pattern, the first of every four is the best by score, and the others are the best by texts.
_SCORE_PLACE = 4
_OF_TEXT = ("words", "topics", "embedding")
#: The factor for provisions that no other pattern is mapped to, when they are ordered by texts.
_UNMAPPED = 1.2
#: The share of the words of a text that the graph must have, unless a record is as similar as for the average text.
_LEAST_KNOWN = 2 / 3


def recommend(
    recommender: Recommender,
    records: Sequence[str] = (),
    *,
    text: str | None = None,
    kind: str = "pattern",
    top: int = 10,
    framework: str | None = None,
) -> Recommendations:
    """Recommend records of a kind for one or more records, or for a text.

    Args:
        recommender: the recommender of the graph.
        records: IRIs of records; scores are averaged over several records, such as the patterns of a threat profile.
        text: a free-text description, instead of records.
        kind: ``pattern``, ``incident`` or ``provision``.
        top: the maximum number of results.
        framework: IRI of a framework, to recommend only its provisions.

    Raises:
        InvalidQuery: if ``top`` is below 1, if neither or both of records and text are given, or if the text is empty
            or too long.
        UnknownName: if the kind cannot be recommended.
        ThreatGraphError: if the graph has no record of the kind.
    """
    _check(records, text, top)
    if text is not None:
        queries = [recommender.text_query(text)]
    else:
        queries = [recommender.query(iri, kind) for iri in dict.fromkeys(records)]
    candidates = _allowed(recommender.target(kind), (), framework)
    allowed = _allowed(recommender.target(kind), records, framework)
    if not allowed.any():
        where = f" of {recommender.corpus.name(framework)}" if framework else " except the one in the query"
        raise ThreatGraphError(f"the graph has no {kind}{where} to recommend.")
    values = [recommender.values(query, kind) for query in queries]
    scores = recommender.fuse(queries, values, kind, candidates)
    basis, note = "signals", ""
    found = bool((scores[allowed] > 0).any())
    if text is not None and not (
        found and _is_known(queries[0], values[0], recommender.learned(queries[0], kind), allowed)
    ):
        allowed, note = np.zeros_like(allowed), _nothing(queries[0], kind)
    elif found:
        allowed = allowed & (scores > 0)
    else:
        scores = _shares(recommender.popularity(kind))
        basis, note, values = "popularity", _why(queries, kind), [{} for _ in queries]
    by_text = _by_text(recommender, queries, values, kind) if basis == "signals" else None
    linked = existing_links(recommender, records, kind, framework)
    known = _are(recommender.target(kind), [link.iri for link in linked])

    order = _ranked(scores, allowed)
    if by_text is not None:
        order = _interleaved(order, _ranked(by_text, allowed))

    @cache
    def explained(rank: int, candidate: CandidateIndex) -> Recommendation:
        score = float(scores[candidate])
        return _recommendation(recommender, queries, values, kind, candidates, rank, candidate, score)

    def of(chosen: np.ndarray) -> tuple[Recommendation, ...]:
        places = (place for place in enumerate(order, 1) if chosen[place[1]])
        return tuple(explained(*place) for place in islice(places, top))

    items = of(allowed)
    if basis == "signals" and items and not note and items[0].certainty == "weak":
        note = "no result is certain; check each one before you use it."
    new = of(~known) if linked else items
    names = tuple(recommender.corpus.name(iri) for iri in records) or (_quoted(text or ""),)
    return Recommendations(tuple(records) or (text or "",), names, kind, basis, note, items, text, linked, new)


def _check(records: Sequence[str], text: str | None, top: int) -> None:
    if top < 1:
        raise InvalidQuery(f"top={top}: must be at least 1.")
    if text is None and not records:
        raise InvalidQuery("recommendations require a record or a text.")
    if text is not None and records:
        raise InvalidQuery("recommendations require either records or a text, not both.")
    if text is not None and not text.strip():
        raise InvalidQuery("the text is empty: describe what to find related records for.")
    if text is not None and len(text) > LONGEST_TEXT:
        raise InvalidQuery(f"the text has {len(text):,} characters; the maximum is {LONGEST_TEXT:,}.")


def _allowed(target: Target, records: Sequence[str], framework: str | None) -> np.ndarray:
    """Which candidates may be recommended: not the query itself, and only provisions of the framework, if given."""
    allowed = ~_are(target, records)
    if framework is not None:
        schemes = target.corpus.schemes
        allowed &= np.array([schemes[target.corpus_index(candidate)] == framework for candidate in target.candidates()])
    return allowed


def _are(target: Target, records: Iterable[str]) -> np.ndarray:
    """Which candidates are among the records."""
    found = np.zeros(len(target), dtype=bool)
    found[[candidate for iri in set(records) if (candidate := target.find(iri)) is not None]] = True
    return found


def _ranked(scores: np.ndarray, allowed: np.ndarray) -> list[CandidateIndex]:
    """The allowed candidates, the best first; equal ones stay in order of IRI, as candidates are."""
    order = np.argsort(np.where(allowed, -scores.round(_DIGITS), np.inf), kind="stable")
    return [CandidateIndex(i) for i in order[: int(allowed.sum())].tolist()]


def _by_text(
    recommender: Recommender, queries: Sequence[Query], values: Sequence[Values], kind: str
) -> np.ndarray | None:
    """The scores by texts alone, for the provisions of patterns; ``None`` for other questions.

    The links of other patterns decide which provisions are recommended to a pattern, and never lead to a provision that
    no other pattern is mapped to.
    """
    if kind != "provision" or any(query.kind != "pattern" or not query.links for query in queries):
        return None
    likeness = sum(
        of_query[name] / max(float(of_query[name].max()), LEAST["maximum"])
        for of_query in values
        for name in _OF_TEXT
        if name in of_query
    )
    asked, target = {query.iri for query in queries}, recommender.target(kind)
    mapped = {mapping.provision for mapping in recommender.corpus.mappings if mapping.record not in asked}
    unmapped = [target.iri(candidate) not in mapped for candidate in target.candidates()]
    return np.asarray(likeness * np.where(unmapped, _UNMAPPED, 1.0))


def _interleaved(order: Sequence[CandidateIndex], by_text: Sequence[CandidateIndex]) -> list[CandidateIndex]:
    """The first of every four places from the first order, the others from the second, without repetition."""
    left = {True: iter(order), False: iter(by_text)}
    found: dict[CandidateIndex, None] = {}
    while len(found) < len(order):
        by_score = len(found) % _SCORE_PLACE == 0
        found[next(c for c in left[by_score] if c not in found)] = None
    return list(found)


def _is_known(query: Query, values: Values, bounds: Learned, allowed: np.ndarray) -> bool:
    """Whether a text is about something that the graph has.

    An ordinary word or two make any text similar to some record, so that the score alone does not decide. A third of
    the words of a text about something else are not in the graph.
    """
    weights = bounds.unscaled()
    best = sum(weights.get(name, 0.0) * row[allowed] for name, row in values.items())
    return query.known >= _LEAST_KNOWN or float(np.max(best)) >= bounds.least


def _nothing(query: Query, kind: str) -> str:
    known = f"only {query.known:.0%} of its words occur" if query.known else "none of its words occurs"
    return f"nothing fits well: no {kind} is similar enough to the text, and {known} in the graph."


def _quoted(text: str) -> str:
    """The beginning of a text, for a heading."""
    line = " ".join(text.split())
    return f"“{line}”" if len(line) <= _HEADING else f"“{line[: _HEADING - 1]}…”"


def _shares(popularity: np.ndarray) -> np.ndarray:
    return np.asarray(popularity / popularity.sum()) if popularity.sum() else popularity


def _why(queries: Sequence[Query], kind: str) -> str:
    known = (
        "no query term occurs in the graph"
        if not any(len(query.words.columns) for query in queries)
        else f"no {kind} shares a word, a topic or a neighbor with the query"
    )
    return f"{known}; these are the {kind}s with the most links, not recommendations for the query."


def _recommendation(
    recommender: Recommender,
    queries: Sequence[Query],
    values: Sequence[Values],
    kind: str,
    allowed: np.ndarray,
    rank: int,
    candidate: CandidateIndex,
    score: float,
) -> Recommendation:
    target, corpus = recommender.target(kind), recommender.corpus
    index, iri = target.corpus_index(candidate), target.iri(candidate)
    reasons = _reasons(recommender, queries, values, kind, allowed, candidate)
    return Recommendation(
        rank=rank,
        iri=iri,
        kind=kind,
        label=corpus.labels[index],
        code=corpus.codes[index],
        score=math.fsum(reason.contribution for reason in reasons) if reasons else score,
        signals={reason.signal: reason.contribution for reason in reasons},
        reasons=tuple(reasons),
        certainty=recommender.learned(queries[0], kind).certainty(score) if reasons else "weak",
        explanation=explain(recommender, kind, iri, reasons),
        curated=tuple(statement for query in queries if query.iri for statement in recommender.curated(query.iri, iri)),
    )


def _reasons(
    recommender: Recommender,
    queries: Sequence[Query],
    values: Sequence[Values],
    kind: str,
    allowed: np.ndarray,
    candidate: CandidateIndex,
) -> list[Reason]:
    """A reason for each signal, in order of contribution; the contributions sum to the score."""
    by_signal: dict[str, list[Reason]] = {}
    for query, of_query in zip(queries, values, strict=True):
        weighted = recommender.weights(query, of_query, kind, allowed)
        for signal in recommender.signals(kind):
            if signal.name not in of_query or of_query[signal.name][candidate] * weighted[signal.name] <= 0:
                continue
            value = float(of_query[signal.name][candidate]) * weighted[signal.name] / len(queries)
            whose = f"{query.name}: " if len(queries) > 1 else ""
            by_signal.setdefault(signal.name, []).extend(
                Reason(
                    signal.name,
                    value * contribution.share,
                    whose + contribution.text,
                    contribution.statements,
                    contribution.merged,
                )
                for contribution in signal.contributions(query, candidate)
            )
    return _in_order(_merged(parts) for parts in by_signal.values())


def _merged(reasons: Sequence[Reason]) -> Reason:
    """Merge the reasons of one signal into one, with the texts of the strongest."""
    parts = tuple(_in_order(reasons))
    texts = [part.text for part in parts if part.merged == 1][:_SHOWN]
    count = sum(part.merged for part in parts)
    if count > len(texts):
        texts.append(f"and {count - len(texts)} more")
    statements = dict.fromkeys(statement for part in parts for statement in part.statements)
    contribution = math.fsum(part.contribution for part in parts)
    return Reason(parts[0].signal, contribution, "; ".join(texts), tuple(statements), count, parts)


def _in_order(reasons: Iterable[Reason]) -> list[Reason]:
    return sorted(reasons, key=lambda reason: (-round(reason.contribution, _DIGITS), reason.signal, reason.text))
