"""Whether the store can do its work, by what the database says just now."""

import asyncio
from collections.abc import Callable
from contextvars import Context

import pymongo
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern

from storage.availability import limited
from storage.database import Database
from storage.errors import Hindrance, NotReady, Unavailable, UnsuitableServer
from storage.rights import require_rights
from storage.server import greet
from storage.upgrades import known_format

READY_SECONDS = 2.0
"""A probe that asks whether the store is ready does not wait longer for an answer."""

_ABOUT_SERVERS = frozenset({"no_server", "timeout", "connection", "not_primary", "other"})
"""What a database may be that has ended for want of room on its disk, or is about to."""


class Readiness:
    """Looks whether the store can do its work; who asks while somebody looks gets that answer.

    So anybody may ask as often as they like. `has_room` tells whether there is room left on the
    database's disk, where that is known.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.has_room: Callable[[], bool] = lambda: True
        self.hindrance: Hindrance | None = None
        """What has kept the store from being prepared."""
        self._look: asyncio.Task[None] | None = None

    async def check(self) -> None:
        """Return when the store can do its work, within READY_SECONDS; else NotReady."""
        if self._look is None or self._look.done():
            self._look = asyncio.create_task(self._check(), context=Context())
            self._look.add_done_callback(_hear)
        await asyncio.shield(self._look)

    async def _check(self) -> None:
        try:
            await self._ask()
        except (Unavailable, UnsuitableServer) as error:
            raise NotReady(self._kind(error), str(error)) from error
        if not self.database.prepared:
            kind = self.hindrance or "not_prepared"
            raise NotReady(kind, "the collections have not been prepared yet")

    @limited
    async def _ask(self) -> None:
        with pymongo.timeout(READY_SECONDS):
            await greet(self.database)
            await known_format(self.database)
            await require_rights(self.database)
            await self._confirm()

    async def _confirm(self) -> None:
        """Return when a majority of the servers confirms that the one asked is their primary.

        A primary that has lost them takes writes, and confirms none, until it finds that out.
        """
        if self.database.plain:
            return
        counters = self.database.counters.with_options(read_concern=ReadConcern("linearizable"))
        try:
            await counters.find_one({"_id": "format"})
        except PyMongoError as error:
            if not error.timeout:
                raise
            raise Unavailable("no majority confirms", "write_concern") from error

    def _kind(self, error: Unavailable | UnsuitableServer) -> Hindrance:
        kind = kind_of(error)
        if kind in _ABOUT_SERVERS and not self.has_room():
            return "disk_full"
        if kind == "no_server" and self.database.raw.client.topology_description.known_servers:
            return "not_primary"
        return kind


def kind_of(error: Unavailable | UnsuitableServer) -> Hindrance:
    """Return what the error says that keeps the database from its work."""
    return "other" if error.kind is None else error.kind


def _hear(look: asyncio.Task[None]) -> None:
    """Take the outcome for heard, also when all who asked have gone."""
    if not look.cancelled():
        look.exception()
