"""Search against known answers: practitioners' queries, absent things, and the questions of the patterns.

Usage: python tests/bench/search.py [--misses]

- *Queries* (``search_queries.tsv``) are queries as practitioners type them, each with the records that answer it. P@1
  is the share of queries whose first result is one of them, hit@5 the share with one of them in the first five.
- *Absent* (``search_absent.tsv``) are queries for what the graph does not hold. An answer is honest if it has no
  result and a note.
- *Questions* are the retrieval questions of the patterns. They are left out of the index; the answer is the pattern.
  Each is searched among patterns and among all records.

The baseline is SQLite FTS5 on the same texts: an OR query of all words, porter stems, bm25 without weights.

The queries were written by the authors of the search, so the figures are those of a development set.
"""

from __future__ import annotations

import csv
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from threatgraph import Table, ThreatGraph
from threatgraph.search import Searcher
from threatgraph.search.documents import COLUMNS, Document, read_documents
from threatgraph.search.index import Index
from threatgraph.search.words import tokens

Find = Callable[[str, int], Sequence[str]]
_HERE = Path(__file__).parent
_QUESTIONS = "SELECT ?question ?pattern { ?pattern a tg:ThreatPattern ; tg:retrievalQuestion ?question }"
_FIRST = 5


def baseline(documents: Sequence[Document]) -> Find:
    """Return a search with FTS5 alone."""
    index = Index(documents, weights=dict.fromkeys(COLUMNS, 1.0))

    def find(text: str, top: int) -> Sequence[str]:
        return [documents[match.document].iri for match in index.matches(tokens(text), {}, top)]

    return find


def ours(searcher: Searcher, kind: str | None = None) -> Find:
    """Return the search of this project."""

    def find(text: str, top: int) -> Sequence[str]:
        return [found.iri for found in searcher.search(text, top=top, kind=kind)]

    return find


def ranks(find: Find, cases: Sequence[tuple[str, set[str]]]) -> Iterator[int | None]:
    """Yield the rank of the first right record for each query, up to five."""
    for text, right in cases:
        found = find(text, _FIRST)
        yield next((i for i, iri in enumerate(found, 1) if iri in right), None)


def figures(find: Find, cases: Sequence[tuple[str, set[str]]]) -> tuple[float, float, float]:
    """Return P@1, hit@5 and the median time of a query in milliseconds."""
    found = list(ranks(find, cases))
    times = []
    for text, _ in cases:
        start = time.perf_counter()
        find(text, _FIRST)
        times.append(time.perf_counter() - start)
    share = len(cases)
    at_one = sum(rank == 1 for rank in found) / share
    return at_one, sum(rank is not None for rank in found) / share, 1000 * statistics.median(times)


def read_cases(graph: ThreatGraph) -> list[tuple[str, set[str]]]:
    """Return the queries with the IRIs of their answers."""
    with (_HERE / "search_queries.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return [(row["query"], {graph.resolve(name) for name in row["records"].split()}) for row in rows]


def read_absent() -> list[str]:
    """Return the queries for what the graph does not hold."""
    return (_HERE / "search_absent.tsv").read_text(encoding="utf-8").splitlines()[1:]


def read_questions(graph: ThreatGraph) -> list[tuple[str, set[str]]]:
    """Return the retrieval questions of the patterns."""
    table = graph.query(_QUESTIONS)
    assert isinstance(table, Table)
    return [(str(row["question"]), {str(row["pattern"])}) for row in table.to_dicts()]


def main(words: Sequence[str]) -> int:
    """Print the figures; returns the exit status."""
    graph = ThreatGraph.open()
    start = time.perf_counter()
    searcher = Searcher(graph.store)
    searcher.search("alignment")
    print(f"index built in {time.perf_counter() - start:.2f} s")
    held_out = Searcher(graph.store, without=["retrievalQuestion"])
    naive, naive_out = (baseline(read_documents(graph.store, out)) for out in ([], ["retrievalQuestion"]))
    cases, absent, questions = read_cases(graph), read_absent(), read_questions(graph)
    rows: list[tuple[str, Find, Sequence[tuple[str, set[str]]]]] = [
        ("queries, FTS5 alone", naive, cases),
        ("queries, search", ours(searcher), cases),
        ("questions, FTS5 alone", naive_out, questions),
        ("questions, search", ours(held_out), questions),
        ("questions, search among patterns", ours(held_out, "pattern"), questions),
    ]
    print(f"{'':34}{'n':>5}{'P@1':>7}{'hit@5':>7}{'ms':>7}")
    for name, find, of in rows:
        at_one, in_five, milliseconds = figures(find, of)
        print(f"{name:34}{len(of):5}{at_one:7.2f}{in_five:7.2f}{milliseconds:7.1f}")
    answers = [searcher.search(text) for text in absent]
    honest = [not answer and bool(answer.note) for answer in answers]
    print(f"absent, search: {sum(honest)} of {len(honest)} honest; FTS5 alone: {sum(not naive(t, 1) for t in absent)}")
    if "--misses" in words:
        for text, right in cases:
            found = searcher.search(text, top=_FIRST)
            if not found or found[0].iri not in right:
                rank = next((item.rank for item in found if item.iri in right), None)
                print(f"- {text}: rank {rank}; {found.note} {[str(item) for item in found[:3]]}")
        for text, fine, answer in zip(absent, honest, answers, strict=True):
            if not fine:
                print(f"- {text}: {answer.note} {[str(item) for item in answer[:3]]}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
