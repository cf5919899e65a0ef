"""The command line, as the tests of several commands call it: in this process, or in one of its own."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from threatgraph.cli import main
from threatgraph.store.disk.cache import SWITCH

Run = Callable[..., tuple[int, str, str]]


def run(
    *words: str, stdin: str = "", env: dict[str, str] | None = None, cwd: Path | None = None
) -> tuple[int, str, str]:
    """Run the command line in this process, which takes a fraction of the time: status, standard output, error.

    As for users, commands share a cache of the bundled graph.
    """
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        for name in ("COLUMNS", SWITCH):
            patch.delenv(name, raising=False)
        for name, value in (env or {}).items():
            patch.setenv(name, value)
        patch.chdir(cwd or Path.cwd())
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8"))
        patch.setattr(sys, "__stdout__", out)  # whose terminal has a width
        try:
            status = main(words)
        except SystemExit as end:
            status = int(end.code or 0)
    for stream in (out, err):
        stream.seek(0)
    return status, out.read(), err.read()


def start(
    *words: str, stdin: str = "", env: dict[str, str] | None = None, cwd: Path | None = None
) -> tuple[int, str, str]:
    """Run the command line in a process of its own: status, standard output, standard error."""
    done = subprocess.run(
        [sys.executable, "-m", "threatgraph", *words],
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
        cwd=cwd,
        env={key: value for key, value in os.environ.items() if key != "COLUMNS"} | (env or {}),
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr


def fails(*words: str, stdin: str = "", cwd: Path | None = None, run: Run = run) -> str:
    """The message of a command that must fail with status 2 and no output."""
    status, out, err = run(*words, stdin=stdin, cwd=cwd)
    assert status == 2, (out, err)
    assert out == ""
    assert err.startswith("threatgraph: error: ")
    return err
