"""Values are checked in their lexical form and according to the specifications, in the fast mode and the full mode.

Each expected value is derived from the specification that its test names, not from the behavior of a library.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyshacl
import pytest
import rdflib

from threatgraph.errors import InvalidShape
from threatgraph.store import MemoryStore, Store
from threatgraph.store.disk.load import load
from threatgraph.store.disk.store import DirectoryStore
from threatgraph.store.inputs import file_sources
from threatgraph.validate import ValidationReport, validate
from threatgraph.validate.evaluation.components import corrected
from threatgraph.vocab import PREFIXES

EX = "https://example.org/"
HEAD = f"@prefix ex: <{EX}> .\n" + "".join(
    f"@prefix {prefix}: <{PREFIXES[prefix]}> .\n" for prefix in ("rdf", "rdfs", "sh", "xsd")
)


def _file(folder: Path, name: str, text: str) -> Path:
    file = folder / f"{name}.ttl"
    file.write_text(HEAD + text)
    return file


def both_modes(store: Store, shapes: Path) -> ValidationReport:
    fast, full = (validate(store, shapes=[shapes], fast=fast, hints=True) for fast in (True, False))
    assert list(fast) == list(full)
    return fast


def report(folder: Path, data: str, shapes: str) -> ValidationReport:
    store = MemoryStore.open([_file(folder, "data", data)], bundled=False)
    return both_modes(store, _file(folder, "shapes", shapes))


def wrong(folder: Path, constraint: str, values: str, more: str = "") -> list[str]:
    """The values that violate a constraint on the property ``ex:v``."""
    terms = values.split(" ; ")
    data = "".join(f"ex:n{number} a ex:T ; ex:v {term} .\n" for number, term in enumerate(terms)) + more
    shapes = f"ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:property [ sh:path ex:v ; {constraint} ] ."
    found = {result.node for result in report(folder, data, shapes)}
    return [term for number, term in enumerate(terms) if f"{EX}n{number}" in found]


# RDF compares terms by lexical form, not by value (RDF 1.1 Concepts, section 3.3).

INTEGERS = '1 ; "01"^^xsd:integer ; "+1"^^xsd:integer ; 1.0 ; "1"^^xsd:byte ; "1"'


@pytest.mark.parametrize(
    ("constraint", "values", "expected"),
    [
        ("sh:in ( 1 )", INTEGERS, '"01"^^xsd:integer ; "+1"^^xsd:integer ; 1.0 ; "1"^^xsd:byte ; "1"'),
        ('sh:in ( "01"^^xsd:integer )', INTEGERS, '1 ; "+1"^^xsd:integer ; 1.0 ; "1"^^xsd:byte ; "1"'),
        ('sh:hasValue "1"^^xsd:byte', INTEGERS, '1 ; "01"^^xsd:integer ; "+1"^^xsd:integer ; 1.0 ; "1"'),
        ("sh:hasValue 1.0", INTEGERS, '1 ; "01"^^xsd:integer ; "+1"^^xsd:integer ; "1"^^xsd:byte ; "1"'),
        ("sh:not [ sh:in ( 1 ) ]", INTEGERS, "1"),
        ('sh:not [ sh:hasValue "01"^^xsd:integer ]', INTEGERS, '"01"^^xsd:integer'),
        (
            "sh:maxLength 3",
            '"1.50"^^xsd:decimal ; 1.5 ; "007"^^xsd:integer ; "1.0E3"^^xsd:double',
            '"1.50"^^xsd:decimal ; "1.0E3"^^xsd:double',
        ),
        ("sh:minLength 3", '"007"^^xsd:integer ; 7 ; "true"^^xsd:boolean ; "1"^^xsd:boolean', '7 ; "1"^^xsd:boolean'),
        (
            'sh:pattern "^[1-9]"',
            '"007"^^xsd:integer ; 7 ; "0.50"^^xsd:decimal',
            '"007"^^xsd:integer ; "0.50"^^xsd:decimal',
        ),
        ('sh:pattern "^0\\\\.[0-9][0-9]$"', "0.50 ; 0.5", "0.5"),
        (
            'sh:pattern "000Z$"',
            '"2024-01-01T00:00:00.000Z"^^xsd:dateTime ; "2024-01-01T00:00:00Z"^^xsd:dateTime',
            '"2024-01-01T00:00:00Z"^^xsd:dateTime',
        ),
        ("sh:maxCount 1", "1 , 1.0 ; 1.0 , 1.00 ; 1.0 , 1.0 ; 1 , 01", "1 , 1.0 ; 1.0 , 1.00 ; 1 , 01"),
        ("sh:minCount 2", "1.0 , 1.00 ; 1.0 ; 1 , 01", "1.0"),
        ("sh:qualifiedValueShape [ sh:maxLength 1 ] ; sh:qualifiedMinCount 1", "1 ; 01", "01"),
    ],
)
def test_terms_are_compared_as_written(tmp_path: Path, constraint: str, values: str, expected: str) -> None:
    assert wrong(tmp_path, constraint, values) == [value for value in expected.split(" ; ") if value]


def test_pairs_of_properties_are_compared_as_written(tmp_path: Path) -> None:
    data = "ex:a a ex:T ; ex:v 1 ; ex:w 01 . ex:b a ex:T ; ex:v 1.50 ; ex:w 1.50 . ex:c a ex:T ; ex:v 2 ; ex:w 2.0 ."
    for constraint, expected in (("sh:equals", {"a", "c"}), ("sh:disjoint", {"b"}), ("sh:lessThanOrEquals", set())):
        shapes = f"ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:property [ sh:path ex:v ; {constraint} ex:w ] ."
        assert {result.node[-1] for result in report(tmp_path, data, shapes)} == expected


def test_literal_focus_nodes_keep_their_lexical_form(tmp_path: Path) -> None:
    data = 'ex:a ex:v "007"^^xsd:integer . ex:b ex:v 7 . ex:c ex:v "1"^^xsd:byte .'
    shapes = "ex:S a sh:NodeShape ; sh:targetObjectsOf ex:v ; sh:maxLength 1 ; sh:datatype xsd:byte ."
    found = {(result.node, result.component) for result in report(tmp_path, data, shapes)}
    assert found == {("007", "MaxLength"), ("007", "Datatype"), ("7", "Datatype")}


def test_a_target_node_keeps_its_lexical_form(tmp_path: Path) -> None:
    shapes = 'ex:S a sh:NodeShape ; sh:targetNode "007"^^xsd:integer ; sh:maxLength 2 .'
    assert [result.node for result in report(tmp_path, "ex:a ex:v 7 .", shapes)] == ["007"]


def test_an_inverse_path_starts_from_the_lexical_form(tmp_path: Path) -> None:
    data = 'ex:a ex:v "1"^^xsd:byte . ex:b ex:v 1 . ex:c ex:v 01 . ex:c a ex:T .'
    shapes = """ex:S a sh:NodeShape ; sh:targetObjectsOf ex:v ;
        sh:property [ sh:path [ sh:inversePath ex:v ] ; sh:class ex:T ] ."""
    found = {(result.node, result.value) for result in report(tmp_path, data, shapes)}
    assert found == {("1", f"{EX}a"), ("1", f"{EX}b")}


def test_a_sparql_constraint_reads_the_lexical_form(tmp_path: Path) -> None:
    data = "ex:a a ex:T ; ex:v 0.50 . ex:b a ex:T ; ex:v 0.5 ."
    shapes = f"""ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:sparql [ sh:message "m" ;
        sh:select "SELECT $this ?value WHERE {{ $this <{EX}v> ?value FILTER(STRLEN(STR(?value)) > 3) }}" ] ."""
    assert [(result.node[-1], result.value) for result in report(tmp_path, data, shapes)] == [("a", "0.50")]


def test_a_store_on_disk_has_the_same_results(tmp_path: Path) -> None:
    data = _file(
        tmp_path, "data", 'ex:a a ex:T ; ex:v 1.0 , 1 . ex:b a ex:T ; ex:v "1"^^xsd:int . ex:c a ex:T ; ex:v 2 .'
    )
    shapes = "ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:property [ sh:path ex:v ; sh:in ( 1.0 2 ) ] ."
    load(tmp_path / "store", file_sources([data]), bundled=False)
    found = both_modes(DirectoryStore.open(tmp_path / "store"), _file(tmp_path, "shapes", shapes))
    assert {(result.node[-1], result.value) for result in found} == {("a", "1"), ("b", "1")}


# Ill-typed literals: the lexical spaces of XML Schema 1.1 part 2, without outer whitespace (RDF 1.1, section 3.3).


@pytest.mark.parametrize(
    ("datatype", "good", "bad"),
    [
        (
            "date",
            "2024-02-29 -0012-11-29 12345-01-01 0000-01-01 2024-01-01+14:00",
            "2023-02-29 24-01-01 2024-13-01 02024-01-01 2024-01-01+14:01",
        ),
        (
            "dateTime",
            "-0044-03-15T00:00:00Z 2024-01-01T24:00:00 2024-01-01T00:00:00.1234567",
            "2024-01-01 2024-01-01T24:00:01 2024-01-01T00:00 2024-01-01T00:00:60",
        ),
        ("dateTimeStamp", "2024-01-01T00:00:00Z", "2024-01-01T00:00:00"),
        ("time", "24:00:00 12:00:00Z", "24:00:01 12:00 25:00:00"),
        ("gYear", "2024 -0044 12345 0000 2024Z", "24 02024 +2024"),
        ("gYearMonth", "2024-12 -0001-01", "2024-13 2024"),
        ("gMonthDay", "--02-29 --12-31Z", "--02-30 --13-01 02-29"),
        ("gMonth", "--12", "--13 12"),
        ("gDay", "---31", "---32 31"),
        ("duration", "P1Y PT0S -P1DT2H P1Y2M3DT4H5M6.7S", "P PT P1DT 1Y P1S P-1Y"),
        ("dayTimeDuration", "P1DT1H", "P1Y P"),
        ("yearMonthDuration", "P1Y2M", "P1D P"),
        ("boolean", "true false 1 0", "yes True TRUE 2"),
        ("integer", "1 +1 -0 007", "1.0 1e0 x"),
        ("decimal", "1 1. .5 -0.0", "1e0 . INF"),
        ("double", "1 1e0 -1.5E-3 INF -INF NaN", "inf nan Infinity 1e"),
        ("float", "1 INF", "inf 1f"),
        ("byte", "127 -128 +1", "128 -129 1.0"),
        ("short", "32767", "32768"),
        ("int", "2147483647 -2147483648", "2147483648"),
        ("long", "9223372036854775807", "9223372036854775808"),
        ("nonNegativeInteger", "0 -0 1", "-1"),
        ("positiveInteger", "1", "0 -1"),
        ("nonPositiveInteger", "0 -1", "1"),
        ("negativeInteger", "-1", "0"),
        ("unsignedByte", "255", "256 -1"),
        ("unsignedLong", "18446744073709551615", "18446744073709551616"),
        ("language", "en en-GB x-klingon", "en_GB abcdefghi -en"),
        ("Name", "a a:b _a", "-a 1a"),
        ("NCName", "a.b _x ä", "a:b 1a -a"),
        ("NMTOKEN", "1a -a:b", "a,b"),
        ("hexBinary", "0aFF", "0 0g"),
        ("base64Binary", "YWJj AA==", "A AB=="),
        ("anyURI", "http://example.org/ a ../b", ""),
        ("string", "a", ""),
    ],
)
def test_ill_typed_literals_violate_their_datatype(tmp_path: Path, datatype: str, good: str, bad: str) -> None:
    literals = [f'"{text}"^^xsd:{datatype}' for text in (good + " " + bad).split()]
    found = wrong(tmp_path, f"sh:datatype xsd:{datatype}", " ; ".join(literals))
    assert found == [f'"{text}"^^xsd:{datatype}' for text in bad.split()]


@pytest.mark.parametrize(
    ("datatype", "good", "bad"),
    [
        ("xsd:token", ['"a b"', '""'], ['" a"', '"a  b"', '"a\\tb"']),
        ("xsd:normalizedString", ['" a  b "'], ['"a\\tb"', '"a\\nb"']),
        ("xsd:integer", ['"1"'], ['" 1"', '"1 "', '""', '"1\\n"']),
        ("xsd:boolean", ['"1"'], ['" true"', '""']),
        ("rdf:XMLLiteral", ['"a <b>c</b>"', '""'], ['"<b>"', '"a & b"']),
        ("rdf:JSON", ['"{}"', '"[1, 2]"'], ['"{"']),
        ("rdf:HTML", ['"<b>"'], []),
        ("ex:own", ['"anything"'], []),
    ],
)
def test_whitespace_and_markup_are_significant(tmp_path: Path, datatype: str, good: list[str], bad: list[str]) -> None:
    literals = [f"{text}^^{datatype}" for text in good + bad]
    assert wrong(tmp_path, f"sh:datatype {datatype}", " ; ".join(literals)) == [f"{text}^^{datatype}" for text in bad]


def test_a_string_with_a_language_is_only_a_lang_string(tmp_path: Path) -> None:
    assert wrong(tmp_path, "sh:datatype rdf:langString", '"a"@en ; "a"') == ['"a"']
    assert wrong(tmp_path, "sh:datatype xsd:string", '"a"@en ; "a"') == ['"a"@en']


# Order: the operators of SPARQL 1.1, section 17.3, and the order of XML Schema 1.1. Incomparable values are violations.


def moment(text: str) -> str:
    kind = "dateTime" if "T" in text else "date" if text.count("-") > 1 else "gYear"
    return f'"{text}"^^xsd:{kind}'


@pytest.mark.parametrize(
    ("one", "other", "less"),
    [
        (moment("2024-01-01T10:00:00"), moment("2024-03-01T10:00:00Z"), True),  # weeks apart, in any zone
        (moment("2024-03-01T10:00:00"), moment("2024-03-01T12:00:00Z"), False),  # within 14 hours
        (moment("2024-03-01T10:00:00"), moment("2024-03-02T00:00:01Z"), True),  # 14 hours and a second
        (moment("2024-03-01T10:00:00"), moment("2024-03-02T00:00:00Z"), False),  # 14 hours
        (moment("2024-03-01T10:00:00+02:00"), moment("2024-03-01T09:00:00Z"), True),
        (moment("-0044-03-15"), moment("0001-01-01"), True),
        (moment("9999-12-31"), moment("12345-01-01"), True),
        (moment("2024-01-01"), moment("2025"), False),  # a date and a year
        (moment("2024-01-01"), moment("2025-01-01T00:00:00"), False),
        (moment("2024"), moment("2025"), True),
        (moment("2024-02-30"), moment("2025-01-01"), False),  # no date
        ('"a"', '"b"', True),
        ('"a"', "1", False),
        ("1", '"a"', False),
        ('"a"@en', '"b"@en', False),  # SPARQL orders simple literals alone
        ("1", "2.5", True),
        ("1", '"2"^^xsd:byte', True),
        ('"0.1"^^xsd:decimal', '"0.1"^^xsd:double', False),  # the same double
        ('"0.1"^^xsd:decimal', '"0.2"^^xsd:float', True),
        ('"NaN"^^xsd:double', "1", False),
        ("1", '"NaN"^^xsd:double', False),
        ("1", '"INF"^^xsd:double', True),
        ('"-INF"^^xsd:float', "1", True),
        ("99999999999999999999", "100000000000000000000", True),
        ("false", "true", True),
        ('"x"^^xsd:integer', "1", False),
        ('"1"^^ex:own', '"2"^^ex:own', False),
        ("ex:a", "ex:b", False),
        ("_:a", "_:b", False),
        ("ex:a", "1", False),
        ('"P1M"^^xsd:duration', '"P32D"^^xsd:duration', True),
        ('"P1M"^^xsd:duration', '"P30D"^^xsd:duration', False),
        ('"PT1H"^^xsd:dayTimeDuration', '"PT61M"^^xsd:dayTimeDuration', True),
        ('"10:00:00"^^xsd:time', '"11:00:00"^^xsd:time', True),
        ('"AB"^^xsd:hexBinary', '"AC"^^xsd:hexBinary', False),
    ],
)
def test_what_cannot_be_compared_is_not_less(tmp_path: Path, one: str, other: str, less: bool) -> None:
    data = f"ex:a a ex:T ; ex:v {one} ; ex:w {other} . ex:b a ex:T ; ex:v {one} ; ex:w {one} ."
    shapes = "ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:property [ sh:path ex:v ; sh:lessThan ex:w ] ."
    assert ({result.node[-1] for result in report(tmp_path, data, shapes)} == {"b"}) is less
    if other.startswith('"') or other[0].isdigit() or other == "true":
        assert (wrong(tmp_path, f"sh:maxExclusive {other}", one) == []) is less
        assert (wrong(tmp_path, f"sh:not [ sh:maxExclusive {other} ]", one) == []) is not less


def test_limits_compare_by_value(tmp_path: Path) -> None:
    values = '1 ; 01 ; 1.0 ; "1"^^xsd:byte ; "1.0"^^xsd:double ; 2 ; "1" ; ex:a ; "one"^^xsd:integer'
    assert wrong(tmp_path, "sh:maxInclusive 1.00", values) == ["2", '"1"', "ex:a", '"one"^^xsd:integer']
    assert wrong(tmp_path, "sh:maxExclusive 1.00", values) == values.split(" ; ")


# Regular expressions: SPARQL 1.1, section 17.4.3.14, that is fn:matches of XPath.


@pytest.mark.parametrize(
    ("pattern", "flags", "good", "bad"),
    [
        (r"^\p{L}+$", "", ["Köln", "Αθήνα"], ["K1"]),
        (r"^\p{Lu}\P{Lu}*$", "", ["Ab", "Äb"], ["ab"]),
        (r"^\p{IsBasicLatin}*$", "", ["abc"], ["ä"]),
        ("^[a-z-[aeiou]]+$", "", ["bcd"], ["aei", "bad"]),
        (r"^\i\c*$", "", ["a-1", "_x"], ["1a", "-a"]),
        (r"^[\i-[:]][\c-[:]]*$", "", ["ab"], ["a:b"]),
        (r"^\w+$", "", ["ab1", "a+b"], ["a_b", "a-b"]),  # no punctuation, of which the underscore is
        (r"^\d+$", "", ["12", "٣"], ["a"]),
        (r"^a\sb$", "", ["a b", "a\tb"], ["a\u00a0b"]),
        ("a b", "x", ["ab"], ["a b"]),
        ("a[ ]b", "x", ["a b"], ["ab"]),
        ("a.b", "q", ["xa.bx"], ["axb"]),
        ("A.B", "iq", ["a.b"], ["axb"]),
        ("^ä$", "i", ["Ä", "ä"], ["a"]),
        ("^a.b$", "", ["axb"], ["a\nb"]),
        ("^a.b$", "s", ["axb", "a\nb"], ["ab"]),
        ("^b$", "", ["b"], ["a\nb", "b\n"]),
        ("^b$", "m", ["b", "a\nb", "b\nc"], ["ab"]),
        ("(a|b)\\1", "", ["aa", "xbb"], ["ab"]),
        ("^a{2,3}?$", "", ["aa", "aaa"], ["a"]),
        ("(?=a)..", "", ["ab"], ["b"]),  # no XPath: as pyshacl and Java read it
        ("", "", ["", "a"], []),
    ],
)
def test_patterns_are_those_of_xpath(tmp_path: Path, pattern: str, flags: str, good: list[str], bad: list[str]) -> None:
    constraint = f"sh:pattern {_quoted(pattern)}" + (f' ; sh:flags "{flags}"' if flags else "")
    assert wrong(tmp_path, constraint, " ; ".join(map(_quoted, good + bad))) == list(map(_quoted, bad))


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t") + '"'


def test_a_pattern_applies_to_iris_and_never_matches_blank_nodes(tmp_path: Path) -> None:
    assert wrong(tmp_path, 'sh:pattern "^https://example"', 'ex:a ; <urn:a> ; _:b ; "https://example"@en') == [
        "<urn:a>",
        "_:b",
    ]
    assert wrong(tmp_path, 'sh:pattern ""', "_:b") == ["_:b"]


@pytest.mark.parametrize(("pattern", "flags"), [("(", ""), ("[a-", ""), ("*a", ""), ("\\p{Nothing}", ""), ("a", "z")])
@pytest.mark.parametrize("fast", [True, False])
def test_an_invalid_pattern_is_refused(tmp_path: Path, pattern: str, flags: str, fast: bool) -> None:
    constraint = f"sh:pattern {_quoted(pattern)}" + (f' ; sh:flags "{flags}"' if flags else "")
    shapes = f"ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:property ex:P . ex:P sh:path ex:v ; {constraint} ."
    store = MemoryStore.open([_file(tmp_path, "data", "ex:a a ex:T ; ex:v 'a' .")], bundled=False)
    with pytest.raises(InvalidShape) as refused:
        validate(store, shapes=[_file(tmp_path, "shapes", shapes)], fast=fast)
    assert f"{EX}P" in str(refused.value)
    assert pattern in str(refused.value).replace("\\\\", "\\")
    assert "\n" not in str(refused.value)


# Language ranges: basic filtering of RFC 4647, section 3.3.1.


def test_language_ranges_match_tags_that_begin_with_them(tmp_path: Path) -> None:
    tags = '"a"@en-GB ; "a"@en-Latn-GB ; "a"@EN-latn ; "a"@en ; "a"@en-Latin ; "a"@de ; "a" ; 1 ; ex:a'
    found = wrong(tmp_path, 'sh:languageIn ( "en-GB" "en-Latn" )', tags)
    assert found == ['"a"@en', '"a"@en-Latin', '"a"@de', '"a"', "1", "ex:a"]
    assert wrong(tmp_path, 'sh:languageIn ( "*" )', tags) == ['"a"', "1", "ex:a"]
    assert wrong(tmp_path, "sh:languageIn ( )", '"a"@en') == ['"a"@en']
    assert wrong(tmp_path, "sh:uniqueLang true", '"a"@en , "b"@EN ; "a"@en , "b"@en-GB') == ['"a"@en , "b"@EN']


# Paths: SHACL, section 2.3.1, including inverse paths of any path.


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("[ sh:inversePath ( ex:p ex:q ) ]", "x y"),
        ("[ sh:inversePath ( ex:q ex:p ) ]", ""),
        ("[ sh:inversePath [ sh:inversePath ex:back ] ]", "z"),
        ("[ sh:inversePath ( ex:p [ sh:inversePath ex:q ] ) ]", ""),
        ("( [ sh:inversePath ( ex:p ex:q ) ] ex:r )", "z"),
        ("[ sh:inversePath [ sh:alternativePath ( ( ex:p ex:q ) ex:q ) ] ]", "x y m"),
        ("[ sh:inversePath [ sh:oneOrMorePath [ sh:alternativePath ( ex:p ex:q ) ] ] ]", "x y m"),
        ("[ sh:inversePath [ sh:zeroOrMorePath ( ex:p ex:q ) ] ]", "e x y"),
        ("[ sh:inversePath [ sh:zeroOrOnePath ex:q ] ]", "e m"),
        ("[ sh:oneOrMorePath [ sh:inversePath ex:q ] ]", "m"),
    ],
)
def test_paths_lead_to_the_expected_values(tmp_path: Path, path: str, expected: str) -> None:
    data = "ex:e a ex:T ; ex:back ex:z . ex:m ex:q ex:e . ex:x ex:p ex:m . ex:y ex:p ex:m . ex:x ex:r ex:z ."
    shapes = f"ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:property [ sh:path {path} ; sh:nodeKind sh:Literal ] ."
    assert {result.value for result in report(tmp_path, data, shapes)} == {EX + name for name in expected.split()}


def test_a_long_sequence_is_followed_to_its_end(tmp_path: Path) -> None:
    steps = " ".join(f"ex:p{number}" for number in range(12))
    data = "ex:n0 a ex:T . " + " ".join(f"ex:n{number} ex:p{number} ex:n{number + 1} ." for number in range(12))
    shapes = (
        f"ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:property [ sh:path ( {steps} ) ; sh:nodeKind sh:Literal ] ."
    )
    assert {result.value for result in report(tmp_path, data, shapes)} == {f"{EX}n12"}


# Nodes without statements, constraints that compare a string with a number, triple terms.


def test_a_target_node_that_the_data_does_not_mention_is_evaluated(tmp_path: Path) -> None:
    select = f"SELECT $this ?value WHERE {{ $this <{EX}r>* ?value }}"
    shapes = f"""ex:S a sh:NodeShape ; sh:targetNode ex:absent ; sh:property [ sh:path ex:p ; sh:minCount 1 ] ;
        sh:sparql [ sh:message "m" ; sh:select "{select}" ] ."""
    found = {(result.node, result.component) for result in report(tmp_path, "ex:d ex:p ex:d .", shapes)}
    assert found == {(f"{EX}absent", "MinCount"), (f"{EX}absent", "SPARQL")}


@pytest.mark.parametrize("zero", ["0", "false", '""', '"00"^^xsd:integer'])
def test_a_path_may_start_from_a_false_value(tmp_path: Path, zero: str) -> None:
    """rdflib treats such a value as unbound, so that the path starts from all nodes."""
    select = f"SELECT $this ?value WHERE {{ $this <{EX}r>+ ?value }}"
    shapes = f'ex:S a sh:NodeShape ; sh:targetNode {zero} ; sh:sparql [ sh:message "m" ; sh:select "{select}" ] .'
    assert report(tmp_path, "ex:a ex:r ex:b .", shapes).ok


@pytest.mark.parametrize("test", ["?value > 1", "!(?value <= 1)", "?value != 1", "1 < ?value", "?value > 1 || false"])
def test_comparisons_of_a_string_with_a_number_are_those_of_pyshacl(tmp_path: Path, test: str) -> None:
    shapes = f"""ex:S a sh:NodeShape ; sh:targetSubjectsOf ex:r ; sh:sparql [ sh:message "m" ;
        sh:select "SELECT $this ?value WHERE {{ $this <{EX}r> ?value FILTER({test}) }}" ] ."""
    graphs = [rdflib.Graph().parse(data=HEAD + text, format="turtle") for text in ("ex:a ex:r 'text' .", shapes)]
    conforms, _, _ = pyshacl.validate(graphs[0], shacl_graph=graphs[1])
    assert (not report(tmp_path, "ex:a ex:r 'text' .", shapes).results) == conforms


def test_a_triple_term_has_no_node_kind(tmp_path: Path) -> None:
    data = "ex:a ex:b ex:c {| ex:since 2018 |} . ex:l ex:m 'x'@ar--rtl ."
    shapes = """ex:S a sh:NodeShape ; sh:targetSubjectsOf rdf:reifies ;
            sh:property [ sh:path rdf:reifies ; sh:nodeKind sh:BlankNodeOrIRI ; sh:pattern "b" ; sh:maxCount 1 ] ;
            sh:property [ sh:path ex:since ; sh:minInclusive 2019 ] .
        ex:T a sh:NodeShape ; sh:targetObjectsOf rdf:reifies ; sh:class ex:C ."""
    found = report(tmp_path, data, shapes)
    term = f"<<( <{EX}a> <{EX}b> <{EX}c> )>>"
    assert {(result.component, result.value) for result in found} == {
        *(("NodeKind", term), ("Pattern", term), ("MinInclusive", "2018"), ("Class", term))
    }
    assert "NodeKind" in found.to_turtle()


def test_annotated_statements_are_evaluated(tmp_path: Path) -> None:
    shapes = "ex:S a sh:NodeShape ; sh:targetSubjectsOf ex:b ; sh:property [ sh:path ex:b ; sh:maxCount 0 ] ."
    found = report(tmp_path, "ex:a ex:b ex:c {| ex:since 2018 |} .", shapes)
    assert [(result.node, result.component) for result in found] == [(f"{EX}a", "MaxCount")]


# Closed shapes: SHACL, section 4.8.1.


def test_a_closed_shape_exempts_no_statement(tmp_path: Path) -> None:
    data = "ex:a a rdfs:Resource ; ex:p 1 . ex:b ex:p 1 ."
    shapes = "ex:S a sh:NodeShape ; sh:targetSubjectsOf ex:p ; sh:closed true ; sh:ignoredProperties ( ex:p ) ."
    assert [result.node[-1] for result in report(tmp_path, data, shapes)] == ["a"]


# Other users of pyshacl in the same process are not affected.


def test_pyshacl_is_restored_afterwards(tmp_path: Path) -> None:
    shapes = (
        'ex:S a sh:NodeShape ; sh:targetSubjectsOf ex:p ; sh:property [ sh:path ex:p ; sh:languageIn ( "en-Latn" ) ] .'
    )
    data = '@prefix ex: <https://example.org/> . ex:a ex:p "x"@en-Latn-GB .'
    graphs = [rdflib.Graph().parse(data=HEAD + text, format="turtle") for text in (data, shapes)]

    def conforms() -> bool:
        return bool(pyshacl.validate(graphs[0], shacl_graph=graphs[1])[0])

    before: Callable[[], bool] = conforms
    first = before()
    assert report(tmp_path, data, shapes).ok
    with corrected():
        assert conforms()
    assert conforms() == first
