"""Documents of days without any reading: what a deletion leaves, or a push that was cut short."""

from pymongo import ASCENDING

from storage.availability import bounded
from storage.database import CHUNK, Database
from storage.days import last_removable
from storage.documents import WITHOUT_READINGS
from storage.ids import site_and_day


class EmptyDays:
    """Removes them; raises Unavailable. Those that are too young have to stand yet.

    The index names all that there are, so that no other day is looked at.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    async def remove(self) -> None:
        """Remove all that may go."""
        place: int | None = -1
        while place is not None:
            place = await self._step(place)

    @bounded
    async def _step(self, after: int) -> int | None:
        """Remove some of those that follow an id; return where to go on, None at the end.

        A day that gets a reading meanwhile does not keep the condition, and stays.
        """
        following = {**WITHOUT_READINGS, "_id": {"$gt": after}}
        found = self.database.days.find(following, {"_id": 1}).hint("empty")
        ids: list[int] = [each["_id"] async for each in found.sort("_id", ASCENDING).limit(CHUNK)]
        if not ids:
            return None
        oldest = last_removable(await self.database.clock())
        old = [number for number in ids if site_and_day(number)[1] <= oldest]
        if old:
            await self._remove(old)
        return ids[-1]

    async def _remove(self, ids: list[int]) -> None:
        await self.database.days.delete_many({"_id": {"$in": ids}, **WITHOUT_READINGS})
