"""What can be loaded into a directory store: files, standard input and the bundled files, each with its named graph."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pyoxigraph import NamedNode, RdfFormat

from threatgraph import resources
from threatgraph.errors import InvalidFile, InvalidQuery
from threatgraph.rdf.files import find_files, source_of
from threatgraph.rdf.reading import Source
from threatgraph.vocab import BASE, FILE_GRAPHS

STREAM_GRAPH = "urn:threatgraph:stdin"
"""The graph of what came by standard input, where nobody gave it another name."""


@dataclass(frozen=True, slots=True)
class GraphEntry:
    """A named graph and the file that it was made of."""

    path: str | None
    """Where the file was; below the bundled folders for a bundled one; ``None`` for standard input."""
    triples: int = 0
    """The statements of the file, as it states them; a repeated one counts each time."""
    size: int | None = None
    """Bytes."""
    modified: int | None = None
    """Nanoseconds since 1970, in universal time."""
    bundled: bool = False

    @property
    def file(self) -> Path | None:
        """The file on this machine, whether or not it is still there."""
        if self.path is None:
            return None
        return resources.root() / self.path if self.bundled else Path(self.path)


@dataclass(frozen=True, slots=True)
class GraphSource:
    """Something to load into a graph of its own."""

    graph: str
    """The IRI of the named graph."""
    open: Callable[[], Source]
    """Opens it to be read."""
    loaded: GraphEntry
    """What to note of it; the number of triples becomes known when it is read."""


def file_sources(paths: Iterable[Path], graph: str | None = None) -> list[GraphSource]:
    """The RDF files among ``paths``, and those below folders, each with the graph of its own ``file:`` IRI.

    Args:
        paths: files and folders.
        graph: the IRI of another graph, for a single file.

    Raises:
        InvalidFile: where a path does not exist, a file has an unknown ending, or a folder holds no RDF file.
        InvalidQuery: where ``graph`` is no IRI, is one of ours, or there are several files for it.
    """
    files = find_files(paths)
    if graph is None:
        return [_file_input(file, file.resolve().as_uri(), str(file.resolve())) for file in files]
    if len(files) != 1:
        raise InvalidQuery(f"one graph cannot stand for {len(files)} files: load them without --graph, or one by one.")
    return [_file_input(files[0], _checked(graph), str(files[0].resolve()))]


def stream_source(stream: IO[bytes], form: RdfFormat, graph: str | None = None) -> GraphSource:
    """What comes by a stream such as standard input.

    Args:
        stream: the bytes.
        form: their format.
        graph: the IRI of its graph, which relative IRIs resolve against; :data:`STREAM_GRAPH` by default, and then
            relative IRIs are refused.

    Raises:
        InvalidQuery: where ``graph`` is no IRI, or one of ours.
    """
    name = STREAM_GRAPH if graph is None else _checked(graph)
    return GraphSource(name, lambda: Source(stream, "standard input", form, graph), GraphEntry(None))


def bundled_sources() -> list[GraphSource]:
    """The bundled ontology and data."""
    root = resources.root()
    named = ((file, file.relative_to(root).as_posix()) for file in resources.bundled_files())
    return [_file_input(file, FILE_GRAPHS + name, name, bundled=True) for file, name in named]


def bundled_digest() -> str:
    """A digest of the bundled files and rules by name, size and time of change, which tells whether they changed."""
    root = resources.root()
    digest = hashlib.sha256()
    for file in [*resources.bundled_files(), *sorted((resources.ontology_dir() / "rules").glob("*.rq"))]:
        status = file.stat()
        digest.update(f"{file.relative_to(root).as_posix()}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _file_input(file: Path, graph: str, path: str, *, bundled: bool = False) -> GraphSource:
    try:
        status = file.stat()
    except OSError as error:
        raise InvalidFile(str(file), f"cannot be read: {error.strerror}.") from error
    return GraphSource(graph, lambda: source_of(file), GraphEntry(path, 0, status.st_size, status.st_mtime_ns, bundled))


def _checked(graph: str) -> str:
    if graph.startswith(f"{BASE}graph/"):
        raise InvalidQuery(f"the graph <{graph}> has a name of the bundled graphs: give it a name of your own.")
    try:
        return NamedNode(graph).value
    except ValueError as error:
        raise InvalidQuery(f"{graph!r} is no IRI for a graph: write one such as https://example.org/mine.") from error
