"""A gate that makes one database call fail: before it is executed, after it, or by cancelling."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from gates import Call
from pymongo.errors import AutoReconnect

KINDS = ("not executed", "answer lost", "cancelled before", "cancelled after")


class FaultyGate:
    """Lets every call pass, but for the one that a fault has been planted at."""

    def __init__(self) -> None:
        self.task: asyncio.Task[Any] | None = None
        self.struck = False
        self.running = 0
        """How many calls have been made and are not answered."""
        self._left = -1
        self._kind = ""

    def plant(self, calls: int, kind: str) -> None:
        """Make the call fail that comes after so many others."""
        self._left, self._kind, self.struck = calls, kind, False

    def clear(self) -> None:
        self._left = -1

    async def __call__(self, call: Call, execute: Callable[[], Awaitable[Any]]) -> Any:
        self.running += 1
        try:
            return await self._pass(execute)
        finally:
            self.running -= 1

    async def _pass(self, execute: Callable[[], Awaitable[Any]]) -> Any:
        self._left -= 1
        if self._left != -1:
            return await execute()
        self.struck = True
        if self._kind in {"answer lost", "cancelled after"}:
            await execute()
        if self._kind.startswith("cancelled") and self.task is not None:
            self.task.cancel()
            await asyncio.sleep(0)
        raise AutoReconnect(self._kind)
