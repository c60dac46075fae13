import asyncio
from typing import Any

import pytest

from storage import (
    Configuration,
    NoConfiguration,
    Store,
    TooManyRevisions,
    UnknownRevision,
    UnknownSite,
)

NOW = 1_700_000_000


def configuration(capacity: float = 3100) -> Configuration:
    return {
        "battery": {"vendor": "Tesla", "capacity_kwh": capacity, "max_power_kw": 400},
        "production": {
            "pv": {"units": 1, "kwp": 500},
            "bio": {"units": 0},
            "cro": {"units": 2, "kwp": 800},
        },
    }


@pytest.fixture(autouse=True)
async def site(store: Store) -> None:
    await store.sites.create([{"id": 1, "name": "Willo Woods", "location": "north"}])


async def push(store: Store, capacity: float, since: int | None = None, now: int = NOW) -> bool:
    pushed = await store.configurations.push(
        1, configuration(capacity), effective_from=since, now=now
    )
    return pushed.created


async def test_a_sites_first_configuration_is_in_force_since_ever(store: Store) -> None:
    pushed = await store.configurations.push(1, configuration(), effective_from=None, now=NOW)
    numbers = {"revision": 1, "effective_from": 0, "recorded_at": NOW}
    assert pushed.created
    assert pushed.revision == {**configuration(), **numbers}
    assert await store.configurations.get(1, at=0) == pushed.revision
    assert await store.configurations.get_revision(1, 1) == pushed.revision


async def test_a_later_configuration_is_in_force_from_now_on(store: Store) -> None:
    await push(store, 1)
    await push(store, 2)
    revision = await store.configurations.get(1, at=NOW)
    assert (revision["revision"], revision["effective_from"]) == (2, NOW)
    assert (await store.configurations.get(1, at=NOW - 1))["revision"] == 1


async def test_push_of_the_configuration_in_force_is_no_new_revision(store: Store) -> None:
    await push(store, 3100)
    pushed = await store.configurations.push(1, configuration(3100.0), effective_from=None, now=NOW)
    assert not pushed.created
    assert pushed.revision["revision"] == 1
    assert not await push(store, 3100, since=NOW + 9)


async def test_push_compares_with_what_is_in_force_at_its_own_instant(store: Store) -> None:
    assert await push(store, 1, since=100)
    assert await push(store, 2, since=200)
    assert not await push(store, 1, since=150)
    assert await push(store, 1, since=200)
    assert (await store.configurations.get(1, at=200))["revision"] == 3
    assert await push(store, 1, since=50)
    assert [r["revision"] for r in await store.configurations.list(1)] == [4, 3, 2, 1]


async def test_before_the_first_configuration_there_is_none(store: Store) -> None:
    with pytest.raises(NoConfiguration):
        await store.configurations.get(1, at=NOW)
    assert await store.configurations.list(1) == []
    await push(store, 1, since=100)
    with pytest.raises(NoConfiguration):
        await store.configurations.get(1, at=99)


async def test_an_unknown_revision_is_refused(store: Store) -> None:
    await push(store, 1)
    with pytest.raises(UnknownRevision):
        await store.configurations.get_revision(1, 2)


async def test_every_method_refuses_an_unknown_site(store: Store) -> None:
    with pytest.raises(UnknownSite):
        await store.configurations.push(2, configuration(), effective_from=None, now=NOW)
    for refused in (
        store.configurations.get(2, at=NOW),
        store.configurations.get_revision(2, 1),
        store.configurations.list(2),
        store.configurations.stretches(2, start=0, end=NOW),
    ):
        with pytest.raises(UnknownSite):
            await refused


async def test_stretches_are_cut_to_what_is_asked_for(store: Store) -> None:
    for capacity, since in ((1, 100), (2, 200), (3, 300)):
        await push(store, capacity, since=since)
    found = await store.configurations.stretches(1, start=50, end=250)
    told = [(start, end, revision["revision"]) for start, end, revision in found]
    assert told == [(100, 200, 1), (200, 250, 2)]
    assert await store.configurations.stretches(1, start=0, end=100) == []


async def test_a_history_holds_a_thousand_revisions_and_no_more(store: Store) -> None:
    revision: Any = {**configuration(), "effective_from": 0, "recorded_at": NOW}
    history = [{**revision, "revision": number} for number in range(1, 1_000)]
    await store.sites.database.sites.update_one({"_id": 1}, {"$set": {"configurations": history}})
    assert await push(store, 1)
    with pytest.raises(TooManyRevisions) as refusal:
        await push(store, 2)
    assert refusal.value.limit == 1_000
    assert not await push(store, 1)


async def test_concurrent_pushes_become_revisions_one_by_one(store: Store) -> None:
    await asyncio.gather(*(push(store, capacity) for capacity in range(20)))
    revisions = await store.configurations.list(1)
    assert [revision["revision"] for revision in revisions] == list(range(20, 0, -1))
    assert {revision["battery"]["capacity_kwh"] for revision in revisions} == set(range(20))


async def test_concurrent_pushes_of_one_configuration_make_one_revision(store: Store) -> None:
    created = await asyncio.gather(*(push(store, 7) for _ in range(20)))
    assert sum(created) == 1
    assert len(await store.configurations.list(1)) == 1


async def test_a_push_survives_a_change_of_the_site_in_between(store: Store) -> None:
    rename = store.sites.update(1, {"name": "Willow"}, lambda site: None)
    await asyncio.gather(push(store, 1), rename, push(store, 2))
    assert (await store.sites.get(1))["name"] == "Willow"
    assert len(await store.configurations.list(1)) == 2
