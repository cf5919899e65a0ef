"""The sitemap with the pages of all records, and ``robots.txt``."""

from __future__ import annotations

from collections.abc import Sequence

from pyoxigraph import NamedNode

from threatgraph.errors import UnknownName
from threatgraph.publishing.dates import timestamp
from threatgraph.publishing.urls import page_url
from threatgraph.publishing.xml import HEADER, element
from threatgraph.sparql.values import values_clause
from threatgraph.store import Store
from threatgraph.table import plain_text
from threatgraph.vocab import KINDS, kind_of, tg

#: The maximum number of URLs in a file, by the protocol of sitemaps.org.
MOST = 50_000
#: What crawlers are asked not to read on a server.
CLOSED = ("/sparql", "/assess", "/recommend", "/export/")
_SPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
_RECORDS = """
SELECT ?record (MAX(STR(?date)) AS ?modified) {
  %s
  ?record a ?class .
  OPTIONAL { ?record dcterms:modified ?date }
}
GROUP BY ?record
ORDER BY STR(?record)
"""


def sitemap(store: Store, *, base_url: str, part: int | None = None, most: int = MOST, suffix: str = "") -> bytes:
    """List the pages of all records, or of a part of them.

    Args:
        store: the graph.
        base_url: the base URL of the site.
        part: the number of a part, from 1; by default, the whole sitemap, which is an index of parts if there are many
            records.
        most: the maximum number of URLs in a file.
        suffix: the suffix of pages, such as ``.html`` for files.

    Raises:
        UnknownName: if there is no such part.
    """
    entries = _entries(store, base_url, suffix)
    parts = [entries[start : start + most] for start in range(0, len(entries), most)]
    if part is not None and not 1 <= part <= len(parts):
        raise UnknownName(
            "part of the sitemap", str(part), (), f"The sitemap has {len(parts)} part{'s' if len(parts) > 1 else ''}."
        )
    if part is None and len(parts) > 1:
        urls = (f"{base_url}/sitemap-{number}.xml" for number in range(1, len(parts) + 1))
        return _file("sitemapindex", [f"<sitemap>{element('loc', url)}</sitemap>" for url in urls])
    return _file("urlset", parts[part - 1] if part else entries)


def robots(base_url: str, *, closed: Sequence[str] = CLOSED) -> bytes:
    """Return ``robots.txt``: all pages may be read, but not every query or download.

    Args:
        base_url: the base URL of the site.
        closed: the paths that crawlers are asked not to read.
    """
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in closed), "", f"Sitemap: {base_url}/sitemap.xml"]
    return "\n".join([*lines, ""]).encode()


def _entries(store: Store, base_url: str, suffix: str) -> list[str]:
    classes = [tg(kind.class_name) for kind in KINDS.values()]
    found = []
    for record, modified in store.select(_RECORDS % values_clause("class", map(NamedNode, classes))).rows:
        iri = plain_text(record) if record is not None else ""
        if kind_of(iri) is None:  # it has no page here
            continue
        date = None if modified is None else timestamp(plain_text(modified))
        changed = element("lastmod", date) if date else ""
        found.append(f"<url>{element('loc', page_url(base_url, iri, suffix))}{changed}</url>")
    return found


def _file(name: str, entries: list[str]) -> bytes:
    return "\n".join([f'{HEADER}<{name} xmlns="{_SPACE}">', *entries, f"</{name}>", ""]).encode()
