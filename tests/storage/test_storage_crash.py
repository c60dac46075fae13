"""What has been acknowledged survives a kill of the database, and a list is never half there."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest
from private_mongod import PrivateMongod

from storage import NewSite, Store, Unavailable, connect

ROW = (1.0, 2.0, 3.0, True, True, True)
SITES: list[NewSite] = [{"id": number, "name": "Any", "location": "x"} for number in range(1, 6)]


async def long_ago() -> int:
    """A server's clock to which the readings below are new."""
    return 0


async def test_every_acknowledged_reading_survives_a_kill(
    own_mongod: PrivateMongod, schemas: dict[str, Any]
) -> None:
    acknowledged: set[int] = set()
    killed = asyncio.Event()
    async with connect(own_mongod.uri, timeout=2) as client:
        store = Store(client["crash"], schemas=schemas, clock=long_ago)
        await store.prepare()
        await store.sites.create(SITES)

        async def pusher(first: int) -> None:
            instants = iter(range(first, 10**6, 10))
            with suppress(Unavailable):
                while not killed.is_set():
                    instant = next(instants)
                    await store.live.push(1, {instant: ROW})
                    acknowledged.add(instant)

        pushers = asyncio.gather(*(pusher(first) for first in range(10)))
        await asyncio.sleep(0.5)
        await asyncio.to_thread(own_mongod.kill_and_restart)
        killed.set()
        await pushers
    async with connect(own_mongod.uri, timeout=10) as client:
        store = Store(client["crash"], schemas=schemas)
        await store.prepare()
        page = await store.live.list(1, start=0, end=10**6, descending=False, limit=10**6)
    stored = {*page.series.instants}
    assert len(acknowledged) > 50
    assert acknowledged <= stored


async def test_a_list_whose_creation_a_crash_cuts_short_is_not_there_at_all(
    own_mongod: PrivateMongod, schemas: dict[str, Any]
) -> None:
    async with connect(own_mongod.uri, timeout=5) as client:
        store = Store(client["crash"], schemas=schemas)
        await store.prepare()
        slow = {"failCommands": ["commitTransaction"], "blockConnection": True, "blockTimeMS": 9000}
        point = {"configureFailPoint": "failCommand", "mode": "alwaysOn", "data": slow}
        await client.admin.command(point)
        creation = asyncio.create_task(store.sites.create(SITES))
        await asyncio.sleep(0.3)
        creation.cancel()
        await asyncio.to_thread(own_mongod.kill_and_restart)
        with pytest.raises((asyncio.CancelledError, Unavailable)):
            await creation
        page = await store.sites.list(location=None, name=None, limit=9, after=None)
        assert page.sites == []
        assert (await store.sites.create(SITES)).created


async def test_a_batch_in_which_a_crash_falls_is_completed_by_the_same_push(
    own_mongod: PrivateMongod, schemas: dict[str, Any]
) -> None:
    readings = dict.fromkeys(range(0, 86_400 * 500, 4_320), ROW)
    async with connect(own_mongod.uri, timeout=10) as client:
        store = Store(client["crash"], schemas=schemas)
        await store.prepare()
        await store.sites.create(SITES)
        push = asyncio.create_task(store.live.push(1, readings))
        while await client["crash"]["days"].find_one({"t": {"$ne": []}}) is None:
            await asyncio.sleep(0)
        await asyncio.to_thread(own_mongod.kill_and_restart)
        with suppress(Unavailable):
            assert (await push).stored == 10_000
        again = await store.live.push(1, readings)
    assert again.unchanged > 0
    assert again.stored + again.unchanged == 10_000
