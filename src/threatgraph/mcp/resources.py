"""The resources: documents that a client can read by their URI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote

from threatgraph.errors import UnknownName
from threatgraph.mcp.about import ABOUT
from threatgraph.service import Backend
from threatgraph.version import DATA_VERSION
from threatgraph.vocab import KINDS

MARKDOWN, SPARQL = "text/markdown", "application/sparql-query"
_SCHEME = "threatgraph://"
_LOOKUPS, _QUERIES = "threatgraph.mcp.lookups", "threatgraph.mcp.queries"


class Document(NamedTuple):
    """A resource, or a template of resources."""

    path: str
    """What follows ``threatgraph://``."""
    title: str
    media_type: str
    function: str = ""
    """What the worker calls for it, as ``module:function``."""

    @property
    def uri(self) -> str:
        """The URI, or its template."""
        return _SCHEME + self.path


DOCUMENTS: Mapping[str, Document] = {
    document.path: document
    for document in (
        Document("about", "What threatgraph is, its license, and how to cite it", MARKDOWN),
        Document("schema", "Classes and prefixes of the ontology", "text/plain", f"{_LOOKUPS}:read_schema"),
        Document("context", "JSON-LD context", "application/ld+json", f"{_LOOKUPS}:read_context"),
        Document("queries", "Named queries with their parameters", MARKDOWN, f"{_QUERIES}:read_queries"),
    )
}
QUERY = Document("queries/{name}", "SPARQL text of a named query", SPARQL, f"{_QUERIES}:read_query")
RECORD = Document("record/{kind}/{+slug}", "A record as Markdown", MARKDOWN, f"{_LOOKUPS}:read_record")


async def read(backend: Backend, uri: str) -> tuple[str, str]:
    """Read a resource.

    Args:
        backend: the served graph.
        uri: the URI, such as ``threatgraph://record/pattern/goal-drift``.

    Returns:
        The text and its media type.

    Raises:
        UnknownName: if the resource does not exist.
        ThreatGraphError: as the worker reports it.
    """
    path = unquote(uri.removeprefix(_SCHEME))
    kind, slash, name = path.partition("/")
    if path == "about":
        return ABOUT.format(version=backend.facts.version, release=DATA_VERSION), MARKDOWN
    if path in DOCUMENTS:
        document = DOCUMENTS[path]
        return await _text(backend, document), document.media_type
    if kind == "queries" and name:
        return await _text(backend, QUERY, name=name), SPARQL
    kind, slash, slug = name.partition("/")
    if path.startswith("record/") and slash and slug:
        return await _text(backend, RECORD, kind=kind, slug=slug), MARKDOWN
    known = [document.uri for document in (*DOCUMENTS.values(), QUERY, RECORD)]
    raise UnknownName("resource", uri, known, f"The resources are {', '.join(known)}.")


async def complete(backend: Backend, template: str, argument: str, value: str, given: Mapping[str, str]) -> list[str]:
    """Return values of a variable of a template that begin with a text."""
    if template == QUERY.uri and argument == "name":
        names: list[str] = await backend.run(f"{_QUERIES}:complete", prefix=value)
        return names
    if template == RECORD.uri and argument == "kind":
        return [kind for kind in KINDS if kind.startswith(value)]
    if template == RECORD.uri and argument == "slug" and given.get("kind") in KINDS:
        slugs: list[str] = await backend.run(f"{_LOOKUPS}:complete", kind=given["kind"], prefix=value)
        return slugs
    return []


async def _text(backend: Backend, document: Document, **arguments: Any) -> str:
    text: str = await backend.run(document.function, **arguments)
    return text
