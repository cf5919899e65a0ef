"""Limits how many requests of one client are evaluated at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from threatgraph.service import Busy


class TooManyRequests(Busy):
    """A client has too many requests waiting."""


class _Client:
    def __init__(self, size: int) -> None:
        self.slots = asyncio.Semaphore(size)
        self.requests = 0


class Clients:
    """The clients that have requests at the moment, by address.

    Args:
        size: requests of one client that may proceed at once.
        waiting: further requests of one client that may wait.
    """

    def __init__(self, size: int, waiting: int) -> None:
        self._size, self._most = size, size + waiting
        self._clients: dict[str, _Client] = {}

    @asynccontextmanager
    async def turn(self, address: str, timeout: float) -> AsyncIterator[None]:
        """Wait until a request of a client may proceed, and count it until the end of the block.

        Args:
            address: the address of the client.
            timeout: the maximum time to wait, in seconds.

        Raises:
            TooManyRequests: if too many requests of the client wait, or one waits too long.
        """
        client = self._clients.setdefault(address, _Client(self._size))
        if client.requests >= self._most:
            raise TooManyRequests(f"more than {self._most} requests from your address at once: send fewer, and wait.")
        client.requests += 1
        try:
            try:
                async with asyncio.timeout(timeout):
                    await client.slots.acquire()
            except TimeoutError:
                raise TooManyRequests("your other requests took too long: send fewer at once, and wait.") from None
            try:
                yield
            finally:
                client.slots.release()
        finally:
            client.requests -= 1
            if not client.requests:
                self._clients.pop(address, None)
