"""One sentence that says why a record is recommended, with the rarest shared statements first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from pyoxigraph import Literal, NamedNode, Triple

from threatgraph.recommend.model import Recommender
from threatgraph.recommend.recommendation import Reason
from threatgraph.recommend.signals.nearest import NEAREST
from threatgraph.recommend.signals.neighbors import SharedNeighbors

#: A neighbor of this share of the candidates, or more, is not a reason.
COMMON = 1 / 3
#: The number of names in each part of a sentence.
_NAMED = 2
#: Maximum length of a quoted rationale.
_QUOTED = 200
#: The least contribution of examples that are quoted; any text is a little similar to some example.
_LEAST_EXAMPLE = 0.08
#: The maximum number of parts of a sentence.
_PARTS = 3
#: The noun for a shared neighbor, in singular and plural, by the property of the candidate.
_NOUNS = {
    "causalFactor": ("cause", "causes"),
    "affects": ("affected group", "affected groups"),
    "harmType": ("harm", "harms"),
    "asset": ("asset", "assets"),
    "exposurePathway": ("exposure pathway", "exposure pathways"),
    "mappedTo": ("provision", "provisions"),
    "addresses": ("addressed pattern", "addressed patterns"),
    "involvesPattern": ("pattern", "patterns"),
    "sector": ("sector", "sectors"),
    "region": ("region", "regions"),
    "actor": ("actor", "actors"),
    "tactic": ("tactic", "tactics"),
}


def explain(recommender: Recommender, kind: str, iri: str, reasons: Sequence[Reason]) -> str:
    """Explain a recommendation in one sentence.

    Args:
        recommender: the recommender of the graph.
        kind: the kind of the recommended record.
        iri: the recommended record.
        reasons: its reasons.

    Returns:
        Parts separated by semicolons: words that name it, an example use, shared neighbors, incidents in common, votes
        of similar records, the rationale of a mapping and, only without any of these, shared words.
    """
    by_signal = {reason.signal: reason for reason in reasons}
    rationale = _rationale(recommender, kind, by_signal.get("rationales"))
    parts = [
        by_signal["rules"].text if "rules" in by_signal else "",
        _example(by_signal.get("examples")),
        rationale if kind == "provision" else "",
        _shared(recommender, kind, iri, by_signal.get("neighbors")),
        _together(recommender, by_signal.get("cooccurrence")),
        _votes(recommender, iri, [by_signal[name] for name in ("nearest", "meaning") if name in by_signal]),
        rationale if kind != "provision" else "",
    ]
    found = [part for part in parts if part][:_PARTS] or [_words(by_signal)]
    sentence = "; ".join(found)
    return f"{sentence[:1].upper()}{sentence[1:]}." if sentence else ""


def _shared(recommender: Recommender, kind: str, iri: str, reason: Reason | None) -> str:
    """The shared neighbors, rarest first; common ones are left out."""
    if reason is None:
        return ""
    signal = next(s for s in recommender.signals(kind) if isinstance(s, SharedNeighbors))
    total = len(recommender.target(kind))
    groups: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for statement in dict.fromkeys(reason.statements):
        if _subject(statement) != iri or not isinstance(statement.object, NamedNode):
            continue
        node, count = statement.object.value, signal.count(statement.object.value)
        if count < COMMON * total:
            groups[statement.predicate.value.rpartition("#")[2]].append((count, _name(recommender, node)))
    listed = []
    for prop, found in sorted(groups.items(), key=lambda group: (min(group[1]), group[0])):
        one, many = _NOUNS.get(prop, ("value", "values"))
        names = [name for _, name in sorted(found)]
        listed.append(f"the {one if len(names) == 1 else many} {_list(names)}")
    return f"shares {_list(listed, len(listed))}" if listed else ""


def _together(recommender: Recommender, reason: Reason | None) -> str:
    if reason is None:
        return ""
    names = list(dict.fromkeys(_name(recommender, _subject(statement)) for statement in reason.statements))
    verb = "incident involves" if reason.merged == 1 else "incidents involve"
    return f"{reason.merged} {verb} both: {_list(names[: reason.merged], total=reason.merged)}"


def _votes(recommender: Recommender, iri: str, reasons: Sequence[Reason]) -> str:
    """The similar records that are linked to the recommended one; the larger vote of words and of meaning."""
    if not reasons:
        return ""
    reason = max(reasons, key=lambda one: (one.merged, one.contribution))
    corpus = recommender.corpus
    voters = []
    for statement in reason.statements:
        ends = [_subject(statement), str(getattr(statement.object, "value", ""))]
        voters += [end for end in ends if end != iri and end in corpus.index]
    voters = list(dict.fromkeys(voters))
    kinds = {corpus.kind_of(voter) for voter in voters}
    what = f"{kinds.pop()}s" if len(kinds) == 1 else "records"
    verb = "is" if reason.merged == 1 else "are"
    names = _list([_name(recommender, voter) for voter in voters], total=reason.merged)
    return f"{reason.merged} of the {NEAREST} most similar {what} {verb} linked to it: {names}"


def _example(reason: Reason | None) -> str:
    """The example use that is most similar, unless other reasons are far stronger."""
    if reason is None or reason.contribution < _LEAST_EXAMPLE:
        return ""
    return (reason.parts or (reason,))[0].text


def _rationale(recommender: Recommender, kind: str, reason: Reason | None) -> str:
    """The rationale of the mapping that is most similar."""
    if reason is None or not isinstance(reason.statements[0].object, Literal):
        return ""
    node = _subject(reason.statements[0])
    mapping = next(mapping for mapping in recommender.corpus.mappings if mapping.node == node)
    text = reason.statements[0].object.value.rstrip(".")
    text = text if len(text) <= _QUOTED else f"{text[: _QUOTED - 1]}…"
    if kind == "provision":
        return f"{_name(recommender, mapping.record)} is mapped to it: “{text}”"
    return f"it is mapped to {_name(recommender, mapping.provision)}: “{text}”"


def _words(by_signal: dict[str, Reason]) -> str:
    """The shared words, or the strongest other reason."""
    for name in ("names", "words", "walk", "taxonomy", "topics"):
        if name in by_signal:
            return by_signal[name].text
    return next((reason.text for reason in by_signal.values()), "")


def _name(recommender: Recommender, iri: str) -> str:
    """The label of a node; for a provision, with its code."""
    corpus = recommender.corpus
    index = corpus.index.get(iri)
    code = corpus.codes[index] if index is not None and corpus.kinds[index] == "provision" else None
    return f"{corpus.name(iri)} ({code})" if code else corpus.name(iri)


def _subject(statement: Triple) -> str:
    return str(getattr(statement.subject, "value", ""))


def _list(names: Sequence[str], named: int = _NAMED, total: int | None = None) -> str:
    """The first names, joined, with the number of the others."""
    shown = list(names[:named])
    others = (len(names) if total is None else total) - len(shown)
    if others > 0:
        return f"{', '.join(shown)} and {others} more" if shown else f"{others} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
