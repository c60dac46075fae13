"""Upkeep: what a worker does for the store while it serves."""

import asyncio
import logging
from collections.abc import Awaitable
from contextlib import suppress

from handlers.ports import Clock
from storage import StorageError, Store

logger = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
"""After each try, which itself takes as long as the database may take."""
SWEEP_SECONDS = 60.0


async def keep_up(store: Store, clock: Clock, stopping: asyncio.Event) -> None:
    """Prepare the store as soon as the database lets us, then sweep it, until told to stop.

    It is told by an event, because a task inside a database call can miss being cancelled before
    Python 3.12: https://github.com/python/cpython/issues/86296
    """
    while not stopping.is_set() and not await _succeeds(store.prepare()):
        await _pause(stopping, RETRY_SECONDS)
    while not stopping.is_set():
        await _succeeds(store.sites.sweep(clock()))
        await _pause(stopping, SWEEP_SECONDS)


async def _succeeds(work: Awaitable[None]) -> bool:
    try:
        await work
    except StorageError as error:
        logger.warning("waiting for the database: %s", error)
        return False
    return True


async def _pause(stopping: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stopping.wait(), seconds)
