"""``sh:closed`` (SHACL, section 4.8.1)."""

from __future__ import annotations

from typing import Any

from pyshacl.constraints.constraint_component import ConstraintComponent
from pyshacl.constraints.core.other_constraints import ClosedConstraintComponent
from rdflib.namespace import SH


class Closed(ClosedConstraintComponent):
    """Exempts no statement (pyshacl allows ``rdf:type rdfs:Resource``), and requires ``sh:closed`` to be present."""

    ALWAYS_IGNORE = set()  # noqa: RUF012 # as in the base class

    def __init__(self, shape: Any) -> None:
        if any(True for _ in shape.objects(SH.closed)):
            super().__init__(shape)
        else:
            ConstraintComponent.__init__(self, shape)
            self.is_closed = False


COMPONENTS: tuple[Any, ...] = (Closed,)
