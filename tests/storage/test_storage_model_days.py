"""A store does what a dictionary does, whatever fails between two database calls.

FUZZ_MODEL_RUNS   runs on mongomock, each of 50 steps; a tenth of them on a real mongod
"""

import asyncio
import os
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import mongomock_facade
import pytest
from days_machine import Machine
from hypothesis import HealthCheck, Phase, settings
from hypothesis.errors import FlakyFailure
from hypothesis.stateful import run_state_machine_as_test
from private_mongod import PrivateMongod

from storage import connect
from storage.closed_days import ClosedDays
from storage.documents import day_document
from storage.ids import day_id
from storage.ranges import Ranges
from storage.receipts import Tally
from storage.removal import Removal

RUNS = int(os.environ.get("FUZZ_MODEL_RUNS", "40"))
STEPS = 50 if "FUZZ_MODEL_RUNS" in os.environ else 25


class OnMongomock:
    plain = True

    def __call__(self) -> Any:
        return mongomock_facade.Database()


class OnMongod:
    plain = False

    def __init__(self, client: Any) -> None:
        self._client = client

    def __call__(self) -> Any:
        return self._client[f"m{uuid4().hex}"]


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def run(database: Any, loop: asyncio.AbstractEventLoop, schemas: Any, runs: int) -> int:
    """Run the machine so often, always the same way; return how many runs there were."""
    begun: list[Machine] = []

    def begin() -> Machine:
        begun.append(Machine(database, loop, schemas))
        return begun[-1]

    chosen = settings(
        max_examples=runs,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        derandomize=True,
        print_blob=False,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    try:
        run_state_machine_as_test(begin, settings=chosen)
    finally:
        print(f"{len(begun)} runs, {sum(machine.strikes for machine in begun)} faults")
    return sum(machine.strikes for machine in begun)


def test_a_store_on_mongomock_does_what_a_dictionary_does(
    loop: asyncio.AbstractEventLoop, schemas: Any
) -> None:
    assert run(OnMongomock(), loop, schemas, RUNS) > RUNS


def test_a_store_on_mongod_does_what_a_dictionary_does(
    loop: asyncio.AbstractEventLoop, schemas: Any, mongod: PrivateMongod
) -> None:
    client = connect(mongod.uri, timeout=30)
    try:
        run(OnMongod(client), loop, schemas, max(RUNS // 10, 3))
    finally:
        loop.run_until_complete(client.close())


def live_is_cleared_before_the_document_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    write = ClosedDays._write

    async def cleared(self: Any, site_id: int, settled: Any, united: Any, now: int) -> Any:
        await self._clear(site_id, [i for day in united.values() for i in day.stored])
        return await write(self, site_id, settled, united, now)

    monkeypatch.setattr(ClosedDays, "_write", cleared)


def unchanged_counts_as_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    add = Tally.add

    def miscounted(self: Tally, rows: Any, stored: Any, *, overwrite: bool) -> None:
        add(self, rows._replace(unchanged={}), stored, overwrite=overwrite)
        self.stored += len(rows.unchanged)

    monkeypatch.setattr(Tally, "add", miscounted)


def a_deletion_keeps_the_version(monkeypatch: pytest.MonkeyPatch) -> None:
    async def kept_version(self: Any, site_id: int, day: int, changed: Any, now: int) -> bool:
        document = day_document(site_id, day, changed.version, changed.readings)
        await self.database.days.replace_one({"_id": day_id(site_id, day)}, document)
        return True

    monkeypatch.setattr(ClosedDays, "change", kept_version)


def a_deletion_forgets_the_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    following = Removal._next

    async def no_documents(self: Any, site_id: int, start: int, end: int) -> Any:
        found = await following(self, site_id, start, end)
        return found if found and found.rows else None

    monkeypatch.setattr(Removal, "_next", no_documents)


def latest_ignores_the_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = Ranges._go_on

    async def none_for_one(self: Any, asked: Any, first: Any) -> Any:
        return [] if asked.limit == 1 else await go_on(self, asked, first)

    monkeypatch.setattr(Ranges, "_go_on", none_for_one)


@pytest.mark.parametrize(
    "plant",
    [
        live_is_cleared_before_the_document_is_written,
        unchanged_counts_as_stored,
        a_deletion_keeps_the_version,
        a_deletion_forgets_the_documents,
        latest_ignores_the_documents,
    ],
)
def test_a_planted_fault_is_found(
    plant: Callable[[pytest.MonkeyPatch], None],
    monkeypatch: pytest.MonkeyPatch,
    loop: asyncio.AbstractEventLoop,
    schemas: Any,
) -> None:
    plant(monkeypatch)
    with pytest.raises((AssertionError, FlakyFailure)):
        run(OnMongomock(), loop, schemas, 1_000)
