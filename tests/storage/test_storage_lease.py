"""A lease has one holder at a time, by the server's clock, and passes on when it runs out."""

import asyncio
from typing import Any

import pytest

from storage.database import Database
from storage.lease import Lease


@pytest.fixture
def lease(database: Any, clock: Any) -> Lease:
    prepared = Database.of(database, clock)
    prepared.prepared = True
    return Lease(prepared)


async def test_a_free_lease_is_taken_and_a_held_one_is_not(lease: Lease) -> None:
    assert await lease.take("seal", "one", seconds=60)
    assert not await lease.take("seal", "two", seconds=60)
    assert await lease.take("retain", "two", seconds=60)


async def test_of_many_that_take_a_free_lease_at_once_one_gets_it(lease: Lease) -> None:
    taken = await asyncio.gather(*(lease.take("seal", str(n), seconds=60) for n in range(20)))
    assert sum(taken) == 1


async def test_of_many_that_take_a_lease_that_ran_out_at_once_one_gets_it(
    lease: Lease, clock: Any
) -> None:
    assert await lease.take("seal", "gone", seconds=60)
    clock.now += 60
    taken = await asyncio.gather(*(lease.take("seal", str(n), seconds=60) for n in range(20)))
    assert sum(taken) == 1


async def test_a_lease_is_held_until_the_last_second_of_its_time(lease: Lease, clock: Any) -> None:
    assert await lease.take("seal", "one", seconds=60)
    clock.now += 59
    assert not await lease.take("seal", "two", seconds=60)
    clock.now += 1
    assert await lease.take("seal", "two", seconds=60)
    assert not await lease.take("seal", "one", seconds=60)


async def test_the_holder_prolongs_its_lease(lease: Lease, clock: Any) -> None:
    assert await lease.take("seal", "one", seconds=60)
    clock.now += 50
    assert await lease.take("seal", "one", seconds=60)
    clock.now += 50
    assert not await lease.take("seal", "two", seconds=60)


async def test_a_lease_that_was_left_is_free(lease: Lease) -> None:
    assert await lease.take("seal", "one", seconds=60)
    await lease.leave("seal", "one")
    assert await lease.take("seal", "two", seconds=60)


async def test_nobody_leaves_the_lease_of_another(lease: Lease) -> None:
    assert await lease.take("seal", "one", seconds=60)
    await lease.leave("seal", "two")
    assert not await lease.take("seal", "two", seconds=60)
