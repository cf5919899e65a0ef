"""One graph served by worker processes, for the HTTP server and the tools of agents.

The process that serves holds no graph and runs no query: it calls functions of threatgraph in workers
(:meth:`Backend.run`). Each such function takes the :class:`ServedGraph` as its first argument.
"""

from threatgraph.service.answer import Answer
from threatgraph.service.backend import Backend, Busy, Facts, Limits
from threatgraph.service.served import GRAPHS, PLAIN, RECOMMEND, SEARCH, ServedGraph
from threatgraph.service.source import Source

__all__ = [
    "GRAPHS",
    "PLAIN",
    "RECOMMEND",
    "SEARCH",
    "Answer",
    "Backend",
    "Busy",
    "Facts",
    "Limits",
    "ServedGraph",
    "Source",
]
