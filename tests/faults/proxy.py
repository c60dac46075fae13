"""A way to a database that can be made slow, cut, or lead nowhere."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

Mode = Literal["open", "slow", "hole", "shut"]
SLOW_SECONDS = 0.25
"""So much later everything arrives, in both directions, while it is slow."""


class Proxy:
    """Forwards TCP connections on a port of this machine to another one.

    `open`: as they are; `slow`: every part late; `hole`: taken, and nothing arrives any more, in
    either direction, without an end of the connection; `shut`: closed as soon as they are made.
    """

    def __init__(self, port: int, target: Callable[[], int]) -> None:
        self.port = port
        self.mode: Mode = "open"
        self._target = target
        self._open = asyncio.Event()
        self._open.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._carrying: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._take, "127.0.0.1", self.port)

    async def stop(self) -> None:
        """Close everything."""
        self._server.close()
        self.cut()
        for task in self._carrying:
            task.cancel()
        await asyncio.gather(*self._carrying, return_exceptions=True)
        # What was broken off is closed in the next turns of the event loop.
        await asyncio.sleep(0.05)

    def become(self, mode: Mode) -> None:
        """Treat all connections so from now on, those that are there included."""
        self.mode = mode
        (self._open.clear if mode == "hole" else self._open.set)()

    def cut(self) -> None:
        """Break all connections there are, in the middle of whatever they carry."""
        for writer in list(self._writers):
            writer.transport.abort()

    def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._carry(reader, writer))
        self._carrying.add(task)
        task.add_done_callback(self._carrying.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.mode == "shut":
            writer.transport.abort()
            return
        self._writers.add(writer)
        try:
            await self._open.wait()
            there = await asyncio.open_connection("127.0.0.1", self._target())
            self._writers.add(there[1])
            try:
                await asyncio.gather(self._copy(reader, there[1]), self._copy(there[0], writer))
            finally:
                self._forget(there[1])
        except OSError:
            pass
        finally:
            self._forget(writer)

    def _forget(self, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()
        self._writers.discard(writer)

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while part := await reader.read(65_536):
                await self._open.wait()
                if self.mode == "slow":
                    await asyncio.sleep(SLOW_SECONDS)
                writer.write(part)
                await writer.drain()
        with suppress(OSError, RuntimeError):
            writer.write_eof()
