"""Assesses an AI system: from a description or a profile to a threat profile and a risk register.

``engine`` makes the assessment: it reads the facts of the text and the profile, applies the rules, ranks the threats
and collects what the graph has. ``model`` has the parts of an assessment and ``assessment`` the answer with its output
formats, which are in ``formats``. ``register`` builds the risk register and merges it with an earlier one, which
``sheets`` reads.
"""

from threatgraph.assess.assessment import Assessment
from threatgraph.assess.formats import EXTENSIONS, FORMATS, WITH_REGISTER
from threatgraph.assess.formats.schema import json_schema
from threatgraph.assess.profile import read_values
from threatgraph.assess.reading import LONGEST_TEXT, read_description
from threatgraph.assess.register import Register, Sheet, changes
from threatgraph.assess.sheets import read_sheet

__all__ = [
    "EXTENSIONS",
    "FORMATS",
    "LONGEST_TEXT",
    "WITH_REGISTER",
    "Assessment",
    "Register",
    "Sheet",
    "changes",
    "json_schema",
    "read_description",
    "read_sheet",
    "read_values",
]
