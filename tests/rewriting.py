"""Evaluates the rules of an Apache ``.htaccess`` file (mod_rewrite), with an interpreter and with Apache itself."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

_MODULES = Path("/usr/lib/apache2/modules")
_CONFIGURATION = """
ServerRoot "{folder}"
ServerName localhost
Listen 127.0.0.1:{port}
PidFile "{folder}/pid"
ErrorLog "{folder}/log"
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule rewrite_module {modules}/mod_rewrite.so
DocumentRoot "{folder}/www"
{user}
<Directory "{folder}/www">
  AllowOverride FileInfo
  Options FollowSymLinks
  Require all granted
</Directory>
"""


class Redirect(NamedTuple):
    """The answer to a request."""

    status: int
    location: str


class Rules:
    """The rules of a file: conditions on the header ``Accept``, and rules that redirect and end.

    Args:
        text: the file; another directive or flag is an error.
    """

    def __init__(self, text: str) -> None:
        self._rules: list[tuple[list[str], str, str, int]] = []
        conditions: list[str] = []
        engine = False
        for line in text.splitlines():
            if not line.strip() or line.startswith("#"):
                continue
            directive, *words = line.split()
            if directive == "RewriteEngine":
                engine = words == ["on"]
            elif directive == "RewriteCond":
                variable, pattern = words
                assert variable == "%{HTTP_ACCEPT}", line
                conditions.append(pattern)
            else:
                assert directive == "RewriteRule", line
                pattern, target, flags = words
                found = re.fullmatch(r"\[R=(30[1-8]),L\]", flags)
                assert found, line
                self._rules.append((conditions, pattern, target, int(found[1])))
                conditions = []
        assert engine
        assert not conditions

    def answer(self, path: str, accept: str = "") -> Redirect | None:
        """The redirect for a path below the folder of the file."""
        for conditions, pattern, target, status in self._rules:
            found = re.search(pattern, unquote(path))
            if found and all(re.search(condition, accept) for condition in conditions):
                return Redirect(status, _expanded(target, found))
        return None


def _expanded(target: str, found: re.Match[str]) -> str:
    """The target of a rule with the groups of its pattern; a backslash escapes the next character."""
    return re.sub(r"\\(.)|\$(\d)", lambda part: part[1] or found[int(part[2])] or "", target)


def apache_is_installed() -> bool:
    """Whether Apache is there, as Debian packages it."""
    return shutil.which("apache2") is not None and (_MODULES / "mod_rewrite.so").exists()


class Apache:
    """A server that runs."""

    def __init__(self, port: int, rules: Path) -> None:
        self._port, self._rules = port, rules

    def use(self, text: str) -> None:
        """Use other rules."""
        self._rules.write_text(text, encoding="utf-8")

    def answer(self, path: str, accept: str = "") -> Redirect | None:
        """The redirect for a path below the folder of the file."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        try:
            connection.request("GET", f"/threatgraph/{path}", headers={"Accept": accept} if accept else {})
            response = connection.getresponse()
            location = response.getheader("Location")
            return Redirect(response.status, location) if location else None
        finally:
            connection.close()


@contextmanager
def apache() -> Iterator[Apache]:
    """Start Apache with a folder ``threatgraph`` that has a ``.htaccess`` file."""
    with tempfile.TemporaryDirectory(prefix="threatgraph-apache-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # Apache reads it as another user
        place = folder / "www" / "threatgraph"
        place.mkdir(parents=True)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        user = "User www-data\nGroup www-data" if os.geteuid() == 0 else ""
        text = _CONFIGURATION.format(folder=folder, port=port, modules=_MODULES, user=user)
        (folder / "conf").write_text(text, encoding="utf-8")
        process = subprocess.Popen(["apache2", "-X", "-f", str(folder / "conf")], stderr=subprocess.PIPE)
        try:
            _wait_for(port, process)
            yield Apache(port, place / ".htaccess")
        finally:
            process.terminate()
            process.wait(20)
            if process.stderr:
                process.stderr.close()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert process.poll() is None, process.stderr and process.stderr.read()
            time.sleep(0.05)
        else:
            return
    raise AssertionError("Apache does not answer")
