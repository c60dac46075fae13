"""Group commit: what many callers insert at the same time goes to the database in one bulk."""

import time
from bisect import bisect_right
from collections.abc import Awaitable, Callable, Collection, Iterable
from itertools import accumulate

from storage.bulks import Queue, Share
from storage.database import CHUNK, Document
from storage.errors import Overloaded
from storage.measures import Measures
from storage.sharing import Sharing, Waiter

MOST_WAITING = 20_000
"""So many rows may wait for a bulk; more are refused rather than kept in memory."""

BULKS = 2
"""So many bulks are in flight at most: while one waits for the journal, the next is being made."""

Write = Callable[[list[Document]], Awaitable[Collection[int]]]
"""Inserts documents in their order and returns the places of those whose `_id` was taken.

When it returns, all others are durable; it raises when anything else went wrong.
"""


class _Insert(Waiter[Collection[int]]):
    """A post (see storage/bulks.py) whose caller waits until all its rows are durable or taken."""

    __slots__ = ("confirmed", "documents", "sent", "small", "taken")

    def __init__(self, documents: list[Document], since: float, *, small: bool) -> None:
        super().__init__(since)
        self.documents = documents
        self.small = small
        self.sent = 0
        self.confirmed = 0
        self.taken: list[int] = []

    def confirm(self, rows: int) -> None:
        """Answer the caller when these were the last rows."""
        self.confirmed += rows
        if self.confirmed == len(self.documents):
            self.resolve(self.taken)


class Commits(Sharing[_Insert, list[Share[_Insert]], Collection[int]]):
    """Shares bulks among concurrent inserts: what comes while BULKS are in flight is the next.

    Which rows a bulk holds is decided by `Queue.take`.
    """

    def __init__(
        self,
        write: Write,
        *,
        clock: Callable[[], float] = time.monotonic,
        timeout: float | None,
        most_rows: int = CHUNK,
        most_waiting: int = MOST_WAITING,
        bulks: int = BULKS,
        measures: Measures | None = None,
    ) -> None:
        super().__init__(clock, timeout, most_calls=bulks)
        self._measures = measures or Measures()
        self._write = write
        self._most_rows = most_rows
        self._most_waiting = most_waiting
        self._queue = Queue[_Insert]()

    @property
    def waiting_rows(self) -> int:
        """How many rows wait for a bulk."""
        return self._queue.rows

    async def insert(self, documents: list[Document], *, small: bool) -> Collection[int]:
        """Return the places of the documents whose `_id` was taken, once all others are durable.

        `small` ones go before others. Raises Overloaded at once when too many rows wait already,
        Unavailable after `timeout` seconds, and whatever the write raised: then some of the
        documents may be stored. A caller that is cancelled takes along what was not yet sent.
        """
        if not documents:
            return ()
        post = _Insert(documents, self._clock(), small=small)
        self._refuse_too_many(len(documents))
        self._join(post)
        self._queue.add(post)
        try:
            taken = await post.answer
            self._measures.bulk_waits.add(self._clock() - post.since)
            return taken
        finally:
            self._leave(post)

    def _refuse_too_many(self, rows: int) -> None:
        """Raise Overloaded when these are too many; an empty queue takes any number of them."""
        waiting = self._queue.rows
        if waiting and waiting + rows > self._most_waiting:
            self._measures.overloaded += 1
            raise Overloaded(waiting)

    def _is_waiting(self) -> bool:
        return self._queue.rows > 0

    def _choose(self) -> list[Share[_Insert]]:
        """Return the next bulk; whoever came in the same turn of the event loop is in it."""
        return self._queue.take(self._most_rows, self._clock())

    async def _call(self, chosen: list[Share[_Insert]]) -> Collection[int]:
        rows = [row for post, begin, end in chosen for row in post.documents[begin:end]]
        if not rows:
            return ()
        self._measures.bulk_rows.add(len(rows))
        return await self._write(rows)

    def _called_for(self, chosen: list[Share[_Insert]]) -> Iterable[_Insert]:
        return [share.post for share in chosen]

    def _answer(self, chosen: list[Share[_Insert]], result: Collection[int]) -> None:
        """Tell each caller which of its own rows were taken, and that the others are durable."""
        if result:
            _tell(chosen, result)
        for post, begin, end in chosen:
            post.confirm(end - begin)

    def _fail(self, chosen: list[Share[_Insert]], error: BaseException) -> None:
        for share in chosen:
            share.post.fail(error)

    def _drop(self, waiter: _Insert) -> None:
        self._queue.drop(waiter)


def _tell(bulk: list[Share[_Insert]], taken: Collection[int]) -> None:
    """Turn places in the bulk into places among the rows of each post."""
    ends = list(accumulate(share.end - share.begin for share in bulk))
    for place in taken:
        number = bisect_right(ends, place)
        share = bulk[number]
        share.post.taken.append(share.end - ends[number] + place)
