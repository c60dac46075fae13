"""What waits to be written, and which rows of it go into the next bulk; pure decisions."""

from collections.abc import Iterator
from heapq import merge
from itertools import chain, dropwhile, takewhile
from operator import attrgetter
from typing import Generic, NamedTuple, Protocol, TypeVar

from storage.database import Document

PATIENCE = 1.0
"""Whoever has waited for so many seconds goes before everybody else."""


class Post(Protocol):
    """The rows that one caller wants written, each post an individual.

    It came at `since` by the clock that the queue is asked with; `sent` of its rows have gone into
    a bulk by now.
    """

    documents: list[Document]
    small: bool
    since: float
    sent: int


P = TypeVar("P", bound=Post)


class Share(NamedTuple, Generic[P]):
    """What a bulk holds of one post: its rows from `begin` to before `end`."""

    post: P
    begin: int
    end: int


class Queue(Generic[P]):
    """The posts that have rows left to send; they arrive with clocks that never go back."""

    def __init__(self) -> None:
        self.rows = 0
        """How many rows wait in all."""
        self._small: dict[P, None] = {}
        self._large: dict[P, None] = {}

    def add(self, post: P) -> None:
        """Let a post wait behind those of its kind."""
        self._kind(post)[post] = None
        self.rows += len(post.documents)

    def drop(self, post: P) -> None:
        """Forget the rows of a post that have not been sent; nothing happens when there are none.

        What was sent stays in its bulk.
        """
        waiting = self._kind(post)
        if post in waiting:
            del waiting[post]
            self.rows -= len(post.documents) - post.sent

    def take(self, most: int, now: float) -> list[Share[P]]:
        """Return the next bulk, of at most that many rows, and count them as sent.

        When not all rows fit, first go the posts that have waited for PATIENCE, then the small
        ones, then the large ones, each in the order of arrival. What fits in part goes in part.
        """
        shares: list[Share[P]] = []
        everybody = self.rows <= most
        room = min(most, self.rows)
        for post in chain(self._small, self._large) if everybody else self._order(now - PATIENCE):
            if not room:
                break
            end = min(post.sent + room, len(post.documents))
            shares.append(Share(post, post.sent, end))
            room -= end - post.sent
        self._send(shares)
        return shares

    def _send(self, shares: list[Share[P]]) -> None:
        for post, begin, end in shares:
            post.sent = end
            self.rows -= end - begin
            if end == len(post.documents):
                del self._kind(post)[post]

    def _order(self, late: float) -> Iterator[P]:
        def is_late(post: P) -> bool:
            return post.since <= late

        kinds = (self._small, self._large)
        first = merge(*(takewhile(is_late, kind) for kind in kinds), key=attrgetter("since"))
        return chain(first, *(dropwhile(is_late, kind) for kind in kinds))

    def _kind(self, post: P) -> dict[P, None]:
        return self._small if post.small else self._large
