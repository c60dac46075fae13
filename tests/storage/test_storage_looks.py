"""Looks whether sites are there: shared, and each answered for its own site."""

import asyncio
from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from storage import NewSite, Store, Unavailable, UnknownSite
from storage.looks import Looks

SITES: list[NewSite] = [{"id": i, "name": f"Site {i}", "location": "north"} for i in (1, 2, 3)]


@pytest.fixture(autouse=True)
async def sites(store: Store) -> None:
    await store.sites.create(SITES)


class Finds:
    """Counts the finds of a collection, and fails when told to."""

    def __init__(self, collection: Any) -> None:
        self._collection = collection
        self.conditions: list[Any] = []
        self.broken = False

    def find(self, condition: Any, *args: Any) -> Any:
        self.conditions.append(condition["_id"]["$in"])
        if self.broken:
            raise AutoReconnect
        return self._collection.find(condition, *args)


class Watched:
    """A database whose sites are watched."""

    def __init__(self, store: Store) -> None:
        self.timeout = 5.0
        self.sites = Finds(store.database.sites)


async def test_those_who_look_at_the_same_time_share_a_find(store: Store) -> None:
    watched: Any = Watched(store)
    looks = Looks(watched)
    asked = [1, 2, 9, 2, 3] * 20
    answers = await asyncio.gather(*(looks.at(site_id) for site_id in asked))
    assert answers == [site_id != 9 for site_id in asked]
    assert len(watched.sites.conditions) <= 2
    await looks.close()


async def test_a_failure_reaches_all_who_look_and_the_next_look_is_made(store: Store) -> None:
    watched: Any = Watched(store)
    looks = Looks(watched)
    watched.sites.broken = True
    answers = await asyncio.gather(*(looks.at(1) for _ in range(5)), return_exceptions=True)
    assert {type(answer) for answer in answers} == {AutoReconnect}
    watched.sites.broken = False
    assert await looks.at(1)
    await looks.close()


async def test_who_is_cancelled_harms_nobody(store: Store) -> None:
    looks = Looks(store.database)
    gone, other = (asyncio.create_task(looks.at(site_id)) for site_id in (1, 2))
    await asyncio.sleep(0)
    gone.cancel()
    assert await other
    assert await looks.at(1)
    await looks.close()
    with pytest.raises(Unavailable):
        await looks.at(1)


async def test_a_site_that_is_deleted_is_not_there_at_the_next_look(store: Store) -> None:
    await store.sites.look(1)
    await store.sites.delete(1)
    with pytest.raises(UnknownSite):
        await store.sites.look(1)
