"""Reads the parameters and the body of a request, within limits."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from urllib.parse import parse_qsl

from starlette.requests import Request

from threatgraph.server.problems import Problem
from threatgraph.server.settings import Settings

MOST = 200
"""Parameters of a request."""


class Parameters:
    """The parameters of a request, in their order.

    Args:
        pairs: names and values.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self.pairs = list(pairs)

    def __contains__(self, name: str) -> bool:
        return any(name == key for key, _ in self.pairs)

    def single(self) -> dict[str, str]:
        """The value of each parameter.

        Raises:
            Problem: if one is given several times.
        """
        return {name: self.one(name) or "" for name in self.names()}

    def names(self) -> list[str]:
        """The names, each once."""
        return list(dict.fromkeys(name for name, _ in self.pairs))

    def all(self, name: str) -> list[str]:
        """All values of a parameter."""
        return [value for key, value in self.pairs if key == name]

    def one(self, name: str) -> str | None:
        """The value of a parameter; ``None`` if it is not given.

        Raises:
            Problem: if it is given several times.
        """
        values = self.all(name)
        if len(values) > 1:
            raise Problem(400, f"the parameter '{name}' is given {len(values)} times: give it once.")
        return values[0] if values else None


def parameters(request: Request) -> Parameters:
    """Read the parameters of the URL.

    Raises:
        Problem: if they are not UTF-8, or too many.
    """
    return parse(request.scope["query_string"], "the URL")


def parse(content: bytes, where: str) -> Parameters:
    """Read parameters in the form of HTML forms (``application/x-www-form-urlencoded``).

    Args:
        content: the bytes.
        where: where they come from, for messages.

    Raises:
        Problem: if they are not UTF-8, or too many.
    """
    try:
        pairs = parse_qsl(content.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST)
    except UnicodeDecodeError:
        raise Problem(400, f"the parameters in {where} are not valid UTF-8 in percent encoding.") from None
    except ValueError:
        raise Problem(400, f"{where} has more than {MOST} parameters.") from None
    return Parameters(pairs)


async def read_body(request: Request, settings: Settings) -> bytes:
    """Read the body of a request.

    Raises:
        Problem: if it is too large, too slow or compressed.
    """
    too_large = Problem(413, f"the request body is larger than {settings.body // 1024} KiB, the limit of this server.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Problem(415, "the request body is compressed: send it as it is, without Content-Encoding.")
    length = request.headers.get("content-length", "0")
    if length.isdecimal() and int(length) > settings.body:
        raise too_large
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(settings.slow):
            async for part in request.stream():
                parts.append(part)
                size += len(part)
                if size > settings.body:
                    raise too_large
    except TimeoutError:
        raise Problem(
            408, f"the request body did not arrive within {settings.slow:g} seconds.", {"Connection": "close"}
        ) from None
    return b"".join(parts)


def media_type(request: Request) -> str:
    """Return the media type of the request body, without parameters.

    Raises:
        Problem: if its charset is not UTF-8.
    """
    kind, _, rest = request.headers.get("content-type", "").partition(";")
    for parameter in rest.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip(" \"'").lower() not in ("utf-8", "utf8", "us-ascii"):
            raise Problem(415, "the charset of the request body must be UTF-8.")
    return kind.strip().lower()
