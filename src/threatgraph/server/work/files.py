"""The files for machines, which workers make from the served graph."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from threatgraph.catalog import load_catalog
from threatgraph.errors import UnknownName
from threatgraph.publishing import dcat as catalogs
from threatgraph.publishing import downloads, feed, llms, services, sitemap, void
from threatgraph.publishing.descriptions import FORMATS
from threatgraph.publishing.samples import samples
from threatgraph.server.openapi import describe
from threatgraph.service import Answer, ServedGraph

_DESCRIPTIONS: Mapping[str, Callable[..., bytes]] = {
    "void": void.void,
    "dcat": catalogs.dcat,
    "sparql": services.service_description,
}
_TEXTS: Mapping[str, Callable[..., bytes]] = {"llms.txt": llms.llms, "llms-full.txt": llms.llms_full}
#: Examples of literals for parameters of queries.
_EXAMPLES = {"date": "2026-08-02", "integer": "2"}
_XML = "application/xml"


def description(served: ServedGraph, *, name: str, form: str, base_url: str) -> Answer:
    """Describe the dataset, the catalog or the SPARQL endpoint.

    Args:
        served: the graph.
        name: ``void``, ``dcat`` or ``sparql``.
        form: ``turtle``, ``jsonld``, ``rdfxml`` or ``ntriples``.
        base_url: the base URL of the site.

    Raises:
        UnknownName: if there is no such description or form.
    """
    if name not in _DESCRIPTIONS:
        raise UnknownName("description", name, _DESCRIPTIONS)
    content = _DESCRIPTIONS[name](served.graph.store, base_url=base_url, format=form)
    media_type = FORMATS[form][1]
    return Answer(content, f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type)


def sitemap_file(served: ServedGraph, *, part: int | None, base_url: str) -> Answer:
    """List the pages of all records, or of a part of them; see :func:`threatgraph.publishing.sitemap.sitemap`."""
    return Answer(sitemap.sitemap(served.graph.store, base_url=base_url, part=part), _XML)


def feed_file(served: ServedGraph, *, base_url: str) -> Answer:
    """Return the Atom feed of the newest incidents."""
    return Answer(feed.feed(served.graph.store, base_url=base_url), "application/atom+xml")


def text_file(served: ServedGraph, *, name: str, base_url: str) -> Answer:
    """Return ``llms.txt`` or ``llms-full.txt``, which are Markdown."""
    return Answer(_TEXTS[name](served.graph.store, base_url=base_url), "text/plain; charset=utf-8")


def download(served: ServedGraph, *, name: str) -> Answer:
    """Return the whole graph as a file.

    Raises:
        UnknownName: if there is no such file.
        QueryTooLarge: if it exceeds the maximum size of a download.
    """
    content = downloads.download(served.graph.store, name)
    media_type = downloads.downloads()[name].media_type
    attachment = ("Content-Disposition", f'attachment; filename="{name}"')
    text = f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type
    return Answer(content, text, headers=(attachment,))


def openapi(served: ServedGraph, *, base_url: str, version: str) -> Answer:
    """Return the OpenAPI description of the server."""
    found = _EXAMPLES | samples(served.graph.store)
    document = describe(load_catalog().values(), base_url=base_url, version=version, examples=found)
    return Answer(json.dumps(document, ensure_ascii=False).encode(), "application/json")
