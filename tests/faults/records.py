"""What was sent and acknowledged, and what a store holds of it in the end."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, NamedTuple

import openapi
from storage.documents import reading_of, readings_of
from storage.ids import DAY_SECONDS, site_and_day, site_and_instant

COLUMNS: list[str] = openapi.bundle()["components"]["schemas"]["ReadingColumns"]["required"]
"""`dt-stamp` and the six values, in the order of the contract."""

ACKNOWLEDGED = (200, 201)
EXPECTED = (200, 201, 503)
"""All that a caller may be answered while a database fails."""


class Key(NamedTuple):
    """Which reading it is: of a site, at an instant in UTC seconds."""

    site: int
    instant: int


def values_of(key: Key) -> tuple[Any, ...]:
    """Return the six values of a reading: always the same for the same one."""
    number = key.instant // 7 + 31 * key.site
    flags = [bool(number & bit) for bit in (1, 2, 4)]
    return (number % 101, number % 4000 / 4, float(number % 1000), *flags)


def stamp_of(instant: int) -> str:
    """Return an instant as the service writes it."""
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def columns_of(keys: Iterable[Key]) -> dict[str, list[Any]]:
    """Return the brief's columns of some readings of one site."""
    rows = zip(*[(stamp_of(key.instant), *values_of(key)) for key in keys], strict=True)
    return dict(zip(COLUMNS, map(list, rows), strict=True))


@dataclass
class Ledger:
    """Every reading that was sent, every one that was acknowledged, and how requests ended.

    Times are of the monotonic clock.
    """

    sent: set[Key] = field(default_factory=set[Key])
    acknowledged: set[Key] = field(default_factory=set[Key])
    before: set[Key] = field(default_factory=set[Key])
    """What a majority had before anything was sent; it may not be lost either."""
    statuses: Counter[int] = field(default_factory=Counter[int])
    broken: Counter[str] = field(default_factory=Counter[str])
    writes: list[float] = field(default_factory=list[float])
    odd: list[str] = field(default_factory=list[str])
    """The first answers that nobody expected."""
    slowest: float = 0.0

    @property
    def kept(self) -> set[Key]:
        """What must be there in the end."""
        return self.acknowledged | self.before

    def answer(self, keys: Iterable[Key], status: int, text: str, seconds: float) -> None:
        """Note an answer; 200 and 201 acknowledge every reading of the request."""
        self.statuses[status] += 1
        self.slowest = max(self.slowest, seconds)
        if status in ACKNOWLEDGED:
            self.acknowledged.update(keys)
        elif status not in EXPECTED:
            self.odd = [*self.odd, f"{status} {text[:300]}"][:5]
        if status == 201:
            self.writes.append(time.monotonic())

    def pause(self, begin: float, end: float) -> float:
        """Return the longest time in which nothing new was acknowledged, between two times."""
        times = [begin, *(moment for moment in self.writes if begin < moment < end), end]
        return max(after - before for before, after in pairwise(times))


class Found(NamedTuple):
    """How a store, settled, and a ledger compare: numbers of readings, which should all be 0."""

    lost: int
    doubled: int
    wrong: int
    strange: int
    """Stored, and never sent."""
    untold: int = 0
    """Stored as they should be, and not given back so by the service."""


Collections = Mapping[str, Iterable[Mapping[str, Any]]]
"""The documents of `live` and `days`, by the name of the collection."""


def stored_in(collections: Collections) -> Iterator[tuple[Key, tuple[Any, ...]]]:
    """Yield every stored reading, as often as it is there."""
    for document in collections["live"]:
        site, _ = site_and_instant(document["_id"])
        instant, values = reading_of(document)
        yield Key(site, instant), values
    for document in collections["days"]:
        site, day = site_and_day(document["_id"])
        rows = readings_of(document)
        for instant, values in rows.items():
            yield Key(site, instant), values
        # By instant a second copy of the same second does not show.
        for second, number in Counter(document["t"]).items():
            for _ in range(number - 1):
                yield Key(site, day * DAY_SECONDS + second), rows[day * DAY_SECONDS + second]


def compare(ledger: Ledger, collections: Collections) -> Found:
    """Return what is amiss with a settled store."""
    copies, wrong = Counter[Key](), set[Key]()
    for key, values in stored_in(collections):
        copies[key] += 1
        if values != values_of(key):
            wrong.add(key)
    return Found(
        lost=len(ledger.kept - copies.keys()),
        doubled=sum(number > 1 for number in copies.values()),
        wrong=len(wrong),
        strange=len(copies.keys() - ledger.sent - ledger.before),
    )
