"""Full-text search over the records of a graph, with SQLite FTS5."""

from threatgraph.search.results import SearchResult, SearchResults
from threatgraph.search.searcher import Searcher

__all__ = ["SearchResult", "SearchResults", "Searcher"]
