"""Descriptions in the vocabulary of schema.org, which search engines read."""

from __future__ import annotations

from typing import Any

from threatgraph.records import Link, Record
from threatgraph.version import DATA_VERSION
from threatgraph.vocab import BASE, KINDS
from threatgraph.web.document import LICENSE, MEDIA_TYPES
from threatgraph.web.links import Links
from threatgraph.web.view import plural

SCHEMA = "https://schema.org/"
_ELI = "/eli/"
"""In the URLs of the European Legislation Identifier, which laws have as their source."""


def type_of(record: Record) -> str:
    """Return the type of a record in schema.org."""
    if record.kind == "incident":
        return "Article"
    if record.kind in ("provision", "framework"):
        is_law = any(_ELI in value.iri for value in record["source"] if isinstance(value, Link))
        return "Legislation" if is_law else "CreativeWork"
    return "Organization" if record.kind == "actor" else "DefinedTerm"


def describe(record: Record, title: str) -> dict[str, Any]:
    """Describe a record.

    Args:
        record: the record.
        title: its name.
    """
    kind = type_of(record)
    text = record.text("abstract") or record.text("definition") or record.text("description")
    about: dict[str, Any] = {"@context": SCHEMA.rstrip("/"), "@type": kind, "@id": record.iri, "url": record.iri}
    about |= {"name": title, "description": text, "alternateName": record.texts("altLabel")}
    if kind == "DefinedTerm":
        about |= {"termCode": record.code, "inDefinedTermSet": _term_set(record)}
    elif kind == "Article":
        about |= {
            "headline": title,
            "isAccessibleForFree": True,
            "license": LICENSE,
            "citation": _iris(record, "source"),
            "about": {"@type": "Event", "name": title, "startDate": record.text("occurred")},
        }
    elif kind != "Organization":
        about |= {
            "legislationIdentifier" if kind == "Legislation" else "identifier": record.code,
            "isPartOf": [{"@type": kind, "@id": iri} for iri in _iris(record, "inScheme")],
            "isBasedOn": _iris(record, "source"),
        }
    return {name: value for name, value in about.items() if value not in (None, "", [])}


def describe_dataset(links: Links, triples: int) -> dict[str, Any]:
    """Describe the graph as a data set in a catalog.

    Args:
        links: where documents are.
        triples: the number of triples.
    """
    home = links.page()
    data = {
        "@type": "Dataset",
        "@id": BASE,
        "name": "threatgraph: a knowledge graph of AI threats",
        "description": f"Threat patterns, incidents, causes, affected groups and provisions of frameworks for AI risk, "
        f"linked to each other and to their sources, as RDF with {triples:,} triples.",
        "url": home,
        "version": DATA_VERSION,
        "license": LICENSE,
        "isAccessibleForFree": True,
        "keywords": ["AI risk", "AI safety", "knowledge graph", "RDF", "SKOS", "SPARQL"],
        "distribution": [
            {"@type": "DataDownload", "encodingFormat": MEDIA_TYPES[form], "contentUrl": links.form("pattern", form)}
            for form in ("ttl", "jsonld", "csv", "json")
        ],
    }
    catalog = {"@type": "DataCatalog", "name": "threatgraph", "url": home, "dataset": {"@id": BASE}}
    return {"@context": SCHEMA.rstrip("/"), "@graph": [data, catalog]}


def _term_set(record: Record) -> dict[str, str]:
    kind = KINDS.get(record.kind)
    if kind is None:
        return {}
    return {"@type": "DefinedTermSet", "@id": f"{BASE}{kind.name}", "name": plural(kind)}


def _iris(record: Record, name: str) -> list[str]:
    return [value.iri for value in record[name] if isinstance(value, Link)]
