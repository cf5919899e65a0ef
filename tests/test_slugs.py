"""Slugs: readable, of a length that every file system takes, and different for names that differ."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threatgraph.errors import ThreatGraphError
from threatgraph.slugs import LONGEST, cut_to_length, slug_of, slug_of_any, with_hash

FORM = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def test_slugs() -> None:
    assert slug_of("Über Zürich café") == "uber-zurich-cafe"
    assert slug_of("  AI-Assisted (Biological) Threats! ") == "ai-assisted-biological-threats"
    assert slug_of("Straße, Ørsted & Łódź") == slug_of_any("Straße, Ørsted & Łódź") == "strasse-orsted-lodz"
    for nothing in ("", "---", "..", "!?"):
        assert slug_of_any(nothing) is None
        with pytest.raises(ThreatGraphError, match="no slug"):
            slug_of(nothing)


@pytest.mark.parametrize("name", ["con", "PRN", "aux", "NUL", "com1", "LPT9"])
def test_names_that_windows_reserves_get_a_hash(name: str) -> None:
    assert re.fullmatch(f"{name.lower()}-[0-9a-f]{{8}}", slug_of(name))
    assert slug_of(f"{name} artist") == f"{name.lower()}-artist"


def test_long_names_are_cut_to_slugs_that_differ_where_they_do() -> None:
    names = [f"{'word ' * 100}{n}" for n in range(50)]
    slugs = {slug_of(name) for name in names}
    assert len(slugs) == len(names)
    assert {len(slug) <= LONGEST and bool(FORM.fullmatch(slug)) for slug in slugs} == {True}
    assert slug_of("x" * LONGEST) == "x" * LONGEST
    assert slug_of("x" * (LONGEST + 1)) != slug_of("x" * (LONGEST + 2))
    assert cut_to_length("aml.t0051.000") == "aml.t0051.000"
    assert with_hash("a", "one") != with_hash("a", "two") == with_hash("a", "two")


@given(st.lists(st.text("日本語中国кошкаاب12 ", min_size=1, max_size=8), min_size=2, max_size=6))
def test_names_in_other_scripts_have_slugs_that_differ_where_they_do(names: list[str]) -> None:
    whole = {" ".join(name.split()) for name in names if name.strip()}
    slugs = {name: slug_of_any(name) for name in whole}
    assert all(slug and FORM.fullmatch(slug) for slug in slugs.values())
    foreign = {name for name in whole if not name.isascii()}
    assert len({slugs[name] for name in foreign}) == len(foreign)


@given(st.text())
def test_every_slug_is_the_name_of_a_file(name: str) -> None:
    slug = slug_of_any(name)
    assert slug == slug_of_any(name)
    assert slug is None or (FORM.fullmatch(slug) and len(f"stix-{slug}.ttl.gz") <= 143)
