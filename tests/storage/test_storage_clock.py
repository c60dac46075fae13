"""The server's clock is asked of it once a minute, and counted on from there in between."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from storage.clock import TRUSTED_SECONDS, ServerClock

START = datetime(2023, 1, 20, tzinfo=UTC)
NOW = int(START.timestamp())


class Server:
    """A server whose clock a test sets, and which counts how often it is greeted."""

    def __init__(self) -> None:
        self.time = START
        self.asked = 0

    async def greet(self) -> dict[str, Any]:
        self.asked += 1
        return {"localTime": self.time}


class Steady:
    """The seconds of this machine, which have nothing to do with the server's."""

    now = 5.0

    def __call__(self) -> float:
        return self.now


async def test_the_first_question_is_asked_however_young_the_machine_is() -> None:
    server, steady = Server(), Steady()
    steady.now = 0.0
    clock = ServerClock(server.greet, steady)
    assert server.asked == 0, "not before anybody wants to know"
    assert await clock() == NOW
    assert server.asked == 1


async def test_an_answer_is_counted_on_from_for_a_minute_and_then_asked_for_anew() -> None:
    server, steady = Server(), Steady()
    clock = ServerClock(server.greet, steady)
    assert await clock() == NOW
    server.time += timedelta(days=1)
    steady.now += TRUSTED_SECONDS
    assert (await clock(), server.asked) == (NOW + 60, 1)
    steady.now += 0.5
    assert (await clock(), server.asked) == (NOW + 86_400, 2)
    steady.now += TRUSTED_SECONDS
    assert (await clock(), server.asked) == (NOW + 86_460, 2)


async def test_the_answer_of_a_server_is_of_when_it_was_asked_and_not_of_when_it_came() -> None:
    steady = Steady()

    async def slow() -> dict[str, Any]:
        steady.now += 30
        return {"localTime": START}

    clock = ServerClock(slow, steady)
    assert await clock() == NOW + 30, "late by no more than the answer took"
    steady.now += 31
    assert await clock() == NOW + 30


async def test_a_question_that_failed_is_asked_again() -> None:
    server, steady = Server(), Steady()

    async def broken_at_first() -> dict[str, Any]:
        answer = await server.greet()
        if server.asked == 1:
            raise ConnectionError
        return answer

    clock = ServerClock(broken_at_first, steady)
    with pytest.raises(ConnectionError):
        await clock()
    assert (await clock(), server.asked) == (NOW, 2)
