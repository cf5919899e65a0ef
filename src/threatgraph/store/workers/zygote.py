"""The process that workers are forked from: it holds the graph and one thread, and does nothing else.

A fork of a process with threads can copy a lock that nobody will open again, so workers are not forked by the process
that uses them. The zygote is forked by that process while it has a single thread, or started anew with a copy of the
store. It ends, and its workers with it, as soon as the process that started it does.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import socket
import struct
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

from threatgraph.store.workers.channels import Channel, PipeChannel, SocketChannel
from threatgraph.store.workers.worker import Permissions, run

if TYPE_CHECKING:
    from threatgraph.store.workers.protocol import WorkerStore

COMMAND = struct.Struct("<Qcqq??")
"""What the zygote is asked: a serial number, a command, the number of a worker, and the permissions of a new one."""
ANSWER = struct.Struct("<Qq")
"""What it answers: the serial number, and the number of a new worker, below 0 where that failed, or the exit status of
an old one."""
FORK, WAIT, KILL = b"F", b"W", b"K"


def hold(control: socket.socket, store: WorkerStore) -> NoReturn:
    """Be the zygote, to the end of this process.

    Args:
        control: the connection to the process that this one serves.
        store: the graph.
    """
    workers: set[int] = set()
    try:
        _leave_parent()
        control = _only_open(control)
        gc.freeze()  # what is here already is not looked at again, and so stays shared with the workers
        while True:
            message, descriptors, _, _ = socket.recv_fds(control, COMMAND.size, 2)
            if len(message) < COMMAND.size:
                break
            asked, command, number, *permitted = COMMAND.unpack(message)
            if command == FORK:
                number = _forked(store, descriptors, Permissions(*permitted))
                workers.add(number)
            else:
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
    """The number of a new worker, which speaks over the first descriptor and complains to the second one."""
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


def _leave_parent() -> None:
    """Take part in nothing that concerns the parent: its signals, its terminal and its handlers."""
    handled = {number for number in signal.valid_signals() if callable(signal.getsignal(number))}
    for number in handled | {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT}:
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    # The limit of time is a signal, too, which the parent may have blocked.
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nothing, descriptor)


def _only_open(connection: socket.socket) -> socket.socket:
    """The connection under the first free number, after everything else but the standard streams is closed."""
    if (number := connection.detach()) != 3:
        os.dup2(number, 3, inheritable=False)
    most = os.sysconf("SC_OPEN_MAX")  # below 0 where there is no limit
    os.closerange(4, most if most > 0 else 1 << 16)
    return socket.socket(fileno=3)


def main() -> NoReturn:
    """Be the zygote, or a worker without one, in a process of its own; the command line says which.

    A zygote is given the descriptor of its connection, a worker its permissions. Over the connection, which of a worker
    is the standard streams, comes the store, pickled by the parent, and then the requests.
    """
    words = [int(word) for word in sys.argv[1:]]
    if len(words) == 1:
        control = socket.socket(fileno=words[0])
        hold(control, _store_from(SocketChannel(control)))
    channel = PipeChannel(sys.stdin.buffer, os.fdopen(os.dup(1), "wb"))
    os.dup2(2, 1)  # what a library prints is no message
    memory, network, files = words
    run(channel, _store_from(channel), Permissions(memory, bool(network), bool(files)))


def _store_from(channel: Channel) -> WorkerStore:
    store: WorkerStore = pickle.loads(channel.receive())  # noqa: S301 - the parent alone writes here
    return store
