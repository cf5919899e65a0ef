"""Facts about the site, and the form of an answer, which endpoints share."""

from __future__ import annotations

import re
from collections.abc import Sequence

from starlette.requests import Request

from threatgraph.errors import InvalidQuery, UnknownName
from threatgraph.server.negotiation import Form, choose, named
from threatgraph.server.problems import Problem
from threatgraph.server.responses import server_of

_URL = re.compile(r"https?://[A-Za-z0-9._~%:\[\]-]+(?:/[A-Za-z0-9._~%/-]*)?")


def graph_version(request: Request) -> str:
    """Return the version of the served graph."""
    return server_of(request).backend.facts.version


def base_url(request: Request) -> str:
    """Return the base URL of the site: the one of the settings, or that of the request.

    Raises:
        Problem: if the ``Host`` header is not valid.
    """
    found = str(server_of(request).settings.base_url or request.base_url).rstrip("/")
    if not _URL.fullmatch(found):
        raise Problem(400, "the Host header is not a valid host.")
    return found


def pick(request: Request, name: str | None, forms: Sequence[Form]) -> Form:
    """Choose the form of the answer, by ``format=`` or the ``Accept`` header.

    Args:
        request: the request.
        name: the value of ``format=``, if given.
        forms: the forms, the default first.

    Raises:
        InvalidQuery: if ``format=`` names no form.
        Problem: with status 406, if the client accepts no form.
    """
    if name is not None:
        if (form := named(name, forms)) is None:
            known = [form.name for form in forms]
            raise InvalidQuery(str(UnknownName("format", name, known, f"The formats are {', '.join(known)}.")))
        return form
    if (form := choose(request.headers.get("accept"), forms)) is None:
        types = [form.media_type for form in forms]
        reason = f"no media type of the Accept header is available; use one of {', '.join(types)}."
        raise Problem(406, reason, more={"available": types})
    return form
