"""Uploads graphs to a SPARQL server: each graph is filled in a staging graph, which then replaces it.

The server has a manifest graph with the digest of each uploaded graph. An entry is removed before its graph changes and
written afterwards, so an interrupted upload leaves no entry for an incomplete graph, and the next upload repeats it.
Graphs whose digest is unchanged are not uploaded again.
"""

from __future__ import annotations

import hashlib
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

from threatgraph import resources
from threatgraph.rdf.skolem import skolemize
from threatgraph.store.inputs import GraphSource
from threatgraph.store.remote.dialects import MANIFEST_GRAPH, STAGING_GRAPH
from threatgraph.store.remote.http import Http
from threatgraph.store.remote.store import RemoteStore, update_request
from threatgraph.vocab import DERIVED_GRAPH

LARGEST_REQUEST = 4 * 1024**2
"""Maximum bytes of N-Triples in a Graph Store Protocol request."""
LARGEST_UPDATE = 256 * 1024
"""Maximum bytes of N-Triples in an ``INSERT DATA``, since servers compile its text."""
_TOGETHER = 50
"""Maximum number of graphs to merge in one request."""
_DIGEST = "http://purl.org/dc/terms/identifier"
_WHOLE = f"{MANIFEST_GRAPH}#merged"
"""The manifest entry of the merged graph, which has no IRI on most servers."""


@dataclass(slots=True)
class SyncResult:
    """The result of a sync: the changed graphs, by IRI."""

    added: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    merged: bool = False
    """Whether the merged graph was rebuilt."""
    triples: int = 0
    """The number of triples uploaded."""

    def __bool__(self) -> bool:
        return bool(self.added or self.replaced or self.removed or self.merged)


def sync(store: RemoteStore, inputs: Sequence[GraphSource], *, only: bool = False) -> SyncResult:
    """Upload files to a server, each into its named graph, and rebuild the merged graph if any changed.

    Args:
        store: the server.
        inputs: the files.
        only: remove graphs of earlier uploads that are not among these; other graphs on the server are kept.

    Raises:
        InvalidFile: if a file does not parse; the server is unchanged then.
        EndpointError: if a request fails; the next sync completes the upload.
    """
    target = {item.graph: _digest(item) for item in inputs}  # reads all files before any change
    return _Run(store).run(inputs, target, only)


class _Run:
    def __init__(self, store: RemoteStore) -> None:
        self._store = store
        self._http = Http(store.update_url, store.user, deadline=store.deadline)
        self._changes = SyncResult()

    def run(self, inputs: Sequence[GraphSource], target: dict[str, str], only: bool) -> SyncResult:
        held = self._manifest()
        for item in inputs:
            if held.get(item.graph) != target[item.graph]:
                self._replace(item.graph, _statements(item), target[item.graph])
                (self._changes.replaced if item.graph in held else self._changes.added).append(item.graph)
        ours = held.keys() - {_WHOLE, DERIVED_GRAPH}
        gone = sorted(ours - target.keys()) if only else []
        for iri in gone:
            self._note(iri, None)
            self._update(f"DROP SILENT GRAPH <{iri}>")
        self._changes.removed = gone
        files = {iri: held[iri] for iri in ours - set(gone)} | target
        self._merge(files, held.get(_WHOLE))
        return self._changes

    def _merge(self, files: dict[str, str], noted: str | None) -> None:
        """Rebuild the merged graph from the graphs of the files, if any of these changed."""
        rules = sorted((resources.ontology_dir() / "rules").glob("*.rq"))
        texts = [rule.read_text(encoding="utf-8") for rule in rules]
        digest = hashlib.sha256(repr((sorted(files.items()), texts)).encode()).hexdigest()
        if digest == noted:
            return
        self._note(_WHOLE, None)
        staged = RemoteStore(self._store.url, user=self._store.user, graph=STAGING_GRAPH, deadline=self._store.deadline)
        self._clear()
        for some in _batches((f"ADD <{iri}> TO <{STAGING_GRAPH}>" for iri in sorted(files)), LARGEST_UPDATE, _TOGETHER):
            self._update(" ;\n".join(some))
        derived = list(dict.fromkeys(f"{triple} ." for text in texts for triple in staged.construct(text)))
        self._send(derived)
        merged = self._store.default_graph
        self._update(f"MOVE <{STAGING_GRAPH}> TO {f'<{merged}>' if merged else 'DEFAULT'}")
        self._replace(DERIVED_GRAPH, derived, digest)
        self._note(_WHOLE, digest)
        self._changes.merged = True

    def _replace(self, iri: str, statements: Iterable[str], digest: str) -> None:
        batches = _batches(statements, LARGEST_UPDATE, self._store.dialect.batch)
        first = next(batches, [])
        second = next(batches, None)
        if second is None:  # one request; if the server executes only a part of it, the manifest entry is still missing
            self._changes.triples += len(first)
            steps = [_forget(iri), f"DROP SILENT GRAPH <{iri}>"]
            steps += [f"INSERT DATA {{ GRAPH <{iri}> {{ {' '.join(first)} }} }}"] if first else []
            self._update(" ;\n".join([*steps, _noted(iri, digest)]))
            return
        self._clear()
        self._send(chain(first, second, chain.from_iterable(batches)))
        self._note(iri, None)
        self._update(f"MOVE <{STAGING_GRAPH}> TO <{iri}>")
        self._note(iri, digest)

    def _clear(self) -> None:
        self._update(f"DROP SILENT GRAPH <{STAGING_GRAPH}>")

    def _send(self, statements: Iterable[str]) -> None:
        """Add triples to the staging graph, in requests of limited size."""
        url = self._store.graph_store_url
        most = 10**9 if url else self._store.dialect.batch
        for lines in _batches(statements, LARGEST_REQUEST if url else LARGEST_UPDATE, most):
            self._changes.triples += len(lines)
            if url is None:
                self._update(f"INSERT DATA {{ GRAPH <{STAGING_GRAPH}> {{ {' '.join(lines)} }} }}")
                continue
            address = f"{url}?{urllib.parse.urlencode({'graph': STAGING_GRAPH})}"
            request = urllib.request.Request(address, data="\n".join(lines).encode(), method="POST")  # noqa: S310
            request.add_header("Content-Type", "text/turtle")
            self._http.send(request)

    def _manifest(self) -> dict[str, str]:
        rows = self._store.manifest(
            f"SELECT ?g ?digest WHERE {{ GRAPH <{MANIFEST_GRAPH}> {{ ?g <{_DIGEST}> ?digest }} }}"
        )
        return {str(row["g"]): str(row["digest"]) for row in rows.to_dicts()}

    def _note(self, iri: str, digest: str | None) -> None:
        self._update(_forget(iri) if digest is None else _noted(iri, digest))

    def _update(self, text: str) -> None:
        self._http.send(update_request(self._store.update_url, text))


def _forget(iri: str) -> str:
    return f"DELETE WHERE {{ GRAPH <{MANIFEST_GRAPH}> {{ <{iri}> <{_DIGEST}> ?digest }} }}"


def _noted(iri: str, digest: str) -> str:
    return f'INSERT DATA {{ GRAPH <{MANIFEST_GRAPH}> {{ <{iri}> <{_DIGEST}> "{digest}" }} }}'


def _statements(item: GraphSource) -> Iterator[str]:
    """The triples of a source as lines of N-Triples, without line ends."""
    with item.open() as source:
        for triple in skolemize(source.quads(), item.graph):
            yield f"{triple} ."


def _digest(item: GraphSource) -> str:
    digest = hashlib.sha256()
    for line in _statements(item):
        digest.update(f"{line}\n".encode())
    return digest.hexdigest()


def _batches(statements: Iterable[str], largest: int, most: int) -> Iterator[list[str]]:
    lines: list[str] = []
    size = 0
    for line in statements:
        length = len(line.encode())
        if lines and (size + length > largest or len(lines) >= most):
            yield lines
            lines, size = [], 0
        lines.append(line)
        size += length
    if lines:
        yield lines
