"""What a query from outside may say: the guard sees each call that the engine would make, and nothing else."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest

from threatgraph import QueryRefused, resources
from threatgraph.sparql.guard import refuse_unsafe
from threatgraph.sparql.sorting import sorts_by_one_type
from threatgraph.sparql.tokens import may_say, tokens
from threatgraph.store.oxigraph import uses_named_graphs

#: Where nobody listens: a call of the engine fails there at once.
NOWHERE = "http://127.0.0.1:1/"
TEXTS = int(os.environ.get("THREATGRAPH_FUZZ", "8000"))
HEADS = (f"PREFIX : <{NOWHERE}> ", f"PREFIX : <{NOWHERE}>PREFIX service: <{NOWHERE}> ", f"BASE <{NOWHERE}> ")
FORMS = ("ASK", "SELECT*", "SELECT ?s WHERE", "CONSTRUCT{?s ?p ?o}WHERE", "SELECT(1 AS ?one)", "DESCRIBE ?s")
BEFORE = (
    *(
        "",
        "?s ?p 1",
        "?s ?p 1.",
        "?s ?p 1.5",
        "?s ?p 1e5",
        "?s ?p .5",
        "?s ?p true",
        "?s a :o",
        "?s ?p :.",
        ":a.b a :c.",
    ),
    *(
        '?s ?p "x"',
        "?s ?p 'x'@en",
        '?s ?p """a"b"""',
        "?s ?p '''it's'''",
        '?s ?p "\\"#"',
        "?s ?p _:b.c.",
        "_:b. ?p ?o.",
    ),
    *("FILTER(?a<1)", "FILTER(?a<?b&&?c>?d)", "FILTER(1<2||?a>'>')", "BIND(1<2 AS ?z)", "VALUES ?v {<urn:a#>}"),
    *("{}", "OPTIONAL{}", "{}UNION{}", "MINUS{}", "GRAPH ?g {}", "GRAPH:g{}", "GRAPH<urn:a>{}", "?s :p/:q* ?o."),
    *("?s <urn:a#b> ?o.", "?s ?p <urn:\\u0061#>.", "?s ?p ( 1 2 ).", "[] ?p ?o.", "?s ?p [ ?q 1 ].", "{SELECT*{}}"),
)
BETWEEN = ("", "", " ", "\n", "\t", "#c\n", "#>\n", '#"\n', "#'''\n")
NAMES = (f"<{NOWHERE}x>", ":s", "service:s", f"<{NOWHERE}\\u0061#>", "<x#y>")
GROUPS = ("{}", "{?x ?y ?z}", "{ }")
#: What most of these patterns match, so that the engine comes to the call.
FACTS = """
:s :p 1, 1.5, 1e5, 0.5, true, :, "x", "x"@en, 'a"b', "it's", "\\"#", :o, <urn:a#>, (1 2), [ :q 1 ] ; a :o, :b ;
  <urn:a#b> 1 . :a.b a :c . GRAPH :g { :s :p 1 } GRAPH <urn:a> { :s :p 1 }
"""
SIGNS = "<>?:'\"\\ \n#.{}@-_%/"


def texts(seed: int) -> Iterator[str]:
    """Queries that call another server, in all ways that come to mind, some of them with a fault."""
    chance = random.Random(seed)  # noqa: S311 - the same texts each time

    def one(choices: tuple[str, ...]) -> str:
        return chance.choice(choices)

    while True:
        word = "".join(letter.lower() if chance.random() < 0.5 else letter for letter in "SERVICE")
        if chance.random() < 0.1:
            at = chance.randrange(len(word))
            word = f"{word[:at]}\\u{ord(word[at]):04x}{word[at + 1 :]}"
        silent = one(("", "", "SILENT"))
        before = one(BEFORE) + one(BETWEEN) + (one(BEFORE) if chance.random() < 0.5 else "")
        call = one(BETWEEN).join((word, silent, one(NAMES), one(GROUPS))) if chance.random() < 0.9 else one(BEFORE)
        text = f"{one(HEADS)}{one(FORMS)}{{{one(BETWEEN)}{before}{one(BETWEEN)}{call}{one(BETWEEN)}{one(BEFORE)}}}"
        while chance.random() < 0.3:
            at = chance.randrange(len(text))
            text = text[:at] + chance.choice(SIGNS) + text[at + chance.randrange(2) :]
        yield text


def engine() -> ox.Store:
    store = ox.Store()
    store.update(f"PREFIX : <{NOWHERE}> INSERT DATA {{ {FACTS} }}")
    return store


def calls_out(store: ox.Store, text: str) -> bool:
    """Whether the engine asks another server where it evaluates a text."""
    loud = "".join("" if word == "SILENT" else text[at : at + len(word)] for word, at in _words(text))
    for variant in {text, loud}:
        try:
            answer = store.query(variant)
            if not isinstance(answer, ox.QueryBoolean):
                list(answer)
        except SyntaxError:
            continue
        except OSError:
            return True
        except (ValueError, RuntimeError):
            continue
    return False


def _words(text: str) -> Iterator[tuple[str, int]]:
    """The text cut at each SILENT, which hides that a call has failed."""
    at = 0
    while (found := text.upper().find("SILENT", at)) >= 0:
        yield text[at:found], at
        yield "SILENT", found
        at = found + len("SILENT")
    yield text[at:], at


def test_the_guard_sees_each_call_that_the_engine_would_make() -> None:
    """A differential test: THREATGRAPH_FUZZ says how many texts."""
    store = engine()
    refused = reached = passed = 0
    for text, _ in zip(texts(11), range(TEXTS), strict=False):
        calls = calls_out(store, text)
        reached += calls
        try:
            refuse_unsafe(text)
            passed += 1
        except QueryRefused:
            refused += 1
            continue
        assert not calls, f"the engine calls out on {text!r}, and the guard lets it pass"
    # The texts are worth something: many do call, and many are let through.
    assert reached > TEXTS / 10
    assert passed > TEXTS / 20
    assert refused < reached * 4


@pytest.mark.parametrize(
    ("text", "column"),
    [
        (f"PREFIX : <{NOWHERE}> SELECT * {{ SERVICE:s {{ ?x ?y ?z }} }}", 43),
        (f"SELECT * {{ ?s tg:position 1SERVICE <{NOWHERE}> {{ ?x ?y ?z }} }}", 28),
        (f"SELECT * {{ ?s tg:position 1.SERVICE <{NOWHERE}> {{ ?x ?y ?z }} }}", 29),
        (f"ASK {{ FILTER(?a<1)SERVICE#>\n<{NOWHERE}> {{}} }}", 19),
        (f"ASK {{ ?s ?p trueSERVICE<{NOWHERE}>{{}} }}", 17),
        (f"PREFIX : <{NOWHERE}> ASK {{ ?s ?p :.SERVICE:s{{}} }}", 46),
        (f"PREFIX : <{NOWHERE}> ASK {{ SERVICESILENT:s{{}} }}", 38),
        (f"PREFIX service: <{NOWHERE}> PREFIX : <{NOWHERE}> ASK {{ service:s {{}} }}", 76),
        ("ASK { ?s ?p <urn:\\u0061#> SERVICE <urn:x> {} }", 27),
        ("ASK { \\u0053ERVICE <urn:x> {} }", 1),
        ("ASK { ?s ?p 'x'SERVICE<urn:x>{} }", 16),
    ],
)
def test_a_call_is_seen_where_no_space_sets_it_apart(text: str, column: int) -> None:
    with pytest.raises(QueryRefused, match=rf"SERVICE at line 1, column {column} is refused"):
        refuse_unsafe(text)
    refuse_unsafe(text, allow_service=True)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { ?service ?p <http://example.org/service> }",
        "PREFIX service: <http://example.org/service#>\nSELECT * { ?s service:name ?o ; service:x.SERVICE ?p }",
        "SELECT * { GRAPH service:a { ?s ?p 'SERVICE <urn:x> {}' } } # SERVICE <urn:x> {}",
        "SELECT * { ?s ?p '''it's a SERVICE <urn:x> {}''' , \"\"\"SERVICE\"\"\"@en-SERVICE }",
        "SELECT * { ?s ?p _:SERVICE . _:b.SERVICE ?p :SERVICE\\.SERVICE }",
        "SELECT * { FILTER(?a < 1 && ?b > 2) ?s <http://example.org/a#service> ?o }",
    ],
)
def test_the_word_is_welcome_in_names_and_texts(text: str) -> None:
    refuse_unsafe(text)


@pytest.mark.parametrize(
    ("text", "speaks"),
    [
        ("SELECT * { GRAPH ?g { ?s ?p ?o } }", True),
        ("SELECT * {graph<urn:g>{?s ?p ?o}}", True),
        ("PREFIX : <urn:g> SELECT * {GRAPH:g{?s ?p ?o}}", True),
        ("SELECT * FROM<urn:g>{ ?s ?p ?o }", True),
        ("SELECT * FROM NAMED <urn:g> { ?s ?p ?o }", True),
        ("PREFIX : <urn:g> SELECT *FROM:g{?s ?p ?o}", True),
        ("# from the graph\nSELECT ?from { ?graph ?p 'GRAPH ?g {' }", False),
        ("SELECT * { ?s ?p <https://w3id.org/threatgraph/graph/from> }", False),
        ("PREFIX graph: <urn:graph/> SELECT * { ?s graph:from ?o }", False),
    ],
)
def test_named_graphs_are_spoken_of_by_keywords_alone(text: str, speaks: bool) -> None:
    assert uses_named_graphs(text) is speaks


@pytest.mark.parametrize(
    "text",
    ["a." * 50_000, '"""' + "a" * 100_000, "'''" * 30_000, "<" * 50_000, "<a " * 30_000, "?a<" * 30_000 + "service",
     "service:" * 30_000, "service<" * 10_000, "\\u0053" * 30_000, ":" * 100_000, "SERVICE " * 30_000],
)  # fmt: skip
def test_no_text_keeps_the_guard_busy(text: str) -> None:
    """Each of these took minutes where a pattern looked at what follows anew from each place."""
    assert sum(1 for _ in tokens(text)) <= len(text)
    may_say(text, "SERVICE")
    may_say(text, "GRAPH")


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("SELECT ?x { ?x ?y ?order }", True),
        ("SELECT ?x { ?x ?y ?z } ORDER BY STR(?z) DESC(xsd:integer(?y)) LIMIT 3", True),
        ('SELECT ?x { ?x ?y ?z } ORDER BY (LANGMATCHES(LANG(?z), "en")) DESC(COUNT(?y) + COUNT(?x))', True),
        ("SELECT ?x { { SELECT ?x { ?x ?y ?z } ORDER BY STR(?z) } ?x ?y ?z }", True),
        ("SELECT ?x (COUNT(?y) AS ?n) (SUM(?y) AS ?m) { ?x ?y ?z } GROUP BY ?x ORDER BY DESC(?n) ?m", True),
        ("SELECT ?x { ?x ?y ?z BIND(xsd:boolean(EXISTS { ?x ?y 1 }) AS ?n) } ORDER BY ?n", True),
        ("SELECT ?x (SAMPLE(?y) AS ?n) (COUNT(?y) AS ?m) { ?x ?y ?z } GROUP BY ?x ORDER BY ?n", False),
        ("SELECT ?x { ?x ?y ?z BIND(IF(COUNT(?y) > 1, ?y, ?z) AS ?n) } ORDER BY ?n", False),
        ("SELECT ?x { ?x ?y ?z } ORDER BY ?z", False),
        ("SELECT ?x { ?x ?y ?z } order by DESC(?z)", False),
        ("SELECT ?x { ?x ?y ?z } ORDER BY STR(?x) COALESCE(?z, 1)", False),
        ("SELECT ?x { { SELECT ?x { ?x ?y ?z } ORDER BY ?z } ?x ?y ?z }", False),
        ("SELECT ?x { ?x ?y ?z } ORDER BY STR(?x) IF(STR(?x) = 'a', ?y, ?z)", False),
    ],
)
def test_what_may_be_of_several_types_is_seen_where_a_query_sorts_by_it(text: str, safe: bool) -> None:
    assert sorts_by_one_type(text) is safe


@pytest.mark.parametrize("file", sorted(resources.queries_dir().rglob("*.rq")), ids=lambda file: str(file.stem))
def test_each_named_query_and_check_sorts_by_values_of_one_type(file: Path) -> None:
    """Whatever stands in the files of a user, none of them makes the engine abort the process."""
    assert sorts_by_one_type(file.read_text(encoding="utf-8"))
