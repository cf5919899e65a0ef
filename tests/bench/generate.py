"""Incidents without end: a deterministic generator that draws from the shipped graph, to see how cost grows.

    python tests/bench/generate.py 100000 > incidents.nt   # 1.7 million triples

The texts are made of words of the patterns that an incident is given, mixed with words of all; causes, groups, sectors
and actors are drawn with frequencies that fall off as in the shipped incidents. The incidents are not real and say so;
they conform to the shapes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np

from threatgraph import ThreatGraph
from threatgraph.recommend.words import words
from threatgraph.vocab import BASE, PREFIXES, RDF_TYPE, XSD, tg

_ACTORS = 2_000
_LENGTH = 45


def incidents(count: int, seed: int = 7) -> Iterator[str]:
    """The lines of N-Triples of so many incidents."""
    draw = np.random.default_rng(seed)
    graph = ThreatGraph.open()
    recommender_texts = _texts(graph)
    patterns = sorted(recommender_texts)
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
    for number in range(_ACTORS if count else 0):
        subject = f"<{BASE}actor/generated-{number}>"
        yield f"{subject} <{RDF_TYPE}> <{tg('Actor')}> .\n"
        yield f'{subject} <{label}> "Generated actor {number}"@en .\n'
        yield from _rests_on(subject, f"actor-{number}")
    for number in range(count):
        subject = f"<{BASE}incident/generated-{number}>"
        chosen = [patterns[place] for place in _few(draw, len(patterns), 2)]
        special = draw.choice(own[chosen[0]], _LENGTH // 2)
        common = draw.choice(everything, _LENGTH // 2)
        text = " ".join(np.where(draw.random(_LENGTH // 2) < 0.6, special, common))
        year = 2015 + int(draw.integers(0, 11))
        yield f"{subject} <{RDF_TYPE}> <{tg('Incident')}> .\n"
        yield f'{subject} <{label}> "Generated: {" ".join(text.split()[:6])}"@en .\n'
        yield f'{subject} <{description}> "Generated, not real: {text}."@en .\n'
        yield from _rests_on(subject, f"incident-{number}")
        yield f'{subject} <{tg("occurred")}> "{year}"^^<{XSD}gYear> .\n'
        for pattern in chosen:
            yield f"{subject} <{tg('involvesPattern')}> <{pattern}> .\n"
        yield f"{subject} <{tg('primaryPattern')}> <{chosen[0]}> .\n"
        for name, found in values.items():
            for place in _few(draw, len(found), 2):
                yield f"{subject} <{tg(name)}> <{found[place]}> .\n"


def _rests_on(subject: str, name: str) -> Iterator[str]:
    yield f"{subject} <{tg('curationStatus')}> <{BASE}curation-status/unconfirmed> .\n"
    yield f"{subject} <{PREFIXES['dcterms']}source> <https://example.org/generated/{name}> .\n"


def _few(draw: np.random.Generator, size: int, most: int) -> list[int]:
    """One or more places, the first ones more often than the later."""
    count = int(draw.integers(1, most + 1))
    return sorted({min(int(size * value), size - 1) for value in draw.random(count) ** 2})


def _texts(graph: ThreatGraph) -> dict[str, list[str]]:
    corpus = graph.recommender.corpus
    return {corpus.iris[place]: words(corpus.texts[place].whole) for place in corpus.of_kind["pattern"]}


def _slugs(graph: ThreatGraph, kind: str) -> list[str]:
    found = graph.store.select(f"SELECT ?r {{ ?r skos:prefLabel ?l FILTER(STRSTARTS(STR(?r), '{BASE}{kind}/')) }}")
    return sorted({str(iri).removeprefix(f"{BASE}{kind}/") for iri in found.column("r") if "#" not in str(iri)})


if __name__ == "__main__":
    sys.stdout.writelines(incidents(int(sys.argv[1])))
