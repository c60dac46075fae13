"""Upkeep: what a worker does for the store while it serves."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from uuid import uuid4

from handlers.ports import Clock
from storage import StorageError, Store

logger = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
"""After each try, which itself takes as long as the database may take."""

SWEEP_SECONDS = 60.0
SEAL_SECONDS = 600.0
RETENTION_SECONDS = 3_600.0

LEASE = "upkeep"
LEASE_SECONDS = 180
"""Prolonged every SWEEP_SECONDS; so long after a crash another worker seals and removes."""

FAREWELL_SECONDS = 1.0
LEAVE_SECONDS = 0.3

Work = Callable[[], Awaitable[None]]


@asynccontextmanager
async def upkeep(
    store: Store, clock: Clock, retention_days: int | None = None
) -> AsyncGenerator[None]:
    """Keep the store prepared, swept and sealed; in the end disconnect it, for a second at most.

    With `retention_days` the settled days that are older are removed.

    A task inside a database call can miss being cancelled before Python 3.12
    (https://github.com/python/cpython/issues/86296), and a database that hangs answers no farewell.
    """
    keeper = Upkeep(store, clock, retention_days)
    task = asyncio.create_task(keeper.run())
    try:
        yield
    finally:
        task.cancel()
        farewell = {task, asyncio.create_task(keeper.end())}
        done, _ = await asyncio.wait(farewell, timeout=FAREWELL_SECONDS)
        await asyncio.gather(*done, return_exceptions=True)


class Upkeep:
    """One worker's upkeep. Whatever fails is logged, tried again, and stops nothing else.

    Every worker sweeps. One of them at a time, which holds the lease, seals and removes what is too
    old: it would do no harm if two did, and no good.
    """

    def __init__(self, store: Store, clock: Clock, retention_days: int | None) -> None:
        self._store = store
        self._clock = clock
        self._retention_days = retention_days
        self._owner = uuid4().hex
        self._holds_lease = asyncio.Event()

    async def run(self) -> None:
        """Prepare the store, and then look after it until cancelled."""
        await self._prepare()
        async with asyncio.TaskGroup() as duties:
            duties.create_task(self._repeat("the sweep", self._sweep, SWEEP_SECONDS))
            duties.create_task(self._repeat("the lease", self._take_lease, SWEEP_SECONDS))
            duties.create_task(self._as_holder("the sealing", self._seal, SEAL_SECONDS))
            if self._retention_days is not None:
                retain = partial(self._retain, self._retention_days)
                duties.create_task(self._as_holder("retention", retain, RETENTION_SECONDS))

    async def end(self) -> None:
        """Leave the lease, if there is time for it, and disconnect the store."""
        if self._holds_lease.is_set():
            leaving = asyncio.create_task(_succeeds("the end of the lease", self._leave))
            await asyncio.wait({leaving}, timeout=LEAVE_SECONDS)
        await self._store.disconnect()

    async def _prepare(self) -> None:
        while True:
            if await _succeeds("the preparation of the store", self._store.prepare):
                return
            await asyncio.sleep(RETRY_SECONDS)

    async def _repeat(self, name: str, work: Work, every: float) -> None:
        while True:
            await _succeeds(name, work)
            await asyncio.sleep(every)

    async def _as_holder(self, name: str, work: Work, every: float) -> None:
        """Do it whenever the lease is held, so many seconds apart; sooner after a failure."""
        while True:
            await self._holds_lease.wait()
            done = await _succeeds(name, work)
            await asyncio.sleep(every if done else SWEEP_SECONDS)

    async def _take_lease(self) -> None:
        if await self._store.lease.take(LEASE, self._owner, seconds=LEASE_SECONDS):
            self._holds_lease.set()
        else:
            self._holds_lease.clear()

    async def _leave(self) -> None:
        await self._store.lease.leave(LEASE, self._owner)

    async def _sweep(self) -> None:
        await self._store.sites.sweep(self._clock())

    async def _seal(self) -> None:
        sealed = await self._store.seal()
        if sealed.days:
            logger.info("settled days were sealed", extra=sealed._asdict())

    async def _retain(self, days: int) -> None:
        removed = await self._store.retention.remove(days=days)
        if removed:
            logger.info("days that are too old were removed", extra={"days": removed})


async def _succeeds(name: str, work: Work) -> bool:
    try:
        await work()
    except StorageError as error:
        logger.warning("%s waits for the database: %s", name, error)
    # Whatever it is: without this task nothing would do the work, and nobody would know why.
    except Exception:
        logger.exception("%s failed; it is tried again", name)
    else:
        return True
    return False
