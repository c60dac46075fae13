"""What is asked for: the latest reading, a day, thirty days; of sites that report and that rest."""

import time
from collections.abc import Iterator
from itertools import cycle
from random import Random

from bench.common.messages import live, message, written
from bench.stored.loading import slots
from bench.stored.turns import Kind
from bench.stored.walk import DAY_SECONDS, SLOT_SECONDS

MIDNIGHT = -3600
"""A site's day begins at midnight in Berlin or Prague, an hour before that of UTC."""
SETTLED_DAYS = 5
"""Days that ended so many days ago are settled."""
MANY = 2_000


class Fleet:
    """Sites that have reported for `days` until now, and some that fell silent a while ago."""

    def __init__(self, sites: int, days: int) -> None:
        self.end = int(time.time()) // SLOT_SECONDS * SLOT_SECONDS + SLOT_SECONDS
        midnight = self.end // DAY_SECONDS * DAY_SECONDS + MIDNIGHT
        self.settled = midnight - SETTLED_DAYS * DAY_SECONDS
        self.first = midnight - days * DAY_SECONDS
        self.reporting = range(1, sites + 1)
        self.silent = range(sites + 1, sites + 1 + max(1, sites // 5))

    @property
    def readings(self) -> dict[int, range]:
        """The instants of each site's readings."""
        reporting = dict.fromkeys(self.reporting, slots(self.first, self.end))
        return reporting | dict.fromkeys(self.silent, slots(self.first, self.settled))

    def kinds(self) -> list[Kind]:
        """Return what is asked for, how many at a time."""
        latest, resting = self._latest(self.reporting), self._latest(self.silent)
        day, month = self._ranges(1), self._ranges(30)
        return [
            _kind("latest, 1 connection", latest, 1),
            _kind("latest, 64 connections", latest, 64),
            _kind("latest of silent sites, 64", resting, 64),
            _kind("1 day, 1 connection", day, 1),
            _kind("30 days, 1 connection", month, 1),
            _kind("1 day, 8 connections", day, 8),
            _kind("30 days, 8 connections", month, 8),
            _kind("last 24 h, 8 connections", self._until_now(1), 8),
            _kind("last 30 days, 8 connections", self._until_now(30), 8),
        ]

    def _latest(self, sites: range) -> list[bytes]:
        return _mixed([message("GET", f"{live(site)}/latest") for site in sites])

    def _ranges(self, days: int) -> list[bytes]:
        """Return requests for days that are settled, from midnight to midnight."""
        starts = range(self.first, self.settled - days * DAY_SECONDS + 1, DAY_SECONDS)
        pairs = [(site, start) for site in self.reporting for start in starts]
        return _mixed([_range(site, start, days) for site, start in pairs])[:MANY]

    def _until_now(self, days: int) -> list[bytes]:
        start = self.end - days * DAY_SECONDS
        return _mixed([_range(site, start, days) for site in self.reporting])


def _range(site: int, start: int, days: int) -> bytes:
    bounds = f"from={written(start)}&to={written(start + days * DAY_SECONDS)}"
    return message("GET", f"{live(site)}?{bounds}&limit=10000")


def _mixed(requests: list[bytes]) -> list[bytes]:
    Random(0).shuffle(requests)  # noqa: S311  # the order of requests is no secret
    return requests


def _kind(name: str, requests: list[bytes], connections: int) -> Kind:
    def messages(_: str) -> Iterator[bytes]:
        return cycle(requests)

    return Kind(name, messages, connections, status=200)
