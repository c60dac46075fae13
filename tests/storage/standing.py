"""Processes that stand still at each of their database calls until they are given the answer.

What a process does follows from the answers it got, in their order, and from nothing else: its
event loop has no time and no sockets, and its ids are counted.
"""

import asyncio
import copy
from asyncio import events
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import Context
from types import SimpleNamespace
from typing import Any, NamedTuple
from unittest import mock

import gates
from bson.objectid import ObjectId

from storage import Store
from storage.errors import StorageError

START = "start"
"""The method of a call that stands for the arrival of a request."""


class Operation(NamedTuple):
    """What one caller asks of the store; `meaning` is what the judge knows of it."""

    meaning: Any
    ask: Callable[[Store], Awaitable[Any]]


Caller = tuple[Operation, ...]
"""Operations that one caller asks for one after the other."""


class Process(NamedTuple):
    """One process with a store of its own, and its callers."""

    name: str
    callers: tuple[Caller, ...]
    store: Callable[[Any], Store]


class Answer(NamedTuple):
    """What the database said to a call: a value, or an error to raise."""

    value: Any
    error: BaseException | None


class StillLoop(asyncio.AbstractEventLoop):
    """An event loop that runs what is ready and then stands still; timers fire when nothing is."""

    def __init__(self) -> None:
        self._ready: deque[asyncio.Handle] = deque()
        self._timers: list[asyncio.TimerHandle] = []
        self._tasks: list[asyncio.Task[Any]] = []
        self._time = 0.0

    def unfinished(self) -> list[asyncio.Task[Any]]:
        """Return the tasks that have not ended."""
        self._tasks = [task for task in self._tasks if not task.done()]
        return self._tasks

    def run_until_still(self) -> None:
        before = events._get_running_loop()
        events._set_running_loop(self)
        try:
            while self._ready:
                handle = self._ready.popleft()
                if not handle.cancelled():
                    handle._run()
        finally:
            events._set_running_loop(before)

    def fire(self) -> bool:
        """Make the next timer ready; False when there is none."""
        self._timers = [timer for timer in self._timers if not timer.cancelled()]
        if not self._timers:
            return False
        timer = min(self._timers, key=asyncio.TimerHandle.when)
        self._timers.remove(timer)
        self._time = max(self._time, timer.when())
        self._ready.append(timer)
        return True

    def call_soon(self, callback: Any, *args: Any, context: Context | None = None) -> Any:
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_at(self, when: float, callback: Any, *args: Any, context: Any = None) -> Any:
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        self._timers.append(timer)
        return timer

    def call_later(self, delay: float, callback: Any, *args: Any, context: Any = None) -> Any:
        return self.call_at(self._time + delay, callback, *args, context=context)

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        raise AssertionError(context)

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(self, coroutine: Any, **options: Any) -> asyncio.Task[Any]:
        task = asyncio.Task(coroutine, loop=self, **options)
        self._tasks.append(task)
        return task

    def run_in_executor(self, executor: Any, function: Any, *args: Any) -> asyncio.Future[Any]:
        future = self.create_future()
        future.set_result(function(*args))
        return future

    def time(self) -> float:
        return self._time

    def get_debug(self) -> bool:
        return False

    def is_closed(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Cancelled timers are dropped when the next one is looked for."""


class Run:
    """A process from its beginning on."""

    def __init__(self, process: Process, number: int) -> None:
        self.calls: dict[int, gates.Call] = {}
        self.ended: dict[tuple[int, int], Any] = {}
        self._futures: dict[int, asyncio.Future[Any]] = {}
        self._asked = 0
        self._ids = 0
        self._number = number
        self._closed = False
        self._loop = StillLoop()
        with self._running():
            store = process.store(gates.Database(_Nowhere(), self._gate))
            store.database.prepared = True
            alone = len(process.callers) == 1
            self._tasks = [
                self._loop.create_task(self._work(place, caller, store, alone))
                for place, caller in enumerate(process.callers)
            ]
        self._go_on()

    def answer(self, call: int, answer: Answer) -> None:
        """Give one call its answer, and let the process go on until it stands still again."""
        del self.calls[call]
        future = self._futures.pop(call)
        if answer.error is not None:
            future.set_exception(answer.error.with_traceback(None))
        else:
            future.set_result(copy.deepcopy(answer.value))
        self._go_on()

    def close(self) -> None:
        """End whatever still runs."""
        self._closed = True
        while tasks := self._loop.unfinished():
            for task in tasks:
                task.cancel()
            self._loop.run_until_still()

    def _go_on(self) -> None:
        with self._running():
            self._loop.run_until_still()
            while not self.calls and self._loop.fire():
                self._loop.run_until_still()

    async def _work(self, place: int, caller: Caller, store: Store, alone: bool) -> None:
        for turn, operation in enumerate(caller):
            if not alone:
                await self._stand(gates.Call("", START, (place, turn), {}))
            self.ended[place, turn] = await _outcome(operation.ask(store))

    async def _gate(self, call: gates.Call, execute: Any) -> Any:
        return await self._stand(call)

    async def _stand(self, call: gates.Call) -> Any:
        if self._closed:
            raise asyncio.CancelledError
        number, self._asked = self._asked, self._asked + 1
        # What the process does with its arguments later is not part of the call.
        self.calls[number] = copy.deepcopy(call)
        self._futures[number] = self._loop.create_future()
        return await self._futures[number]

    @contextmanager
    def _running(self) -> Iterator[None]:
        def initialise(new: Any, oid: Any = None) -> None:
            if oid is not None:
                return original(new, oid)
            self._ids += 1
            return original(new, counted_id(self._number, self._ids))

        original = ObjectId.__init__
        with mock.patch.object(ObjectId, "__init__", initialise):
            yield


def counted_id(process: int, number: int) -> bytes:
    """Return the bytes of the id that a process makes as its n-th."""
    return process.to_bytes(4) + number.to_bytes(8)


class _Nowhere:
    """A database in which nothing is ever executed."""

    client = SimpleNamespace(options=SimpleNamespace(timeout=None))

    def __getitem__(self, name: str) -> None:
        return None


async def _outcome(asked: Awaitable[Any]) -> Any:
    """Return what was answered, or what was raised on purpose."""
    try:
        return await asked
    except StorageError as refusal:
        return refusal
