"""The tick: what a worker, its queue and the database make of a fleet that reports.

One of several equal workers is followed, each of its readings by itself; the load balancer gives
every worker the same share. It serves one request after the other, looks whether the site is there,
and puts the row into its queue. One bulk or a few are in flight; what comes meanwhile is the next.
A row that finds the queue full is refused (503) and comes again. Times are seconds from the tick.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush, heapreplace
from random import Random


@dataclass(frozen=True)
class System:
    """What a reading takes of a worker, and what a bulk takes, of which so many are in flight.

    A bulk takes `bulk` and for each row `row`. Between the two instants of `away` the database does
    not answer. A refused gateway comes again after `retry_after` and at most `retry_spread` more.
    """

    service: float
    look: float
    bulk: float
    row: float
    flights: int = 1
    most_rows: int = 1_000
    queue: int = 20_000
    retry_after: float = 2.0
    retry_spread: float = 0.0
    away: tuple[float, float] = (0.0, 0.0)


@dataclass
class Tick:
    """What became of the readings, in the order of the bulks that they were in."""

    sent: list[float] = field(default_factory=list)
    acknowledged: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    bulks: int = 0
    busy: float = 0.0
    """Seconds that the worker's processor had work."""

    @property
    def latencies(self) -> list[float]:
        """The seconds from the first try of each reading to its acknowledgement."""
        return [done - sent for sent, done in zip(self.sent, self.acknowledged, strict=True)]

    @property
    def absorbed(self) -> float:
        """The instant of the last acknowledgement."""
        return max(self.acknowledged)


def quantile(values: Sequence[float], share: float) -> float:
    """Return the least value that the share of all values does not exceed."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def reports(sites: int, within: float, *, seed: int = 0) -> list[float]:
    """Return when sites report that choose any instant of so many seconds, in order."""
    random = Random(seed)  # noqa: S311  # to repeat, not to hide
    return sorted(within * random.random() for _ in range(sites))


def simulate(system: System, sent: Sequence[float], *, seed: int = 0) -> Tick:
    """Return what becomes of readings sent at these instants, in order; all are stored at last."""
    random = Random(seed)  # noqa: S311
    worker = _Worker(system)
    again: list[tuple[float, float]] = []

    def attempt(now: float, first: float) -> None:
        refused = worker.take(now, first)
        if refused is not None:
            pause = system.retry_after + system.retry_spread * random.random()
            heappush(again, (refused + pause, first))

    for first in sent:
        while again and again[0][0] <= first:
            attempt(*heappop(again))
        attempt(first, first)
    while again:
        attempt(*heappop(again))
    worker.finish()
    return worker.tick


class _Worker:
    """A worker with its queue; requests are given to it in the order in which they come."""

    def __init__(self, system: System) -> None:
        self.tick = Tick()
        self._system = system
        self._free = 0.0
        self._flights = [0.0] * system.flights
        self._queue: deque[tuple[float, float]] = deque()

    def take(self, now: float, first: float) -> float | None:
        """Queue the row of a reading first sent at `first`; return when it is refused, or None."""
        system = self._system
        self._free = max(now, self._free) + system.service
        self.tick.busy += system.service
        ready = self._back(self._free + system.look)
        self._write(ready)
        if len(self._queue) >= system.queue:
            self.tick.refused.append(ready)
            return ready
        self._queue.append((ready, first))
        return None

    def finish(self) -> None:
        """Write what is left."""
        self._write(float("inf"))

    def _write(self, until: float) -> None:
        """Write the bulks that begin before an instant."""
        while self._queue:
            begin = self._back(max(self._flights[0], self._queue[0][0]))
            if begin >= until:
                return
            rows = list(self._ready(begin))
            written = self._back(begin + self._system.bulk + len(rows) * self._system.row)
            heapreplace(self._flights, written)
            self.tick.bulks += 1
            self.tick.sent += rows
            self.tick.acknowledged += [written] * len(rows)

    def _ready(self, now: float) -> Iterator[float]:
        """Take the rows of the next bulk from the queue."""
        for _ in range(self._system.most_rows):
            if not self._queue or self._queue[0][0] > now:
                return
            yield self._queue.popleft()[1]

    def _back(self, instant: float) -> float:
        """Return the instant, or the one at which the database is back."""
        lost, found = self._system.away
        return found if lost <= instant < found else instant
