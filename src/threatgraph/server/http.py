"""Limits on the headers of a request, which uvicorn does not have: their size, and the time to send them."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_TOO_LARGE = b"the request line and the headers are too large.\n"
_TOO_LONG = b"the URL is longer than 64 KiB: send the query by POST.\n"
_LONGEST_URL = 65_535
"""The parser of URLs counts with 16 bits."""
_TOO_SLOW = b"the request did not arrive in time.\n"


class LimitedProtocol(HttpToolsProtocol):
    """HTTP/1.1 with limits on the headers of a request; set them on a subclass."""

    largest = 96 * 1024
    slowest = 10.0
    _received = 0
    _complete = True
    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Start to wait for the first request."""
        super().connection_made(transport)
        self._await_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Receive a part of a request, unless its headers have become too large."""
        if not self._complete:
            self._received += len(data)
            if self._received > self.largest + len(data) * self._is_parsed(data):
                self._refuse(b"431 Request Header Fields Too Large", _TOO_LARGE)
                return
        super().data_received(data)

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
        super().on_headers_complete()

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
