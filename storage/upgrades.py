"""The format of the store: two markers say what its documents may be, and upgrades move them.

Format 0 is what version 0.1.0 wrote: no document names a format, and there are no settled days.
Format 1 names it (`format` in sites, `f` in readings and days). A reading of format 0 is one of
format 1 but for the name, so those stay as they are until they are written or sealed, and a store
with billions of them opens as fast as an empty one.

The marker `format` is the newest format that a document may have: a program that does not know it
keeps off. The marker `upgraded` is the oldest that a document has which had to be upgraded. The one
is set before an upgrade, the other after it.
"""

from pymongo import ASCENDING

from storage.availability import limited
from storage.database import CHUNK, Database
from storage.documents import FORMAT
from storage.errors import NewerStore

_NEWEST = "format"
_OLDEST = "upgraded"


class Upgrades:
    """Brings a store to FORMAT. Every method raises Unavailable, and may run many times at once.

    What a crash cut short is done again from the start; a document that has been upgraded is not
    written twice.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    async def run(self) -> None:
        """Bring every document that needs it to FORMAT; raises NewerStore, and changes nothing."""
        if await self._begin():
            after: int | None = 0
            while after is not None:
                after = await self._upgrade_sites(after)
            await self._end()

    @limited
    async def _begin(self) -> bool:
        """Return whether there is anything to upgrade, and keep older programs off if so."""
        await known_format(self.database)
        if await oldest_format(self.database) >= FORMAT:
            return False
        await self._mark(_NEWEST)
        return True

    @limited
    async def _upgrade_sites(self, after: int) -> int | None:
        """Upgrade the next sites in the order of ids; return the last of them, None at the end."""
        found = self.database.sites.find({"_id": {"$gt": after}}, {"_id": 1, "format": 1})
        chunk = [site async for site in found.sort("_id", ASCENDING).limit(CHUNK)]
        if not chunk:
            return None
        older = [site["_id"] for site in chunk if "format" not in site]
        if older:
            # Not the `version`: what the site says is the same, and so are its tags.
            await self.database.sites.update_many(
                {"_id": {"$in": older}, "format": {"$exists": False}},
                {"$set": {"format": FORMAT}},
            )
        last: int = chunk[-1]["_id"]
        return last

    @limited
    async def _end(self) -> None:
        await self._mark(_OLDEST)

    async def _mark(self, name: str) -> None:
        await self.database.counters.update_one(
            {"_id": name}, {"$max": {"last": FORMAT}}, upsert=True
        )


async def known_format(database: Database) -> int:
    """Return the newest format that a document of the store may have; raises NewerStore."""
    found = await _marked(database, _NEWEST)
    if found > FORMAT:
        raise NewerStore(found, FORMAT)
    return found


async def oldest_format(database: Database) -> int:
    """Return the format that all upgrades have brought the store to; 0 in one of 0.1.0."""
    return await _marked(database, _OLDEST)


async def _marked(database: Database, name: str) -> int:
    marker = await database.counters.find_one({"_id": name})
    found = marker["last"] if marker else 0
    # Anything else is no marker of ours: an upgrade harms nothing, and an inspection tells it.
    return found if isinstance(found, int) else 0
