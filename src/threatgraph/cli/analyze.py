"""``threatgraph analyze``: run graph analytics."""

from __future__ import annotations

from collections.abc import Callable

from threatgraph.analytics import Analytics
from threatgraph.cli.options import TABLES, Names, TableOptions, add_format, number, positive_integer
from threatgraph.cli.output import notify, open_graph, write_table, write_text
from threatgraph.cli.parser import Parser
from threatgraph.table import Table
from threatgraph.vocab import shorten

_NETWORKS = Names("threatgraph.analytics.networks:NETWORKS")
_TOGETHER = Names("threatgraph.analytics.cooccurrence:PROPERTIES")
_KINDS = Names("threatgraph.analytics.centrality:DEFAULTS", "cause")
_MEASURES = Names("threatgraph.analytics.centrality:MEASURES")
_DIMENSIONS = Names("threatgraph.analytics.trends:DIMENSIONS")
_PERIODS = Names("threatgraph.analytics.trends:PERIODS")
_GAPS = Names("threatgraph.analytics.coverage:GAPS")


class CentralityOptions(TableOptions):
    """The options of ``threatgraph analyze centrality``."""

    kind: str = "pattern"
    network: str | None = None
    by: str = "pagerank"
    pivots: int | None = None
    limit: int | None = None


class CommunitiesOptions(TableOptions):
    """The options of ``threatgraph analyze communities``."""

    network: str = "pattern-pattern"
    resolution: float = 1.0
    agreement: bool = False


class CooccurrenceOptions(TableOptions):
    """The options of ``threatgraph analyze cooccurrence``."""

    kind: str = "causal-factor"
    other: str | None = None
    minimum: int = 2
    limit: int | None = None


class TrendsOptions(TableOptions):
    """The options of ``threatgraph analyze trends``."""

    by: str | None = None
    period: str = "year"
    primary: bool = False


class CoverageOptions(TableOptions):
    """The options of ``threatgraph analyze coverage``."""

    by_framework: bool = False


class GapsOptions(TableOptions):
    """The options of ``threatgraph analyze gaps``."""

    gap: str | None = None
    framework: str | None = None


class PathOptions(TableOptions):
    """The options of ``threatgraph analyze path``."""

    start: str
    goal: str
    strongest: bool = False


class EscalationOptions(TableOptions):
    """The options of ``threatgraph analyze escalation``."""

    id: str
    longest: int | None = None


def add_arguments(parser: Parser) -> None:
    """Add one subcommand for each analysis."""
    analyses = parser.add_subcommands("analyses", "ANALYSIS")

    def add(name: str, text: str, fill: Callable[[Parser], None]) -> None:
        analyses.add_parser(name, help=text, description=f"{text}.", fill=fill)

    add("centrality", "Rank the records of a kind by centrality", _centrality)
    add("communities", "Find communities of patterns", _communities)
    add("cooccurrence", "Find what occurs together in incidents", _cooccurrence)
    add("trends", "Count incidents over time", _trends)
    add("coverage", "Count the mappings of each pattern to each framework", _coverage)
    add("gaps", "List coverage gaps", _gaps)
    add("path", "Explain how two records are connected", _path)
    add("escalation", "List the escalation chains of a pattern", _escalation)
    parser.add_examples(
        "threatgraph analyze centrality --kind causal-factor --limit 5",
        "threatgraph analyze trends --by domain",
        "threatgraph analyze path PAT-SYS-005 PAT-INF-002",
    )


def _centrality(parser: Parser) -> None:
    parser.set_defaults(execute=centrality, options=CentralityOptions)
    parser.add_argument(
        "--kind",
        metavar="KIND",
        choices=_KINDS,
        help="%(choices)s (default: pattern)",
    )
    parser.add_argument(
        "--network", metavar="NETWORK", choices=_NETWORKS, help="%(choices)s (default: depends on the kind)"
    )
    parser.add_argument(
        "--by",
        metavar="MEASURE",
        choices=_MEASURES,
        help="%(choices)s (default: pagerank)",
    )
    parser.add_argument(
        "--pivots", type=positive_integer, metavar="N", help="estimate betweenness from N nodes, for large graphs"
    )
    _add_limit(parser)
    add_format(parser, TABLES, default="table")
    parser.add_examples(
        "threatgraph analyze centrality",
        "threatgraph analyze centrality --kind causal-factor --by betweenness",
    )


def centrality(options: CentralityOptions) -> int:
    """Rank the records of a kind."""
    found = _analytics(options).centrality(options.kind, network=options.network, by=options.by, pivots=options.pivots)
    write_table(found[: options.limit], options)
    return 0


def _communities(parser: Parser) -> None:
    parser.set_defaults(execute=communities, options=CommunitiesOptions)
    parser.add_argument(
        "--network",
        metavar="NETWORK",
        choices=_NETWORKS,
        help="%(choices)s (default: pattern-pattern, which is all links)",
    )
    parser.add_argument(
        "--resolution",
        type=number,
        metavar="NUMBER",
        help="above 1 for more communities, below 1 for fewer (default: 1)",
    )
    parser.add_argument("--agreement", action="store_true", help="compare the communities with the domains")
    add_format(parser, TABLES, default="table")
    parser.add_examples(
        "threatgraph analyze communities --resolution 1.5", "threatgraph analyze communities --agreement"
    )


def communities(options: CommunitiesOptions) -> int:
    """Find communities of patterns, or compare them with the domains."""
    analytics = _analytics(options)
    find = analytics.agreement if options.agreement else analytics.communities
    write_table(find(network=options.network, resolution=options.resolution), options)
    return 0


def _cooccurrence(parser: Parser) -> None:
    parser.set_defaults(execute=cooccurrence, options=CooccurrenceOptions)
    parser.add_argument("--kind", metavar="KIND", choices=_TOGETHER, help="%(choices)s (default: causal-factor)")
    parser.add_argument(
        "--with", dest="other", metavar="KIND", choices=_TOGETHER, help="kind to pair it with (default: the same kind)"
    )
    parser.add_argument(
        "--minimum", type=positive_integer, metavar="N", help="leave out pairs with fewer than N incidents (default: 2)"
    )
    _add_limit(parser)
    add_format(parser, TABLES, default="table")
    parser.add_examples(
        "threatgraph analyze cooccurrence",
        "threatgraph analyze cooccurrence --kind causal-factor --with group --minimum 3",
    )


def cooccurrence(options: CooccurrenceOptions) -> int:
    """List what occurs together in incidents."""
    found = _analytics(options).cooccurrence(options.kind, options.other, minimum=options.minimum)
    shown = ("a", "b", "together", "expected", "lift")
    write_table(found[: options.limit], options, shown=shown)
    return 0


def _trends(parser: Parser) -> None:
    parser.set_defaults(execute=trends, options=TrendsOptions)
    parser.add_argument("--by", metavar="KIND", choices=_DIMENSIONS, help="group by %(choices)s")
    parser.add_argument(
        "--period",
        metavar="PERIOD",
        choices=_PERIODS,
        help="%(choices)s (default: year)",
    )
    parser.add_argument(
        "--primary", action="store_true", help="with --by pattern or domain: count only the primary pattern"
    )
    add_format(parser, TABLES, default="table")
    parser.add_examples("threatgraph analyze trends --by domain", "threatgraph analyze trends --period quarter")


def trends(options: TrendsOptions) -> int:
    """Count the incidents over time."""
    found = _analytics(options).trends(by=options.by, period=options.period, primary=options.primary)
    write_table(found, options)
    if "unreadable" in found.column("status"):
        notify("threatgraph: note: some dates cannot be read; run `threatgraph validate` to list them.")
    return 0


def _coverage(parser: Parser) -> None:
    parser.set_defaults(execute=coverage, options=CoverageOptions)
    parser.add_argument(
        "--by-framework", action="store_true", help="report how much of each framework the patterns cover"
    )
    add_format(parser, TABLES, default="table")
    parser.add_examples("threatgraph analyze coverage --by-framework")


def coverage(options: CoverageOptions) -> int:
    """Count mappings by pattern, or by framework."""
    analytics = _analytics(options)
    if options.by_framework:
        write_table(analytics.framework_coverage(), options)
        return 0
    found = analytics.coverage()
    frameworks = found.columns[2 : found.columns.index("provisions")]
    write_table(found, options, shown=("label", *frameworks))
    return 0


def _gaps(parser: Parser) -> None:
    parser.set_defaults(execute=gaps, options=GapsOptions)
    parser.add_argument(
        "--gap",
        metavar="GAP",
        choices=_GAPS,
        help="%(choices)s (default: all of them)",
    )
    parser.add_argument("--framework", metavar="ID", help="list only the gaps of this framework")
    add_format(parser, TABLES, default="table")
    parser.add_examples("threatgraph analyze gaps", "threatgraph analyze gaps --framework owasp-llm-2025")


def gaps(options: GapsOptions) -> int:
    """List coverage gaps."""
    write_table(_analytics(options).gaps(gap=options.gap, framework=options.framework), options)
    return 0


def _path(parser: Parser) -> None:
    parser.set_defaults(execute=path, options=PathOptions)
    parser.add_argument("start", metavar="ID", help="the first record, by code, slug, label, prefixed name or IRI")
    parser.add_argument("goal", metavar="ID", help="the second record")
    parser.add_argument(
        "--strongest", action="store_true", help="prefer specific links to short paths: avoid records with many links"
    )
    add_format(parser, TABLES, default="table")
    parser.add_examples("threatgraph analyze path PAT-SYS-005 PAT-INF-002 --strongest")


def path(options: PathOptions) -> int:
    """Explain how two records are connected."""
    graph = open_graph(options)
    start, goal = graph.resolve(options.start), graph.resolve(options.goal)
    found = graph.analytics.path(start, goal, strongest=options.strongest)
    if options.format == "table":  # people read the labels, and the IRIs are long
        found = Table(found.columns[:-2], [row[:-2] for row in found.rows])
    _write_or_explain(found, f"no links lead from {shorten(start)} to {shorten(goal)}", options)
    return 0


def _escalation(parser: Parser) -> None:
    parser.set_defaults(execute=escalation, options=EscalationOptions)
    parser.add_argument("id", metavar="ID", help="a pattern, by code, slug, label or IRI")
    parser.add_argument("--longest", type=positive_integer, metavar="N", help="cut chains after N links")
    add_format(parser, TABLES, default="table")
    parser.add_examples("threatgraph analyze escalation PAT-AGT-003")


def escalation(options: EscalationOptions) -> int:
    """List the chains along which a pattern can escalate into others."""
    graph = open_graph(options)
    pattern = graph.resolve(options.id, "pattern")
    found = graph.analytics.escalation(pattern, longest=options.longest)
    _write_or_explain(found, f"{shorten(pattern)} escalates into no other pattern", options)
    return 0


def _add_limit(parser: Parser) -> None:
    parser.add_argument("--limit", type=positive_integer, metavar="N", help="show at most N rows")


def _analytics(options: TableOptions) -> Analytics:
    return open_graph(options).analytics


def _write_or_explain(table: Table, why: str, options: TableOptions) -> None:
    """Write the table; where it has no rows, write the reason for people."""
    if table.rows or options.format != "table":
        write_table(table, options)
    else:
        write_text(f"none: {why}\n", options)
