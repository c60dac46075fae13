"""Sites with a history, and what is asked of it: the latest reading, a day, thirty days."""

import time
from random import Random
from typing import TypeVar

from bench.common.messages import live, message, written
from bench.stored.loading import slots
from bench.stored.walk import DAY_SECONDS, MIDNIGHT, SETTLED_DAYS, SLOT_SECONDS

T = TypeVar("T")

MANY = 2_000
"""So many different requests of a kind are sent in turn."""


class Fleet:
    """Sites that have reported for `days` until now, and some that fell silent a while ago."""

    def __init__(self, reporting: range, days: int, silent: range = range(0)) -> None:
        self.reporting, self.silent = reporting, silent
        self._end = int(time.time()) // SLOT_SECONDS * SLOT_SECONDS + SLOT_SECONDS
        midnight = self._end // DAY_SECONDS * DAY_SECONDS + MIDNIGHT
        self._settled = midnight - SETTLED_DAYS * DAY_SECONDS
        self._first = midnight - days * DAY_SECONDS

    @property
    def readings(self) -> dict[int, range]:
        """The instants of each site's readings."""
        reporting = dict.fromkeys(self.reporting, slots(self._first, self._end))
        return reporting | dict.fromkeys(self.silent, slots(self._first, self._settled))

    def latest(self, sites: range) -> list[bytes]:
        """Return requests for the latest reading, mixed."""
        return _mixed([message("GET", f"{live(site)}/latest") for site in sites])

    def ranges(self, days: int) -> list[bytes]:
        """Return requests for settled days, from midnight to midnight, anywhere in the history."""
        starts = range(self._first, self._settled - days * DAY_SECONDS + 1, DAY_SECONDS)
        pairs = [(site, start) for site in self.reporting for start in starts]
        return [_range(site, start, days) for site, start in _mixed(pairs)[:MANY]]

    def until_now(self, days: int) -> list[bytes]:
        """Return requests for the last days, mixed."""
        start = self._end - days * DAY_SECONDS
        return _mixed([_range(site, start, days) for site in self.reporting])


def _range(site: int, start: int, days: int) -> bytes:
    bounds = f"from={written(start)}&to={written(start + days * DAY_SECONDS)}"
    return message("GET", f"{live(site)}?{bounds}&limit=10000")


def _mixed(requests: list[T]) -> list[T]:
    Random(0).shuffle(requests)  # noqa: S311  # the order of requests is no secret
    return requests
