"""Identifiers of other projects: AIID numbers, ATLAS and CVE ids, citations of provisions, names of frameworks."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pyoxigraph import Literal

from threatgraph.store import Store
from threatgraph.vocab import EDITIONS, KINDS, Kind, tg

_AIID = r"(?i)(?:aiid[\s:#-]*|https?://(?:www\.)?incidentdatabase\.ai/cite/)#?(\d+)(?:[/?#].*)?"
_AIID_PAGE = "https://incidentdatabase.ai/cite/"
# Ids that end the URL of their page, such as https://nvd.nist.gov/vuln/detail/CVE-2025-32711.
_IN_URL = r"(?i)cve-\d{4}-\d{4,}|aml\.[a-z]{1,2}\d{4}(?:\.\d{3})?"
_CITATION = r"(?i)(art(?:icle)?s?\b\.?|annex\b|chapter\b|section\b)\s*(.+)"

_EXTERNAL = """
SELECT DISTINCT ?record ?class {
  VALUES ?class { %s }
  VALUES ?property { tg:aiidNumber dcterms:identifier skos:exactMatch schema:subjectOf %s }
  ?record a ?class ; ?property ?value .
  FILTER(%s)
}
"""


def spellings(identifier: str) -> list[str]:
    """Return other ways to write the name of a record, most likely first.

    ``Art. 5(1)`` becomes ``article-5-1``, and ``eu-ai-act`` the slug of the edition of this framework.
    """
    text = identifier.strip()
    found = []
    if edition := EDITIONS.get(text.lower()):
        found.append(KINDS["framework"].namespace + edition)
    framework, _, rest = text.partition(" ")
    edition = EDITIONS.get(framework.lower())
    start = f"{KINDS['provision'].namespace}{edition}/" if edition else ""
    citation = re.fullmatch(_CITATION, rest.strip() if edition else text)
    if citation:
        word = "article" if citation[1].lower().startswith("art") else citation[1].lower()
        parts = re.findall(r"[a-z0-9]+", citation[2].lower().replace("point", " ").replace("paragraph", " "))
        found.append(start + "-".join([word, *parts]))
    elif edition and rest:
        found.append(start + re.sub(r"\s+", "-", rest.strip().lower()))
    return found


def find_external(store: Store, identifier: str, kinds: Sequence[Kind]) -> list[str]:
    """Return the records with an identifier or page of another project, of the first kind that has any.

    Args:
        store: the store to search.
        identifier: an AIID number (``AIID 489``), an id (``CVE-2025-32711``), or the URL of a page.
        kinds: the kinds of record to search.
    """
    text = identifier.strip()
    more = ""
    if aiid := re.fullmatch(_AIID, text):
        pages = " || ".join(f"STR(?value) = {Literal(_AIID_PAGE + aiid[1] + end)}" for end in ("", "/"))
        condition = f'(?property = tg:aiidNumber && STR(?value) = "{aiid[1]}") || {pages}'
    elif re.fullmatch(_IN_URL, text):
        more = "dcterms:source"
        condition = f"STRENDS(LCASE(STR(?value)), {Literal(text.lower())})"
    elif text.lower().startswith(("http://", "https://")):
        bare = re.sub(r"[/#]+$", "", re.sub(r"^https?://", "", text, flags=re.IGNORECASE))
        values = " ".join(f"|| STR(?value) = {Literal(scheme + bare + end)}" for scheme in ("https://", "http://")
                          for end in ("", "/"))  # fmt: skip
        condition = values.removeprefix("|| ")
    elif text:
        condition = f"?property = dcterms:identifier && LCASE(STR(?value)) = {Literal(text.lower())}"
    else:
        return []
    classes = " ".join(f"<{tg(kind.class_name)}>" for kind in kinds)
    by_class: dict[str, set[str]] = {}
    for row in store.select(_EXTERNAL % (classes, more, condition)).to_dicts():
        by_class.setdefault(str(row["class"]), set()).add(str(row["record"]))
    return next((sorted(by_class[iri]) for kind in kinds if (iri := tg(kind.class_name)) in by_class), [])
