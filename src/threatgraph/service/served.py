"""The graph in the worker processes of a server."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from importlib import import_module

from threatgraph.errors import ThreatGraphError
from threatgraph.graph import ThreatGraph
from threatgraph.service.source import Source
from threatgraph.store.disk.cache import use_kept
from threatgraph.store.disk.store import DirectoryStore
from threatgraph.store.memory import MemoryStore
from threatgraph.store.workers.protocol import WorkerStore
from threatgraph.version import VERSION
from threatgraph.vocab import DERIVED_GRAPH

PLAIN, GRAPHS, SEARCH, RECOMMEND = range(4)
"""The stages of preparation: the graph alone, and with its named graphs, the search index, or that and the model of
recommendations."""


class ServedGraph(WorkerStore):
    """A graph that worker processes share; it is opened by :meth:`prepare`.

    Args:
        source: the graph to open.
        modules: modules to import before workers are forked: those of the functions that they will run. A worker that
            evaluates queries cannot open files, so a module can have a function ``warm`` that calls what it will need
            with the served graph, since some libraries import modules when they are first used.
    """

    def __init__(self, source: Source, modules: tuple[str, ...] = ()) -> None:
        self.source, self._modules = source, modules
        self._graph: ThreatGraph | None = None
        self._opened: ThreatGraph | None = None
        self._failed: ThreatGraphError | None = None

    @property
    def in_memory(self) -> bool:
        """Whether the graph is in memory, so that a worker needs no file."""
        return self.source.in_memory

    @property
    def graph(self) -> ThreatGraph:
        """The open graph."""
        if self._graph is None:
            raise ThreatGraphError("the graph is not open.")
        return self._graph

    def prepare(self, stage: int) -> None:
        """Open the graph, and build what workers of a stage share; see :class:`WorkerStore`.

        An error is kept for :meth:`in_worker`, whose process can report it.
        """
        try:
            modules = [import_module(name) for name in self._modules]
            if self._graph is None:
                self._graph = self.source.open()
                for module in modules if self.in_memory else ():
                    getattr(module, "warm", _nothing)(self)
            if self.in_memory:
                self._build(stage)
        except ThreatGraphError as error:
            self._failed = error

    def _build(self, stage: int) -> None:
        """Build what is built in memory; what fails is built by the call that needs it, which reports the error."""
        store = self.graph.store
        if stage in (SEARCH, RECOMMEND) and self.source == Source() and isinstance(store, MemoryStore):
            use_kept(store)
        with suppress(ThreatGraphError):
            if stage == GRAPHS:
                self.graph.store.graphs()
            if stage in (SEARCH, RECOMMEND):
                self.graph.searcher.search("a")
            if stage == RECOMMEND:
                self.graph.recommend(text="a chatbot")
                self.graph.assess("a chatbot")

    def in_worker(self) -> ServedGraph:
        """The graph as a worker sees it: a store on disk is opened anew, since it has threads.

        Raises:
            ThreatGraphError: if the graph cannot be opened.
        """
        if self._graph is None and self._failed is None:
            self.prepare(PLAIN)
        if self._failed is not None:
            raise self._failed
        if isinstance(self.graph.store, DirectoryStore):
            # The first one must not be released: it would close files of the zygote, whose numbers are others here.
            self._opened = self._graph
            self._graph = ThreatGraph(self.graph.store.in_worker())
        return self

    def answer(self, sparql: str) -> tuple[bytes, bytes]:
        """Not used: workers of a server are called with functions."""
        raise NotImplementedError

    def digest(self) -> str:
        """A digest of the graph and the version of threatgraph; empty for a server, whose content may change."""
        if self.source.is_remote:
            return ""
        found = hashlib.sha256(VERSION.encode())
        store = self.graph.store
        if isinstance(store, MemoryStore):
            for graph, content in store.contents():
                if graph != DERIVED_GRAPH:  # it follows from the others, and its order differs between processes
                    found.update(b"\0" + graph.encode() + b"\0" + content)
        elif isinstance(store, DirectoryStore):
            found.update(repr(sorted(store.manifest.graphs.items())).encode())
        return found.hexdigest()[:16]


def _nothing(served: ServedGraph) -> None:
    """Take the place of the function ``warm`` of a module that has none."""
