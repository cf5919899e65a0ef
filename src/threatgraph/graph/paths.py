"""What the API accepts as paths."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

PathLike = str | os.PathLike[str]


def as_paths(given: PathLike | Iterable[PathLike]) -> list[Path]:
    """Return a list of paths; a single path counts as a list of one."""
    if isinstance(given, str | os.PathLike):
        return [Path(given)]
    return [Path(path) for path in given]
