"""The URLs of a site: each record has a page at the path of its IRI."""

from __future__ import annotations

from urllib.parse import quote

from threatgraph.vocab import BASE

#: The reserved and unreserved characters of RFC 3986, which stay as they are.
_SAFE = "-._~:/?#[]@!$&'()*+,;=%"


def page_url(base_url: str, iri: str, suffix: str = "") -> str:
    """Return the URL of the page of a record; an IRI of another namespace is its own page.

    Args:
        base_url: the base URL of the site, without a slash at the end.
        iri: the IRI of the record.
        suffix: the suffix of pages, such as ``.html`` for files.
    """
    return quote(f"{base_url}/{iri.removeprefix(BASE)}{suffix}" if iri.startswith(BASE) else iri, safe=_SAFE)
