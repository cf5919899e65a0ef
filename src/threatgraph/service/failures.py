"""Failures of the server, whose details are for its log: they name folders, addresses and settings."""

from __future__ import annotations

import sys

from threatgraph.display import printable
from threatgraph.errors import EndpointError, InvalidFile, ThreatGraphError
from threatgraph.store.disk.snapshots import StoreBusy


def is_failure(error: ThreatGraphError) -> bool:
    """Whether an error is a failure of the server, such as a store that cannot be read, and not of the request."""
    return type(error) is ThreatGraphError or isinstance(error, InvalidFile | EndpointError | StoreBusy)


def for_clients(error: ThreatGraphError) -> str:
    """Return the message of an error for clients; the details of a failure are written to the log."""
    if not is_failure(error):
        return str(error)
    log(str(error))
    if isinstance(error, EndpointError):
        return "the SPARQL server that has the graph did not answer as it should: try again later."
    return "the graph cannot be read at the moment: try again later."


def log(message: str) -> None:
    """Write a message to the log, which is standard error."""
    sys.stderr.write(f"threatgraph: {printable(message)}\n")
    sys.stderr.flush()
