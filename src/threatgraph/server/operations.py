"""The operations of the JSON API as data, from which the endpoints and their OpenAPI description are made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from threatgraph import catalog
from threatgraph.catalog import NamedQuery
from threatgraph.search.searcher import LONGEST_QUERY
from threatgraph.server.negotiation import Form
from threatgraph.server.parameters import Parameter
from threatgraph.service import PLAIN, RECOMMEND, SEARCH

_JSON = Form("json", "application/json")
_CSV = Form("csv", "text/csv")
_TSV = Form("tsv", "text/tab-separated-values")
_MARKDOWN = Form("markdown", "text/markdown")
_TURTLE = Form("turtle", "text/turtle")
_JSONLD = Form("jsonld", "application/ld+json")
_TRIPLES = (_TURTLE, _JSONLD, Form("ntriples", "application/n-triples"), Form("rdfxml", "application/rdf+xml"))
_TABLES = (_JSON, _CSV, _TSV, _MARKDOWN)
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

#: The maximum length of a description in a URL, in characters; servers limit the length of URLs.
LONGEST_TEXT = 10_000
_INTEGERS = (-999_999_999, 999_999_999)
_DATE = "^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$"
_ANSWERS = "threatgraph.server.work.answers"


class Operation(NamedTuple):
    """An operation of the API: a path with parameters and forms of the answer."""

    name: str
    path: str
    summary: str
    function: str
    """The function that a worker runs."""
    stage: int
    parameters: tuple[Parameter, ...]
    forms: tuple[Form, ...]
    """The forms of the answer, the default first."""
    schema: str
    """The name of the schema of the JSON form."""

    @property
    def has_suffixes(self) -> bool:
        """Whether a suffix of the path can choose the form."""
        return self.path.startswith(QUERIES.path)

    @property
    def all_parameters(self) -> tuple[Parameter, ...]:
        """The parameters with ``format``."""
        names = [form.name for form in self.forms]
        text = "form of the answer, by its name or media type; it has priority over the Accept header"
        return (*self.parameters, Parameter("format", text, default=names[0], choices=names))


def _top(most: int, what: str = "results") -> Parameter:
    return Parameter("top", f"maximum number of {what}", range=(1, most), default=10)


SEARCH_RECORDS = Operation(
    name="search",
    path="/search",
    summary="Search all records by words, names and codes",
    function=f"{_ANSWERS}:search",
    stage=SEARCH,
    parameters=(
        Parameter(
            "q",
            "words, a name, a question, a code or a citation",
            LONGEST_QUERY,
            required=True,
            example="AI corrigibility",
        ),
        Parameter("kind", "search only records of this kind", many=True, example="pattern"),
        Parameter("framework", "search only provisions of this framework and records mapped to it", many=True),
        Parameter("sector", "search only records of this sector", many=True),
        Parameter("severity", "search only records of this severity", many=True),
        Parameter(
            "year",
            "search only incidents of this year and provisions that apply from it",
            many=True,
            pattern="^[0-9]{4}$",
        ),
        _top(100),
    ),
    forms=_TABLES,
    schema="SearchResults",
)
RECOMMENDATIONS = Operation(
    name="recommend",
    path="/recommend",
    summary="Recommend records that are related to records or to a text, with reasons",
    function=f"{_ANSWERS}:recommend",
    stage=RECOMMEND,
    parameters=(
        Parameter("node", "a record by code, slug, label or IRI; give node or text", many=True, example="PAT-SYS-005"),
        Parameter("text", "free-text description; give node or text", LONGEST_TEXT),
        Parameter("kind", "what to recommend", choices=("pattern", "incident", "provision"), default="pattern"),
        Parameter("framework", "recommend only provisions of this framework"),
        _top(100),
    ),
    forms=(*_TABLES, *_TRIPLES),
    schema="Recommendations",
)
ASSESSMENT = Operation(
    name="assess",
    path="/assess",
    summary="Assess an AI system: provisions to check, threats, and a risk register",
    function=f"{_ANSWERS}:assess",
    stage=RECOMMEND,
    parameters=(
        Parameter("text", "description of the system", LONGEST_TEXT, example="chatbot that ranks job applicants"),
        Parameter("role", "role of your organization, such as provider or deployer", many=True),
        Parameter("pattern", "a threat pattern to assess", many=True),
        Parameter("framework", "limit provisions and controls to this framework", many=True),
        _top(50, "threats"),
    ),
    forms=(
        _JSON,
        _MARKDOWN,
        Form("html", "text/html"),
        _CSV,
        Form("xlsx", _XLSX),
        _TURTLE,
        _JSONLD,
        Form("text", "text/plain"),
    ),
    schema="Assessment",
)
QUERIES = Operation(
    name="queries",
    path="/queries",
    summary="List the named queries with their questions, parameters and columns",
    function=f"{_ANSWERS}:queries",
    stage=PLAIN,
    parameters=(),
    forms=(_JSON,),
    schema="NamedQueries",
)
#: The operations with a path of their own; each named query is one more, see :func:`run_query`.
OPERATIONS = (SEARCH_RECORDS, RECOMMENDATIONS, ASSESSMENT, QUERIES)


def run_query(query: NamedQuery, examples: Mapping[str, str] | None = None) -> Operation:
    """Return the operation that runs a named query.

    Args:
        query: the query.
        examples: by type of a parameter: an example of a value.
    """
    return Operation(
        name=query.name,
        path=f"/queries/{query.name}",
        summary=query.question,
        function=f"{_ANSWERS}:run",
        stage=PLAIN,
        parameters=tuple(_of_query(parameter, examples or {}) for parameter in query.parameters),
        forms=(*_TABLES, Form("sparql-json", "application/sparql-results+json")),
        schema="QueryResult",
    )


def _of_query(parameter: catalog.Parameter, examples: Mapping[str, str]) -> Parameter:
    default = None if parameter.default in (None, catalog.ANY) else parameter.default
    is_integer = parameter.type == "integer"
    return Parameter(
        parameter.name,
        f"{parameter.description} ({parameter.type.replace('-', ' ')})",
        required=parameter.default is None,
        range=_INTEGERS if is_integer else None,
        default=int(default) if is_integer and default else default,
        pattern=_DATE if parameter.type == "date" else None,
        example=examples.get(parameter.type),
    )
