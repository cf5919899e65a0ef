"""Keeps what a recommender computes from the bundled graph beside its cached copy, so that a command need not do it.

A file holds a JSON text and NumPy arrays, one after the other in the format of ``numpy.save``.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import Stemmer
from pyoxigraph import Literal, NamedNode

from threatgraph import sparse
from threatgraph.recommend.corpus import Corpus, Link, Mapping, Statement, read_corpus
from threatgraph.recommend.signals.passages import ExampleRows, example_rows, rationale_rows
from threatgraph.recommend.texts import embedding
from threatgraph.recommend.texts.lsa import Topics
from threatgraph.recommend.texts.tfidf import Vocabulary
from threatgraph.recommend.texts.vectors import TextModel, TextRows, text_model
from threatgraph.sparse import SparseMatrix
from threatgraph.store import Store
from threatgraph.store.disk.kept import file_stamps, keeps, kept

Json = Any
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a recommender that are read or computed from the graph."""

    corpus: Corpus
    model: TextModel
    rationales: TextRows


def kept_parts(store: Store, *, embedded: bool) -> Parts | None:
    """Read the parts of the recommender of the bundled graph; if they are not kept yet, compute and keep them.

    Args:
        store: the graph.
        embedded: whether to use word embeddings.

    Returns:
        The parts; ``None`` for a graph beside which nothing is kept.
    """

    def compute() -> Parts:
        corpus = read_corpus(store)
        model = text_model(corpus, embedded=embedded)
        return Parts(corpus, model, rationale_rows(corpus, model))

    return _kept(store, "recommender", embedded, compute) if keeps(store) else None


def kept_examples(store: Store, corpus: Corpus, model: TextModel) -> ExampleRows:
    """Read the vectors of the example uses; if they are not kept, compute them, and keep them if possible.

    Args:
        store: the graph.
        corpus: its records.
        model: what was computed from their texts.
    """
    return _kept(store, "examples", model.common is not None, lambda: example_rows(corpus, model))


def _kept(store: Store, name: str, embedded: bool, compute: Callable[[], T]) -> T:
    name += "embedded" if embedded else ""
    found: T = kept(store, name, lambda: _depends(embedded), compute, pack, unpack)
    return found


def _depends(embedded: bool) -> str:
    """Everything beside the graph that the content depends on: the code and the versions of its libraries."""
    here = Path(__file__).parent
    code = file_stamps(here, here / "signals", here / "texts", Path(sparse.__file__).parent)
    return f"{np.__version__}\0{Stemmer.version()}\0{embedding.stamp() if embedded else ''}\0{code}"


def pack(value: object) -> bytes:
    """Write dataclasses, lists, texts and arrays.

    Args:
        value: an instance of one of the classes of this module; its other values are those of JSON.
    """
    arrays: list[np.ndarray] = []
    text = json.dumps(_to_json(value, arrays), ensure_ascii=False, separators=(",", ":"))
    file = io.BytesIO()
    for array in (np.frombuffer(text.encode(errors="surrogatepass"), dtype=np.uint8), *arrays):
        np.save(file, array, allow_pickle=False)
    return file.getvalue()


def unpack(content: bytes | memoryview) -> Any:
    """Read what :func:`pack` wrote.

    Args:
        content: the bytes.
    """
    file = io.BytesIO(content)
    text = np.load(file, allow_pickle=False).tobytes().decode(errors="surrogatepass")
    return _from_json(json.loads(text), file)


def _to_json(value: object, arrays: list[np.ndarray]) -> Json:
    if isinstance(value, Corpus):
        return {"type": "Corpus", **_corpus_to_json(value)}
    if isinstance(value, np.ndarray):
        arrays.append(value)
        return {"type": "array"}
    if is_dataclass(value):
        held = {field.name: _to_json(getattr(value, field.name), arrays) for field in fields(value)}
        return {"type": type(value).__name__, **held}
    return value


def _from_json(value: Json, file: io.BytesIO) -> Any:
    """The value; the arrays are read in the order in which they were written."""
    if not isinstance(value, dict):
        return value
    name = value.pop("type")
    if name == "array":
        return np.load(file, allow_pickle=False)
    if name == "Corpus":
        return _corpus_from_json(value)
    return _TYPES[name](**{key: _from_json(held, file) for key, held in value.items()})


_TYPES: dict[str, Callable[..., Any]] = {
    cls.__name__: cls for cls in (Parts, TextModel, TextRows, Topics, Vocabulary, SparseMatrix, ExampleRows)
}


def _corpus_to_json(corpus: Corpus) -> dict[str, Json]:
    """The corpus; the IRIs in links and statements are numbers, since each occurs often."""
    used = {iri for links in corpus.links for link in links for iri in link}
    used |= {iri for statements in corpus.statements for holder, prop, _ in statements for iri in (holder, prop)}
    number = {iri: i for i, iri in enumerate(sorted(used))}
    return {
        **{name: getattr(corpus, name) for name in _PLAIN},
        "numbered": list(number),
        "statements": [
            [part for holder, prop, text in statements for part in (number[holder], number[prop], *_of_literal(text))]
            for statements in corpus.statements
        ],
        "links": [[number[iri] for link in links for iri in link] for links in corpus.links],
        "mappings": [
            [m.record, m.node, m.provision, _of_literal(m.rationale) if m.rationale else None, m.relation]
            for m in corpus.mappings
        ],
        "examples": [[iri, *_of_literal(text)] for iri, text in corpus.examples],
    }


def _corpus_from_json(value: dict[str, Json]) -> Corpus:
    iris = value["numbered"]
    return Corpus(
        **{name: value[name] for name in _PLAIN},
        statements=_Statements(value["statements"], iris),
        links=[[Link(iris[held[i]], iris[held[i + 1]]) for i in range(0, len(held), 2)] for held in value["links"]],
        mappings=[
            Mapping(record, node, provision, _literal(*rationale) if rationale else None, relation)
            for record, node, provision, rationale, relation in value["mappings"]
        ],
        examples=[(iri, _literal(*text)) for iri, *text in value["examples"]],
    )


class _Statements(Sequence[list[Statement]]):
    """The statements of each record, decoded when they are asked for: an answer needs those of a few records."""

    def __init__(self, encoded: list[list[Any]], iris: list[str]) -> None:
        self._encoded, self._iris = encoded, iris

    def __len__(self) -> int:
        return len(self._encoded)

    def __getitem__(self, index: Any) -> Any:
        held, iris = self._encoded[index], self._iris
        return [
            Statement(iris[held[i]], iris[held[i + 1]], _literal(*held[i + 2 : i + 4])) for i in range(0, len(held), 4)
        ]


_PLAIN = ("iris", "kinds", "labels", "codes", "schemes", "names")


def _of_literal(literal: Literal) -> tuple[str, str]:
    """Its text, and its language or, after a sign that no language has, its datatype."""
    return literal.value, literal.language or f"^{literal.datatype.value}"


def _literal(text: str, kind: str) -> Literal:
    return Literal(text, datatype=NamedNode(kind[1:])) if kind.startswith("^") else Literal(text, language=kind)
