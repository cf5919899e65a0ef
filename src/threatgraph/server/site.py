"""Facts about the site, and the form of an answer, which endpoints share."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request

from threatgraph.errors import InvalidQuery, UnknownName
from threatgraph.server.negotiation import Form, choose, named
from threatgraph.server.responses import server_of
from threatgraph.server.sparql import not_acceptable


def graph_version(request: Request) -> str:
    """Return the version of the served graph."""
    return server_of(request).backend.facts.version


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
        raise not_acceptable(forms)
    return form
