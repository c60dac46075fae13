"""The store: everything that is remembered, in one MongoDB database."""

from collections.abc import Mapping
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from storage import layout
from storage.analysis import Analysis
from storage.availability import limited
from storage.clock import Clock
from storage.configurations import Configurations
from storage.database import Database, Document
from storage.errors import Unavailable, UnsuitableServer
from storage.fleet import Fleet
from storage.inspection import Inspection
from storage.keys import Keys
from storage.lease import Lease
from storage.live import Live
from storage.model import Sealed
from storage.readiness import Readiness, kind_of
from storage.retention import Retention
from storage.rights import require_rights
from storage.server import greet
from storage.sites import Sites
from storage.staleness import Staleness
from storage.upgrades import Upgrades, known_format
from storage.validators import validators
from storage.watching import Watch


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

        `plain` is for one that knows neither transactions nor $unionWith.
        """
        self.database = Database.of(database, clock, plain=plain)
        self._validators = validators(schemas)
        self.sites = Sites(self.database)
        self.configurations = Configurations(self.database)
        self.live = Live(self.database, self.sites)
        self.analysis = Analysis(self.live, self.sites)
        self.fleet = Fleet(self.database, self.sites, self.live)
        self.staleness = Staleness(self.database, self.fleet)
        self.lease = Lease(self.database)
        self.keys = Keys(self.database)
        self.retention = Retention(self.database)
        self.readiness = Readiness(self.database)
        self._upgrades = Upgrades(self.database)

    def watch(self, watch: Watch) -> None:
        """Let somebody watch the calls of the database that callers share."""
        self.live.watch(watch)
        self.sites.watch(watch)
        self.keys.watch(watch)

    async def prepare(self) -> None:
        """Make collections, validators, indexes and documents what they must be.

        Safe from many workers. Raises UnsuitableServer, and NewerStore with nothing changed.
        """
        try:
            await self._prepare_collections()
            await self._upgrades.run()
        except (Unavailable, UnsuitableServer) as error:
            self.readiness.hindrance = kind_of(error)
            raise
        self.database.prepared = True

    @limited
    async def _prepare_collections(self) -> None:
        await self._greet()
        await layout.prepare(self.database, self._validators)

    def inspection(self) -> Inspection:
        """Return a new inspection of the store, prepared or not."""
        return Inspection(self.database, self._validators)

    async def seal(self) -> Sealed:
        """Move the readings of settled days into documents of their own; return how many."""
        return await self.live.seal()

    async def ready(self) -> None:
        """Return when the store can do its work, within READY_SECONDS; else NotReady."""
        await self.readiness.check()

    @limited
    async def ping(self) -> None:
        """Return when the server suits and takes writes, prepared or not; else Unavailable."""
        await self._greet()

    async def _greet(self) -> None:
        await greet(self.database)
        await require_rights(self.database)
        await known_format(self.database)

    async def close(self) -> None:
        """End what runs in the background; the client is closed by whoever connected it."""
        await self.live.close()
        await self.sites.close()
        await self.keys.close()

    async def disconnect(self) -> None:
        """Close the store and the client of its database."""
        await self.close()
        await self.database.raw.client.close()
