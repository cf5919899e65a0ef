"""The VoID description of the dataset, with partitions by class and by property."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote

from pyoxigraph import Literal, NamedNode

from threatgraph.publishing.descriptions import Statements, number
from threatgraph.publishing.downloads import downloads
from threatgraph.publishing.metadata import DESCRIPTION, PUBLISHER, TITLE, Metadata, read_metadata
from threatgraph.publishing.services import add_service
from threatgraph.publishing.statistics import Counts, Statistics, count
from threatgraph.store import Store
from threatgraph.vocab import BASE, KINDS, shorten


def void(
    store: Store,
    *,
    base_url: str,
    format: str = "turtle",
    has_endpoint: bool = True,
    dumps: Sequence[str] | None = None,
) -> bytes:
    """Describe the dataset of a site and its SPARQL endpoint.

    Args:
        store: the graph.
        base_url: the base URL of the site.
        format: a name from :data:`threatgraph.publishing.descriptions.FORMATS`.
        has_endpoint: whether the site has a SPARQL endpoint.
        dumps: the URLs of the files with the whole graph; by default those of the downloads.

    Returns:
        The description: counts, partitions by class and property, vocabularies, links to frameworks and downloads.

    Raises:
        UnknownName: if the format does not exist.
    """
    statements, counts, metadata = Statements(), count(store), read_metadata(store)
    document = f"{base_url}/void.ttl"
    statements.add(
        document,
        "void:DatasetDescription",
        dcterms_title=Literal(f"Description of {TITLE}", language="en"),
        foaf_primaryTopic=NamedNode(dataset_iri(base_url)),
    )
    _add_dataset(statements, base_url, counts, metadata, _dumps(base_url) if dumps is None else dumps)
    if has_endpoint:
        statements.add(dataset_iri(base_url), void_sparqlEndpoint=NamedNode(f"{base_url}/sparql"))
        add_service(statements, f"{base_url}/sparql", counts.total.triples)
    _add_partitions(statements, dataset_iri(base_url), document, counts)
    _add_linksets(statements, dataset_iri(base_url), document, counts)
    return statements.serialize(format)


def dataset_iri(base_url: str) -> str:
    """Return the IRI of the dataset of a site."""
    return f"{base_url}/void.ttl#dataset"


def _dumps(base_url: str) -> list[str]:
    """The URLs of the downloads in RDF."""
    return [found.url(base_url) for found in downloads().values() if found.format.kind in ("graph", "dataset")]


def _add_dataset(
    statements: Statements, base_url: str, counts: Statistics, metadata: Metadata, dumps: Sequence[str]
) -> None:
    namespaces = {re.sub(r"[^/#]*$", "", iri) for iri in (*counts.properties, *counts.classes)}
    statements.add(
        dataset_iri(base_url),
        "void:Dataset",
        dcterms_title=Literal(TITLE, language="en"),
        dcterms_description=Literal(DESCRIPTION, language="en"),
        dcterms_publisher=NamedNode(PUBLISHER),
        dcterms_license=NamedNode(metadata.license) if metadata.license else None,
        foaf_homepage=NamedNode(f"{base_url}/"),
        void_dataDump=map(NamedNode, dumps),
        void_uriSpace=Literal(BASE),
        void_vocabulary=[NamedNode(namespace) for namespace in namespaces],
        void_triples=number(counts.total.triples),
        void_entities=number(counts.entities),
        void_classes=number(len(counts.classes)),
        void_properties=number(len(counts.properties)),
        void_distinctSubjects=number(counts.total.subjects),
        void_distinctObjects=number(counts.total.objects),
    )


def _add_partitions(statements: Statements, dataset: str, document: str, counts: Statistics) -> None:
    for kind, instances in counts.classes.items():
        name = f"{document}#class-{_fragment(kind)}"
        statements.add(dataset, void_classPartition=NamedNode(name))
        statements.add(name, "void:Dataset", void_class=NamedNode(kind), void_entities=number(instances))
        for iri, counted in counts.by_class[kind].items():
            _add_property(statements, name, f"{name}-property-{_fragment(iri)}", iri, counted)
    for iri, counted in counts.properties.items():
        _add_property(statements, dataset, f"{document}#property-{_fragment(iri)}", iri, counted)


def _add_property(statements: Statements, whole: str, name: str, iri: str, counted: Counts) -> None:
    statements.add(whole, void_propertyPartition=NamedNode(name))
    statements.add(
        name,
        "void:Dataset",
        void_property=NamedNode(iri),
        void_triples=number(counted.triples),
        void_distinctSubjects=number(counted.subjects),
        void_distinctObjects=number(counted.objects),
    )


def _add_linksets(statements: Statements, dataset: str, document: str, counts: Statistics) -> None:
    """Add the links to the provisions of each framework, which are a subset of the dataset."""
    for (predicate, framework), triples in counts.links.items():
        slug = framework.removeprefix(KINDS["framework"].namespace)
        target = f"{document}#provisions-{_fragment(framework)}"
        space = f"{KINDS['provision'].namespace}{slug}/" if slug != framework else None
        statements.add(
            target,
            "void:Dataset",
            foaf_primaryTopic=NamedNode(framework),
            void_uriSpace=Literal(space) if space else None,
        )
        name = f"{document}#links-{_fragment(predicate)}-{_fragment(framework)}"
        statements.add(dataset, void_subset=[NamedNode(target), NamedNode(name)])
        statements.add(
            name,
            "void:Linkset",
            void_linkPredicate=NamedNode(predicate),
            void_subjectsTarget=NamedNode(dataset),
            void_objectsTarget=NamedNode(target),
            void_triples=number(triples),
        )


def _fragment(iri: str) -> str:
    """An IRI as a part of a fragment: ``tg-Incident`` for a prefixed name, otherwise percent-encoded."""
    return quote(shorten(iri), safe="").replace("%3A", "-", 1)
