"""Chooses the data that a command works on: those of the checkout around the current folder, or the installed ones."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from threatgraph import resources
from threatgraph.display import printable


def choose_data(*, installed: bool) -> None:
    """Use the checkout of threatgraph around the current folder, if there is one, and say so on standard error.

    The environment variable ``THREATGRAPH_CHECKOUT`` names another checkout, or turns the search ``off``. A checkout
    that belongs to another user is not used: its queries and shapes would run on this user's behalf.

    Args:
        installed: use the installed data instead.
    """
    resources.use_checkout(None)
    if installed:
        resources.use_checkout(resources.installed_root())
        return
    checkout = None if os.environ.get(resources.CHECKOUT, "").strip() else _around()
    if checkout is None or checkout == resources.installed_root():
        return
    if resources.is_own(checkout):
        resources.use_checkout(checkout, _announce)
    else:
        resources.use_checkout(resources.installed_root(), lambda _: _warn(checkout))


def _around() -> Path | None:
    try:
        return resources.find_checkout(Path.cwd().resolve())
    except OSError:  # the current folder was removed
        return None


def _announce(checkout: Path) -> None:
    _say(f"using the data of the checkout in {checkout} (--installed-data uses the installed data)")


def _warn(checkout: Path) -> None:
    reason = "belongs to another user, so the installed data is used"
    _say(f"the checkout in {checkout} {reason}; to trust it, set {resources.CHECKOUT}={checkout}")


def _say(message: str) -> None:
    if sys.stderr is not None:
        print(f"threatgraph: {printable(message, line_ends=False)}", file=sys.stderr)
