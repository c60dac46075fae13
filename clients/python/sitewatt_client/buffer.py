"""A buffer for gateways: readings are kept on disk and sent when the service is there."""

import asyncio
import logging
import random
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self, TypeVar

from sitewatt_client.errors import BufferClosed, SitewattError
from sitewatt_client.pushes import PushCalls
from sitewatt_client.receipts import Receipt, Refused
from sitewatt_client.rows import Row
from sitewatt_client.splitting import push_apart
from sitewatt_client.spool import Spool

T = TypeVar("T")
Told = Callable[[int, Receipt], object]

log = logging.getLogger("sitewatt_client")

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
FORESEEN = (SitewattError, sqlite3.Error)


class Buffer:
    """Readings on their way: `async with Buffer("readings.db", sites) as buffer:`.

    What `put` has returned for is on the disk and is sent, the oldest of a site first, `batch` at a
    time, in the background for as long as the context lasts (without one, by `flush`); what is left
    is sent by the next Buffer of the same file; while one is open, a second one of its file raises
    BufferInUse. A reading is forgotten when the service has
    acknowledged it, so after a kill -9 some may be sent twice: the second time they are unchanged.

    Readings that the service refuses are kept apart, with their faults (`refused`); conflicts are
    told to `on_receipt`, which gets the site and the receipt of each batch, and in the log. Neither
    stops the rest. While the service is away, or does not know the site or the key, or something
    else answers in its place, all is kept and tried again, after at most a minute. Nothing ends the
    sending but what `on_receipt` raises, and `put` raises that.

    At most `capacity` readings wait: more raise BufferFull, or with `drop_oldest` push out the
    oldest ones, which the log tells.
    """

    def __init__(
        self,
        path: str | Path,
        client: PushCalls,
        *,
        batch: int = 1000,
        capacity: int = 1_000_000,
        drop_oldest: bool = False,
        on_receipt: Told | None = None,
    ) -> None:
        self._client = client
        self._batch = batch
        self._told = on_receipt
        self._spool = Spool(Path(path), capacity, drop_oldest=drop_oldest)
        self._thread = ThreadPoolExecutor(1, "sitewatt-buffer")
        self._sending = asyncio.Lock()
        self._something = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._of_caller: Exception | None = None
        self._closing = asyncio.Lock()
        self._closed = False

    async def __aenter__(self) -> Self:
        self._promise_open()
        self._something.set()
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        await self.close()
        if kind is None:
            self._raise_what_ended_it()

    async def close(self) -> None:
        """End the sending and close the file. For a Buffer that is used without `async with`.

        Once it is closed, this does nothing; all else but `len` raises BufferClosed.
        """
        async with self._closing:
            if self._closed:
                return
            if self._task is not None:
                self._task.cancel()
                await asyncio.wait([self._task])
            closing = self._in_thread(self._spool.close)
            # What was put before is kept before the file is closed; what comes now is told.
            self._closed = True
            try:
                await closing
            finally:
                self._thread.shutdown()

    def __len__(self) -> int:
        """Return how many readings wait."""
        return len(self._spool)

    async def put(self, site_id: int, *readings: Row) -> None:
        """Keep one reading, or several all together. When it returns they are on the disk.

        Raises BufferFull or, after `close`, BufferClosed, and then has kept none of them.
        """
        self._raise_what_ended_it()
        dropped = await self._on_disk(self._spool.put, site_id, readings)
        if dropped:
            log.warning("the buffer is full: the %d oldest readings are dropped", dropped)
        self._something.set()

    async def flush(self) -> Receipt:
        """Send all that waits now, and return the receipt of it.

        A site that fails does not stop the others; afterwards the first failure is raised.
        """
        whole, failures = Receipt(), list[Exception]()
        async with self._sending:
            for site_id in await self._on_disk(self._spool.sites):
                try:
                    whole += await self._send(site_id)
                except Exception as failure:
                    if failure is self._of_caller:
                        raise
                    failures.append(failure)
        if failures:
            raise failures[0]
        return whole

    async def refused(self) -> Sequence[tuple[int, Refused]]:
        """Return the readings that the service refused, with their sites, the 10,000 newest."""
        return await self._on_disk(self._spool.refused)

    async def forget_refused(self) -> None:
        """Forget the readings that the service refused."""
        await self._on_disk(self._spool.forget_refused)

    async def _send(self, site_id: int) -> Receipt:
        async def push(body: Mapping[str, Any]) -> Receipt:
            return await self._client.push(site_id, body)

        whole = Receipt()
        while waiting := await self._on_disk(self._spool.oldest, site_id, self._batch):
            receipt = await push_apart(push, [row.reading for row in waiting])
            await self._on_disk(self._spool.settle, site_id, waiting, receipt.refused)
            self._tell(site_id, receipt)
            whole += receipt
        return whole

    def _tell(self, site_id: int, receipt: Receipt) -> None:
        for refused in receipt.refused:
            log.warning("site %d: a reading is refused: %s", site_id, refused)
        if receipt.conflicts:
            first = receipt.conflicting[0]["dt-stamp"] if receipt.conflicting else "?"
            log.warning("site %d: %d in conflict, first %s", site_id, receipt.conflicts, first)
        if self._told is not None:
            try:
                self._told(site_id, receipt)
            except Exception as error:
                self._of_caller = error
                raise

    def _raise_what_ended_it(self) -> None:
        """Raise what `on_receipt` raised: without the background task nothing is sent."""
        if self._task is not None and self._task.done() and not self._task.cancelled():
            self._task.result()

    async def _run(self) -> None:
        pause = FIRST_PAUSE
        while True:
            await self._something.wait()
            self._something.clear()
            try:
                await self.flush()
                pause = FIRST_PAUSE
            except Exception as failure:
                if failure is self._of_caller:
                    raise
                trace = None if isinstance(failure, FORESEEN) else failure
                log.warning("%d readings wait: %s", len(self), failure, exc_info=trace)
                self._something.set()
                await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - no secret
                pause = min(LONGEST_PAUSE, pause * 2)

    def _promise_open(self) -> None:
        if self._closed:
            raise BufferClosed("the buffer is closed; the next one of its file sends what it kept")

    async def _on_disk(self, call: Callable[..., T], *words: Any) -> T:
        """Return what the call returns. Raises BufferClosed."""
        self._promise_open()
        return await self._in_thread(call, *words)

    def _in_thread(self, call: Callable[..., T], *words: Any) -> asyncio.Future[T]:
        """Return what the call will return, made in the one thread that has the file."""
        return asyncio.get_running_loop().run_in_executor(self._thread, call, *words)
