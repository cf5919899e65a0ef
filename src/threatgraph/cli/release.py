"""``threatgraph release``: check the graph and write the files of a release."""

from __future__ import annotations

from threatgraph.cli.options import Options, site_url
from threatgraph.cli.output import notify, open_graph
from threatgraph.cli.parser import Parser
from threatgraph.errors import ThreatGraphError, missing_extra


class ReleaseOptions(Options):
    """The options of ``threatgraph release``."""

    version: str
    previous: str | None = None
    base_url: str | None = None


def add_arguments(parser: Parser) -> None:
    """Add the arguments of the command."""
    parser.set_defaults(execute=execute, options=ReleaseOptions)
    parser.add_argument("version", metavar="VERSION", help="semantic version of the release, such as 1.2.0")
    parser.add_argument(
        "--previous",
        metavar="OLD",
        help="the previous release: its folder, a checkout, or an RDF file that states its version",
    )
    parser.add_argument(
        "--base-url",
        type=site_url,
        metavar="URL",
        help="URL of the site that will have the release at releases/VERSION/; required for the redirects of w3id.org",
    )
    parser.add_examples(
        "threatgraph release 1.0.0 -o threatgraph-1.0.0/",
        "threatgraph release 1.1.0 -o new/ --previous threatgraph-1.0.0/",
        "threatgraph release 1.1.0 -o new/ --base-url https://example.org/threats",
    )
    parser.add_note("--output names a folder, which must be new or empty.")
    parser.add_note("Nothing is written if validation or the gate of 'diff' fails.")
    parser.add_note("VERSION must be the one that the ontology states, and high enough after OLD.")


def execute(options: ReleaseOptions) -> int:
    """Write the release into the folder that the options name."""
    if not options.output:
        raise ThreatGraphError("release requires --output DIR, a new folder.")
    if options.endpoint:
        raise ThreatGraphError("--endpoint cannot be used with release: a release is made of files.")
    try:
        from threatgraph.web.ontology import reference
    except ImportError as error:
        raise missing_extra("release", "server") from error
    from threatgraph.releases.build import build

    graph = open_graph(options)
    made = build(
        graph.store,
        options.version,
        options.output,
        previous=options.previous,
        base_url=options.base_url,
        pages=reference(),
    )
    step = f"; the changes since the previous release call for a step of {made.step}" if made.step else ""
    notify(f"threatgraph: {options.output} has {made.files:,} files with {made.size / 1e6:,.1f} MB{step}.")
    if options.base_url is None:
        notify("threatgraph: without --base-url, there are no redirects for w3id.org.")
    return 0
