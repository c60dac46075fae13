"""The clock of the database's server, which decides how old a day is."""

import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

Clock = Callable[[], Awaitable[int]]
"""Tells the present instant in UTC seconds."""

TRUSTED_SECONDS = 60.0
"""For how long one answer of the server is gone on from."""


class ServerClock:
    """Tells the server's time: asked of it once a minute, and counted on from there in between.

    The margins that rest on it are a day wide, so that a minute's drift does not matter.
    """

    def __init__(
        self,
        greet: Callable[[], Awaitable[Mapping[str, Any]]],
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._greet = greet
        self._steady = steady
        self._asked = float("-inf")
        self._ahead = 0.0

    async def __call__(self) -> int:
        """Return the server's present instant in UTC seconds."""
        if self._steady() - self._asked > TRUSTED_SECONDS:
            await self._ask()
        return int(self._steady() + self._ahead)

    async def _ask(self) -> None:
        asked = self._steady()
        greeting = await self._greet()
        self._ahead = greeting["localTime"].timestamp() - asked
        self._asked = asked


_tell = (
    partial(time.clock_gettime, time.CLOCK_BOOTTIME)
    if hasattr(time, "CLOCK_BOOTTIME")
    else time.monotonic
)


def awake_or_not() -> float:
    """Return seconds that also pass while the machine is suspended, where the system tells them."""
    return _tell()
