"""The zygote: a single-threaded process with the graph in memory, from which workers are forked.

Forking a process with threads can copy a lock that is never released, so workers are not forked by the process that
uses them. That process forks the zygote while it has a single thread, or starts it as a new process with a copy of the
store. The zygote and its workers end as soon as the process that started it ends.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import struct
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

from threatgraph.store.workers.channels import Channel, PipeChannel, SocketChannel
from threatgraph.store.workers.worker import Permissions, import_all, run

if TYPE_CHECKING:
    from threatgraph.store.workers.protocol import WorkerStore

COMMAND = struct.Struct("<Qcqq??")
"""A request: serial number, command, process ID of a worker, and the permissions of a new worker."""
ANSWER = struct.Struct("<Qq")
"""A reply: the serial number, and the process ID of a new worker (negative if the fork failed) or the exit status of an
ended one."""
FORK, BRANCH, WAIT, KILL, PING = b"F", b"B", b"W", b"K", b"P"
"""Fork a worker, fork a further zygote that prepares the store at the stage ``number``, wait for a worker, kill one,
and do nothing."""


def hold(control: socket.socket, store: WorkerStore, stage: int = 0) -> NoReturn:
    """Run as the zygote until this process ends.

    Args:
        control: the connection to the parent.
        store: the store.
        stage: what to prepare for the workers.
    """
    workers: set[int] = set()
    try:
        _leave_parent()
        control = _only_open(control)
        store.prepare(stage)
        if store.in_memory:
            import_all()
        gc.freeze()  # existing objects are not traversed again, so their memory stays shared with the workers
        while True:
            message, descriptors, _, _ = socket.recv_fds(control, COMMAND.size, 2)
            if len(message) < COMMAND.size:
                break
            asked, command, number, *permitted = COMMAND.unpack(message)
            if command == FORK:
                number = _forked(store, descriptors, Permissions(*permitted))
                workers.add(number)
            elif command == BRANCH:
                number = _branched(store, descriptors, number)
                workers.add(number)
            elif command != PING:
                if command == KILL:
                    os.kill(number, signal.SIGKILL)
                workers.discard(number)
                _, status = os.waitpid(number, 0)
                number = os.waitstatus_to_exitcode(status)
            control.sendall(ANSWER.pack(asked, number))
    finally:
        for worker in workers:
            with suppress(OSError):
                os.kill(worker, signal.SIGKILL)
                os.waitpid(worker, 0)
        os._exit(0)


def _forked(store: WorkerStore, descriptors: list[int], permissions: Permissions) -> int:
    """Fork a worker that communicates over the first descriptor and writes errors to the second one."""
    try:
        worker = os.fork()
        if worker == 0:
            try:
                os.dup2(descriptors[1], 2)
                run(SocketChannel(_only_open(socket.socket(fileno=descriptors[0]))), store, permissions)
            finally:
                os._exit(1)
    except OSError:
        return -1
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
    return worker


def _branched(store: WorkerStore, descriptors: list[int], stage: int) -> int:
    """Fork a zygote that is controlled over the descriptor; its memory is shared with this one until it changes."""
    try:
        branch = os.fork()
        if branch == 0:
            try:
                gc.unfreeze()
                hold(socket.socket(fileno=descriptors[0]), store, stage)
            finally:
                os._exit(1)
    except OSError:
        return -1
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
    return branch


def _leave_parent() -> None:
    """Detach from the parent: its signals, terminal and handlers."""
    handled = {number for number in signal.valid_signals() if callable(signal.getsignal(number))}
    for number in handled | {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT}:
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    # The time limit uses a signal, which the parent may have blocked.
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nothing, descriptor)


def _only_open(connection: socket.socket) -> socket.socket:
    """Move the connection to the first free descriptor, and close all others except the standard streams."""
    if (number := connection.detach()) != 3:
        os.dup2(number, 3, inheritable=False)
    most = os.sysconf("SC_OPEN_MAX")  # negative without a limit
    os.closerange(4, most if most > 0 else 1 << 16)
    return socket.socket(fileno=3)


def main() -> NoReturn:
    """Run a new process as the zygote, or as a worker without a zygote, depending on the command line.

    A zygote gets the descriptor of its connection, a worker its permissions. A worker uses the standard streams as its
    connection. The parent sends the pickled store first, and then requests.
    """
    words = [int(word) for word in sys.argv[1:]]
    if len(words) == 1:
        control = socket.socket(fileno=words[0])
        hold(control, _store_from(SocketChannel(control)))
    channel = PipeChannel(sys.stdin.buffer, os.fdopen(os.dup(1), "wb"))
    os.dup2(2, 1)  # keep output of libraries out of the messages
    memory, network, files = words
    run(channel, _store_from(channel), Permissions(memory, bool(network), bool(files)))


def _store_from(channel: Channel) -> WorkerStore:
    import pickle  # takes time to import

    store: WorkerStore = pickle.loads(channel.receive())  # noqa: S301 - the parent alone writes here
    return store
