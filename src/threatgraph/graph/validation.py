"""Validation: SHACL shapes, and checks across records."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from threatgraph.errors import ThreatGraphError
from threatgraph.graph.paths import PathLike, as_paths
from threatgraph.store import Store
from threatgraph.store.protocol import VALIDATION_TIMEOUT

if TYPE_CHECKING:
    from threatgraph.catalog import CrossRecordCheck
    from threatgraph.validate import ValidationReport


class Validation:
    """The methods of :class:`~threatgraph.ThreatGraph` that check the data."""

    store: Store

    def validate(
        self,
        paths: PathLike | Collection[PathLike] | None = None,
        *,
        shapes: PathLike | Collection[PathLike] | None = None,
        checks: bool | Collection[str] = True,
        fast: bool = True,
        hints: bool = False,
        advanced: bool = False,
        timeout: float | None = VALIDATION_TIMEOUT,
        progress: Callable[[Sequence[Any]], Iterable[Any]] = iter,
    ) -> ValidationReport:
        """Validate the graph with SHACL shapes and cross-record checks.

        Shapes of your own are evaluated in a worker process with limits, as queries are.

        Args:
            paths: report only results for records in these files or folders, which the graph must hold; everything by
                default.
            shapes: files or folders of shapes, instead of the bundled shapes and the checks.
            checks: whether to run the cross-record checks, or the names of those to run (see :attr:`checks`).
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
            ThreatGraphError: for names of checks together with ``shapes``.
            UnknownName: for a check that does not exist.

        Example:
            >>> graph.validate().ok
            True
        """
        only = None if paths is None else as_paths(paths)
        if only:
            self._require_loaded(only)
        if shapes is None:
            from threatgraph.validate.cross_record import validate_all

            return validate_all(
                self.store, checks=checks, only=only, fast=fast, hints=hints, advanced=advanced, progress=progress
            )
        if not isinstance(checks, bool):
            raise ThreatGraphError("checks cannot run with your own shapes; leave out either checks= or shapes=.")
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
        from threatgraph.catalog import load_checks

        return load_checks()
