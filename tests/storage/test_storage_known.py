"""The memory of sites: it saves reads, and no deletion escapes it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sweeping import sweep_after

from storage import NewSite, Store, UnknownSite
from storage.known import CACHE_SECONDS, IdSet, KnownSites
from storage.sites import Sites

NOW = 1_700_000_000
SITES: list[NewSite] = [{"id": i, "name": f"Site {i}", "location": "north"} for i in (1, 2)]


class Worker:
    """The sites as another worker knows them, by a clock that is set by hand."""

    def __init__(self, store: Store) -> None:
        self.now = 100.0
        self.sites = Sites(store.database, clock=lambda: self.now)
        self.looks = 0
        at = self.sites._looks.at

        async def counted(site_id: int) -> bool:
            self.looks += 1
            return await at(site_id)

        self.sites._looks.at = counted  # type: ignore[method-assign]


@pytest.fixture
async def worker(store: Store) -> Worker:
    await store.sites.create(SITES)
    worker = Worker(store)
    for site_id in (1, 2):
        await worker.sites.require(site_id)
    worker.looks = 0
    return worker


async def test_a_site_is_known_without_a_look_ten_minutes_later(worker: Worker) -> None:
    for _ in range(3):
        worker.now += 600
        await worker.sites.require(1)
        await worker.sites.require(2)
    assert worker.looks == 0


async def test_a_site_that_another_worker_deleted_is_known_for_five_seconds_at_most(
    worker: Worker, store: Store
) -> None:
    await store.sites.delete(1)
    worker.now += CACHE_SECONDS - 0.1
    await worker.sites.require(1)
    worker.now += 0.1
    with pytest.raises(UnknownSite):
        await worker.sites.require(1)
    await worker.sites.require(2)


async def test_a_site_that_was_deleted_and_purged_while_the_worker_slept_is_unknown(
    worker: Worker, store: Store, database: Any
) -> None:
    await store.sites.delete(1)
    await sweep_after(store, 3_600)
    assert await database["sites"].count_documents({}) == 1
    worker.now += 10
    with pytest.raises(UnknownSite):
        await worker.sites.require(1)


async def test_a_site_seen_while_another_was_deleted_is_not_remembered(
    worker: Worker, store: Store
) -> None:
    """The look may have seen the site before it was deleted, and the count may be of after it."""
    at = worker.sites._looks.at

    async def slow(site_id: int) -> bool:
        seen = await at(site_id)
        await store.sites.delete(2)
        await worker.sites._count_deletions()
        return seen

    worker.sites._looks.at = slow  # type: ignore[method-assign]
    await worker.sites.look(2)
    worker.sites._looks.at = at  # type: ignore[method-assign]
    with pytest.raises(UnknownSite):
        await worker.sites.require(2)


async def test_all_is_forgotten_after_an_hour(worker: Worker, store: Store, database: Any) -> None:
    """A backup without a site may have been restored, which no count tells."""
    await database["sites"].delete_one({"_id": 1})
    worker.now += 3_601
    with pytest.raises(UnknownSite):
        await worker.sites.require(1)


async def test_a_deletion_that_is_not_counted_is_none(store: Store, database: Any) -> None:
    await store.sites.create(SITES)
    await store.sites.delete(1)
    assert await database["counters"].find_one({"_id": "deletions"}) == {
        "_id": "deletions",
        "last": 1,
    }
    with pytest.raises(UnknownSite):
        await store.sites.delete(1)
    assert (await database["counters"].find_one({"_id": "deletions"}))["last"] == 1


async def test_a_site_is_not_deleted_when_the_deletion_cannot_be_counted(
    real_store: Store,
) -> None:
    await real_store.sites.create(SITES)
    counters = real_store.database.counters
    await counters.insert_one({"_id": "deletions", "last": 2**63 - 1})
    with pytest.raises(Exception, match=r"overflow|Failed to apply"):
        await real_store.sites.delete(1)
    await real_store.sites.look(1)


def test_what_is_forgotten_in_the_middle_of_a_look_is_not_remembered_by_it() -> None:
    known = KnownSites(lambda: 0.0)
    known.hear(1, 0.0)
    generation = known.generation
    known.hear(2, 0.0)
    known.remember(7, generation)
    assert 7 not in known
    known.remember(7, known.generation)
    assert 7 in known
    known.hear(2, 0.0)
    assert 7 in known


ids = st.one_of(st.integers(1, 40), st.integers(4_090, 4_100), st.integers(1, 2**31 - 1))


@given(st.lists(st.tuples(st.booleans(), ids)), ids)
def test_a_set_of_ids_is_a_set(changes: list[tuple[bool, int]], asked: int) -> None:
    ours, model = IdSet(), set[int]()
    for add, number in changes:
        (ours.add if add else ours.discard)(number)
        (model.add if add else model.discard)(number)
    assert [n in ours for n in (asked, *(n for _, n in changes))] == [
        n in model for n in (asked, *(n for _, n in changes))
    ]
    ours.clear()
    assert not any(n in ours for _, n in changes)


def test_a_set_of_ids_forgets_rather_than_grow_without_end() -> None:
    scattered = IdSet()
    for number in range(25_000):
        scattered.add(number << 12)
    assert len(scattered._pages) <= 20_000
    assert (24_999 << 12) in scattered
