"""Puts graphs on a SPARQL server: each is filled beside the one that it replaces, and then takes its place.

The server keeps a manifest: for each graph that we put there, a digest of what was put. An entry is taken out before
its graph changes and written after, so that a run that was cut off leaves no entry for what is not whole, and the next
run does that again. What has an entry with the right digest is not sent again.
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
"""Bytes of N-Triples that a request of the Graph Store protocol may have."""
LARGEST_UPDATE = 256 * 1024
"""Bytes of N-Triples that an ``INSERT DATA`` may have: servers compile its text."""
_TOGETHER = 50
"""Graphs that one request merges."""
_DIGEST = "http://purl.org/dc/terms/identifier"
_WHOLE = f"{MANIFEST_GRAPH}#merged"
"""Stands in the manifest for the merged graph, which on most servers has no IRI."""


@dataclass(slots=True)
class SyncResult:
    """What a run changed, by IRI of the graphs."""

    added: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    merged: bool = False
    """Whether the merged graph was made anew."""
    triples: int = 0
    """How many triples were sent."""

    def __bool__(self) -> bool:
        return bool(self.added or self.replaced or self.removed or self.merged)


def sync(store: RemoteStore, inputs: Sequence[GraphSource], *, only: bool = False) -> SyncResult:
    """Put files on a server, each into its named graph, and derive the merged graph anew where any changed.

    Args:
        store: the server.
        inputs: the files.
        only: remove every graph that an earlier run has put there and that is not among these; graphs of others stay.

    Raises:
        InvalidFile: where a file does not parse; the server is left as it was then.
        EndpointError: where the server does not do as asked; running again repairs what was left half done.
    """
    target = {item.graph: _digest(item) for item in inputs}  # reads all files before anything changes
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
        """Make the merged graph anew out of the graphs of the files, where those are not what they were."""
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
        if second is None:  # one request does it all; where the server does that by halves, the note is missing still
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
        """Add triples to the staging graph, in requests of bounded size."""
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
    """The triples of a file as lines of N-Triples, without line ends."""
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
