"""Closed days: those with a document in `days`, whose version decides over every change.

Everything that changes a day makes sure first that the document is there, reads `live`, and writes
by compare-and-set. So whoever inserts into `live` and then finds no document has been seen by, or
comes before, every change that there will be. Only of a day so old that nobody inserts into `live`
any more does the first document come with readings. Readings go from `live` into the document and
never back; where both have an instant the document wins.
"""

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from bson.objectid import ObjectId
from pymongo import ReplaceOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import BulkWriteError

from storage.batches import batched
from storage.database import CHUNK, Database, Document
from storage.days import United, last_removable, last_sealable, unite
from storage.documents import day_document, reading_of, readings_of
from storage.duplicates import duplicate_ids
from storage.errors import Unavailable
from storage.ids import DAY_SECONDS, day_id, day_of, reading_id, site_and_day, span
from storage.model import Readings, Values
from storage.receipts import Tally
from storage.turns import Turns
from storage.unions import Question, ask

NOTHING: Readings = {}

DAYS_AT_ONCE = 80
"""Days that are read and written together: 10,000 readings of every ten minutes are 70 days."""


class Settled(NamedTuple):
    """A day's document as it was read."""

    version: ObjectId
    readings: Readings


class ClosedDays:
    """The settled days of sites. Callers bound the time of what they ask for."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.turns = Turns()

    async def which(self, site_id: int, days: Iterable[int]) -> set[int]:
        """Return those of the days that are closed."""
        ids = [day_id(site_id, day) for day in days]
        found = self.database.days.find({"_id": {"$in": ids}}, {"_id": 1})
        return {site_and_day(document["_id"])[1] for document in await found.to_list()}

    async def merge(
        self, site_id: int, days: Mapping[int, Readings], *, now: int, overwrite: bool = False
    ) -> Tally:
        """Store rows, by day, with what `live` still holds of the days; return what became of them.

        A day without a document gets one. Raises Unavailable for one that may not have any yet.
        """
        tally = Tally()
        async with self.turns.of(site_id):
            for some in _parts(days):
                await self._merge(site_id, some, tally, now, overwrite)
        return tally

    async def seal(self, site_id: int, day: int, *, now: int) -> int:
        """Move what `live` holds of a sealable day into its document; return how many readings."""
        async with self.turns.of(site_id):
            return await self._merge(site_id, {day: {}}, Tally(), now, overwrite=False)

    async def read(self, site_id: int, days: Iterable[int]) -> dict[int, Settled]:
        """Return the documents of those of the days that are closed."""
        ids = [day_id(site_id, day) for day in days]
        return _settled(await self.database.days.find({"_id": {"$in": ids}}).to_list())

    async def change(self, site_id: int, day: int, changed: Settled, now: int) -> bool:
        """Give a document that has the version other readings, and a version that is new.

        One that is left without any goes, if it may. Returns False, with nothing changed, when it
        is not as it was read any more. The caller has the site's turn.
        """
        version, readings = changed
        if not readings and day <= last_removable(now):
            return await self._remove_empty(site_id, day, version, now)
        document = day_document(site_id, day, ObjectId(), readings)
        as_read = {"_id": document["_id"], "v": version}
        return await self._replace(ReplaceOne(as_read, document))

    async def _remove_empty(self, site_id: int, day: int, version: ObjectId, now: int) -> bool:
        """Remove a document that has no readings, unless it is so young that it has to stand.

        Whoever then inserted into `live` would lose the row to a merge that cleans up there still.
        """
        if day > last_removable(now):
            return False
        as_read = {"_id": day_id(site_id, day), "v": version}
        return (await self.database.days.delete_one(as_read)).deleted_count > 0

    async def _merge(
        self, site_id: int, pending: Mapping[int, Readings], tally: Tally, now: int, overwrite: bool
    ) -> int:
        """Merge days until each has been written by compare-and-set, or need not be.

        Counts the rows in the tally, and returns how many readings were taken from `live`.
        """
        cleared = 0
        while pending:
            settled, live = await self.look(site_id, pending)
            whole = _whole(pending, settled, live, now)
            if open_yet := pending.keys() - settled.keys() - whole.keys():
                settled |= await self._close(site_id, sorted(open_yet), now)
                # What was in `live` before there was a document says nothing.
                live = {day: rows for day, rows in live.items() if day not in open_yet}
                live |= await self._live(site_id, open_yet)
            united = {
                day: unite(pending[day], live.get(day, {}), read.readings, overwrite=overwrite)
                for day, read in settled.items()
            }
            lost = await self._write_all(site_id, settled, united, whole, now)
            won = [day for day in settled if day not in lost]
            tally.stored += sum(len(rows) for day, rows in whole.items() if day not in lost)
            for day in won:
                _, pushed, stored = united[day]
                tally.stored += len(pushed.new)
                tally.add(pushed, stored, overwrite=overwrite)
            cleared += await self._clear(site_id, (i for day in won for i in live.get(day, ())))
            pending = {day: pending[day] for day in lost}
        return cleared

    async def look(
        self, site_id: int, days: Collection[int]
    ) -> tuple[dict[int, Settled], dict[int, dict[int, Values]]]:
        """Return the days' documents, and then what `live` has of them, in one round trip."""
        documents = Question("days", {"_id": {"$in": [day_id(site_id, day) for day in days]}})
        found = await ask(self.database, [documents, Question("live", _rows_of(site_id, days))])
        settled = [document for document in found if "v" in document]
        return _settled(settled), _by_day(found[len(settled) :])

    async def _close(self, site_id: int, missing: Collection[int], now: int) -> dict[int, Settled]:
        """Return the documents of days that had none, made where there are none yet."""
        settled: dict[int, Settled] = {}
        while missing:
            if max(missing) > last_sealable(now):
                raise Unavailable("a day was opened again in between", "conflict")
            settled |= await self._add(site_id, dict.fromkeys(missing, NOTHING))
            taken = [day for day in missing if day not in settled]
            settled |= await self.read(site_id, taken) if taken else {}
            missing = [day for day in taken if day not in settled]
        return settled

    async def _add(self, site_id: int, days: Mapping[int, Readings]) -> dict[int, Settled]:
        """Give days documents with these readings; return those that had none."""
        documents = [day_document(site_id, day, ObjectId(), rows) for day, rows in days.items()]
        taken: Sequence[int] = ()
        try:
            await self.database.days.insert_many(documents, ordered=False)
        except BulkWriteError as error:
            taken = duplicate_ids(error)
        added = zip(days.items(), documents, strict=True)
        return {
            day: Settled(document["v"], rows)
            for place, ((day, rows), document) in enumerate(added)
            if place not in taken
        }

    async def _live(self, site_id: int, days: Collection[int]) -> dict[int, dict[int, Values]]:
        """Return the readings that `live` holds of the days, by day."""
        return _by_day(await self.database.live.find(_rows_of(site_id, days)).to_list())

    async def _write_all(
        self,
        site_id: int,
        settled: Mapping[int, Settled],
        united: Mapping[int, United],
        whole: Mapping[int, Readings],
        now: int,
    ) -> set[int]:
        """Write what is to change and what is new; return the days that others were first at."""
        if not whole:
            return await self._write(site_id, settled, united, now)
        if not united:
            return whole.keys() - await self._add(site_id, whole)
        adding = asyncio.create_task(self._add(site_id, whole))
        try:
            lost = await self._write(site_id, settled, united, now)
        finally:
            # Whatever became of the one, nobody else has a turn before the other has ended.
            added = (await asyncio.gather(adding, return_exceptions=True))[0]
        if isinstance(added, BaseException):
            raise added
        return lost | (whole.keys() - added.keys())

    async def _write(
        self, site_id: int, settled: Mapping[int, Settled], united: Mapping[int, United], now: int
    ) -> set[int]:
        """Write the days that are to change; return those that were changed by others meanwhile."""
        changes: dict[int, ReplaceOne[Document]] = {}
        for day, (readings, _, _) in united.items():
            as_read = {"_id": day_id(site_id, day), "v": settled[day].version}
            if not readings:
                await self._remove_empty(site_id, day, settled[day].version, now)
            elif readings is not settled[day].readings:
                changed = day_document(site_id, day, ObjectId(), readings)
                changes[day] = ReplaceOne(as_read, changed)
        if len(changes) > 1 and not self.database.plain and await self._replace_all(changes):
            return set()
        return {day for day, change in changes.items() if not await self._replace(change)}

    async def _replace_all(self, changes: Mapping[int, ReplaceOne[Document]]) -> bool:
        """Replace all of the documents, or none when one has changed since.

        Without a transaction a bulk would tell how many it has replaced, but not which.
        """

        async def work(session: AsyncClientSession) -> None:
            bulk = [*changes.values()]
            done = await self.database.days.bulk_write(bulk, ordered=False, session=session)
            if done.matched_count < len(bulk):
                raise _ChangedMeanwhile

        try:
            await self.database.transaction(work)
        except _ChangedMeanwhile:
            return False
        return True

    async def _replace(self, change: ReplaceOne[Document]) -> bool:
        done = await self.database.days.bulk_write([change])
        return done.matched_count > 0

    async def _clear(self, site_id: int, instants: Iterable[int]) -> int:
        """Take from `live` what is in the documents; return how many there were."""
        cleared = 0
        for some in batched([reading_id(site_id, instant) for instant in instants], CHUNK):
            cleared += (await self.database.live.delete_many({"_id": {"$in": some}})).deleted_count
        return cleared


class _ChangedMeanwhile(Exception):
    """A document is no longer as it was read."""


def _parts(days: Mapping[int, Readings]) -> Iterator[dict[int, Readings]]:
    for some in batched(sorted(days), DAYS_AT_ONCE):
        yield {day: days[day] for day in some}


def _whole(
    pending: Mapping[int, Readings], settled: Collection[int], live: Collection[int], now: int
) -> dict[int, Readings]:
    """Return the readings of old days of which nothing is stored: they may come as documents.

    Nobody inserts rows of so old a day into `live`, so it needs no fence before that is read.
    """
    return {
        day: rows
        for day, rows in pending.items()
        if rows and day <= last_removable(now) and day not in settled and day not in live
    }


def _settled(documents: Iterable[Document]) -> dict[int, Settled]:
    return {
        site_and_day(document["_id"])[1]: Settled(document["v"], readings_of(document))
        for document in documents
    }


def _by_day(documents: Iterable[Document]) -> dict[int, dict[int, Values]]:
    days: dict[int, dict[int, Values]] = {}
    for instant, values in map(reading_of, documents):
        days.setdefault(day_of(instant), {})[instant] = values
    return days


def _rows_of(site_id: int, days: Collection[int]) -> Document:
    """Return the condition on the rows of days in `live`, a span for each run of days."""
    spans = [
        {"_id": span(site_id, first * DAY_SECONDS, (last + 1) * DAY_SECONDS)}
        for first, last in _runs(sorted(days))
    ]
    return spans[0] if len(spans) == 1 else {"$or": spans}


def _runs(days: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and the last day of each run of days without a gap."""
    first = last = days[0]
    for day in days[1:]:
        if day != last + 1:
            yield first, last
            first = day
        last = day
    yield first, last
