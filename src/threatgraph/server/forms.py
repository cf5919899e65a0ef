"""The form of an answer that a request asks for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import urlencode

from starlette.requests import Request

from threatgraph.errors import InvalidQuery, UnknownName
from threatgraph.server.negotiation import Form, choose, named
from threatgraph.server.problems import Problem
from threatgraph.server.site import root
from threatgraph.web.links import Links


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


def located(
    request: Request, path: str, suffix: str, parameters: Iterable[tuple[str, str]] = ()
) -> tuple[tuple[str, str], ...]:
    """Return ``Content-Location``: the URL of the form of a document that was negotiated.

    Args:
        request: the request.
        path: the path of the document, without a slash before it.
        suffix: the suffix of the form.
        parameters: the parameters of the document.
    """
    query = urlencode(list(parameters))
    return (("Content-Location", Links(root(request)).form(path, suffix) + (f"?{query}" if query else "")),)


def not_acceptable(forms: Sequence[Form]) -> Problem:
    """Return the problem of a client that accepts none of the forms."""
    types = list(dict.fromkeys(form.media_type for form in forms))
    detail = f"the answer has none of the media types in the Accept header; use one of {', '.join(types)}."
    return Problem(406, detail, more={"available": types})
