"""What the store counts of itself: plain numbers, right to the last one."""

import asyncio
from collections.abc import Collection
from typing import Any

import pytest
from jumping_clock import JumpingLoop, play
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ConfigurationError,
    ExecutionTimeout,
    NetworkTimeout,
    NotPrimaryError,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
    WaitQueueTimeoutError,
    WriteConcernError,
    WTimeoutError,
)

from storage import Distribution, Measures, Overloaded, Store, Unavailable
from storage.availability import _CODES, kind_of
from storage.commits import Commits
from storage.database import Document
from storage.errors import KINDS

ROW = (1.0, 2.0, 3.0, True, True, True)


def test_a_value_is_counted_at_the_first_bound_that_it_does_not_pass() -> None:
    distribution = Distribution((1, 10))
    for value in (0, 1, 1.5, 10, 11, 12):
        distribution.add(value)
    assert distribution.counts == [2, 2, 2]
    assert distribution.total == 35.5


def test_a_bulk_is_counted_with_its_rows_and_each_push_with_its_wait() -> None:
    async def scene(loop: JumpingLoop) -> Measures:
        async def write(rows: list[Document]) -> Collection[int]:
            await asyncio.sleep(0.2)
            return ()

        measures = Measures()
        commits = Commits(
            write, clock=loop.time, timeout=9, most_rows=4, bulks=1, measures=measures
        )
        posts = [[{"_id": i}] for i in range(3)] + [[{"_id": 3}, {"_id": 4}]]
        await asyncio.gather(*(commits.insert(post, small=True) for post in posts))
        return measures

    measures = play(scene)
    assert measures.bulk_rows.total == 5
    assert sum(measures.bulk_rows.counts) == 2
    assert measures.bulk_waits.total == pytest.approx(0.2 * 3 + 0.4)
    assert sum(measures.bulk_waits.counts) == 4


def test_what_has_failed_or_was_refused_is_no_wait() -> None:
    async def scene(loop: JumpingLoop) -> Measures:
        async def write(rows: list[Document]) -> Collection[int]:
            await asyncio.sleep(0.2)
            raise Unavailable("away")

        measures = Measures()
        commits = Commits(
            write, clock=loop.time, timeout=9, most_rows=1, most_waiting=1, measures=measures
        )
        posts = (commits.insert([{"_id": i}], small=True) for i in range(3))
        errors = await asyncio.gather(*posts, return_exceptions=True)
        assert {type(error) for error in errors} == {Unavailable, Overloaded}
        return measures

    measures = play(scene)
    assert sum(measures.bulk_waits.counts) == 0
    assert measures.overloaded == 2
    assert sum(measures.bulk_rows.counts) == 1


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ServerSelectionTimeoutError(), "no_server"),
        (NetworkTimeout(), "timeout"),
        (WaitQueueTimeoutError(), "timeout"),
        (ExecutionTimeout("", 50), "timeout"),
        (AutoReconnect(), "connection"),
        (ConfigurationError(), "connection"),
        (NotPrimaryError(), "not_primary"),
        (OperationFailure("", 10107), "not_primary"),
        (OperationFailure("", 11600), "not_primary"),
        (WriteConcernError("", 100), "write_concern"),
        (WTimeoutError("", 64), "write_concern"),
        (BulkWriteError({"writeConcernErrors": [{"code": 64}]}), "write_concern"),
        (BulkWriteError({"writeErrors": [{"index": 0, "code": 112}]}), "conflict"),
        (OperationFailure("", 112), "conflict"),
        (OperationFailure("", 13), "unauthorized"),
        (OperationFailure("", 14031), "disk_full"),
        (OperationFailure("", 8000), "other"),
        (ExecutionTimeout(""), "timeout"),
        (BulkWriteError({"writeErrors": [{"index": 0, "code": 8000}]}), "other"),
        (BulkWriteError({}), "other"),
    ],
)
def test_a_failure_of_the_database_has_a_kind(error: PyMongoError, kind: str) -> None:
    assert kind_of(error) == kind


def test_every_kind_is_of_the_list() -> None:
    assert set(_CODES.values()) <= set(KINDS)


async def test_a_call_that_fails_is_counted_once_however_deep_it_was(real_store: Store) -> None:
    admin: Any = real_store.database.raw.client.admin
    await real_store.sites.create([{"id": 1, "name": "Any", "location": "x"}])
    point = {"configureFailPoint": "failCommand"}
    fault = {"errorCode": 13, "failCommands": ["find", "aggregate"], "appName": "sitewatt"}
    await admin.command({**point, "mode": "alwaysOn", "data": fault})
    try:
        for _ in range(3):
            with pytest.raises(Unavailable):
                await real_store.fleet.latest(limit=9, after=None)
    finally:
        await admin.command({**point, "mode": "off"})
    errors = real_store.database.measures.errors
    assert {kind: number for kind, number in errors.items() if number} == {"unauthorized": 3}


async def test_only_what_is_stored_for_good_is_counted(store: Store) -> None:
    await store.sites.create([{"id": 1, "name": "Any", "location": "x"}])
    now = await store.database.clock()
    await store.live.push(1, {now: ROW}, dry_run=True)
    assert store.database.measures.stored == 0
    await store.live.push(1, {now: ROW, now - 900 * 86_400: ROW})
    assert store.database.measures.stored == 2
    assert store.live.waiting_rows == 0
