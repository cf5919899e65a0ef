"""What a worker process needs of the store that it serves."""

from __future__ import annotations

from typing import Protocol


class WorkerStore(Protocol):
    """A store that can be copied into a worker process: forked with it, or pickled for it."""

    @property
    def in_memory(self) -> bool:
        """Whether the store holds its triples in memory, so that a worker needs no file."""

    def prepare(self, stage: int) -> None:
        """Prepare the store in the process that forks the workers, so that they share the result.

        Args:
            stage: what to prepare; 0 for what every worker needs.
        """

    def in_worker(self) -> WorkerStore:
        """The store as a worker process must see it, such as one that is opened anew."""

    def answer(self, sparql: str) -> tuple[bytes, bytes]:
        """Evaluate a query and return the kind of its answer and the answer as bytes."""
