"""The descriptions of a release in RDF: VoID and DCAT."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pyoxigraph import Literal, NamedNode

from threatgraph.publishing.descriptions import Statements, term
from threatgraph.publishing.metadata import DESCRIPTION, KEYWORDS, PUBLISHER, TITLE
from threatgraph.publishing.void import dataset_iri, void
from threatgraph.releases.files.content import Content, Written, fixed
from threatgraph.releases.folder import GRAPH
from threatgraph.releases.release import ONTOLOGY, Release
from threatgraph.vocab import BASE, XSD

_MEDIA_TYPES = "https://www.iana.org/assignments/media-types/"
_DUMPS = ("export/graph.ttl", "export/graph.jsonld", "export/graph.nt", "export/graph.rdf", GRAPH, "export/graph.trig")


def void_file(release: Release) -> Content:
    """The VoID description of the dataset, with its counts."""
    dumps = [f"{release.url}/{name}" for name in _DUMPS]
    content = void(release.store, base_url=release.url, has_endpoint=False, dumps=dumps)
    return fixed("void.ttl", "Counts of the graph by class and property (VoID)", content)


def dcat_file(release: Release, written: Sequence[Written]) -> Content:
    """The DCAT description of the release: its version, its predecessor, and its files with sizes and digests.

    Args:
        release: the release.
        written: the files that hold the graph.
    """
    statements, document = Statements(), f"{release.url}/dcat.jsonld"
    _add_dataset(statements, release, [f"{document}#{_fragment(file)}" for file in written])
    terms = NamedNode(release.metadata.license) if release.metadata.license else None
    for file in written:
        name, url = f"{document}#{_fragment(file)}", NamedNode(f"{release.url}/{file.name}")
        is_packed = file.name == GRAPH
        kind = "application/n-quads" if is_packed else file.media_type
        statements.add(
            name,
            "dcat:Distribution",
            dcterms_title=Literal(file.description, language="en"),
            dcterms_license=terms,
            dcat_accessURL=url,
            dcat_downloadURL=url,
            dcat_mediaType=NamedNode(_MEDIA_TYPES + kind),
            dcat_compressFormat=NamedNode(_MEDIA_TYPES + file.media_type) if is_packed else None,
            dcat_byteSize=Literal(str(file.size), datatype=NamedNode(f"{XSD}nonNegativeInteger")),
            spdx_checksum=NamedNode(f"{name}-sha256"),
        )
        statements.add(
            f"{name}-sha256",
            "spdx:Checksum",
            spdx_algorithm=term("spdx:checksumAlgorithm_sha256"),
            spdx_checksumValue=Literal(file.digest, datatype=NamedNode(f"{XSD}hexBinary")),
        )
    return fixed("dcat.jsonld", "The release and its files for catalogs (DCAT 3)", statements.serialize("jsonld"))


def _add_dataset(statements: Statements, release: Release, distributions: Iterable[str]) -> None:
    whole, dataset = dataset_iri(BASE.rstrip("/")), dataset_iri(release.url)
    metadata, previous = release.metadata, release.previous
    older = NamedNode(f"{BASE}releases/{previous.version}") if previous else None
    statements.add(
        dataset,
        "dcat:Dataset",
        dcterms_title=Literal(f"{TITLE}, version {release.version}", language="en"),
        dcterms_description=Literal(DESCRIPTION, language="en"),
        dcterms_identifier=Literal(release.iri, datatype=NamedNode(f"{XSD}anyURI")),
        dcterms_publisher=NamedNode(PUBLISHER),
        dcterms_license=NamedNode(metadata.license) if metadata.license else None,
        dcterms_language=NamedNode("http://id.loc.gov/vocabulary/iso639-1/en"),
        dcterms_conformsTo=NamedNode(f"{ONTOLOGY}/{release.version}") if release.has_ontology else None,
        dcterms_issued=Literal(release.date, datatype=NamedNode(f"{XSD}date")),
        dcterms_isVersionOf=NamedNode(whole),
        dcat_isVersionOf=NamedNode(whole),
        dcat_version=Literal(release.version.text),
        owl_versionInfo=Literal(release.version.text),
        pav_version=Literal(release.version.text),
        dcat_previousVersion=older,
        pav_previousVersion=older,
        dcat_keyword=[Literal(word, language="en") for word in KEYWORDS],
        dcat_landingPage=NamedNode(f"{release.url}/"),
        dcat_distribution=map(NamedNode, distributions),
    )
    statements.add(whole, "dcat:Dataset", dcterms_hasVersion=NamedNode(dataset), dcat_hasVersion=NamedNode(dataset))
    if release.has_ontology:
        statements.add(ONTOLOGY, dcterms_hasVersion=NamedNode(f"{ONTOLOGY}/{release.version}"))
    statements.add(PUBLISHER, "foaf:Organization", foaf_name=Literal("threatgraph"))


def _fragment(file: Written) -> str:
    return file.name.replace("/", "-")
