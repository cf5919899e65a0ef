"""The errors that threatgraph raises on purpose; every message says what was wrong and what to do next."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from threatgraph.display import redacted


class ThreatGraphError(Exception):
    """Root of every error that threatgraph raises on purpose; the command line turns it into exit status 2."""


class UnknownName(ThreatGraphError, LookupError):
    """A code, slug, query, parameter or format that does not exist; the message offers the nearest ones."""

    def __init__(self, what: str, name: str, known: Iterable[str], hint: str = "") -> None:
        by_lower = {k.lower(): k for k in known}
        near = difflib.get_close_matches(name.lower(), by_lower, n=3, cutoff=0.6)
        guess = f" Did you mean {' or '.join(by_lower[n] for n in near)}?" if near else ""
        super().__init__(f"unknown {what} {name!r}.{guess}{' ' + hint if hint else ''}")
        self.name = name
        self.suggestions = [by_lower[n] for n in near]


class AmbiguousName(ThreatGraphError, LookupError):
    """A name that several records share; the message lists a unique name of each."""


class InvalidFile(ThreatGraphError, ValueError):
    """A file that cannot be read as what it should be; carries the path and, where known, line and column (from 1)."""

    def __init__(self, path: str, reason: str, line: int | None = None, column: int | None = None) -> None:
        place = path.replace("\n", "\\n") + (f":{line}" if line else "") + (f":{column}" if line and column else "")
        super().__init__(f"{place}: {reason}")
        self.path, self.line, self.column = path, line, column


class InvalidQuery(ThreatGraphError, ValueError):
    """A SPARQL text that does not parse or a parameter value of the wrong type."""


class InvalidShape(ThreatGraphError, ValueError):
    """A SHACL shape that is not well-formed, so it cannot be evaluated."""


class QueryRefused(ThreatGraphError, PermissionError):
    """A query that would write, or reach outside the graph, where its owner has not turned that on."""


class QueryTimeout(ThreatGraphError, TimeoutError):
    """A query that ran past its time limit and was stopped."""


class QueryTooLarge(ThreatGraphError, MemoryError):
    """A query that needed more memory than its limit and was stopped."""


class EngineFailed(ThreatGraphError, RuntimeError):
    """A query on which the query engine itself crashed; the graph and this process are as they were."""


class EndpointError(ThreatGraphError):
    """A server that cannot be reached, refuses, or answers with something else than was asked; names its address."""

    def __init__(self, url: str, reason: str) -> None:
        url = redacted(url)
        super().__init__(f"{url}: {reason}")
        self.url, self.reason = url, reason
