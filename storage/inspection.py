"""The inspection of a store: every rule that its documents must keep, looked at in all of them.

It only reads, some documents at a time in the order of their ids, and holds no more than those. A
service may run beside it: what could come from a change under way is looked at again before it is
said.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import bson
from bson.min_key import MinKey
from pymongo import DESCENDING

from storage.availability import limited
from storage.database import CHUNK, Database, Document
from storage.days import last_sealable
from storage.documents import FORMAT
from storage.findings import (
    Finding,
    day_findings,
    newer_format,
    note,
    place,
    reading_findings,
    site_findings,
    stamp,
    wrong,
)
from storage.ids import day_id, day_of, day_span, site_and_day, site_and_instant, span
from storage.leftovers import Leftovers
from storage.upgrades import known_format, oldest_format

AT_ONCE: Mapping[str, int] = {"sites": 100, "days": 16}
"""Documents that are read at once where they may be large: 1,000 revisions, 86,400 readings."""

_READ: Mapping[str, Document] = {
    "sites": {
        "format": 1,
        "deleted_at": 1,
        "time_zone": 1,
        **{f"configurations.{field}": 1 for field in ("revision", "effective_from", "recorded_at")},
    },
    "live": {"f": 1},
    "days": {},
}
"""What is read of the documents of a collection; of the others all."""


@dataclass
class Census:
    """Numbers of what a store holds, as far as it is sound.

    Deleted sites are not among the `sites`; the unsealed readings are those of `live` whose days
    could be sealed.
    """

    sites: int = 0
    deleted: int = 0
    live_readings: int = 0
    unsealed_readings: int = 0
    days: int = 0
    settled_readings: int = 0


class Inspection:
    """One inspection of a store. Raises Unavailable, and NewerStore before anything is read."""

    def __init__(self, database: Database, validators: Mapping[str, Document]) -> None:
        self.database = database
        self.census = Census()
        self._validators = validators
        self._leftovers = Leftovers(database, validators)
        self._looked_up: dict[str, int] = {}

    async def findings(self) -> AsyncIterator[Finding]:
        """Yield what is found, as it is found; the census is whole at the end."""
        now, found = await self._begin()
        for finding in found:
            yield finding
        for name in self._validators:
            async for chunk in self._walk(name):
                for finding in await self._look(name, chunk, now):
                    yield finding
        for finding in await self._look_at_numbering():
            yield finding

    @limited
    async def _begin(self) -> tuple[int, list[Finding]]:
        await known_format(self.database)
        now, oldest = await self.database.clock(), await oldest_format(self.database)
        said = f"the store has format {oldest}; `sitewatt serve` upgrades it to {FORMAT}"
        return now, [note("format", said)] if oldest < FORMAT else []

    async def _walk(self, name: str) -> AsyncIterator[list[Document]]:
        """Yield all documents of a collection in the order of their ids, of whatever type."""
        after: Any = MinKey()
        while chunk := await self._chunk(name, after):
            yield chunk
            after = chunk[-1]["_id"]

    @limited
    async def _chunk(self, name: str, after: Any) -> list[Document]:
        """Return the documents that follow an id; a bound of the index knows no types of ids."""
        found = self.database.raw[name].find({}, _READ.get(name))
        found = found.min([("_id", after)]).hint([("_id", 1)])
        chunk = [document async for document in found.limit(AT_ONCE.get(name, CHUNK) + 1)]
        return chunk[1:] if chunk and _same(chunk[0]["_id"], after) else chunk

    @limited
    async def _look(self, name: str, chunk: list[Document], now: int) -> list[Finding]:
        newer = [finding for document in chunk if (finding := newer_format(name, document))]
        known = [document for document in chunk if newer_format(name, document) is None]
        broken = await self._broken(name, known)
        said = "it breaks the rules of its collection"
        invalid = [
            wrong("broken document", f"{place(name, document['_id'])}: {said}")
            for document in known
            if _key(document["_id"]) in broken
        ]
        sound = [document for document in known if _key(document["_id"]) not in broken]
        return newer + invalid + await self._look_at_sound(name, sound, now)

    async def _broken(self, name: str, chunk: list[Document]) -> set[bytes]:
        """Return the ids of those that do not keep their validator, in the server's judgement."""
        validator = {"$jsonSchema": self._validators[name]}
        ids = [document["_id"] for document in chunk]
        condition = {"_id": {"$in": ids}, "$nor": [validator]}
        found = self.database.raw[name].find(condition, {"_id": 1})
        return {_key(document["_id"]) async for document in found}

    async def _look_at_sound(self, name: str, chunk: list[Document], now: int) -> list[Finding]:
        if name == "sites":
            return self._look_at_sites(chunk, now)
        if name == "live":
            return await self._look_at_live([document["_id"] for document in chunk], now)
        if name == "days":
            return await self._look_at_days(chunk, now)
        return [_lease(lease, now) for lease in chunk] if name == "leases" else []

    def _look_at_sites(self, chunk: list[Document], now: int) -> list[Finding]:
        deleted = sum("deleted_at" in site for site in chunk)
        self.census.deleted += deleted
        self.census.sites += len(chunk) - deleted
        return [finding for site in chunk for finding in site_findings(site, now)]

    async def _look_at_live(self, ids: list[int], now: int) -> list[Finding]:
        self.census.live_readings += len(ids)
        places = [site_and_instant(number) for number in ids]
        old = last_sealable(now)
        self.census.unsealed_readings += sum(day_of(instant) <= old for _, instant in places)
        orphans = await self._orphans("live", {site_id for site_id, _ in places})
        early = [finding for number in ids for finding in reading_findings(number, now)]
        days = {day_id(site_id, day_of(instant)): None for site_id, instant in places}
        return orphans + early + await self._leftovers.of([*days])

    async def _look_at_days(self, chunk: list[Document], now: int) -> list[Finding]:
        self.census.days += len(chunk)
        self.census.settled_readings += sum(len(day["t"]) for day in chunk)
        orphans = await self._orphans("days", {site_and_day(day["_id"])[0] for day in chunk})
        return orphans + [finding for day in chunk for finding in day_findings(day, now)]

    async def _orphans(self, name: str, site_ids: Iterable[int]) -> list[Finding]:
        """Return a finding for each site that is none, though it has documents in the collection.

        A purge takes the site last: when it ended meanwhile, there are no documents any more.
        """
        said = f"{name}: there are documents of site {{}}, and there is no such site"
        whole = span if name == "live" else day_span
        return [
            wrong("no such site", said.format(site_id))
            for site_id in await self._unknown(name, site_ids)
            if await self.database.raw[name].find_one({"_id": whole(site_id)}, {"_id": 1})
        ]

    async def _unknown(self, name: str, site_ids: Iterable[int]) -> list[int]:
        """Return the sites that are none, not even deleted ones; those looked up before are not.

        In a walk along ids only the last site of the chunk before can come again.
        """
        before = self._looked_up.get(name)
        asked = [site_id for site_id in sorted(site_ids) if site_id != before]
        found = self.database.sites.find({"_id": {"$in": asked}}, {"_id": 1})
        known = {site["_id"] async for site in found}
        self._looked_up[name] = asked[-1] if asked else before or 0
        return [site_id for site_id in asked if site_id not in known]

    @limited
    async def _look_at_numbering(self) -> list[Finding]:
        sound = {"_id": "sites", "$jsonSchema": self._validators["counters"]}
        counter = await self.database.counters.find_one(sound)
        last = counter["last"] if counter else 0
        largest = max(await self._largest("sites"), await self._largest("retired"))
        if last >= largest:
            return []
        said = f"the last id given is {last}, and there are ids up to {largest}: those are skipped"
        return [note("numbering", f"counters: {said}")]

    async def _largest(self, name: str) -> int:
        found = self.database.raw[name].find({"_id": {"$gt": 0}}, {"_id": 1})
        return max([s["_id"] async for s in found.sort("_id", DESCENDING).limit(1)], default=0)


def _lease(lease: Document, now: int) -> Finding:
    held = "is held" if lease["until"] > now else "was held"
    said = f"{held} by {lease['owner'][:60]} until {stamp(lease['until'])}"
    return note("lease", f"leases: {lease['_id'][:60]} {said}")


def _key(identity: Any) -> bytes:
    """Return what two ids have in common only when they are the same, whatever their types."""
    return bson.encode({"": identity})


def _same(one: Any, other: Any) -> bool:
    return _key(one) == _key(other)
