"""Sites: what a site is, kept in one document with its configuration history."""

from collections.abc import Callable, Collection, Mapping, Sequence

from pymongo import ASCENDING

from storage.availability import bounded
from storage.clock import awake_or_not
from storage.creation import Creator
from storage.database import Database, Document
from storage.deletion import Deletion, Deletions
from storage.documents import PRESENT, SITE_PROJECTION, site_of
from storage.errors import UnknownSite, UnknownSites
from storage.ids import ids_after
from storage.known import KnownSites
from storage.layout import INDEX_BY_FILTER
from storage.looks import Looks
from storage.model import Creation, NewSite, Site, SitePage
from storage.watching import Watch


class Sites:
    """The sites of the store. Every method raises Unavailable when the database is."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = awake_or_not) -> None:
        self.database = database
        self._creator = Creator(database)
        self._deletion = Deletion(database)
        self._known = KnownSites(clock)
        self._looks = Looks(database)
        self._deletions = Deletions(database)

    def watch(self, watch: Watch) -> None:
        """Let somebody watch the calls that callers share."""
        self._looks.watch = self._deletions.watch = watch

    async def create(self, sites: Sequence[NewSite]) -> Creation:
        """Create all of the sites or none; those that exist with the same content are no change.

        Ids must differ within the list. Raises SitesExist with every id that has other content,
        SiteBeingDeleted, NoIdsLeft.
        """
        return await self._creator.create(sites)

    @bounded
    async def get(self, site_id: int) -> Site:
        """Return what the site is; raises UnknownSite."""
        return site_of(await self._read(site_id))

    @bounded
    async def update(
        self, site_id: int, changes: Mapping[str, str], guard: Callable[[Site], None]
    ) -> Site:
        """Return the site with `name`, `location` or `time_zone` changed; raises UnknownSite.

        `guard` gets the site as it is before the change, and raises to refuse the change.
        """
        while True:
            document = await self._read(site_id)
            guard(site_of(document))
            changed = site_of({**document, **changes})
            if changed == site_of(document) or await self._set(document, changes):
                return changed

    async def delete(self, site_id: int) -> None:
        """Delete the site: unknown from now on, purged a little later; raises UnknownSite."""
        mark = await self._deletion.mark(site_id)
        self._known.forget(site_id)
        self._deletion.schedule(site_id, mark)

    async def require(self, site_id: int) -> None:
        """Return when there is such a site, or was within the last 5 s; else UnknownSite."""
        if site_id in self._known:
            return
        if not self._known.is_counted():
            await self._count_deletions()
        if site_id not in self._known:
            await self.look(site_id)

    @bounded
    async def look(self, site_id: int) -> None:
        """Return when there is such a site now; else UnknownSite."""
        generation = self._known.generation
        if not await self._looks.at(site_id):
            self._known.forget(site_id)
            raise UnknownSite(site_id)
        self._known.remember(site_id, generation)

    @bounded
    async def look_at_all(self, site_ids: Collection[int]) -> None:
        """Return when there are all of these sites now; else UnknownSites, which names the rest."""
        generation = self._known.generation
        there = {"_id": {"$in": [*site_ids]}, **PRESENT}
        found = {site["_id"] async for site in self.database.sites.find(there, {"_id": 1})}
        for site_id in found:
            self._known.remember(site_id, generation)
        if missing := set(site_ids) - found:
            raise UnknownSites(missing)

    @bounded
    async def _count_deletions(self) -> None:
        """Forget the sites that were there if one has been deleted since, here or elsewhere."""
        asked = self._known.now()
        self._known.hear(await self._deletions.count(), asked)

    async def sweep(self) -> None:
        """Finish the deletions that a crash has left unfinished; some only when called later."""
        await self._deletion.sweep()

    async def close(self) -> None:
        """End what runs in the background."""
        await self._looks.close()
        await self._deletions.close()
        await self._deletion.close()

    @bounded
    async def list(
        self,
        *,
        location: str | None,
        name: str | None,
        limit: int,
        after: int | None,
        among: Collection[int] | None = None,
    ) -> SitePage:
        """Return up to `limit` sites of that location and name, with ids greater than `after`.

        With `among` only those that it names, at most some thousands.
        """
        condition = _condition(location, name, ids_after(after, among))
        index = INDEX_BY_FILTER[location is not None, name is not None]
        found = self.database.sites.find(condition, SITE_PROJECTION).sort("_id", ASCENDING)
        sites = [site_of(document) async for document in found.hint(index).limit(limit + 1)]
        page = sites[:limit]
        return SitePage(page, page[-1]["id"] if len(sites) > limit else None)

    async def _read(self, site_id: int) -> Document:
        projection = {**SITE_PROJECTION, "version": 1}
        document = await self.database.sites.find_one({"_id": site_id, **PRESENT}, projection)
        if document is None:
            raise UnknownSite(site_id)
        return document

    async def _set(self, document: Document, changes: Mapping[str, str]) -> bool:
        """Change the site that was read; False when it has changed since."""
        result = await self.database.sites.update_one(
            {"_id": document["_id"], "version": document["version"]},
            {"$set": dict(changes), "$inc": {"version": 1}},
        )
        return result.matched_count > 0


def _condition(location: str | None, name: str | None, ids: Document) -> Document:
    """Return the filter; without name and location it must say what the index `present` says."""
    condition: Document = {"_id": ids}
    if location is not None:
        condition["location"] = location
    if name is not None:
        condition["name"] = name
    return condition if len(condition) > 1 else {**condition, **PRESENT}
