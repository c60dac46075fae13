"""Inserts share bulks: nobody is acknowledged too early, nobody pays for what others do."""

import asyncio
import gc
from collections.abc import Collection
from contextvars import ContextVar
from typing import Any

import pytest
from failing_table import TIMEOUT, Broken, Table, commits_of, later, outcome
from jumping_clock import JumpingLoop, play

from storage import Overloaded, Unavailable
from storage.commits import Commits
from storage.database import Document


def rows(*ids: int, by: str = "") -> list[Document]:
    return [{"_id": id_, "by": by} for id_ in ids]


def test_callers_of_one_moment_share_one_bulk() -> None:
    async def scene(loop: JumpingLoop) -> list[int]:
        table = Table()
        commits = commits_of(table, loop)
        await asyncio.gather(*(commits.insert(rows(i), small=True) for i in range(64)))
        return [len(bulk) for bulk in table.bulks]

    assert play(scene) == [64]


def test_a_lone_caller_waits_for_nobody() -> None:
    async def scene(loop: JumpingLoop) -> float:
        await commits_of(Table([0.1]), loop).insert(rows(1), small=True)
        return loop.time()

    assert play(scene) == pytest.approx(0.1)


def test_who_comes_while_a_bulk_is_in_flight_shares_the_next_one() -> None:
    async def scene(loop: JumpingLoop) -> tuple[list[int], float]:
        table = Table([1.0])
        commits = commits_of(table, loop)
        await asyncio.gather(*(later(i / 10, commits, rows(i)) for i in range(5)))
        return [len(bulk) for bulk in table.bulks], loop.time()

    assert play(scene) == ([1, 4], pytest.approx(2.0))


def test_so_many_bulks_as_may_be_are_in_flight_and_who_comes_then_shares_the_next_one() -> None:
    async def scene(loop: JumpingLoop) -> Any:
        table = Table([1.0], together=3)
        commits = commits_of(table, loop)
        await asyncio.gather(*(later(i / 10, commits, rows(i)) for i in range(8)))
        return [len(bulk) for bulk in table.bulks], table.begun, loop.time()

    begun = pytest.approx([0.0, 0.1, 0.2, 1.0])
    assert play(scene) == ([1, 1, 1, 5], begun, pytest.approx(2.0))


def test_callers_of_one_moment_share_one_bulk_where_there_may_be_more() -> None:
    async def scene(loop: JumpingLoop) -> list[int]:
        table = Table(together=3)
        commits = commits_of(table, loop)
        await asyncio.gather(*(commits.insert(rows(i), small=True) for i in range(64)))
        return [len(bulk) for bulk in table.bulks]

    assert play(scene) == [64]


def test_the_parts_of_a_large_post_are_in_flight_together() -> None:
    async def scene(loop: JumpingLoop) -> Any:
        table = Table([1.0], together=3)
        answer = await commits_of(table, loop).insert(rows(*range(5_000)), small=False)
        return answer, [len(bulk) for bulk in table.bulks], loop.time()

    assert play(scene) == ([], [1_000] * 5, pytest.approx(2.0))


def test_a_failure_leaves_the_bulks_beside_it_alone() -> None:
    async def scene(loop: JumpingLoop) -> Any:
        table = Table([1.0], failing={1: 0}, together=3)
        commits = commits_of(table, loop)
        return await asyncio.gather(*(later(i / 10, commits, rows(i)) for i in range(3)))

    assert play(scene) == [[], Broken, []]


def test_a_bulk_holds_no_more_rows_than_it_may_and_a_large_post_goes_in_parts() -> None:
    async def scene(loop: JumpingLoop) -> Any:
        table = Table()
        commits = commits_of(table, loop)
        answer = await commits.insert(rows(*range(2_500)), small=False)
        return answer, [len(bulk) for bulk in table.bulks], len(table.stored)

    assert play(scene) == ([], [1_000, 1_000, 500], 2_500)


def test_small_posts_do_not_wait_for_a_large_one_to_end() -> None:
    async def scene(loop: JumpingLoop) -> Any:
        commits = commits_of(Table([0.1]), loop)
        large = asyncio.create_task(later(0, commits, rows(*range(5_000)), small=False))
        await later(0.05, commits, rows(9_999))
        return loop.time(), large.done()

    assert play(scene) == (pytest.approx(0.2), False)


def test_nothing_is_written_for_no_rows() -> None:
    async def scene(loop: JumpingLoop) -> Any:
        table = Table()
        return await commits_of(table, loop).insert([], small=True), table.bulks

    assert play(scene) == ((), [])


def test_each_caller_learns_the_places_of_its_own_rows_that_were_taken() -> None:
    async def scene(loop: JumpingLoop) -> Any:
        table = Table()
        table.stored = {row["_id"]: row for row in rows(3, 8, 1_205, by="before")}
        commits = commits_of(table, loop)
        posts = [rows(1, 2, 3, by="a"), rows(2, 4, by="b"), rows(8, 1, by="c")]
        large = rows(*range(1_200, 2_400), 4, by="d")
        calls = [commits.insert(post, small=True) for post in posts]
        return await asyncio.gather(*calls, commits.insert(large, small=False))

    assert play(scene) == [[2], [0], [0, 1], [5, 1_200]]


def test_a_full_queue_refuses_at_once_and_takes_rows_again_when_it_has_room() -> None:
    async def scene(loop: JumpingLoop) -> None:
        table = Table([1.0])
        commits = commits_of(table, loop, most_waiting=10)
        first = asyncio.create_task(later(0, commits, rows(0)))
        waiting = asyncio.create_task(later(0.1, commits, rows(*range(1, 9))))
        await asyncio.sleep(0.2)
        assert await outcome(commits.insert(rows(20, 21, 22), small=True)) is Overloaded
        assert loop.time() == pytest.approx(0.2)
        fitting = asyncio.create_task(later(0, commits, rows(9, 10)))
        await first
        await asyncio.sleep(0.01)
        assert await outcome(commits.insert(rows(20, 21, 22), small=True)) == []
        assert await asyncio.gather(waiting, fitting) == [[], []]
        assert set(table.stored) == {*range(11), 20, 21, 22}

    play(scene)


def test_an_empty_queue_takes_a_post_of_any_size() -> None:
    async def scene(loop: JumpingLoop) -> Any:
        commits = commits_of(Table(), loop, most_waiting=10)
        return await commits.insert(rows(*range(99)), small=False)

    assert play(scene) == []


def test_a_failure_reaches_every_caller_of_its_bulk_and_nobody_else() -> None:
    async def scene(loop: JumpingLoop) -> Any:
        table = Table([1.0], failing={0: 1})
        commits = commits_of(table, loop)
        of_the_bulk = [later(0, commits, rows(i)) for i in range(3)]
        of_the_next = [later(0.5, commits, rows(i)) for i in range(3, 6)]
        return await asyncio.gather(*of_the_bulk, *of_the_next), sorted(table.stored)

    assert play(scene) == ([Broken, Broken, Broken, [], [], []], [0, 3, 4, 5])


def test_a_large_post_fails_with_any_of_its_parts_and_sends_no_more() -> None:
    async def scene(loop: JumpingLoop) -> Any:
        table = Table(failing={1: 0})
        commits = commits_of(table, loop)
        answer = await outcome(commits.insert(rows(*range(5_000)), small=False))
        await commits.close()
        return answer, len(table.bulks), len(table.stored)

    assert play(scene) == (Broken, 2, 1_000)


def test_a_caller_cancelled_while_it_waits_takes_its_rows_along() -> None:
    async def scene(loop: JumpingLoop) -> Any:
        table = Table([1.0])
        commits = commits_of(table, loop)
        calls = [asyncio.create_task(later(i / 10, commits, rows(i))) for i in range(3)]
        await asyncio.sleep(0.5)
        calls[1].cancel()
        return await asyncio.gather(*calls), sorted(table.stored)

    assert play(scene) == ([[], asyncio.CancelledError, []], [0, 2])


def test_a_bulk_in_flight_goes_on_when_a_caller_is_cancelled_even_the_first_one() -> None:
    async def scene(loop: JumpingLoop) -> Any:
        table = Table([1.0])
        commits = commits_of(table, loop)
        calls = [asyncio.create_task(later(0, commits, rows(i))) for i in range(3)]
        await asyncio.sleep(0.5)
        calls[0].cancel()
        return await asyncio.gather(*calls), sorted(table.stored)

    assert play(scene) == ([asyncio.CancelledError, [], []], [0, 1, 2])


def test_a_failure_that_a_cancelled_caller_never_sees_is_not_reported_as_forgotten() -> None:
    """The first caller cancels the second one when both have been failed already."""

    async def scene(loop: JumpingLoop) -> Any:
        commits = commits_of(Table(failing={0: 0}), loop)

        async def first() -> Any:
            answer = await outcome(commits.insert(rows(1), small=True))
            second.cancel()
            return answer

        one = asyncio.create_task(first())
        second = asyncio.create_task(outcome(commits.insert(rows(2), small=True)))
        answers = await asyncio.gather(one, second)
        gc.collect()
        return answers

    assert play(scene) == [Broken, asyncio.CancelledError]


def test_a_caller_in_flight_waits_no_longer_than_the_timeout() -> None:
    async def scene(loop: JumpingLoop) -> Any:
        return await later(0, commits_of(Table([99.0]), loop), rows(0)), loop.time()

    assert play(scene) == (Unavailable, pytest.approx(TIMEOUT))


def test_a_caller_in_the_queue_waits_no_longer_than_the_timeout_and_takes_its_rows_along() -> None:
    async def scene(loop: JumpingLoop) -> Any:
        table = Table([4.0])
        commits = commits_of(table, loop)
        large = rows(*range(1, 1_001))
        calls = [
            asyncio.create_task(later(0, commits, rows(0))),
            asyncio.create_task(later(1, commits, large, small=False)),
            asyncio.create_task(later(2, commits, rows(2_000), small=False)),
        ]
        assert await calls[0] == []
        assert (await calls[1], loop.time()) == (Unavailable, pytest.approx(1 + TIMEOUT))
        assert (await calls[2], loop.time()) == (Unavailable, pytest.approx(2 + TIMEOUT))
        await commits.close()
        return sorted(table.stored)

    assert play(scene) == [*range(1_001)]


def test_who_has_waited_too_long_is_told_so_and_who_came_later_waits_on() -> None:
    async def scene(loop: JumpingLoop) -> Any:
        commits = commits_of(Table([TIMEOUT + 2]), loop)
        begun, ended = (0.0, 1.0, 1.0, 3.0), list[Any]()

        async def call(number: int) -> None:
            await asyncio.sleep(begun[number])
            try:
                await commits.insert(rows(number), small=True)
            except Unavailable as error:
                ended.append((number, loop.time(), error.reason, error.kind))

        await asyncio.gather(*(call(number) for number in range(len(begun))))
        return ended

    said = ("there was no answer in time", "timeout")
    assert play(scene) == [
        (number, pytest.approx(begun + TIMEOUT), *said)
        for number, begun in enumerate((0.0, 1.0, 1.0, 3.0))
    ]


def test_without_a_timeout_a_caller_waits_as_long_as_it_takes() -> None:
    async def scene(loop: JumpingLoop) -> Any:
        commits = commits_of(Table([1e6]), loop, timeout=None)
        return await commits.insert(rows(1), small=True), loop.time()

    assert play(scene) == ([], pytest.approx(1e6))


def test_a_bulk_runs_outside_the_context_of_whoever_came_first() -> None:
    request_id = ContextVar[str]("request_id", default="none")
    seen = list[str]()

    async def write(some: list[Document]) -> Collection[int]:
        seen.append(request_id.get())
        return ()

    async def scene(loop: JumpingLoop) -> None:
        request_id.set("first")
        commits = Commits(write, clock=loop.time, timeout=TIMEOUT)
        await asyncio.gather(*(commits.insert(rows(i), small=True) for i in range(2)))
        await commits.insert(rows(3), small=True)

    play(scene)
    assert seen == ["none", "none"]


def test_closing_waits_for_what_is_left_and_refuses_the_rest() -> None:
    async def scene(loop: JumpingLoop) -> Any:
        table = Table([1.0])
        commits = commits_of(table, loop)
        calls = [asyncio.create_task(later(i / 10, commits, rows(i))) for i in range(3)]
        await asyncio.sleep(0.5)
        closing = asyncio.create_task(commits.close())
        await asyncio.sleep(0)
        with pytest.raises(Unavailable, match=r"the store is closing$") as refusal:
            await commits.insert(rows(9), small=True)
        assert refusal.value.kind is None
        await closing
        return [call.result() for call in calls], sorted(table.stored), loop.time()

    assert play(scene) == ([[], [], []], [0, 1, 2], pytest.approx(2.0))


def test_closing_ends_when_the_database_hangs() -> None:
    async def scene(loop: JumpingLoop) -> Any:
        commits = commits_of(Table([2 * TIMEOUT]), loop)
        call = asyncio.create_task(later(0, commits, rows(1)))
        await asyncio.sleep(0.1)
        await commits.close()
        return await call

    assert play(scene) is Unavailable


def test_closing_in_the_very_moment_a_bulk_ends_does_not_wait_for_ever() -> None:
    async def scene(loop: JumpingLoop) -> Any:
        ending = asyncio.Event()

        async def write(_: list[Document]) -> Collection[int]:
            await asyncio.sleep(1)
            ending.set()
            return ()

        async def closing() -> None:
            await ending.wait()
            await commits.close()

        commits = Commits(write, clock=loop.time, timeout=TIMEOUT)
        return await asyncio.gather(commits.insert(rows(1), small=True), closing())

    assert play(scene) == [[], None]


def test_a_bulk_that_is_cancelled_before_it_begins_is_made_anew() -> None:
    async def scene(loop: JumpingLoop) -> Any:
        commits = commits_of(Table([1.0]), loop)
        call = asyncio.create_task(commits.insert(rows(1), small=True))
        await asyncio.sleep(0)
        (bulk,) = asyncio.all_tasks() - {call, asyncio.current_task()}
        bulk.cancel()
        return await call

    assert play(scene) == []


def test_a_bulk_that_is_cancelled_with_the_whole_loop_fails_its_callers() -> None:
    async def scene(loop: JumpingLoop) -> Any:
        commits = commits_of(Table([1.0]), loop)
        call = asyncio.create_task(later(0, commits, rows(1)))
        await asyncio.sleep(0.5)
        (bulk,) = asyncio.all_tasks() - {call, asyncio.current_task()}
        bulk.cancel()
        return await call

    assert play(scene) is Unavailable
