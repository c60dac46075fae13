"""Open days: their readings are documents of `live`, and the unique `_id` decides."""

from collections.abc import Sequence

from pymongo import ReplaceOne
from pymongo.errors import BulkWriteError

from storage.batches import batched
from storage.classification import Classified, classify
from storage.commits import Commits
from storage.database import CHUNK, Database, Document
from storage.documents import reading_document, reading_of
from storage.duplicates import duplicate_ids
from storage.ids import reading_id, site_and_instant, span
from storage.model import Readings, Values
from storage.receipts import Tally

SMALL = 8
"""A push of no more rows is inserted unseen; of a larger one the stored rows are read first.

A bulk of 10,000 duplicates costs mongod 67 to 86 us a row, and once in a while stalls it.
"""


async def insert(database: Database, documents: list[Document]) -> Sequence[int]:
    """Insert readings in one bulk; return the places of those whose instants were taken."""
    try:
        await database.live.insert_many(documents, ordered=False)
    except BulkWriteError as error:
        return duplicate_ids(error)
    return ()


class OpenDays:
    """The readings in `live`. Callers bound the time of what they ask for."""

    def __init__(self, database: Database, commits: Commits) -> None:
        self.database = database
        self._commits = commits

    async def store(
        self, site_id: int, readings: Readings, tally: Tally, *, overwrite: bool
    ) -> None:
        """Store what is not stored yet, and count what becomes of each row.

        What others stored in between is compared again.
        """
        if len(readings) <= SMALL:
            readings = await self._insert(site_id, readings, tally, small=True)
        for instants in batched([*readings], CHUNK):
            pending: Readings = {instant: readings[instant] for instant in instants}
            while pending:
                compared = await self._compare(site_id, pending, tally, overwrite)
                if overwrite:
                    await self._replace(site_id, compared.different)
                pending = await self._insert(site_id, compared.new, tally, small=False)

    async def read(self, site_id: int, instants: list[int]) -> dict[int, Values]:
        """Return those of the readings that `live` has."""
        found: dict[int, Values] = {}
        for some in batched([reading_id(site_id, instant) for instant in instants], CHUNK):
            documents = self.database.live.find({"_id": {"$in": some}})
            found.update(map(reading_of, await documents.to_list()))
        return found

    async def _around(self, site_id: int, rows: Readings) -> dict[int, Values]:
        """Return what `live` has at the rows' instants.

        One walk from the first to the last is cheaper for the server than to seek each of them,
        unless much else lies there.
        """
        most = 2 * len(rows)
        near = {"_id": span(site_id, min(rows), max(rows) + 1)}
        found = await self.database.live.find(near).limit(most + 1).to_list()
        if len(found) > most:
            return await self.read(site_id, [*rows])
        return dict(reading_of(row) for row in found if site_and_instant(row["_id"])[1] in rows)

    async def _compare(
        self, site_id: int, rows: Readings, tally: Tally, overwrite: bool
    ) -> Classified:
        """Return what the rows are, by one majority read, and count those that are stored."""
        stored = await self._around(site_id, rows)
        compared = classify(rows, stored)
        tally.add(compared, stored, overwrite=overwrite)
        return compared

    async def _insert(self, site_id: int, rows: Readings, tally: Tally, *, small: bool) -> Readings:
        """Insert rows and count them; return those whose instants were taken."""
        if not rows:
            return {}
        instants = [*rows]
        documents: list[Document] = [
            reading_document(site_id, instant, values) for instant, values in rows.items()
        ]
        taken = [instants[place] for place in await self._commits.insert(documents, small=small)]
        tally.stored += len(rows) - len(taken)
        return {instant: rows[instant] for instant in taken}

    async def _replace(self, site_id: int, rows: Readings) -> None:
        replacements = [
            ReplaceOne(
                {"_id": reading_id(site_id, instant)}, reading_document(site_id, instant, values)
            )
            for instant, values in rows.items()
        ]
        if replacements:
            await self.database.live.bulk_write(replacements, ordered=False)
