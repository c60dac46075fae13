"""What a worker does for its store, which one of several does it, and what stops it: nothing."""

import asyncio
import logging
from itertools import pairwise
from typing import Any

import pytest

from sitewatt import upkeep as kept
from sitewatt.upkeep import Record, upkeep
from storage import Sealed, SiteAges, Unavailable

NOW = 1_700_000_000
AGES = SiteAges([5, 4, 3, 2, 1], 6, 0.5)


class StandIn:
    """A store that notes what is asked of it, and fails with what it is told to, by name."""

    def __init__(self, *, lease: bool = True) -> None:
        self.asked: list[Any] = []
        self.sealed_at: list[float] = []
        self.failures: dict[str, Exception] = {}
        self.lease_is_free = lease
        self.sites = self.lease = self.retention = self.staleness = self

    def _ask(self, name: str, *details: Any) -> None:
        self.asked.append((name, *details))
        if name in self.failures:
            raise self.failures[name]

    async def prepare(self) -> None:
        self._ask("prepare")

    async def sweep(self) -> None:
        self._ask("sweep")

    async def take(self, name: str, owner: str, *, seconds: int) -> bool:
        self._ask("take", owner)
        return self.lease_is_free

    async def leave(self, name: str, owner: str) -> None:
        self._ask("leave", owner)

    async def seal(self) -> Sealed:
        self.sealed_at.append(asyncio.get_running_loop().time())
        self._ask("seal")
        return Sealed(2, 288)

    async def remove(self, *, days: int) -> int:
        self._ask("remove", days)
        return 30

    async def count(self) -> SiteAges:
        self._ask("count")
        return AGES

    async def disconnect(self) -> None:
        self._ask("disconnect")

    def times(self, name: str) -> int:
        return sum(asked == name for asked, *_ in self.asked)


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundredths of seconds for what takes minutes; the order of lengths is as it is."""
    shorter = {
        "RETRY": 0.01,
        "SWEEP": 0.05,
        "LEASE_EVERY": 0.05,
        "SEAL": 0.3,
        "RETENTION": 0.4,
        "AGES": 0.1,
    }
    for name, seconds in shorter.items():
        monkeypatch.setattr(kept, f"{name}_SECONDS", seconds)


async def keep(
    store: StandIn,
    *,
    seconds: float,
    retention_days: int | None = None,
    record: Record | None = None,
) -> None:
    stand_in: Any = store
    async with upkeep(stand_in, lambda: NOW, retention_days, record):
        await asyncio.sleep(seconds)


async def test_the_store_is_prepared_first_however_often_it_takes() -> None:
    store = StandIn()
    store.failures["prepare"] = Unavailable("away")
    stand_in: Any = store
    async with upkeep(stand_in, lambda: NOW):
        await asyncio.sleep(0.1)
        assert store.times("prepare") > 2
        assert {asked[0] for asked in store.asked} == {"prepare"}
        store.failures.clear()
        await asyncio.sleep(0.1)
    assert store.times("sweep") > 0
    assert store.times("seal") == 1


async def test_who_does_not_hold_the_lease_sweeps_all_the_same() -> None:
    store = StandIn(lease=False)
    await keep(store, seconds=0.3)
    assert store.times("sweep") >= 3


async def test_the_holder_of_the_lease_seals_no_more_often_than_it_should() -> None:
    store = StandIn()
    await keep(store, seconds=0.5)
    assert store.times("take") >= 5
    assert len(store.sealed_at) >= 2
    assert all(later - sooner > 0.29 for sooner, later in pairwise(store.sealed_at))


async def test_who_does_not_hold_the_lease_neither_seals_nor_removes() -> None:
    store = StandIn(lease=False)
    await keep(store, seconds=0.4, retention_days=30)
    assert {asked[0] for asked in store.asked} == {"prepare", "sweep", "take", "disconnect"}


async def test_who_gets_the_lease_later_seals_then() -> None:
    store = StandIn(lease=False)
    stand_in: Any = store
    async with upkeep(stand_in, lambda: NOW):
        await asyncio.sleep(0.1)
        assert store.times("seal") == 0
        store.lease_is_free = True
        await asyncio.sleep(0.15)
        assert store.times("seal") == 1


async def test_who_loses_the_lease_seals_no_more() -> None:
    store = StandIn()
    stand_in: Any = store
    async with upkeep(stand_in, lambda: NOW):
        await asyncio.sleep(0.1)
        store.lease_is_free = False
        await asyncio.sleep(0.5)
    assert store.times("seal") == 1
    assert store.times("leave") == 0


async def test_old_days_are_removed_only_when_that_is_asked_for() -> None:
    without, with_limit = StandIn(), StandIn()
    await keep(without, seconds=0.2)
    await keep(with_limit, seconds=0.2, retention_days=400)
    assert without.times("remove") == 0
    assert [asked for asked in with_limit.asked if asked[0] == "remove"] == [("remove", 400)]


@pytest.mark.parametrize("broken", ["sweep", "seal", "remove", "take"])
@pytest.mark.parametrize("error", [Unavailable("away"), ZeroDivisionError()])
async def test_what_fails_is_tried_again_and_stops_nothing_else(
    broken: str, error: Exception
) -> None:
    store = StandIn()
    stand_in: Any = store
    async with upkeep(stand_in, lambda: NOW, 30):
        await asyncio.sleep(0.02)
        store.failures[broken] = error
        store.asked.clear()
        await asyncio.sleep(0.6)
        still = {name for name in ("sweep", "seal", "remove", "take") if store.times(name)}
        assert still == {"sweep", "seal", "remove", "take"}
        store.failures.clear()
        store.asked.clear()
        await asyncio.sleep(0.2)
        assert store.times(broken) > 0


async def test_who_ends_leaves_its_own_lease_before_it_disconnects() -> None:
    store = StandIn()
    await keep(store, seconds=0.1)
    owner = next(asked[1] for asked in store.asked if asked[0] == "take")
    assert store.asked[-2:] == [("leave", owner), ("disconnect",)]


async def test_a_database_that_hangs_does_not_hold_up_the_end() -> None:
    store = StandIn()

    async def hang(name: str, owner: str) -> None:
        await asyncio.sleep(60)

    store.leave = hang  # type: ignore[method-assign]
    began = asyncio.get_running_loop().time()
    await keep(store, seconds=0.1)
    assert asyncio.get_running_loop().time() - began < 2
    assert store.asked[-1] == ("disconnect",)


async def test_what_was_done_is_logged_with_its_numbers(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="sitewatt.upkeep")
    await keep(StandIn(), seconds=0.1, retention_days=30)
    said = {record.message: vars(record) for record in caplog.records}
    sealed, removed = said["settled days were sealed"], said["days that are too old were removed"]
    assert (sealed["days"], sealed["readings"]) == (2, 288)
    assert removed["days"] == 30


async def test_nothing_is_logged_where_nothing_was_to_do(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def none(*_: Any, **__: Any) -> Any:
        return Sealed(0, 0)

    async def no_days(*_: Any, **__: Any) -> int:
        return 0

    monkeypatch.setattr(StandIn, "seal", none)
    monkeypatch.setattr(StandIn, "remove", no_days)
    caplog.set_level(logging.INFO, logger="sitewatt.upkeep")
    record = Record()
    await keep(StandIn(), seconds=0.1, retention_days=30, record=record)
    assert caplog.records == []
    assert record.runs["seal", "done"] == record.runs["retain", "done"] == 1


async def test_a_failure_is_a_line_that_says_of_what(caplog: pytest.LogCaptureFixture) -> None:
    store = StandIn()
    store.failures["seal"] = Unavailable("NotWritablePrimary")
    await keep(store, seconds=0.03)
    record = caplog.records[0]
    assert record.levelname == "WARNING"
    assert record.message.startswith("the sealing waits for the database: ")


async def test_what_was_done_is_recorded_by_duty_and_outcome() -> None:
    store, record = StandIn(), Record()
    store.failures["sweep"] = Unavailable("away")
    await keep(store, seconds=0.1, retention_days=30, record=record)
    assert record.runs["sweep", "failed"] > 0 == record.runs["sweep", "done"]
    assert record.runs["seal", "done"] == record.runs["retain", "done"] == 1
    assert (record.sealed_days, record.sealed_readings, record.removed_days) == (2, 288, 30)
    assert record.last_success == dict.fromkeys(("prepare", "lease", "seal", "retain", "ages"), NOW)
    assert {duty for duty, _ in record.runs} == set(kept.DUTIES)


async def test_the_holder_of_the_lease_counts_the_sites_by_age_until_it_loses_it() -> None:
    store, record = StandIn(), Record()
    stand_in: Any = store
    async with upkeep(stand_in, lambda: NOW, record=record):
        await asyncio.sleep(0.15)
        assert (record.holds_lease, record.ages) == (True, AGES)
        store.lease_is_free = False
        await asyncio.sleep(0.15)
        assert (record.holds_lease, record.ages) == (False, None)
        counted = store.times("count")
        await asyncio.sleep(0.2)
        assert store.times("count") <= counted + 1
        assert record.ages is None


async def test_who_loses_the_lease_while_it_counts_the_sites_says_nothing_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store, record, counted = StandIn(), Record(), asyncio.Event()

    async def count(_: Any) -> SiteAges:
        store.lease_is_free = False
        while record.holds_lease:
            await asyncio.sleep(0.01)
        counted.set()
        return AGES

    monkeypatch.setattr(StandIn, "count", count)
    stand_in: Any = store
    async with upkeep(stand_in, lambda: NOW, record=record):
        await asyncio.wait_for(counted.wait(), 10)
        await asyncio.sleep(0.02)
        assert (record.runs["ages", "done"], record.ages) == (1, None)


async def test_who_does_not_hold_the_lease_counts_no_sites() -> None:
    store, record = StandIn(lease=False), Record()
    await keep(store, seconds=0.2, record=record)
    assert store.times("count") == 0
    assert (record.holds_lease, record.ages) == (False, None)
