"""The analyses: ``threatgraph analyse WHAT``."""

from __future__ import annotations

import argparse

from threatgraph.analytics import Analytics
from threatgraph.cli.output import open_graph, put_table, put_text, say
from threatgraph.table import Table
from threatgraph.vocab import shorten


def centrality(arguments: argparse.Namespace) -> int:
    """Rank the records of a kind."""
    found = _analytics(arguments).centrality(
        arguments.kind, network=arguments.network, by=arguments.by, pivots=arguments.pivots
    )
    put_table(found[: arguments.limit], arguments)
    return 0


def communities(arguments: argparse.Namespace) -> int:
    """Find communities of patterns, or say how well they agree with the domains."""
    analytics = _analytics(arguments)
    find = analytics.agreement if arguments.agreement else analytics.communities
    put_table(find(network=arguments.network, resolution=arguments.resolution), arguments)
    return 0


def cooccurrence(arguments: argparse.Namespace) -> int:
    """List what incidents have together."""
    found = _analytics(arguments).cooccurrence(arguments.kind, arguments.other, minimum=arguments.minimum)
    put_table(found[: arguments.limit], arguments)
    return 0


def trends(arguments: argparse.Namespace) -> int:
    """Count the incidents over time."""
    found = _analytics(arguments).trends(by=arguments.by, period=arguments.period, primary=arguments.primary)
    put_table(found, arguments)
    if "unreadable" in found.column("status"):
        say("threatgraph: note: some dates cannot be read; `threatgraph validate` says which and what to do.")
    return 0


def coverage(arguments: argparse.Namespace) -> int:
    """Count mappings by pattern, or by framework."""
    analytics = _analytics(arguments)
    put_table(analytics.reach() if arguments.by_framework else analytics.coverage(), arguments)
    return 0


def gaps(arguments: argparse.Namespace) -> int:
    """List what nothing reaches yet."""
    put_table(_analytics(arguments).gaps(gap=arguments.gap, framework=arguments.framework), arguments)
    return 0


def path(arguments: argparse.Namespace) -> int:
    """Explain by which links two records have to do with each other."""
    graph = open_graph(arguments)
    start, goal = graph.resolve(arguments.start), graph.resolve(arguments.goal)
    found = graph.analytics.path(start, goal, strongest=arguments.strongest)
    if arguments.format == "table":  # for people the labels tell the records, and the IRIs are long
        found = Table(found.columns[:-2], [row[:-2] for row in found.rows])
    _put_or_none(found, f"no links lead from {shorten(start)} to {shorten(goal)}", arguments)
    return 0


def escalation(arguments: argparse.Namespace) -> int:
    """List the chains along which a pattern can grow into others."""
    graph = open_graph(arguments)
    pattern = graph.resolve(arguments.id, "pattern")
    found = graph.analytics.escalation(pattern, longest=arguments.longest)
    _put_or_none(found, f"{shorten(pattern)} grows into no other pattern", arguments)
    return 0


def _analytics(arguments: argparse.Namespace) -> Analytics:
    return open_graph(arguments).analytics


def _put_or_none(table: Table, why: str, arguments: argparse.Namespace) -> None:
    """Write the table; to people, where it has no rows, why that is so."""
    if table.rows or arguments.format != "table":
        put_table(table, arguments)
    else:
        put_text(f"none: {why}\n", arguments)
