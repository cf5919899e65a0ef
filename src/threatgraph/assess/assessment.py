"""The answer of ``assess``: an assessment with its tables and output formats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from threatgraph.assess import register as registers
from threatgraph.assess import tables
from threatgraph.assess.formats import export
from threatgraph.assess.model import AssessmentData
from threatgraph.table import Table

if TYPE_CHECKING:
    import pandas
    from pyoxigraph import Triple


@dataclass(frozen=True, slots=True, repr=False)
class Assessment(AssessmentData):
    """A threat profile of a system: candidates to check, never a verdict, and no legal advice.

    The fields hold the findings. The methods give them as tables, files and triples.
    """

    def tables(self) -> dict[str, Table]:
        """The findings as tables, by name: ``register``, ``provisions``, ``threats``, ``incidents`` and others."""
        return tables.all_tables(self)

    def to_register(
        self, earlier: registers.Sheet | None = None, template: registers.Sheet | None = None
    ) -> registers.Register:
        """The risk register, with columns for the user.

        Args:
            earlier: an earlier register, whose columns and rows are kept; see :func:`threatgraph.assess.read_sheet`.
            template: a table whose header names the columns to write.

        Raises:
            InvalidFile: if ``earlier`` or ``template`` is not a register of threatgraph.
        """
        return registers.build(self.register, earlier=earlier, template=template)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as in JSON."""
        from threatgraph.assess.formats.json import to_dict

        return to_dict(self, self.to_register())

    def to_json(self) -> str:
        """A JSON object; ``threatgraph.assess.json_schema()`` describes it."""
        from threatgraph.assess.formats.json import to_json

        return to_json(self, self.to_register())

    def to_pandas(self, table: str = "register") -> pandas.DataFrame:
        """A table as a pandas data frame.

        Args:
            table: the name of a table from :meth:`tables`.

        Raises:
            UnknownName: if the table does not exist.
            ImportError: if pandas is not installed; ``pip install threatgraph[pandas]`` installs it.
        """
        return tables.table(self, table).to_pandas()

    def to_triples(self) -> list[Triple]:
        """The assessment as ``tg:Assessment``, with the records that each finding is derived from."""
        from threatgraph.assess.formats.rdf import to_triples

        return to_triples(self)

    def export(self, format: str, *, register: registers.Register | None = None) -> bytes:
        """The assessment as a file.

        Args:
            format: a name from ``threatgraph.assess.FORMATS``, such as ``markdown`` or ``xlsx``.
            register: the register to write, such as one that was merged with an earlier one.

        Raises:
            UnknownName: for a format that does not exist.
            ThreatGraphError: for ``xlsx`` if openpyxl is not installed.
        """
        return export(self, format, register or self.to_register())

    def render(self, width: int | None = None) -> str:
        """A summary for a terminal.

        Args:
            width: the maximum width of a line; ``None`` for no limit.
        """
        from threatgraph.assess.formats.text import render

        return render(self, width)

    def __str__(self) -> str:
        return self.render()

    def __repr__(self) -> str:
        counts = f"{len(self.provisions)} provisions, {len(self.threats)} threats, {len(self.questions)} questions"
        return f"<Assessment {self.title!r}: {counts}>"

    def _repr_html_(self) -> str:
        """The assessment for a notebook."""
        from threatgraph.assess.formats.html import fragment

        return fragment(self)
