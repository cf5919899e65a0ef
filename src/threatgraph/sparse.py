"""Sparse matrices by rows, with the few operations that recommendations and analyses need.

SciPy has them too, but takes 140 MB of an installation and a tenth of a second to import.

Worked example: the matrix ::

    0 5 0
    0 0 0
    7 0 2

has ``starts = [0, 1, 1, 3]``, ``columns = [1, 0, 2]`` and ``values = [5, 7, 2]``: row ``i`` is the part from
``starts[i]`` to ``starts[i + 1]``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

#: The number of values in a block of a product with a dense matrix; a block takes 32 MB.
_BLOCK = 4_000_000


class SparseVector(NamedTuple):
    """The values of a vector that are not zero, in order of their columns."""

    columns: np.ndarray
    values: np.ndarray

    def plus(self, other: SparseVector) -> SparseVector:
        """The sum of two vectors."""
        columns, values = np.concatenate((self.columns, other.columns)), np.concatenate((self.values, other.values))
        if not len(columns):
            return self
        order = np.argsort(columns, kind="stable")
        first = np.flatnonzero(np.diff(columns[order], prepend=-1))
        return SparseVector(columns[order][first], np.add.reduceat(values[order], first))

    def times(self, dense: np.ndarray) -> SparseVector:
        """Each value multiplied by that of a dense vector."""
        return SparseVector(self.columns, self.values * dense[self.columns])

    def to_dense(self, width: int) -> np.ndarray:
        """The vector with its zeros."""
        return np.bincount(self.columns, self.values, width)


@dataclass(frozen=True, slots=True)
class SparseMatrix:
    """A matrix in compressed sparse rows."""

    starts: np.ndarray
    """The place of the first value of each row, and the number of values as the last one."""
    columns: np.ndarray
    """The column of each value, ascending within a row."""
    values: np.ndarray
    width: int
    """The number of columns."""

    @classmethod
    def from_cells(
        cls, rows: Sequence[int] | np.ndarray, columns: Sequence[int] | np.ndarray, shape: tuple[int, int]
    ) -> SparseMatrix:
        """Build a matrix of zeros and ones.

        Args:
            rows: the row of each one, in any order.
            columns: the column of each one. No cell may be given twice.
            shape: the numbers of rows and columns.
        """
        down, across = np.asarray(rows, dtype=np.int64), np.asarray(columns, dtype=np.int32)
        order = np.lexsort((across, down))
        return cls(
            _starts(np.bincount(down, minlength=shape[0])), across[order], np.ones(len(down), np.float32), shape[1]
        )

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of rows and columns."""
        return len(self), self.width

    @property
    def counts(self) -> np.ndarray:
        """The number of values in each row."""
        return np.diff(self.starts)

    def row(self, number: int) -> SparseVector:
        """One row."""
        part = slice(self.starts[number], self.starts[number + 1])
        return SparseVector(self.columns[part], self.values[part])

    def take(self, rows: np.ndarray) -> SparseMatrix:
        """The matrix of some rows, in the order given."""
        counts = self.counts[rows]
        starts = _starts(counts)
        places = np.arange(starts[-1]) + np.repeat(self.starts[:-1][rows] - starts[:-1], counts)
        return SparseMatrix(starts, self.columns[places], self.values[places], self.width)

    def transposed(self) -> SparseMatrix:
        """The matrix with rows and columns exchanged."""
        order = np.argsort(self.columns, kind="stable")
        rows = np.repeat(np.arange(len(self), dtype=np.int32), self.counts)
        counts = np.bincount(self.columns, minlength=self.width)
        return SparseMatrix(_starts(counts), rows[order], self.values[order], len(self))

    def scaled(self, *, rows: np.ndarray | None = None, columns: np.ndarray | None = None) -> SparseMatrix:
        """The matrix with each row, or each column, multiplied by a factor."""
        values = self.values
        if rows is not None:
            values = values * np.repeat(rows, self.counts)
        if columns is not None:
            values = values * columns[self.columns]
        return SparseMatrix(self.starts, self.columns, values, self.width)

    def to_dense(self) -> np.ndarray:
        """The matrix with its zeros."""
        dense = np.zeros(self.shape, dtype=self.values.dtype)
        dense[np.repeat(np.arange(len(self)), self.counts), self.columns] = self.values
        return dense

    def unit_rows(self) -> SparseMatrix:
        """The matrix with rows of length 1; empty rows stay empty."""
        length = np.sqrt(self._summed(self.values * self.values))
        return self.scaled(rows=1 / np.where(length > 0, length, 1))

    def column_sums(self) -> np.ndarray:
        """The sum of each column."""
        return np.bincount(self.columns, weights=self.values, minlength=self.width)

    def __matmul__(self, dense: np.ndarray) -> np.ndarray:
        """The product with a dense vector or a dense matrix."""
        if dense.ndim == 1:
            return self._summed(self.values * dense[self.columns])
        product = np.zeros((len(self), dense.shape[1]))
        first = 0
        while first < len(self):  # in blocks of rows, to bound memory
            most = self.starts[first] + max(_BLOCK // max(dense.shape[1], 1), 1)
            last = max(int(np.searchsorted(self.starts, most, side="right")) - 1, first + 1)
            part = slice(self.starts[first], self.starts[last])
            cells = self.values[part, None] * dense[self.columns[part]]
            held = np.flatnonzero(self.counts[first:last])
            if len(held):
                product[first + held] = np.add.reduceat(cells, self.starts[first:last][held] - self.starts[first])
            first = last
        return product

    def inner_products(self, dense: np.ndarray, of: np.ndarray) -> np.ndarray:
        """The inner product of each row with a row of a dense matrix.

        Args:
            dense: the other matrix.
            of: for each row, the number of the row of ``dense``.
        """
        return self._summed(self.values * dense[np.repeat(of, self.counts), self.columns])

    def sum_of_rows(self, weights: SparseVector) -> np.ndarray:
        """The weighted sum of some rows: the product of a sparse vector with the matrix."""
        chosen = self.take(weights.columns)
        return chosen.scaled(rows=weights.values).column_sums()

    def _summed(self, cells: np.ndarray) -> np.ndarray:
        """The sum of one value for each cell, by row."""
        sums = np.zeros(len(self), dtype=cells.dtype)
        held = np.flatnonzero(self.counts)  # ``reduceat`` would give an empty row the next cell
        if len(held):
            sums[held] = np.add.reduceat(cells, self.starts[:-1][held])
        return sums


def _starts(counts: Sequence[int] | np.ndarray) -> np.ndarray:
    """The starts of rows, from the number of values in each."""
    return np.concatenate(([0], np.cumsum(np.asarray(counts, dtype=np.int64))))
