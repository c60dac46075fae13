"""What is pushed: single readings of many sites, and batches, new and once more."""

import time
from collections.abc import Iterator
from itertools import count, cycle
from random import Random

from bench.common.messages import head, live, written
from bench.stored.walk import (
    DAY_SECONDS,
    DAY_SLOTS,
    MIDNIGHT,
    SETTLED_DAYS,
    SLOT_SECONDS,
    body,
    walk,
)

BATCH = 10_000


class Singles:
    """New readings, one a request: every site has its turn, then the next ten minutes.

    The stamps go from 12 hours ago to 12 hours ahead, then the same a second later.
    """

    def __init__(self, sites: range) -> None:
        self._heads = [_before_length(site) for site in sites]
        Random(0).shuffle(self._heads)  # noqa: S311  # who comes when does not matter, only that it is mixed
        self._values = [_single_values(row) for row in _rows(4_999)]
        self._first = int(time.time()) // SLOT_SECONDS * SLOT_SECONDS - DAY_SECONDS // 2
        self._going: dict[str, Iterator[bytes]] = {}

    def new(self, server: str) -> Iterator[bytes]:
        """Return the requests that this server has not had yet."""
        return self._going.setdefault(server, self._messages())

    def _messages(self) -> Iterator[bytes]:
        values = cycle(self._values)
        for turn in count():
            later, slot = divmod(turn, DAY_SLOTS)
            stamp = written(self._first + slot * SLOT_SECONDS + later).encode()
            for start in self._heads:
                before, after = next(values)
                yield start + before + stamp + after


class Batches:
    """Batches by column: every site gets each of the bodies, one after the other.

    So many sites as go `abreast` take turns; when they have had all bodies, the next ones follow.
    Whoever sends batches sends those of a site of its own, so these are more than the connections.
    """

    def __init__(self, bodies: list[bytes], sites: range, *, abreast: int) -> None:
        self._bodies, self._abreast = bodies, abreast
        self._sites = sites[: len(sites) // abreast * abreast]
        self._sent: dict[str, range] = {}

    def new(self, server: str) -> Iterator[bytes]:
        """Return the requests that this server has not had yet."""
        first = self._sent.get(server, range(0)).stop
        for number in range(first, len(self._bodies) * len(self._sites)):
            self._sent[server] = range(first, number + 1)
            yield self._message(number)
        raise SystemExit("No site is left for new batches: take more --sites or fewer --rounds.")

    def again(self, server: str) -> Iterator[bytes]:
        """Return, over and over, what this server was sent when it last had new batches."""
        return cycle(map(self._message, self._sent[server]))

    def _message(self, number: int) -> bytes:
        group, place = divmod(number, self._abreast * len(self._bodies))
        turn, member = divmod(place, self._abreast)
        site, text = self._sites[group * self._abreast + member], self._bodies[turn]
        return head("POST", live(site), len(text)) + text


def recent_days(sites: range) -> Batches:
    """Return the last 24 hours of each site: what a gateway sends that was out of reach."""
    first = int(time.time()) // SLOT_SECONDS * SLOT_SECONDS - DAY_SECONDS
    bodies = [body(walk(number, first + number, DAY_SLOTS)) for number in range(30)]
    return Batches(bodies, sites, abreast=len(sites))


def past_days(sites: range) -> Batches:
    """Return days of long ago, one a request."""
    days = 60
    first = _end_of_history() - days * DAY_SECONDS
    bodies = [body(walk(day, first + day * DAY_SECONDS, DAY_SLOTS)) for day in range(days)]
    return Batches(bodies, sites, abreast=16)


def history(sites: range) -> Batches:
    """Return a year and a half of each site, 10,000 readings a request."""
    parts = 8
    first = _end_of_history() - parts * BATCH * SLOT_SECONDS
    starts = range(first, first + parts * BATCH * SLOT_SECONDS, BATCH * SLOT_SECONDS)
    bodies = [body(walk(number, start, BATCH)) for number, start in enumerate(starts)]
    return Batches(bodies, sites, abreast=4)


def _end_of_history() -> int:
    return int(time.time()) // DAY_SECONDS * DAY_SECONDS - SETTLED_DAYS * DAY_SECONDS + MIDNIGHT


def _before_length(site: int) -> bytes:
    """Return the head of a push up to the figure of its Content-Length."""
    return head("POST", live(site)).removesuffix(b"0\r\n\r\n")


def _rows(number: int) -> Iterator[bytes]:
    """Yield readings as the members of a JSON object that follow its stamp."""
    columns = walk(0, 0, number)
    names = [name for name in columns if name != "dt-stamp"]
    for row in range(number):
        yield body({name: columns[name][row] for name in names})[1:]


def _single_values(members: bytes) -> tuple[bytes, bytes]:
    """Return what stands before and behind the stamp, from the figure of the length on."""
    start, end = b'{"dt-stamp":"', b'",' + members
    length = len(start) + len("2023-01-01T00:00:00Z") + len(end)
    return b"%d\r\n\r\n" % length + start, end
