"""The shapes: each constraint is violated by a record that violates no other, and each shape has a target node.

``shapes/good.ttl`` is a small graph with every class and every property that the shapes constrain. For each constraint
of each shape, the tests make the smallest change that violates it and expect that result alone, with and without the
search for candidates.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse, serialize

from assessment_samples import assessment
from threatgraph import ThreatGraph, resources
from threatgraph.store import MemoryStore
from threatgraph.validate import validate
from threatgraph.validate.report import SEVERITIES
from threatgraph.validate.shapes import graph as shapes
from threatgraph.validate.shapes.constraints import read_constraints
from threatgraph.vocab import BASE, CLASSES, PREFIXES, PROPERTIES, RDF_TYPE, TG, XSD

FOLDER = resources.ontology_dir() / "shapes"
FILES = sorted(FOLDER.glob("*.ttl"))
#: What the shapes of the classes refer to.
COMMON = [FOLDER / f"{name}.ttl" for name in ("common", "prefixes")]
ONTOLOGY = [resources.ontology_dir() / "threatgraph.ttl", resources.ontology_dir() / "schemes"]
GOOD = Path(__file__).parent / "shapes" / "good.ttl"
TGS = "https://w3id.org/threatgraph/shapes#"
SH = PREFIXES["sh"]
ACTOR = NamedNode(f"{BASE}actor/sample")

World = frozenset[Triple]


class Constraint(NamedTuple):
    """One component of one shape, and the class of the nodes that it is about."""

    file: Path
    shape: str
    target: NamedNode
    path: NamedNode | None
    component: str
    values: tuple[shapes.Term, ...]

    @property
    def name(self) -> str:
        return self.shape.removeprefix(TGS)


def load(*files: Path) -> World:
    return frozenset(quad.triple for file in files for quad in parse(path=str(file), format=RdfFormat.TURTLE))


@cache
def world() -> World:
    return load(GOOD)


@cache
def background() -> World:
    """What a world takes for granted: the scales whole, and of the ontology which class or property is below which."""
    below = {NamedNode(f"{PREFIXES['rdfs']}{name}") for name in ("subClassOf", "subPropertyOf")}
    ontology, scales = ONTOLOGY
    return load(*sorted(scales.glob("*.ttl"))) | {t for t in load(ontology) if t.predicate in below}


def with_common(*files: Path) -> list[Path]:
    return list(dict.fromkeys([*files, *COMMON]))


def constraints() -> Iterator[Constraint]:
    for file in FILES:
        graph = shapes.load(with_common(file))
        for check in read_constraints(graph, hints=True):
            if check.sparql is None and check.target.kind == "targetClass":
                assert isinstance(check.shape, NamedNode)
                path = NamedNode(check.path[0]) if check.path else None
                for name, values in check.parameters.items():
                    if name != "ignoredProperties":
                        target = NamedNode(check.target.term.value)
                        yield Constraint(file, check.shape.value, target, path, name, tuple(values))


CONSTRAINTS = list(constraints())


#: Records of the good world that have only what the shapes require, so that they have hints.
MINIMAL = tuple(f"{BASE}{name}" for name in ("incident/other", "pattern/other", "pattern/third"))


@cache
def background_store() -> MemoryStore:
    """The background in a store; each world is added to a copy of it."""
    return MemoryStore.open(bundled=False).extended(background(), "urn:background", Path("background.nt"))


def findings(content: Iterable[Triple], files: list[Path] | None = None, *, fast: bool = True) -> set[str]:
    """The results for a world: the rule of each result and the kind of constraint, without hints on minimal records."""
    store = background_store().extended(content, "urn:world", Path("world.nt"))
    results = [
        result
        for result in validate(store, shapes=files, fast=fast, hints=True)
        if not (result.severity == "info" and result.node.startswith(MINIMAL))
    ]
    return {f"{result.rule.removeprefix(TGS)} {result.component}" for result in results}


# What every shape must be.

WRONG_ARTICLE = re.compile(r"\b[Aa] ([aeio]|u(?!ni|se|rl))\w|\b[Aa]n [bcdfgjkpqtvwyz]\w")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_shapes_have_names_a_message_and_a_remedy(file: Path) -> None:
    graph = shapes.load(with_common(file))
    for check in read_constraints(graph, hints=True):
        assert isinstance(check.shape, NamedNode)
        assert check.shape.value.startswith(TGS)
        source = check.sparql or check.shape
        message = shapes.first(graph, source, "message")
        (remedy,) = graph[source][f"{TGS}remedy"]
        for text in (message, remedy):
            assert isinstance(text, Literal)
            assert len(text.value) > 10
            assert text.value.endswith(".")
            assert not WRONG_ARTICLE.search(text.value), text.value
        severity = shapes.first(graph, check.shape, "severity")
        if check.sparql is None:
            assert isinstance(severity, NamedNode)
            assert severity.value.removeprefix(SH).lower() in SEVERITIES
        if check.path:
            assert isinstance(shapes.first(graph, check.shape, "name"), Literal)


def test_every_path_and_class_is_a_known_term() -> None:
    """A misspelt ``sh:targetClass`` or ``sh:path`` would make a shape that no record can break."""
    for constraint in CONSTRAINTS:
        named = [constraint.target, *([constraint.path] if constraint.path else [])]
        named += [v for v in constraint.values if constraint.component == "class" and isinstance(v, NamedNode)]
        for term in named:
            if term.value.startswith(TG):
                assert term.value.removeprefix(TG) in CLASSES | PROPERTIES, term
            else:
                assert term.value.startswith(tuple(PREFIXES[p] for p in ("dcterms", "prov", "rdf", "skos", "sssom"))), (
                    term
                )


def test_each_class_has_a_file_with_its_properties_and_the_form_of_its_iri() -> None:
    targets: dict[str, set[str]] = {}
    forms: dict[str, set[str]] = {}
    for constraint in CONSTRAINTS:
        targets.setdefault(constraint.target.value, set()).add(constraint.file.stem)
        if constraint.path is None:
            forms.setdefault(constraint.target.value, set()).add(constraint.component)
    assert all(len(files) == 1 for files in targets.values()), targets
    assert {target.removeprefix(TG) for target in targets} == CLASSES - {"RankedConcept", "RecordPart"}
    assert forms.keys() == targets.keys()
    assert all({"closed", "pattern"} <= components for components in forms.values()), forms


def test_classes_share_the_property_shapes_that_are_equal() -> None:
    graph = shapes.load(FILES)
    written: dict[object, str] = {}
    for shape, values in graph.items():
        if f"{SH}path" in values and isinstance(shape, NamedNode):
            content = {name: tuple(map(str, found)) for name, found in values.items() if not name.endswith("remedy")}
            other = written.setdefault(tuple(sorted(content.items())), shape.value)
            assert other == shape.value, f"{shape.value} and {other} are equal: share one of them in common.ttl"
    assert written


def test_every_shape_reaches_a_node_of_the_bundled_data_or_of_what_is_made_of_it(
    graph: ThreatGraph, tmp_path: Path
) -> None:
    made = tmp_path / "made.nt"
    recommended = graph.recommend("goal-drift", top=1).to_triples()
    serialize([*recommended, *assessment().to_triples()], str(made), format=RdfFormat.N_TRIPLES)
    retired = tmp_path / "retired.ttl"
    retired.write_text(
        f"<{BASE}pattern/old> <{PREFIXES['owl']}deprecated> true ;"
        f" <{PREFIXES['dcterms']}isReplacedBy> <{BASE}pattern/goal-drift> ;"
        f" <{PREFIXES['skos']}narrowMatch> <https://example.org/entry> ;"
        f" <{PREFIXES['skos']}exactMatch> <https://example.org/entry> ."
    )
    both = ThreatGraph.open([made, retired])
    for check in read_constraints(shapes.load(FILES), hints=True):
        assert check.target.kind in ("targetClass", "targetSubjectsOf")
        of_class, term = check.target.kind == "targetClass", str(check.target.term)
        step, value = ("a/rdfs:subClassOf*", term) if of_class else (term, "[]")
        assert both.store.ask(f"ASK {{ ?node {step} {value} }}"), f"{check.shape} reaches nothing"


# The good world, and the bundled one.


@pytest.mark.parametrize("fast", [True, False])
def test_the_good_world_conforms(fast: bool) -> None:
    assert findings(world(), fast=fast) == set()


def test_the_good_world_has_every_property_that_a_shape_names() -> None:
    used = {(t.predicate, kind) for t in world() for kind in kinds(world(), t.subject)}
    missing = {c.name for c in CONSTRAINTS if c.path and (c.path, c.target) not in used}
    assert missing == set()


def kinds(content: World, node: object) -> set[object]:
    return {t.object for t in content if t.subject == node and t.predicate.value == RDF_TYPE}


def test_the_bundled_graph_conforms(graph: ThreatGraph) -> None:
    report = graph.validate()
    assert report.to_text().splitlines()[-1].startswith("no issues: the graph conforms; checked ")
    assert report.conforms


# One broken record for each constraint.

OTHER_VALUES: dict[str, Literal | NamedNode] = {
    "text": Literal("More.", language="en"),
    "string": Literal("More"),
    f"{XSD}boolean": Literal("false", datatype=NamedNode(XSD + "boolean")),
    f"{XSD}date": Literal("2024-02-29", datatype=NamedNode(XSD + "date")),
    f"{XSD}gYear": Literal("1999", datatype=NamedNode(XSD + "gYear")),
    f"{XSD}gYearMonth": Literal("1999-01", datatype=NamedNode(XSD + "gYearMonth")),
    f"{XSD}integer": Literal("7", datatype=NamedNode(XSD + "integer")),
    f"{XSD}decimal": Literal("0.25", datatype=NamedNode(XSD + "decimal")),
}
#: Another of the words that ``sh:in`` allows.
OTHER_WORDS = {"proposedTier": "minimal", "provisionStatus": "candidate", "certainty": "weak"}
WRONG_TYPE = {
    f"{PREFIXES['rdf']}langString": Literal("without a language"),
    f"{XSD}string": None,
    f"{XSD}boolean": Literal("true"),
    f"{XSD}date": Literal("2025", datatype=NamedNode(XSD + "gYear")),
    f"{XSD}gYear": Literal("2025"),
    f"{XSD}integer": Literal("7.0", datatype=NamedNode(XSD + "double")),
    f"{XSD}decimal": Literal("0.5", datatype=NamedNode(XSD + "double")),
}
ILL_FORMED = {
    str(NamedNode(XSD + "gYearMonth")): Literal("2024-12Z", datatype=NamedNode(XSD + "gYearMonth")),
    str(NamedNode(XSD + "gYear")): Literal("20245", datatype=NamedNode(XSD + "gYear")),
}
COMPONENTS = {
    "minCount": "MinCount",
    "maxCount": "MaxCount",
    "class": "Class",
    "datatype": "Datatype",
    "nodeKind": "NodeKind",
    "in": "In",
    "hasValue": "HasValue",
    "or": "Or",
    "pattern": "Pattern",
    "minLength": "MinLength",
    "minInclusive": "MinInclusive",
    "maxInclusive": "MaxInclusive",
    "uniqueLang": "UniqueLang",
    "closed": "Closed",
}


def node_of(constraint: Constraint) -> NamedNode:
    """The node of the good world to spoil: one of the class, with a value for the path."""
    content = world()
    found = sorted(
        (
            t.subject
            for t in content
            if t.predicate.value == RDF_TYPE
            and t.object == constraint.target
            and (constraint.path is None or values_of(content, t.subject, constraint.path))
        ),
        key=lambda node: ("sample" not in str(node), "sample-two" not in str(node), "child" in str(node), str(node)),
    )
    assert isinstance(found[0], NamedNode)
    return found[0]


def values_of(content: World, node: object, path: NamedNode) -> list[NamedNode | Literal]:
    found = [t.object for t in content if t.subject == node and t.predicate == path]
    return sorted((v for v in found if isinstance(v, (NamedNode, Literal))), key=str)


def spoil(constraint: Constraint) -> World:
    """The good world with the smallest change that breaks one constraint."""
    node, content = node_of(constraint), world()
    if constraint.path is None:
        return _spoil_node(constraint, node)
    old = values_of(content, node, constraint.path)
    if constraint.component == "minCount":
        parts = {v.value for v in old if v.value.startswith(f"{node.value}#")}
        return frozenset(
            t
            for t in content
            if not (t.subject == node and t.predicate == constraint.path)
            and not (isinstance(t.subject, NamedNode) and t.subject.value in parts)
        )
    new = NEW_VALUE[constraint.component](constraint, old)
    single = any(c.component in ("maxCount", "uniqueLang") and c.shape == constraint.shape for c in CONSTRAINTS)
    if (single and constraint.component not in ("maxCount", "uniqueLang")) or constraint.component == "hasValue":
        content = frozenset(t for t in content if not (t.subject == node and t.predicate == constraint.path))
    return content | {Triple(node, constraint.path, new)}


def _spoil_node(constraint: Constraint, node: NamedNode) -> World:
    if constraint.component == "closed":
        return world() | {Triple(node, NamedNode(f"{TG}severty"), Literal("high"))}
    if constraint.component == "or":
        actors = {NamedNode(f"{TG}{name}") for name in ("developer", "deployer")}
        return frozenset(t for t in world() if not (t.subject == node and t.predicate in actors))
    assert constraint.component == "pattern"
    record, mark, part = node.value.partition("#")
    name = NamedNode(f"{record}#{part}_" if mark else f"{record}_X")

    def rename(term: object) -> object:
        if isinstance(term, NamedNode) and term.value.startswith(f"{node.value}#"):
            return NamedNode(name.value + term.value.removeprefix(node.value))
        return name if term == node else term

    return frozenset(Triple(rename(t.subject), t.predicate, rename(t.object)) for t in world())  # type: ignore[arg-type]


def _another(constraint: Constraint, old: list[NamedNode | Literal]) -> NamedNode | Literal:
    """A second value that is as good as the first."""
    first = old[0]
    if isinstance(first, Literal):
        for name, text in OTHER_WORDS.items():
            if constraint.name.endswith(name):
                return Literal(text)
        if "notation" in constraint.name:
            return Literal(first.value[:-1] + "7" if first.value[-1].isdigit() else first.value[:-1] + "Q")
        if first.language:
            return OTHER_VALUES["text"]
        return OTHER_VALUES.get(first.datatype.value, OTHER_VALUES["string"])
    everything = world() | background()
    kind = kinds(everything, first)
    same = sorted({str(t.subject) for t in everything if kinds_equal(t, kind) and t.subject != first})
    fallback = {
        "Citation-source": "https://example.org/another",
        "predicate_id": f"{PREFIXES['skos']}closeMatch",
        "mapping_justification": "urn:other",
    }
    for name, iri in fallback.items():
        if constraint.name.endswith(name):
            return NamedNode(iri)
    return NamedNode(same[-1].strip("<>"))


def kinds_equal(triple: Triple, kind: set[object]) -> bool:
    return triple.predicate.value == RDF_TYPE and triple.object in kind


def _wrong_type(constraint: Constraint, old: list[NamedNode | Literal]) -> NamedNode | Literal:
    datatype = constraint.values[0]
    wrong = WRONG_TYPE[datatype.value]
    return wrong or Literal(old[0].value, language="en")


def _out_of_range(step: int) -> Callable[[Constraint, list[NamedNode | Literal]], Literal]:
    def value(constraint: Constraint, old: list[NamedNode | Literal]) -> Literal:
        limit = constraint.values[0]
        assert isinstance(limit, Literal)
        shifted = float(limit.value) + step
        text = str(shifted) if limit.datatype.value.endswith("decimal") else str(int(shifted))
        return Literal(text, datatype=limit.datatype)

    return value


NEW_VALUE: dict[str, Callable[[Constraint, list[NamedNode | Literal]], NamedNode | Literal]] = {
    "maxCount": _another,
    "uniqueLang": _another,
    "class": lambda constraint, _: (
        ACTOR if "Actor" not in str(constraint.values) else NamedNode(f"{BASE}domain/sample")
    ),
    "or": lambda constraint, _: ACTOR if "FrameworkMapping" in constraint.name else Literal("2024"),
    "in": lambda *_: NamedNode(f"{PREFIXES['skos']}related"),
    "hasValue": lambda *_: NamedNode("https://example.org/another-scheme"),
    "datatype": _wrong_type,
    "nodeKind": lambda *_: Literal("https://example.org/as-a-string"),
    "pattern": lambda _, old: ILL_FORMED.get(str(getattr(old[0], "datatype", "")), Literal("NONSENSE")),
    "minLength": lambda _, old: Literal("", language=old[0].language) if isinstance(old[0], Literal) else old[0],
    "minInclusive": _out_of_range(-1),
    "maxInclusive": _out_of_range(1),
}


def expected_findings(constraint: Constraint) -> set[str]:
    """The result for a constraint."""
    return {f"{constraint.name} {COMPONENTS[constraint.component]}"}


@pytest.mark.parametrize(
    "constraint", CONSTRAINTS, ids=lambda c: f"{c.target.value.removeprefix(TG)} {c.name} {c.component}"
)
def test_a_broken_constraint_is_the_only_finding(constraint: Constraint) -> None:
    own = with_common(constraint.file, *(FOLDER / f"{name}.ttl" for name in ("identifier", "record-part")))
    assert findings(spoil(constraint), own) == expected_findings(constraint)


#: What breaks a record so that records which link to it break too; these go class by class.
SPREADING = ("minCount", "pattern of the node")
BATCHES: dict[str, list[Constraint]] = {}
for _constraint in CONSTRAINTS:
    _kind = _constraint.component if _constraint.path else f"{_constraint.component} of the node"
    _batch = f"{_kind} {_constraint.file.stem}" if _kind in SPREADING else _kind
    BATCHES.setdefault(_batch, []).append(_constraint)


@pytest.mark.parametrize("batch", BATCHES.values(), ids=BATCHES)
def test_pyshacl_over_all_nodes_finds_the_same(batch: list[Constraint]) -> None:
    """All constraints of a kind broken at once: no shape of another class finds fault, and both ways agree."""
    spoilt = [spoil(constraint) for constraint in batch]
    removed = frozenset[Triple]().union(*(world() - content for content in spoilt))
    added = frozenset[Triple]().union(*(content - world() for content in spoilt))
    broken = (world() - removed) | added
    expected = set[str]().union(*map(expected_findings, batch))
    assert findings(broken) == expected
    files = with_common(*{constraint.file for constraint in batch})
    assert findings(broken, files, fast=False) == expected


def _change(remove: str, add: str) -> World:
    """The good world without the triples of one Turtle text and with those of another."""
    head = "".join(f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in PREFIXES.items())
    out, new = ({quad.triple for quad in parse(head + text, format=RdfFormat.TURTLE)} for text in (remove, add))
    assert out <= world()
    return frozenset((world() - out) | new)


PATTERN = f"<{BASE}pattern/sample#"
RECOMMENDATION = f"<{BASE}recommendation/pattern-sample/pattern-other>"
INCIDENT = f"<{BASE}incident/sample#"
BY_QUERY = {
    "ThreatPattern-escalation": ("", "pattern:other tg:escalatesTo pattern:sample ."),
    "Incident-primary": (
        f"{INCIDENT}pattern-other> tg:patternRole pattern-role:secondary .",
        f"{INCIDENT}pattern-other> tg:patternRole pattern-role:primary .",
    ),
    "Incident-link": (
        f"{INCIDENT}pattern-other> tg:pattern pattern:other .",
        f"{INCIDENT}pattern-other> tg:pattern pattern:sample .",
    ),
    "Provision-tree": (
        "iso-42001:sample-child skos:broader iso-42001:sample .",
        "iso-42001:sample-child skos:broader eu-ai-act:elsewhere .",
    ),
    "SourceFigure-value": (
        f"{PATTERN}figure> tg:count 3 ; tg:percentage 33 ; tg:pattern pattern:sample .",
        "",
    ),
    "SourceFigure-part": (f"{PATTERN}figure> tg:count 3 .", f"{PATTERN}figure> tg:count 10 ."),
    "RecordPart-owner": (f"pattern:sample tg:mapping {PATTERN}mapping> .", ""),
    "RecordPart-borrowed": ("", f"pattern:other tg:mechanism {PATTERN}mechanism-two> ."),
    "RecordPart-position": (f"{PATTERN}step-two> tg:position 2 .", f"{PATTERN}step-two> tg:position 1 ."),
    "Recommendation-asked": (
        f'{RECOMMENDATION} tg:recommendedFor pattern:sample ; tg:queryText "What is like the sample?" .',
        "",
    ),
    "FrameworkMapping-negated": (
        f"{PATTERN}mapping> tg:mappingRelation mapping-relation:sample .",
        f"{PATTERN}mapping> tg:mappingRelation mapping-relation:does-not-cover .",
    ),
    "FrameworkMapping-not-negated": (
        "",
        f"<{BASE}pattern/other#mapping> tg:mappingRelation mapping-relation:prohibits .",
    ),
    "Identifier-unique": ("", 'pattern:other skos:notation "PAT-SYS-901" .'),
}


def test_every_sparql_constraint_has_a_broken_record() -> None:
    checks = read_constraints(shapes.load(FILES), hints=True)
    assert {c.sparql.value.removeprefix(TGS) for c in checks if isinstance(c.sparql, NamedNode)} == set(BY_QUERY)


@pytest.mark.parametrize("name", BY_QUERY)
def test_a_broken_sparql_constraint_is_the_only_finding(name: str) -> None:
    broken = _change(*BY_QUERY[name])
    assert findings(broken) == {f"{name} SPARQL"}
    assert findings(broken, fast=False) == {f"{name} SPARQL"}


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ('pattern:sample tg:sourceUpdated "2025-02-30"^^xsd:date .', "sourceUpdated Datatype"),
        ('incident:sample tg:occurred "2024-13"^^xsd:gYearMonth .', "Incident-occurred Or, Incident-occurred Pattern"),
        ("pattern:sample tg:severity severity:hihg .", "severity Class"),
        ('pattern:sample tg:domain "DOM-SYS" .', "ThreatPattern-domain Class"),
    ],
)
def test_mistakes_that_people_make(text: str, rules: str) -> None:
    subject, prop = text.split(" ")[:2]
    head = "".join(f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in PREFIXES.items())
    (new,) = [quad.triple for quad in parse(head + text, format=RdfFormat.TURTLE)]
    content = frozenset(t for t in world() if not (t.subject == new.subject and t.predicate == new.predicate)) | {new}
    assert findings(content) == set(rules.split(", ")), (subject, prop)
    assert findings(content, fast=False) == set(rules.split(", "))


RETIRED = "pattern:other owl:deprecated true ; dcterms:isReplacedBy pattern:sample ."


def test_a_retired_record_with_a_successor_conforms() -> None:
    assert findings(_change("", RETIRED)) == set()


GOOD_ADDRESSES = (
    *(
        "https://example.org",
        "http://example.org:8080/a?b=c#d",
        "https://example.org/a_(b)",
        "https://b\u00fccher.example/a",
    ),
    *("urn:isbn:9780262533058", "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6"),
)


@pytest.mark.parametrize("url", GOOD_ADDRESSES)
def test_a_web_address_conforms(url: str) -> None:
    assert findings(_change("", f"pattern:sample dcterms:source <{url}> ; skos:exactMatch <{url}> .")) == set()


WRONG_ADDRESSES = (
    *("javascript:alert(1)", "data:text/html,x", "file:///home/me/report.pdf", "mailto:someone@example.org", "urn:x:1"),
    *(
        "http://127.0.0.1/a",
        "ftp://example.org/a",
        "https:///a",
        "https://?a",
        "http://localhost/a",
        "https://me@example.org/a",
    ),
    *("https://me:secret@example.org/a", "https://example.org/a;", "https://example.org/a,", "https://example..org/a"),
    *("https://https://example.org/a",),
)


@pytest.mark.parametrize("url", WRONG_ADDRESSES)
@pytest.mark.parametrize("fast", [True, False])
def test_what_is_no_web_address_is_no_source(url: str, fast: bool) -> None:
    broken = _change("", f"pattern:sample dcterms:source <{url}> .")
    assert findings(broken, fast=fast) == {"Source-address Pattern"}


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("pattern:sample skos:exactMatch <https:///a> .", {"ExactMatch-address Pattern"}),
        ("incident:sample schema:subjectOf <https:///a> .", {"SubjectOf-address Pattern"}),
        ('incident:sample tg:addedProperty "severity" .', {"Added-property NodeKind"}),
        ('pattern:sample skos:closeMatch "https://example.org/a" .', {"CloseMatch-address NodeKind"}),
        ("pattern:sample skos:broadMatch <file:///a> .", {"BroadMatch-address Pattern"}),
        ("pattern:sample skos:narrowMatch <file:///a> .", {"NarrowMatch-address Pattern"}),
        ("pattern:sample skos:relatedMatch <file:///a> .", {"RelatedMatch-address Pattern"}),
        ("framework:eu-ai-act-2024-1689 dcterms:license <file:///a> .", {"License-address Pattern"}),
        ('framework:eu-ai-act-2024-1689 dcterms:license "https://example.org/a" .', {"License-address NodeKind"}),
        ("pattern:other owl:deprecated true .", {"Retired-isReplacedBy MinCount"}),
        ('pattern:other owl:deprecated "yes" ; dcterms:isReplacedBy pattern:sample .', {"Retired-deprecated Datatype"}),
        ('pattern:other owl:deprecated true ; dcterms:isReplacedBy "sample" .', {"Retired-isReplacedBy NodeKind"}),
        (
            "pattern:other owl:deprecated true, false ; dcterms:isReplacedBy pattern:sample .",
            {"Retired-deprecated MaxCount"},
        ),
        ('pattern:sample dcterms:created "yesterday" .', {"Created-date Or"}),
        ('pattern:sample dcterms:modified "2025-02-30"^^xsd:date .', {"Modified-date Or"}),
        (
            'pattern:sample dcterms:created "2025"^^xsd:gYear, "2024"^^xsd:gYear ;'
            ' dcterms:modified "2025"^^xsd:gYear, "2024"^^xsd:gYear .',
            {"Created-date MaxCount", "Modified-date MaxCount"},
        ),
        ('pattern:sample prov:wasAttributedTo "us" .', {"Attributed-author NodeKind"}),
    ],
)
def test_a_rule_for_records_of_any_class_is_broken_alone(text: str, rules: set[str]) -> None:
    broken = _change("", text)
    assert findings(broken) == rules
    assert findings(broken, fast=False) == rules


def test_every_rule_for_records_of_any_class_has_a_broken_record() -> None:
    checks = read_constraints(shapes.load(FILES), hints=True)
    named = {
        f"{check.shape.value.removeprefix(TGS)} {COMPONENTS[name]}"
        for check in checks
        if check.target.kind == "targetSubjectsOf" and check.sparql is None and isinstance(check.shape, NamedNode)
        for name in check.parameters
    }
    tested = {
        *("Source-address Pattern", "ExactMatch-address Pattern", "CloseMatch-address NodeKind"),
        *("BroadMatch-address Pattern", "NarrowMatch-address Pattern", "RelatedMatch-address Pattern"),
        *(
            "License-address Pattern",
            "License-address NodeKind",
            "Retired-isReplacedBy MinCount",
            "Retired-deprecated Datatype",
        ),
        *("Retired-isReplacedBy NodeKind", "Retired-deprecated MaxCount", "Created-date Or", "Modified-date Or"),
        *("Created-date MaxCount", "Modified-date MaxCount", "Attributed-author NodeKind"),
        *("SubjectOf-address Pattern", "Added-property NodeKind"),
    }
    # One shape for each relation of SKOS: what one of them is tested for, the others have as well.
    alike = {
        f"{name}Match-address {kind}"
        for name in ("Exact", "Close", "Broad", "Narrow", "Related")
        for kind in ("Pattern", "NodeKind")
    } | {"SubjectOf-address NodeKind"}
    assert named <= tested | alike
