"""Files for machines: descriptions of the dataset, sitemap, feed, ``llms.txt`` and downloads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from threatgraph.errors import UnknownName
from threatgraph.publishing.sitemap import robots
from threatgraph.server.responses import respond
from threatgraph.server.site import base_url
from threatgraph.service import GRAPHS, PLAIN

if TYPE_CHECKING:
    from starlette.requests import Request

_FILES = "threatgraph.server.work.files"
#: The forms of descriptions by suffix.
_SUFFIXES = {"ttl": "turtle", "jsonld": "jsonld", "rdf": "rdfxml", "nt": "ntriples"}


def routes() -> list[Route]:
    """Return the routes of the files."""
    return [
        Route("/.well-known/void", well_known_void),
        Route("/void.{suffix}", void),
        Route("/dcat.{suffix}", dcat),
        Route("/sitemap.xml", sitemap),
        Route("/sitemap-{part:int}.xml", sitemap),
        Route("/robots.txt", robots_file),
        Route("/llms.txt", llms),
        Route("/llms-full.txt", llms),
        Route("/feed.atom", feed),
        Route("/export/{name}", download),
    ]


async def well_known_void(request: Request) -> Response:
    """Redirect to the VoID description, as section 7.2 of VoID asks."""
    return RedirectResponse(f"{base_url(request)}/void.ttl", 303)


async def void(request: Request) -> Response:
    """Describe the dataset by VoID."""
    return await _description(request, "void")


async def dcat(request: Request) -> Response:
    """Describe the catalog by DCAT."""
    return await _description(request, "dcat")


async def sitemap(request: Request) -> Response:
    """List the pages of all records."""
    part = request.path_params.get("part")
    return await _file(request, "sitemap_file", part=part)


async def robots_file(request: Request) -> Response:
    """State what crawlers may read."""
    return PlainTextResponse(robots(base_url(request)), headers={"Cache-Control": "public, max-age=86400"})


async def llms(request: Request) -> Response:
    """Describe the graph for language models."""
    return await _file(request, "text_file", name=request.url.path.rpartition("/")[2])


async def feed(request: Request) -> Response:
    """List the newest incidents as an Atom feed."""
    return await _file(request, "feed_file")


async def download(request: Request) -> Response:
    """Return the whole graph as a file."""
    name = request.path_params["name"]
    return await respond(request, f"{_FILES}:download", stage=GRAPHS, name=name)


async def _description(request: Request, name: str) -> Response:
    suffix = request.path_params["suffix"]
    if suffix not in _SUFFIXES:
        known = [f"{name}.{other}" for other in _SUFFIXES]
        raise UnknownName("file", f"{name}.{suffix}", known, f"The files are {', '.join(known)}.")
    return await _file(request, "description", stage=GRAPHS, name=name, form=_SUFFIXES[suffix])


async def _file(request: Request, function: str, *, stage: int = PLAIN, **given: Any) -> Response:
    return await respond(request, f"{_FILES}:{function}", stage=stage, base_url=base_url(request), **given)
