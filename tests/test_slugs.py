"""Slugs: readable, short enough for every file system, and different for different names."""

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
        with pytest.raises(ThreatGraphError, match="has no letters or digits for a slug"):
            slug_of(nothing)


@pytest.mark.parametrize("name", ["con", "PRN", "aux", "NUL", "com1", "LPT9"])
def test_reserved_names_of_windows_get_a_hash(name: str) -> None:
    assert re.fullmatch(f"{name.lower()}-[0-9a-f]{{8}}", slug_of(name))
    assert slug_of(f"{name} artist") == f"{name.lower()}-artist"


def test_long_names_are_cut_to_different_slugs() -> None:
    names = [f"{'word ' * 100}{n}" for n in range(50)]
    slugs = {slug_of(name) for name in names}
    assert len(slugs) == len(names)
    assert {len(slug) <= LONGEST and bool(FORM.fullmatch(slug)) for slug in slugs} == {True}
    assert slug_of("x" * LONGEST) == "x" * LONGEST
    assert slug_of("x" * (LONGEST + 1)) != slug_of("x" * (LONGEST + 2))
    assert cut_to_length("aml.t0051.000") == "aml.t0051.000"
    assert with_hash("a", "one") != with_hash("a", "two") == with_hash("a", "two")


@given(st.lists(st.text("日本語中国кошкаاب12 ", min_size=1, max_size=8), min_size=2, max_size=6))
def test_names_in_other_scripts_have_different_slugs(names: list[str]) -> None:
    distinct = {" ".join(name.split()) for name in names if name.strip()}
    slugs = {name: slug_of_any(name) for name in distinct}
    assert all(slug and FORM.fullmatch(slug) for slug in slugs.values())
    non_ascii = {name for name in distinct if not name.isascii()}
    assert len({slugs[name] for name in non_ascii}) == len(non_ascii)


@given(st.text())
def test_every_slug_is_a_valid_file_name(name: str) -> None:
    slug = slug_of_any(name)
    assert slug == slug_of_any(name)
    assert slug is None or (FORM.fullmatch(slug) and len(f"stix-{slug}.ttl.gz") <= 143)
