"""The words of the command line."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from typing import NoReturn

from threatgraph.cli.analyses import add_analyses
from threatgraph.display import printable
from threatgraph.vocab import KINDS

TABLES = ("table", "json", "csv", "tsv", "markdown")
TRIPLES = ("turtle", "jsonld", "ntriples", "rdfxml")
PICTURES = ("similarity", "causes", "timeline", "coverage")
EXPORTS = (*TRIPLES, "nquads", "trig", "graphml", "gexf", "sssom", "stix")
INPUTS = ("turtle", "ntriples", "nquads", "trig", "jsonld", "rdfxml")
IMPORTS = ("aiid", "mit-risk-repository", "sssom", "nexus", "atlas", "stix")


_LONGEST = 24 * 60 * 60

#: Adds a command: its name, its handler and what it does.
_Command = Callable[[str, str, str], argparse.ArgumentParser]


class _Parser(argparse.ArgumentParser):
    """A parser whose errors read like all others of the program."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"threatgraph: error: {printable(message)}\nTry: {self.prog} --help\n")


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands; ``handler`` in its result names the module and function that answer."""
    common = _common()
    parser = _Parser(
        prog="threatgraph",
        parents=[common],
        description="A knowledge graph of AI threats: ask it, check it, take it away.",
        epilog="Example: threatgraph show PAT-SYS-005",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=_Parser)

    def command(name: str, handler: str, text: str) -> argparse.ArgumentParser:
        sub: argparse.ArgumentParser = commands.add_parser(
            name, parents=[common], help=text, description=text[0].upper() + text[1:] + "."
        )
        sub.set_defaults(handler=handler)
        return sub

    _asking(command)
    _recommending(command)
    analyse = command("analyse", "analyse:centrality", "say what the links tell when they are taken together")
    add_analyses(analyse, common, lambda sub: _format(sub, TABLES))
    _checking(command)
    _loading(command)
    _writing(command)
    return parser


def _common() -> _Parser:
    """Options that stand before or after the command; without defaults, so that neither place undoes the other."""
    common = _Parser(add_help=False, argument_default=argparse.SUPPRESS)
    common.add_argument(
        "--data", action=_Append, metavar="PATH", help="add an RDF file, or a folder of them, of your own"
    )
    common.add_argument("--store", metavar="DIR", help="use the store in this folder, which `load` fills")
    common.add_argument("--endpoint", metavar="URL", help="ask the SPARQL server at this address")
    common.add_argument("--update-endpoint", metavar="URL", help="its address for updates, where it is another one")
    common.add_argument("--graph-store-endpoint", metavar="URL", help="its address of the Graph Store protocol")
    common.add_argument("--user", metavar="NAME", help="a user of the server; the password is THREATGRAPH_PASSWORD")
    common.add_argument("--default-graph", metavar="IRI", help="the server's graph to ask, in place of its default one")
    common.add_argument("--no-bundled", action="store_true", help="leave the bundled data out")
    common.add_argument("--no-color", action="store_true", help="no colour, even on a terminal")
    common.add_argument("-o", "--output", metavar="FILE", help="write to a file, whole or not at all")
    return common


class _Append(argparse.Action):
    """Collects values given before and after the command, which argparse's own action would not."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: object, option: str | None = None
    ) -> None:
        # Sub-parsers start from an empty namespace and copy their result over: a list on the class outlives that.
        setattr(namespace, self.dest, [*getattr(namespace, self.dest, []), values])


class _Version(argparse.Action):
    """Looks the version up only when it is asked for: that takes time."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: object, option: str | None = None
    ) -> NoReturn:
        from importlib.metadata import version

        print(f"threatgraph {version('threatgraph')}")
        parser.exit()


def _asking(command: _Command) -> None:
    sub = command("stats", "ask:stats", "count what is in the graph")
    _format(sub, TABLES)
    sub = command("show", "show:show", "show one record with all that is known of it")
    sub.add_argument(
        "id", metavar="ID", help="a code, slug, label, prefixed name or IRI: PAT-SYS-005, eu-ai-act:article-14"
    )
    sub.add_argument("--kind", metavar="KIND", help="the kind of the record, where a name has several")
    _format(sub, ("text", "json", *TRIPLES))
    sub = command("list", "ask:list_records", "list the records of a kind")
    sub.add_argument("kind", metavar="KIND", help=f"one of {', '.join(KINDS)}, or its plural")
    _format(sub, TABLES)
    sub = command("queries", "ask:list_queries", "list the named queries, or explain one")
    sub.add_argument("name", metavar="NAME", nargs="?", help="a query to explain")
    _format(sub, TABLES)
    sub = command("query", "ask:run_query", "run a named query")
    sub.add_argument("name", metavar="NAME", help="a name from `threatgraph queries`")
    sub.add_argument(
        "-p",
        "--param",
        action="append",
        default=[],
        type=_text,
        metavar="NAME=VALUE",
        help="a parameter of the query",
    )
    _format(sub, TABLES)
    sub = command("sparql", "ask:sparql", "run a SPARQL query of your own")
    sub.add_argument("text", metavar="TEXT", nargs="?", type=_text, help="the query; - reads it from standard input")
    sub.add_argument("-f", "--file", metavar="FILE", help="read the query from a file")
    sub.add_argument("--timeout", type=_seconds, metavar="SECONDS", help="stop after so many seconds (default: 30)")
    sub.add_argument("--allow-service", action="store_true", help="let SERVICE reach other servers over the network")
    _format(sub, (*TABLES, *TRIPLES), default=None)


def _recommending(command: _Command) -> None:
    sub = command(
        "recommend", "suggest:recommend", "recommend records that are related to others, or to a text, and say why"
    )
    sub.add_argument(
        "ids", metavar="ID", nargs="*", help="a record by code, slug, label or IRI; several, as of a threat profile"
    )
    sub.add_argument("--text", type=_text, metavar="TEXT", help="a text in place of records; - reads standard input")
    sub.add_argument(
        "--kind", default="pattern", metavar="KIND", help="what to recommend: pattern, incident or provision"
    )
    sub.add_argument("--all", action="store_true", help="for every record of the kind the nearest others, as a table")
    sub.add_argument("--top", type=int, default=10, metavar="N", help="how many at most (default: 10)")
    sub.add_argument(
        "--framework", metavar="ID", help="provisions of this framework alone; --kind provision goes with it"
    )
    _format(sub, ("text", "json", *TABLES[:1], *TABLES[2:], *TRIPLES))


def _checking(command: _Command) -> None:
    sub = command(
        "validate", "check:validate", "validate the graph or files with the SHACL shapes and cross-record checks"
    )
    sub.add_argument("paths", metavar="PATH", nargs="*", help="files or folders to report on; everything by default")
    sub.add_argument("--hints", action="store_true", help="say what could be better, too")
    sub.add_argument(
        "--full", action="store_true", help="let pyshacl judge every node (slow; the findings are the same)"
    )
    sub.add_argument(
        "--advanced",
        action="store_true",
        help="evaluate SHACL Advanced Features: targets, rules and functions in SPARQL, expressions (slow)",
    )
    sub.add_argument(
        "--timeout", type=_seconds, metavar="SECONDS", help="with --shapes: stop after so many seconds (default: 600)"
    )
    sub.add_argument("--shapes", action="append", metavar="PATH", help="use these shapes instead of the bundled ones")
    which = sub.add_mutually_exclusive_group()
    which.add_argument("--no-checks", action="store_true", help="do not run the cross-record checks")
    which.add_argument(
        "--check", action="append", dest="checks", metavar="NAME", help="run only this cross-record check (repeatable)"
    )
    _format(sub, ("text", "json", "turtle", "github"))
    sub = command("format", "check:format_files", "bring Turtle files into the canonical form")
    sub.add_argument("paths", metavar="PATH", nargs="+", help="Turtle files, or folders of them")
    sub.add_argument(
        "--check", action="store_true", help="change nothing; exit with status 1 where something would change"
    )


def _loading(command: _Command) -> None:
    sub = command("load", "load:load", "load files into a store on disk, which --store DIR names")
    sub.add_argument(
        "files", metavar="FILE", nargs="*", help="RDF files, also compressed (.gz), or folders; - reads standard input"
    )
    sub.add_argument(
        "--format", dest="form", choices=INPUTS, metavar="FORMAT", help=f"what - holds: {', '.join(INPUTS)}"
    )
    sub.add_argument("--graph", type=_text, metavar="IRI", help="the named graph to load a single file, or -, into")
    sub.add_argument("--remove", action="append", default=[], metavar="FILE", help="take a file out of the store")
    sub = command("sync", "sync:sync", "make the server at --endpoint hold the bundled graph and the given files")
    sub.add_argument("files", metavar="FILE", nargs="*", help="RDF files of your own, or folders of them")


def _writing(command: _Command) -> None:
    sub = command("export", "make:export", "write the graph, or one record and its neighbours, for other tools")
    sub.add_argument("--node", metavar="ID", help="one record and its neighbours, by code, slug, label or IRI")
    _format(sub, EXPORTS)
    sub = command("import", "bring:import_file", "write what another project's file holds as records of ours")
    sub.add_argument("form", metavar="FORMAT", choices=IMPORTS, help=f"one of {', '.join(IMPORTS)}")
    sub.add_argument("path", metavar="PATH", help="the file or folder of that project; -o names what to write")
    sub.add_argument("--no-links", action="store_true", help="guess no links of incidents to threat patterns")
    sub.add_argument(
        "--links-above",
        type=_share,
        default=0.0,
        metavar="SHARE",
        help="only guesses of at least this confidence, 0 to 1",
    )
    sub = command("new", "make:new", "write a new record to start from")
    kinds = sub.add_subparsers(title="kinds", metavar="KIND", required=True, parser_class=_Parser)
    pattern = kinds.add_parser("pattern", help="a threat pattern")
    pattern.add_argument("--domain", required=True, metavar="ID", help="its domain, such as DOM-SYS")
    pattern.add_argument("--definition", required=True, type=_text, metavar="TEXT", help="what it is")
    incident = kinds.add_parser("incident", help="an incident")
    incident.add_argument("--description", required=True, type=_text, metavar="TEXT", help="what happened")
    incident.add_argument("--occurred", metavar="DATE", help="2024, 2024-08 or 2024-08-01")
    incident.add_argument(
        "--pattern", action="append", default=[], metavar="ID", help="a threat pattern; the primary one first"
    )
    for kind, name in ((pattern, "pattern"), (incident, "incident")):
        kind.set_defaults(kind=name)
        kind.add_argument("--label", required=True, type=_text, metavar="TEXT", help="its name")
        kind.add_argument("--source", required=True, type=_text, metavar="URL", help="where it comes from")
        kind.add_argument("--code", type=_text, metavar="CODE", help="its code, where it has one")
        kind.add_argument("--folder", default=".", metavar="DIR", help="where to write (default: here)")
    sub = command("plot", "plot:plot", "draw a picture of the graph, as SVG or PNG (needs 'threatgraph[plot]')")
    sub.add_argument("figure", choices=PICTURES, metavar="FIGURE", help=f"one of {', '.join(PICTURES)}")
    sub.add_argument("--domain", metavar="ID", help="only the patterns of this domain (not for the timeline)")
    sub.add_argument("--by", choices=("domain", "severity"), help="what the bars of the timeline are made of")
    sub.add_argument("--period", choices=("year", "month"), help="what a bar of the timeline is")
    sub.add_argument(
        "--format", choices=("svg", "png"), help="by default what FILE ends in; without -o FILE, FIGURE.svg is written"
    )
    sub = command("completion", "make:completion", "print a completion script for a shell")
    sub.add_argument("shell", choices=("bash", "zsh", "tcsh"))


def _format(sub: argparse.ArgumentParser, names: tuple[str, ...], default: str | None = "") -> None:
    text = f"one of {', '.join(names)} (default: {names[0]})"
    sub.add_argument(
        "--format", choices=names, default=names[0] if default == "" else default, metavar="FORMAT", help=text
    )
    if "csv" in names:
        sub.add_argument(
            "--guard-formulas",
            action="store_true",
            help="in CSV and TSV, put ' before text that a spreadsheet would run as a formula",
        )


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value <= _LONGEST:  # nor is NaN
        raise argparse.ArgumentTypeError(f"give a number of seconds above 0 and up to {_LONGEST} (a day), not {text!r}")
    return value


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1:  # nor is NaN
        raise argparse.ArgumentTypeError(f"give a number from 0 to 1, not {text!r}")
    return value


def _text(text: str) -> str:
    """Words for the graph or for a query, which hold UTF-8 alone."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise argparse.ArgumentTypeError("this text is not UTF-8") from None
    return text
