"""Writes files whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from threatgraph.errors import ThreatGraphError


def save(content: bytes, path: Path) -> None:
    """Write a file beside its place and then rename it, so that nobody ever sees half of it.

    Args:
        content: what the file is to hold.
        path: where; a file that stands there is replaced, and one that a link points to is replaced in its own place.
            A pipe or a device is written to, since to replace it would destroy it.

    Raises:
        ThreatGraphError: where the file cannot be written, such as on a full disk; what stood there before still does.
    """
    temporary = None
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            path.write_bytes(content)
            return
        path = path.resolve()
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".threatgraph-", delete=False) as file:
            temporary = Path(file.name)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            temporary.chmod(path.stat().st_mode & 0o777)
        else:
            temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        reason = f"{path}: cannot be written ({error.strerror or error}); nothing was changed."
        raise ThreatGraphError(reason) from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
