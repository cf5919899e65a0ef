"""Errors and warnings. Each message states what is wrong and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from threatgraph.display import redact


class ThreatGraphError(Exception):
    """The base class of all errors of threatgraph; on the command line, the exit status is 2."""


class ThreatGraphWarning(UserWarning):
    """A likely mistake that is not an error, such as a query with a property that does not exist."""


#: The minimum similarity of a suggestion (of difflib, 0 to 1); short names can be similar by chance.
_SIMILAR, _SIMILAR_SHORT = 0.7, 0.8
_SHORT = 6


def nearest(name: str, known: Iterable[str], most: int = 3) -> list[str]:
    """Return the known names that are similar to a name, most similar first; upper and lower case are equal.

    Args:
        name: the name that was not found.
        known: the names that exist.
        most: maximum number of names.
    """
    import difflib  # takes time to import, and most commands meet no unknown name

    wanted, by_lower = name.lower(), {k.lower(): k for k in sorted(known)}
    if len(wanted) >= _SHORT:
        found = difflib.get_close_matches(wanted, by_lower, n=most, cutoff=_SIMILAR)
    else:
        # Two swapped letters lower the similarity of a short name as much as a wrong letter does.
        swapped = [k for k in by_lower if k[:1] == wanted[:1] and sorted(k) == sorted(wanted)]
        found = [
            *swapped,
            *difflib.get_close_matches(wanted, by_lower.keys() - {*swapped}, n=most, cutoff=_SIMILAR_SHORT),
        ]
    return [by_lower[k] for k in found[:most]]


class UnknownName(ThreatGraphError, LookupError):
    """A code, slug, query, parameter or format that does not exist; the message suggests similar names."""

    def __init__(
        self, what: str, name: str, known: Iterable[str], hint: str = "", *, suggestions: Sequence[str] = ()
    ) -> None:
        """Compose the message.

        Args:
            what: the kind of name, such as ``pattern``.
            name: the name that was not found.
            known: the names that exist; similar ones are suggested.
            hint: a sentence on what to do.
            suggestions: names to suggest instead of similar ones.
        """
        self.name = name
        self.suggestions = list(suggestions) or nearest(name, known)
        *others, last = map(repr, self.suggestions or [""])
        listed = f"{', '.join(others)} or {last}" if others else last
        end = f"; did you mean {listed}?" if self.suggestions else "."
        super().__init__(f"unknown {what} {name!r}{end}{' ' + hint if hint else ''}")


class AmbiguousName(ThreatGraphError, LookupError):
    """A name that several records have; the message lists a unique name for each."""

    def __init__(self, message: str, candidates: Sequence[str] = ()) -> None:
        """Keep the candidates.

        Args:
            message: the message.
            candidates: the IRIs of the records.
        """
        super().__init__(message)
        self.candidates = list(candidates)


class InvalidFile(ThreatGraphError, ValueError):
    """A file that cannot be read or does not have the expected format; has the path and, if known, line and column."""

    def __init__(self, path: str, reason: str, line: int | None = None, column: int | None = None) -> None:
        location = path.replace("\n", "\\n") + (f":{line}" if line else "") + (f":{column}" if line and column else "")
        super().__init__(f"{location}: {reason}")
        self.path, self.line, self.column = path, line, column


class InvalidQuery(ThreatGraphError, ValueError):
    """A SPARQL query that does not parse, or an argument that is missing or not valid."""


class InvalidShape(ThreatGraphError, ValueError):
    """A SHACL shape that is not well-formed, so it cannot be evaluated."""


class NotRepresentable(ThreatGraphError, ValueError):
    """A value that a format cannot represent; the message names a format that can."""


class QueryRefused(ThreatGraphError, PermissionError):
    """An update, or a federated query without permission."""


class QueryTimeout(ThreatGraphError, TimeoutError):
    """A query that exceeded its time limit."""


class QueryTooLarge(ThreatGraphError, MemoryError):
    """A query that exceeded its memory limit."""


class EngineFailed(ThreatGraphError, RuntimeError):
    """A query that crashed the query engine. The graph and this process are not affected."""


class EndpointError(ThreatGraphError):
    """A request to a SPARQL server that failed; the message has the URL."""

    def __init__(self, url: str, reason: str) -> None:
        url = redact(url)
        super().__init__(f"{url}: {reason}")
        self.url, self.reason = url, reason


def missing_extra(command: str, extra: str) -> ImportError:
    """Return the error of a command whose packages are not installed.

    Args:
        command: the name of the command.
        extra: the extra that has the packages.
    """
    needed = f"install them with `pip install 'threatgraph[{extra}]'`."
    return ImportError(f"threatgraph {command} requires further packages: {needed}")
