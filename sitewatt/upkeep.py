"""Upkeep: what a worker does for the store while it serves."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager

from handlers.ports import Clock
from storage import StorageError, Store

logger = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
"""After each try, which itself takes as long as the database may take."""

SWEEP_SECONDS = 60.0
FAREWELL_SECONDS = 1.0


@asynccontextmanager
async def upkeep(store: Store, clock: Clock) -> AsyncGenerator[None]:
    """Keep the store prepared and swept; in the end disconnect it, for a second at most.

    A task inside a database call can miss being cancelled before Python 3.12
    (https://github.com/python/cpython/issues/86296), and a database that hangs answers no farewell.
    """
    task = asyncio.create_task(_keep_up(store, clock))
    try:
        yield
    finally:
        task.cancel()
        farewell = {task, asyncio.create_task(store.disconnect())}
        done, _ = await asyncio.wait(farewell, timeout=FAREWELL_SECONDS)
        await asyncio.gather(*done, return_exceptions=True)


async def _keep_up(store: Store, clock: Clock) -> None:
    prepared = False
    while True:
        prepared = prepared or await _succeeds(store.prepare())
        if prepared:
            await _succeeds(store.sites.sweep(clock()))
        await asyncio.sleep(SWEEP_SECONDS if prepared else RETRY_SECONDS)


async def _succeeds(work: Awaitable[None]) -> bool:
    try:
        await work
    except StorageError as error:
        logger.warning("waiting for the database: %s", error)
    # Whatever it is: without this task nothing would prepare the store, and nobody would know why.
    except Exception:
        logger.exception("the upkeep of the store failed; it is tried again")
    else:
        return True
    return False
