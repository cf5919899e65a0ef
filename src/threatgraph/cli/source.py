"""The graph that ``serve`` and ``mcp`` serve: the options that all commands have, as a source for worker processes."""

from __future__ import annotations

from threatgraph.cli.options import Options
from threatgraph.cli.output import refuse_conflicts
from threatgraph.service import Source


def source_of(options: Options) -> Source:
    """Return the graph that the options select.

    Raises:
        ThreatGraphError: if they exclude each other.
    """
    refuse_conflicts(options)
    return Source(
        options.data,
        bundled=not options.no_bundled,
        store=options.store,
        endpoint=options.endpoint,
        user=options.user,
        graph=options.default_graph,
    )
