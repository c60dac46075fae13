"""The store: everything that is remembered, in one MongoDB database."""

from collections.abc import Mapping
from typing import Any

import pymongo
from pymongo.asynchronous.database import AsyncDatabase

from storage import layout
from storage.availability import bounded, limited
from storage.clock import Clock
from storage.configurations import Configurations
from storage.database import Database, Document
from storage.live import Live
from storage.server import greet
from storage.sites import Sites
from storage.validators import validators

READY_SECONDS = 2.0
"""A probe that asks whether the store is ready does not wait longer for an answer."""


class Store:
    """Sites, their configurations and their readings. Every method raises Unavailable."""

    def __init__(
        self,
        database: AsyncDatabase[Document],
        *,
        schemas: Mapping[str, Any],
        clock: Clock | None = None,
        plain: bool = False,
    ) -> None:
        """Take a database, and a clock in place of its server's.

        `plain` is for one that knows neither transactions nor $lookup with a pipeline.
        """
        self.database = Database.of(database, clock, plain=plain)
        self._validators = validators(schemas)
        self.sites = Sites(self.database)
        self.configurations = Configurations(self.database)
        self.live = Live(self.database, self.sites)

    @limited
    async def prepare(self) -> None:
        """Make collections, validators and indexes what they must be; safe from many workers."""
        await greet(self.database)
        await layout.prepare(self.database, self._validators)
        self.database.prepared = True

    @bounded
    async def ready(self) -> None:
        """Return when the store can do its work, within READY_SECONDS; else Unavailable."""
        with pymongo.timeout(READY_SECONDS):
            await self._greet()

    @limited
    async def ping(self) -> None:
        """Return when the server suits and takes writes, prepared or not; else Unavailable."""
        await self._greet()

    async def _greet(self) -> None:
        await greet(self.database)
        await self.database.counters.find_one({"_id": "sites"})

    async def close(self) -> None:
        """End what runs in the background; the client is closed by whoever connected it."""
        await self.live.close()
        await self.sites.close()

    async def disconnect(self) -> None:
        """Close the store and the client of its database."""
        await self.close()
        await self.database.raw.client.close()
