"""Recommends related records, and says why in triples.

The signals are rooms of their own (``neighbours``, ``trees``, ``occurrence``, ``walk``, ``analogy``, ``text``);
``model`` puts them together, ``weights`` says how much each counts, ``answer`` ranks and gives the reasons, and ``rdf``
writes them as triples.
"""

from threatgraph.recommend.answer import recommend
from threatgraph.recommend.model import Recommender
from threatgraph.recommend.result import Reason, Recommendation, Recommendations

__all__ = ["Reason", "Recommendation", "Recommendations", "Recommender", "recommend"]
