"""Says in SPARQL when a node surely conforms to a shape, and when it surely does not.

Both are expressions over a variable that never fail, so that ``sh:not`` may turn one into the other. What stands
between them, or has no SPARQL form here, is left to the referee. So a literal counts as well formed only where a strict
pattern says so, two literals are compared only where Oxigraph and rdflib surely order them alike, and a regular
expression is tried only where Oxigraph surely reads it as XPath does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from pyoxigraph import BlankNode, Literal, NamedNode

from threatgraph.validate.shapes.graph import SH, ShapeGraph, Term, first, is_true, members, nodes, parameters
from threatgraph.validate.shapes.paths import Path, read_path
from threatgraph.validate.shapes.regex import is_plain
from threatgraph.vocab import PREFIXES, XSD

_DAY = r"((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
#: Lexical forms that are surely valid; the rare ones (29 February, time zones) are left to the referee.
WELL_FORMED = {
    f"{XSD}string": "",
    f"{PREFIXES['rdf']}langString": "",
    f"{XSD}integer": r"^[+-]?[0-9]+$",
    f"{XSD}nonNegativeInteger": r"^[0-9]+$",
    f"{XSD}positiveInteger": r"^[1-9][0-9]*$",
    f"{XSD}decimal": r"^[+-]?[0-9]+(\.[0-9]+)?$",
    f"{XSD}double": r"^[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,2})?$",
    f"{XSD}boolean": r"^(true|false)$",
    f"{XSD}date": rf"^[1-9][0-9]{{3}}-{_DAY}$",
    f"{XSD}dateTime": rf"^[1-9][0-9]{{3}}-{_DAY}T{_TIME}Z?$",
    f"{XSD}gYearMonth": r"^[1-9][0-9]{3}-(0[1-9]|1[0-2])$",
    f"{XSD}gYear": r"^[1-9][0-9]{3}$",
}
#: Datatypes that literals of other datatypes count as, to pyshacl.
_OF_ALL_TYPES = frozenset(f"{PREFIXES['rdfs']}{name}" for name in ("Literal", "Datatype"))
_EXACT = frozenset({f"{XSD}integer", f"{XSD}decimal"})
#: The characters for which regular expressions of all kinds agree on case and on the classes of characters.
_PLAIN = Literal("^[\t\n\r -~]*$")
#: The end of a name that a store may have given to a blank node (see :mod:`threatgraph.rdf.skolem`).
_GIVEN = Literal("#_[1-9][0-9]*$")
#: A language range that all engines match alike.
_RANGE = re.compile(r"\*|[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_DEEPEST = 5
_MOST = 3
_LISTED = 500
_LONGEST = 20_000

YES, NO = "true", "false"


class ThreeValued(NamedTuple):
    """When something is surely so and when it surely is not; ``None`` where SPARQL cannot tell."""

    yes: str | None
    no: str | None


UNKNOWN = ThreeValued(None, None)
#: An expression that a variable is an instance of a class, given the variable and the class.
InstanceOf = Callable[[str, Term], str]
Values = Sequence[Term]
ValueTest = Callable[["Conformance", str, Values, Mapping[str, Values]], ThreeValued]


def all_of(verdicts: Iterable[ThreeValued]) -> ThreeValued:
    """So where all are so."""
    found = list(verdicts)
    yes, no = [v.yes for v in found], [v.no for v in found if v.no is not None]
    told = [v for v in yes if v is not None]
    return ThreeValued(_join(" && ", told, YES) if len(told) == len(found) else None, _join(" || ", no, NO))


def any_of(verdicts: Iterable[ThreeValued]) -> ThreeValued:
    """So where one is so."""
    return opposite(all_of(map(opposite, verdicts)))


def opposite(verdict: ThreeValued) -> ThreeValued:
    """So where it is not so."""
    return ThreeValued(verdict.no, verdict.yes)


def safely(yes: str | None, no: str | None = None) -> ThreeValued:
    """Expressions that may fail: a failure is neither one nor the other."""
    wrapped = [None if test is None else f"COALESCE({test}, false)" for test in (yes, no)]
    return ThreeValued(*wrapped)


def _exactly(test: str) -> ThreeValued:
    return ThreeValued(f"({test})", f"(!({test}))")


def _join(operator: str, tests: Sequence[str], empty: str) -> str:
    kept = [test for test in dict.fromkeys(tests) if test != empty]
    return f"({operator.join(kept)})" if kept else empty


class Conformance:
    """What the shapes of one graph demand of a node, in SPARQL.

    Args:
        graph: the shapes graph.
        instance_of: writes the pattern of an instance of a class.
    """

    def __init__(self, graph: ShapeGraph, instance_of: InstanceOf) -> None:
        self._graph, self._instance_of = graph, instance_of

    def shape(self, shape: Term, node: str, depth: int = 1) -> ThreeValued:
        """When the node that a variable stands for conforms to a shape.

        Args:
            shape: the shape.
            node: the variable, with its question mark.
            depth: how deep in other shapes this one stands; the variables of its values are called by it.
        """
        if is_true(self._graph, shape, "deactivated"):
            return ThreeValued(YES, NO)
        found = self._shape(shape, node, depth)
        return ThreeValued(*(None if test is None or len(test) > _LONGEST else test for test in found))

    def _shape(self, shape: Term, node: str, depth: int) -> ThreeValued:
        if depth > _DEEPEST or first(self._graph, shape, "sparql"):
            return UNKNOWN
        found = parameters(self._graph, shape)
        if inner := nodes(self._graph, shape, "property"):
            found["property"] = inner
        term = first(self._graph, shape, "path")
        if term is None:
            return all_of([*self.values(found, node, depth), *self._closed(shape, found, node, depth)])
        path = read_path(self._graph, term)
        return UNKNOWN if path is None else all_of(self._along(path, found, node, depth))

    def _along(self, path: Path, found: Mapping[str, Values], node: str, depth: int) -> Iterator[ThreeValued]:
        value, other, way = f"?v{depth}", f"?o{depth}", path.to_sparql()
        on_values = {}
        for name, values in found.items():
            if name in ("minCount", "maxCount"):
                yield _count(name, f"{node} {way}", value, values)
            elif name == "uniqueLang":
                pair = f"{node} {way} {value} . {node} {way} {other} . {alike(value, other)}"
                yield _none(pair) if str(values[0]) == str(Literal(True)) else UNKNOWN
            elif name == "hasValue":
                yield from (_some(f"{node} {way} {v} .", v) for v in values)
            elif name == "closed" and values[0] == Literal(True):
                yield UNKNOWN  # the values are closed: that is rare, and left to the referee
            else:
                on_values[name] = values
        each = all_of(self.values(on_values, value, depth + 1))
        if each != (YES, NO):
            step = f"{node} {way} {value} ."
            yield ThreeValued(
                None if each.yes is None else f"(NOT EXISTS {{ {step} FILTER(!{each.yes}) }})",
                None if each.no is None else f"(EXISTS {{ {step} FILTER({each.no}) }})",
            )

    def values(self, found: Mapping[str, Values], value: str, depth: int = 1) -> Iterator[ThreeValued]:
        """For each parameter that is about values, when the value that a variable stands for meets it."""
        for name, values in found.items():
            if name in ("flags", "ignoredProperties", "closed"):
                continue  # read together with the parameter that they belong to, or with the shape
            if name in ("node", "property"):
                for shape in values:
                    fits = (name == "property") == (first(self._graph, shape, "path") is not None)
                    yield self.shape(shape, value, depth) if fits else UNKNOWN  # the referee says what is wrong
            elif name == "not":
                yield from (opposite(self.shape(shape, value, depth)) for shape in values)
            elif name in _LOGICAL:
                yield from (self._logical(name, head, value, depth) for head in values)
            else:
                test = _TESTS.get(name)
                yield test(self, value, values, found) if test else UNKNOWN

    def _logical(self, name: str, head: Term, value: str, depth: int) -> ThreeValued:
        shapes = list(members(self._graph, head))
        found = [self.shape(shape, value, depth) for shape in shapes]
        if not shapes:
            return UNKNOWN  # no list of shapes: the referee says so
        if name == "xone" and len(set(shapes)) < len(shapes):
            return ThreeValued(_one_of(found).yes, None)
        return _LOGICAL[name](found)

    def _closed(self, shape: Term, found: Mapping[str, Values], node: str, depth: int) -> Iterator[ThreeValued]:
        if "closed" in found:
            known = self.known_properties(shape, found)
            prop = f"?p{depth}"
            if known is None:
                yield UNKNOWN
            elif str(found["closed"][0]) == str(Literal(True)):
                among = ", ".join(known) or "<urn:none>"
                yield _none(f"{node} {prop} ?o{depth} FILTER({prop} NOT IN ({among}))")

    def known_properties(self, shape: Term, found: Mapping[str, Values]) -> list[str] | None:
        """The properties that a closed shape allows, in N-Triples; ``None`` where a path among them is not one."""
        known = [str(m) for head in found.get("ignoredProperties", ()) for m in members(self._graph, head)]
        for member in nodes(self._graph, shape, "property"):
            path = first(self._graph, member, "path")
            known += [str(path)] if isinstance(path, NamedNode) else []
        return known if all(prop.startswith("<") for prop in known) else None

    def _class(self, value: str, values: Values, _: Mapping[str, Values]) -> ThreeValued:
        if not all(isinstance(cls, NamedNode) for cls in values):
            return UNKNOWN
        found = [f"EXISTS {{ {self._instance_of(value, cls)} }}" for cls in values]
        return all_of(ThreeValued(f"({test})", f"(NOT {test})") for test in found)

    def _in(self, value: str, values: Values, _: Mapping[str, Values]) -> ThreeValued:
        found = list(members(self._graph, values[0]))
        if len(found) > _LISTED:
            return UNKNOWN  # Oxigraph exhausts its stack on very long expressions
        same = _join(" || ", [f"sameTerm({value}, {m})" for m in found if str(m)[:2] != "_:"], NO)
        return ThreeValued(same, f"(!{same})" if all(map(_same_everywhere, found)) else None)

    def _language_in(self, value: str, values: Values, _: Mapping[str, Values]) -> ThreeValued:
        ranges = [member.value for member in members(self._graph, values[0])]
        if not all(map(_RANGE.fullmatch, ranges)):
            return UNKNOWN  # which Oxigraph does not match as RFC 4647 does
        tests = [f"LANGMATCHES(LANG({value}), {Literal(wanted)})" for wanted in ranges]
        return safely(_join(" || ", tests, NO))


def _one_of(found: Sequence[ThreeValued]) -> ThreeValued:
    """So where exactly one is so (SHACL, section 4.6.4)."""
    places = range(len(found))
    alone = [all_of(found[n] if n == place else opposite(found[n]) for n in places) for place in places]
    two = [all_of(pair) for pair in combinations(found, 2)]
    return ThreeValued(any_of(alone).yes, any_of([*two, opposite(any_of(found))]).yes)


_LOGICAL: dict[str, Callable[[Sequence[ThreeValued]], ThreeValued]] = {"and": all_of, "or": any_of, "xone": _one_of}


def alike(one: str, other: str) -> str:
    """The filter that two values are two, with the same language."""
    same = f"LCASE(LANG({one})) = LCASE(LANG({other})) && LANG({one}) != ''"
    return f"FILTER(!sameTerm({one}, {other}) && {same})"


def _some(pattern: str, term: Term | None = None) -> ThreeValued:
    """Whether a pattern has a solution; where it ends in a term, as far as the libraries agree on what equals that."""
    if isinstance(term, BlankNode):
        return UNKNOWN  # it would be a variable
    sure = term is None or _same_everywhere(term)
    return ThreeValued(f"(EXISTS {{ {pattern} }})", f"(NOT EXISTS {{ {pattern} }})" if sure else None)


def _none(pattern: str) -> ThreeValued:
    return opposite(_some(pattern))


def _count(name: str, way: str, value: str, values: Values) -> ThreeValued:
    """Whether there are enough values, or not too many, as far as a few variables can tell."""
    limit = int(values[0].value) + (name == "maxCount")
    if not limit:
        return ThreeValued(YES, NO)
    if limit > _MOST:
        return UNKNOWN
    names = [f"{value}n{number}" for number in range(limit)]
    different = " && ".join(f"!sameTerm({one}, {other})" for one, other in combinations(names, 2))
    many = " ".join(f"{way} {name} ." for name in names) + (f" FILTER({different})" if different else "")
    return _some(many) if name == "minCount" else _none(many)


def _same_everywhere(term: Term) -> bool:
    """Whether all libraries agree on what equals a term: they do not on the case of a language."""
    return isinstance(term, NamedNode) or (isinstance(term, Literal) and not term.language)


def _nameless(value: str) -> str:
    """The test that a value is surely no blank node, not even one with a name that a store has given to it."""
    return f"(isLiteral({value}) || (isIRI({value}) && !REGEX(STR({value}), {_GIVEN})))"


def _datatype(_: Conformance, value: str, values: Values, __: Mapping[str, Values]) -> ThreeValued:
    datatype = values[0]
    if datatype.value in _OF_ALL_TYPES:
        return UNKNOWN
    of_type = f"isLiteral({value}) && DATATYPE({value}) = {datatype}"
    form = WELL_FORMED.get(datatype.value)
    lexical = f" && REGEX(STR({value}), {Literal(form)})" if form else ""
    return safely(None if form is None else f"({of_type}{lexical})", f"!({of_type})")


def _node_kind(_: Conformance, value: str, values: Values, __: Mapping[str, Values]) -> ThreeValued:
    literal, blank = f"isLiteral({value})", f"isBlank({value})"
    named = f"(!{literal} && {_nameless(value)})"
    kinds = {
        "IRI": ThreeValued(named, f"({literal} || {blank})"),
        "Literal": _exactly(literal),
        "BlankNode": ThreeValued(blank, f"({literal} || {named})"),
        # A triple term is neither (RDF 1.2).
        "BlankNodeOrIRI": _exactly(f"({blank} || isIRI({value}))"),
        "BlankNodeOrLiteral": ThreeValued(f"({literal} || {blank})", named),
        "IRIOrLiteral": ThreeValued(f"({literal} || {named})", blank),
    }
    return kinds.get(values[0].value.removeprefix(SH), UNKNOWN)


def _pattern(_: Conformance, value: str, values: Values, beside: Mapping[str, Values]) -> ThreeValued:
    """The test of ``sh:pattern`` (SHACL, section 4.4.3)."""
    flags = next(iter(beside.get("flags", ())), None)
    if not all(is_plain(pattern.value) for pattern in values) or (flags and set(flags.value) - {"i"}):
        return UNKNOWN
    same = _nameless(value)
    if flags or any("\\" in pattern.value for pattern in values):
        same += f" && REGEX(STR({value}), {_PLAIN})"
    matches = " && ".join(f"REGEX(STR({value}), {pattern}{f', {flags}' if flags else ''})" for pattern in values)
    return safely(f"({same} && {matches})", f"({same} && !({matches}))")


def comparable(value: str, kind: str) -> str | None:
    """The test that a value can surely be compared with exact numbers, or with days without time zone."""
    if kind in _EXACT:
        return f"DATATYPE({value}) IN ({', '.join(f'<{name}>' for name in sorted(_EXACT))})"
    if kind == f"{XSD}date":
        return f"DATATYPE({value}) = <{kind}> && REGEX(STR({value}), {Literal(WELL_FORMED[kind])})"
    return None


def _compares(operator: str) -> ValueTest:
    """The test of a limit (SHACL, section 4.3)."""

    def test(_: Conformance, value: str, values: Values, __: Mapping[str, Values]) -> ThreeValued:
        limit = values[0]
        kind = limit.datatype.value if isinstance(limit, Literal) else ""
        known = comparable(value, kind)
        if known is None or (kind not in _EXACT and not re.search(WELL_FORMED[kind], limit.value)):
            return UNKNOWN
        return safely(f"({known} && {value} {operator} {limit})", f"({known} && !({value} {operator} {limit}))")

    return test


def _length(operator: str) -> ValueTest:
    def test(_: Conformance, value: str, values: Values, __: Mapping[str, Values]) -> ThreeValued:
        met = f"STRLEN(STR({value})) {operator} {values[0].value}"
        return safely(f"({_nameless(value)} && {met})", f"({_nameless(value)} && !({met}))")

    return test


def _has_value(_: Conformance, value: str, values: Values, __: Mapping[str, Values]) -> ThreeValued:
    return all_of(
        ThreeValued(f"sameTerm({value}, {v})", f"(!sameTerm({value}, {v}))" if _same_everywhere(v) else None)
        for v in values
    )


_TESTS: dict[str, ValueTest] = {
    "class": Conformance._class,
    "datatype": _datatype,
    "nodeKind": _node_kind,
    "in": Conformance._in,
    "languageIn": Conformance._language_in,
    "hasValue": _has_value,
    "pattern": _pattern,
    "minInclusive": _compares(">="),
    "maxInclusive": _compares("<="),
    "minExclusive": _compares(">"),
    "maxExclusive": _compares("<"),
    "minLength": _length(">="),
    "maxLength": _length("<="),
}
