"""Pushes: where the rows of each day go, and what becomes of them."""

from collections.abc import Iterable

from storage.availability import bounded
from storage.classification import classify
from storage.closed_days import ClosedDays
from storage.commits import Commits
from storage.database import Database
from storage.days import by_day, first_fresh, last_sealable
from storage.errors import Unavailable
from storage.ids import DAY_SECONDS
from storage.model import Readings, Values
from storage.open_days import SMALL, OpenDays
from storage.receipts import Tally


class Pusher:
    """Stores the rows of pushes; raises Unavailable."""

    def __init__(self, database: Database, commits: Commits, closed: ClosedDays) -> None:
        self.database = database
        self._open = OpenDays(database, commits)
        self._closed = closed

    @bounded
    async def store(self, site_id: int, readings: Readings, *, overwrite: bool) -> Tally:
        """Store what is not stored yet and return what became of each row."""
        now = await self.database.clock()
        if _all_fresh(readings, now):
            tally = Tally()
            await self._open.store(site_id, readings, tally, overwrite=overwrite)
            return tally
        return await self._store_by_age(site_id, by_day(readings), now, overwrite)

    async def shares(self, readings: Readings) -> bool:
        """Return whether the rows go into `live` unseen, with those of others in one bulk."""
        now = await self.database.clock()
        return len(readings) <= SMALL and _all_fresh(readings, now)

    @bounded
    async def forecast(self, site_id: int, readings: Readings, *, overwrite: bool) -> Tally:
        """Return what would become of the rows, and store nothing."""
        stored = await self._stored(site_id, readings)
        classified = classify(readings, stored)
        tally = Tally(stored=len(classified.new))
        tally.add(classified, stored, overwrite=overwrite)
        return tally

    async def _store_by_age(
        self, site_id: int, days: dict[int, Readings], now: int, overwrite: bool
    ) -> Tally:
        """Store rows in the documents of days that are sealable or closed, all others in `live`."""
        settling = {day for day in days if last_sealable(now) < day < first_fresh(now)}
        closed = await self._closed.which(site_id, settling) if settling else set()
        closed |= {day for day in days if day <= last_sealable(now)}
        merged = {day: rows for day, rows in days.items() if day in closed}
        tally = await self._closed.merge(site_id, merged, now=now, overwrite=overwrite)
        inserted = _joined(rows for day, rows in days.items() if day not in closed)
        await self._open.store(site_id, inserted, tally, overwrite=overwrite)
        await self._require_open(site_id, settling - closed)
        return tally

    async def _require_open(self, site_id: int, days: set[int]) -> None:
        """Promise that rows which have been put into `live` are facts; raises Unavailable.

        A day that somebody with another clock closed in between may have been read without them.
        What has become of them then, the next try finds out.
        """
        if days and await self._closed.which(site_id, days):
            raise Unavailable("a day was closed in between", "conflict")

    async def _stored(self, site_id: int, readings: Readings) -> dict[int, Values]:
        """Return what is stored at the readings' instants; `live` is read before the documents."""
        live = await self._open.read(site_id, [*readings])
        settled = await self._closed.read(site_id, by_day(readings))
        return {**live, **_joined(day.readings for day in settled.values())}


def _all_fresh(readings: Readings, now: int) -> bool:
    return not readings or min(readings) >= first_fresh(now) * DAY_SECONDS


def _joined(days: Iterable[Readings]) -> dict[int, Values]:
    return {instant: values for rows in days for instant, values in rows.items()}
