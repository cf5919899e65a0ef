"""YAML and JSON readers: text remains text, keys are unique, and errors have their position."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer_samples import ATLAS, import_file, names, statements
from threatgraph.errors import InvalidFile
from threatgraph.importers.documents import LINE, line_of, text_of, texts_of
from threatgraph.importers.json_reader import read_json
from threatgraph.importers.yaml_reader import parse_yaml

HERE = Path("f.yaml")


def plain(value: object) -> object:
    """A value without the lines of its mappings."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items() if key is not LINE}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


# What YAML 1.1 takes for a number, a boolean or a date, and YAML 1.2 or a person for text.
@pytest.mark.parametrize(
    "scalar",
    [
        *("5.10", "2026.10", "007", "0o17", "0x1F", "1_000", "1e3", "+1", ".5", ".inf", ".NaN", "0b11"),
        *("No", "no", "NO", "Yes", "on", "Off", "y", "n", "true", "False"),
        *("12:30:45", "1:30", "2024-01-01", "2024-01-01T00:00:00Z", "2031-02-30", "=", "1,5"),
    ],
)
def test_plain_yaml_scalars_remain_text(scalar: str) -> None:
    assert plain(parse_yaml(f"a: {scalar}\nb: [{scalar!r}]\n{scalar}: c\n", HERE)) == {
        "a": scalar,
        "b": [scalar],
        scalar: "c",
    }


def test_empty_null_and_tilde_are_none() -> None:
    document = parse_yaml("a:\nb: ~\nc: null\nd: 'null'\ne: !!str\nf: Nullable\n", HERE)
    assert plain(document) == {"a": None, "b": None, "c": None, "d": "null", "e": "", "f": "Nullable"}
    assert [text_of(document, key) for key in "abcd"] == ["", "", "", "null"]


def test_number_tags_leave_the_text_and_other_tags_are_rejected() -> None:
    assert plain(parse_yaml("a: !!int 0x10\nb: !!float 1_0.50\nc: !!str No\nd: ! x", HERE)) == {
        "a": "0x10",
        "b": "1_0.50",
        "c": "No",
        "d": "x",
    }
    for text, place in (("b: 1\na: !!binary aGk=", "2:4"), ("a: !own {b: c}", "1:4"), ("a: !!set {b}", "1:4")):
        with pytest.raises(InvalidFile, match=rf"^f\.yaml:{place}: is not valid YAML: the tag '.*' is not supported\."):
            parse_yaml(text, HERE)


@pytest.mark.parametrize(
    ("text", "place", "first"),
    [
        ("a: 1\nb: 2\na: 3\n", "3:1", 1),
        ("x:\n- name: T\n  name: U\n", "3:3", 2),
        ("x: {a: 1, 'a': 2}\n", "1:11", 1),
        ("No: 1\n'No': 2\n", "2:1", 1),
        ("1: a\n01: b\n1: c\n", "3:1", 1),
        ("x: &x {k: 1}\ny:\n  <<: *x\n  <<: *x\n", "4:3", 3),
    ],
)
def test_a_duplicate_key_is_rejected_with_both_lines(text: str, place: str, first: int) -> None:
    with pytest.raises(InvalidFile, match=rf"^f\.yaml:{place}: .*: duplicate key .*, first on line {first}: keep one"):
        parse_yaml(text, HERE)


def test_aliases_and_merge_keys_are_expanded() -> None:
    text = """\
base: &base {k: one, l: two}
more: &more {k: three, m: four}
own: {<<: *base, k: mine}
both: {<<: [*more, *base]}
quoted: {'<<': text}
same: [*base, *base]
"""
    document = plain(parse_yaml(text, HERE))
    assert isinstance(document, dict)
    assert document["own"] == {"k": "mine", "l": "two"}
    assert document["both"] == {"k": "three", "l": "two", "m": "four"}, "the first mapping of a merge counts most"
    assert document["quoted"] == {"<<": "text"}
    assert document["same"] == [{"k": "one", "l": "two"}] * 2
    for wrong in ("a: {<<: 5}", "a: {<<: [{b: c}, d]}"):
        with pytest.raises(InvalidFile, match=r"a merge key \(<<\) requires a mapping"):
            parse_yaml(wrong, HERE)


def test_exponential_merges_are_rejected_early() -> None:
    steps = "".join(f"a{n + 1}: &a{n + 1} {{<<: [*a{n}, *a{n}], k{n}: x}}\n" for n in range(15))
    assert plain(parse_yaml(f"a0: &a0 {{k: v}}\n{steps}", HERE))["a15"] == {  # type: ignore[index]
        "k": "v",
        **{f"k{n}": "x" for n in range(15)},
    }
    steps = "".join(f"a{n + 1}: &a{n + 1} {{<<: [*a{n}, *a{n}]}}\n" for n in range(60))
    with pytest.raises(InvalidFile, match="has more than 5000000 values"):
        parse_yaml(f"a0: &a0 {{k: v}}\n{steps}", HERE)


def test_the_lines_of_mappings_are_kept_and_errors_are_one_line() -> None:
    document = parse_yaml("# a comment\nx:\n- a: 1\n-\n  b: 2\n", HERE)
    assert [line_of(entry) for entry in document["x"]] == [3, 5]
    assert list(texts_of(document["x"][1], "b")) == ["2"]
    for text in (
        "a: b: c",
        "a: 'x",
        "a: *b",
        "? [a]\n: b",
        "a: 1\n---\nb: 2",
        "a: \x07",
        "a: \ud800",
        "a: {",
        "\ta: b",
    ):
        with pytest.raises(InvalidFile) as caught:
            parse_yaml(text, HERE)
        assert "\n" not in str(caught.value)
        assert caught.value.line


# JSON escapes characters beyond these as two, which YAML does not know.
WORDS = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]))
# A key of YAML has 1,024 characters at most (YAML 1.2, section 7.4.2), and an escape is six.
KEYS = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=150)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | WORDS,
    lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner),
    max_leaves=20,
)


@given(st.dictionaries(KEYS, JSON_VALUES))
def test_json_is_yaml(document: dict[str, object]) -> None:
    """YAML 1.2 is a superset of JSON (section 1.3): strings, lists and mappings of both are the same."""

    def as_text(value: object) -> object:
        if isinstance(value, dict):
            return {key: as_text(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [as_text(inner) for inner in value]
        return json.dumps(value) if isinstance(value, bool) else value

    # Escapes to ASCII, since YAML 1.1 takes other characters than YAML 1.2 for line ends.
    assert plain(parse_yaml(json.dumps(document), HERE)) == as_text(document)


def test_numbers_of_json_keep_their_text(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text('{"a": 1.10, "b": 1e999, "c": %s, "d": true, "e": null}' % ("9" * 5000), encoding="utf-8")
    assert read_json(file) == {"a": "1.10", "b": "1e999", "c": "9" * 5000, "d": True, "e": None}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '{"a": 1,\n "b": {"a": 1},\n "a": 2}',
            ":3:2: is not valid JSON: duplicate name 'a', first on line 1: keep one.",
        ),
        ('{"x": [{"a": "{\\"a\\":"}, {"a": 1, "\\u0061": 2}]}', ":1:35: is not valid JSON: duplicate name 'a', first"),
        ('{"a": "NaN",\n "b": NaN}', ":2:7: is not valid JSON: NaN is not a valid JSON number."),
        ('{"a": [-Infinity]}', ":1:8: is not valid JSON: -Infinity is not a valid JSON number."),
        ('{"a": 01}', ":1:8: is not valid JSON: Expecting ',' delimiter."),
        ("{'a': 1}", ":1:2: is not valid JSON: Expecting property name enclosed in double quotes."),
        ('{"a": 1} x', ":1:10: is not valid JSON: Extra data."),
        ("[1]", ": must contain a JSON object at the top level."),
        ('{"a":' * 100_000, ": is nested too deeply."),
    ],
)
def test_invalid_json_is_rejected_with_its_position(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidFile) as caught:
        read_json(file)
    assert str(caught.value).startswith(f"{file}{message}")


def test_a_release_of_atlas_keeps_its_version_and_its_names(tmp_path: Path) -> None:
    file = tmp_path / "ATLAS.yaml"
    file.write_text(ATLAS.format(version="5.10").replace("name: Push\n", "name: No\n"), encoding="utf-8")
    found = import_file("atlas", file)
    assert names(found, "framework") == {"mitre-atlas-5.10"}
    assert ("skos:prefLabel", "No@en") in statements(found, "provision/mitre-atlas-5.10/aml.t0051")
    assert ("dcterms:created", "2030-01-02^date") in statements(found, "provision/mitre-atlas-5.10/aml.t0051")
    twice = ATLAS.format(version="5.10").replace("    name: Push\n", "    name: Push\n    name: Pull\n")
    file.write_text(twice, encoding="utf-8")
    with pytest.raises(InvalidFile, match=r"ATLAS\.yaml:11:5: .* duplicate key 'name', first on line 10: keep one"):
        import_file("atlas", file)
