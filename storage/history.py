"""A site's configuration history: which revision is in force when."""

from collections.abc import Iterable, Sequence

from storage.model import Configuration, Revision

SINCE_EVER = 0
"""The instant from which a site's first configuration is in force unless it says otherwise."""


def in_force(revisions: Iterable[Revision], at: int) -> Revision | None:
    """Return the revision of the greatest effective_from <= at, then of the greatest number."""
    begun = (revision for revision in revisions if revision["effective_from"] <= at)
    return max(begun, key=lambda r: (r["effective_from"], r["revision"]), default=None)


def next_revision(
    revisions: Sequence[Revision], configuration: Configuration, effective_from: int, now: int
) -> Revision:
    """Return the revision that the configuration becomes at the end of the history."""
    return Revision(
        revision=max((revision["revision"] for revision in revisions), default=0) + 1,
        effective_from=effective_from,
        recorded_at=now,
        battery=configuration["battery"],
        production=configuration["production"],
    )


def same_configuration(one: Configuration, other: Configuration) -> bool:
    """Return whether two configurations say the same; equality is of values."""
    return one["battery"] == other["battery"] and one["production"] == other["production"]
