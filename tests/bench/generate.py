"""Incidents without end: a deterministic generator that draws from the bundled graph, to see how cost grows.

    python tests/bench/generate.py 100000 > incidents.nt   # 1.5 million triples
    python tests/bench/generate.py --graph 1500000 > graph.nt   # a whole graph of that size, ontology and all

The texts are made of words of the patterns that an incident is given, mixed with words of all; causes, groups, sectors
and actors are drawn with frequencies that fall off as in the bundled incidents. The incidents are not real and say so.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from itertools import count as numbers
from pathlib import Path

import numpy as np
from pyoxigraph import NamedNode, RdfFormat, Triple, parse

from threatgraph import ThreatGraph, resources
from threatgraph.recommend.texts.tfidf import words
from threatgraph.vocab import BASE, PREFIXES, RDF_TYPE, TG, XSD, tg

_ACTORS = 2_000
_LENGTH = 45
#: What a cut of the bundled graph goes without, but for the patterns that it keeps.
_CUT = ("pattern", "incident", "actor", "framework", "provision", "mapping-set")
_KEPT_PATTERNS = ("strategic-misalignment", "goal-drift", "proxy-discrimination")


def incidents(count: int, seed: int = 7) -> Iterator[str]:
    """The lines of N-Triples of so many incidents, with their shortcuts to patterns and no parts."""
    for subject, chosen, lines in _drawn(ThreatGraph.open(), count, seed):
        yield from lines
        for pattern in chosen:
            yield f"{subject} <{tg('involvesPattern')}> <{pattern}> .\n"
        yield f"{subject} <{tg('primaryPattern')}> <{chosen[0]}> .\n"


def whole_graph(triples: int, seed: int = 7) -> Iterator[str]:
    """The lines of N-Triples of a graph of about so many triples that keeps the rules of the shapes.

    It holds the bundled statements and as many incidents as it takes, each whole, so it may end up to 40 lines late.
    Where the bundled statements alone are more than half of what is asked for, a cut of them takes their place. Nothing
    is derived. Memory does not grow with the size.
    """
    bundled = [triple for file in resources.bundled_files() for triple in _read(file)]
    if len(bundled) > triples / 2:
        bundled = _cut(bundled)
    known = {_subject(triple) for triple in bundled}
    stated = dict.fromkeys(f"{triple} .\n" for triple in bundled)
    yield from stated
    written = len(stated)
    for subject, chosen, lines in _drawn(ThreatGraph.open(), None, seed, known):
        new = {line.split()[2] for line in lines if tg("deployer") in line} - known
        known |= new
        for line in (*lines, *_parts(subject, chosen), *_actors(new)):
            yield line
            written += 1
        if written >= triples:
            return


def _drawn(
    graph: ThreatGraph, count: int | None, seed: int, known: set[str] | None = None
) -> Iterator[tuple[str, list[str], list[str]]]:
    """Incidents without end, or so many: the subject, its patterns and its lines but for those that name a pattern."""
    draw = np.random.default_rng(seed)
    recommender_texts = _texts(graph)
    patterns = sorted(iri for iri in recommender_texts if known is None or iri in known)
    everything = np.array(sorted({word for text in recommender_texts.values() for word in text}))
    own = {pattern: np.array(text) for pattern, text in recommender_texts.items()}
    values = {
        name: [f"{BASE}{kind}/{slug}" for slug in _slugs(graph, kind)]
        for name, kind in {
            "causalFactor": "causal-factor",
            "listedGroup": "group",
            "harmType": "harm-type",
            "sector": "sector",
            "region": "region",
        }.items()
    }
    values["deployer"] = [f"{BASE}actor/generated-{number}" for number in range(_ACTORS)]
    label, description = PREFIXES["skos"] + "prefLabel", PREFIXES["dcterms"] + "description"
    for number in range(count) if count is not None else numbers():
        subject = f"<{BASE}incident/generated-{number}>"
        chosen = [patterns[place] for place in _few(draw, len(patterns), 2)]
        special = draw.choice(own[chosen[0]], _LENGTH // 2)
        common = draw.choice(everything, _LENGTH // 2)
        text = " ".join(np.where(draw.random(_LENGTH // 2) < 0.6, special, common))
        year = 2015 + int(draw.integers(0, 11))
        lines = [
            f"{subject} <{RDF_TYPE}> <{tg('Incident')}> .\n",
            f'{subject} <{label}> "Generated: {" ".join(text.split()[:6])}"@en .\n',
            f'{subject} <{description}> "Generated, not real: {text}."@en .\n',
            f'{subject} <{tg("occurred")}> "{year}"^^<{XSD}gYear> .\n',
        ]
        for name, found in values.items():
            lines += [f"{subject} <{tg(name)}> <{found[place]}> .\n" for place in _few(draw, len(found), 2)]
        yield subject, chosen, lines


def _parts(subject: str, chosen: list[str]) -> Iterator[str]:
    """What the shapes ask of an incident beyond what is drawn: links to patterns, a source, a status."""
    status = f"<{tg('curationStatus')}> <{BASE}curation-status/unconfirmed> .\n"
    yield f"{subject} <{PREFIXES['dcterms']}source> <https://example.org/generated> .\n"
    yield f"{subject} {status}"
    for pattern in chosen:
        link = f"{subject[:-1]}#pattern-{pattern.rpartition('/')[2]}>"
        role = "primary" if pattern == chosen[0] else "secondary"
        yield f"{subject} <{tg('patternLink')}> {link} .\n"
        yield f"{link} <{RDF_TYPE}> <{tg('PatternLink')}> .\n"
        yield f"{link} <{tg('pattern')}> <{pattern}> .\n"
        yield f"{link} <{tg('patternRole')}> <{BASE}pattern-role/{role}> .\n"
        yield f"{link} {status}"


def _actors(new: Iterable[str]) -> Iterator[str]:
    """Records of generated actors, where they are first named."""
    for actor in sorted(new):
        name = actor.rpartition("/")[2][:-1].replace("-", " ")
        yield f"{actor} <{RDF_TYPE}> <{tg('Actor')}> .\n"
        yield f'{actor} <{PREFIXES["skos"]}prefLabel> "Actor {name}"@en .\n'
        yield f"{actor} <{tg('curationStatus')}> <{BASE}curation-status/unconfirmed> .\n"
        yield f"{actor} <{PREFIXES['dcterms']}source> <https://example.org/generated> .\n"


def _cut(bundled: list[Triple]) -> list[Triple]:
    """The ontology, the lists of values and a few patterns, and nothing that points to what is left out."""
    kept = tuple(f"{BASE}pattern/{slug}" for slug in _KEPT_PATTERNS)
    cut = tuple(f"{BASE}{kind}/" for kind in _CUT)
    gone = {iri for iri in map(_subject, bundled) if iri.startswith(cut) and iri.partition("#")[0] not in kept}
    while True:
        # A part of a record, such as a mapping, is nothing without what it points to.
        leading = (_subject(triple) for triple in bundled if _leads(triple, gone))
        parts = {iri for iri in leading if "#" in iri.removeprefix(TG)}
        if parts <= gone:
            break
        gone |= parts
    return [triple for triple in bundled if _subject(triple) not in gone and not _leads(triple, gone)]


def _subject(triple: Triple) -> str:
    assert isinstance(triple.subject, NamedNode), "what is bundled has no blank nodes"
    return triple.subject.value


def _leads(triple: Triple, gone: set[str]) -> bool:
    return isinstance(triple.object, NamedNode) and triple.object.value in gone


def _read(file: Path) -> Iterator[Triple]:
    return (quad.triple for quad in parse(path=str(file), format=RdfFormat.TURTLE))


def _few(draw: np.random.Generator, size: int, most: int) -> list[int]:
    """One or more places, the first ones more often than the later."""
    count = int(draw.integers(1, most + 1))
    return sorted({min(int(size * value), size - 1) for value in draw.random(count) ** 2})


def _texts(graph: ThreatGraph) -> dict[str, list[str]]:
    corpus = graph.recommender.corpus
    return {corpus.iris[place]: words(corpus.texts[place].whole) for place in corpus.of_kind["pattern"]}


def _slugs(graph: ThreatGraph, kind: str) -> list[str]:
    found = graph.store.select(f"SELECT ?r {{ ?r skos:prefLabel ?l FILTER(STRSTARTS(STR(?r), '{BASE}{kind}/')) }}")
    # Parts of records have names as well, and are not meant.
    return sorted({str(iri).removeprefix(f"{BASE}{kind}/") for iri in found.column("r") if "#" not in str(iri)})


if __name__ == "__main__":
    if sys.argv[1] == "--graph":
        sys.stdout.writelines(whole_graph(int(sys.argv[2])))
    else:
        sys.stdout.writelines(incidents(int(sys.argv[1])))
