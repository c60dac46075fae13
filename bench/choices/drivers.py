"""Asynchronous ways from Python to MongoDB: PyMongo's own, Motor on threads, Beanie's documents.

One mongod, `w: majority, j: true`, readings of one document each. Measured is the CPU time of this
process with all of its threads; mongod does the same for each.
"""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

from pymongo import AsyncMongoClient

from bench.choices.timing import ABSENT, installed, named
from bench.common.tables import table
from bench.stored.mongod import Stores, running_mongod

ROWS, CALLERS, EACH, TURNS = 1_000, 32, 20, 7
WRITES = {"w": "majority", "journal": True}
COLUMNS: dict[str, Any] = {"soc": 41.5, "load": 350.25, "net": 400.5, "pv": True, "bio": False}

Insert = Callable[[int], Awaitable[Any]]
Read = Callable[[], Awaitable[list[Any]]]
Way = tuple[Insert, Read]


async def report() -> str:
    """Return the table: us of CPU an insert and a document read, by driver."""
    with running_mongod(None, cache_mb=256) as stores:
        ways = {
            "pymongo": _pymongo(stores),
            "motor": _motor(stores),
            "beanie": await _beanie(stores),
        }
        figures = await _figures({name: way for name, way in ways.items() if way is not None})
    kinds = ("an insert, 1 caller", f"an insert, {CALLERS} callers", f"a document of {ROWS:,} read")
    rows = [
        [named(name), *([f"{value:.1f}" for value in figures.get(name, ())] or [ABSENT] * 3)]
        for name in ways
    ]
    return table(["us of CPU in the service", *kinds], rows)


async def _figures(ways: dict[str, Way]) -> dict[str, list[float]]:
    stamps = count()
    for insert, _ in ways.values():
        for _ in range(ROWS):
            await insert(next(stamps))
    turns: dict[str, list[list[float]]] = {name: [] for name in ways}
    for _ in range(TURNS):
        for name, (insert, read) in ways.items():
            turns[name].append(
                [
                    await _spent(insert, stamps, callers=1, each=CALLERS * EACH),
                    await _spent(insert, stamps, callers=CALLERS, each=EACH),
                    await _read(read),
                ]
            )
    return {
        name: [statistics.median(kind) for kind in zip(*of_it, strict=True)]
        for name, of_it in turns.items()
    }


async def _spent(insert: Insert, stamps: "count[int]", *, callers: int, each: int) -> float:
    """Return us of CPU an insert, when so many callers insert so many rows each."""

    async def caller() -> None:
        for _ in range(each):
            await insert(next(stamps))

    started = time.process_time()
    await asyncio.gather(*(caller() for _ in range(callers)))
    return (time.process_time() - started) / (callers * each) * 1e6


async def _read(read: Read) -> float:
    """Return us of CPU a document."""
    started = time.process_time()
    for _ in range(10):
        if len(await read()) != ROWS:
            raise SystemExit("a read returned another number of documents")
    return (time.process_time() - started) / (10 * ROWS) * 1e6


def _pymongo(stores: Stores) -> Way:
    client = AsyncMongoClient[dict[str, Any]](stores.uri("pymongo"), **WRITES)
    return _of_collection(client["pymongo"]["live"])


def _motor(stores: Stores) -> Way | None:
    motor = installed("motor.motor_asyncio")
    if motor is None:
        return None
    return _of_collection(motor.AsyncIOMotorClient(stores.uri("motor"), **WRITES)["motor"]["live"])


def _of_collection(live: Any) -> Way:
    async def insert(stamp: int) -> None:
        await live.insert_one({"_id": stamp, **COLUMNS})

    async def read() -> list[Any]:
        found: list[Any] = await live.find(limit=ROWS, batch_size=ROWS).to_list(None)
        return found

    return insert, read


async def _beanie(stores: Stores) -> Way | None:
    beanie = installed("beanie")
    if beanie is None:
        return None
    documents: Any = beanie.Document

    class Reading(documents):
        """A reading as a document of Beanie's."""

        id: int
        soc: float
        load: float
        net: float
        pv: bool
        bio: bool

    client = AsyncMongoClient[dict[str, Any]](stores.uri("beanie"), **WRITES)
    await beanie.init_beanie(database=client["beanie"], document_models=[Reading])

    async def insert(stamp: int) -> None:
        await Reading(id=stamp, **COLUMNS).insert()

    async def read() -> list[Any]:
        found: list[Any] = await Reading.find_all(limit=ROWS, batch_size=ROWS).to_list()
        return found

    return insert, read
