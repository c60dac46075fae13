"""A site's configuration history: which revision is in force when."""

from collections.abc import Iterable, Sequence

from storage.model import Configuration, Revision, Stretch

SINCE_EVER = 0
"""The instant from which a site's first configuration is in force unless it says otherwise."""


def in_force(revisions: Iterable[Revision], at: int) -> Revision | None:
    """Return the revision of the greatest effective_from <= at, then of the greatest number."""
    begun = (revision for revision in revisions if revision["effective_from"] <= at)
    return max(begun, key=_precedence, default=None)


def stretches(revisions: Iterable[Revision], start: int, end: int) -> list[Stretch]:
    """Return the times within [start, end) by the revision in force, in order, none of them empty.

    There may be a time before the first in which none was.
    """
    ordered = sorted(revisions, key=_precedence)
    ends = [*(revision["effective_from"] for revision in ordered[1:]), end]
    clipped = [
        Stretch(max(start, revision["effective_from"]), min(until, end), revision)
        for revision, until in zip(ordered, ends, strict=False)
    ]
    return [stretch for stretch in clipped if stretch.start < stretch.end]


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


def _precedence(revision: Revision) -> tuple[int, int]:
    return revision["effective_from"], revision["revision"]
