"""Assesses an AI system: from a description or a profile to a threat profile and a risk register.

``model`` has the parts of an assessment and ``assessment`` the answer with its output formats, which are in
``formats``. ``register`` builds the risk register and merges it with an earlier one, which ``sheets`` reads.
"""

from threatgraph.assess.assessment import Assessment
from threatgraph.assess.formats import FORMATS
from threatgraph.assess.formats.json import json_schema
from threatgraph.assess.register import Register, Sheet
from threatgraph.assess.sheets import read_sheet

__all__ = ["FORMATS", "Assessment", "Register", "Sheet", "json_schema", "read_sheet"]
