"""The store: everything that is remembered, in one MongoDB database."""

from collections.abc import Mapping
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from storage import layout
from storage.availability import bounded
from storage.configurations import Configurations
from storage.database import Database, Document
from storage.errors import Unavailable
from storage.live import Live
from storage.server import greet
from storage.sites import Sites
from storage.validators import validators


class Store:
    """Sites, their configurations and their readings. Every method raises Unavailable."""

    def __init__(self, database: AsyncDatabase[Document], *, schemas: Mapping[str, Any]) -> None:
        self.database = Database.of(database)
        self._validators = validators(schemas)
        self.sites = Sites(self.database)
        self.configurations = Configurations(self.database)
        self.live = Live(self.database, self.sites.require)
        self._prepared = False

    @bounded
    async def prepare(self) -> None:
        """Make collections, validators and indexes what they must be; safe from many workers."""
        await greet(self.database)
        await layout.prepare(self.database, self._validators)
        self._prepared = True

    async def ready(self) -> None:
        """Return when the store is prepared and the database does its part; else Unavailable."""
        if not self._prepared:
            raise Unavailable("the collections have not been prepared yet")
        await self.ping()

    @bounded
    async def ping(self) -> None:
        """Return when a primary takes writes and reads what a majority has; else Unavailable."""
        await greet(self.database)
        await self.database.counters.find_one({"_id": "sites"})

    async def close(self) -> None:
        """End what runs in the background; the client is closed by whoever connected it."""
        await self.sites.close()

    async def disconnect(self) -> None:
        """Close the store and the client of its database."""
        await self.close()
        await self.database.raw.client.close()
