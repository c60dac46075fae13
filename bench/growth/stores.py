"""Stores of several sizes, of the same sites: small ones have a short history, large ones a long.

Of four sites in a row the first has the history; the others, without any, are pushed to, so that
what is read stays what it was.
"""

import time

from bench.common.servers import Server
from bench.stored.fleet import Fleet
from bench.stored.loading import histories, store
from bench.stored.pushes import Singles, past_days, recent_days
from bench.stored.turns import Kind, asking, say
from bench.stored.walk import DAY_SLOTS


class Growing:
    """Stores by the name of their server, and what each of them is asked."""

    def __init__(self, sizes: list[int], sites: int) -> None:
        self.sites = 4 * sites
        self.names = [name_of(size) for size in sizes]
        self.filled = [name_of(size) for size in sizes if size]
        days = {name_of(size): round(size / sites / DAY_SLOTS) for size in sizes}
        own = range(1, self.sites + 1, 4)
        self._fleets = {name: Fleet(own, days[name]) for name in self.filled}

    def fill(self, name: str, servers: list[Server]) -> int:
        """Return how many readings the servers have been filled with."""
        started, stored = time.monotonic(), 0
        for site, rows, text in histories(self._fleets[name].readings):
            for server in servers:
                store(server, site, text)
            stored += rows
        say(f"{name}: {stored:,} readings in {time.monotonic() - started:.0f} s")
        return stored

    def reads(self) -> list[Kind]:
        """Return what is read; each store is asked for what it has."""
        asked = {
            "latest": {name: f.latest(f.reporting) for name, f in self._fleets.items()},
            "last 24 h": {name: f.until_now(1) for name, f in self._fleets.items()},
            "1 day": {name: f.ranges(1) for name, f in self._fleets.items()},
            "30 days": {name: f.ranges(30) for name, f in self._fleets.items()},
        }
        return [asking(what, by_store, 1) for what, by_store in asked.items()]

    def writes(self) -> list[Kind]:
        """Return what is pushed; all of it is new."""
        one, today, past = (range(n, self.sites + 1, 4) for n in (2, 3, 4))
        return [
            Kind("one reading in", Singles(one).new, 1),
            Kind("144 of today in", recent_days(today).new, 1),
            Kind("144 of the past in", past_days(past).new, 1),
        ]


def name_of(size: int) -> str:
    """Return the name of the server on a store of so many readings, also that of its database."""
    return f"sitewatt-{size}"


def said(name: str) -> str:
    """Return the size of a store as tables say it."""
    return f"{int(name.rpartition('-')[2]):,}"
