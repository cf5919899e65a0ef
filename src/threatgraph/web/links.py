"""Links of pages: from the IRIs of records to the paths of their documents."""

from __future__ import annotations

import re
from collections.abc import Container
from typing import NamedTuple
from urllib.parse import quote

from threatgraph.vocab import BASE

_RESERVED = ":/?#[]@!$&'()*+,;=~%"
"""Characters of a URI that are not escaped (RFC 3987, section 3.1)."""
_SAFE = "/:@!$&'()*+,;=~-._"
"""Characters of a path that need no escape (RFC 3986, section 3.3)."""

_SITE = r"https?://[A-Za-z0-9._~%:\[\]-]+(?:/[A-Za-z0-9._~%/-]*)?"


class Links(NamedTuple):
    """Where documents are: at the path of the IRI of their record, below a root.

    A static site uses a root for each page, such as ``../``, and pages with a suffix.
    """

    root: str = "/"
    """The URL of the home page: a path that ends with a slash, or the beginning of all IRIs."""
    page_suffix: str = ""
    """The suffix of pages, such as ``.html`` for files."""
    forms: tuple[str, ...] | None = None
    """The forms that documents have, if not all."""
    paths: Container[str] | None = None
    """The paths of the records that have pages, if others are not linked."""
    edit_url: str = ""
    """The URL of the folder in which the files of records can be edited, without a slash at its end."""

    def has(self, path: str) -> bool:
        """Return whether a record has a page."""
        return self.paths is None or path in self.paths

    @property
    def is_static(self) -> bool:
        """Whether the pages are files, which no server computes."""
        return bool(self.page_suffix)

    def to(self, iri: str) -> str | None:
        """Return the URL for an IRI; ``None`` if it is neither a record with a page nor a web address.

        Args:
            iri: the IRI of a record, of a part of a record, or of a document elsewhere.
        """
        if not iri.startswith(BASE):
            return iri if iri.startswith(("http://", "https://")) else None
        path, mark, fragment = iri.removeprefix(BASE).partition("#")
        if not self.has(path):
            return None
        return self.page(path) + (mark + quote(fragment, safe=_SAFE + "?") if fragment else "")

    def page(self, path: str = "") -> str:
        """Return the URL of a page, such as ``pattern/goal-drift``; by default of the home page."""
        if not path:
            return self.root + (f"index{self.page_suffix}" if self.page_suffix else "")
        return self.root + quote(path, safe=_SAFE) + self.page_suffix

    def form(self, path: str, form: str) -> str:
        """Return the URL of another form of a page, such as ``ttl``."""
        return f"{self.root}{quote(path or 'index', safe=_SAFE)}.{form}"

    def static(self, name: str) -> str:
        """Return the URL of a static file."""
        return f"{self.root}static/{name}"


def to_uri(iri: str) -> str:
    """Return an IRI as a URI, for HTTP headers."""
    return quote(iri, safe=_RESERVED)


#: Links to the IRIs themselves, for documents that are read elsewhere.
CANONICAL = Links(BASE)


def is_site_url(url: str) -> bool:
    """Return whether a text is a URL that a site can have: of HTTP, without a query or characters to escape."""
    return re.fullmatch(_SITE, url) is not None
