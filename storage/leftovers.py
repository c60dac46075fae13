"""Readings left in `live` whose day has a document: what an interrupted merge leaves behind.

They are no fault. Readers take the document's where both have an instant, and the next sealing
moves the others into it.
"""

from collections.abc import Mapping

from storage.database import Database, Document
from storage.documents import reading_of, readings_of
from storage.findings import Finding, note, place
from storage.ids import DAY_SECONDS, site_and_day, span


class Leftovers:
    """Finds them day by day, along ascending ids. The caller bounds the time."""

    def __init__(self, database: Database, validators: Mapping[str, Document]) -> None:
        self.database = database
        self._sound = {name: {"$jsonSchema": validators[name]} for name in ("live", "days")}
        self._last = -1

    async def of(self, day_ids: list[int]) -> list[Finding]:
        """Return a finding for each of the days that has a document, unless it was the last one.

        The ids are ascending, and of days of which `live` has readings.
        """
        asked = [number for number in day_ids if number > self._last]
        self._last = max(day_ids, default=self._last)
        found = self.database.days.find({"_id": {"$in": asked}}, {"_id": 1})
        closed = sorted([document["_id"] async for document in found])
        return [finding for number in closed for finding in await self._compare(number)]

    async def _compare(self, number: int) -> list[Finding]:
        """Compare a day's readings in `live` with its document, as far as both are sound."""
        site_id, day = site_and_day(number)
        rows = span(site_id, day * DAY_SECONDS, (day + 1) * DAY_SECONDS)
        left = self.database.live.find({"_id": rows, **self._sound["live"]})
        readings = dict([reading_of(document) async for document in left])
        document = await self.database.days.find_one({"_id": number, **self._sound["days"]})
        if document is None or not readings:
            return []
        settled = readings_of(document)
        same = sum(settled.get(instant) == values for instant, values in readings.items())
        missing = sum(instant not in settled for instant in readings)
        differing = len(readings) - same - missing
        said = f"{len(readings)} readings of this settled day are left in live"
        parts = f"{same} as in its document, {differing} with other values, {missing} not in it yet"
        return [note("left in live", f"{place('days', number)}: {said}: {parts}")]
