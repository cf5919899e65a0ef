"""Graph analytics: what the links of the graph tell when they are taken together.

Each module does one job and asks the store by SPARQL; each of its functions gives back a
:class:`threatgraph.table.Table`. :class:`Analytics` is the door: it takes names as people write them.
"""

from threatgraph.analytics.facade import Analytics

__all__ = ["Analytics"]
