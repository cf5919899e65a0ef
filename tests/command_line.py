"""The command line in a process of its own, as the tests of several commands start it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def run(
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


def fails(*words: str, stdin: str = "", cwd: Path | None = None) -> str:
    """The message of a command that must fail with status 2 and no output."""
    status, out, err = run(*words, stdin=stdin, cwd=cwd)
    assert status == 2, (out, err)
    assert out == ""
    assert err.startswith("threatgraph: error: ")
    return err
