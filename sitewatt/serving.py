"""The end of a process, and its files: what SIGTERM begins, and how many connections there may be.

SIGTERM begins the end: `/readyz` says 503 and every answer is the last of its connection. For
`drain_time` seconds new connections are still taken, so that a proxy in front can see it and send
its requests elsewhere; then uvicorn closes the listener and waits for what is under way.
"""

import asyncio
import logging
import multiprocessing
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.supervisors import Multiprocess

from sitewatt import door
from sitewatt.web.terms import TERMS, Terms
from sitewatt.workers import HEALTHCHECK_SECONDS, require_started

if sys.platform != "win32":  # pragma: no branch
    import resource

logger = logging.getLogger(__name__)

KEPT_FILES = 256
"""Files that connections of clients leave: those of the database (100 a worker at most), of the
program, of its log, and some for what is yet to come."""

Handler = Callable[[int, FrameType | None], Any]


def raise_file_limit() -> None:
    """Have as many files as the system lets this process and those that it starts have."""
    if sys.platform == "win32":
        return  # pragma: no cover
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (OSError, ValueError) as error:  # pragma: no cover  # macOS has a lower limit yet
            logger.warning("the limit of %d open files stays as it is: %s", soft, error)


def room_for_connections(wanted: int) -> int:
    """Return how many connections a worker may have: those wanted, or fewer where files are few.

    Says so in the log when they are fewer.
    """
    if sys.platform == "win32":
        return wanted  # pragma: no cover
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if limit == resource.RLIM_INFINITY or limit >= wanted + KEPT_FILES:
        return wanted
    room = max(limit - KEPT_FILES, limit // 2)
    logger.warning(
        "a process may have %d open files here, so that there can be %d connections and not the %d"
        " of SITEWATT_MAX_CONNECTIONS; raise the limit (ulimit -Hn, LimitNOFILE=) or lower the"
        " setting",
        limit,
        room,
        wanted,
    )
    return room


def on_terms(app: ASGIApp, terms: Terms) -> ASGIApp:
    """Return the application, whose server's connections get the terms."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            scope["state"][TERMS] = terms
        await app(scope, receive, send)

    return application


def ending_by(app: ASGIApp, terms: Terms, drain_time: float) -> ASGIApp:
    """Return the application of a process that signals end."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            Ending(terms, drain_time).watch()
        await app(scope, receive, send)

    return application


class Ending:
    """Begins the end on SIGTERM and SIGINT, and hands them on to the server when it is time.

    A second one is handed on at once, and alone, for who does not want to wait.
    """

    def __init__(self, terms: Terms, drain_time: float) -> None:
        self._terms = terms
        self._drain_time = drain_time
        self._loop = asyncio.get_running_loop()
        self._handlers: dict[int, Handler] = {}
        self._timers: list[asyncio.TimerHandle] = []

    def watch(self) -> None:
        """Stand before the handlers that the server has set."""
        for number in (signal.SIGTERM, signal.SIGINT):
            handler = signal.getsignal(number)
            if callable(handler):
                self._handlers[number] = handler
                signal.signal(number, self._told)

    def _told(self, number: int, frame: FrameType | None) -> None:
        again, self._terms.ending = self._terms.ending, True
        if again:
            self._loop.call_soon_threadsafe(self._stop_waiting)
            self._handlers[number](number, frame)
        else:
            self._loop.call_soon_threadsafe(self._drain, number)

    def _drain(self, number: int) -> None:
        handler, wait = self._handlers[number], self._drain_time
        if wait:
            logger.info("ending: new connections are taken for %g seconds more", wait)
        later = self._loop.call_later
        self._timers.append(later(wait, lambda: door.shut(_listeners(handler))))
        self._timers.append(later(wait + door.SECONDS, handler, number, None))

    def _stop_waiting(self) -> None:
        for timer in self._timers:
            timer.cancel()


def _listeners(handler: Handler) -> Sequence[socket.socket]:
    """Return the listeners of the server whose handler it is, unless it shares them with others."""
    server = getattr(handler, "__self__", None)
    if multiprocessing.parent_process() is not None or not isinstance(server, uvicorn.Server):
        return ()
    return [each for listener in getattr(server, "servers", ()) for each in listener.sockets]


class Workers(Multiprocess):
    """uvicorn's workers, whose listener does not outlive them in the process that started them.

    Nor does the end of the pipe by which they say that they are alive: one that is killed while it
    is asked is known to be gone at once, and not after HEALTHCHECK_SECONDS.
    """

    def __init__(
        self, config: uvicorn.Config, sockets: list[socket.socket], drain_time: float
    ) -> None:
        super().__init__(config, sockets)
        self._drain_time = drain_time

    def init_processes(self) -> None:
        """Start the workers."""
        super().init_processes()
        self._leave_pipes()

    def keep_subprocess_alive(self) -> None:
        """Replace those that have ended or hang."""
        super().keep_subprocess_alive()
        self._leave_pipes()

    def _leave_pipes(self) -> None:
        for worker in self.processes:
            worker.child_conn.close()

    def terminate_all(self) -> None:
        """Tell all workers to end, and close the listener with them.

        uvicorn keeps it open meanwhile, so that the system goes on taking connections that nobody
        will ever answer, for as long as the slowest worker has something to do.
        """
        super().terminate_all()
        until = time.monotonic() + self._drain_time
        for worker in self.processes:
            worker.process.join(max(0.0, until - time.monotonic()))
        door.shut(self.sockets)
        for listener in self.sockets:
            listener.close()


def run(app: str, *, drain_time: float, **options: Any) -> None:
    """Serve as uvicorn.run does until told to end, in this process or in several workers.

    Raises WorkerFailed when a worker cannot start, once all have ended.
    """
    if options["workers"] == 1:
        uvicorn.run(app, **options)
    else:
        config = uvicorn.Config(app, timeout_worker_healthcheck=HEALTHCHECK_SECONDS, **options)
        supervisor = Workers(config, [config.bind_socket()], drain_time)
        supervisor.run()
        require_started(supervisor)
