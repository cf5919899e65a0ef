"""Releases: the real one as other programs read it, the next one of a small graph, and all reasons to refuse one."""

from __future__ import annotations

import csv
import gzip
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyoxigraph as ox
import pytest
import rdflib
import yaml
from rdflib import DCAT, DCTERMS, OWL, RDF, VOID, XSD

from command_line import fails, run
from http_server import serving
from rewriting import Redirect, Rules, apache, apache_is_installed
from threatgraph import ThreatGraph, ThreatGraphError
from threatgraph.export import FORMATS
from threatgraph.releases import compare, read_state
from threatgraph.releases.build import ReleaseResult, build
from threatgraph.releases.versions import parse
from threatgraph.resources import CHECKOUT, root
from threatgraph.version import DATA_VERSION
from threatgraph.vocab import BASE, KINDS, TG
from threatgraph.web.ontology import reference

SITE = "https://example.org/threats"
URL = f"{SITE}/releases/{DATA_VERSION}"
ONTOLOGY = rdflib.URIRef(TG[:-1])
PAV = rdflib.Namespace("http://purl.org/pav/")
SPDX = rdflib.Namespace("http://spdx.org/rdf/terms#")


@pytest.fixture(scope="module")
def made(graph: ThreatGraph, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ReleaseResult]:
    """The release of the bundled graph."""
    folder = tmp_path_factory.mktemp("release") / DATA_VERSION
    return folder, build(graph.store, DATA_VERSION, folder, base_url=SITE, pages=reference())


@pytest.fixture(scope="module")
def release(made: tuple[Path, ReleaseResult]) -> Path:
    return made[0]


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


# The real release.


def test_a_release_has_the_files_that_it_promises(made: tuple[Path, ReleaseResult]) -> None:
    folder, result = made
    found = names(folder)
    exports = {f"export/graph.{form.extension}" for form in FORMATS.values()}
    assert exports - found == {"export/graph.nq"}
    assert {
        *("export/graph.nq.gz", "search.sqlite", "void.ttl", "dcat.jsonld", "ro-crate-metadata.json", "CITATION.cff"),
        *(".zenodo.json", "changelog.md", "README.md", "index.html", "SHA256SUMS", "DATA_LICENSE", "NOTICE"),
        *("w3id/.htaccess", "w3id/latest.htaccess", "tables/patterns.csv", "ontology/context.jsonld"),
        *(f"ontology/threatgraph.{suffix}" for suffix in ("ttl", "jsonld", "rdf", "nt", "html")),
    } <= found
    for part in ("ontology/shapes", "ontology/schemes", "ontology/rules", "queries"):
        assert {f"{part}/{name}" for name in names(root() / part)} <= found
    assert not {"diff.md", "diff.json"} & found
    assert result == ReleaseResult(len(found), sum((folder / name).stat().st_size for name in found), None)


def test_sha256sum_confirms_all_files(release: Path) -> None:
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=release, capture_output=True, text=True, check=True
    )
    confirmed = {line.removesuffix(": OK") for line in done.stdout.splitlines()}
    assert confirmed == names(release) - {"SHA256SUMS"}


def test_the_exports_have_the_same_triples(release: Path, graph: ThreatGraph) -> None:
    counts = {}
    for suffix, form in (("ttl", ox.RdfFormat.TURTLE), ("nt", ox.RdfFormat.N_TRIPLES), ("trig", ox.RdfFormat.TRIG)):
        store = ox.Store()
        store.bulk_load(path=str(release / f"export/graph.{suffix}"), format=form)
        counts[suffix] = len({quad.triple for quad in store}) if suffix == "trig" else len(store)
    assert set(counts.values()) == {len(graph)}


def test_gzip_reads_the_quads_and_the_file_is_of_the_day_of_the_release(release: Path) -> None:
    path = release / "export/graph.nq.gz"
    subprocess.run(["gzip", "--test", str(path)], check=True)
    graphs = {line.rsplit(b" ", 2)[1] for line in gzip.decompress(path.read_bytes()).splitlines()}
    assert f"<{BASE}graph/data/patterns/goal-drift.ttl>".encode() in graphs
    moment = int.from_bytes(path.read_bytes()[4:8], "little")
    assert moment == subprocess_date(yaml.safe_load((release / "CITATION.cff").read_text())["date-released"])


def subprocess_date(day: str) -> int:
    """The beginning of a day in UTC, by the program ``date``."""
    return int(subprocess.run(["date", "-u", "-d", day, "+%s"], capture_output=True, check=True).stdout)


def test_sqlite3_searches_the_records(release: Path, graph: ThreatGraph) -> None:
    program = shutil.which("sqlite3")
    query = (
        "SELECT iri FROM search JOIN record ON id = search.rowid WHERE search MATCH 'corrigibility shutdown' "
        "ORDER BY rank LIMIT 1"
    )
    path = release / "search.sqlite"
    if program:
        done = subprocess.run([program, str(path), query], capture_output=True, text=True, check=True)
        assert done.stdout.startswith(BASE)
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        kinds = dict(database.execute("SELECT kind, COUNT(*) FROM record GROUP BY kind"))
        assert kinds["pattern"] == len(graph.list("pattern").rows)
        drift = database.execute("SELECT id, iri, code FROM record WHERE label = 'Goal Drift'").fetchone()
        assert drift[1:] == (f"{BASE}pattern/goal-drift", "PAT-AGT-003")
        by_code = "SELECT rowid FROM search WHERE search MATCH ? ORDER BY rank LIMIT 1"
        assert database.execute(by_code, ('codes : "PAT-AGT-003"',)).fetchone()[0] == drift[0]
        facets = {name for (name,) in database.execute("SELECT name FROM facet WHERE record = ?", (drift[0],))}
        assert facets == {"framework", "severity"}
        assert database.execute("SELECT value FROM metadata WHERE name = 'version'").fetchone() == (DATA_VERSION,)


def test_the_database_documents_each_of_its_tables_and_columns(release: Path) -> None:
    with sqlite3.connect(f"file:{release / 'search.sqlite'}?mode=ro", uri=True) as database:
        tables = ("record", "search", "facet")
        columns = {f"{name}.{row[1]}" for name in tables for row in database.execute(f"PRAGMA table_info({name})")}
        documented = {name for (name,) in database.execute("SELECT name FROM documentation")}
    assert documented == {*(columns - {"record.id"}), *tables, "metadata", "documentation"}


def test_each_kind_of_record_has_a_table(release: Path, graph: ThreatGraph) -> None:
    for kind in ("pattern", "incident", "provision", "severity"):
        with (release / f"tables/{KINDS[kind].plural}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert {row["record"] for row in rows} == {str(iri) for iri in graph.list(kind).column("record")}
        assert len(rows[0]) > 2
    with (release / "tables/patterns.csv").open(encoding="utf-8", newline="") as file:
        drift = next(row for row in csv.DictReader(file) if row["label"] == "Goal Drift")
    assert (drift["code"], drift["severity"].startswith(f"{BASE}severity/")) == ("PAT-AGT-003", True)


@pytest.mark.parametrize("suffix", ["ttl", "jsonld", "rdf", "nt"])
def test_rdflib_reads_the_ontology_in_each_syntax(release: Path, suffix: str) -> None:
    source = rdflib.Graph().parse(root() / "ontology/threatgraph.ttl")
    found = rdflib.Graph().parse(release / f"ontology/threatgraph.{suffix}")
    assert set(found) == set(source)
    assert found.value(ONTOLOGY, OWL.versionIRI) == ONTOLOGY + f"/{DATA_VERSION}"
    assert str(found.value(ONTOLOGY, OWL.versionInfo)) == DATA_VERSION


@pytest.mark.peers
def test_jena_reads_the_ontology_and_the_descriptions(release: Path, riot: Callable[..., str]) -> None:
    texts = [riot(release / f"ontology/threatgraph.{suffix}") for suffix in ("ttl", "rdf", "nt")]
    triples = {line for text in texts for line in text.splitlines()}
    assert len(triples) == len(rdflib.Graph().parse(root() / "ontology/threatgraph.ttl"))
    assert f"<{URL}/void.ttl#dataset>" in riot(release / "void.ttl")
    assert f"<{URL}/export/graph.ttl>" in riot(release / "dcat.jsonld")


class Page(HTMLParser):
    """The targets of the links of a page, and its elements with an id."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.feed(content)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.links += [value for name in ("href", "src") if (value := given.get(name))]
        self.ids |= {value for value in [given.get("id")] if value}


def test_the_pages_of_a_release_work_by_themselves(release: Path) -> None:
    for name in ("ontology/threatgraph.html", "index.html"):
        page = Page((release / name).read_text(encoding="utf-8"))
        relative = [link for link in page.links if not re.match(r"[a-z]+:", link)]
        assert ("export/graph.ttl" in relative) == (name == "index.html")
        for link in relative:
            path, _, fragment = link.partition("#")
            assert not fragment or path or fragment in page.ids, link
            assert not path or ((release / name).parent / unquote(path)).is_file(), link
        assert ("ThreatPattern" in page.ids) == name.startswith("ontology/")


def test_the_overview_links_to_the_files(release: Path) -> None:
    text = (release / "README.md").read_text(encoding="utf-8")
    assert f"# threatgraph {DATA_VERSION}" in text
    targets = re.findall(r"\]\(<?([^)>:]+)>?\)", text)
    assert {"export/graph.ttl", "tables/patterns.csv", "search.sqlite", "ontology/threatgraph.html"} <= set(targets)
    assert all((release / unquote(target)).is_file() for target in targets)


def test_void_counts_the_triples_and_names_the_dumps(release: Path, graph: ThreatGraph) -> None:
    void = rdflib.Graph().parse(release / "void.ttl")
    dataset = rdflib.URIRef(f"{URL}/void.ttl#dataset")
    assert void.value(dataset, VOID.triples) == rdflib.Literal(len(graph))
    dumps = {str(dump).removeprefix(f"{URL}/") for dump in void.objects(dataset, VOID.dataDump)}
    assert dumps
    assert all((release / dump).is_file() for dump in dumps)


def test_dcat_describes_the_version_and_each_file_of_the_graph(release: Path) -> None:
    dcat = rdflib.Graph().parse(release / "dcat.jsonld")
    dataset = rdflib.URIRef(f"{URL}/void.ttl#dataset")
    assert str(dcat.value(dataset, DCAT["version"])) == DATA_VERSION
    assert dcat.value(dataset, DCAT["previousVersion"]) is None
    whole = dcat.value(dataset, DCTERMS.isVersionOf)
    assert (whole, DCTERMS.hasVersion, dataset) in dcat
    assert (ONTOLOGY, DCTERMS.hasVersion, ONTOLOGY + f"/{DATA_VERSION}") in dcat
    issued = dcat.value(dataset, DCTERMS.issued)
    assert isinstance(issued, rdflib.Literal)
    assert issued.datatype == XSD.date
    lines = [line.split("  ") for line in (release / "SHA256SUMS").read_text(encoding="utf-8").splitlines()]
    sums = {name: digest for digest, name in lines}
    described = set()
    for distribution in dcat.objects(dataset, DCAT.distribution):
        name = str(dcat.value(distribution, DCAT.downloadURL)).removeprefix(f"{URL}/")
        described.add(name)
        assert int(str(dcat.value(distribution, DCAT.byteSize))) == (release / name).stat().st_size
        checksum = dcat.value(distribution, SPDX.checksum)
        assert str(dcat.value(checksum, SPDX.checksumValue)) == sums[name]
        assert dcat.value(checksum, SPDX.algorithm) == SPDX.checksumAlgorithm_sha256
    in_folders = {name for name in sums if name.startswith(("export/", "tables/"))}
    assert described == {*in_folders, "search.sqlite"}


def test_the_crate_follows_the_structure_of_ro_crate(release: Path) -> None:
    """RO-Crate 1.1: metadata descriptor, root data entity, data entities, flat JSON-LD."""
    crate = json.loads((release / "ro-crate-metadata.json").read_text(encoding="utf-8"))
    assert crate["@context"] == "https://w3id.org/ro/crate/1.1/context"
    entities = {entity["@id"]: entity for entity in crate["@graph"]}
    assert len(entities) == len(crate["@graph"])
    descriptor = entities["ro-crate-metadata.json"]
    assert descriptor["@type"] == "CreativeWork"
    assert descriptor["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    assert descriptor["about"] == {"@id": "./"}
    home = entities["./"]
    assert home["@type"] == "Dataset"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", home["datePublished"])
    assert {"name", "description", "license", "hasPart", "version", "author"} <= home.keys()
    assert home["version"] == DATA_VERSION
    parts = {part["@id"] for part in home["hasPart"]}
    assert {unquote(part) for part in parts} == names(release) - {"ro-crate-metadata.json"}
    for name in parts:
        entity = entities[name]
        assert entity["@type"] == "File"
        assert re.fullmatch(r"[a-z]+/[\w.+-]+", entity["encodingFormat"])
        assert int(entity.get("contentSize", -1)) in (-1, (release / unquote(name)).stat().st_size)
    known = {*entities, "https://w3id.org/ro/crate/1.1"}
    for entity in entities.values():
        for value in entity.values():
            for part in value if isinstance(value, list) else [value]:
                assert isinstance(part, str) or (part.keys() == {"@id"} and part["@id"] in known)


def test_a_yaml_reader_reads_the_citation(release: Path) -> None:
    """Citation File Format 1.2.0: the required keys, and the forms of values."""
    cff = yaml.safe_load((release / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"authors", "cff-version", "message", "title"} <= cff.keys()
    assert (cff["cff-version"], cff["type"], cff["version"]) == ("1.2.0", "dataset", DATA_VERSION)
    assert cff["license"] == "CC-BY-4.0"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", cff["date-released"])
    assert all(author["name"] for author in cff["authors"])
    assert len(set(cff["keywords"])) == len(cff["keywords"])
    assert cff["identifiers"][0].keys() == {"type", "value", "description"}


def test_the_metadata_for_zenodo_fit_its_fields(release: Path) -> None:
    found = json.loads((release / ".zenodo.json").read_text(encoding="utf-8"))
    assert (found["upload_type"], found["version"], found["license"]) == ("dataset", DATA_VERSION, "cc-by-4.0")
    assert found["creators"][0].keys() == {"name"}
    assert all(entry.keys() == {"identifier", "relation", "resource_type"} for entry in found["related_identifiers"])


def test_the_first_release_counts_what_it_has(release: Path, graph: ThreatGraph) -> None:
    text = (release / "changelog.md").read_text(encoding="utf-8")
    assert text.startswith(f"## [{DATA_VERSION}] - ")
    for kind in ("pattern", "incident", "framework", "provision"):
        assert f"{len(graph.list(kind).rows):,} {KINDS[kind].plural}" in text


def test_a_release_is_a_state_without_difference_to_its_graph(release: Path, graph: ThreatGraph) -> None:
    found = compare(read_state(release), read_state(graph.store))
    assert (found.changes, found.step, found.removed, found.added) == ([], "none", frozenset(), frozenset())
    assert found.old.version == DATA_VERSION


# Redirects of w3id.org.

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
TURTLE, JSON_LD, XML, LINES = "text/turtle", "application/ld+json", "application/rdf+xml", "application/n-triples"
PROFILE = 'profile="https://w3id.org/ro/crate"'
OLD = "0.9.0-rc.1"
CASES = [
    (f"ontology/{DATA_VERSION}", BROWSER, 303, f"{URL}/ontology/threatgraph.html"),
    (f"ontology/{DATA_VERSION}", "", 303, f"{URL}/ontology/threatgraph.html"),
    (f"ontology/{DATA_VERSION}", "*/*", 303, f"{URL}/ontology/threatgraph.html"),
    (f"ontology/{DATA_VERSION}", TURTLE, 303, f"{URL}/ontology/threatgraph.ttl"),
    (f"ontology/{DATA_VERSION}/", f"{JSON_LD}, */*;q=0.1", 303, f"{URL}/ontology/threatgraph.jsonld"),
    (f"ontology/{DATA_VERSION}", f"{XML}, text/html;q=0.1", 303, f"{URL}/ontology/threatgraph.rdf"),
    (f"ontology/{DATA_VERSION}", LINES, 303, f"{URL}/ontology/threatgraph.nt"),
    (f"ontology/axioms/{DATA_VERSION}", TURTLE, 303, f"{URL}/ontology/axioms.ttl"),
    (f"ontology/alignments/{DATA_VERSION}", BROWSER, 303, f"{URL}/ontology/alignments.ttl"),
    (f"releases/{DATA_VERSION}", BROWSER, 303, f"{URL}/index.html"),
    (f"releases/{DATA_VERSION}/", TURTLE, 303, f"{URL}/void.ttl"),
    (f"releases/{DATA_VERSION}", JSON_LD, 303, f"{URL}/dcat.jsonld"),
    (f"releases/{DATA_VERSION}", f"{JSON_LD};{PROFILE}", 303, f"{URL}/ro-crate-metadata.json"),
    (f"releases/{DATA_VERSION}/export/graph.nq.gz", "", 302, f"{URL}/export/graph.nq.gz"),
    (f"releases/{OLD}/search.sqlite", "", 302, f"{SITE}/releases/{OLD}/search.sqlite"),
    (f"ontology/{OLD}", TURTLE, 303, f"{SITE}/releases/{OLD}/ontology/threatgraph.ttl"),
    ("releases/latest/export/graph.ttl", "", 302, f"{URL}/export/graph.ttl"),
    ("releases/latest", BROWSER, 303, f"{URL}/index.html"),
    ("releases/latest/", JSON_LD, 303, f"{URL}/dcat.jsonld"),
    ("releases/9.9.9", BROWSER, 303, f"{SITE}/releases/9.9.9.html"),  # which no site has
    ("ontology", TURTLE, 303, f"{URL}/ontology/threatgraph.ttl"),
    ("ontology", BROWSER, 303, f"{URL}/ontology/threatgraph.html"),
    ("ontology.rdf", "", 303, f"{URL}/ontology/threatgraph.rdf"),
    ("ontology/context", "", 303, f"{URL}/ontology/context.jsonld"),
    ("ontology/context.jsonld", JSON_LD, 303, f"{URL}/ontology/context.jsonld"),
    ("ontology/axioms", XML, 303, f"{URL}/ontology/axioms.ttl"),
    ("", BROWSER, 303, f"{SITE}/index.html"),
    ("pattern/goal-drift", BROWSER, 303, f"{SITE}/pattern/goal-drift.html"),
    ("pattern/goal-drift", f"{TURTLE}, text/html;q=0.5", 303, f"{SITE}/pattern/goal-drift.ttl"),
    ("pattern/goal-drift/", JSON_LD, 303, f"{SITE}/pattern/goal-drift.jsonld"),
    ("pattern/goal-drift.md", BROWSER, 302, f"{SITE}/pattern/goal-drift.md"),
    ("provision/nist-ai-rmf-1.0/govern-1.1", TURTLE, 303, f"{SITE}/provision/nist-ai-rmf-1.0/govern-1.1.ttl"),
    ("void.ttl", "", 302, f"{SITE}/void.ttl"),
]


def both_rules(release: Path) -> list[str]:
    """The rules of the versions, and those of the latest version."""
    return [(release / f"w3id/{name}").read_text(encoding="utf-8") for name in (".htaccess", "latest.htaccess")]


@pytest.fixture(scope="module")
def rules(release: Path) -> str:
    """The rules of two versions, followed by those of the latest version."""
    versions, latest = both_rules(release)
    head, mark, block = versions.partition("# Version ")
    older = f"{mark}{block}".replace(DATA_VERSION, OLD).replace(re.escape(DATA_VERSION), re.escape(OLD))
    return f"{head}{older}\n{mark}{block}\n{latest}"


@pytest.mark.parametrize(("path", "accept", "status", "url"), CASES)
def test_an_iri_leads_to_the_form_that_a_client_prefers(
    rules: str, path: str, accept: str, status: int, url: str
) -> None:
    assert Rules(rules).answer(path, accept) == Redirect(status, url)


def test_apache_follows_the_same_rules(rules: str) -> None:
    if not apache_is_installed():
        pytest.skip("Apache is not installed")
    with apache() as server:
        server.use(rules)
        answers = {(path, accept): server.answer(path, accept) for path, accept, *_ in CASES}
    assert answers == {(path, accept): Redirect(status, url) for path, accept, status, url in CASES}


def test_each_redirect_of_a_version_leads_to_a_file(release: Path) -> None:
    text = (release / "w3id/.htaccess").read_text(encoding="utf-8")
    targets = set(re.findall(rf"{re.escape(URL)}/(\S+)", text)) - {"$1"}
    named = {target.replace("$1", name) for target in targets for name in ("axioms", "alignments")}
    assert all((release / target).is_file() for target in named)


def test_the_latest_version_would_hide_the_others_if_it_came_first(release: Path) -> None:
    versions, latest = both_rules(release)
    wrong = Rules(f"RewriteEngine on\n{latest}\n{versions}").answer(f"ontology/{DATA_VERSION}", TURTLE)
    assert wrong == Redirect(303, f"{SITE}/ontology/{DATA_VERSION}.ttl")  # which no site has


# The workflow that publishes a release.


def test_the_workflow_publishes_files_before_anything_leads_to_them() -> None:
    workflow = yaml.safe_load(
        (Path(__file__).resolve().parents[1] / ".github/workflows/release.yml").read_text(encoding="utf-8")
    )
    (job,) = workflow["jobs"].values()
    scripts = [step.get("run") or step["uses"] for step in job["steps"]]
    for step in job["steps"]:
        subprocess.run(["bash", "-n"], input=step.get("run", ""), text=True, check=True)
    marks = ("threatgraph release", "threatgraph site", "actions/deploy-pages", "gh release create")
    places = [next(number for number, script in enumerate(scripts) if mark in script) for mark in marks]
    assert places == sorted(places)


# The next release of a small graph.

CATEGORY = """
@prefix curation-status: <https://w3id.org/threatgraph/curation-status/> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix tg: <https://w3id.org/threatgraph/ontology#> .

<https://w3id.org/threatgraph/causal-factor-category/organization>
    a tg:CausalFactorCategory ;
    dcterms:source <https://example.org/causes> ;
    skos:definition "Causes in an organization."@en ;
    skos:inScheme <https://w3id.org/threatgraph/causal-factor-category> ;
    skos:inScheme <https://w3id.org/threatgraph/causal-factor> ;
    skos:prefLabel "Organization"@en ;
    .
"""
FACTOR = """
@prefix causal-factor: <https://w3id.org/threatgraph/causal-factor/> .
@prefix causal-factor-category: <https://w3id.org/threatgraph/causal-factor-category/> .
@prefix curation-status: <https://w3id.org/threatgraph/curation-status/> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix tg: <https://w3id.org/threatgraph/ontology#> .

causal-factor:%s
    a tg:CausalFactor ;
    dcterms:source <https://example.org/causes> ;
    skos:broader causal-factor-category:organization ;
    skos:definition "A system is released %s."@en ;
    skos:inScheme <https://w3id.org/threatgraph/causal-factor> ;
    skos:notation "%s" ;
    skos:prefLabel "%s"@en ;
    tg:curationStatus curation-status:project-assessment ;
    .
"""
CATEGORIZED = "    skos:broader causal-factor-category:organization ;\n"
RETIRED = "causal-factor:rushed-release owl:deprecated true ; dcterms:isReplacedBy causal-factor:missing-tests .\n"


class Checkout:
    """A checkout with three records of its own."""

    def __init__(self, folder: Path, version: str) -> None:
        self.folder = folder
        for name in ("ontology", "queries"):
            shutil.copytree(root() / name, folder / name)
        for name in ("threatgraph", "axioms", "alignments"):
            self.change(f"ontology/{name}.ttl", DATA_VERSION, version)
        vocabularies, factors = folder / "data/vocabularies", folder / "data/causal-factors"
        vocabularies.mkdir(parents=True)
        factors.mkdir()
        shutil.copy(root() / "data/vocabularies/schemes.ttl", vocabularies)
        (vocabularies / "causal-factor-categories.ttl").write_text(CATEGORY, encoding="utf-8")
        self.factor("missing-tests").write_text(
            FACTOR % ("missing-tests", "without tests", "CAUSE-901", "Missing Tests"), encoding="utf-8"
        )
        self.factor("rushed-release").write_text(
            FACTOR % ("rushed-release", "too early", "CAUSE-902", "Rushed Release"), encoding="utf-8"
        )

    def factor(self, name: str) -> Path:
        return self.folder / f"data/causal-factors/{name}.ttl"

    def change(self, name: str, old: str, new: str) -> None:
        """Replace a text in a file."""
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    @property
    def env(self) -> dict[str, str]:
        return {CHECKOUT: str(self.folder)}

    def release(self, version: str, folder: Path, *words: str) -> tuple[int, str]:
        """Make a release: the exit status, and standard error."""
        status, out, err = run("release", version, "-o", str(folder), *words, env=self.env)
        assert out == ""
        return status, err


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Checkout, Path]:
    """Version 1.0.0 of the small graph, and its release."""
    folder = tmp_path_factory.mktemp("first")
    checkout = Checkout(folder / "checkout", "1.0.0")
    status, err = checkout.release("1.0.0", folder / "1.0.0", "--base-url", SITE)
    assert status == 0, err
    return checkout, folder / "1.0.0"


@pytest.fixture(scope="module")
def second(first: tuple[Checkout, Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Checkout, Path]:
    """Version 1.1.0, in which a record is retired."""
    folder = tmp_path_factory.mktemp("second")
    checkout = Checkout(folder / "checkout", "1.1.0")
    with checkout.factor("rushed-release").open("a", encoding="utf-8") as file:
        file.write(RETIRED)
    status, err = checkout.release("1.1.0", folder / "1.1.0", "--base-url", SITE, "--previous", str(first[1]))
    assert status == 0, err
    assert "call for a step of minor" in err
    return checkout, folder / "1.1.0"


@pytest.fixture
def next_one(tmp_path: Path) -> Checkout:
    """The small graph before its next release, which a test changes."""
    return Checkout(tmp_path / "checkout", "1.0.1")


def refused(checkout: Checkout, version: str, previous: Path | str | None = None) -> str:
    """The error of a release that must fail, after which nothing is written."""
    folder = checkout.folder.parent / "new" / version
    words = ("--previous", str(previous)) if previous is not None else ()
    before = sorted(checkout.folder.parent.iterdir())
    status, err = checkout.release(version, folder, *words)
    assert status == 2, err
    assert sorted(checkout.folder.parent.iterdir()) == before
    return err.removeprefix("threatgraph: error: ")


def test_a_retired_record_passes_and_is_listed(second: tuple[Checkout, Path]) -> None:
    folder = second[1]
    changes = json.loads((folder / "diff.json").read_text(encoding="utf-8"))
    assert (changes["old"]["name"], changes["new"]["name"], changes["step"]) == ("1.0.0", "1.1.0", "minor")
    (retired,) = changes["changes"]["retired"]
    assert retired["record"]["iri"] == f"{BASE}causal-factor/rushed-release"
    assert {name for name, number in changes["counts"].items() if number} == {"retired"}
    assert "CAUSE-902 Rushed Release" in (folder / "diff.md").read_text(encoding="utf-8")
    entry = "- 1 record retired: CAUSE-902 Rushed Release (replaced by CAUSE-901 Missing Tests)."
    assert entry in (folder / "changelog.md").read_text(encoding="utf-8").split("### Deprecated\n\n")[1].splitlines()


def test_a_release_names_the_one_before(second: tuple[Checkout, Path]) -> None:
    folder = second[1]
    for suffix in ("ttl", "jsonld", "rdf", "nt"):
        ontology = rdflib.Graph().parse(folder / f"ontology/threatgraph.{suffix}")
        assert set(ontology.objects(ONTOLOGY, OWL.priorVersion)) == {ONTOLOGY + "/1.0.0"}
        assert set(ontology.objects(ONTOLOGY, PAV.previousVersion)) == {ONTOLOGY + "/1.0.0"}
        assert ontology.value(ONTOLOGY, OWL.versionIRI) == ONTOLOGY + "/1.1.0"
    dcat = rdflib.Graph().parse(folder / "dcat.jsonld")
    (dataset,) = dcat.subjects(DCAT["version"], rdflib.Literal("1.1.0"))
    assert dcat.value(dataset, RDF.type) == DCAT.Dataset
    for prop in (DCAT["previousVersion"], PAV.previousVersion):
        assert dcat.value(dataset, prop) == rdflib.URIRef(f"{BASE}releases/1.0.0")
    related = json.loads((folder / ".zenodo.json").read_text(encoding="utf-8"))["related_identifiers"]
    assert {"identifier": f"{BASE}releases/1.0.0", "relation": "isNewVersionOf", "resource_type": "dataset"} in related


def test_the_redirects_of_earlier_versions_stay(second: tuple[Checkout, Path]) -> None:
    versions = Rules((second[1] / "w3id/.htaccess").read_text(encoding="utf-8"))
    for version in ("1.0.0", "1.1.0"):
        found = versions.answer(f"ontology/{version}", TURTLE)
        assert found == Redirect(303, f"{SITE}/releases/{version}/ontology/threatgraph.ttl")
    assert versions.answer("ontology/1.2.0", TURTLE) is None


def test_diff_compares_the_folders_of_releases(first: tuple[Checkout, Path], second: tuple[Checkout, Path]) -> None:
    status, out, _ = run("diff", str(first[1]), str(second[1]), "--gate", "--format", "json")
    found = json.loads(out)
    assert (status, found["step"], found["counts"]["retired"]) == (0, "minor", 1)
    assert (found["old"]["version"], found["new"]["version"]) == ("1.0.0", "1.1.0")
    assert found["statements"]["added"] > 0
    assert run("diff", str(second[1]), str(first[1]), "--gate")[0] == 0  # the tombstone is gone, the record is not


def test_a_retired_record_keeps_its_page_and_its_code(second: tuple[Checkout, Path]) -> None:
    with serving(env={**os.environ, **second[0].env}) as server:
        page = server.ask("/causal-factor/rushed-release", Accept="text/html")
        assert page.status == 200
        assert "retired" in page.text
        assert "Missing Tests" in page.text.partition("</h1>")[2].partition("<h2")[0]
        turtle = server.ask("/causal-factor/rushed-release.ttl").text
        triples = rdflib.Graph().parse(data=turtle, format="turtle")
        record = rdflib.URIRef(f"{BASE}causal-factor/rushed-release")
        assert (record, OWL.deprecated, rdflib.Literal(True)) in triples
        by_code = server.ask("/causal-factor/CAUSE-902")
        assert (by_code.status, by_code.headers["location"]) == (301, "/causal-factor/rushed-release")


# What is refused.


def test_a_vanished_iri_fails_the_gate(first: tuple[Checkout, Path], next_one: Checkout) -> None:
    next_one.factor("rushed-release").unlink()
    error = refused(next_one, "1.0.1", first[1])
    assert error.startswith("the gate fails since 1.0.0: 1 record vanished without a tombstone:")
    assert f"CAUSE-902 Rushed Release <{BASE}causal-factor/rushed-release>" in error


def test_a_code_that_changes_its_meaning_fails_the_gate(first: tuple[Checkout, Path], next_one: Checkout) -> None:
    next_one.change("data/causal-factors/missing-tests.ttl", "CAUSE-901", "CAUSE-903")
    next_one.change("data/causal-factors/rushed-release.ttl", "CAUSE-902", "CAUSE-901")
    error = refused(next_one, "1.0.1", first[1])
    assert error.startswith("the gate fails since 1.0.0: 1 code changed its meaning:\n  CAUSE-901: ")
    assert "Missing Tests, now " in error


def test_a_step_that_is_too_small_is_refused(first: tuple[Checkout, Path], next_one: Checkout) -> None:
    with next_one.factor("rushed-release").open("a", encoding="utf-8") as file:
        file.write(RETIRED)
    error = refused(next_one, "1.0.1", first[1])
    expected = "version 1.0.1 is too low: the changes since 1.0.0 call for a minor step (1 record retired).\n"
    assert error == expected


def test_a_version_that_is_not_higher_is_refused(first: tuple[Checkout, Path]) -> None:
    for version in ("1.0.0", "0.9.0", "1.0.0-rc.1", "1.0.0+build.5"):
        error = refused(first[0], version, first[1])
        assert error == f"version {version} is not higher than that of the previous release, 1.0.0.\n"


@pytest.mark.parametrize("version", ["1", "1.0", "v1.0.0", "01.0.0", "1.0.0-", "1.0.0-01", "1.0.0 ", "１.0.0", ""])
def test_a_text_that_is_not_a_version_is_refused(next_one: Checkout, version: str) -> None:
    assert refused(next_one, version).startswith(f"{version!r} is not a valid semantic version")


@pytest.mark.parametrize("name", ["threatgraph", "axioms", "alignments"])
def test_an_ontology_that_states_another_version_is_refused(next_one: Checkout, name: str) -> None:
    next_one.change(f"ontology/{name}.ttl", "1.0.1", "1.0.0")
    error = refused(next_one, "1.0.1")
    assert error.startswith("version 1.0.1: <https://w3id.org/threatgraph/ontology")
    assert 'states owl:versionInfo "1.0.0"' in error or "states owl:versionIRI" in error


def test_a_record_that_violates_a_shape_is_refused(next_one: Checkout) -> None:
    next_one.change("data/causal-factors/missing-tests.ttl", CATEGORIZED, "")
    error = refused(next_one, "1.0.1")
    assert error.startswith("validation fails (1 violation")
    assert f"{BASE}causal-factor/missing-tests: skos:broader must have exactly one value" in error


def test_a_record_that_fails_a_check_is_refused(next_one: Checkout) -> None:
    next_one.change(
        "data/causal-factors/missing-tests.ttl",
        CATEGORIZED,
        f"{CATEGORIZED}    tg:coOccursWith causal-factor:gone ;\n",
    )
    error = refused(next_one, "1.0.1")
    assert error.startswith("validation fails (")
    assert "A link must point to a record that exists." in error


def bad_previous(folder: Path) -> Mapping[str, tuple[Path, str]]:
    """Sources that are not a release of threatgraph, each with what the error must say."""
    foreign, empty, text, bare, archive = (
        folder / name for name in ("foreign.ttl", "empty.ttl", "release.txt", "bare", "release.zip")
    )
    foreign.write_text("<https://example.org/a> <https://example.org/b> <https://example.org/c> .\n")
    empty.write_text("")
    text.write_text("a")
    bare.mkdir()
    (bare / "notes.md").write_text("a")
    with zipfile.ZipFile(archive, "w") as target:
        target.writestr("graph.nt", "")
    disguised = folder / "zip.ttl"
    shutil.copy(archive, disguised)
    packed = folder / "graph.nt.gz"
    shutil.copy(archive, packed)
    return {
        "foreign": (foreign, "no record of threatgraph"),
        "empty": (empty, "no record of threatgraph"),
        "text": (text, "not a known RDF file extension"),
        "folder": (bare, "no RDF file found in this folder"),
        "zip": (archive, "not a known RDF file extension"),
        "zip as Turtle": (disguised, "zip.ttl"),
        "zip as gzip": (packed, "graph.nt.gz"),
        "missing": (folder / "missing", "no such file or folder"),
    }


def test_a_previous_release_of_others_is_refused(next_one: Checkout, tmp_path: Path) -> None:
    for path, expected in bad_previous(tmp_path).values():
        error = refused(next_one, "1.0.1", path)
        assert expected in error
        assert str(path) in error


def test_diff_refuses_the_same_sources(first: tuple[Checkout, Path], tmp_path: Path) -> None:
    for path, expected in bad_previous(tmp_path).values():
        assert expected in fails("diff", str(path), str(first[1]))
        assert expected in fails("diff", str(first[1]), str(path), "--gate")


def test_a_previous_release_without_a_version_is_refused(next_one: Checkout) -> None:
    error = refused(next_one, "1.0.1", next_one.factor("missing-tests"))
    assert "states no version (no owl:versionInfo of <https://w3id.org/threatgraph/ontology>" in error


def test_a_damaged_release_is_refused(first: tuple[Checkout, Path], next_one: Checkout, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(first[1], broken)
    (broken / "ro-crate-metadata.json").write_text("{}")
    assert "not a description of a release of threatgraph" in refused(next_one, "1.0.1", broken)
    (broken / "export/graph.nq.gz").write_bytes((first[1] / "export/graph.nq.gz").read_bytes()[:5000])
    assert "graph.nq.gz" in refused(next_one, "1.0.1", broken)


def test_a_folder_with_other_files_is_left_alone(next_one: Checkout, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    status, err = next_one.release("1.0.1", folder)
    assert (status, files(folder)) == (2, {"notes.txt": b"mine"})
    assert "exists and has other files" in err
    assert next_one.release("1.0.1", folder / "notes.txt")[0] == 2


def test_an_unwritable_place_is_reported(next_one: Checkout, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    status, err = next_one.release("1.0.1", tmp_path / "file" / "release")
    assert status == 2
    assert "cannot be written" in err


def test_a_bad_date_is_refused(next_one: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("tomorrow", "-1", "99999999999"):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", value)
        assert f"SOURCE_DATE_EPOCH={value} is not a valid date" in refused(next_one, "1.0.1")


def test_an_error_while_writing_leaves_nothing(
    first: tuple[Checkout, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise ThreatGraphError("no crate")

    monkeypatch.setattr("threatgraph.releases.build.crate_file", fail)
    status, err = first[0].release("1.0.0", tmp_path / "deep" / "release")
    assert (status, list(tmp_path.iterdir())) == (2, [])
    assert "no crate" in err


# Reproducible releases.


def test_a_release_built_twice_has_the_same_bytes(first: tuple[Checkout, Path], tmp_path: Path) -> None:
    """In processes with other hash seeds, time zones and languages, and from another path."""
    found = []
    copy = tmp_path / "copy"
    shutil.copytree(first[0].folder, copy)
    for seed, zone, checkout in (("1", "Pacific/Auckland", first[0].folder), ("2", "America/Lima", copy)):
        folder = tmp_path / seed
        given = {CHECKOUT: str(checkout), "PYTHONHASHSEED": seed, "TZ": zone, "SOURCE_DATE_EPOCH": "1893456000"}
        env = {**os.environ, **given}
        words = ("release", "1.0.0", "-o", str(folder), "--base-url", SITE)
        subprocess.run([sys.executable, "-m", "threatgraph", *words], env=env, check=True, capture_output=True)
        found.append(files(folder))
    assert found[0] == found[1]
    assert yaml.safe_load(found[0]["CITATION.cff"])["date-released"] == "2030-01-01"
    assert int.from_bytes(found[0]["export/graph.nq.gz"][4:8], "little") == 1893456000


def test_the_same_release_may_be_written_again(first: tuple[Checkout, Path]) -> None:
    checkout, folder = first
    before = {name: (folder / name).stat().st_mtime_ns for name in names(folder)}
    status, _ = checkout.release("1.0.0", folder, "--base-url", SITE)
    assert status == 0
    assert {name: (folder / name).stat().st_mtime_ns for name in names(folder)} == before
    status, err = checkout.release("1.0.0", folder)  # without redirects
    assert status == 2
    assert "exists and has other files" in err
    assert {name: (folder / name).stat().st_mtime_ns for name in names(folder)} == before
    assert [path.name for path in folder.parent.iterdir() if path.name.startswith(".")] == []


# Versions.


def test_versions_have_the_order_of_the_specification() -> None:
    ordered = [
        *("0.9.9", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2"),
        *("1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.1", "1.2.0", "1.10.0", "2.0.0"),
    ]
    keys = [parse(text).precedence for text in ordered]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)
    assert parse("1.0.0+1").precedence == parse("1.0.0+2").precedence


@pytest.mark.parametrize(
    ("old", "new", "steps"),
    [
        ("1.0.0", "1.0.1", {"none", "patch"}),
        ("1.0.0", "1.1.0", {"none", "patch", "minor"}),
        ("1.9.3", "2.0.0", {"none", "patch", "minor", "major"}),
        ("1.1.0-rc.1", "1.1.0", {"none", "patch", "minor", "major"}),
        ("1.0.0", "1.0.1-rc.1", {"none", "patch"}),
    ],
)
def test_a_version_allows_the_steps_up_to_its_own(old: str, new: str, steps: set[str]) -> None:
    assert {s for s in ("none", "patch", "minor", "major") if parse(new).allows(s, parse(old))} == steps
