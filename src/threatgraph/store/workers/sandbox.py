"""Limits that a worker process sets on itself before it evaluates an external query.

Limits that the operating system does not support are skipped; :func:`missing_limits` lists them.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

_STATUS = Path("/proc/self/statm")
#: The number of the system call ``socket`` and the seccomp architecture (linux/audit.h), by processor.
_SOCKET_CALLS = {"x86_64": (41, 0xC000003E), "aarch64": (198, 0xC00000B7)}
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2
_ALLOW, _FAIL, _EPERM = 0x7FFF0000, 0x00050000, 1
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
_GRACE = 2.0


def can_fork() -> bool:
    """Whether this operating system can fork a process."""
    return hasattr(os, "fork")


def missing_limits() -> list[str]:
    """The limits that this operating system does not support, in words; empty on Linux."""
    missing = []
    if not _STATUS.exists():
        missing.append("memory")
    if not can_fork():
        missing.append("access to files")
    return missing


def limit_memory(extra: int) -> None:
    """Limit the memory of this process to ``extra`` bytes beyond its current size; no effect without ``/proc``."""
    if not _STATUS.exists():
        return
    import resource

    pages = int(_STATUS.read_text(encoding="ascii").split()[0])
    _lower(resource.RLIMIT_AS, pages * resource.getpagesize() + extra)


def limit_time(seconds: float | None) -> None:
    """End this process shortly after a time limit, in case its parent has ended; ``None`` removes the limit."""
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, 0 if seconds is None else seconds + _GRACE)


def forbid_files() -> None:
    """Prevent this process from opening files or sockets; open ones remain usable."""
    if can_fork():
        import resource

        resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def forbid_network() -> None:
    """Prevent this process from opening sockets, by a seccomp filter if the kernel supports it."""
    if not sys.platform.startswith("linux"):
        return
    number, architecture = _SOCKET_CALLS.get(os.uname().machine, (None, 0))
    if number is None:
        return
    import ctypes

    class Step(ctypes.Structure):
        """A BPF instruction (linux/filter.h)."""

        _fields_ = (("code", ctypes.c_ushort), ("yes", ctypes.c_ubyte), ("no", ctypes.c_ubyte), ("k", ctypes.c_uint32))

    class Program(ctypes.Structure):
        """A BPF program (linux/filter.h)."""

        _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.POINTER(Step)))

    # System calls of another architecture fail too, since their numbers differ.
    steps = (Step * 6)(
        Step(_LOAD, 0, 0, 4),
        Step(_EQUAL, 0, 2, architecture),
        Step(_LOAD, 0, 0, 0),
        Step(_EQUAL, 0, 1, number),
        Step(_RETURN, 0, 0, _FAIL | _EPERM),
        Step(_RETURN, 0, 0, _ALLOW),
    )
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    if prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0:
        prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(Program(len(steps), steps)), 0, 0)


def forbid_dumps() -> None:
    """Disable core dumps of this process."""
    if can_fork():
        import resource

        _lower(resource.RLIMIT_CORE, 0)


def _lower(kind: int, limit: int) -> None:
    import resource

    _, hard = resource.getrlimit(kind)
    new = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(kind, (new, new))
