"""Group commit: what many callers insert at the same time goes to the database in one bulk."""

import asyncio
import time
from bisect import bisect_right
from collections.abc import Awaitable, Callable, Collection, Iterable
from contextvars import Context
from itertools import accumulate

import pymongo

from storage.bulks import Post, Queue, Share
from storage.database import CHUNK, Document
from storage.errors import Overloaded, Unavailable

MOST_WAITING = 20_000
"""So many rows may wait for a bulk; more are refused rather than kept in memory."""

Write = Callable[[list[Document]], Awaitable[Collection[int]]]
"""Inserts documents in their order and returns the places of those whose `_id` was taken.

When it returns, all others are durable; it raises when anything else went wrong.
"""


class _Insert(Post):
    """A post, the answer its caller waits for, and what is known of that until now."""

    __slots__ = ("answer", "confirmed", "taken")

    def __init__(self, documents: list[Document], since: float, *, small: bool) -> None:
        super().__init__(documents, since, small=small)
        self.answer: asyncio.Future[Collection[int]] = asyncio.get_running_loop().create_future()
        self.confirmed = 0
        self.taken: list[int] = []

    def confirm(self, rows: int) -> None:
        """Answer the caller when these were the last rows that were not durable."""
        self.confirmed += rows
        if self.confirmed == len(self.documents) and not self.answer.done():
            self.answer.set_result(self.taken)

    def fail(self, error: BaseException) -> None:
        """Answer the caller with an error, unless it has its answer or has gone."""
        if not self.answer.done():
            self.answer.set_exception(error)
            # A caller that is cancelled just now never looks; asyncio would complain in the log.
            self.answer.exception()


class Commits:
    """Shares bulks among concurrent inserts: one is in flight, what arrives meanwhile is the next.

    There is no timer to wait for company: a lone caller's bulk goes out at once. Which rows a bulk
    holds is decided by `Queue.take`.
    """

    def __init__(
        self,
        write: Write,
        *,
        clock: Callable[[], float] = time.monotonic,
        timeout: float | None,
        most_rows: int = CHUNK,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self._write = write
        self._clock = clock
        self._timeout = timeout
        self._most_rows = most_rows
        self._most_waiting = most_waiting
        self._queue = Queue[_Insert]()
        self._unanswered: dict[_Insert, None] = {}
        self._bulk: asyncio.Task[Collection[int]] | None = None
        self._shares: list[Share[_Insert]] = []
        self._alarm: asyncio.TimerHandle | None = None
        self._closed = False

    async def insert(self, documents: list[Document], *, small: bool) -> Collection[int]:
        """Return the places of the documents whose `_id` was taken, once all others are durable.

        `small` ones go before others. Raises Overloaded at once when too many rows wait already,
        Unavailable after `timeout` seconds, and what the write raised; then any of the documents
        may have been stored or not. A caller that is cancelled takes along what was not yet sent.
        """
        if not documents:
            return ()
        post = self._admit(documents, small)
        if self._bulk is None:
            self._send()
        try:
            return await post.answer
        finally:
            self._queue.drop(post)
            del self._unanswered[post]

    async def close(self) -> None:
        """Refuse what comes from now on, and return when all that waits has been answered."""
        self._closed = True
        while self._bulk is not None:
            await asyncio.wait([self._bulk])
            await asyncio.sleep(0)
        if self._alarm is not None:
            self._alarm.cancel()

    def _admit(self, documents: list[Document], small: bool) -> _Insert:
        """Let the documents wait; an empty queue takes any number of them."""
        if self._closed:
            raise Unavailable("the store is closing")
        waiting = self._queue.rows
        if waiting and waiting + len(documents) > self._most_waiting:
            raise Overloaded(waiting)
        post = _Insert(documents, self._clock(), small=small)
        self._queue.add(post)
        self._unanswered[post] = None
        if self._alarm is None and self._timeout is not None:
            self._set_alarm(self._timeout)
        return post

    def _send(self) -> None:
        """Send the next bulk, in a context of its own.

        PyMongo's deadline and the request id of the logs are context variables: those of the
        caller that happens to come first are not the others'.
        """
        context = Context()
        self._bulk = asyncio.create_task(self._write_next(), context=context)
        self._bulk.add_done_callback(self._end, context=context)

    async def _write_next(self) -> Collection[int]:
        """Choose the rows only now: whoever came in the same turn of the event loop is among them.

        The answer is the write's, about all rows of the bulk.
        """
        self._shares = self._queue.take(self._most_rows, self._clock())
        rows = [row for post, begin, end in self._shares for row in post.documents[begin:end]]
        with pymongo.timeout(self._timeout):
            return await self._write(rows) if rows else ()

    def _end(self, bulk: asyncio.Task[Collection[int]]) -> None:
        """Answer the callers of the bulk, and send the next one."""
        self._bulk, shares, self._shares = None, self._shares, []
        error = Unavailable("the bulk was cancelled") if bulk.cancelled() else bulk.exception()
        if error is None:
            _confirm(shares, bulk.result())
        else:
            self._fail((share.post for share in shares), error)
        if self._queue.rows:
            self._send()

    def _fail(self, posts: Iterable[_Insert], error: BaseException) -> None:
        for post in posts:
            self._queue.drop(post)
            post.fail(error)

    def _set_alarm(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        self._alarm = loop.call_later(seconds, self._expire, context=Context())

    def _expire(self) -> None:
        """Fail whoever has waited too long. One alarm serves all: who came first is due first."""
        self._alarm = None
        timeout = self._timeout or 0.0
        now = self._clock()
        for post in [*self._unanswered]:
            left = post.since + timeout - now
            if left > 0:
                self._set_alarm(left)
                return
            self._fail([post], Unavailable("the rows were not confirmed in time"))


def _confirm(shares: list[Share[_Insert]], taken: Collection[int]) -> None:
    """Tell each caller what of its own rows was taken, and that the others are durable."""
    ends = list(accumulate(share.end - share.begin for share in shares)) if taken else []
    for place in taken:
        number = bisect_right(ends, place)
        share = shares[number]
        share.post.taken.append(share.end - ends[number] + place)
    for post, begin, end in shares:
        post.confirm(end - begin)
