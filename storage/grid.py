"""The grid of readings: a slot every 600 s since 1970, and what is missing on it. Pure.

A reading counts for the slot that its instant lies in; a slot belongs to a range when it begins
there.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from storage.analysis_model import Gap

SLOT_SECONDS = 600


def slots_between(start: int, end: int) -> range:
    """Return the numbers of the slots that begin in [start, end)."""
    first = -(-start // SLOT_SECONDS)
    return range(first, max(first, -(-end // SLOT_SECONDS)))


def slots_of(instants: Sequence[int], within: range) -> list[int]:
    """Return the slots of instants, each once and in order, that are among the given ones."""
    slots = sorted({instant // SLOT_SECONDS for instant in instants})
    return slots[bisect_left(slots, within.start) : bisect_left(slots, within.stop)]


class Gaps:
    """Finds the slots that are missing among those of a range, from pieces of instants in order."""

    def __init__(self, within: range) -> None:
        self._within = within
        self._next = within.start

    @property
    def place(self) -> int:
        """The instant up to which all has been looked at."""
        return self._next * SLOT_SECONDS

    def after(self, instants: Sequence[int]) -> Iterator[Gap]:
        """Yield the gaps before and between these instants, which follow those before."""
        for slot in slots_of(instants, self._within):
            if slot > self._next:
                yield _gap(self._next, slot)
            self._next = slot + 1

    def rest(self) -> Iterator[Gap]:
        """Yield the gap after the last instant, if there is one."""
        if self._next < self._within.stop:
            yield _gap(self._next, self._within.stop)
            self._next = self._within.stop


def _gap(first: int, end: int) -> Gap:
    return Gap(first * SLOT_SECONDS, end * SLOT_SECONDS, end - first)
