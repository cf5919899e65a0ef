"""Starts worker processes: forked from a zygote if the system supports fork, else as new processes."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import threading
import warnings
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Protocol

from threatgraph import resources
from threatgraph.store.workers import zygote
from threatgraph.store.workers.channels import NO_SIGNAL, Channel, PipeChannel, SocketChannel
from threatgraph.store.workers.worker import Permissions

if TYPE_CHECKING:
    import subprocess

    from threatgraph.store.workers.protocol import WorkerStore

#: A new process gets the import path of this one.
_START = (
    "import sys, json; sys.path[:] = json.loads(sys.argv.pop(1)); "
    "from threatgraph.store.workers.zygote import main; main()"
)
_NONE = Permissions(0)


class Worker:
    """A worker process, as its parent sees it."""

    def __init__(self, channel: Channel, host: Host, number: int, errors: IO[bytes]) -> None:
        self.channel, self._host, self.number, self._errors = channel, host, number, errors

    def end(self, *, kill: bool) -> int:
        """End the process, with a kill if ``kill`` is true, and return its exit status."""
        self.close()
        return self._host.end(self.number, kill=kill)

    def close(self) -> None:
        """Close the connection; the process ends when it is idle."""
        self.channel.close()
        self._errors.close()

    def complaint(self) -> str:
        """The standard error of the process; read it before :meth:`end`."""
        with suppress(OSError, ValueError):
            self._errors.seek(0)
            return self._errors.read(1 << 16).decode(errors="replace")
        return ""


class Host(Protocol):
    """Starts the workers of one store."""

    number: int
    """The process that forks the workers; 0 if this process starts them."""

    def branch(self, stage: int) -> Host:
        """Return a host whose workers find the store prepared at another stage.

        Args:
            stage: see :meth:`threatgraph.store.workers.protocol.WorkerStore.prepare`.

        Raises:
            OSError: if no process can be started.
        """

    def start(self, permissions: Permissions) -> Worker:
        """Start a worker.

        Raises:
            OSError: if no process can be started.
        """

    def end(self, number: int, *, kill: bool) -> int:
        """Wait for a worker to end and return its exit status, which is negative for a signal."""

    def close(self) -> None:
        """End all workers."""


class ForkingHost:
    """Starts workers from a zygote.

    Args:
        store: the store.
    """

    def __init__(self, store: WorkerStore) -> None:
        self._lock = threading.Lock()
        self._asked = 0
        self._control, theirs = _pair()
        self._started: subprocess.Popen[bytes] | None = None
        self._parent: ForkingHost | None = None
        with theirs:
            if len(sys._current_frames()) == 1:
                self.number = 0
                try:
                    with _blocked_signals():
                        self.number = _fork(theirs, store)
                except BaseException:  # such as an exception of a signal handler
                    self.close()
                    raise
                return
            self._started = _process(str(theirs.fileno()), keep=theirs.fileno())
        self.number = self._started.pid
        SocketChannel(self._control).send(_pickled(store))

    def branch(self, stage: int) -> ForkingHost:
        """Fork a further zygote, which prepares the store at another stage; see :meth:`Host.branch`."""
        branch = ForkingHost.__new__(ForkingHost)
        branch._lock, branch._asked, branch._started, branch._parent = threading.Lock(), 0, None, self
        branch._control, theirs = _pair()
        with theirs:
            branch.number = self._command(zygote.BRANCH, stage, _NONE, [theirs.fileno()])
        if branch.number < 0:
            raise OSError("cannot fork a process")
        return branch

    def start(self, permissions: Permissions) -> Worker:
        """Start a worker; see :meth:`Host.start`."""
        ours, theirs = _pair()
        errors = _anonymous_file()
        with theirs:
            number = self._command(zygote.FORK, 0, permissions, [theirs.fileno(), errors.fileno()])
        if number < 0:
            raise OSError("cannot fork a process")
        return Worker(SocketChannel(ours), self, number, errors)

    def ping(self) -> None:
        """Do nothing if the zygote is alive.

        Raises:
            OSError: if it has ended.
        """
        self._command(zygote.PING, 0)

    def end(self, number: int, *, kill: bool) -> int:
        """Wait for a worker to end; see :meth:`Host.end`."""
        try:
            return self._command(zygote.KILL if kill else zygote.WAIT, number)
        except OSError:  # the zygote has ended, and the exit status is lost
            if kill:
                with suppress(OSError):
                    os.kill(number, signal.SIGKILL)
            return 0

    def close(self) -> None:
        """End the zygote, which ends all workers."""
        self._control.close()
        if self._parent is not None:
            self._parent.end(self.number, kill=False)
        elif self._started is not None:
            self._started.wait()
        elif self.number:
            with suppress(ChildProcessError):
                os.waitpid(self.number, 0)

    def _command(
        self, command: bytes, number: int, permissions: Permissions = _NONE, descriptors: Sequence[int] = ()
    ) -> int:
        with self._lock:
            self._asked += 1
            message = zygote.COMMAND.pack(self._asked, command, number, *permissions)
            # socket.send_fds does not pass the flags.
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array("i", descriptors))] if descriptors else []
            self._control.sendmsg([message], rights, NO_SIGNAL)
            while True:
                answer = self._control.recv(zygote.ANSWER.size, socket.MSG_WAITALL)
                if len(answer) < zygote.ANSWER.size:
                    raise ConnectionError("the zygote process has ended")
                asked, result = zygote.ANSWER.unpack(answer)
                if asked == self._asked:  # skip the reply to an interrupted command
                    return int(result)


class StartingHost:
    """Starts each worker as a new process with a copy of the store, on systems without fork.

    Args:
        store: the store.
    """

    number = 0

    def __init__(self, store: WorkerStore) -> None:
        self._store = _pickled(store)
        self._started: dict[int, subprocess.Popen[bytes]] = {}

    def branch(self, stage: int) -> StartingHost:
        """Return this host: a worker prepares the store when it first needs it; see :meth:`Host.branch`."""
        return self

    def start(self, permissions: Permissions) -> Worker:
        """Start a worker; see :meth:`Host.start`."""
        errors = _anonymous_file()
        process = _process(*(str(int(value)) for value in permissions), errors=errors)
        self._started[process.pid] = process
        if process.stdout is None or process.stdin is None:
            raise OSError("the process has no pipes")
        channel = PipeChannel(process.stdout, process.stdin)
        channel.send(self._store)
        return Worker(channel, self, process.pid, errors)

    def end(self, number: int, *, kill: bool) -> int:
        """Wait for a worker to end; see :meth:`Host.end`."""
        process = self._started.pop(number)
        if kill:
            process.kill()
        return process.wait()

    def close(self) -> None:
        """End all workers."""
        for number in list(self._started):
            self.end(number, kill=True)


def _pickled(store: WorkerStore) -> bytes:
    import pickle  # takes time to import, and a forked process needs no copy

    return pickle.dumps(store)


def _fork(control: socket.socket, store: WorkerStore) -> int:
    with warnings.catch_warnings():
        # Python 3.12 warns about the threads of Oxigraph, which the child does not use.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        zygote.hold(control, store)
    return child


def _pair() -> tuple[socket.socket, socket.socket]:
    """Two connected sockets whose descriptors are not those of standard streams, even if these are closed."""
    from fcntl import F_DUPFD_CLOEXEC, fcntl

    moved = []
    for one in socket.socketpair():
        with one:
            moved.append(socket.socket(fileno=fcntl(one, F_DUPFD_CLOEXEC, 3)))
    return moved[0], moved[1]


@contextmanager
def _blocked_signals() -> Iterator[None]:
    """Block signals, since a handler that raises would make a forked child continue the user's program."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _process(*words: str, keep: int | None = None, errors: IO[bytes] | None = None) -> subprocess.Popen[bytes]:
    """Start a Python process that runs :func:`threatgraph.store.workers.zygote.main`."""
    import subprocess

    if not sys.executable:
        raise OSError("the path of the Python executable is unknown")
    piped = subprocess.DEVNULL if errors is None else subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, "-c", _START, json.dumps(sys.path), *words],
        stdin=piped,
        stdout=piped,
        stderr=subprocess.DEVNULL if errors is None else errors,
        env=resources.child_environment(),
        pass_fds=() if keep is None else (keep,),
    )


def _anonymous_file() -> IO[bytes]:
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("threatgraph"), "w+b")
    import tempfile

    return tempfile.TemporaryFile()
