"""Callers who wait at the same time share one call of the database."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from contextvars import Context
from itertools import islice
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
C = TypeVar("C")
R = TypeVar("R")


class Sharing(ABC, Generic[W, C, R]):
    """Makes calls for all who wait, and answers each of them in time.

    There is no timer to wait for company: the first who comes starts a call, and who comes while
    as many as there may be are in flight shares the next one. A subclass keeps who waits, and says
    what a call is.
    """

    def __init__(
        self, clock: Callable[[], float], timeout: float | None, *, most_calls: int = 1
    ) -> None:
        self._clock = clock
        self._timeout = timeout
        self._most_calls = most_calls
        self._unanswered: dict[W, None] = {}
        self._calls: set[asyncio.Task[None]] = set()
        self._starting: asyncio.Task[None] | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._closed = False
        self.watch: Watch | None = None

    async def close(self) -> None:
        """Refuse who comes from now on, and return when all who wait have been answered."""
        self._closed = True
        while self._calls:
            await asyncio.wait(self._calls)
        if self._alarm is not None:
            self._alarm.cancel()

    @abstractmethod
    def _is_waiting(self) -> bool:
        """Return whether there is something to call for."""

    @abstractmethod
    def _choose(self) -> C:
        """Return for whom the next call is; they are not waiting for one any more."""

    @abstractmethod
    async def _call(self, chosen: C) -> R:
        """Call for those who have been chosen."""

    @abstractmethod
    def _called_for(self, chosen: C) -> Iterable[W]:
        """Return those whom a call is for."""

    @abstractmethod
    def _answer(self, chosen: C, result: R) -> None:
        """Answer those whom the call was for."""

    @abstractmethod
    def _fail(self, chosen: C, error: BaseException) -> None:
        """Fail those whom the call was for."""

    @abstractmethod
    def _drop(self, waiter: W) -> None:
        """Forget what has not been called for yet."""

    def _join(self, waiter: W) -> None:
        """Let somebody wait; a call starts in the next turn of the event loop, or at its end."""
        if self._closed:
            raise Unavailable("the store is closing", None)
        if self.watch is not None:
            waiter.caller = self.watch.caller()
        self._unanswered[waiter] = None
        if self._alarm is None and self._timeout is not None:
            self._set_alarm(self._timeout)
        self._start()

    def _leave(self, waiter: W) -> None:
        """Let somebody go, answered or not; this comes before the next call chooses for whom."""
        del self._unanswered[waiter]
        self._drop(waiter)

    def _start(self) -> None:
        """Start a call, if another may be in flight, in a context of its own.

        PyMongo's deadline and the request id of the logs are context variables: those of whoever
        happens to come first are not the others'.
        """
        if self._starting is not None or len(self._calls) >= self._most_calls:
            return
        context = Context()
        self._starting = asyncio.create_task(self._in_time(), context=context)
        self._calls.add(self._starting)
        self._starting.add_done_callback(self._end, context=context)

    async def _in_time(self) -> None:
        """Call, and answer those whom the call was for; who is left waits for another one."""
        self._starting = None
        chosen = self._choose()
        self._go_on()
        try:
            with pymongo.timeout(self._timeout):
                self._answer(chosen, await self._watched(chosen))
        except asyncio.CancelledError:
            self._fail(chosen, Unavailable("the call was cancelled", None))
            raise
        except Exception as error:  # noqa: BLE001  # whatever it is, it is told to who waits for it
            self._fail(chosen, error)

    async def _watched(self, chosen: C) -> R:
        """Call, and let who watches see for whom."""
        if self.watch is None:
            return await self._call(chosen)
        callers = [waiter.caller for waiter in self._called_for(chosen)]
        with self.watch.call(type(self).__name__, callers):
            return await self._call(chosen)

    def _end(self, call: asyncio.Task[None]) -> None:
        self._calls.discard(call)
        if self._starting is call:
            self._starting = None
        self._go_on()

    def _go_on(self) -> None:
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


class Asking(Sharing[W, list[W], R]):
    """A sharing whose calls are for those who have waited longest, each of them asked once."""

    most: int
    """For so many waiters is a call at most."""

    def __init__(self, clock: Callable[[], float], timeout: float | None) -> None:
        super().__init__(clock, timeout)
        self._waiting: dict[W, None] = {}

    @abstractmethod
    def _see(self, waiter: W, result: R) -> None:
        """Answer somebody by what the call has told."""

    async def _ask(self, waiter: W) -> Any:
        """Return the answer that a call which begins later gives to somebody."""
        self._join(waiter)
        self._waiting[waiter] = None
        try:
            return await waiter.answer
        finally:
            self._leave(waiter)

    def _choose(self) -> list[W]:
        chosen = [*islice(self._waiting, self.most)]
        for waiter in chosen:
            del self._waiting[waiter]
        return chosen

    def _is_waiting(self) -> bool:
        return bool(self._waiting)

    def _called_for(self, chosen: list[W]) -> Iterable[W]:
        return chosen

    def _answer(self, chosen: list[W], result: R) -> None:
        for waiter in chosen:
            try:
                self._see(waiter, result)
            except Exception as error:  # noqa: BLE001  # it is that waiter's trouble alone
                waiter.fail(error)

    def _fail(self, chosen: list[W], error: BaseException) -> None:
        for waiter in chosen:
            waiter.fail(error)

    def _drop(self, waiter: W) -> None:
        self._waiting.pop(waiter, None)
