"""The Atom feed of the newest incidents (RFC 4287)."""

from __future__ import annotations

from threatgraph.publishing.dates import timestamp
from threatgraph.publishing.metadata import PUBLISHER
from threatgraph.publishing.urls import page_url
from threatgraph.publishing.xml import HEADER, element
from threatgraph.store import Store
from threatgraph.table import plain_text

#: The maximum number of entries.
MOST = 50
_SPACE = "http://www.w3.org/2005/Atom"
_NEWEST = """
SELECT ?incident (MIN(STR(?name)) AS ?label) (MIN(STR(?text)) AS ?summary)
  (MAX(STR(?added)) AS ?created) (MAX(STR(?changed)) AS ?modified) (MAX(STR(?date)) AS ?occurred)
WHERE {
  ?incident a tg:Incident ; skos:prefLabel ?name .
  OPTIONAL { ?incident dcterms:description ?text }
  OPTIONAL { ?incident dcterms:created ?added }
  OPTIONAL { ?incident dcterms:modified ?changed }
  OPTIONAL { ?incident tg:occurred ?date }
  FILTER(isIRI(?incident))
  FILTER NOT EXISTS { ?incident owl:deprecated true }
}
GROUP BY ?incident
ORDER BY DESC(?created) DESC(?occurred) STR(?incident)
LIMIT %d
"""
_BEGINNING = "1970-01-01T00:00:00Z"


def feed(store: Store, *, base_url: str, most: int = MOST, suffix: str = "") -> bytes:
    """Return the newest incidents: those added last first, then those that occurred last.

    The time of an entry is the date on which its record was changed or added; if it states neither, the date on which
    the incident occurred.

    Args:
        store: the graph.
        base_url: the base URL of the site.
        most: the maximum number of entries.
        suffix: the suffix of pages, such as ``.html`` for files.
    """
    entries = []
    for row in store.select(_NEWEST % most).rows:
        iri, label, summary, created, modified, occurred = ("" if cell is None else plain_text(cell) for cell in row)
        added = timestamp(created)
        updated = timestamp(modified) or added or timestamp(occurred)
        if updated is None:  # an entry must have a time
            continue
        entries.append((updated, _entry(page_url(base_url, iri, suffix), iri, label, summary, added, updated)))
    latest = max((updated for updated, _ in entries), default=_BEGINNING)
    head = [
        f'{HEADER}<feed xmlns="{_SPACE}" xml:lang="en">',
        element("id", f"{base_url}/feed.atom"),
        element("title", "threatgraph: AI incidents"),
        element("subtitle", "The newest incidents of the knowledge graph of AI threats"),
        element("updated", latest),
        f"<author>{element('name', 'threatgraph')}{element('uri', PUBLISHER)}</author>",
        element("link", rel="self", type="application/atom+xml", href=f"{base_url}/feed.atom"),
        element("link", rel="alternate", type="text/html", href=f"{base_url}/incident{suffix}"),
    ]
    return "\n".join([*head, *(entry for _, entry in entries), "</feed>", ""]).encode()


def _entry(url: str, iri: str, label: str, summary: str, added: str | None, updated: str) -> str:
    lines = [
        element("id", iri),
        element("title", label),
        element("updated", updated),
        *([element("published", added)] if added else []),
        element("link", rel="alternate", type="text/html", href=url),
        *([element("summary", summary)] if summary else []),
    ]
    return "<entry>" + "".join(lines) + "</entry>"
