"""Starts SPARQL servers on loopback for the tests."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_VIRTUOSO = """
[Database]
DatabaseFile = {dir}/v.db
ErrorLogFile = {dir}/v.log
LockFile = {dir}/v.lck
TransactionFile = {dir}/v.trx
xa_persistent_file = {dir}/v.pxa
[TempDatabase]
DatabaseFile = {dir}/vt.db
TransactionFile = {dir}/vt.trx
[Parameters]
ServerPort = 127.0.0.1:{sql}
DirsAllowed = {dir}
NumberOfBuffers = 10000
MaxDirtyBuffers = 6000
[HTTPServer]
ServerPort = 127.0.0.1:{http}
ServerRoot = {dir}
[SPARQL]
ResultSetMaxRows = 10000
"""


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def oxigraph_binary() -> str | None:
    beside = Path(sys.executable).with_name("oxigraph")
    return str(beside) if beside.exists() else shutil.which("oxigraph")


@contextmanager
def oxigraph(folder: Path) -> Iterator[str]:
    """The address of an Oxigraph server, which holds its data in memory; queries go to /query, updates to /update."""
    binary = oxigraph_binary()
    assert binary
    port = free_port()
    command = [binary, "serve", "--bind", f"127.0.0.1:{port}"]
    with _running(command, folder, f"http://127.0.0.1:{port}") as url:
        yield url


@contextmanager
def virtuoso(folder: Path) -> Iterator[str]:
    """The address of a Virtuoso; queries go to /sparql, updates to /sparql-auth as dba (password dba, by Digest)."""
    port = free_port()
    settings = folder / "virtuoso.ini"
    settings.write_text(_VIRTUOSO.format(dir=folder, sql=free_port(), http=port), encoding="ascii")
    with _running(["virtuoso-t", "-f", "-c", str(settings)], folder, f"http://127.0.0.1:{port}") as url:
        yield url


@contextmanager
def _running(command: list[str], folder: Path, url: str) -> Iterator[str]:
    with (folder / "out.txt").open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=output)
        try:
            end = time.monotonic() + 60
            while not _answers(url):
                assert process.poll() is None, (folder / "out.txt").read_text(errors="replace")
                assert time.monotonic() < end, "the server does not start"
                time.sleep(0.2)
            yield url
        finally:
            process.kill()
            process.wait()


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=2).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True
