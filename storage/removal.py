"""The removal of ranges of readings, from `live` and from the documents of closed days."""

from bson.objectid import ObjectId
from pymongo import ASCENDING

from storage.availability import bounded
from storage.closed_days import ClosedDays
from storage.database import Database, delete_some
from storage.documents import day_document, readings_of
from storage.ids import DAY_SECONDS, day_id, day_span, site_and_day, site_and_instant, span
from storage.model import Readings


class Removal:
    """Removes ranges; raises Unavailable, and has then removed some: the same again goes on.

    As readers do, it looks at `live` first: a reading that is on its way into a document is met in
    one of the two.
    """

    def __init__(self, database: Database, closed: ClosedDays) -> None:
        self.database = database
        self._closed = closed

    async def remove(self, site_id: int, start: int, end: int) -> int:
        """Remove the readings with start <= instant < end; return how many there were."""
        gone: set[int] = set()
        begin = start
        while some := await self._remove_of_live(site_id, begin, end):
            gone.update(some)
            begin = some[-1] + 1
        settled = 0
        while (day := await self._next_closed(site_id, start, end)) is not None:
            last = min(end, (day + 1) * DAY_SECONDS)
            settled += len(await self._remove_of_closed(site_id, day, start, last) - gone)
            start = last
        return len(gone) + settled

    @bounded
    async def _remove_of_live(self, site_id: int, start: int, end: int) -> list[int]:
        """Remove the first documents of a range; return their instants, none at its end."""
        ids = await delete_some(self.database.live, span(site_id, start, end))
        return [site_and_instant(number)[1] for number in ids]

    @bounded
    async def _next_closed(self, site_id: int, start: int, end: int) -> int | None:
        """Return the first closed day that holds any of the range."""
        found = self.database.days.find({"_id": day_span(site_id, start, end)}, {"_id": 1})
        async for document in found.sort("_id", ASCENDING).limit(1):
            return site_and_day(document["_id"])[1]
        return None

    @bounded
    async def _remove_of_closed(self, site_id: int, day: int, start: int, end: int) -> set[int]:
        """Remove a range that ends within a closed day; return the instants there were.

        What `live` holds goes first, and the document's version changes in any case: so whoever
        has read these rows from `live` cannot bring them back.
        """
        gone: set[int] = set()
        async with self._closed.turns.of(site_id):
            while True:
                while some := await delete_some(self.database.live, span(site_id, start, end)):
                    gone.update(site_and_instant(number)[1] for number in some)
                document = await self.database.days.find_one({"_id": day_id(site_id, day)})
                readings = {} if document is None else readings_of(document)
                kept = {i: values for i, values in readings.items() if not start <= i < end}
                if document is None or await self._write(site_id, day, document["v"], kept):
                    return gone | (readings.keys() - kept.keys())

    async def _write(self, site_id: int, day: int, version: ObjectId, kept: Readings) -> bool:
        """Write what is left of a day; False when it has changed since it was read."""
        as_read = {"_id": day_id(site_id, day), "v": version}
        changed = day_document(site_id, day, ObjectId(), kept)
        if not (await self.database.days.replace_one(as_read, changed)).matched_count:
            return False
        if not kept:
            now = await self.database.clock()
            await self._closed.remove_empty(site_id, day, changed["v"], now)
        return True
