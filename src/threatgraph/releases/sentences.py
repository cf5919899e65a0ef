"""The sentences that all formats of a change list share."""

from __future__ import annotations

from threatgraph.releases.model import ReleaseDiff


def proposal(found: ReleaseDiff) -> str:
    """The version step that the changes call for, and the reason.

    Args:
        found: the change list.
    """
    reasons = {
        "major": f"{' and '.join(found.problems)}",
        "minor": "records, mappings or pattern links were added, retired or changed",
        "patch": "only texts, ratings and other values of records changed",
        "none": "no content changed",
    }
    return f"Proposed version step: {found.step} ({reasons[found.step]})."


def statements(number: int) -> str:
    """A number of statements in words."""
    return f"{number:,} statement{'' if number == 1 else 's'}"
