"""The removal of ranges of readings, from `live` and from the documents of closed days.

Each reading goes by one write that tells whether it was this one that took it: the deletion of its
document in `live` while its day is open, the change of its day's document by compare-and-set once
that may be closed. So the counts of removals that meet add up to what has gone.
"""

from typing import NamedTuple

from pymongo import ASCENDING

from storage.availability import bounded
from storage.closed_days import ClosedDays, Settled
from storage.database import CHUNK, Database
from storage.days import first_fresh, last_sealable
from storage.errors import Unavailable
from storage.ids import DAY_SECONDS, day_of, day_span, site_and_day, site_and_instant, span
from storage.unions import Question, ask


class _Next(NamedTuple):
    """The first day of a range that has anything; `rows` are the first ones of it in `live`."""

    day: int
    closed: bool
    rows: list[int]


class Removal:
    """Removes ranges; raises Unavailable, and has then removed some: the same again goes on."""

    def __init__(self, database: Database, closed: ClosedDays) -> None:
        self.database = database
        self._closed = closed

    async def remove(self, site_id: int, start: int, end: int) -> int:
        """Remove the readings with start <= instant < end; return how many it has removed."""
        removed = 0
        while start < end:
            some, start = await self._step(site_id, start, end)
            removed += some
        return removed

    @bounded
    async def _step(self, site_id: int, start: int, end: int) -> tuple[int, int]:
        """Remove a range from the first day that has any of it, or the first rows of an open one.

        Returns how many have gone, and where to go on.
        """
        found = await self._next(site_id, start, end)
        if found is None:
            return 0, end
        now = await self.database.clock()
        start, end = max(start, found.day * DAY_SECONDS), min(end, (found.day + 1) * DAY_SECONDS)
        if found.closed or found.day <= last_sealable(now):
            removed = await self._remove_settled(site_id, start, end, now)
            return (0, start) if removed is None else (removed, end)
        removed = await self._remove_open(site_id, found.rows)
        if found.day < first_fresh(now):
            await self._require_open(site_id, found.day)
        return removed, found.rows[-1] + 1

    async def _next(self, site_id: int, start: int, end: int) -> _Next | None:
        """Return the first day that has any of the range, None where none has.

        `live` is read before the documents, as readers do: what moves is met in one of the two.
        """
        rows = Question("live", {"_id": span(site_id, start, end)}, ASCENDING, CHUNK, {"_id": 1})
        days = Question("days", {"_id": day_span(site_id, start, end)}, ASCENDING, 1, {"v": 1})
        found = await ask(self.database, [rows, days])
        instants = [site_and_instant(each["_id"])[1] for each in found if "v" not in each]
        closed = [site_and_day(each["_id"])[1] for each in found if "v" in each]
        if not found:
            return None
        day = min([*map(day_of, instants[:1]), *closed])
        return _Next(day, day in closed, [i for i in instants if day_of(i) == day])

    async def _remove_open(self, site_id: int, rows: list[int]) -> int:
        """Remove what there is from the first to the last of some rows of an open day."""
        between = {"_id": span(site_id, rows[0], rows[-1] + 1)}
        return (await self.database.live.delete_many(between)).deleted_count

    async def _require_open(self, site_id: int, day: int) -> None:
        """Promise that what has gone from `live` has gone; raises Unavailable.

        Whoever closed the day in between, by another clock, may have read it before.
        """
        if await self._closed.which(site_id, [day]):
            raise Unavailable("a day was closed in between", "conflict")

    async def _remove_settled(self, site_id: int, start: int, end: int, now: int) -> int | None:
        """Remove a range within a day that is closed or may be; return how many have gone.

        None when it has to be tried again: what `live` holds of the day goes into its document
        first, and others may have changed that. The document's version changes in any case: so
        whoever has read a row from `live` that has gone from there cannot bring it back.
        """
        day = day_of(start)
        async with self._closed.turns.of(site_id):
            settled, live = await self._closed.look(site_id, [day])
            if day in settled and not live:
                kept = _without(settled[day], start, end)
                if await self._closed.change(site_id, day, kept, now):
                    return len(settled[day].readings) - len(kept.readings)
        if live:
            await self._closed.seal(site_id, day, now=now)
        return None


def _without(settled: Settled, start: int, end: int) -> Settled:
    """Return a day without a range."""
    kept = {i: row for i, row in settled.readings.items() if not start <= i < end}
    return settled._replace(readings=kept)
