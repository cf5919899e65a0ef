"""Messages between two processes: length-prefixed bytes over a socket or two pipes."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable
from typing import IO, Protocol, TypeVar

T = TypeVar("T")

LENGTH = struct.Struct("<Q")
"""The length of a message, which goes before it."""
_CHUNK = 1 << 20
NO_SIGNAL = getattr(socket, "MSG_NOSIGNAL", 0)
"""Makes sending to a dead process raise an error instead of a SIGPIPE, which would end the user's program."""


class Channel(Protocol):
    """One end of a connection to another process."""

    def send(self, message: bytes, deadline: float | None = None) -> None:
        """Send a message.

        Args:
            message: the bytes.
            deadline: the time limit as a value of :func:`time.monotonic`; ``None`` for no limit.

        Raises:
            TimeoutError: at the deadline.
            OSError: if the other end is closed.
        """

    def receive(self, deadline: float | None = None) -> bytes:
        """Receive the next message.

        Raises:
            TimeoutError: at the deadline.
            EOFError: if the other end is closed.
        """

    def is_quiet(self) -> bool:
        """Whether the other end is open and has sent nothing, as far as known."""

    def close(self) -> None:
        """Close this end."""


class SocketChannel:
    """A channel over a socket.

    Args:
        connection: the socket, connected to the other process.
    """

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        """The socket."""

    def send(self, message: bytes, deadline: float | None = None) -> None:
        """Send a message; see :meth:`Channel.send`."""
        self._wait_until(deadline)
        self.socket.sendall(LENGTH.pack(len(message)) + message, NO_SIGNAL)

    def receive(self, deadline: float | None = None) -> bytes:
        """Receive the next message; see :meth:`Channel.receive`."""
        (length,) = LENGTH.unpack(self._exactly(LENGTH.size, deadline))
        return self._exactly(length, deadline)

    def is_quiet(self) -> bool:
        """Whether the other end is open and has sent nothing."""
        self.socket.settimeout(0)
        try:
            self.socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def close(self) -> None:
        """Close this end."""
        self.socket.close()

    def _exactly(self, size: int, deadline: float | None) -> bytes:
        chunks: list[bytes] = []
        while size:
            self._wait_until(deadline)
            try:
                chunk = self.socket.recv(min(size, _CHUNK))
            except ConnectionError:
                chunk = b""
            if not chunk:
                raise EOFError("the other process has closed the connection")
            chunks.append(chunk)
            size -= len(chunk)
        return b"".join(chunks)

    def _wait_until(self, deadline: float | None) -> None:
        self.socket.settimeout(None if deadline is None else _left(deadline))


class PipeChannel:
    """A channel over two pipes, for systems that cannot pass a socket to another process.

    Args:
        source: the pipe that the other process writes to.
        target: the pipe that the other process reads.
    """

    def __init__(self, source: IO[bytes], target: IO[bytes]) -> None:
        self._source, self._target = source, target

    def send(self, message: bytes, deadline: float | None = None) -> None:
        """Send a message; see :meth:`Channel.send`."""
        self._in_time(lambda: self._write(message), deadline)

    def receive(self, deadline: float | None = None) -> bytes:
        """Receive the next message; see :meth:`Channel.receive`."""
        message = self._in_time(self._read, deadline)
        if message is None:
            raise EOFError("the other process has closed the connection")
        return message

    def is_quiet(self) -> bool:
        """Whether the other end is open, as far as known."""
        return not self._target.closed

    def close(self) -> None:
        """Close this end."""
        self._source.close()
        self._target.close()

    def _write(self, message: bytes) -> None:
        self._target.write(LENGTH.pack(len(message)) + message)
        self._target.flush()

    def _read(self) -> bytes | None:
        head = self._source.read(LENGTH.size)
        if len(head) < LENGTH.size:
            return None
        (length,) = LENGTH.unpack(head)
        message = self._source.read(length)
        return message if len(message) == length else None

    def _in_time(self, work: Callable[[], T], deadline: float | None) -> T:
        """Run blocking I/O in a thread with a time limit, as pipes have no timeout; the thread ends with the pipe."""
        if deadline is None:
            return work()
        done: list[T | OSError] = []

        def run() -> None:
            try:
                done.append(work())
            except OSError as error:
                done.append(error)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        thread.join(_left(deadline))
        if not done:
            raise TimeoutError
        if isinstance(done[0], OSError):
            raise done[0]
        return done[0]


def _left(deadline: float) -> float:
    """The seconds until a deadline, always above 0, since a socket timeout of 0 means non-blocking."""
    return max(deadline - time.monotonic(), 1e-6)
