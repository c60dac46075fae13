"""Upkeep: what a worker does for the store while it serves."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from uuid import uuid4

from handlers.ports import Clock
from storage import SiteAges, StorageError, Store

logger = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
"""After each try, which itself takes as long as the database may take."""

SWEEP_SECONDS = 10.0
LEASE_EVERY_SECONDS = 60.0
SEAL_SECONDS = 600.0
RETENTION_SECONDS = 3_600.0
AGES_SECONDS = 60.0
"""From the end of a count of the sites by age to the next one."""

LEASE = "upkeep"
LEASE_SECONDS = 180
"""Prolonged every LEASE_EVERY_SECONDS; so long after a crash another worker seals and removes."""

FAREWELL_SECONDS = 1.0
LEAVE_SECONDS = 0.3

Work = Callable[[], Awaitable[None]]

DUTIES = {
    "prepare": "the preparation of the store",
    "sweep": "the sweep",
    "lease": "the lease",
    "seal": "the sealing",
    "retain": "retention",
    "ages": "the count of sites by age",
}
"""What the upkeep does, and how the log calls it."""


@dataclass
class Record:
    """What the upkeep of a process has done: numbers that only grow, and how things stand."""

    runs: dict[tuple[str, str], int] = field(
        default_factory=lambda: {(duty, how): 0 for duty in DUTIES for how in ("done", "failed")}
    )
    """By duty and outcome."""
    last_success: dict[str, float] = field(default_factory=dict[str, float])
    """By duty, in UTC seconds."""
    sealed_days: int = 0
    sealed_readings: int = 0
    removed_days: int = 0
    holds_lease: bool = False
    ages: SiteAges | None = None
    """What the holder of the lease counted last; None for who does not hold it."""


@asynccontextmanager
async def upkeep(
    store: Store,
    clock: Clock,
    retention_days: int | None = None,
    record: Record | None = None,
) -> AsyncGenerator[None]:
    """Keep the store prepared, swept and sealed; in the end disconnect it, for a second at most.

    With `retention_days` the settled days that are older are removed. What is done is recorded.

    A task inside a database call can miss being cancelled before Python 3.12
    (https://github.com/python/cpython/issues/86296), and a database that hangs answers no farewell.
    """
    keeper = Upkeep(store, clock, retention_days, record or Record())
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

    Every worker sweeps. One of them at a time, which holds the lease, seals, removes what is too
    old and counts the sites by age: it would do no harm if two did, and no good.
    """

    def __init__(
        self, store: Store, clock: Clock, retention_days: int | None, record: Record
    ) -> None:
        self._store = store
        self._clock = clock
        self._retention_days = retention_days
        self._record = record
        self._owner = uuid4().hex
        self._holds_lease = asyncio.Event()

    async def run(self) -> None:
        """Prepare the store, and then look after it until cancelled."""
        await self._prepare()
        async with asyncio.TaskGroup() as duties:
            duties.create_task(self._repeat("sweep", self._sweep, SWEEP_SECONDS))
            duties.create_task(self._repeat("lease", self._take_lease, LEASE_EVERY_SECONDS))
            duties.create_task(self._as_holder("seal", self._seal, SEAL_SECONDS))
            duties.create_task(self._as_holder("ages", self._count_ages, AGES_SECONDS))
            if self._retention_days is not None:
                retain = partial(self._retain, self._retention_days)
                duties.create_task(self._as_holder("retain", retain, RETENTION_SECONDS))

    async def end(self) -> None:
        """Leave the lease, if there is time for it, and disconnect the store."""
        if self._holds_lease.is_set():
            leaving = asyncio.create_task(_succeeds("the end of the lease", self._leave))
            await asyncio.wait({leaving}, timeout=LEAVE_SECONDS)
        await self._store.disconnect()

    async def _prepare(self) -> None:
        while True:
            if await self._does("prepare", self._store.prepare):
                return
            await asyncio.sleep(RETRY_SECONDS)

    async def _repeat(self, duty: str, work: Work, every: float) -> None:
        while True:
            await self._does(duty, work)
            await asyncio.sleep(every)

    async def _as_holder(self, duty: str, work: Work, every: float) -> None:
        """Do it whenever the lease is held, so many seconds apart; sooner after a failure."""
        while True:
            await self._holds_lease.wait()
            done = await self._does(duty, work)
            await asyncio.sleep(every if done else LEASE_EVERY_SECONDS)

    async def _take_lease(self) -> None:
        if await self._store.lease.take(LEASE, self._owner, seconds=LEASE_SECONDS):
            self._holds_lease.set()
        else:
            self._holds_lease.clear()
            self._record.ages = None
        self._record.holds_lease = self._holds_lease.is_set()

    async def _leave(self) -> None:
        await self._store.lease.leave(LEASE, self._owner)

    async def _sweep(self) -> None:
        await self._store.sites.sweep()

    async def _seal(self) -> None:
        sealed = await self._store.seal()
        self._record.sealed_days += sealed.days
        self._record.sealed_readings += sealed.readings
        if sealed.days:
            logger.info("settled days were sealed", extra=sealed._asdict())

    async def _retain(self, days: int) -> None:
        removed = await self._store.retention.remove(days=days)
        self._record.removed_days += removed
        if removed:
            logger.info("days that are too old were removed", extra={"days": removed})

    async def _count_ages(self) -> None:
        ages = await self._store.staleness.count()
        if self._holds_lease.is_set():
            self._record.ages = ages

    async def _does(self, duty: str, work: Work) -> bool:
        """Do a duty and record it; return whether it succeeded."""
        done = await _succeeds(DUTIES[duty], work)
        self._record.runs[duty, "done" if done else "failed"] += 1
        if done:
            self._record.last_success[duty] = self._clock()
        return done


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
