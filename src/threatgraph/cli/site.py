"""``threatgraph site``: write a site of files with the pages and other forms of all records."""

from __future__ import annotations

from pathlib import Path

from threatgraph.cli.options import EDIT_URL_HELP, Options, positive_integer, site_url
from threatgraph.cli.output import notify, open_graph
from threatgraph.cli.parser import Parser
from threatgraph.errors import ThreatGraphError, missing_extra


class SiteOptions(Options):
    """The options of ``threatgraph site``."""

    base_url: str | None = None
    edit_url: str | None = None
    processes: int | None = None


def add_arguments(parser: Parser) -> None:
    """Add the arguments of the command."""
    parser.set_defaults(execute=execute, options=SiteOptions)
    parser.add_argument(
        "--base-url",
        type=site_url,
        metavar="URL",
        help="URL of the site, for the sitemap and the feed (default: https://w3id.org/threatgraph)",
    )
    parser.add_argument("--edit-url", type=site_url, metavar="URL", help=EDIT_URL_HELP)
    parser.add_argument(
        "--processes", type=positive_integer, metavar="N", help="processes to use (default: one per processor)"
    )
    parser.add_examples(
        "threatgraph site -o public/",
        "threatgraph site -o public/ --base-url https://example.org/threats",
        "threatgraph site -o public/ --data my-records/",
    )
    parser.add_note("--output names a folder, which must be new, empty, or have an earlier site.")


def execute(options: SiteOptions) -> int:
    """Write the site into the folder that the options name."""
    if not options.output:
        raise ThreatGraphError("site requires --output DIR, a new folder or an earlier site.")
    try:
        import jinja2  # noqa: F401
    except ImportError as error:
        raise missing_extra("site", "server") from error
    from threatgraph.cli.source import source_of
    from threatgraph.web.site import build

    graph = open_graph(options)
    source_of(options).use_kept(graph)
    result = build(
        graph,
        Path(options.output),
        base_url=options.base_url,
        edit_url=options.edit_url or "",
        processes=options.processes,
    )
    notify(
        f"threatgraph: {options.output} has {result.files:,} files with {result.size / 1e6:,.0f} MB:"
        f" {result.written:,} written, {result.files - result.written:,} unchanged, {result.removed:,} removed."
    )
    return 0
