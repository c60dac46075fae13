"""Readers who ask for the latest at one moment share a round trip, and nothing else."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from typing import Any

import pytest
from conftest import SetClock
from jumping_clock import JumpingLoop, play

from storage import Unavailable
from storage import newest as module
from storage.database import Database
from storage.documents import reading_document
from storage.newest import MOST_SITES, Newest
from storage.newest_rows import NewestRows

TIMEOUT = 5.0
ROW = (1.0, 2.0, 3.0, True, False, False)
NOW = SetClock.now


class Broken(Exception):
    """What a round trip raises on demand."""


class Trips:
    """Stands for the round trips: each takes a second, and knows a fresh row of every site."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, failing: Sequence[int] = ()) -> None:
        self.asked: list[list[int]] = []
        self.contexts: list[str] = []
        self.at_end: Callable[[], object] = bool
        self._failing = failing
        monkeypatch.setattr(module, "newest_rows", self._find)

    async def _find(
        self, database: Database, sites: Sequence[int], settled: Mapping[int, int]
    ) -> NewestRows:
        if not sites:
            return NewestRows(set(), {}, {})
        self.asked.append([*sites])
        self.contexts.append(REQUEST.get())
        number = len(self.asked)
        await asyncio.sleep(1)
        self.at_end()
        if number in self._failing:
            raise Broken
        rows = {site_id: reading_document(site_id, NOW, ROW) for site_id in sites}
        return NewestRows(set(sites), rows, {})


REQUEST = ContextVar[str]("REQUEST", default="none")


def newest_of(loop: JumpingLoop, timeout: float = TIMEOUT) -> Newest:
    raw: Any = None
    return Newest(Database(raw, timeout, SetClock()), clock=loop.time)


async def read(newest: Newest, site_id: int, after: float = 0) -> Any:
    """What a reader gets, who comes after so many seconds."""
    await asyncio.sleep(after)
    try:
        return await newest.of(site_id)
    except (Broken, Unavailable, asyncio.CancelledError) as error:
        return type(error)


FOUND = (True, (NOW, ROW))


def test_readers_of_one_moment_share_a_round_trip(monkeypatch: pytest.MonkeyPatch) -> None:
    trips = Trips(monkeypatch)

    async def scene(loop: JumpingLoop) -> Any:
        newest = newest_of(loop)
        return await asyncio.gather(*(read(newest, id_) for id_ in (1, 2, 1, 3)))

    assert play(scene) == 4 * [FOUND]
    assert trips.asked == [[1, 2, 3]]


def test_a_reader_never_gets_what_was_asked_for_before_it_came(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trips = Trips(monkeypatch)

    async def scene(loop: JumpingLoop) -> Any:
        newest = newest_of(loop)
        answers = await asyncio.gather(*(read(newest, 1, after) for after in (0, 0.5, 0.9)))
        return answers, loop.time()

    assert play(scene) == (3 * [FOUND], pytest.approx(2))
    assert trips.asked == [[1], [1]]


def test_a_round_trip_is_for_no_more_than_so_many_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    trips = Trips(monkeypatch)

    async def scene(loop: JumpingLoop) -> Any:
        newest = newest_of(loop)
        return await asyncio.gather(*(read(newest, id_) for id_ in range(MOST_SITES + 1)))

    assert play(scene) == (MOST_SITES + 1) * [FOUND]
    assert [len(asked) for asked in trips.asked] == [MOST_SITES, 1]


def test_a_failure_reaches_every_reader_of_its_round_trip_and_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Trips(monkeypatch, failing=[1])

    async def scene(loop: JumpingLoop) -> Any:
        newest = newest_of(loop)
        readers = (read(newest, id_, after) for id_, after in ((1, 0), (2, 0), (1, 0.5)))
        return await asyncio.gather(*readers)

    assert play(scene) == [Broken, Broken, FOUND]


def test_a_reader_who_is_cancelled_harms_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    trips = Trips(monkeypatch)

    async def scene(loop: JumpingLoop) -> Any:
        newest = newest_of(loop)
        whens = ((1, 0), (1, 0), (2, 0.5), (3, 0.5))
        readers = [asyncio.create_task(read(newest, id_, after)) for id_, after in whens]
        await asyncio.sleep(0.7)
        readers[0].cancel()
        readers[2].cancel()
        return await asyncio.gather(*readers)

    cancelled = asyncio.CancelledError
    assert play(scene) == [cancelled, FOUND, cancelled, FOUND]
    assert trips.asked == [[1], [3]]


def test_a_round_trip_for_readers_who_have_all_gone_is_not_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The only one who waits for the next is cancelled in the very moment it is to begin."""
    trips = Trips(monkeypatch)

    async def scene(loop: JumpingLoop) -> Any:
        newest = newest_of(loop)
        first = asyncio.create_task(newest.of(1))
        second = asyncio.create_task(read(newest, 2, 0.5))
        trips.at_end = lambda: loop.call_soon(second.cancel)
        return await asyncio.gather(first, second)

    assert play(scene) == [FOUND, asyncio.CancelledError]
    assert trips.asked == [[1]]


def test_each_reader_waits_no_longer_than_the_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    Trips(monkeypatch)

    async def scene(loop: JumpingLoop) -> Any:
        newest = newest_of(loop, timeout=1.2)
        readers = [asyncio.create_task(read(newest, 1, after)) for after in (0, 0.5)]
        assert await readers[0] == FOUND
        assert await readers[1] is Unavailable
        return loop.time()

    assert play(scene) == pytest.approx(1.7)


def test_a_round_trip_has_no_readers_context(monkeypatch: pytest.MonkeyPatch) -> None:
    trips = Trips(monkeypatch)

    async def scene(loop: JumpingLoop) -> None:
        REQUEST.set("first")
        await newest_of(loop).of(1)

    play(scene)
    assert trips.contexts == ["none"]
