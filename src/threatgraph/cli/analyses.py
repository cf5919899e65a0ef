"""The words of ``threatgraph analyse``."""

from __future__ import annotations

import argparse
from collections.abc import Callable

_NETWORKS = "pattern-cause, pattern-group, pattern-provision, incident-pattern or pattern-pattern"
_INCIDENTS_HAVE = "causal-factor, group, pattern, harm-type, sector or region"


def add_analyses(
    analyse: argparse.ArgumentParser,
    common: argparse.ArgumentParser,
    add_format: Callable[[argparse.ArgumentParser], None],
) -> None:
    """Add the analyses to the parser of the command.

    Args:
        analyse: the parser of ``threatgraph analyse``.
        common: the options that all commands have.
        add_format: adds ``--format`` to a parser.
    """
    kinds = analyse.add_subparsers(title="analyses", metavar="WHAT", required=True, parser_class=type(analyse))

    def add(name: str, text: str) -> argparse.ArgumentParser:
        description = text[0].upper() + text[1:] + "."
        sub: argparse.ArgumentParser = kinds.add_parser(name, parents=[common], help=text, description=description)
        sub.set_defaults(handler=f"analyse:{name}")
        add_format(sub)
        return sub

    _of_networks(add)
    _of_incidents(add)
    _of_coverage(add)
    _of_ways(add)


_Add = Callable[[str, str], argparse.ArgumentParser]


def _of_networks(add: _Add) -> None:
    sub = add("centrality", "rank the records of a kind by how central they are")
    sub.add_argument(
        "--kind",
        default="pattern",
        metavar="KIND",
        help="pattern, causal-factor (or cause), group, provision or incident (default: pattern)",
    )
    sub.add_argument("--network", metavar="NAME", help=f"{_NETWORKS} (default: the one that fits the kind)")
    sub.add_argument(
        "--by",
        default="pagerank",
        metavar="MEASURE",
        help="pagerank, degree, strength or betweenness (default: pagerank)",
    )
    sub.add_argument(
        "--pivots",
        type=_whole,
        metavar="N",
        help="estimate betweenness from so many nodes, where a large graph takes long",
    )
    _limit(sub)
    sub = add("communities", "find the patterns that belong together, and compare that with their domains")
    sub.add_argument(
        "--network",
        default="pattern-pattern",
        metavar="NAME",
        help=f"what joins them: {_NETWORKS} (default: pattern-pattern, which is all of them)",
    )
    sub.add_argument(
        "--resolution",
        type=float,
        default=1.0,
        metavar="NUMBER",
        help="above 1 for more communities, below for fewer (default: 1)",
    )
    sub.add_argument(
        "--agreement", action="store_true", help="say in figures how well the communities agree with the domains"
    )


def _of_incidents(add: _Add) -> None:
    sub = add("cooccurrence", "list what incidents have together more often than by chance")
    sub.add_argument(
        "--kind", default="causal-factor", metavar="KIND", help=f"{_INCIDENTS_HAVE} (default: causal-factor)"
    )
    sub.add_argument("--with", dest="other", metavar="KIND", help="what to pair it with (default: the same kind)")
    sub.add_argument(
        "--minimum", type=_whole, default=2, metavar="N", help="leave out pairs of fewer incidents (default: 2)"
    )
    _limit(sub)
    sub = add("trends", "count the incidents over time, no more exactly than their dates are known")
    sub.add_argument("--by", metavar="KIND", help=f"tell them apart by domain, {_INCIDENTS_HAVE}")
    sub.add_argument("--period", default="year", metavar="PERIOD", help="year, quarter or month (default: year)")
    sub.add_argument(
        "--primary", action="store_true", help="by pattern or domain: go by the primary pattern of an incident alone"
    )


def _of_coverage(add: _Add) -> None:
    sub = add("coverage", "count the provisions of each framework that each pattern is mapped to")
    sub.add_argument(
        "--by-framework", action="store_true", help="say instead how much of each framework the patterns reach"
    )
    sub = add("gaps", "list what nothing reaches yet")
    sub.add_argument(
        "--gap",
        metavar="GAP",
        help="provision-unreached, provision-only-below, pattern-without-incident or pattern-without-mapping "
        "(default: all of them)",
    )
    sub.add_argument("--framework", metavar="ID", help="leave out what concerns other frameworks")


def _of_ways(add: _Add) -> None:
    sub = add("path", "explain by which links two records have to do with each other")
    sub.add_argument("start", metavar="A", help="a record, by code, slug, label, prefixed name or IRI")
    sub.add_argument("goal", metavar="B", help="another one")
    sub.add_argument(
        "--strongest", action="store_true", help="go by records that few others are linked with, however long the way"
    )
    sub = add("escalation", "list the chains along which a pattern can grow into others")
    sub.add_argument("id", metavar="ID", help="a pattern, by code, slug, label or IRI")
    sub.add_argument("--longest", type=_whole, metavar="N", help="cut chains after so many links")


def _limit(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--limit", type=_whole, metavar="N", help="the first so many rows alone")


def _whole(text: str) -> int:
    """A whole number from 1 on."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"give a whole number from 1 on, not {text!r}")
    return number
