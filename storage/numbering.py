"""The ids that the store gives to sites: each once, and never one that a site ever had."""

from collections.abc import Collection
from typing import Any

from pymongo import ASCENDING, ReturnDocument
from pymongo.asynchronous.collection import AsyncCollection

from storage.database import CHUNK, Database, Document
from storage.errors import NoIdsLeft
from storage.ids import LAST_SITE_ID

_COUNTER = {"_id": "sites"}


class Numbering:
    """Gives ids from a counter, past those that clients have chosen and those of deleted sites."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def take(self, count: int, besides: Collection[int] = ()) -> list[int]:
        """Return new ids in ascending order, none of them in `besides`; raises NoIdsLeft."""
        taken: list[int] = []
        while len(taken) < count:
            block = await self._reserve(count - len(taken))
            used = await self._used(block)
            taken += [number for number in block if number not in used and number not in besides]
            if used.issuperset(block):
                await self._skip(block[-1])
        return taken

    async def _reserve(self, count: int) -> range:
        counter = await self.database.counters.find_one_and_update(
            _COUNTER,
            {"$inc": {"last": count}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        last: int = (counter or {})["last"]
        if last > LAST_SITE_ID:
            raise NoIdsLeft
        return range(last - count + 1, last + 1)

    async def _used(self, block: range) -> set[int]:
        span = {"$gte": block[0], "$lte": block[-1]}
        sites = await _ids(self.database.sites, span, len(block))
        return sites | await _ids(self.database.retired, span, len(block))

    async def _skip(self, last: int) -> None:
        """Move the counter to the end of the run of used ids that follows the last one given."""
        span = {"$gt": last}
        used = await _ids(self.database.sites, span, CHUNK)
        used |= await _ids(self.database.retired, span, CHUNK)
        while last + 1 in used:
            last += 1
        await self.database.counters.update_one(_COUNTER, {"$max": {"last": last}})


async def _ids(collection: AsyncCollection[Document], span: dict[str, Any], limit: int) -> set[int]:
    found = collection.find({"_id": span}, {"_id": 1}).sort("_id", ASCENDING).limit(limit)
    return {document["_id"] async for document in found}
