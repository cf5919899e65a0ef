"""The sentences that all formats of a change list share."""

from __future__ import annotations

from threatgraph.releases.model import Change, ReleaseDiff


def proposal(found: ReleaseDiff) -> str:
    """The version step that the changes call for, and the reason.

    Args:
        found: the change list.
    """
    reasons = {
        "major": " and ".join(found.problems),
        "minor": "records, mappings or pattern links were added, retired or changed",
        "patch": "only texts, ratings and other values of records changed",
        "none": "no content changed",
    }
    return f"Proposed version step: {found.step} ({reasons[found.step]})."


def extent(change: Change) -> str:
    """The kind of a record that was added, retired or vanished, and how many statements came or went with it.

    Args:
        change: the change; the result is empty for other changes.
    """
    if not change.kind or change.category == "retired":  # the statements that differ are not its size
        return change.kind
    return f"{change.kind}, {change.statements:,} statement{'' if change.statements == 1 else 's'}"
