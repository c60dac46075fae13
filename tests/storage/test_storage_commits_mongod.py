"""Group commits on a real server: the order of a bulk, and what becomes of its callers."""

import asyncio
import random
import signal
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Any

import pymongo
from bson.int64 import Int64
from failing_table import later
from private_mongod import PrivateMongod
from pymongo.errors import BulkWriteError, PyMongoError

from storage import Unavailable, connect
from storage.availability import means_unavailable
from storage.commits import Commits
from storage.database import Document
from storage.duplicates import duplicate_ids


def reading(id_: int, soc: float = 1.0) -> Document:
    return {"_id": Int64(id_), "s": soc}


def real_commits(collection: Any, timeout: float = 30.0) -> tuple[Commits, list[int]]:
    """Commits into a collection of a server, and how many rows each bulk has had."""
    sizes = list[int]()

    async def write(some: list[Document]) -> Collection[int]:
        sizes.append(len(some))
        try:
            await collection.insert_many(some, ordered=False)
        except BulkWriteError as error:
            return duplicate_ids(error)
        return ()

    return Commits(write, timeout=timeout), sizes


async def test_a_server_inserts_the_rows_of_a_bulk_in_their_order(real_database: Any) -> None:
    chance = random.Random(1)
    commits, sizes = real_commits(real_database["live"])
    posts = [[reading(chance.randrange(700), soc=caller)] for caller in range(1_000)]
    answers = await asyncio.gather(*(commits.insert(post, small=True) for post in posts))
    assert sizes == [1_000]
    first: dict[int, float] = {}
    for (row,), answer in zip(posts, answers, strict=True):
        known = row["_id"] in first
        assert [*answer] == ([0] if known else [])
        first.setdefault(row["_id"], row["s"])
    stored = await real_database["live"].find().to_list()
    assert {row["_id"]: row["s"] for row in stored} == first


async def test_no_caller_of_a_bulk_with_a_row_that_the_server_refuses_is_acknowledged(
    real_database: Any,
) -> None:
    """The later one of two with the same id is stored then, which its next try finds out."""
    await real_database.create_collection("live", validator={"s": {"$lte": 100}})
    commits, _ = real_commits(real_database["live"])
    posts = [[reading(1, soc=101)], [reading(1, soc=50)], [reading(2)]]
    calls = (commits.insert(post, small=True) for post in posts)
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(answer) for answer in answers] == 3 * [BulkWriteError]
    assert await real_database["live"].count_documents({}) == 2
    assert await commits.insert(posts[1], small=True) == [0]


@asynccontextmanager
async def failing(database: Any, mode: Any, **failure: Any) -> AsyncIterator[None]:
    """Make the server fail inserts of this test's client."""
    data = {"failCommands": ["insert"], "appName": "sitewatt", **failure}
    point = {"configureFailPoint": "failCommand"}
    await database.client.admin.command({**point, "mode": mode, "data": data})
    try:
        yield
    finally:
        await database.client.admin.command({**point, "mode": "off"})


def is_unavailable(outcome: Any) -> bool:
    """Whether somebody was told so by Commits, or will be by whoever called it."""
    if isinstance(outcome, PyMongoError):
        return means_unavailable(outcome)
    return outcome is Unavailable


async def test_a_bulk_that_is_not_confirmed_is_acknowledged_to_nobody(real_database: Any) -> None:
    commits, _ = real_commits(real_database["live"])
    unconfirmed = {"writeConcernError": {"code": 64, "errmsg": "timed out"}}
    async with failing(real_database, {"times": 1}, **unconfirmed):
        calls = (commits.insert([reading(id_)], small=True) for id_ in range(3))
        answers = await asyncio.gather(*calls, return_exceptions=True)
    assert all(is_unavailable(answer) for answer in answers)
    assert await commits.insert([reading(1)], small=True) == [0]


async def test_a_connection_lost_after_the_write_makes_no_row_look_taken(
    real_database: Any,
) -> None:
    commits, _ = real_commits(real_database["live"])
    async with failing(real_database, {"times": 1}, closeConnection=True):
        calls = (commits.insert([reading(id_)], small=True) for id_ in range(3))
        assert [*map(list, await asyncio.gather(*calls))] == [[], [], []]


async def test_a_caller_with_no_time_left_spoils_the_bulk_of_nobody(real_database: Any) -> None:
    commits, sizes = real_commits(real_database["live"])

    async def hasty() -> None:
        with pymongo.timeout(1e-6):
            await commits.insert([reading(1)], small=True)

    await asyncio.gather(hasty(), commits.insert([reading(2)], small=True))
    assert sizes == [2]


async def test_a_bulk_ends_in_time_while_the_server_hangs(own_mongod: PrivateMongod) -> None:
    async with connect(own_mongod.uri, timeout=30) as client:
        commits, _ = real_commits(client["hurt"]["live"], timeout=1.0)
        await commits.insert([reading(1)], small=True)
        own_mongod.send(signal.SIGSTOP)
        call = asyncio.create_task(later(0, commits, [reading(2)]))
        await asyncio.sleep(0.1)
        async with asyncio.timeout(3):
            await commits.close()
        own_mongod.send(signal.SIGCONT)
        assert is_unavailable(await call)


async def test_callers_of_a_server_that_hangs_are_told_in_time_and_served_when_it_goes_on(
    own_mongod: PrivateMongod,
) -> None:
    async with connect(own_mongod.uri, timeout=30) as client:
        commits, _ = real_commits(client["hurt"]["live"], timeout=1.0)
        await commits.insert([reading(1)], small=True)
        own_mongod.send(signal.SIGSTOP)
        async with asyncio.timeout(3):
            calls = (later(i / 10, commits, [reading(i)]) for i in range(2, 9))
            outcomes = await asyncio.gather(*calls, return_exceptions=True)
        own_mongod.send(signal.SIGCONT)
        assert all(is_unavailable(outcome) for outcome in outcomes)
        async with asyncio.timeout(20):
            while await later(0.1, commits, [reading(99)]) is Unavailable:
                pass
        await commits.close()
