"""STIX 2.1 import: identity, versions and times, kill chains, languages, and invalid objects."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer_samples import bundle, check, import_file, names, relation, statements, stix, uuid
from threatgraph.cli import main
from threatgraph.errors import InvalidFile
from threatgraph.importers.builder import ImportResult
from threatgraph.importers.formats.stix_objects import moment


def name_of(kind: str, number: int) -> str:
    """The name of the provision of an object that is called after its id."""
    return f"stix-b/{kind}-{uuid(number)}"


def pattern(number: int, **properties: object) -> dict[str, object]:
    return stix("attack-pattern", number, **{"name": f"Pattern {number}"} | properties)


def said(found: ImportResult, name: str, prop: str) -> set[str]:
    return {value for stated, value in statements(found, f"provision/{name}") if stated == prop}


def code(source: str, number: str) -> list[dict[str, str]]:
    return [{"source_name": source, "external_id": number}]


# Identity.


def test_objects_with_the_same_external_id_stay_distinct_in_any_order(tmp_path: Path) -> None:
    objects = [
        pattern(1, external_references=code("capec", "CAPEC-163")),
        pattern(2, external_references=code("capec", "capec-163")),
        pattern(3, external_references=code("capec", "CAPEC-2")),
        stix("course-of-action", 4, name="Lock", external_references=code("capec", "CAPEC 163")),
    ]
    for order in (objects, objects[::-1]):
        found = import_file("stix", bundle(tmp_path / "b.json", *order))
        assert found.problems == []
        own = {name_of("attack-pattern", 1), name_of("attack-pattern", 2), name_of("course-of-action", 4)}
        assert names(found, "provision") == own | {"stix-b/capec-2"}
        assert said(found, name_of("attack-pattern", 1), "skos:notation") == set()
        notes = said(found, name_of("attack-pattern", 1), "skos:scopeNote")
        assert notes == {"External identifier, shared with other objects of the bundle: CAPEC-163@en"}
        assert said(found, "stix-b/capec-2", "skos:notation") == {"CAPEC-2^string"}


def test_codes_of_any_length_and_script_give_valid_iris(tmp_path: Path) -> None:
    codes = ["日本-1", "中国-1", "..", "x" * 400 + "1", "x" * 400 + "2"]
    objects = [pattern(n, external_references=code("a", text)) for n, text in enumerate(codes, 1)]
    found = import_file("stix", bundle(tmp_path / "b.json", *objects))
    assert found.problems == []
    stated = names(found, "provision")
    assert {name_of("attack-pattern", n) for n in (1, 2, 3)} <= stated
    assert len(stated) == len(codes)
    assert max(map(len, stated)) < 150
    assert said(found, name_of("attack-pattern", 1), "skos:notation") == {"日本-1^string"}
    long = bundle(tmp_path / f"{'name' * 50}.json", pattern(1))
    folder = tmp_path / "out"
    assert main(["import", "stix", str(long), "-o", f"{folder}/"]) == 0
    assert max(len(part.encode()) for file in folder.rglob("*") for part in file.parts) < 143


# Versions and times.


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00.100Z"),
        ("2024-01-01T00:00:00.9Z", "2024-01-01T00:00:00.99Z"),
        ("2024-01-01T00:00:00.000000001Z", "2024-01-01T00:00:00.0000000011Z"),
        ("2024-01-01T00:00:00.12345678901234567890Z", "2024-01-01T00:00:00.12345678901234567891Z"),
        ("2024-01-01T12:00:00+02:00", "2024-01-01T11:00:00Z"),
        ("2024-01-01T00:00:00Z", "2023-12-31T20:00:00-05:00"),
        ("2024-01-01t00:00:00z", "2024-01-01T00:00:01Z"),
        ("2016-12-31T23:59:59.5Z", "2016-12-31T23:59:60Z"),
        ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z"),
        ("no time", "2024-01-01T00:00:00Z"),
    ],
)
def test_the_version_that_was_modified_last_counts(older: str, newer: str, tmp_path: Path) -> None:
    versions = [pattern(1, name="older", modified=older), pattern(1, name="newer", modified=newer)]
    for order in (versions, versions[::-1]):
        found = import_file("stix", bundle(tmp_path / "b.json", *order))
        assert said(found, name_of("attack-pattern", 1), "skos:prefLabel") == {"newer@en"}
        assert len(found.problems) == (older == "no time")


def test_equal_times_are_equal_however_they_are_written(tmp_path: Path) -> None:
    assert moment("2024-01-01T00:00:00Z") == moment("2024-01-01T00:00:00.000Z") == moment("2024-01-01T01:30:00+01:30")
    versions = [pattern(1, modified="2024-01-01T00:00:00Z"), pattern(1, name="X", modified="2024-01-01T00:00:00.0Z")]
    found = import_file("stix", bundle(tmp_path / "b.json", *versions))
    (problem,) = found.problems
    assert (
        problem.reason
        == f"object 2 has the same id as another object, attack-pattern--{uuid(1)}: give each object its own id."
    )


@given(
    st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1)),
    st.text("0123456789", max_size=12),
    st.integers(-14 * 60, 14 * 60),
)
def test_times_are_those_of_the_calendar(when: datetime, digits: str, offset: int) -> None:
    sign, minutes = "-" if offset < 0 else "+", abs(offset)
    fraction = f".{digits}" if digits else ""
    text = f"{when:%Y}".rjust(4, "0") + f"{when:-%m-%dT%H:%M:%S}{fraction}{sign}{minutes // 60:02}:{minutes % 60:02}"
    whole = when.replace(microsecond=0, tzinfo=UTC) - timedelta(minutes=offset)
    assert moment(text) == (whole, Fraction(f"0.{digits or 0}"))


def test_an_invalid_timestamp_is_reported_and_the_object_kept(tmp_path: Path) -> None:
    wrong = [
        "2024-01-01",
        "2024-02-30T00:00:00Z",
        "2024-01-01T00:00:00",
        "2024-01-01T24:00:01Z",
        "24-1-1T0:0:0Z",
        "soon",
    ]
    assert [moment(text) for text in wrong] == [None] * len(wrong)
    found = import_file(
        "stix", bundle(tmp_path / "b.json", *(pattern(n, modified=text) for n, text in enumerate(wrong)))
    )
    assert len(names(found, "provision")) == len(wrong)
    reason = "modified is not a timestamp such as 2024-01-01T00:00:00.000Z"
    assert [problem.reason for problem in found.problems] == [
        f"object {n + 1}, attack-pattern--{uuid(n)}: {reason}: {text!r}." for n, text in enumerate(wrong)
    ]


def test_a_revoked_version_removes_older_versions(tmp_path: Path) -> None:
    later = "2032-01-01T00:00:00Z"
    found = import_file(
        "stix",
        bundle(
            tmp_path / "b.json",
            *(pattern(1, modified=later, revoked=True), pattern(1)),
            *(pattern(2), pattern(2, modified=later, x_mitre_deprecated=True)),
            *(pattern(3, revoked=True), pattern(3, modified=later)),
            relation(4, "related-to", f"attack-pattern--{uuid(3)}", f"attack-pattern--{uuid(1)}"),
            relation(5, "related-to", f"attack-pattern--{uuid(3)}", f"attack-pattern--{uuid(3)}"),
        ),
    )
    assert names(found, "provision") == {name_of("attack-pattern", 3)}
    assert "2 objects are revoked or deprecated, and left out." in found.notes[0]
    (problem,) = found.problems
    assert problem.reason == f"relationship--{uuid(5)} links an object to itself; left out."


# Kill chains.


def tactic(number: int, source: str, short: str, **properties: object) -> dict[str, object]:
    references = code(source, f"TA{number}") if source else []
    return stix(
        "x-mitre-tactic", number, name=short, x_mitre_shortname=short, external_references=references, **properties
    )


def test_a_phase_is_the_tactic_of_its_own_kill_chain(tmp_path: Path) -> None:
    phases = {
        11: ("mitre-attack", "ta1"),
        12: ("mitre-atlas", "ta2"),
        13: ("mitre-ics-attack", "ta3"),
        14: ("mitre-mobile-attack", "ta4"),
        15: ("own-chain", ""),
    }
    tactics = [
        tactic(1, "mitre-attack", "collection", x_mitre_domains=["enterprise-attack"]),
        tactic(2, "mitre-atlas", "collection"),
        # As ATT&CK has them: the source has the name of the chain of another domain.
        tactic(3, "mitre-attack", "collection", x_mitre_domains=["ics-attack"]),
        tactic(4, "mitre-attack", "collection", x_mitre_domains=["mobile-attack"]),
        tactic(5, "", "execution"),
    ]
    patterns = [
        pattern(n, kill_chain_phases=[{"kill_chain_name": chain, "phase_name": "collection"}])
        for n, (chain, _) in phases.items()
    ]
    anywhere = pattern(16, kill_chain_phases=[{"kill_chain_name": "own-chain", "phase_name": "execution"}])
    for order in ([*tactics, *patterns, anywhere], [anywhere, *patterns, *tactics[::-1]]):
        found = import_file("stix", bundle(tmp_path / "b.json", *order))
        for n, (_, wanted) in phases.items():
            linked = {f"provision:stix-b/{wanted}"} if wanted else set()
            assert said(found, name_of("attack-pattern", n), "tg:tactic") == linked
        assert said(found, name_of("attack-pattern", 16), "tg:tactic") == {
            f"provision:{name_of('x-mitre-tactic', 5)}"
        }, "a tactic that does not say its chain is one of any"
        assert [note.rpartition(": ")[2] for note in found.notes] == ["1 own-chain."]


# Languages.


def test_texts_have_the_language_of_the_object(tmp_path: Path) -> None:
    french = [{"lang": "fr", "selectors": ["description"]}]
    ends = f"incident--{uuid(6)}", f"attack-pattern--{uuid(1)}"
    found = import_file(
        "stix",
        bundle(
            tmp_path / "b.json",
            pattern(1, name="Tür", description="Auf.", lang="de"),
            pattern(2, name="Door", description="Ouverte.", granular_markings=french),
            pattern(3, name="Porta", lang="pt-BR"),
            pattern(4, name="Door", description="Open.", lang=""),
            pattern(5, name="Tschüss", lang="Deutsch, bitte"),
            stix("incident", 6, name="Panne", description="Kaputt.", lang="de"),
            stix("language-content", 7, object_ref=f"attack-pattern--{uuid(4)}", contents={
                "de": {"name": "Tür", "description": "Auf."}, "en": {"name": "Gate"}, "fr": {"name": ""}, "es": []}),
            stix("language-content", 8, object_ref=f"attack-pattern--{uuid(1)}", object_modified="2030-01-01T00:00:00Z",
                 contents={"fr": {"name": "Porte"}}),
            relation(9, "uses", *ends, description="Von Hand.", lang="de"),
        ),
    )  # fmt: skip
    labels = {n: said(found, name_of("attack-pattern", n), "skos:prefLabel") for n in range(1, 6)}
    assert labels == {1: {"Tür@de"}, 2: {"Door@en"}, 3: {"Porta@pt-br"}, 4: {"Door@en", "Tür@de"}, 5: {"Tschüss@und"}}
    texts = {n: said(found, name_of("attack-pattern", n), "skos:definition") for n in (1, 2, 4)}
    assert texts == {1: {"Auf.@de"}, 2: {"Ouverte.@fr"}, 4: {"Open.@en", "Auf.@de"}}
    stated = statements(found, f"incident/stix-{uuid(6)}")
    assert {("skos:prefLabel", "Panne@de"), ("dcterms:description", "Kaputt.@de")} <= stated
    (part,) = [value.partition("#")[2] for prop, value in stated if prop == "tg:mapping"]
    assert ("tg:rationale", "Von Hand.@de") in statements(found, f"incident/stix-{uuid(6)}", part)
    assert [problem.reason for problem in found.problems] == [
        f"object 5, attack-pattern--{uuid(5)}: 'Deutsch, bitte' is not a language tag.",
        f"language-content--{uuid(8)} translates another version of attack-pattern--{uuid(1)}; left out.",
    ]


# Relationships.


def test_a_cycle_of_techniques_is_removed_and_reported(tmp_path: Path) -> None:
    ids = {n: f"attack-pattern--{uuid(n)}" for n in range(1, 6)}
    links = [(1, 2), (2, 3), (3, 1), (4, 1), (5, 5)]
    file = bundle(
        tmp_path / "b.json",
        *(pattern(n) for n in ids),
        *(relation(10 + n, "subtechnique-of", ids[a], ids[b]) for n, (a, b) in enumerate(links)),
    )
    found = import_file("stix", file)
    above = {n: said(found, name_of("attack-pattern", n), "skos:broader") for n in ids}
    assert above == {1: set(), 2: set(), 3: set(), 4: {f"provision:{name_of('attack-pattern', 1)}"}, 5: set()}
    circle = ", ".join(f"provision:{name_of('attack-pattern', n)}" for n in (1, 2, 3))
    assert {problem.reason for problem in found.problems} == {
        f"skos:broader forms a cycle between {circle}; these links are left out.",
        f"relationship--{uuid(14)} links an object to itself; left out.",
    }


def test_several_relationships_of_an_incident_to_one_object_are_one_mapping_with_all_reasons(tmp_path: Path) -> None:
    ends = f"incident--{uuid(1)}", f"attack-pattern--{uuid(2)}"
    found = import_file(
        "stix",
        bundle(
            tmp_path / "b.json",
            stix("incident", 1, name="It", description="Fell."),
            pattern(2, external_references=code("a", "T.1")),
            pattern(3, external_references=code("a", "T-1")),
            relation(4, "uses", *ends, description="By hand."),
            relation(5, "targets", *ends, description="At night."),
            relation(6, "targets", *ends, description="At night."),
            relation(7, "uses", ends[0], f"attack-pattern--{uuid(3)}"),
        ),
    )
    assert found.problems == []
    own = statements(found, f"incident/stix-{uuid(1)}")
    parts = {value.partition("#")[2] for prop, value in own if prop == "tg:mapping"}
    stated = {dict(statements(found, f"incident/stix-{uuid(1)}", part))["sssom:object_id"]: part for part in parts}
    assert set(stated) == {"provision:stix-b/t.1", "provision:stix-b/t-1"}
    part = statements(found, f"incident/stix-{uuid(1)}", stated["provision:stix-b/t.1"])
    assert ("tg:rationale", "By hand. At night.@en") in part


# Invalid objects.


def test_invalid_objects_are_reported_and_the_rest_is_imported(tmp_path: Path) -> None:
    good = pattern(1, x_own=[{"a": None}], object_marking_refs=[f"marking-definition--{uuid(9)}"], confidence=85)
    invalid, usual = "has an invalid id", "use an id such as incident--UUID"
    other = f"but its id 'attack-pattern--{uuid(2)}' has another type"
    untyped = {slot: value for slot, value in pattern(2).items() if slot != "type"}
    dashes = f"attack-pattern--{'-' * 36}"
    wrong: list[tuple[object, str]] = [
        (None, "is not a JSON object."),
        ([], "is not a JSON object."),
        ({}, f"{invalid}, '': {usual}."),
        ({"id": 5, "type": "incident"}, f"{invalid}, '5': {usual}."),
        (pattern(2) | {"type": "malware"}, f"has the type 'malware', {other}."),
        (untyped, f"has the type '', {other}."),
        (pattern(2) | {"id": "attack-pattern--1234"}, f"{invalid}, 'attack-pattern--1234': {usual}."),
        (pattern(2) | {"id": dashes}, f"{invalid}, {dashes!r}: {usual}."),
    ]
    custom = stix("x-own-thing", 5, name="Own")
    found = import_file("stix", bundle(tmp_path / "b.json", good, *(item for item, _ in wrong), custom, custom))
    assert names(found, "provision") == {name_of("attack-pattern", 1)}
    assert [problem.reason for problem in found.problems] == [
        f"object {n} {why}" for n, (_, why) in enumerate(wrong, 2)
    ]
    (note,) = found.notes
    assert note.endswith("b.json: objects of unsupported types are left out: 1 x-own-thing.")
    check(found, tmp_path)


def test_a_taxii_envelope_is_read_and_further_pages_are_reported(tmp_path: Path) -> None:
    file = tmp_path / "b.json"
    file.write_text(json.dumps({"more": True, "next": "2", "objects": [pattern(1)]}), encoding="utf-8")
    found = import_file("stix", file)
    assert names(found, "provision") == {name_of("attack-pattern", 1)}
    assert found.notes == [f"{file}: the server has further objects: fetch the next page too."]
    objects = {"type": "bundle", "objects": {}}
    for other in ({"type": "incident", "objects": []}, objects, {"type": "bundle"}, {"type": 5}):
        file.write_text(json.dumps(other), encoding="utf-8")
        with pytest.raises(InvalidFile, match="is not a STIX bundle"):
            import_file("stix", file)


def test_a_message_cannot_imitate_another(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "b.json"
    for content, message in (
        ('{"a": 1}'.encode("utf-16"), f"{file}:1: is not UTF-8 (byte 0xff): save it as UTF-8."),
        (b'{"a":\n "\xe9"}', f"{file}:2: is not UTF-8 (byte 0xe9): save it as UTF-8."),
        ('{"a": 1}'.encode("utf-16-le"), f"{file}:1: contains a NUL byte: save it as UTF-8 text."),
        (b"", f"{file}: is empty."),
        (
            b'{"type": "bundle", "objects": [], "objects": []}',
            f"{file}:1:35: is not valid JSON: duplicate name 'objects', first on line 1: keep one.",
        ),
    ):  # fmt: skip
        file.write_bytes(content)
        assert main(["import", "stix", str(file), "-o", str(tmp_path / "out.ttl")]) == 2
        assert capsys.readouterr().err == f"threatgraph: error: {message}\n"
    assert not (tmp_path / "out.ttl").exists()


def test_several_collections_name_the_framework_after_the_file(tmp_path: Path) -> None:
    one = stix("x-mitre-collection", 1, name="ICS ATT&CK", x_mitre_version="15.10")
    two = stix("x-mitre-collection", 2, name="Enterprise ATT&CK", x_mitre_version="15.1")
    found = import_file("stix", bundle(tmp_path / "b.json", one, pattern(3)))
    assert names(found, "framework") == {"stix-ics-att-ck-15-10"}
    found = import_file("stix", bundle(tmp_path / "b.json", one, two, pattern(3)))
    assert names(found, "framework") == {"stix-b"}
