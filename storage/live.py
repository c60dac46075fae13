"""Live readings: one small document each, whose `_id` says of which site and instant it is."""

from collections.abc import Iterator

from pymongo import ASCENDING, DESCENDING, ReplaceOne
from pymongo.errors import BulkWriteError

from storage.availability import bounded
from storage.classification import Classified, Rows, classify
from storage.database import CHUNK, Database
from storage.documents import reading_document, values_of
from storage.duplicates import duplicate_ids
from storage.errors import NoReadings, ReadingsConflict
from storage.ids import reading_id, site_and_instant, span
from storage.model import ReadingPage, Readings, Receipt, Values
from storage.receipts import Tally
from storage.sites import Sites


class Live:
    """The readings of sites. Every method raises UnknownSite and Unavailable.

    A push takes a site that was there within the last 5 s to be there still; all else looks.
    """

    def __init__(self, database: Database, sites: Sites) -> None:
        self.database = database
        self._sites = sites

    @bounded
    async def push(
        self, site_id: int, readings: Readings, *, overwrite: bool = False, dry_run: bool = False
    ) -> Receipt:
        """Store what is not stored yet and return what became of each row.

        A row whose instant has other values stored is a conflict: these stay, all other rows are
        stored, and ReadingsConflict is raised. With `overwrite` it is replaced. A dry run stores
        nothing, raises no ReadingsConflict, and returns the receipt that the push would have had.
        """
        await self._sites.require(site_id)
        rows: Rows = {
            reading_id(site_id, instant): readings[instant] for instant in sorted(readings)
        }
        tally = Tally()
        take = self._forecast if dry_run else self._store
        for chunk in _chunks(rows):
            await take(chunk, tally, overwrite)
        receipt = tally.receipt(rows)
        if receipt.conflicts and not dry_run:
            raise ReadingsConflict(receipt, tally.first_conflicts())
        return receipt

    @bounded
    async def latest(self, site_id: int) -> tuple[int, Values]:
        """Return the newest reading by its instant, whenever it arrived; raises NoReadings."""
        await self._sites.look(site_id)
        newest = self.database.live.find({"_id": span(site_id)}).sort("_id", DESCENDING).limit(1)
        async for document in newest:
            return site_and_instant(document["_id"])[1], values_of(document)
        raise NoReadings(site_id)

    @bounded
    async def list(
        self, site_id: int, *, start: int, end: int, descending: bool, limit: int
    ) -> ReadingPage:
        """Return up to `limit` readings with start <= instant < end, in the order of instants."""
        await self._sites.look(site_id)
        order = DESCENDING if descending else ASCENDING
        found = self.database.live.find({"_id": span(site_id, start, end)}).sort("_id", order)
        readings = [
            (site_and_instant(document["_id"])[1], values_of(document))
            async for document in found.limit(limit + 1)
        ]
        return ReadingPage(readings[:limit], readings[limit][0] if len(readings) > limit else None)

    async def delete(self, site_id: int, *, start: int, end: int) -> int:
        """Delete the readings with start <= instant < end; return how many there were.

        Cut short by Unavailable, it has deleted some of them; the same call again goes on.
        """
        await self._sites.look(site_id)
        deleted = 0
        while (some := await self._delete_some(site_id, start, end)) is not None:
            deleted += some
        return deleted

    @bounded
    async def _delete_some(self, site_id: int, start: int, end: int) -> int | None:
        return await self.database.delete_some(span(site_id, start, end))

    async def _forecast(self, rows: Rows, tally: Tally, overwrite: bool) -> None:
        """Count a chunk as `_store` would, and store nothing."""
        tally.stored += len((await self._compare(rows, tally, overwrite)).new)

    async def _store(self, rows: Rows, tally: Tally, overwrite: bool) -> None:
        """Store a chunk. One row is inserted unseen; of several, those that are new.

        What was stored by others in between is compared again.
        """
        pending = rows
        if len(rows) == 1:
            pending = await self._insert(rows, tally)
        while pending:
            compared = await self._compare(pending, tally, overwrite)
            if overwrite:
                await self._replace(compared.different)
            pending = await self._insert(compared.new, tally)

    async def _compare(self, rows: Rows, tally: Tally, overwrite: bool) -> Classified:
        """Return what the rows are, by one majority read, and count those that are stored."""
        found = self.database.live.find({"_id": {"$in": [*rows]}})
        stored = {document["_id"]: values_of(document) async for document in found}
        compared = classify(rows, stored)
        tally.add(compared, stored, overwrite)
        return compared

    async def _insert(self, rows: Rows, tally: Tally) -> Rows:
        """Insert rows and count them; return those whose instants were taken."""
        ids = [*rows]
        try:
            if ids:
                documents = [reading_document(row, rows[row]) for row in ids]
                await self.database.live.insert_many(documents, ordered=False)
        except BulkWriteError as error:
            taken = {ids[place]: rows[ids[place]] for place in duplicate_ids(error)}
        else:
            taken = {}
        tally.stored += len(rows) - len(taken)
        return taken

    async def _replace(self, rows: Rows) -> None:
        if rows:
            replacements = [
                ReplaceOne({"_id": row}, reading_document(row, rows[row])) for row in rows
            ]
            await self.database.live.bulk_write(replacements, ordered=False)


def _chunks(rows: Rows) -> Iterator[Rows]:
    ids = [*rows]
    for begin in range(0, len(ids), CHUNK):
        yield {row: rows[row] for row in ids[begin : begin + CHUNK]}
