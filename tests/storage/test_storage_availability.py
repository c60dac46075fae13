"""What becomes of calls when the database is away, hangs, steps down or does not confirm."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from private_mongod import PrivateMongod
from pymongo import _csot
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ConfigurationError,
    DuplicateKeyError,
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
from sweeping import sweep_after

from storage import Receipt, Store, Unavailable, connect
from storage.availability import bounded, limited, means_unavailable
from storage.deletion import Deletion
from storage.measures import Measures

NOW = 1_700_000_000
LIMIT = 1.0
ROW = (1.0, 2.0, 3.0, True, True, True)
UNIT: Any = {"units": 1}
CONFIGURATION: Any = {
    "battery": {"vendor": "KATL", "capacity_kwh": 1, "max_power_kw": 1},
    "production": {"pv": UNIT, "bio": UNIT, "cro": UNIT},
}
SITES: Any = [{"id": site_id, "name": "Any", "location": "north"} for site_id in (1, 2)]

CALLS: dict[str, Callable[[Store], Awaitable[Any]]] = {
    "prepare": lambda store: store.prepare(),
    "ping": lambda store: store.ping(),
    "create one": lambda store: store.sites.create(SITES[:1]),
    "create several": lambda store: store.sites.create(SITES),
    "create unnamed": lambda store: store.sites.create([{"name": "Any", "location": "x"}]),
    "list sites": lambda store: store.sites.list(location=None, name=None, limit=1, after=None),
    "get site": lambda store: store.sites.get(1),
    "update": lambda store: store.sites.update(1, {"name": "New"}, lambda site: None),
    "delete site": lambda store: store.sites.delete(1),
    "require": lambda store: store.sites.require(2),
    "sweep": lambda store: store.sites.sweep(),
    "push configuration": lambda store: store.configurations.push(
        1, CONFIGURATION, effective_from=None, now=NOW
    ),
    "get configuration": lambda store: store.configurations.get(1, at=NOW),
    "get revision": lambda store: store.configurations.get_revision(1, 1),
    "list revisions": lambda store: store.configurations.list(1),
    "push one": lambda store: store.live.push(1, {NOW: ROW}),
    "push new": lambda store: store.live.push(1, {int(time.time()): ROW}),
    "push many": lambda store: store.live.push(1, {NOW + i: ROW for i in range(3_000)}),
    "push old": lambda store: store.live.push(1, {0: ROW, 86_400: ROW}),
    "dry run": lambda store: store.live.push(1, {NOW: ROW}, dry_run=True),
    "latest": lambda store: store.live.latest(1),
    "list readings": lambda store: store.live.list(1, start=0, end=9, descending=True, limit=1),
    "compare a mark": lambda store: store.live.unchanged(
        1, "-0", start=0, end=9, descending=True, limit=1
    ),
    "delete readings": lambda store: store.live.delete(1, start=0, end=9),
    "seal": lambda store: store.live.seal(),
}


@asynccontextmanager
async def opened(uri: str, schemas: dict[str, Any]) -> AsyncIterator[Store]:
    """A store with a short limit that has worked: sites 1 and 2 are there, and 1 is known."""
    async with connect(uri, timeout=30) as patient:
        await Store(patient["hurt"], schemas=schemas).prepare()
    async with connect(uri, timeout=LIMIT) as client:
        store = Store(client["hurt"], schemas=schemas)
        store.database.prepared = True
        await store.sites.create(SITES)
        await store.live.push(1, {NOW: ROW})
        yield store
        await store.close()


async def refusal(call: Awaitable[Any]) -> tuple[Any, float]:
    """The error that a call ends with, and the seconds it took."""
    begin = time.monotonic()
    try:
        await asyncio.wait_for(call, 10 * LIMIT)
    except Exception as error:  # noqa: BLE001
        return type(error), time.monotonic() - begin
    return None, time.monotonic() - begin


async def assert_all_unavailable(store: Store) -> None:
    refusals = await asyncio.gather(*(refusal(call(store)) for call in CALLS.values()))
    named = dict(zip(CALLS, refusals, strict=True))
    assert {name: error for name, (error, _) in named.items()} == dict.fromkeys(CALLS, Unavailable)
    assert {name: took for name, (_, took) in named.items() if took > LIMIT + 1} == {}


async def test_every_call_is_unavailable_in_time_when_the_database_has_gone(
    own_mongod: PrivateMongod, schemas: dict[str, Any]
) -> None:
    async with opened(own_mongod.uri, schemas) as store:
        own_mongod.send(signal.SIGKILL)
        await assert_all_unavailable(store)


async def test_every_call_is_unavailable_in_time_while_the_database_hangs(
    own_mongod: PrivateMongod, schemas: dict[str, Any]
) -> None:
    async with opened(own_mongod.uri, schemas) as store:
        own_mongod.send(signal.SIGSTOP)
        await assert_all_unavailable(store)
        own_mongod.send(signal.SIGCONT)
        await until_available(store)
        assert (await store.live.push(2, {NOW: ROW})).received == 1


async def until_available(store: Store) -> None:
    async with asyncio.timeout(20):
        while (await refusal(store.ping()))[0]:
            await asyncio.sleep(0.1)


async def test_nothing_is_written_while_the_primary_has_stepped_down(
    own_mongod: PrivateMongod, schemas: dict[str, Any]
) -> None:
    async with (
        opened(own_mongod.uri, schemas) as store,
        connect(own_mongod.uri, timeout=9) as admin,
    ):
        await admin.admin.command({"replSetStepDown": 6, "force": True})
        for call in ("ping", "push new", "push many", "create unnamed", "update"):
            assert (await refusal(CALLS[call](store)))[0] is Unavailable
        await admin.admin.command({"replSetFreeze": 0})
        await until_available(store)


@asynccontextmanager
async def failing(store: Store, mode: Any, **failure: Any) -> AsyncIterator[None]:
    """Make the server fail the named commands of this store's client alone."""
    admin = store.sites.database.raw.client.admin
    point = {"configureFailPoint": "failCommand"}
    await admin.command({**point, "mode": mode, "data": {**failure, "appName": "sitewatt"}})
    try:
        yield
    finally:
        await admin.command({**point, "mode": "off"})


async def test_a_write_that_is_not_confirmed_is_unavailable(real_store: Store) -> None:
    await real_store.sites.create(SITES)
    failure = {"code": 64, "errmsg": "waiting for replication timed out"}
    unconfirmed = {"writeConcernError": failure, "failCommands": ["insert", "update"]}
    async with failing(real_store, "alwaysOn", **unconfirmed):
        for call in (
            "push one",
            "push many",
            "push old",
            "update",
            "push configuration",
            "delete site",
        ):
            assert (await refusal(CALLS[call](real_store)))[0] is Unavailable
        overwriting = real_store.live.push(1, {NOW: (9.0, *ROW[1:])}, overwrite=True)
        assert (await refusal(overwriting))[0] is Unavailable


async def test_a_connection_lost_after_the_write_is_stored_once(real_store: Store) -> None:
    await real_store.sites.create(SITES)
    lost = {"closeConnection": True, "failCommands": ["insert"]}
    async with failing(real_store, {"times": 1}, **lost):
        receipt = await real_store.live.push(1, {NOW: ROW})
    assert receipt == Receipt(1, 1, 0, 0, 0, NOW, NOW)


@pytest.mark.parametrize("command", ["insert", "commitTransaction"])
async def test_a_list_is_created_after_transient_conflicts(real_store: Store, command: str) -> None:
    labels = ["TransientTransactionError"]
    conflict = {"errorCode": 112, "errorLabels": labels, "failCommands": [command]}
    async with failing(real_store, {"times": 3}, **conflict):
        assert (await real_store.sites.create(SITES)).created
    page = await real_store.sites.list(location=None, name=None, limit=9, after=None)
    assert len(page.sites) == 2


async def test_a_list_whose_conflicts_do_not_end_is_unavailable_in_time(
    mongod: PrivateMongod, schemas: dict[str, Any], real_database: Any
) -> None:
    async with connect(mongod.uri, timeout=LIMIT) as client:
        store = Store(client[real_database.name], schemas=schemas)
        await store.prepare()
        labels = ["TransientTransactionError"]
        conflict = {"errorCode": 112, "errorLabels": labels, "failCommands": ["insert"]}
        async with failing(store, "alwaysOn", **conflict):
            error, took = await refusal(store.sites.create(SITES))
    assert error is Unavailable
    assert took < LIMIT + 1


async def test_ping_asks_for_a_writable_primary(
    real_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await real_store.ping()

    async def secondary(*_: Any) -> dict[str, Any]:
        return {"isWritablePrimary": False, "setName": "tests", "maxWireVersion": 17}

    monkeypatch.setattr(real_store.database.raw, "command", secondary)
    with pytest.raises(Unavailable):
        await real_store.ping()


async def test_a_background_purge_that_finds_the_database_away_leaves_it_to_the_sweep(
    real_store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    await real_store.sites.create(SITES)
    woken = asyncio.Event()

    async def sleep(seconds: float) -> None:
        await woken.wait()

    deletion = Deletion(real_store.database, sleep=sleep)
    deletion.schedule(1, await deletion.mark(1))
    unconfirmed = {"writeConcernError": {"code": 64, "errmsg": ""}, "failCommands": ["update"]}
    async with failing(real_store, "alwaysOn", **unconfirmed):
        woken.set()
        async with asyncio.timeout(10):
            while "left to the next sweep" not in caplog.text:
                await asyncio.sleep(0.01)
    await sweep_after(real_store, 3_600)
    assert (await real_store.sites.create(SITES)).created


def bulk(write_code: int | None = None, concern_code: int | None = None) -> BulkWriteError:
    writes = [] if write_code is None else [{"index": 0, "code": write_code}]
    concerns = [] if concern_code is None else [{"code": concern_code}]
    return BulkWriteError({"writeErrors": writes, "writeConcernErrors": concerns})


def labelled(label: str) -> PyMongoError:
    error = OperationFailure("", 8000)
    error._add_error_label(label)
    return error


@pytest.mark.parametrize(
    "error",
    [
        ServerSelectionTimeoutError(),
        NetworkTimeout(),
        NotPrimaryError(),
        WaitQueueTimeoutError(),
        ExecutionTimeout("", 50),
        WriteConcernError(""),
        WTimeoutError(""),
        AutoReconnect(),
        ConfigurationError(),
        BulkWriteError({"writeErrors": [{"index": 0, "code": 11000}, {"index": 1, "code": 189}]}),
        bulk(50),
        labelled("RetryableWriteError"),
        OperationFailure("", 11600),
        OperationFailure("", 189),
        OperationFailure("", 112),
        OperationFailure("", 12587),
        bulk(concern_code=64),
        bulk(11000, 64),
        bulk(112),
        labelled("TransientTransactionError"),
        labelled("UnknownTransactionCommitResult"),
    ],
)
def test_what_a_later_try_may_not_meet_means_unavailable(error: PyMongoError) -> None:
    assert means_unavailable(error)


@pytest.mark.parametrize(
    "error",
    [
        DuplicateKeyError("", 11000),
        OperationFailure("", 121),
        OperationFailure("", 2),
        bulk(11000),
        bulk(121),
        bulk(),
        BulkWriteError({}),
        labelled("NetworkError"),
        OperationFailure(""),
        PyMongoError(),
    ],
)
def test_what_every_try_would_meet_does_not(error: PyMongoError) -> None:
    assert not means_unavailable(error)


SOME_CODES = {
    "writeErrors": [{"index": n, "code": code} for n, code in enumerate((11000, 91, 112))]
}


@pytest.mark.parametrize(
    ("error", "kind", "reason"),
    [
        (ServerSelectionTimeoutError("at 10.0.0.1"), "no_server", "ServerSelectionTimeoutError"),
        (NetworkTimeout("at 10.0.0.1"), "timeout", "NetworkTimeout"),
        (AutoReconnect("at 10.0.0.1"), "connection", "AutoReconnect"),
        (ConfigurationError("at 10.0.0.1"), "connection", "ConfigurationError"),
        (OperationFailure("", 91, {"codeName": "X"}), "not_primary", "X"),
        (OperationFailure("", 13, {"codeName": "Y"}), "unauthorized", "Y"),
        (OperationFailure("", 13, {"code": 13}), "unauthorized", "OperationFailure"),
        (OperationFailure("", 13), "unauthorized", "OperationFailure"),
        (WriteConcernError("", 100), "write_concern", "WriteConcernError"),
        (WTimeoutError(""), "write_concern", "WTimeoutError"),
        (labelled("TransientTransactionError"), "other", "OperationFailure"),
        (bulk(112, 64), "write_concern", "BulkWriteError"),
        (bulk(14031), "disk_full", "BulkWriteError"),
        (BulkWriteError(SOME_CODES), "not_primary", "BulkWriteError"),
    ],
)
async def test_a_failure_is_told_by_its_kind_and_in_words_without_addresses(
    error: PyMongoError, kind: str, reason: str
) -> None:
    called = Called(error)
    with pytest.raises(Unavailable) as refusal:
        await called.in_time(1, b=2)
    assert (refusal.value.kind, refusal.value.reason) == (kind, reason)
    assert refusal.value.__cause__ is error
    assert called.counted() == {kind: 1}


class Called:
    """Something with methods that fail in a way of the database's, or return their arguments."""

    def __init__(self, error: Exception | None, *, prepared: bool = True) -> None:
        self.error = error
        measures = Measures()
        self.database: Any = SimpleNamespace(timeout=9, prepared=prepared, measures=measures)

    def counted(self) -> dict[str, int]:
        errors = self.database.measures.errors
        return {kind: number for kind, number in errors.items() if number}

    @limited
    async def in_time(self, a: int, *, b: int) -> Any:
        """Says something."""
        if self.error:
            raise self.error
        return a, b, _csot.get_timeout()

    @bounded
    async def prepared(self, a: int, *, b: int) -> Any:
        """Says another thing."""
        return await self.in_time(a, b=b)


async def test_what_no_later_try_would_do_is_a_bug_and_stays_what_it_is() -> None:
    for error in (DuplicateKeyError("", 11000), bulk(121), ValueError()):
        called = Called(error)
        with pytest.raises(type(error)) as raised:
            await called.in_time(1, b=2)
        assert raised.value is error
        assert called.counted() == {}


async def test_an_unavailability_goes_through_all_calls_as_it_is_and_is_counted_once() -> None:
    error = Unavailable("not a writable primary", "not_primary")
    called = Called(error)
    with pytest.raises(Unavailable) as raised:
        await called.prepared(1, b=2)
    assert raised.value is error
    assert called.counted() == {"not_primary": 1}


async def test_a_call_within_its_time_returns_what_it_returns_and_keeps_its_name() -> None:
    called = Called(None)
    assert await called.in_time(1, b=2) == await called.prepared(1, b=2) == (1, 2, 9)
    assert _csot.get_timeout() is None
    for method, doc in ((Called.in_time, "Says something."), (Called.prepared, "Says another")):
        assert str(method.__doc__).startswith(doc)


async def test_nothing_is_called_before_the_collections_are_prepared() -> None:
    called = Called(ValueError(), prepared=False)
    with pytest.raises(Unavailable) as raised:
        await called.prepared(1, b=2)
    assert raised.value.kind == "not_prepared"
    assert raised.value.reason == "the collections have not been prepared yet"
    assert called.counted() == {"not_prepared": 1}


async def test_a_bug_is_not_taken_for_unavailability(real_store: Store) -> None:
    await real_store.sites.create(SITES)
    with pytest.raises(BulkWriteError):
        await real_store.live.push(1, {NOW: (101.0, *ROW[1:])})
