"""Validation: SHACL shapes, and checks across records."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyoxigraph import Literal

from threatgraph.catalog import CrossRecordCheck, load_checks
from threatgraph.errors import UnknownName
from threatgraph.graph.paths import PathLike, as_paths
from threatgraph.rdf.terms import Term
from threatgraph.store import Store
from threatgraph.store.protocol import VALIDATION_TIMEOUT
from threatgraph.table import Table, to_text

if TYPE_CHECKING:
    from threatgraph.validate import ValidationReport


class Validation:
    """The methods of :class:`~threatgraph.ThreatGraph` that check the data."""

    store: Store

    def validate(
        self,
        paths: PathLike | Collection[PathLike] | None = None,
        *,
        shapes: PathLike | Collection[PathLike] | None = None,
        fast: bool = True,
        hints: bool = False,
        advanced: bool = False,
        timeout: float | None = VALIDATION_TIMEOUT,
        progress: Callable[[Sequence[Any]], Iterable[Any]] = iter,
    ) -> ValidationReport:
        """Validate the graph against SHACL shapes.

        Shapes of your own are evaluated in a worker process with limits, as queries are.

        Args:
            paths: report only results for records in these files or folders, which the graph must hold; everything by
                default.
            shapes: files or folders of shapes, instead of the bundled shapes.
            fast: find candidates by SPARQL, and evaluate only those with pyshacl. If false, pyshacl evaluates every
                node; the results are the same.
            hints: include suggestions for improvement (severity ``info``).
            advanced: evaluate SHACL Advanced Features, such as targets and rules in SPARQL.
            timeout: the time limit in seconds for ``shapes``; ``None`` for no limit.
            progress: wraps a sequence that is iterated over, for a progress bar such as tqdm.

        Returns:
            The results, and what was not evaluated. ``ok`` is true only if nothing is wrong and everything was
            evaluated.

        Raises:
            InvalidFile: if a file is missing or cannot be read; if a store on disk does not hold a file of ``paths``.
            InvalidShape: if a shape is not well-formed.
            QueryTimeout: after ``timeout`` seconds.
            QueryTooLarge: if the validation exceeds its memory limit.

        Example:
            >>> graph.validate().ok
            True
        """
        only = None if paths is None else as_paths(paths)
        if only:
            self._require_loaded(only)
        if shapes is None:
            from threatgraph.validate import validate

            return validate(self.store, only=only, fast=fast, hints=hints, advanced=advanced, progress=progress)
        report: ValidationReport = self.store.call(
            "threatgraph.validate:validate",
            what="validation",
            timeout=timeout,
            shapes=as_paths(shapes),
            only=only,
            fast=fast,
            hints=hints,
            advanced=advanced,
        )
        return report

    def _require_loaded(self, paths: Sequence[Path]) -> None:
        """Make sure that a store on disk holds the current version of files."""
        from threatgraph.store.disk.store import DirectoryStore

        if isinstance(self.store, DirectoryStore):
            self.store.require_loaded(paths)

    @property
    def checks(self) -> Mapping[str, CrossRecordCheck]:
        """The cross-record checks that :meth:`validate` runs, by name."""
        return load_checks()

    def check(self, *names: str) -> Table:
        """Look for faults that no single record shows, such as a link to nothing or an incident told twice.

        Args:
            names: names from :attr:`checks`; all of them by default.

        Returns:
            A row for each fault: the check, the record or part that it is about, and what else the check tells.

        Raises:
            UnknownName: for a check that does not exist.
        """
        for name in names:
            if name not in self.checks:
                raise UnknownName("check", name, self.checks, f"The checks are {', '.join(self.checks)}.")
        rows: list[tuple[Term | None, ...]] = []
        for name in names or self.checks:
            found = self.store.select(self.checks[name].sparql)
            for first, *others in found.rows:
                told = zip(found.columns[1:], others, strict=True)
                rest = "; ".join(f"{column}: {to_text(value)}" for column, value in told if value is not None)
                rows.append((Literal(name), first, Literal(rest)))
        return Table(("check", "record", "found"), rows)
