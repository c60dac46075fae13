"""Configurations: how a site is built, with its history, nested in the site's document."""

from storage.availability import bounded
from storage.database import Database, Document
from storage.documents import PRESENT
from storage.errors import NoConfiguration, TooManyRevisions, UnknownRevision, UnknownSite
from storage.history import (
    SINCE_EVER,
    in_force,
    next_revision,
    same_configuration,
    stretches,
)
from storage.model import Configuration, Pushed, Revision, Revisions, Stretches

MOST_REVISIONS = 1_000
_HISTORY = {"configurations": 1, "version": 1}


class Configurations:
    """The configuration histories of sites. Every method raises UnknownSite and Unavailable."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @bounded
    async def push(
        self, site_id: int, configuration: Configuration, *, effective_from: int | None, now: int
    ) -> Pushed:
        """Add a revision, unless the one in force at `effective_from` says the same already.

        Without `effective_from` it is in force from now on, a site's first one since ever.
        Raises TooManyRevisions.
        """
        while True:
            document = await self._read(site_id)
            revisions = document["configurations"]
            default = now if revisions else SINCE_EVER
            since = default if effective_from is None else effective_from
            standing = in_force(revisions, since)
            if standing is not None and same_configuration(standing, configuration):
                return Pushed(standing, created=False)
            if len(revisions) >= MOST_REVISIONS:
                raise TooManyRevisions(site_id, MOST_REVISIONS)
            revision = next_revision(revisions, configuration, since, now)
            if await self._append(document, revision):
                return Pushed(revision, created=True)

    @bounded
    async def get(self, site_id: int, *, at: int) -> Revision:
        """Return the revision in force at an instant; raises NoConfiguration."""
        revision = in_force(await self._revisions(site_id), at)
        if revision is None:
            raise NoConfiguration(site_id, at)
        return revision

    @bounded
    async def get_revision(self, site_id: int, revision: int) -> Revision:
        """Return one revision of the history; raises UnknownRevision."""
        for known in await self._revisions(site_id):
            if known["revision"] == revision:
                return known
        raise UnknownRevision(site_id, revision)

    @bounded
    async def list(self, site_id: int) -> Revisions:
        """Return the history, newest revision first; at most MOST_REVISIONS."""
        revisions = await self._revisions(site_id)
        return sorted(revisions, key=lambda revision: revision["revision"], reverse=True)

    @bounded
    async def stretches(self, site_id: int, *, start: int, end: int) -> Stretches:
        """Return the configurations in force within [start, end), in order, each once a time."""
        return stretches(await self._revisions(site_id), start, end)

    async def _revisions(self, site_id: int) -> Revisions:
        revisions: Revisions = (await self._read(site_id))["configurations"]
        return revisions

    async def _read(self, site_id: int) -> Document:
        document = await self.database.sites.find_one({"_id": site_id, **PRESENT}, _HISTORY)
        if document is None:
            raise UnknownSite(site_id)
        return document

    async def _append(self, document: Document, revision: Revision) -> bool:
        """Append to the history that was read; False when the site has changed since."""
        result = await self.database.sites.update_one(
            {"_id": document["_id"], "version": document["version"]},
            {"$push": {"configurations": revision}, "$inc": {"version": 1}},
        )
        return result.matched_count > 0
