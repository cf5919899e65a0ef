"""What is computed for recommendations and assessments is kept beside the cached graph, and is the same when read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode

from threatgraph import ThreatGraph
from threatgraph.assess import lexicon
from threatgraph.assess.keywords import keywords
from threatgraph.recommend import kept
from threatgraph.recommend.corpus import Corpus, Link, Mapping, Statement
from threatgraph.recommend.texts.lsa import Topics
from threatgraph.recommend.texts.tfidf import Vocabulary
from threatgraph.recommend.texts.vectors import TextModel, TextRows
from threatgraph.sparse import SparseMatrix

TEXT = "A hiring tool ranks job applicants and screens their CVs."


@pytest.fixture(scope="module")
def cached(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache folder, for the tests of this module; nothing is restored from the lexicons of other tests."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("THREATGRAPH_CACHE", "on")
        patch.setenv("XDG_CACHE_HOME", str(folder))
        patch.setattr(lexicon, "_restored", {})
        forget()
        yield folder
        patch.undo()
        forget()


def forget() -> None:
    """Start as a new process does."""
    lexicon._restored.clear()
    for function in (lexicon.load, lexicon.entries, lexicon._lexicons, lexicon.derivations, lexicon._keywords):
        function.cache_clear()
    lexicon._places.cache_clear()


def answers() -> list[object]:
    forget()
    graph = ThreatGraph.open(cached=True)
    return [
        graph.recommend("goal-drift", top=3).to_dict(),
        graph.recommend("microsoft-tay", kind="provision", top=3).to_dict(),
        graph.recommend(text=TEXT, kind="provision", top=3).to_dict(),
        graph.assess(TEXT, top=3).to_json(),
    ]


def files(folder: Path) -> dict[str, Path]:
    found = {path.name.split("-")[1]: path for path in folder.rglob("kept-*")}
    return {name.removesuffix("embedded"): path for name, path in found.items()}


def test_answers_are_the_same_when_computed_kept_and_read(
    cached: Path, graph: ThreatGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed = answers()
    assert files(cached).keys() >= {"recommender", "examples", "lexicon"}

    def fail(*given: object, **named: object) -> None:
        raise AssertionError("it was computed again")

    for module, name in ((kept, "text_model"), (kept, "read_corpus"), (kept, "example_rows"), (lexicon, "_parsed")):
        monkeypatch.setattr(module, name, fail)
    assert answers() == computed
    monkeypatch.undo()
    in_memory = ThreatGraph.open()
    forget()
    assert in_memory.recommend("goal-drift", top=3).to_dict() == computed[0]
    assert in_memory.assess(TEXT, top=3).to_json() == computed[3]


@pytest.mark.parametrize("name", ["recommender", "examples", "lexicon"])
def test_a_damaged_file_is_computed_again(cached: Path, name: str) -> None:
    computed = answers()
    path = files(cached)[name]
    content = path.read_bytes()
    path.write_bytes(content[:-9] + b"\xff" * 9)
    assert answers() == computed
    assert files(cached)[name].read_bytes() == content


def test_other_code_and_other_lexicons_do_not_find_the_file(cached: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers()
    before = files(cached)
    monkeypatch.setattr(kept, "file_stamps", lambda *folders: "other code")
    monkeypatch.setattr(lexicon, "file_stamps", lambda *folders: "other code")
    answers()
    after = files(cached)
    assert after.keys() == before.keys()
    assert not {*after.values()} & {*before.values()}  # old files are replaced


LITERALS = st.one_of(
    st.builds(Literal, st.text()),
    st.builds(Literal, st.text(), language=st.sampled_from(["en", "de-at"])),
    st.builds(Literal, st.text(), datatype=st.sampled_from([NamedNode("urn:d"), NamedNode("urn:e")])),
)
STATEMENTS = st.lists(st.builds(Statement, st.sampled_from(["", "urn:a", "urn:b"]), st.just("urn:p"), LITERALS))
LINKS = st.lists(st.builds(Link, st.just("urn:p"), st.text()))
MAPPINGS = st.lists(st.builds(Mapping, st.text(), st.text(), st.text(), st.none() | LITERALS, st.text()), max_size=3)


@settings(max_examples=50)
@given(
    st.lists(st.tuples(st.text(), STATEMENTS, LINKS), max_size=4), MAPPINGS, st.lists(st.tuples(st.text(), LITERALS))
)
def test_a_corpus_is_the_same_after_it_was_written_and_read(
    records: list[tuple[str, list[Statement], list[Link]]],
    mappings: list[Mapping],
    examples: list[tuple[str, Literal]],
) -> None:
    names = [name for name, _, _ in records]
    links = [of_record for _, _, of_record in records]
    statements = [of_record for _, of_record, _ in records]
    codes: list[str | None] = [None for _ in records]
    corpus = Corpus(names, names, names, codes, codes, statements, links, mappings, examples, dict.fromkeys(names, "x"))
    found = kept.unpack(kept.pack(corpus))
    assert [*found.statements] == statements
    assert (found.iris, found.links, found.mappings) == (names, links, mappings)
    assert (found.examples, found.names, found.codes) == (examples, corpus.names, codes)


def test_vectors_are_the_same_after_they_were_written_and_read() -> None:
    matrix = SparseMatrix(np.array([0, 1, 3]), np.array([1, 0, 2], np.int32), np.array([0.1, 1 / 3, 2e-300]), 3)
    rows = TextRows(matrix, np.eye(2), None)
    vocabulary = Vocabulary(["a", "b", "ü"], np.array([1.0, 2, 3]), np.array([True, False, True]))
    model = TextModel(vocabulary, ["as", "bs", "üs"], matrix, Topics(None), rows, np.array([False, True]), None)
    found = kept.unpack(kept.pack(model))
    assert found.records.words.values.tolist() == matrix.values.tolist()
    assert found.vocabulary.words == vocabulary.words
    assert found.vocabulary.shared.tolist() == [True, False, True]
    assert (found.topics.axes, found.common, found.surface) == (None, None, model.surface)


PIECES = sorted({p for entry in lexicon.entries() for phrase in entry.phrases for p, _ in phrase.parts})


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (r"(?:cv|résumé)s?[- ]screen(?:ing|er)", ("screen",)),
        (r"(?:cv|résumé)s?", ("cv", "résumé")),
        (r"rank(?:s|ed)? applicants", (" applicants",)),
        (r"(?:ab){2,}c?", ("ab",)),
        (r"(?:ab)*c", ("c",)),
        (r"a?|b", ()),
        (r"[ab]\w+", ()),
        (r"(?i:ab)c", ("c",)),
    ],
)
def test_keywords_of_an_expression(expression: str, expected: tuple[str, ...]) -> None:
    assert keywords(expression) == expected


@settings(max_examples=300)
@given(st.data())
def test_what_matches_an_expression_of_the_lexicons_has_one_of_its_keywords(data: st.DataObject) -> None:
    piece = data.draw(st.sampled_from(PIECES))
    text = data.draw(st.from_regex(re.compile(piece), fullmatch=True))
    required = keywords(piece)
    assert required, "it is compiled for every sentence"
    assert any(word in text for word in required)
