"""Expresses in SPARQL when a node certainly conforms to a shape, and when it certainly does not.

SPARQL engines, rdflib and pyshacl disagree on some values, such as the order of a string and a number. So a test has
three outcomes, and each shape becomes two expressions that never raise an error:

- ``holds``: true only if the node conforms, whichever library evaluates it;
- ``fails``: true only if the node does not conform.

If both are false, or if there is no expression (``None``), the result is unknown, and the node becomes a candidate for
pyshacl. ``sh:not`` swaps the two expressions, which would be wrong with only one of them. The functions :func:`all_of`,
:func:`any_of` and :func:`negation` are the connectives of this three-valued (Kleene) logic.

``conformance`` is defined in ``tests/test_validate_examples.py``, which runs these examples:

>>> conformance("sh:maxInclusive 5")
holds: (COALESCE((DATATYPE(?this) IN (xsd:decimal, xsd:integer) && ?this <= 5), false))
fails: (COALESCE((DATATYPE(?this) IN (xsd:decimal, xsd:integer) && !(?this <= 5)), false))

The value ``5.0`` conforms and ``7`` does not. For ``3.0e0`` both are false, since it is neither an integer nor a
decimal. The negation swaps the two:

>>> conformance("sh:not [ sh:maxInclusive 5 ]")
holds: ((COALESCE((DATATYPE(?this) IN (xsd:decimal, xsd:integer) && !(?this <= 5)), false)))
fails: ((COALESCE((DATATYPE(?this) IN (xsd:decimal, xsd:integer) && ?this <= 5), false)))

A property shape quantifies over the values of its path:

>>> conformance("sh:property [ sh:path ex:author ; sh:nodeKind sh:Literal ]")
holds: (((NOT EXISTS { ?this ex:author ?v1 . FILTER(!((isLiteral(?v1)))) })))
fails: (((EXISTS { ?this ex:author ?v1 . FILTER(((!(isLiteral(?v1))))) })))
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from pyoxigraph import BlankNode, Literal, NamedNode

from threatgraph.validate.shapes.graph import ShapeGraph, Term, first, is_true, members, nodes, parameters
from threatgraph.validate.shapes.paths import Path, read_path
from threatgraph.validate.shapes.regex import is_plain
from threatgraph.vocab import PREFIXES, SH, XSD

_DAY = r"((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
#: Lexical forms that are certainly valid. Rare forms (29 February, time zones) are left to pyshacl.
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
#: Datatypes that pyshacl also accepts for literals of other datatypes.
_GENERIC_TYPES = frozenset(f"{PREFIXES['rdfs']}{name}" for name in ("Literal", "Datatype"))
_EXACT = frozenset({f"{XSD}integer", f"{XSD}decimal"})
#: ASCII texts, for which all regular expression engines agree on case and character classes.
_ASCII = Literal("^[\t\n\r -~]*$")
#: The end of the skolem IRI of a blank node (see :mod:`threatgraph.rdf.skolem`).
_SKOLEM = Literal("#_[1-9][0-9]*$")
#: Language ranges that all engines match in the same way.
_RANGE = re.compile(r"\*|[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_MAX_DEPTH = 5
_MAX_COUNT = 3
_MAX_LIST = 500
_MAX_EXPRESSION = 20_000

TRUE, FALSE = "true", "false"


class ThreeValued(NamedTuple):
    """A test with three outcomes, as two SPARQL expressions; ``None`` if there is no such expression."""

    holds: str | None
    """True only if the test certainly holds."""
    fails: str | None
    """True only if the test certainly fails."""


UNKNOWN = ThreeValued(None, None)
#: Returns the pattern for an instance of a class, given the variable and the class.
InstanceOf = Callable[[str, Term], str]
Values = Sequence[Term]
ValueTest = Callable[["Conformance", str, Values, Mapping[str, Values]], ThreeValued]


def all_of(tests: Iterable[ThreeValued]) -> ThreeValued:
    """The conjunction of tests."""
    found = list(tests)
    holds = [test.holds for test in found if test.holds is not None]
    fails = [test.fails for test in found if test.fails is not None]
    return ThreeValued(_join(" && ", holds, TRUE) if len(holds) == len(found) else None, _join(" || ", fails, FALSE))


def any_of(tests: Iterable[ThreeValued]) -> ThreeValued:
    """The disjunction of tests."""
    return negation(all_of(map(negation, tests)))


def negation(test: ThreeValued) -> ThreeValued:
    """The negation of a test."""
    return ThreeValued(test.fails, test.holds)


def _errors_unknown(holds: str | None, fails: str | None = None) -> ThreeValued:
    """A test from expressions that may raise an error, which makes the result unknown."""
    caught = [None if test is None else f"COALESCE({test}, false)" for test in (holds, fails)]
    return ThreeValued(*caught)


def _exactly(test: str) -> ThreeValued:
    """A test that is never unknown."""
    return ThreeValued(f"({test})", f"(!({test}))")


def _join(operator: str, tests: Sequence[str], empty: str) -> str:
    kept = [test for test in dict.fromkeys(tests) if test != empty]
    return f"({operator.join(kept)})" if kept else empty


class Conformance:
    """Compiles the shapes of a graph to tests of whether a node conforms.

    Args:
        graph: the shapes graph.
        instance_of: returns the pattern for an instance of a class.
    """

    def __init__(self, graph: ShapeGraph, instance_of: InstanceOf) -> None:
        self._graph, self._instance_of = graph, instance_of

    def shape(self, shape: Term, node: str, depth: int = 1) -> ThreeValued:
        """The test that the value of a variable conforms to a shape.

        Args:
            shape: the shape.
            node: the variable, with its question mark.
            depth: the nesting depth of the shape, which makes the names of inner variables unique.
        """
        if is_true(self._graph, shape, "deactivated"):
            return ThreeValued(TRUE, FALSE)
        found = self._shape(shape, node, depth)
        return ThreeValued(*(None if test is None or len(test) > _MAX_EXPRESSION else test for test in found))

    def _shape(self, shape: Term, node: str, depth: int) -> ThreeValued:
        if depth > _MAX_DEPTH or first(self._graph, shape, "sparql"):
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
        value, other, step = f"?v{depth}", f"?o{depth}", path.to_sparql()
        on_values = {}
        for name, values in found.items():
            if name in ("minCount", "maxCount"):
                yield _count(name, f"{node} {step}", value, values)
            elif name == "uniqueLang":
                pair = f"{node} {step} {value} . {node} {step} {other} . {same_language(value, other)}"
                yield _none(pair) if str(values[0]) == str(Literal(True)) else UNKNOWN
            elif name == "hasValue":
                yield from (_some(f"{node} {step} {v} .", v) for v in values)
            elif name == "closed" and values[0] == Literal(True):
                yield UNKNOWN  # the values are closed, which is rare: left to pyshacl
            else:
                on_values[name] = values
        each = all_of(self.values(on_values, value, depth + 1))
        if each != (TRUE, FALSE):
            pattern = f"{node} {step} {value} ."
            yield ThreeValued(
                None if each.holds is None else f"(NOT EXISTS {{ {pattern} FILTER(!{each.holds}) }})",
                None if each.fails is None else f"(EXISTS {{ {pattern} FILTER({each.fails}) }})",
            )

    def values(self, found: Mapping[str, Values], value: str, depth: int = 1) -> Iterator[ThreeValued]:
        """For each parameter on values, the test that the value of a variable satisfies it."""
        for name, values in found.items():
            if name in ("flags", "ignoredProperties", "closed"):
                continue  # handled together with another parameter, or with the shape
            if name in ("node", "property"):
                for shape in values:
                    is_expected = (name == "property") == (first(self._graph, shape, "path") is not None)
                    yield self.shape(shape, value, depth) if is_expected else UNKNOWN  # pyshacl reports it
            elif name == "not":
                yield from (negation(self.shape(shape, value, depth)) for shape in values)
            elif name in _LOGICAL:
                yield from (self._logical(name, head, value, depth) for head in values)
            else:
                test = _TESTS.get(name)
                yield test(self, value, values, found) if test else UNKNOWN

    def _logical(self, name: str, head: Term, value: str, depth: int) -> ThreeValued:
        shapes = list(members(self._graph, head))
        found = [self.shape(shape, value, depth) for shape in shapes]
        if not shapes:
            return UNKNOWN  # not a list of shapes: pyshacl reports it
        if name == "xone" and len(set(shapes)) < len(shapes):
            return ThreeValued(_one_of(found).holds, None)
        return _LOGICAL[name](found)

    def _closed(self, shape: Term, found: Mapping[str, Values], node: str, depth: int) -> Iterator[ThreeValued]:
        if "closed" in found:
            known = self.known_properties(shape, found)
            prop = f"?p{depth}"
            if known is None:
                yield UNKNOWN
            elif str(found["closed"][0]) == str(Literal(True)):
                allowed = ", ".join(known) or "<urn:none>"
                yield _none(f"{node} {prop} ?o{depth} FILTER({prop} NOT IN ({allowed}))")

    def known_properties(self, shape: Term, found: Mapping[str, Values]) -> list[str] | None:
        """The properties that a closed shape allows, in N-Triples; ``None`` if one of them is not an IRI."""
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
        if len(found) > _MAX_LIST:
            return UNKNOWN  # very long expressions overflow the stack of Oxigraph
        same = _join(" || ", [f"sameTerm({value}, {m})" for m in found if str(m)[:2] != "_:"], FALSE)
        return ThreeValued(same, f"(!{same})" if all(map(_is_unambiguous, found)) else None)

    def _language_in(self, value: str, values: Values, _: Mapping[str, Values]) -> ThreeValued:
        ranges = [member.value for member in members(self._graph, values[0])]
        if not all(map(_RANGE.fullmatch, ranges)):
            return UNKNOWN  # Oxigraph does not match it according to RFC 4647
        tests = [f"LANGMATCHES(LANG({value}), {Literal(wanted)})" for wanted in ranges]
        return _errors_unknown(_join(" || ", tests, FALSE))


def _one_of(found: Sequence[ThreeValued]) -> ThreeValued:
    """The test that exactly one test holds (SHACL, section 4.6.4)."""
    indexes = range(len(found))
    only = [all_of(found[n] if n == index else negation(found[n]) for n in indexes) for index in indexes]
    pairs = [all_of(pair) for pair in combinations(found, 2)]
    return ThreeValued(any_of(only).holds, any_of([*pairs, negation(any_of(found))]).holds)


_LOGICAL: dict[str, Callable[[Sequence[ThreeValued]], ThreeValued]] = {"and": all_of, "or": any_of, "xone": _one_of}


def same_language(one: str, other: str) -> str:
    """The filter that two values are different literals with the same language."""
    same = f"LCASE(LANG({one})) = LCASE(LANG({other})) && LANG({one}) != ''"
    return f"FILTER(!sameTerm({one}, {other}) && {same})"


def _some(pattern: str, term: Term | None = None) -> ThreeValued:
    """The test that a pattern has a solution. It may end in a term, which not all libraries may compare equally."""
    if isinstance(term, BlankNode):
        return UNKNOWN  # in a query, it is a variable
    is_exact = term is None or _is_unambiguous(term)
    return ThreeValued(f"(EXISTS {{ {pattern} }})", f"(NOT EXISTS {{ {pattern} }})" if is_exact else None)


def _none(pattern: str) -> ThreeValued:
    return negation(_some(pattern))


def _count(name: str, step: str, value: str, values: Values) -> ThreeValued:
    """The test of ``sh:minCount`` or ``sh:maxCount`` for small limits, with one variable per value."""
    limit = int(values[0].value) + (name == "maxCount")
    if not limit:
        return ThreeValued(TRUE, FALSE)
    if limit > _MAX_COUNT:
        return UNKNOWN
    names = [f"{value}n{number}" for number in range(limit)]
    different = " && ".join(f"!sameTerm({one}, {other})" for one, other in combinations(names, 2))
    many = " ".join(f"{step} {name} ." for name in names) + (f" FILTER({different})" if different else "")
    return _some(many) if name == "minCount" else _none(many)


def _is_unambiguous(term: Term) -> bool:
    """Whether all libraries agree on which terms equal a term; they disagree on the case of language tags."""
    return isinstance(term, NamedNode) or (isinstance(term, Literal) and not term.language)


def _not_blank(value: str) -> str:
    """The test that a value is certainly not a blank node, nor the skolem IRI of one."""
    return f"(isLiteral({value}) || (isIRI({value}) && !REGEX(STR({value}), {_SKOLEM})))"


def _datatype(_: Conformance, value: str, values: Values, __: Mapping[str, Values]) -> ThreeValued:
    datatype = values[0]
    if datatype.value in _GENERIC_TYPES:
        return UNKNOWN
    of_type = f"isLiteral({value}) && DATATYPE({value}) = {datatype}"
    form = WELL_FORMED.get(datatype.value)
    lexical = f" && REGEX(STR({value}), {Literal(form)})" if form else ""
    return _errors_unknown(None if form is None else f"({of_type}{lexical})", f"!({of_type})")


def _node_kind(_: Conformance, value: str, values: Values, __: Mapping[str, Values]) -> ThreeValued:
    literal, blank = f"isLiteral({value})", f"isBlank({value})"
    iri = f"(!{literal} && {_not_blank(value)})"
    kinds = {
        "IRI": ThreeValued(iri, f"({literal} || {blank})"),
        "Literal": _exactly(literal),
        "BlankNode": ThreeValued(blank, f"({literal} || {iri})"),
        # A triple term (RDF 1.2) is neither.
        "BlankNodeOrIRI": _exactly(f"({blank} || isIRI({value}))"),
        "BlankNodeOrLiteral": ThreeValued(f"({literal} || {blank})", iri),
        "IRIOrLiteral": ThreeValued(f"({literal} || {iri})", blank),
    }
    return kinds.get(values[0].value.removeprefix(SH), UNKNOWN)


def _pattern(_: Conformance, value: str, values: Values, others: Mapping[str, Values]) -> ThreeValued:
    """The test of ``sh:pattern`` (SHACL, section 4.4.3)."""
    flags = next(iter(others.get("flags", ())), None)
    if not all(is_plain(pattern.value) for pattern in values) or (flags and set(flags.value) - {"i"}):
        return UNKNOWN
    comparable_text = _not_blank(value)
    if flags or any("\\" in pattern.value for pattern in values):
        comparable_text += f" && REGEX(STR({value}), {_ASCII})"
    matches = " && ".join(f"REGEX(STR({value}), {pattern}{f', {flags}' if flags else ''})" for pattern in values)
    return _errors_unknown(f"({comparable_text} && {matches})", f"({comparable_text} && !({matches}))")


def comparable(value: str, kind: str) -> str | None:
    """The test that a value is certainly comparable with integers and decimals, or with dates without time zone."""
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
        return _errors_unknown(
            f"({known} && {value} {operator} {limit})", f"({known} && !({value} {operator} {limit}))"
        )

    return test


def _length(operator: str) -> ValueTest:
    def test(_: Conformance, value: str, values: Values, __: Mapping[str, Values]) -> ThreeValued:
        within = f"STRLEN(STR({value})) {operator} {values[0].value}"
        return _errors_unknown(f"({_not_blank(value)} && {within})", f"({_not_blank(value)} && !({within}))")

    return test


def _has_value(_: Conformance, value: str, values: Values, __: Mapping[str, Values]) -> ThreeValued:
    return all_of(
        ThreeValued(f"sameTerm({value}, {v})", f"(!sameTerm({value}, {v}))" if _is_unambiguous(v) else None)
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
