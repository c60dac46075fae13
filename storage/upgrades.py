"""The format of the store: a marker says what every document has at least, and upgrades move it.

Format 0 is what version 0.1.0 wrote: no document names a format, and there are no settled days.
Format 1 names it (`format` in sites, `f` in readings and days). A reading of format 0 is one of
format 1 but for the name, so those stay as they are until they are written or sealed, and a store
with billions of them opens as fast as an empty one.
"""

from pymongo import ASCENDING

from storage.availability import limited
from storage.database import CHUNK, Database
from storage.documents import FORMAT
from storage.errors import NewerStore

_MARKER = {"_id": "format"}


class Upgrades:
    """Brings a store to FORMAT. Every method raises Unavailable, and may run many times at once.

    The marker is set last, so what a crash cut short is done again from the start; a document that
    has been upgraded is not written twice.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    async def run(self) -> None:
        """Bring every document that needs it to FORMAT; raises NewerStore."""
        if await self._known() < FORMAT:
            after: int | None = 0
            while after is not None:
                after = await self._upgrade_sites(after)
            await self._mark()

    @limited
    async def _known(self) -> int:
        return await known_format(self.database)

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
    async def _mark(self) -> None:
        await self.database.counters.update_one(_MARKER, {"$max": {"last": FORMAT}}, upsert=True)


async def known_format(database: Database) -> int:
    """Return the format that the store's marker names, 0 without one; raises NewerStore."""
    marker = await database.counters.find_one(_MARKER)
    found = marker["last"] if marker else 0
    # Anything else is no marker of ours: an upgrade harms nothing, and an inspection tells it.
    if not isinstance(found, int):
        return 0
    if found > FORMAT:
        raise NewerStore(found, FORMAT)
    return found
