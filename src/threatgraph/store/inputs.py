"""The sources of named graphs: files, standard input and the bundled files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, NamedTuple

from pyoxigraph import NamedNode, RdfFormat

from threatgraph import resources
from threatgraph.errors import InvalidFile, InvalidQuery, UnknownName
from threatgraph.rdf.files import find_files, source_of
from threatgraph.rdf.reading import Source
from threatgraph.store.disk.manifest import GraphEntry
from threatgraph.vocab import BASE, FILE_GRAPHS

STREAM_GRAPH = "urn:threatgraph:stdin"
"""The default named graph for standard input."""

STREAM_FORMATS: Mapping[str, RdfFormat] = {
    "turtle": RdfFormat.TURTLE,
    "ntriples": RdfFormat.N_TRIPLES,
    "nquads": RdfFormat.N_QUADS,
    "trig": RdfFormat.TRIG,
    "jsonld": RdfFormat.JSON_LD,
    "rdfxml": RdfFormat.RDF_XML,
}
"""The formats of a stream, by name."""


class GraphSource(NamedTuple):
    """A source to load into a named graph."""

    graph: str
    """The IRI of the named graph."""
    open: Callable[[], Source]
    """Opens the source for reading."""
    loaded: GraphEntry
    """Its manifest entry; the number of triples is set once the source has been read."""


def file_sources(paths: Iterable[Path], graph: str | None = None) -> list[GraphSource]:
    """List the RDF files in ``paths`` and below folders; each gets a named graph with its ``file:`` IRI.

    Args:
        paths: files and folders.
        graph: the IRI of the named graph, for a single file.

    Raises:
        InvalidFile: if a path does not exist, a file has an unknown extension, or a folder has no RDF file.
        InvalidQuery: if ``graph`` is not a valid IRI, is reserved, or is given for several files.
    """
    files = find_files(paths)
    if graph is None:
        return [_file_input(file, file.resolve().as_uri(), str(file.resolve())) for file in files]
    if len(files) != 1:
        raise InvalidQuery(f"`graph=` requires a single file, not {len(files)}: load them without it, or one by one.")
    return [_file_input(files[0], _checked(graph), str(files[0].resolve()))]


def sources(
    files: Sequence[Path], stream: IO[bytes] | None = None, form: str | None = None, graph: str | None = None
) -> list[GraphSource]:
    """Return what to load: files, a stream, or both.

    Args:
        files: files and folders.
        stream: the stream.
        form: the format of the stream, a key of :data:`STREAM_FORMATS`.
        graph: the IRI of the named graph for a single file, or for the stream.

    Raises:
        InvalidFile: as :func:`file_sources`.
        InvalidQuery: as :func:`file_sources`; if the stream has no format, or a format has no stream.
        UnknownName: for an unknown format.
    """
    if (stream is None) != (form is None):
        raise InvalidQuery("`stream=` and `format=` must be given together.")
    if stream is None or form is None:
        return file_sources(files, graph)
    if form not in STREAM_FORMATS:
        raise UnknownName("format", form, STREAM_FORMATS, f"The formats are {', '.join(STREAM_FORMATS)}.")
    if files and graph:
        raise InvalidQuery("`graph=` names one named graph; load the stream and the files in two steps.")
    return [*file_sources(files), stream_source(stream, STREAM_FORMATS[form], graph)]


def stream_source(stream: IO[bytes], form: RdfFormat, graph: str | None = None) -> GraphSource:
    """A source that reads a stream such as standard input.

    Args:
        stream: the bytes.
        form: their format.
        graph: the IRI of the named graph, also the base of relative IRIs; by default :data:`STREAM_GRAPH`, and relative
            IRIs are rejected.

    Raises:
        InvalidQuery: if ``graph`` is not a valid IRI, or is reserved.
    """
    name = STREAM_GRAPH if graph is None else _checked(graph)
    return GraphSource(name, lambda: Source(stream, "standard input", form, graph), GraphEntry(None))


def bundled_sources() -> list[GraphSource]:
    """The bundled ontology and data."""
    root = resources.root()
    named = ((file, file.relative_to(root).as_posix()) for file in resources.bundled_files())
    return [_file_input(file, FILE_GRAPHS + name, name, bundled=True) for file, name in named]


def _file_input(file: Path, graph: str, path: str, *, bundled: bool = False) -> GraphSource:
    try:
        status = file.stat()
    except OSError as error:
        raise InvalidFile(str(file), f"cannot be read: {error.strerror}.") from error
    return GraphSource(graph, lambda: source_of(file), GraphEntry(path, 0, status.st_size, status.st_mtime_ns, bundled))


def _checked(graph: str) -> str:
    if graph.startswith(f"{BASE}graph/"):
        raise InvalidQuery(f"<{graph}> is reserved for the bundled graphs: choose another IRI.")
    try:
        return NamedNode(graph).value
    except ValueError as error:
        raise InvalidQuery(f"{graph!r} is not a valid graph IRI: use one such as https://example.org/mine.") from error
