"""Compares each kind of work with the programs that people would use otherwise, on the same graph in the same run.

    python tests/bench/peers.py [--triples 150000] [--slow]

One row for each kind of work and peer: our time, theirs, and how many times as long they take. Peers that are not
installed are left out: rdflib, pyshacl, pyoxigraph, networkx and oxigraph come with the tests; Jena with Debian's
libapache-jena-java; maplib, pyrudof and scikit-learn with ``pip install``. ``--slow`` adds pyshacl and rdflib where
they take minutes.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import networkx
import pyoxigraph as ox
import pyshacl
import rdflib
from contenders import declared
from generate import complete_graph

from threatgraph import ThreatGraph, resources
from threatgraph.analytics import measures, networks
from threatgraph.catalog import load_catalog
from threatgraph.recommend.corpus import CorpusIndex
from threatgraph.store.disk.load import load
from threatgraph.store.inputs import file_sources

sys.path.append(str(Path(__file__).parents[1]))  # for Jena, which the tests use, too
from jena import is_installed, java_command

Work = Callable[[], object]
QUERY = "groups"
#: Work that takes less than this many seconds is repeated, and the shortest time counts.
_SHORT, _ROUNDS = 1.0, 5


class Comparison(NamedTuple):
    """One kind of work, by us and by others."""

    name: str
    ours: Work
    theirs: dict[str, Work]


def seconds(work: Work) -> float:
    """The time of some work: the shortest of several rounds, if it is short."""
    best = float("inf")
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - began)
        if best > _SHORT:
            break
    return best


def comparisons(file: Path, folder: Path, *, slow: bool) -> Iterator[Comparison]:
    """The comparisons, each made right before it is measured."""
    java = java_command(folder / "jena") if is_installed() else []
    yield _loading(file, folder, java)
    yield _opening(file)
    graph = ThreatGraph.open([file], bundled=False)
    engine: ox.Store = graph.store._store  # type: ignore[attr-defined]
    yield _query(graph, engine, file)
    yield _export(graph, engine, slow=slow)
    yield _validation(graph, folder, java, slow=slow)
    net = networks.network(graph.store, "incident-pattern")
    some = net.subgraph([*(node for node in net if "/pattern/" in node), *list(net)[:2000]]).copy()
    yield Comparison(
        f"exact betweenness of {len(some):,} nodes (igraph)",
        lambda: measures.betweenness(some),
        {"networkx": lambda: networkx.betweenness_centrality(some)},
    )
    if find_spec("sklearn"):
        yield _texts(graph)


def _loading(file: Path, folder: Path, java: list[str]) -> Comparison:
    taken = iter(range(1000))
    peers: dict[str, Work] = {}
    command = Path(sys.executable).with_name("oxigraph")
    if command.exists():
        peers["oxigraph load"] = lambda: _run(
            [str(command), "load", "--location", str(folder / f"o{next(taken)}"), "--file", str(file)]
        )
    if java:
        peers["Jena tdb2.tdbloader"] = lambda: _run(
            [*java, "tdb2.tdbloader", f"--loc={folder / f'j{next(taken)}'}", str(file)]
        )
    return Comparison(
        "load into a store on disk",
        lambda: load(folder / f"t{next(taken)}", file_sources([file]), bundled=False),
        peers,
    )


def _opening(file: Path) -> Comparison:
    peers: dict[str, Work] = {
        "pyoxigraph (no rules, no named graphs)": lambda: _oxigraph(file),
        "rdflib": lambda: rdflib.Graph().parse(file, format="nt"),
    }
    if find_spec("maplib"):
        peers["maplib"] = lambda: _maplib(file)
    return Comparison("open in memory", lambda: ThreatGraph.open([file], bundled=False), peers)


def _oxigraph(file: Path) -> ox.Store:
    store = ox.Store()
    store.bulk_load(path=str(file), format=ox.RdfFormat.N_TRIPLES)
    return store


def _maplib(file: Path) -> Any:
    import maplib

    model = maplib.Model()
    model.read(str(file), format="ntriples")
    return model


def _query(graph: ThreatGraph, engine: ox.Store, file: Path) -> Comparison:
    sparql = load_catalog()[QUERY].sparql
    whole = rdflib.Graph()
    buffer = io.BytesIO()
    graph.store.dump(buffer)
    whole.parse(data=buffer.getvalue(), format="nt")
    peers: dict[str, Work] = {
        "pyoxigraph": lambda: list(_solutions(engine.query(declared(sparql)))),
        "rdflib": lambda: list(whole.query(declared(sparql))),
    }
    if find_spec("maplib"):
        with tempfile.NamedTemporaryFile(suffix=".nt") as derived:
            derived.write(buffer.getvalue())
            derived.flush()
            model = _maplib(Path(derived.name))
        peers["maplib"] = lambda: model.query(declared(sparql))
    return Comparison(f"run {QUERY}", lambda: graph.store.select(sparql), peers)


def _solutions(answer: object) -> ox.QuerySolutions:
    assert isinstance(answer, ox.QuerySolutions)
    return answer


def _export(graph: ThreatGraph, engine: ox.Store, *, slow: bool) -> Comparison:
    peers: dict[str, Work] = {
        "pyoxigraph dump (not sorted)": lambda: engine.dump(format=ox.RdfFormat.TURTLE, from_graph=ox.DefaultGraph())
    }
    if slow:
        whole = graph.store.to_rdflib()
        peers["rdflib (longturtle)"] = lambda: whole.serialize(format="longturtle")
    return Comparison("export Turtle", lambda: graph.export("turtle"), peers)


def _validation(graph: ThreatGraph, folder: Path, java: list[str], *, slow: bool) -> Comparison:
    """Validation by the shapes alone; others do not have our checks across records."""
    data, shapes = folder / "data.nt", folder / "shapes.ttl"
    data.write_bytes(graph.export("ntriples"))
    merged = rdflib.Graph()
    for source in sorted((resources.ontology_dir() / "shapes").glob("*.ttl")):
        merged.parse(source)
    merged.serialize(shapes, format="turtle")
    peers: dict[str, Work] = {}
    if java:
        peers["Jena shacl validate"] = lambda: _run(
            [*java, "shacl.shacl", "validate", "--shapes", str(shapes), "--data", str(data)]
        )
    if find_spec("pyrudof"):
        peers["pyrudof"] = lambda: _rudof(data, shapes)
    if slow:
        whole = graph.store.to_rdflib()
        peers["pyshacl"] = lambda: pyshacl.validate(whole, shacl_graph=merged, advanced=False, inplace=True)
    return Comparison("validate", lambda: graph.validate(checks=False), peers)


def _rudof(data: Path, shapes: Path) -> Any:
    import pyrudof

    session = pyrudof.Rudof(pyrudof.RudofConfig())
    session.read_data(str(data), format=pyrudof.RDFFormat.NTriples)
    session.read_shacl(str(shapes))
    return session.validate_shacl()


def _texts(graph: ThreatGraph) -> Comparison:
    from sklearn.feature_extraction.text import TfidfVectorizer

    corpus = graph.recommender.corpus
    texts = [corpus.text(CorpusIndex(int(index))).full for index in corpus.of_kind["incident"]]
    vectorizer = TfidfVectorizer(sublinear_tf=True, stop_words="english")
    matrix = vectorizer.fit_transform(texts)
    known = texts[0]
    graph.recommend(text=known, kind="incident")
    new = iter(range(1_000_000))
    return Comparison(
        f"incidents like a new text, of {len(texts):,}, with reasons",
        lambda: graph.recommend(text=f"{known} {next(new)}", kind="incident"),
        {
            "scikit-learn TF-IDF (no reasons)": lambda: (
                (matrix @ vectorizer.transform([known]).T).toarray().ravel().argsort()[-10:]
            )
        },
    )


def _run(command: list[str]) -> None:
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)


def main() -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--triples", type=int, default=150_000, help="size of the generated graph")
    parser.add_argument("--slow", action="store_true", help="add peers that take minutes")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        file = folder / "graph.nt"
        file.write_text("".join(complete_graph(arguments.triples)), encoding="utf-8")
        (folder / "jena").mkdir()
        print("| work | threatgraph | peer | its time | ratio |\n|---|---|---|---|---|")
        for comparison in comparisons(file, folder, slow=arguments.slow):
            ours = seconds(comparison.ours)
            for peer, work in comparison.theirs.items():
                theirs = seconds(work)
                ratio = theirs / ours
                print(
                    f"| {comparison.name} | {ours:.3g} s | {peer} | {theirs:.3g} s | {ratio:.2g} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
