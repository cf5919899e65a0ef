"""The DCAT 3 description of the catalog, its dataset, the downloads and the query service."""

from __future__ import annotations

from pyoxigraph import Literal, NamedNode

from threatgraph.publishing.descriptions import Statements
from threatgraph.publishing.downloads import downloads
from threatgraph.publishing.metadata import DESCRIPTION, KEYWORDS, PUBLISHER, TITLE, Metadata, read_metadata
from threatgraph.publishing.void import dataset_iri
from threatgraph.store import Store
from threatgraph.vocab import TG, XSD

_MEDIA_TYPES = "https://www.iana.org/assignments/media-types/"
_PROTOCOL = "http://www.w3.org/TR/sparql11-protocol/"


def dcat(store: Store, *, base_url: str, format: str = "turtle", has_services: bool = True) -> bytes:
    """Describe the catalog of a site.

    Args:
        store: the graph.
        base_url: the base URL of the site.
        format: a name from :data:`threatgraph.publishing.descriptions.FORMATS`.
        has_services: whether the site has a SPARQL endpoint and the JSON API.

    Raises:
        UnknownName: if the format does not exist.
    """
    statements, metadata = Statements(), read_metadata(store)
    terms = NamedNode(metadata.license) if metadata.license else None
    catalog, dataset = f"{base_url}/dcat.ttl#catalog", dataset_iri(base_url)
    statements.add(
        catalog,
        "dcat:Catalog",
        dcterms_title=Literal("Catalog of threatgraph", language="en"),
        dcterms_description=Literal("The dataset of threatgraph, its downloads and its services.", language="en"),
        dcterms_publisher=NamedNode(PUBLISHER),
        dcterms_language=_language(),
        foaf_homepage=NamedNode(f"{base_url}/"),
        dcat_dataset=NamedNode(dataset),
    )
    statements.add(PUBLISHER, "foaf:Organization", foaf_name=Literal("threatgraph"))
    _add_dataset(statements, base_url, metadata, terms)
    for download in downloads().values():
        statements.add(
            f"{base_url}/dcat.ttl#{download.name}",
            "dcat:Distribution",
            dcterms_title=Literal(download.format.description, language="en"),
            dcterms_license=terms,
            dcat_accessURL=NamedNode(download.url(base_url)),
            dcat_downloadURL=NamedNode(download.url(base_url)),
            dcat_mediaType=NamedNode(_MEDIA_TYPES + download.media_type),
        )
    if has_services:
        _add_services(statements, base_url, catalog)
    return statements.serialize(format)


def _add_services(statements: Statements, base_url: str, catalog: str) -> None:
    """Add the SPARQL endpoint and the JSON API."""
    dataset, service, api = dataset_iri(base_url), f"{base_url}/dcat.ttl#sparql", f"{base_url}/dcat.ttl#api"
    statements.add(catalog, dcat_service=[NamedNode(service), NamedNode(api)])
    statements.add(
        service,
        "dcat:DataService",
        dcterms_title=Literal("SPARQL endpoint", language="en"),
        dcterms_conformsTo=NamedNode(_PROTOCOL),
        dcat_endpointURL=NamedNode(f"{base_url}/sparql"),
        dcat_endpointDescription=NamedNode(f"{base_url}/void.ttl"),
        dcat_servesDataset=NamedNode(dataset),
    )
    statements.add(
        api,
        "dcat:DataService",
        dcterms_title=Literal("JSON API", language="en"),
        dcat_endpointURL=NamedNode(f"{base_url}/"),
        dcat_endpointDescription=NamedNode(f"{base_url}/openapi.json"),
        dcat_servesDataset=NamedNode(dataset),
    )


def _add_dataset(statements: Statements, base_url: str, metadata: Metadata, terms: NamedNode | None) -> None:
    statements.add(
        dataset_iri(base_url),
        "dcat:Dataset",
        dcterms_title=Literal(TITLE, language="en"),
        dcterms_description=Literal(DESCRIPTION, language="en"),
        dcterms_publisher=NamedNode(PUBLISHER),
        dcterms_license=terms,
        dcterms_language=_language(),
        dcterms_conformsTo=NamedNode(TG.removesuffix("#")),
        dcterms_issued=_date(metadata.issued),
        dcterms_modified=_date(metadata.modified),
        dcat_version=Literal(metadata.version) if metadata.version else None,
        dcat_keyword=[Literal(word, language="en") for word in KEYWORDS],
        dcat_landingPage=NamedNode(f"{base_url}/"),
        dcat_distribution=[NamedNode(f"{base_url}/dcat.ttl#{name}") for name in downloads()],
    )


def _language() -> NamedNode:
    return NamedNode("http://id.loc.gov/vocabulary/iso639-1/en")


def _date(text: str | None) -> Literal | None:
    return Literal(text, datatype=NamedNode(XSD + "date")) if text else None
