"""Callers who wait at the same time share one call of the database; one call is in flight."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from contextvars import Context
from typing import Any, Generic, TypeVar

import pymongo

from storage.errors import Unavailable
from storage.watching import Watch

A = TypeVar("A")

_TICK = 0.001
"""An alarm sooner than this would find, by rounding, that it is too early still, and ring on."""


class Waiter(Generic[A]):
    """Somebody who waits for an answer since an instant of the clock of the sharing.

    `caller` is what the watch said of it, where there is one.
    """

    __slots__ = ("answer", "caller", "since")
    caller: Any

    def __init__(self, since: float) -> None:
        self.since = since
        self.answer: asyncio.Future[A] = asyncio.get_running_loop().create_future()

    def resolve(self, answer: A) -> None:
        """Give the answer, unless there is one or nobody waits for it any more."""
        if not self.answer.done():
            self.answer.set_result(answer)

    def fail(self, error: BaseException) -> None:
        """Answer with an error, unless there is an answer or nobody waits for it any more."""
        if not self.answer.done():
            self.answer.set_exception(error)


W = TypeVar("W", bound=Waiter[Any])
R = TypeVar("R")


class Sharing(ABC, Generic[W, R]):
    """Makes calls for all who wait, one after the other, and answers each of them in time.

    There is no timer to wait for company: the first who comes starts a call, who comes while it is
    in flight shares the next one. A subclass keeps who waits, and says what a call is.
    """

    def __init__(self, clock: Callable[[], float], timeout: float | None) -> None:
        self._clock = clock
        self._timeout = timeout
        self._unanswered: dict[W, None] = {}
        self._call: asyncio.Task[R] | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._closed = False
        self.watch: Watch | None = None

    async def close(self) -> None:
        """Refuse who comes from now on, and return when all who wait have been answered."""
        self._closed = True
        while self._call is not None:
            await asyncio.wait([self._call])
        if self._alarm is not None:
            self._alarm.cancel()

    @abstractmethod
    def _is_waiting(self) -> bool:
        """Return whether there is something to call for."""

    @abstractmethod
    async def _next(self) -> R:
        """Choose for whom to call, and call."""

    @abstractmethod
    def _called_for(self) -> Iterable[W]:
        """Return those whom the call that is under way is for."""

    @abstractmethod
    def _answer(self, result: R) -> None:
        """Answer those whom the call was for."""

    @abstractmethod
    def _fail(self, error: BaseException) -> None:
        """Fail those whom the call was for."""

    @abstractmethod
    def _drop(self, waiter: W) -> None:
        """Forget what has not been called for yet."""

    def _join(self, waiter: W) -> None:
        """Let somebody wait; a call starts in the next turn of the event loop, or at its end."""
        if self._closed:
            raise Unavailable("the store is closing", None)
        self._unanswered[waiter] = None
        if self.watch is not None:
            waiter.caller = self.watch.caller()
        if self._alarm is None and self._timeout is not None:
            self._set_alarm(self._timeout)
        if self._call is None:
            self._start()

    def _leave(self, waiter: W) -> None:
        """Let somebody go, answered or not; this comes before the next call chooses for whom."""
        del self._unanswered[waiter]
        self._drop(waiter)

    def _start(self) -> None:
        """Start a call in a context of its own.

        PyMongo's deadline and the request id of the logs are context variables: those of whoever
        happens to come first are not the others'.
        """
        context = Context()
        self._call = asyncio.create_task(self._in_time(), context=context)
        self._call.add_done_callback(self._end, context=context)

    async def _in_time(self) -> R:
        with pymongo.timeout(self._timeout):
            return await (self._next() if self.watch is None else self._watched(self.watch))

    async def _watched(self, watch: Watch) -> R:
        waiting = [waiter.caller for waiter in self._unanswered]
        with watch.call(type(self).__name__, waiting) as tell:
            try:
                return await self._next()
            finally:
                tell([waiter.caller for waiter in self._called_for()])

    def _end(self, call: asyncio.Task[R]) -> None:
        self._call = None
        if call.cancelled():
            self._fail(Unavailable("the call was cancelled", None))
        elif error := call.exception():
            self._fail(error)
        else:
            self._answer(call.result())
        if self._is_waiting():
            self._start()

    def _set_alarm(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        self._alarm = loop.call_later(seconds, self._expire, context=Context())

    def _expire(self) -> None:
        """Fail who has waited too long. One alarm serves all: who came first is due first."""
        self._alarm = None
        due = self._clock() - (self._timeout or 0)
        for waiter in [*self._unanswered]:
            if waiter.since > due:
                self._set_alarm(max(waiter.since - due, _TICK))
                return
            waiter.fail(Unavailable("there was no answer in time", "timeout"))
