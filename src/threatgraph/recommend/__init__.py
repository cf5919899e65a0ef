"""Recommends related records and explains each recommendation with triples.

``corpus`` has the texts and links of all records, ``texts`` their vectors, and ``signals`` one module for each measure
of relatedness. ``model`` combines the signals with the weights of ``weights``, ``answer`` ranks the candidates and
collects the reasons, and ``result`` has the answer as objects, table, JSON, RDF and text.
"""

from threatgraph.recommend.answer import recommend
from threatgraph.recommend.model import Recommender
from threatgraph.recommend.recommendation import Reason, Recommendation
from threatgraph.recommend.result import Recommendations

__all__ = ["Reason", "Recommendation", "Recommendations", "Recommender", "recommend"]
