"""The creation of sites: all of a list or none, and the same again is no change."""

from collections.abc import Iterable, Mapping, Sequence

from pymongo.errors import BulkWriteError

from storage.availability import bounded
from storage.database import Database, Document
from storage.documents import SITE_PROJECTION, site_document, site_of
from storage.duplicates import duplicate_ids
from storage.errors import SiteBeingDeleted, SitesExist
from storage.model import Creation, NewSite, Site
from storage.numbering import Numbering


class Creator:
    """Creates sites with ids that clients have chosen, or with the next that were never used."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._numbering = Numbering(database)

    @bounded
    async def create(self, sites: Sequence[NewSite]) -> Creation:
        """Return the sites as they are stored now; raises SitesExist, SiteBeingDeleted, NoIdsLeft.

        When one of them gets an id that is taken in between, all of them are looked at again.
        """
        while True:
            stored = await self._find([site["id"] for site in sites if "id" in site])
            _refuse_clashes(sites, stored)
            numbered = await self._number(sites)
            new = [site for site in numbered if site["id"] not in stored]
            if await self._insert(new):
                return Creation(numbered, created=bool(new))

    async def _find(self, ids: Sequence[int]) -> dict[int, Document]:
        if not ids:
            return {}
        found = self.database.sites.find({"_id": {"$in": ids}}, SITE_PROJECTION)
        return {document["_id"]: document async for document in found}

    async def _number(self, sites: Sequence[NewSite]) -> list[Site]:
        given = {site["id"] for site in sites if "id" in site}
        taken = iter(await self._numbering.take(sum("id" not in site for site in sites), given))
        return [_complete(site, site["id"] if "id" in site else next(taken)) for site in sites]

    async def _insert(self, sites: Sequence[Site]) -> bool:
        """Insert all or none; False when an id has been taken meanwhile."""
        documents = [site_document(site) for site in sites]
        try:
            if len(documents) == 1:
                await self.database.sites.insert_many(documents)
            elif documents:
                await self.database.transaction(
                    lambda session: self.database.sites.insert_many(documents, session=session)
                )
        except BulkWriteError as error:
            return not duplicate_ids(error)
        return True


def _complete(site: NewSite, site_id: int) -> Site:
    return Site(
        id=site_id,
        name=site["name"],
        location=site["location"],
        time_zone=site.get("time_zone", "UTC"),
    )


def _refuse_clashes(sites: Iterable[NewSite], stored: Mapping[int, Document]) -> None:
    """Raise unless each stored one of the sites has the content asked for."""
    asked = {site["id"]: site for site in sites if "id" in site}
    deleted = [number for number, document in stored.items() if "name" not in document]
    clashing = [
        number
        for number, document in stored.items()
        if number not in deleted and site_of(document) != _complete(asked[number], number)
    ]
    if clashing:
        raise SitesExist(clashing)
    if deleted:
        raise SiteBeingDeleted(deleted)
