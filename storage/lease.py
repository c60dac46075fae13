"""Leases: work that only one worker needs to do at a time.

A lease saves work and nothing else. Whoever loses one without knowing it does no harm: all that is
done under a lease is safe when two do it.
"""

from pymongo.errors import DuplicateKeyError

from storage.availability import bounded
from storage.database import Database, Document


class Lease:
    """The leases of the store, by name. Every method raises Unavailable."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @bounded
    async def take(self, name: str, owner: str, *, seconds: int) -> bool:
        """Return whether the owner holds the lease for these seconds from now on.

        False when another holds it. One's own lease is prolonged; the time is the server's.
        """
        now = await self.database.clock()
        terms = {"owner": owner, "until": now + seconds}
        return await self._take_over(name, terms, now) or await self._take_first(name, terms)

    @bounded
    async def leave(self, name: str, owner: str) -> None:
        """Give the lease up, if the owner holds it."""
        await self.database.leases.delete_one({"_id": name, "owner": owner})

    async def _take_over(self, name: str, terms: Document, now: int) -> bool:
        """Take a lease that is one's own or has run out; of two at once one finds it taken."""
        free = {"_id": name, "$or": [{"owner": terms["owner"]}, {"until": {"$lte": now}}]}
        return (await self.database.leases.update_one(free, {"$set": terms})).matched_count > 0

    async def _take_first(self, name: str, terms: Document) -> bool:
        """Take a lease that nobody ever had, or that was left."""
        try:
            await self.database.leases.insert_one({"_id": name, **terms})
        except DuplicateKeyError:
            return False
        return True
