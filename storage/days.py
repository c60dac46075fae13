"""Days of readings: how old one is, and what becomes of rows that are pushed to a closed one.

A UTC day is fresh until 24 h after its end, settling until 48 h, then sealable. A day is open while
its readings are documents of `live`, and closed by a document of its own in `days`. Only a sealable
day may be closed, and only rows of a fresh one are stored without a look at `days`: the day between
the two keeps writers apart whose clocks differ. Pure.
"""

from bisect import bisect_left
from collections.abc import Mapping
from typing import NamedTuple

from storage.classification import Classified, classify
from storage.ids import DAY_SECONDS, day_of
from storage.model import Readings, Values


def first_fresh(now: int) -> int:
    """Return the first day that is fresh at an instant: yesterday."""
    return day_of(now) - 1


def last_sealable(now: int) -> int:
    """Return the last day that is sealable at an instant: it ended over 48 h ago."""
    return day_of(now) - 3


def last_removable(now: int) -> int:
    """Return the last day that may be opened again, by removing its document once it is empty.

    For two days more than sealable it is no writer's to insert into, however their clocks differ.
    """
    return last_sealable(now) - 2


def by_day(readings: Readings) -> dict[int, Readings]:
    """Return the readings of each day, in the order of instants."""
    instants, days = sorted(readings), dict[int, Readings]()
    begin = 0
    while begin < len(instants):
        day = day_of(instants[begin])
        end = bisect_left(instants, (day + 1) * DAY_SECONDS, begin)
        days[day] = {instant: readings[instant] for instant in instants[begin:end]}
        begin = end
    return days


class United(NamedTuple):
    """A day as it is to be: its readings, what the pushed rows were, and what was there before."""

    readings: Mapping[int, Values]
    pushed: Classified
    stored: Mapping[int, Values]


def unite(pushed: Readings, live: Readings, settled: Readings, *, overwrite: bool) -> United:
    """Return a day's readings with the pushed ones: the document's go before those of `live`.

    With `overwrite` the pushed ones go before both. What is to be as the document has it already is
    `settled` itself.
    """
    stored = settled if live.keys() <= settled.keys() else {**live, **settled}
    classified = classify(pushed, stored)
    changed = classified.different if overwrite else {}
    added = classified.new or changed
    readings = {**stored, **classified.new, **changed} if added else stored
    return United(readings, classified, stored)
