"""Generates incidents from the bundled graph, deterministically, to measure how costs grow.

    python tests/bench/generate.py 100000 > incidents.nt   # 1.5 million triples
    python tests/bench/generate.py --graph 1500000 > graph.nt   # a complete graph of that size, with the ontology

The texts mix words of the patterns of an incident with words of all patterns. Causes, groups, sectors and actors are
sampled with decreasing frequencies, as in the bundled incidents. The incidents are marked as not real.
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
#: Kinds that a subset of the bundled graph leaves out, except for some patterns.
_CUT = ("pattern", "incident", "actor", "framework", "provision", "mapping-set")
_KEPT_PATTERNS = ("strategic-misalignment", "goal-drift", "proxy-discrimination")


def incidents(count: int, seed: int = 7) -> Iterator[str]:
    """Generate incidents as lines of N-Triples, with shortcuts to patterns and without parts."""
    for subject, chosen, lines in _drawn(ThreatGraph.open(), count, seed):
        yield from lines
        for pattern in chosen:
            yield f"{subject} <{tg('involvesPattern')}> <{pattern}> .\n"
        yield f"{subject} <{tg('primaryPattern')}> <{chosen[0]}> .\n"


def complete_graph(triples: int, seed: int = 7) -> Iterator[str]:
    """Generate a valid graph with about ``triples`` triples, as lines of N-Triples.

    It has the bundled statements and complete incidents, so it can exceed the size by up to 40 lines. If the bundled
    statements are more than half of the size, a subset of them is used. Derived triples are not included. The memory
    does not depend on the size.
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
    """Yield incidents, without limit if ``count`` is ``None``: the subject, its patterns and its other lines."""
    rng = np.random.default_rng(seed)
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
        chosen = [patterns[index] for index in _few(rng, len(patterns), 2)]
        special = rng.choice(own[chosen[0]], _LENGTH // 2)
        common = rng.choice(everything, _LENGTH // 2)
        text = " ".join(np.where(rng.random(_LENGTH // 2) < 0.6, special, common))
        year = 2015 + int(rng.integers(0, 11))
        lines = [
            f"{subject} <{RDF_TYPE}> <{tg('Incident')}> .\n",
            f'{subject} <{label}> "Generated: {" ".join(text.split()[:6])}"@en .\n',
            f'{subject} <{description}> "Generated, not real: {text}."@en .\n',
            f'{subject} <{tg("occurred")}> "{year}"^^<{XSD}gYear> .\n',
        ]
        for name, found in values.items():
            lines += [f"{subject} <{tg(name)}> <{found[index]}> .\n" for index in _few(rng, len(found), 2)]
        yield subject, chosen, lines


def _parts(subject: str, chosen: list[str]) -> Iterator[str]:
    """The other statements that the shapes require: links to patterns, a source, a status."""
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
    """Records of generated actors, at their first use."""
    for actor in sorted(new):
        name = actor.rpartition("/")[2][:-1].replace("-", " ")
        yield f"{actor} <{RDF_TYPE}> <{tg('Actor')}> .\n"
        yield f'{actor} <{PREFIXES["skos"]}prefLabel> "Actor {name}"@en .\n'
        yield f"{actor} <{tg('curationStatus')}> <{BASE}curation-status/unconfirmed> .\n"
        yield f"{actor} <{PREFIXES['dcterms']}source> <https://example.org/generated> .\n"


def _cut(bundled: list[Triple]) -> list[Triple]:
    """The ontology, the vocabularies and a few patterns, without links to records that are left out."""
    kept = tuple(f"{BASE}pattern/{slug}" for slug in _KEPT_PATTERNS)
    cut = tuple(f"{BASE}{kind}/" for kind in _CUT)
    gone = {iri for iri in map(_subject, bundled) if iri.startswith(cut) and iri.partition("#")[0] not in kept}
    while True:
        # A part of a record, such as a mapping, is removed with its target.
        leading = (_subject(triple) for triple in bundled if _leads(triple, gone))
        parts = {iri for iri in leading if "#" in iri.removeprefix(TG)}
        if parts <= gone:
            break
        gone |= parts
    return [triple for triple in bundled if _subject(triple) not in gone and not _leads(triple, gone)]


def _subject(triple: Triple) -> str:
    assert isinstance(triple.subject, NamedNode), "bundled data has no blank nodes"
    return triple.subject.value


def _leads(triple: Triple, gone: set[str]) -> bool:
    return isinstance(triple.object, NamedNode) and triple.object.value in gone


def _read(file: Path) -> Iterator[Triple]:
    return (quad.triple for quad in parse(path=str(file), format=RdfFormat.TURTLE))


def _few(rng: np.random.Generator, size: int, most: int) -> list[int]:
    """Sample one or more indexes; lower ones are more frequent."""
    count = int(rng.integers(1, most + 1))
    return sorted({min(int(size * value), size - 1) for value in rng.random(count) ** 2})


def _texts(graph: ThreatGraph) -> dict[str, list[str]]:
    corpus = graph.recommender.corpus
    return {corpus.iris[index]: words(corpus.text(index).full) for index in corpus.of_kind["pattern"]}


def _slugs(graph: ThreatGraph, kind: str) -> list[str]:
    found = graph.store.select(f"SELECT ?r {{ ?r skos:prefLabel ?l FILTER(STRSTARTS(STR(?r), '{BASE}{kind}/')) }}")
    # Parts of records have labels too; they are left out.
    return sorted({str(iri).removeprefix(f"{BASE}{kind}/") for iri in found.column("r") if "#" not in str(iri)})


if __name__ == "__main__":
    if sys.argv[1] == "--graph":
        sys.stdout.writelines(complete_graph(int(sys.argv[2])))
    else:
        sys.stdout.writelines(incidents(int(sys.argv[1])))
