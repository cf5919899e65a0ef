"""What uvicorn lacks in HTTP/1.1: limits on headers and slow clients, and answers to clients that wish to upgrade."""

from __future__ import annotations

import asyncio
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_TOO_LARGE = b"the request line and the headers are too large.\n"
_TOO_LONG = b"the URL is longer than 64 KiB: send the query by POST.\n"
_LONGEST_URL = 65_535
"""The parser of URLs counts with 16 bits."""
_READ_AT_LEAST = 20_000
"""Bytes that a client has to read in the time of :attr:`LimitedProtocol.patience`."""
_TOO_SLOW = b"the request did not arrive in time.\n"


class _Parser(httptools.HttpRequestParser):
    """A parser that gets a request again, without its wish to upgrade: it would take the body for another protocol.

    Args:
        protocol: the protocol that it calls.
    """

    def __init__(self, protocol: LimitedProtocol) -> None:
        super().__init__(protocol)
        self._protocol = protocol

    def feed_data(self, data: Any) -> None:
        """Parse a part of a request."""
        try:
            super().feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            head, self._protocol.repeated = self._protocol.repeated, b""
            if head:
                self.feed_data(head + data[upgrade.args[0] :])


class LimitedProtocol(HttpToolsProtocol):
    """HTTP/1.1 with limits on the headers of a request; set them on a subclass.

    Clients such as those of Java ask for HTTP/2 with their first request (``Upgrade: h2c``). This server ignores it,
    as section 7.8 of RFC 9110 permits.
    """

    largest = 96 * 1024
    slowest = 10.0
    patience = 20.0
    """Seconds for a client that does not read; until then, the rest of its answer takes memory."""
    _received = 0
    _complete = True
    _waiting: asyncio.TimerHandle | None = None
    _reading: asyncio.TimerHandle | None = None
    repeated = b""
    """The request line and the headers of a request that wishes to upgrade, without the wish."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.parser = _Parser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as in uvicorn

    def connection_made(self, transport: Any) -> None:
        """Start to wait for the first request."""
        super().connection_made(transport)
        self._await_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Receive a part of a request, unless its headers have become too large."""
        if not self._complete:
            self._received += len(data)
            if self._received > self.largest + len(data) * self._is_parsed(data):
                self._refuse(b"431 Request Header Fields Too Large", _TOO_LARGE)
                return
        super().data_received(data)

    def pause_writing(self) -> None:
        """Wait for a client that reads more slowly than it is sent to, as long as it reads at all."""
        super().pause_writing()
        self._watch_reader()

    def resume_writing(self) -> None:
        """Stop waiting for the client."""
        super().resume_writing()
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _watch_reader(self, former: int | None = None) -> None:
        left = self.transport.get_write_buffer_size()
        if former is not None and former - left < _READ_AT_LEAST:
            self.transport.abort()
            return
        self._reading = asyncio.get_running_loop().call_later(self.patience, self._watch_reader, left)

    def on_message_begin(self) -> None:
        """Begin a request."""
        if self._complete:
            self._await_headers()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Stop waiting: the rest is the body."""
        self._stop_waiting()
        if len(self.url) > _LONGEST_URL:
            self._refuse(b"414 URI Too Long", _TOO_LONG)
            return
        if self.parser.should_upgrade() and any(name == b"upgrade" for name, _ in self.headers):
            self.repeated = self._without_upgrade()
            return
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """End a request, unless it comes again."""
        if not self.repeated:
            super().on_message_complete()

    def _without_upgrade(self) -> bytes:
        first = b"%s %s HTTP/%s" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
        fields = [b"%s: %s" % field for field in self.headers if field[0] != b"upgrade"]
        return b"\r\n".join([first, *fields, b"", b""])

    @staticmethod
    def _is_parsed(data: bytes) -> bool:
        """Whether data may end the headers, so that the rest of it can be the body."""
        return b"\r\n\r\n" in data

    def _await_headers(self) -> None:
        self._stop_waiting()
        self._complete, self._received = False, 0
        self._waiting = asyncio.get_running_loop().call_later(
            self.slowest, self._refuse, b"408 Request Timeout", _TOO_SLOW
        )

    def _stop_waiting(self) -> None:
        self._complete = True
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _refuse(self, status: bytes, text: bytes) -> None:
        self._stop_waiting()
        if self.transport.is_closing():
            return
        head = (
            b"HTTP/1.1 %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
        )
        self.transport.write(head % (status, len(text)) + text)
        self.transport.close()
