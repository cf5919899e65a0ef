"""The axes of a collection of vectors along which they differ most, which latent semantic analysis needs."""

from __future__ import annotations

import numpy as np

from threatgraph.sparse import SparseMatrix

#: Rows in a block of a product with the matrix itself; a block takes about 20 MB for each 10,000 columns.
_BLOCK = 256
#: Axes whose part is below this share of that of the first one are rounding errors.
_LEAST = 1e-12


def leading_axes(matrix: SparseMatrix, count: int) -> np.ndarray:
    """Compute the right singular vectors with the largest singular values.

    They are computed from the eigenvectors of the product of the matrix with itself, of the smaller side (G. H. Golub
    and C. F. Van Loan, "Matrix Computations", 4th ed., section 8.6), which should be below about 3,000.

    Args:
        matrix: the vectors, as rows.
        count: the number of axes.

    Returns:
        The axes as columns, the first one first; fewer if the matrix has a lower rank. Their signs are arbitrary.
    """
    wide = len(matrix) <= matrix.width
    rows = matrix if wide else matrix.transposed()
    squares, vectors = np.linalg.eigh(_with_itself(rows))
    chosen = np.flatnonzero(squares > _LEAST * max(squares[-1], 0))[::-1][:count]
    if not wide:
        return np.asarray(vectors[:, chosen])
    return np.asarray(matrix.transposed() @ (vectors[:, chosen] / np.sqrt(squares[chosen])))


def _with_itself(rows: SparseMatrix) -> np.ndarray:
    """The inner product of each pair of rows."""
    products = np.empty((len(rows), len(rows)))
    for start in range(0, len(rows), _BLOCK):
        block = np.arange(start, min(start + _BLOCK, len(rows)))
        products[:, block] = rows @ np.ascontiguousarray(rows.take(block).to_dense().T)
    return products
